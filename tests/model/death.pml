/* A chain in which anyone but the owner is killed, at any step (docs/notes/0005-processes.md).
 *
 *     owner    has a store of two slots, and offers them on link 0; repairs link 0
 *     middle   takes from link 0, keeps, passes on or does not; each middle has a link of its own to the end, the first one
 *              link 1, its successor link 2, ...; repairs it
 *     end      takes from link 1; when that is given up and empty, from link 2, ...
 *     taker    (TAKER) another thread of the owner, which takes a slot at any moment
 *     killer   ends the middle or the end between any two of their steps
 *     engine   sees that; tells the producer of what the dead one took from, gives up what it offered to, makes the link of
 *              the successor and has the owner list it, starts the successor; retires a link that was given up when its
 *              consumer says that it is empty and all was returned, or when both its sides are dead
 *     look()   the owner: claims the slot, whose own count must be 0; looks at link 0, then at how many links are listed,
 *              then at those
 *
 * `died` and `ready` of a link are numbers: which consumer is to be admitted, and which one the producer has admitted after
 * its repair. A link may be retired at once if its producer is dead and its consumer not admitted. Who finds its link
 * retired goes on to the next. Links to the end have room for all, or with EVICTS for one. Shown: nobody can read a slot
 * that the owner takes; when all was let go or died, every slot is free; of each link offered = taken + dropped + lost.
 *
 * Left out: stores that are seen late (holds.pml, repair.pml; the engine hears of a death when all is seen), turns, taking
 * in more than one step (ring.pml), a link 0 that evicts or is `held` (repair.pml), death of the owner: its slots are never
 * taken again.
 *
 * BUG_RETURNED_FIRST    the middle adds to `returned` of link 0 before it adds to `given`
 * BUG_GIVEN_LAST        `given` is added to after publishing
 * BUG_DOWNSTREAM_FIRST  the owner looks at link 0 last
 * BUG_NOTHING_WAITS     a repair does not subtract what waits in the ring
 * BUG_TAKES_EARLY       the successor takes before the repair
 * BUG_NO_LOST           a repair counts nothing as lost
 * BUG_NOT_AT_ONCE       a slot that comes while it is kept is not returned
 * BUG_LISTED_LATE       the owner lists a link after the successor was started
 * BUG_LISTED_FIRST      (TAKER) the owner looks how many links are listed before it looks at link 0
 * BUG_BEGINS_LATE       (KILLS=2) a successor at the end begins with the newest link when it starts, not with what was the
 *                       newest when its predecessor's death was told
 * BUG_RETIRED_EARLY     a link that was given up is retired when it is empty
 * BUG_NOT_RETIRED       it never is
 * BUG_BOTH_DEAD         (KILLS=2) it is not, where both sides are dead: an end that never was admitted waits for ever */
#ifndef FRAMES
#define FRAMES 2 /* tries of the owner */
#endif
#ifndef KILLS
#define KILLS 1
#endif
#define LINKS (KILLS + 2)
#define NONE  2
#ifdef EVICTS
#define DEPTH 1
#else
#define DEPTH FRAMES
#endif

typedef link {
    byte given[2], returned[2], head, tail, offered, taken, dropped, lost, died, ready, slot[FRAMES];
    bool given_up, emptied, retired
}
link at[LINKS];
typedef process {
    byte state, number; /* of its lives */
    byte hand[2]        /* who can read a slot */
}
process who[2];
#define MIDDLE 0
#define END    1
#define LIVES  0
#define KILLED 1
#define GONE   2
#define STARTS 3
byte newest = 1, listed = 1, begins, kills; /* begins: from which link the next end takes first */
bool used[2]; /* by the owner: its own count of each slot is not 0 */
byte loop;    /* of d_steps */

/* --- a producer: its link is l --- */

inline waiting(l, s)
{
    was = 0;
    loop = at[l].head;
    do
    :: loop < at[l].tail -> was = was + (at[l].slot[loop] == s -> 1 : 0); loop++
    :: else -> break
    od;
    loop = 0
}

inline repair_slot(l, s)
{
    d_step {
#ifndef BUG_NOTHING_WAITS
        waiting(l, s);
#endif
        at[l].returned[s] = at[l].given[s] - was;
        was = 0
    }
}

inline repair(l)
{
    now_died = at[l].died;
    repair_slot(l, 0);
    repair_slot(l, 1);
#ifndef BUG_NO_LOST
    at[l].lost = at[l].offered - at[l].taken - at[l].dropped - (at[l].tail - at[l].head);
#endif
    at[l].ready = now_died;
    now_died = 0
}

inline make_room(l)
{
    if
    :: d_step { at[l].tail - at[l].head == DEPTH -> was = at[l].slot[at[l].head]; at[l].head++ };
        at[l].given[was]--;
        d_step { at[l].dropped++; was = 0 }
    :: else
    fi
}

inline publish(l, s)
{
    at[l].offered++;
#ifndef BUG_GIVEN_LAST
    at[l].given[s]++;
#endif
    make_room(l);
    d_step { at[l].slot[at[l].tail] = s; at[l].tail++ };
#ifdef BUG_GIVEN_LAST
    at[l].given[s]++
#endif
}

/* --- the owner --- */

inline nobody_reads(s)
{
    d_step {
        assert(who[MIDDLE].hand[s] == 0 && who[END].hand[s] == 0);
        l = 0;
        do
        :: l < LINKS ->
            waiting(l, s);
            assert(was == 0 || at[l].retired);
            l++
        :: else -> break
        od;
        l = 0;
        was = 0
    }
}

inline look_at(l)
{
    was = at[l].returned[s];
    free = was == at[l].given[s];
    was = 0
}

inline look_below()
{
    l = 1;
#ifndef BUG_LISTED_FIRST
    known = listed;
#endif
    do
    :: free && l <= known ->
        if
        :: at[l].retired
        :: else -> look_at(l)
        fi;
        l++
    :: else -> break
    od;
    l = 0;
    known = 0
}

inline look()
{
    d_step {
        free = !used[s];
        claimed = free;
        used[s] = true
    }
#ifdef BUG_LISTED_FIRST
    known = listed;
#endif
#ifdef BUG_DOWNSTREAM_FIRST
    look_below();
    if
    :: free -> look_at(0)
    :: else
    fi;
#else
    if
    :: free -> look_at(0)
    :: else
    fi;
    look_below();
#endif
    if
    :: free -> nobody_reads(s); mine = s; free = false
    :: !free && claimed -> used[s] = false
    :: !free && !claimed
    fi;
    claimed = false
}

inline drop_own()
{
    if
    :: mine != NONE -> d_step { used[mine] = false; mine = NONE }
    :: else
    fi
}

proctype owner()
{
    byte tries, mine = NONE, s, l, known, was, now_died;
    bool free, claimed;
end:
    do
    :: at[0].died != at[0].ready -> repair(0)
    :: tries < FRAMES ->
        tries++;
        if
        :: mine != NONE /* the same content once more */
        :: true ->
            drop_own();
            look();
            if
            :: mine == NONE -> s = 1; look(); s = 0
            :: else
            fi
        fi;
        if
        :: mine != NONE -> at[0].offered++; at[0].given[mine]++; d_step { at[0].slot[at[0].tail] = mine; at[0].tail++ }
        :: else
        fi;
        if
        :: tries == FRAMES -> drop_own()
        :: else
        fi
    od
}

#ifdef TAKER
proctype taker()
{
    byte mine = NONE, s, l, known, was;
    bool free, claimed;
    look();
    drop_own()
}
#endif

/* --- a consumer --- */

#define KEPT(l, s) (2 * (l) + s)

#ifdef BUG_TAKES_EARLY
#define admitted(l, p) (!at[l].retired)
#else
#define admitted(l, p) (at[l].ready == who[p].number && !at[l].retired)
#endif

inline take(p, l)
{
    d_step {
        admitted(l, p) && at[l].head < at[l].tail;
        got = at[l].slot[at[l].head];
        at[l].head++;
        who[p].hand[got]++
    }
    at[l].taken++;
    kept[KEPT(l, got)]++;
#ifndef BUG_NOT_AT_ONCE
    if
    :: kept[KEPT(l, got)] > 1 -> at[l].returned[got]++
    :: else
    fi;
#endif
    got = 0
}

inline let_go(p, l, s)
{
    d_step { kept[KEPT(l, s)]--; who[p].hand[s]-- };
    if
    :: kept[KEPT(l, s)] == 0 -> at[l].returned[s]++
    :: else
    fi
}

inline pass_on(s)
{
#ifdef BUG_RETURNED_FIRST
    who[MIDDLE].hand[s]++;
    let_go(MIDDLE, 0, s);
    publish(out, s);
    who[MIDDLE].hand[s]--
#else
    publish(out, s);
    let_go(MIDDLE, 0, s)
#endif
}

proctype middle()
{
    byte out = 1, got, was, now_died, kept[2];
end_life:
    {
end:
        do
        :: take(MIDDLE, 0)
        :: kept[0] > 0 -> let_go(MIDDLE, 0, 0)
        :: kept[0] > 0 -> pass_on(0)
        :: kept[1] > 0 -> let_go(MIDDLE, 0, 1)
        :: kept[1] > 0 -> pass_on(1)
        :: at[out].died != at[out].ready -> repair(out)
        od
    } unless { who[MIDDLE].state == KILLED };
    d_step {
        out = 0; got = 0; was = 0; now_died = 0; kept[0] = 0; kept[1] = 0;
        who[MIDDLE].hand[0] = 0; who[MIDDLE].hand[1] = 0;
        who[MIDDLE].state = GONE
    }
    d_step { who[MIDDLE].state == STARTS -> out = newest; who[MIDDLE].state = LIVES }
    goto end_life
}

proctype last()
{
    byte in = 1, back = 1, got, i_, kept[2 * LINKS]; /* back: the first link of which not all was returned */
end_life:
    {
end:
        do
        :: take(END, in)
        :: at[in].retired -> in++
        :: at[in].given_up && !at[in].retired && admitted(in, END) && in < newest && at[in].head == at[in].tail -> in++
        :: back < in && kept[KEPT(back, 0)] + kept[KEPT(back, 1)] == 0 -> at[back].emptied = true; back++
        :: kept[KEPT(in, 0)] > 0 -> let_go(END, in, 0)
        :: kept[KEPT(in, 1)] > 0 -> let_go(END, in, 1)
        :: back < in && kept[KEPT(back, 0)] > 0 -> let_go(END, back, 0)
        :: back < in && kept[KEPT(back, 1)] > 0 -> let_go(END, back, 1)
        od
    } unless { who[END].state == KILLED };
    d_step {
        do
        :: i_ < 2 * LINKS -> kept[i_] = 0; i_++
        :: else -> break
        od;
        in = 0; back = 0; got = 0; i_ = 0;
        who[END].hand[0] = 0; who[END].hand[1] = 0;
        who[END].state = GONE
    }
    d_step {
        who[END].state == STARTS;
#ifdef BUG_BEGINS_LATE
        begins = newest;
#endif
        in = begins;
        back = begins;
        who[END].state = LIVES
    }
    goto end_life
}

/* --- deaths --- */

proctype killer()
{
    do
    :: kills < KILLS ->
        if
        :: atomic { who[MIDDLE].state == LIVES -> who[MIDDLE].state = KILLED }
        :: atomic { who[END].state == LIVES -> who[END].state = KILLED }
        fi;
        kills++
    :: true -> break
    od
}

/* Closes the account as well. */
inline retire(l)
{
    d_step {
        at[l].lost = at[l].offered - at[l].taken - at[l].dropped;
        at[l].retired = true
    }
}

inline list()
{
    listed = newest
}

inline middle_died()
{
    at[newest].given_up = true;
    if
    :: at[newest].ready != who[END].number ->
#ifndef BUG_BOTH_DEAD
        retire(newest)
#else
        skip
#endif
    :: else
    fi;
    d_step {
        at[newest + 1].died = who[END].number;
        at[newest + 1].ready = who[END].number;
        newest++
    }
#ifndef BUG_LISTED_LATE
    list();
#endif
    at[0].died++;
    d_step { who[MIDDLE].number++; who[MIDDLE].state = STARTS }
#ifdef BUG_LISTED_LATE
    list();
#endif
}

inline end_died()
{
#ifndef BUG_BOTH_DEAD
    l = 1;
    do
    :: l < newest ->
        if
        :: !at[l].retired -> retire(l)
        :: else
        fi;
        l++
    :: else -> break
    od;
    l = 0;
#endif
    at[newest].died++;
    d_step { who[END].number++; begins = newest; who[END].state = STARTS }
}

proctype engine()
{
    byte l;
end:
    do
    :: who[MIDDLE].state == GONE -> middle_died()
    :: who[END].state == GONE -> end_died()
#ifndef BUG_NOT_RETIRED
#ifdef BUG_RETIRED_EARLY
    :: at[1].given_up && !at[1].retired && at[1].head == at[1].tail -> retire(1)
#else
    :: at[1].emptied && !at[1].retired -> retire(1)
    :: at[2].emptied && !at[2].retired -> retire(2)
#endif
#endif
    od
}

init {
    byte l, s;
    atomic {
        run owner();
        run middle();
        run last();
        run killer();
        run engine();
#ifdef TAKER
        run taker()
#endif
    }
    timeout; /* nothing is left to do */
    assert(!used[0] && !used[1]);
    do
    :: l < LINKS ->
        assert(at[l].retired || at[l].head == at[l].tail);
        assert(at[l].offered == at[l].taken + at[l].dropped + at[l].lost);
        s = 0;
        do
        :: s < 2 ->
            assert(at[l].retired || at[l].given[s] == at[l].returned[s]);
            s++
        :: else -> break
        od;
        l++
    :: else -> break
    od
}
