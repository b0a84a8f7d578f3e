/* A link whose producer waits: both sides sleep, each has its bell (src/core/link.c).
 *
 *     wr_link_room_now() has room for one burst
 *     wr_link_room()     with the bell armed: if there is none, says that it is starved, and from then on has room only
 *                        when half is free, or room for one burst
 *     occupied()         loads head only when what is known of it would mean no room
 *     claim(), wr_link_done()   move head; a link that is held moves it only when its consumer is done
 *     ring_producer()    rings when, by what the consumer knows of tail, that much is free and the producer is starved;
 *                        after a fence, or without one once it is hasty: then the producer makes a barrier
 *
 * Shown: all frames come, in order, none is refused; nobody sleeps for ever. With LIMIT, frames have 1 or 2 bytes and the
 * producer also waits for bytes (bytes_left()).
 *
 * BUG_NO_FENCE       the consumer looks at the bell without a fence
 * BUG_NO_SECOND_LOOK the producer arms its bell and waits
 * BUG_STARVED_LAST   says that it is starved after it has looked for the last time
 * BUG_THRESHOLD      rings only when one more is free than the producer waits for
 * BUG_RING_EARLY     rings before head is moved
 * BUG_BYTES_LAST     (LIMIT) frees the bytes after it has rung
 * BUG_NO_BARRIER     the producer does not care whether the consumer is hasty
 * BUG_HASTE_UNFENCED haste begins without a last fence */
#ifndef DEPTH
#define DEPTH 3
#endif
#ifndef BURST
#define BURST 1
#endif
#ifndef FRAMES
#define FRAMES 5
#endif
#define HALF     ((DEPTH + 1) / 2)
#define WANTED   (HALF > BURST -> HALF : BURST) /* room_wanted() */
#define PRODUCER 0
#define CONSUMER 1
#define THREADS  2
#define HEAD     0
#define TAIL     1
#define PRODUCER_BELL 2
#define CONSUMER_BELL 3
#define BYTES_OUT 4
#define STARVED   5
#define HASTY     6
#define PLACES    7
#include "order.pml"
#ifndef HASTY_AFTER
#define HASTY_AFTER 100 /* never */
#endif
#ifdef BUG_THRESHOLD
#define FREE (WANTED + 1)
#else
#define FREE WANTED
#endif
#define bytes_of(f) (1 + (f) % 2)

/* has_room() */
inline has_room()
{
    if
    :: tail - head_seen >= DEPTH - want + 1 -> load(PRODUCER, HEAD, head_seen)
    :: else
    fi;
    room = tail - head_seen <= DEPTH - want;
#ifdef LIMIT
    load(PRODUCER, BYTES_OUT, out);
    if
    :: room && in != out && (in - out) * 4 > LIMIT * quarters -> room = false
    :: else
    fi
#endif
}

inline see_the_hasty()
{
#ifndef BUG_NO_BARRIER
    load(PRODUCER, HASTY, hasty);
    if
    :: starved && hasty != 0 -> barrier(CONSUMER)
    :: else
    fi;
    hasty = 0
#else
    skip
#endif
}

inline starve()
{
    store(PRODUCER, STARVED, 1, SEQ);
    starved = true;
    fence(PRODUCER);
    see_the_hasty()
}

inline look_for_room()
{
    if
    :: !armed -> want = BURST; quarters = 3; has_room()
    :: armed && starved -> want = WANTED; quarters = 2; has_room()
    :: armed && !starved ->
        want = BURST; quarters = 3; has_room();
        if
        :: !room ->
#ifdef BUG_STARVED_LAST
            want = WANTED; quarters = 2; has_room();
            if
            :: !room -> starve()
            :: else
            fi
#else
            starve();
            want = WANTED; quarters = 2; has_room()
#endif
        :: else
        fi
    fi;
    if
    :: room && starved -> store(PRODUCER, STARVED, 0, RELAXED); starved = false
    :: else
    fi
}

proctype producer()
{
    byte tail, head_seen, want, quarters, in, out, burst, hasty, i_, r_;
    bool starved, room, armed;
    do
    :: tail < FRAMES ->
        look_for_room();
        if
        :: !room && !armed ->
            bell_arm(PRODUCER, PRODUCER_BELL);
            fence(PRODUCER);
            see_the_hasty();
            armed = true;
#ifdef BUG_NO_SECOND_LOOK
            bell_wait(PRODUCER, PRODUCER_BELL);
            armed = false
#endif
        :: !room && armed -> bell_wait(PRODUCER, PRODUCER_BELL); armed = false
        :: room ->
            if
            :: armed -> bell_disarm(PRODUCER, PRODUCER_BELL); armed = false
            :: else
            fi;
            burst = 0;
            do
            :: burst < BURST && tail < FRAMES ->
                assert(tail - mem[HEAD] < DEPTH);
                in = in + bytes_of(tail);
                tail++;
                burst++;
                store(PRODUCER, TAIL, tail, RELEASE);
                fence(PRODUCER);
                bell_ring(PRODUCER, CONSUMER_BELL)
            :: else -> break
            od
        fi
    :: else -> break
    od
}

inline free_bytes()
{
#ifdef LIMIT
    bytes = bytes + bytes_of(head - 1);
    store(CONSUMER, BYTES_OUT, bytes, RELEASE)
#else
    skip
#endif
}

/* `rang`: and so woke the producer. */
inline ring_starved()
{
    load(CONSUMER, PRODUCER_BELL, r_);
    load(CONSUMER, STARVED, wants);
    rang = false;
    if
    :: r_ != 0 && wants != 0 ->
        bell_ring(CONSUMER, PRODUCER_BELL);
        rang = r_ != 0
    :: else
    fi;
    wants = 0
}

inline announce()
{
    ring_starved();
    again = true;
    if
    :: rang ->
        again = false;
        awake = 0;
        if
        :: hasty -> store(CONSUMER, HASTY, 0, RELEASE); hasty = false
        :: else
        fi
    :: !rang && hasty -> again = false
    :: !rang && !hasty ->
        if
        :: awake == HASTY_AFTER ->
            store(CONSUMER, HASTY, 1, RELAXED);
            hasty = true;
#ifdef BUG_HASTE_UNFENCED
            again = false
#endif
        :: else -> awake++
        fi
    fi
}

inline ring_producer()
{
    if
    :: tail_seen - head <= DEPTH - FREE ->
        announce();
        if
        :: again ->
#ifndef BUG_NO_FENCE
            fence(CONSUMER);
#endif
            ring_starved()
        :: else
        fi;
        rang = false
    :: else
    fi
}

proctype consumer()
{
    byte head, tail_seen, bytes, wants, awake, i_, r_;
    bool armed, hasty, again, rang;
    do
    :: head == FRAMES -> break
    :: else ->
        if
        :: head >= tail_seen -> load_seq(CONSUMER, TAIL, tail_seen)
        :: else
        fi;
        if
        :: head < tail_seen ->
            if
            :: armed -> bell_disarm(CONSUMER, CONSUMER_BELL); armed = false
            :: else
            fi;
            head++;
#ifdef HELD
            skip; /* process() */
#endif
#ifdef BUG_RING_EARLY
            ring_producer();
#endif
            store(CONSUMER, HEAD, head, RELEASE);
#ifndef BUG_BYTES_LAST
            free_bytes();
#endif
#ifndef BUG_RING_EARLY
            ring_producer();
#endif
#ifdef BUG_BYTES_LAST
            free_bytes()
#endif
        :: head >= tail_seen && armed -> bell_wait(CONSUMER, CONSUMER_BELL); armed = false
        :: head >= tail_seen && !armed -> bell_arm(CONSUMER, CONSUMER_BELL); armed = true
        fi
    od
}

init {
    atomic {
        run memory(PRODUCER);
        run memory(CONSUMER);
        run producer();
        run consumer()
    }
}
