/* One link whose consumer is killed, at any step (docs/notes/0005-processes.md). The producer repairs holds and accounts,
 * and a successor goes on.
 *
 *     killer     ends the consumer between any two of its steps: what it knew is gone, what it stored will be seen
 *     engine     sees that, when all it stored is seen; tells the producer how many have died, and starts a successor
 *     repair()   the producer: `returned` is `given` without what waits; lost is all that is missing; the turn of the
 *                consumer is even; then `ready` is the number of the death that was repaired
 *     consumer   the successor after the nth death takes when `ready` is n
 *
 * Taking from the ring is one step (ring.pml), counting it is not. The owner of the slots is the producer; depth is 1. A
 * full link refuses, or with EVICTS lets the oldest go. With HELD a frame leaves the ring when the consumer has finished
 * with it: until then it waits, and if the consumer is killed its successor gets it again. With READER a third one reads the
 * account at any moment, as in accounts.pml, and slots are left out. Shown: nobody can read a slot that the owner takes; at
 * the end every slot is free and offered = taken + dropped + lost + waiting; the reader finds that too, whenever both turns
 * are even. What was in hand counts as taken: lost is only what was claimed and never counted. Left out: bells, bytes, a
 * consumer that gets no successor.
 *
 * BUG_NOTHING_WAITS  the repair does not subtract what waits in the ring
 * BUG_TAKES_EARLY    the successor takes before the repair
 * BUG_READY_FLAG     `ready` only says that there was a repair, maybe that of an earlier death
 * BUG_NO_LOST        the repair counts nothing as lost
 * BUG_LOST_AGAIN     adds to lost what is missing without what is lost already
 * BUG_NO_TURN        (READER) the producer repairs outside a turn of its own
 * BUG_TURN_LEFT      the consumer's turn stays odd
 * BUG_DONE_LAST      (HELD) the consumer gives slots back before it moves head */
#ifndef FRAMES
#define FRAMES 3 /* tries of the owner */
#endif
#ifndef KILLS
#define KILLS 1
#endif
#define PRODUCER 0
#define CONSUMER 1
#define READER_  2
#define THREADS  3
#define HEAD     0
#define TAIL     1
#define PRODUCER_TURN 2
#define CONSUMER_TURN 3
#define OFFERED  4
#define DROPPED  5
#define TAKEN    6
#define LOST     7
#define READY    8
#define RETURNED(s) (9 + s)
#define PLACES   11
#include "order.pml"
#define NONE 2

byte slot_of[FRAMES];      /* of the frames in the ring */
byte waits[2], in_hand[2]; /* who can read a slot */
byte deaths, kills, given_at_end[2];
byte state; /* of the consumer */
#define LIVES  0
#define KILLED 1
#define GONE   2
#define STARTS 3

inline add(me, place, more)
{
    load(me, place, v_);
    store(me, place, v_ + more, RELEASE);
    v_ = 0
}

inline turn_begins(me, place)
{
    load(me, place, v_);
    store(me, place, v_ + 1, RELAXED);
    v_ = 0
}

/* --- the producer, which owns the slots --- */

inline repair_slot(s)
{
    load_seq(PRODUCER, HEAD, head);
    d_step {
        was = given[s];
#ifndef BUG_NOTHING_WAITS
        do
        :: head < tail ->
            was = was - (slot_of[head] == s -> 1 : 0);
            head++
        :: else -> break
        od;
#endif
        head = 0
    }
    store(PRODUCER, RETURNED(s), was, RELEASE)
}

inline repair_account()
{
#ifdef BUG_NO_LOST
    skip
#else
    load(PRODUCER, TAKEN, was);
    load_seq(PRODUCER, HEAD, head);
    missing = offered - dropped - was - (tail - head);
#ifdef BUG_LOST_AGAIN
    lost = lost + missing;
#else
    lost = missing;
#endif
    store(PRODUCER, LOST, lost, RELEASE);
    missing = 0;
    head = 0
#endif
}

inline repair_turn()
{
#ifndef BUG_TURN_LEFT
    load(PRODUCER, CONSUMER_TURN, was);
    if
    :: was % 2 == 1 -> store(PRODUCER, CONSUMER_TURN, was + 1, RELEASE)
    :: else
    fi;
#endif
    was = 0
}

inline repair_slots()
{
#ifdef READER
    skip
#else
    repair_slot(0);
    repair_slot(1)
#endif
}

inline repair()
{
#ifdef BUG_NO_TURN
    repair_slots();
    repair_turn();
    repair_account();
#else
    turn_begins(PRODUCER, PRODUCER_TURN);
    repair_slots();
    repair_turn();
    repair_account();
    add(PRODUCER, PRODUCER_TURN, 1);
#endif
    ready = now_dead;
    store(PRODUCER, READY, ready, RELEASE)
}

inline publish()
{
    turn_begins(PRODUCER, PRODUCER_TURN);
    offered++;
    store(PRODUCER, OFFERED, offered, RELEASE);
    load_seq(PRODUCER, HEAD, head);
    refuses = tail > head;
    if
    :: refuses ->
#ifdef EVICTS
        compare_exchange(PRODUCER, HEAD, head, head + 1, ours);
        if
        :: ours -> d_step { waits[slot_of[head]]--; given[slot_of[head]]-- }
        :: else -> refuses = false
        fi;
        if
        :: ours -> dropped++; store(PRODUCER, DROPPED, dropped, RELEASE); refuses = false; ours = false
        :: else
        fi
#else
        dropped++;
        store(PRODUCER, DROPPED, dropped, RELEASE)
#endif
    :: else
    fi;
    if
    :: !refuses ->
        d_step {
            given[mine]++;
            slot_of[tail] = mine;
            waits[mine]++;
            tail++
        }
        store(PRODUCER, TAIL, tail, RELEASE)
    :: else
    fi;
    head = 0;
    refuses = false;
    add(PRODUCER, PRODUCER_TURN, 1)
}

/* Its own count is 0 for all but `mine`. */
inline look(s)
{
    load(PRODUCER, RETURNED(s), was);
    if
    :: was == given[s] && mine == NONE -> assert(waits[s] + in_hand[s] == 0); mine = s
    :: else
    fi;
    was = 0
}

proctype producer()
{
    byte tail, head, offered, dropped, lost, tries, given[2], mine = NONE, now_dead, ready, missing, was, v_, i_;
    bool ours, refuses;
end:
    do
    :: deaths != ready -> now_dead = deaths; repair()
    :: tries < FRAMES ->
        tries++;
#ifdef READER
        mine = 0;
#else
        if
        :: mine != NONE
        :: true -> mine = NONE; look(0); look(1)
        fi;
#endif
        if
        :: mine != NONE -> publish()
        :: else
        fi;
        if
        :: tries == FRAMES -> given_at_end[0] = given[0]; given_at_end[1] = given[1]; mine = NONE
        :: else
        fi
    od
}

/* --- the consumer --- */

#define MAY_TAKE (mem[READY] == life)
#ifdef BUG_TAKES_EARLY
#undef MAY_TAKE
#define MAY_TAKE true
#endif
#ifdef BUG_READY_FLAG
#undef MAY_TAKE
#define MAY_TAKE (life == 0 || mem[READY] > 0)
#endif

inline give_back(s)
{
#ifdef READER
    skip
#else
    add(CONSUMER, RETURNED(s), 1)
#endif
}

inline let_go(s)
{
    d_step {
        kept[s]--;
        in_hand[s]--
    }
    if
    :: kept[s] == 0 -> give_back(s)
    :: else
    fi
}

inline keep()
{
    kept[got]++;
    if
    :: kept[got] > 1 -> give_back(got)
    :: else
    fi
}

inline leave()
{
#ifdef EVICTS
    atomic {
        compare_exchange(CONSUMER, HEAD, head, head + 1, ours);
        if
        :: ours -> waits[slot_of[head]]--; in_hand[slot_of[head]]++
        :: else
        fi
    }
#else
    atomic {
        store(CONSUMER, HEAD, head + 1, RELEASE);
        waits[slot_of[head]]--;
        in_hand[slot_of[head]]++;
        ours = true
    }
#endif
}

inline take()
{
    turn_begins(CONSUMER, CONSUMER_TURN);
    load_seq(CONSUMER, HEAD, head);
    if
    :: head < mem[TAIL] -> leave()
    :: else
    fi;
    if
    :: ours -> got = slot_of[head]; add(CONSUMER, TAKEN, 1)
    :: else
    fi;
    add(CONSUMER, CONSUMER_TURN, 1);
    if
    :: ours -> keep()
    :: else
    fi;
    got = 0;
    head = 0;
    ours = false
}

/* Taken, worked on, done. */
inline hold()
{
    load_seq(CONSUMER, HEAD, head);
    if
    :: head < mem[TAIL] ->
        got = slot_of[head];
        in_hand[got]++;
        keep();
#ifdef BUG_DONE_LAST
        let_go(got);
#endif
        turn_begins(CONSUMER, CONSUMER_TURN);
        atomic {
            store(CONSUMER, HEAD, head + 1, RELEASE);
            waits[got]--
        }
        add(CONSUMER, TAKEN, 1);
        add(CONSUMER, CONSUMER_TURN, 1);
        got = 0
    :: else
    fi;
    head = 0
}

proctype consumer()
{
    byte head, kept[2], got, life, v_, i_;
    bool ours;
end_life:
    {
end:
        do
        :: MAY_TAKE && mem[HEAD] < mem[TAIL] && pending[CONSUMER].seq == 0 ->
#ifdef HELD
            hold()
#else
            take()
#endif
        :: kept[0] > 0 -> let_go(0)
        :: kept[1] > 0 -> let_go(1)
        od
    } unless { state == KILLED };
    d_step {
        head = 0; kept[0] = 0; kept[1] = 0; got = 0; v_ = 0; i_ = 0; ours = false;
        in_hand[0] = 0; in_hand[1] = 0;
        state = GONE
    }
    atomic { state == STARTS -> life = deaths; state = LIVES }
    goto end_life
}

proctype killer()
{
    do
    :: kills < KILLS ->
        atomic { state == LIVES -> state = KILLED; kills++ }
    :: true -> break
    od
}

/* What it does goes through the kernel: seen at once. */
proctype engine()
{
end:
    do
    :: atomic { state == GONE && pending[CONSUMER].count == 0 -> deaths++; state = STARTS }
    od
}

#ifdef READER
inline less(place)
{
    d_step {
        own(READER_, place, v_);
        offered = offered - v_;
        v_ = 0
    }
}

inline give_up_if(wrong)
{
    if
    :: wrong -> goto done
    :: else
    fi
}

/* Gives up where it knows that the account will not be accepted. */
proctype reader()
{
    byte producer_turn, consumer_turn, v_, i_, offered; /* less what was found of the rest */
    load(READER_, PRODUCER_TURN, producer_turn);
    give_up_if(producer_turn % 2 == 1);
    load(READER_, CONSUMER_TURN, consumer_turn);
    give_up_if(consumer_turn % 2 == 1);
    load(READER_, OFFERED, offered);
    less(TAKEN);
    less(TAIL);
    d_step {
        own(READER_, HEAD, v_);
        offered = offered + v_;
        v_ = 0
    }
    less(DROPPED);
    less(LOST);
    load(READER_, PRODUCER_TURN, v_);
    give_up_if(v_ != producer_turn);
    load(READER_, CONSUMER_TURN, v_);
    give_up_if(v_ != consumer_turn);
    assert(offered == 0);
done:
    skip
}
#endif

init {
    atomic {
        run memory(PRODUCER);
        run memory(CONSUMER);
        run producer();
        run consumer();
        run killer();
        run engine();
#ifdef READER
        run reader()
#endif
    }
    timeout; /* nothing is left to do */
    assert(waits[0] + waits[1] + in_hand[0] + in_hand[1] == 0 && mem[HEAD] == mem[TAIL]);
#ifndef READER
    assert(given_at_end[0] == mem[RETURNED(0)] && given_at_end[1] == mem[RETURNED(1)]);
#endif
    assert(mem[OFFERED] == mem[TAKEN] + mem[DROPPED] + mem[LOST]);
    assert(mem[PRODUCER_TURN] % 2 == 0 && mem[CONSUMER_TURN] % 2 == 0)
}
