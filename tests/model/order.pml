/* Memory as weak as the link may meet it. A store waits in its thread's buffer before others see it:
 *
 *     RELAXED   may be seen before earlier stores to other places
 *     RELEASE   is seen after all earlier stores of its thread
 *     SEQ       as RELEASE, and no later load_seq() of its thread happens before it is seen
 *
 * Loads happen in program order: all that matter here are acquire or stronger (link.c says so where it loads). A thread
 * sees its own stores at once. A read-modify-write waits for the thread's earlier stores and is seen at once.
 * The process `memory` decides when what is seen. Give PLACES and THREADS before including this. */
#define PENDING 4
#define RELAXED 0
#define RELEASE 1
#define SEQ     2

typedef buffer {
    byte count, seq;
    byte place[PENDING], value[PENDING], kind[PENDING]
}
byte mem[PLACES];
buffer pending[THREADS];

inline store(t, at, what, order)
{
    atomic {
        pending[t].count < PENDING ->
        d_step {
            pending[t].place[pending[t].count] = at;
            pending[t].value[pending[t].count] = what;
            pending[t].kind[pending[t].count] = order;
            pending[t].count++;
            if
            :: order == SEQ -> pending[t].seq++
            :: else
            fi
        }
    }
}

inline own(t, at, result)
{
    result = mem[at];
    i_ = 0;
    do
    :: i_ < pending[t].count ->
        if
        :: pending[t].place[i_] == at -> result = pending[t].value[i_]
        :: else
        fi;
        i_++
    :: else -> break
    od;
    i_ = 0
}

inline load(t, at, result)
{
    d_step { own(t, at, result) }
}

inline load_seq(t, at, result)
{
    atomic { pending[t].seq == 0 -> d_step { own(t, at, result) } }
}

/* `happened` tells whether the place held `old`. */
inline compare_exchange(t, at, old, new, happened)
{
    atomic {
        pending[t].count == 0 ->
        d_step {
            happened = (mem[at] == old);
            if
            :: happened -> mem[at] = new
            :: else
            fi
        }
    }
}

/* wr_bell_fence(). */
inline fence(t)
{
    atomic { pending[t].count == 0 -> skip }
}

/* wr_barrier(): each other thread passes a fence, at a moment of its own. */
inline barrier(t)
{
    fence(t)
}

/* Bells: core/bell.h. Nobody else waits in the kernel between the exchange and the wake, so both are one step. */
inline bell_arm(t, bell)
{
#ifdef BUG_ARM_RELEASE
    store(t, bell, 1, RELEASE)
#else
    store(t, bell, 1, SEQ)
#endif
}

inline bell_disarm(t, bell)
{
    atomic { pending[t].count == 0 -> mem[bell] = 0 }
}

/* r_ tells whether it was this ring that woke the sleeper. */
inline bell_ring(t, bell)
{
    load_seq(t, bell, r_);
    if
    :: r_ != 0 ->
        atomic {
            pending[t].count == 0 ->
            d_step {
                r_ = mem[bell];
                mem[bell] = 0
            }
        }
    :: else
    fi
}

/* wr_clock_wait(): until the word is 0. Nobody rings: the model stops here, which Spin reports. */
inline bell_wait(t, bell)
{
    atomic { pending[t].count == 0 && mem[bell] == 0 -> skip }
}

#define differs(t, i, j) (pending[t].place[i] != pending[t].place[j])
#define loose(t, i)      (pending[t].count > i && pending[t].kind[i] == RELAXED)

inline perform(t, i)
{
    mem[pending[t].place[i]] = pending[t].value[i];
    if
    :: pending[t].kind[i] == SEQ -> pending[t].seq--
    :: else
    fi;
    pending[t].count--;
    i_ = i;
    do
    :: i_ < pending[t].count ->
        pending[t].place[i_] = pending[t].place[i_ + 1];
        pending[t].value[i_] = pending[t].value[i_ + 1];
        pending[t].kind[i_] = pending[t].kind[i_ + 1];
        i_++
    :: else -> break
    od;
    pending[t].place[pending[t].count] = 0;
    pending[t].value[pending[t].count] = 0;
    pending[t].kind[pending[t].count] = 0;
    i_ = 0
}

proctype memory(byte t)
{
    byte i_;
end:
    do
    :: atomic { pending[t].count > 0 -> d_step { perform(t, 0) } }
    :: atomic { loose(t, 1) && differs(t, 1, 0) -> d_step { perform(t, 1) } }
    :: atomic { loose(t, 2) && differs(t, 2, 0) && differs(t, 2, 1) -> d_step { perform(t, 2) } }
    :: atomic { loose(t, 3) && differs(t, 3, 0) && differs(t, 3, 1) && differs(t, 3, 2) -> d_step { perform(t, 3) } }
    od
}
