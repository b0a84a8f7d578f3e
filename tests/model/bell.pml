/* A sleeping consumer and its bell (src/core/bell.h, how links use it: src/core/link.c, and strands: src/run/strand.c).
 *
 *     wr_link_publish() stores tail with release and looks at the bell: announce()
 *     wr_link_ring()    after a fence, looks again, unless the link is hasty
 *     wr_strand_move()  looks; arms the bell; looks once more; waits only if there is nothing
 *     see_the_hasty()   between arming and the last look: a barrier if a producer is hasty
 *
 * Two producers share the bell, as the links of one strand do; one that found the consumer awake HASTY_AFTER times is
 * hasty. Shown: all that was published is seen; nobody sleeps for ever (Spin reports a consumer that waits when all others
 * are done).
 *
 * BUG_NO_FENCE        the producer looks at the bell without a fence
 * BUG_ARM_RELEASE     the bell is armed with release alone
 * BUG_NO_SECOND_LOOK  the consumer arms and waits
 * BUG_RING_FIRST      the producer rings and then publishes
 * BUG_NO_BARRIER      the consumer does not care who is hasty
 * BUG_BARRIER_LAST    the barrier comes after the last look
 * BUG_HASTE_UNFENCED  haste begins without a last fence
 * BUG_RUNG_BY_OTHERS  takes a bell that somebody else disarmed in between for one that it rang */
#ifndef FRAMES
#define FRAMES 2
#endif
#define CONSUMER 2
#define THREADS  3
#define TAIL(l)  (l)
#define BELL     2
#define HASTY(l) (3 + l)
#define PLACES   5
#include "order.pml"
#ifndef HASTY_AFTER
#define HASTY_AFTER 100 /* never */
#endif

/* `look`: the bell must be looked at again after a fence. */
inline announce(me)
{
    load(me, BELL, r_);
    if
    :: r_ != 0 ->
        bell_ring(me, BELL);
#ifdef BUG_RUNG_BY_OTHERS
        r_ = 1
#endif
    :: else
    fi;
    if
    :: r_ != 0 ->
        look = false;
        awake = 0;
        if
        :: hasty -> store(me, HASTY(me), 0, RELEASE); hasty = false
        :: else
        fi
    :: r_ == 0 && hasty -> look = false
    :: r_ == 0 && !hasty ->
        look = true;
        if
        :: awake == HASTY_AFTER ->
            store(me, HASTY(me), 1, RELAXED);
            hasty = true;
#ifdef BUG_HASTE_UNFENCED
            look = false
#endif
        :: else -> awake++
        fi
    fi
}

proctype producer(byte me)
{
    byte tail, awake, i_, r_;
    bool hasty, look;
    do
    :: tail < FRAMES ->
#ifdef BUG_RING_FIRST
        fence(me);
        bell_ring(me, BELL);
#endif
        tail++;
        store(me, TAIL(me), tail, RELEASE);
#ifndef BUG_RING_FIRST
        announce(me);
        if
        :: look ->
#ifndef BUG_NO_FENCE
            fence(me);
#endif
            bell_ring(me, BELL)
        :: else
        fi
#endif
    :: else -> break
    od
}

inline see_the_hasty()
{
    load(CONSUMER, HASTY(0), hasty);
    if
    :: hasty == 0 -> load(CONSUMER, HASTY(1), hasty)
    :: else
    fi;
    if
    :: hasty != 0 -> barrier(0); barrier(1)
    :: else
    fi;
    hasty = 0
}

proctype consumer()
{
    byte head[2], tail, hasty, i_;
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
        :: !worked && armed ->
#ifdef BUG_BARRIER_LAST
            see_the_hasty();
#endif
            bell_wait(CONSUMER, BELL);
            armed = false
        :: !worked && !armed ->
            bell_arm(CONSUMER, BELL);
#ifndef BUG_ARM_RELEASE
            fence(CONSUMER);
#endif
#if !defined(BUG_NO_BARRIER) && !defined(BUG_BARRIER_LAST)
            see_the_hasty();
#endif
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
