/* The account of a link, read while both sides go on (src/core/link.c).
 *
 *     turn_begins(), turn_ends()   each side makes its turn odd and even again
 *     count()                      a counter with one writer, stored with release
 *     evict(), claim()             both sides move head, by compare-and-swap
 *     wr_link_read()               both turns, all counters, both turns again
 *
 * Shown: an account that is accepted adds up: offered = taken + dropped + waiting, nothing below 0, at most DEPTH wait, and
 * no more than waiting_max. One look of the reader, at any moment; without EVICTS a full link refuses what comes.
 *
 * BUG_COUNT_RELAXED     counters may be seen before the turn is odd
 * BUG_MOST_RELAXED      waiting_max may be
 * BUG_NO_RECHECK        the reader does not look at the turns again
 * BUG_CHECK_FIRST       the reader's second look at the turns comes before it has read head and tail: what loads weaker
 *                       than acquire would allow
 * BUG_END_RELAXED       the end of a turn may be seen before what changed in it
 * BUG_CONSUMER_NO_TURN  the consumer counts outside a turn */
#ifndef DEPTH
#define DEPTH 1
#endif
#ifndef FRAMES
#define FRAMES 2
#endif
#ifndef LOOKS
#define LOOKS 1 /* of the consumer, empty ones included */
#endif
#define PRODUCER 0
#define CONSUMER 1
#define READER   2
#define THREADS  3
#define HEAD     0
#define TAIL     1
#define PRODUCER_TURN 2
#define CONSUMER_TURN 3
#define OFFERED  4
#define DROPPED  5
#define TAKEN    6
#define MOST     7
#define PLACES   8
#include "order.pml"

#ifdef BUG_COUNT_RELAXED
#define COUNTED RELAXED
#else
#define COUNTED RELEASE
#endif
#ifdef BUG_MOST_RELAXED
#define MOST_COUNTED RELAXED
#else
#define MOST_COUNTED COUNTED
#endif
#ifdef BUG_END_RELAXED
#define TURNED RELAXED
#else
#define TURNED RELEASE
#endif

proctype producer()
{
    byte tail, head_seen, offered, dropped, turn, most, i_;
    bool ours, refused;
    do
    :: offered < FRAMES ->
        store(PRODUCER, PRODUCER_TURN, turn + 1, RELAXED);
        offered++;
        store(PRODUCER, OFFERED, offered, COUNTED);
        if
        :: tail - head_seen >= DEPTH -> load_seq(PRODUCER, HEAD, head_seen)
        :: else
        fi;
        if
        :: tail - head_seen >= DEPTH ->
#ifdef EVICTS
            compare_exchange(PRODUCER, HEAD, head_seen, head_seen + 1, ours);
            head_seen++;
#else
            ours = true;
            refused = true;
#endif
            if
            :: ours -> dropped++; store(PRODUCER, DROPPED, dropped, COUNTED)
            :: else
            fi
        :: else
        fi;
        if
        :: !refused ->
            if
            :: tail + 1 - head_seen > most -> most = tail + 1 - head_seen; store(PRODUCER, MOST, most, MOST_COUNTED)
            :: else
            fi;
            tail++;
            store(PRODUCER, TAIL, tail, RELEASE)
        :: else
        fi;
        turn = turn + 2;
        store(PRODUCER, PRODUCER_TURN, turn, TURNED);
        ours = false; refused = false
    :: else -> break
    od
}

proctype consumer()
{
    byte head, tail, taken, turn, looks, i_;
    bool ours;
    do
    :: looks < LOOKS ->
        looks++;
#ifndef BUG_CONSUMER_NO_TURN
        store(CONSUMER, CONSUMER_TURN, turn + 1, RELAXED);
#endif
        load_seq(CONSUMER, HEAD, head);
        load_seq(CONSUMER, TAIL, tail);
        if
        :: head < tail ->
#ifdef EVICTS
            compare_exchange(CONSUMER, HEAD, head, head + 1, ours);
#else
            store(CONSUMER, HEAD, head + 1, RELEASE);
            ours = true;
#endif
            if
            :: ours -> taken++; head++; store(CONSUMER, TAKEN, taken, COUNTED)
            :: else
            fi
        :: else
        fi;
#ifndef BUG_CONSUMER_NO_TURN
        turn = turn + 2;
        store(CONSUMER, CONSUMER_TURN, turn, TURNED);
#endif
        ours = false
    :: else -> break
    od
}

inline look_again()
{
    load(READER, PRODUCER_TURN, producer_again);
    load(READER, CONSUMER_TURN, consumer_again)
}

active proctype reader()
{
    byte producer_turn, consumer_turn, producer_again, consumer_again, offered, taken, tail, head, most, dropped, i_;
    load(READER, PRODUCER_TURN, producer_turn);
    load(READER, CONSUMER_TURN, consumer_turn);
    load(READER, OFFERED, offered);
    load(READER, TAKEN, taken);
#ifdef BUG_CHECK_FIRST
    look_again();
#endif
    load(READER, TAIL, tail);
    load(READER, HEAD, head);
    load(READER, MOST, most);
    load(READER, DROPPED, dropped);
#ifdef BUG_NO_RECHECK
    producer_again = producer_turn;
    consumer_again = consumer_turn;
#else
#ifndef BUG_CHECK_FIRST
    look_again();
#endif
#endif
    if
    :: producer_turn % 2 == 0 && consumer_turn % 2 == 0 && producer_again == producer_turn &&
       consumer_again == consumer_turn ->
        assert(head <= tail && tail - head <= DEPTH && tail - head <= most && most <= offered);
        assert(offered == taken + dropped + tail - head)
    :: else
    fi
}

init {
    atomic {
        run memory(PRODUCER);
        run memory(CONSUMER);
        run producer();
        run consumer()
    }
}
