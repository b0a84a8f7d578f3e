/* The end of a link, and its being cut by a third thread (src/core/link.c).
 *
 *     wr_link_end()      publishes `ended`, the producer's last touch, and rings the consumer
 *     wr_link_cut()      publishes `cut` and rings both
 *     wr_link_take()     reads `ended` before it looks into the ring, or lets go what waits in a link that was cut
 *     wr_link_publish()  refuses on a link that was cut, but may not have seen it yet
 *
 * The producer waits for room, as in room.pml. Shown: when the consumer is told that the link has ended nothing waits in
 * it, and every frame was taken, discarded or refused; nobody sleeps for ever; without CUTS nothing is lost.
 *
 * BUG_ENDED_LAST     the consumer looks into the ring first and reads `ended` then
 * BUG_DISCARD_FIRST  the same on a link that was cut
 * BUG_CUT_SILENT     a cut rings only the consumer
 * BUG_END_SILENT     an end rings nobody */
#define DEPTH 1
#ifndef FRAMES
#define FRAMES 2
#endif
#define PRODUCER 0
#define CONSUMER 1
#define CUTTER   2
#define THREADS  3
#define HEAD     0
#define TAIL     1
#define ENDED    2
#define CUT      3
#define PRODUCER_BELL 4
#define CONSUMER_BELL 5
#define PLACES   6
#include "order.pml"

byte taken, lost, refused;

proctype producer()
{
    byte tail, head, cut, offered, i_, r_;
    bool armed, may_go;
    do
    :: offered < FRAMES ->
        may_go = false; /* wr_link_room() */
        load_seq(PRODUCER, CUT, cut);
        load_seq(PRODUCER, HEAD, head);
        if
        :: cut || tail - head < DEPTH -> may_go = true
        :: else
        fi;
        if
        :: may_go ->
            if
            :: armed -> bell_disarm(PRODUCER, PRODUCER_BELL); armed = false
            :: else
            fi;
            offered++;
            load(PRODUCER, CUT, cut);
            load_seq(PRODUCER, HEAD, head);
            if
            :: cut || tail - head >= DEPTH -> refused++
            :: else ->
                tail++;
                store(PRODUCER, TAIL, tail, RELEASE);
                fence(PRODUCER);
                bell_ring(PRODUCER, CONSUMER_BELL)
            fi
        :: !may_go && armed -> bell_wait(PRODUCER, PRODUCER_BELL); armed = false
        :: !may_go && !armed -> bell_arm(PRODUCER, PRODUCER_BELL); armed = true
        fi;
        cut = 0
    :: else -> break
    od;
    store(PRODUCER, ENDED, 1, SEQ);
#ifndef BUG_END_SILENT
    bell_ring(PRODUCER, CONSUMER_BELL)
#endif
}

#ifdef CUTS
proctype cutter()
{
    byte i_, r_;
    store(CUTTER, CUT, 1, SEQ);
#ifndef BUG_CUT_SILENT
    bell_ring(CUTTER, PRODUCER_BELL);
#endif
    bell_ring(CUTTER, CONSUMER_BELL)
}
#endif

inline discard()
{
    load_seq(CONSUMER, TAIL, tail);
    do
    :: head < tail -> head++; lost++; store(CONSUMER, HEAD, head, RELEASE)
    :: else -> break
    od
}

proctype consumer()
{
    byte head, tail, ended, cut, i_, r_;
    bool armed, got;
    do
    :: got = false;
#if !defined(BUG_ENDED_LAST) && !defined(BUG_DISCARD_FIRST)
        load_seq(CONSUMER, ENDED, ended);
#endif
        load_seq(CONSUMER, CUT, cut);
        if
        :: cut -> discard()
        :: else ->
            load_seq(CONSUMER, TAIL, tail);
            if
            :: head < tail ->
                got = true;
                taken++;
                head++;
                store(CONSUMER, HEAD, head, RELEASE);
                fence(CONSUMER);
                bell_ring(CONSUMER, PRODUCER_BELL)
            :: else
            fi
        fi;
#if defined(BUG_ENDED_LAST) || defined(BUG_DISCARD_FIRST)
        load_seq(CONSUMER, ENDED, ended);
#endif
        if
        :: got && armed -> bell_disarm(CONSUMER, CONSUMER_BELL); armed = false
        :: got && !armed
        :: !got && ended -> break
        :: !got && !ended && armed -> bell_wait(CONSUMER, CONSUMER_BELL); armed = false
        :: !got && !ended && !armed -> bell_arm(CONSUMER, CONSUMER_BELL); armed = true
        fi
    od;
    assert(head == mem[TAIL]);
    assert(taken + lost + refused == FRAMES);
#ifndef CUTS
    assert(taken == FRAMES)
#endif
}

init {
    atomic {
        run memory(PRODUCER);
        run memory(CONSUMER);
        run producer();
        run consumer();
#ifdef CUTS
        run memory(CUTTER);
        run cutter()
#endif
    }
}
