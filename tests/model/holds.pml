/* Holds: whose slots are still referred to in other processes (docs/notes/0005-processes.md). Nobody is killed here; see
 * repair.pml and death.pml.
 *
 *     owner    has a store of two slots, and offers them on link 1; also the same content again
 *     middle   takes from link 1, keeps as many as it likes, passes on over link 2 or does not, lets go
 *     end      takes from link 2, keeps, lets go
 *     taker    (TAKER) another thread of the owner, which takes a slot at any moment
 *
 *     given      of a link, for each slot: added to by its producer before it publishes, taken back for what it evicts
 *     returned   of a link, for each slot: added to by its consumer when it keeps the slot no more, and at once if the
 *                slot comes while it is kept
 *     look()     the owner: claims the slot, whose own count must be 0, and then looks at link 1, then at link 2
 *
 * Taking a frame is one step, which ring.pml shows it may be taken for. `given` is stored relaxed: the stores that follow it
 * are release. EVICTS is the link that evicts, with a depth of 1; others have room for all. Shown: nobody can read a slot
 * that the owner takes; when all was let go every slot is free.
 * GIVEN_FIRST looks at `given` before `returned`, and holds: once a link's producer keeps a slot no more, its `given`
 * only falls, and so it does not matter which comes first.
 *
 * BUG_RETURNED_FIRST    the middle adds to `returned` of link 1 before it adds to `given` of link 2
 * BUG_RETURNED_RELAXED  `returned` may be seen before what was given
 * BUG_DOWNSTREAM_FIRST  the owner looks at link 2 first
 * BUG_NOT_AT_ONCE       a slot that comes while it is kept is not returned
 * BUG_BACK_FIRST        (EVICTS) takes back before it knows that the frame is its own
 * BUG_CLAIM_LAST        (TAKER) the owner looks at the links and claims then */
#ifndef FRAMES
#define FRAMES 3 /* tries of the owner: it skips one for which it finds no slot */
#endif
#ifndef EVICTS
#define EVICTS 0
#endif
#define OWNER    0
#define MIDDLE   1
#define END      2
#define OTHER    3 /* only reads */
#define THREADS  4
#define HEAD(l)  (l)
#define TAIL(l)  (2 + l)
#define GIVEN(l, s)    (4 + 4 * (l) + s)
#define RETURNED(l, s) (6 + 4 * (l) + s)
#define PLACES   12
#include "order.pml"
#define NONE 2

#ifdef BUG_RETURNED_RELAXED
#define RETURNING RELAXED
#else
#define RETURNING RELEASE
#endif

typedef ring {
    byte slot[FRAMES]
}
ring in_ring[2];
byte refs[2];    /* the owner's count of each slot; it moves with release and acquire */
byte readers[2]; /* who can read a slot outside of the owner: frames in a ring, and what was taken from one */

/* --- a producer --- */

inline take_back(me, l)
{
    given[old]--;
    store(me, GIVEN(l, old), given[old], RELAXED)
}

/* Of slot s. With a depth of 1 what waits is what was published last. */
inline publish(me, l)
{
    given[s]++;
    store(me, GIVEN(l, s), given[s], RELAXED);
    if
    :: EVICTS == l + 1 && tail > 0 ->
        old = in_ring[l].slot[tail - 1];
#ifdef BUG_BACK_FIRST
        take_back(me, l);
#endif
        compare_exchange(me, HEAD(l), tail - 1, tail, ours);
        if
        :: ours ->
            readers[old]--;
#ifndef BUG_BACK_FIRST
            take_back(me, l)
#endif
        :: else ->
#ifdef BUG_BACK_FIRST
            given[old]++;
            store(me, GIVEN(l, old), given[old], RELAXED)
#else
            skip
#endif
        fi;
        old = 0;
        ours = false
    :: else
    fi;
    d_step {
        in_ring[l].slot[tail] = s;
        readers[s]++;
        tail++
    }
    store(me, TAIL(l), tail, RELEASE)
}

/* --- a consumer --- */

inline give_back(me, l)
{
    returned[s]++;
    store(me, RETURNED(l, s), returned[s], RETURNING)
}

inline take(me, l)
{
    if
    :: EVICTS == l + 1 -> compare_exchange(me, HEAD(l), head, head + 1, ours)
    :: else -> ours = true
    fi;
    s = in_ring[l].slot[head];
    head++; /* the claim fails only because the producer let this frame go */
    if
    :: ours ->
        kept[s]++;
#ifndef BUG_NOT_AT_ONCE
        if
        :: kept[s] > 1 -> give_back(me, l)
        :: else
        fi
#endif
    :: else
    fi;
    s = 0;
    ours = false
}

inline let_go(me, l)
{
    d_step {
        kept[s]--;
        readers[s]--
    }
    if
    :: kept[s] == 0 -> give_back(me, l)
    :: else
    fi
}

/* --- the owner --- */

inline look_at(me, l)
{
#ifdef GIVEN_FIRST
    load(me, GIVEN(l, s), was_given);
    load(me, RETURNED(l, s), was_returned);
#else
    load(me, RETURNED(l, s), was_returned);
    load(me, GIVEN(l, s), was_given);
#endif
    free = free && was_given == was_returned;
    was_given = 0;
    was_returned = 0
}

inline claim_slot(me)
{
    atomic {
        pending[me].count == 0 ->
        d_step {
            free = free && refs[s] == 0;
            refs[s] = (free -> 1 : refs[s])
        }
    }
}

/* At slot s. */
inline look(me)
{
#ifdef BUG_CLAIM_LAST
    free = refs[s] == 0;
#else
    free = true;
    claim_slot(me);
    claimed = free;
#endif
#ifdef BUG_DOWNSTREAM_FIRST
    if
    :: free -> look_at(me, 1)
    :: else
    fi;
    if
    :: free -> look_at(me, 0)
    :: else
    fi;
#else
    if
    :: free -> look_at(me, 0)
    :: else
    fi;
    if
    :: free -> look_at(me, 1)
    :: else
    fi;
#endif
#ifdef BUG_CLAIM_LAST
    claim_slot(me);
#endif
    if
    :: free -> assert(readers[s] == 0)
    :: !free && claimed -> refs[s] = 0
    :: !free && !claimed
    fi;
    claimed = false
}

inline drop_own(me, which)
{
    atomic { pending[me].count == 0 -> refs[which]-- }
}

proctype owner()
{
    byte tail, tries, s, old, mine = NONE, given[2], was_given, was_returned, i_;
    bool ours, free, claimed;
    do
    :: tries < FRAMES ->
        tries++;
        if
        :: mine != NONE /* the same content once more */
        :: true ->
            if
            :: mine != NONE -> drop_own(OWNER, mine); mine = NONE
            :: else
            fi;
            s = 0;
            look(OWNER);
            if
            :: !free -> s = 1; look(OWNER)
            :: else
            fi;
            if
            :: free -> mine = s; free = false
            :: else
            fi
        fi;
        if
        :: mine != NONE -> s = mine; publish(OWNER, 0)
        :: else
        fi;
        s = 0
    :: else -> break
    od;
    if
    :: mine != NONE -> drop_own(OWNER, mine)
    :: else
    fi
}

proctype taker()
{
    byte s, was_given, was_returned, i_;
    bool free, claimed;
    if
    :: true
    :: true -> s = 1
    fi;
    look(OTHER);
    if
    :: free -> drop_own(OTHER, s)
    :: else
    fi
}

proctype middle()
{
    byte head, tail, s, old, kept[2], given[2], returned[2], i_;
    bool ours;
end:
    do
    :: head < mem[TAIL(0)] -> take(MIDDLE, 0)
    :: kept[0] + kept[1] > 0 ->
        if
        :: kept[0] > 0
        :: kept[1] > 0 -> s = 1
        fi;
        if
        :: true ->
#ifdef BUG_RETURNED_FIRST
            readers[s]++;
            let_go(MIDDLE, 0);
            publish(MIDDLE, 1);
            readers[s]--
#else
            publish(MIDDLE, 1);
            let_go(MIDDLE, 0)
#endif
        :: true -> let_go(MIDDLE, 0)
        fi;
        s = 0
    od
}

proctype last()
{
    byte head, s, kept[2], returned[2], i_;
    bool ours;
end:
    do
    :: head < mem[TAIL(1)] -> take(END, 1)
    :: kept[0] > 0 -> let_go(END, 1)
    :: kept[1] > 0 -> s = 1; let_go(END, 1); s = 0
    od
}

init {
    byte s;
    atomic {
        run memory(OWNER);
        run memory(MIDDLE);
        run memory(END);
        run owner();
        run middle();
        run last();
#ifdef TAKER
        run taker()
#endif
    }
    timeout; /* nothing is left to do */
    do
    :: s < 2 ->
        assert(refs[s] == 0 && readers[s] == 0);
        assert(mem[GIVEN(0, s)] == mem[RETURNED(0, s)]);
        assert(mem[GIVEN(1, s)] == mem[RETURNED(1, s)]);
        s++
    :: else -> break
    od
}
