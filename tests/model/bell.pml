/* A sleeping consumer and its bell (src/core/bell.h, and how strands use it: src/run/strand.c).
 *
 *     wr_link_offer()   publishes tail, then rings
 *     wr_strand_move()  looks; arms the bell; looks once more; waits only if there is nothing
 *
 * Two producers share the bell, as the links of one strand do. Shown: all that was published is seen; nobody sleeps for
 * ever (Spin reports a consumer that waits when all others are done).
 *
 * BUG_RELEASE         tail is published with release alone: the load of the bell may come before it is seen
 * BUG_ARM_RELEASE     the bell is armed with release alone
 * BUG_NO_SECOND_LOOK  the consumer arms and waits
 * BUG_RING_FIRST      the producer rings and then publishes */
#ifndef FRAMES
#define FRAMES 2
#endif
#define CONSUMER 2
#define THREADS  3
#define TAIL(l)  (l)
#define BELL     2
#define PLACES   3
#include "order.pml"

#ifdef BUG_RELEASE
#define PUBLISHED RELEASE
#else
#define PUBLISHED SEQ
#endif

proctype producer(byte me)
{
    byte tail, i_, r_;
    do
    :: tail < FRAMES ->
#ifdef BUG_RING_FIRST
        bell_ring(me, BELL);
#endif
        tail++;
        store(me, TAIL(me), tail, PUBLISHED);
#ifndef BUG_RING_FIRST
        bell_ring(me, BELL)
#endif
    :: else -> break
    od
}

proctype consumer()
{
    byte head[2], tail, i_;
    bool worked, armed;
    do
    :: head[0] == FRAMES && head[1] == FRAMES -> break
    :: else ->
        worked = false;
        load_seq(CONSUMER, TAIL(0), tail);
        if
        :: head[0] < tail -> head[0]++; worked = true
        :: else
        fi;
        load_seq(CONSUMER, TAIL(1), tail);
        if
        :: head[1] < tail -> head[1]++; worked = true
        :: else
        fi;
        tail = 0;
        if
        :: worked && armed -> bell_disarm(CONSUMER, BELL); armed = false
        :: worked && !armed
        :: !worked && armed -> bell_wait(CONSUMER, BELL); armed = false
        :: !worked && !armed ->
            bell_arm(CONSUMER, BELL);
            armed = true;
#ifdef BUG_NO_SECOND_LOOK
            bell_wait(CONSUMER, BELL);
            armed = false
#endif
        fi
    od
}

init {
    atomic {
        run memory(0);
        run memory(1);
        run memory(CONSUMER);
        run producer(0);
        run producer(1);
        run consumer()
    }
}
