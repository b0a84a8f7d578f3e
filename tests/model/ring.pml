/* A ring that evicts: `latest` and `newest` (src/core/link.c).
 *
 *     accept()      writes the slot word by word, then tail
 *     evict()       copies the oldest, then tries once to move head
 *     leave()       copies the frame at head, word by word, then claims it with claim()
 *
 * A frame is two words that both hold its number, counted from 1. Shown: whoever moved head from h holds all of frame h
 * and nobody else does; every frame is either taken or let go; the last one is taken. The producer has no loop.
 *
 * BUG_CLAIM_FIRST   the consumer claims before it copies
 * BUG_PLAIN_CLAIM   the consumer stores head instead of comparing
 * BUG_PLAIN_EVICT   the producer does
 * BUG_TAIL_RELAXED  tail may be seen before the slot is */
#ifndef DEPTH
#define DEPTH 2
#endif
#ifndef FRAMES
#define FRAMES 4
#endif
#define PRODUCER 0
#define CONSUMER 1
#define THREADS  2
#define HEAD     0
#define TAIL     1
#define WORD(h, w) (2 + 2 * ((h) % DEPTH) + w)
#define PLACES (2 + 2 * DEPTH)
#include "order.pml"

#ifdef BUG_TAIL_RELAXED
#define PUBLISHED RELAXED
#else
#define PUBLISHED RELEASE
#endif

byte taken_by[FRAMES]; /* 0: nobody yet, else 1 + thread */
byte producers_done;

inline owned(t, h, first, second)
{
    d_step {
        assert(first == h + 1 && second == h + 1);
        assert(taken_by[h] == 0);
        taken_by[h] = 1 + t
    }
}

proctype producer()
{
    byte tail, head_seen, first, second, i_;
    bool ours;
    do
    :: tail < FRAMES ->
        if
        :: tail - head_seen >= DEPTH -> load_seq(PRODUCER, HEAD, head_seen) /* occupied() */
        :: else
        fi;
        if
        :: tail - head_seen >= DEPTH -> /* evict() */
            load(PRODUCER, WORD(head_seen, 0), first);
            load(PRODUCER, WORD(head_seen, 1), second);
#ifdef BUG_PLAIN_EVICT
            store(PRODUCER, HEAD, head_seen + 1, SEQ);
            ours = true;
#else
            compare_exchange(PRODUCER, HEAD, head_seen, head_seen + 1, ours);
#endif
            if
            :: ours -> owned(PRODUCER, head_seen, first, second)
            :: else
            fi;
            head_seen++ /* it can fail only because the consumer took this very frame */
        :: else
        fi;
        assert(tail - head_seen < DEPTH);
        store(PRODUCER, WORD(tail, 0), tail + 1, RELAXED);
        store(PRODUCER, WORD(tail, 1), tail + 1, RELAXED);
        store(PRODUCER, TAIL, tail + 1, PUBLISHED);
        tail++;
        first = 0; second = 0; ours = false
    :: else -> break
    od;
    producers_done = 1
}

proctype consumer()
{
    byte tail_seen, head, first, second, i_;
    bool ours;
    do
    :: load_seq(CONSUMER, HEAD, head);
        if
        :: head >= tail_seen -> load_seq(CONSUMER, TAIL, tail_seen)
        :: else
        fi;
        if
        :: head < tail_seen ->
#ifdef BUG_CLAIM_FIRST
            compare_exchange(CONSUMER, HEAD, head, head + 1, ours);
#endif
            load(CONSUMER, WORD(head, 0), first);
            load(CONSUMER, WORD(head, 1), second);
#ifdef BUG_PLAIN_CLAIM
            store(CONSUMER, HEAD, head + 1, SEQ);
            ours = true;
#endif
#if !defined(BUG_CLAIM_FIRST) && !defined(BUG_PLAIN_CLAIM)
            compare_exchange(CONSUMER, HEAD, head, head + 1, ours);
#endif
            if
            :: ours -> owned(CONSUMER, head, first, second)
            :: else
            fi;
            first = 0; second = 0; ours = false
        :: head >= tail_seen && tail_seen == FRAMES -> break
        :: head >= tail_seen && tail_seen < FRAMES -> load(CONSUMER, TAIL, tail_seen) /* looks again later */
        fi
    od
}

init {
    byte h;
    atomic {
        run memory(PRODUCER);
        run memory(CONSUMER);
        run producer();
        run consumer()
    }
    (producers_done == 1 && taken_by[FRAMES - 1] != 0 && mem[HEAD] == FRAMES);
    do
    :: h < FRAMES ->
        assert(taken_by[h] != 0);
        h++
    :: else -> break
    od;
    assert(taken_by[FRAMES - 1] == 1 + CONSUMER)
}
