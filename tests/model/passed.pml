/* What has passed, and a join that waits for it (src/core/link.c, src/core/node.c).
 *
 *     weir_send()        offers, then wr_link_pass()
 *     wr_link_pass()     publishes the order, then rings
 *     note_bounds()      when there is nothing to take: reads `passed`, and then whether the link is empty
 *
 * The producer offers any of its frames, or lets them pass unsent, or leaves it to a later pass to say so. Shown: once an
 * order has passed at the consumer, no frame up to it comes any more; the consumer learns of the last pass without a frame.
 *
 * BUG_EMPTY_FIRST   looks into the ring first and reads `passed` then
 * BUG_PASS_FIRST    the producer lets pass, then offers
 * BUG_PASS_RELAXED  `passed` may be seen before the frame is
 * BUG_PASS_SILENT   a pass rings nobody */
#ifndef FRAMES
#define FRAMES 3
#endif
#define PRODUCER 0
#define CONSUMER 1
#define THREADS  2
#define TAIL     0
#define PASSED   1
#define BELL     2
#define PLACES   3
#include "order.pml"

#ifdef BUG_PASS_RELAXED
#define LET_PASS RELAXED
#else
#define LET_PASS SEQ
#endif

byte order_of[FRAMES]; /* of the frames in the ring, as slots hold them */

inline offer()
{
    order_of[tail] = rank;
    tail++;
    store(PRODUCER, TAIL, tail, RELEASE);
    bell_ring(PRODUCER, BELL)
}

inline pass()
{
    store(PRODUCER, PASSED, rank, LET_PASS);
#ifndef BUG_PASS_SILENT
    bell_ring(PRODUCER, BELL)
#endif
}

proctype producer()
{
    byte tail, rank, i_, r_;
    do
    :: rank < FRAMES ->
        rank++;
        if
        :: true ->
#ifdef BUG_PASS_FIRST
            pass();
            offer()
#else
            offer();
            pass()
#endif
        :: true -> pass()
        :: rank < FRAMES -> skip
        fi
    :: else -> break
    od
}

proctype consumer()
{
    byte head, tail, passed, bound, i_;
    bool armed, worked;
    do
    :: bound == FRAMES -> break
    :: else ->
        worked = false;
#ifdef BUG_EMPTY_FIRST
        load_seq(CONSUMER, TAIL, tail);
        load_seq(CONSUMER, PASSED, passed);
#endif
#ifndef BUG_EMPTY_FIRST
        load_seq(CONSUMER, TAIL, tail); /* wr_link_take() */
        if
        :: head == tail ->
            load_seq(CONSUMER, PASSED, passed);
            load_seq(CONSUMER, TAIL, tail) /* wr_link_empty() */
        :: else -> passed = 0
        fi;
#endif
        if
        :: head < tail ->
            assert(order_of[head] > bound);
            head++;
            worked = true
        :: head == tail && passed > bound -> bound = passed; worked = true
        :: else
        fi;
        if
        :: worked && armed -> bell_disarm(CONSUMER, BELL); armed = false
        :: worked && !armed
        :: !worked && armed -> bell_wait(CONSUMER, BELL); armed = false
        :: !worked && !armed -> bell_arm(CONSUMER, BELL); armed = true
        fi
    od;
    assert(head == mem[TAIL])
}

init {
    atomic {
        run memory(PRODUCER);
        run memory(CONSUMER);
        run producer();
        run consumer()
    }
}
