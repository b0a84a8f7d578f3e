/* A link whose producer waits: both sides sleep, each has its bell (src/core/link.c).
 *
 *     wr_link_room()    once it had no room, it has room again when half is free, or room for one burst
 *     occupied()        loads head only when what is known of it would mean no room
 *     claim(), wr_link_done()   move head; a link that is held moves it only when its consumer is done
 *     ring_producer()   rings when, by what the consumer knows of tail, that much is free
 *
 * Shown: all frames come, in order, none is refused; nobody sleeps for ever. With LIMIT, frames have 1 or 2 bytes and the
 * producer also waits for bytes (bytes_left()).
 *
 * BUG_HEAD_RELEASE   head is moved with release alone
 * BUG_NO_SECOND_LOOK the producer arms its bell and waits
 * BUG_THRESHOLD      rings only when one more is free than the producer waits for
 * BUG_RING_EARLY     rings before head is moved
 * BUG_BYTES_LAST     (LIMIT) frees the bytes after it has rung */
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
#define PLACES    5
#include "order.pml"

#ifdef BUG_HEAD_RELEASE
#define MOVED RELEASE
#else
#define MOVED SEQ
#endif
#ifdef BUG_THRESHOLD
#define FREE (WANTED + 1)
#else
#define FREE WANTED
#endif
#define bytes_of(f) (1 + (f) % 2)

inline look_for_room()
{
    want = (starved -> WANTED : BURST);
    if
    :: tail - head_seen >= DEPTH - want + 1 -> load_seq(PRODUCER, HEAD, head_seen)
    :: else
    fi;
    starved_now = tail - head_seen > DEPTH - want;
#ifdef LIMIT
    load_seq(PRODUCER, BYTES_OUT, out);
    if
    :: !starved_now && in != out && (in - out) * 4 > LIMIT * (starved -> 2 : 3) -> starved_now = true
    :: else
    fi;
#endif
    starved = starved_now
}

proctype producer()
{
    byte tail, head_seen, want, in, out, burst, i_, r_;
    bool starved, starved_now, armed;
    do
    :: tail < FRAMES ->
        look_for_room();
        if
        :: starved && !armed ->
            bell_arm(PRODUCER, PRODUCER_BELL);
            armed = true;
#ifdef BUG_NO_SECOND_LOOK
            bell_wait(PRODUCER, PRODUCER_BELL);
            armed = false
#endif
        :: starved && armed -> bell_wait(PRODUCER, PRODUCER_BELL); armed = false
        :: !starved ->
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
                store(PRODUCER, TAIL, tail, SEQ);
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
    store(CONSUMER, BYTES_OUT, bytes, SEQ)
#else
    skip
#endif
}

inline ring_producer()
{
    if
    :: tail_seen - head <= DEPTH - FREE -> bell_ring(CONSUMER, PRODUCER_BELL)
    :: else
    fi
}

proctype consumer()
{
    byte head, tail_seen, bytes, i_, r_;
    bool armed;
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
            store(CONSUMER, HEAD, head, MOVED);
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
