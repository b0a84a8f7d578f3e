/* Packets with `latest`: the consumer jumps to the newest key frame (src/core/link.c).
 *
 *     accept()      writes the slot, key_at if it is a key frame, then tail
 *     jump()        lets go what stands before the newest key frame that is published
 *     leave()       takes what stands at head; the consumer alone moves head
 *
 * Frames 0, 2 and 3 are key frames, 1 and 4 need the one before. A full link refuses, and then everything up to a key
 * frame. Shown: head never passes tail; the slot that is read holds its frame; what is taken can be decoded.
 *
 * BUG_UNPUBLISHED   jumps to a key frame that is announced but not published
 * BUG_JUMP_LONG     jumps behind the key frame */
#ifndef DEPTH
#define DEPTH 2
#endif
#define FRAMES   5
#define PRODUCER 0
#define CONSUMER 1
#define THREADS  2
#define HEAD     0
#define TAIL     1
#define KEY_AT   2
#define SLOT(h)  (3 + (h) % DEPTH)
#define PLACES   (3 + DEPTH)
#include "order.pml"

#define is_key(f) (f == 0 || f == 2 || f == 3)

bool producer_done;
byte dropped, taken;

proctype producer()
{
    byte tail, head, frame, i_;
    bool need_key;
    do
    :: frame < FRAMES ->
        load_seq(PRODUCER, HEAD, head);
        assert(head <= tail);
        if
        :: need_key && !is_key(frame) -> dropped++
        :: !(need_key && !is_key(frame)) && tail - head >= DEPTH -> need_key = true; dropped++
        :: else ->
            need_key = false;
            store(PRODUCER, SLOT(tail), frame + 1, RELAXED);
            if
            :: is_key(frame) -> store(PRODUCER, KEY_AT, tail + 1, RELEASE)
            :: else
            fi;
            store(PRODUCER, TAIL, tail + 1, RELEASE);
            tail++
        fi;
        frame++
    :: else -> break
    od;
    producer_done = true
}

proctype consumer()
{
    byte tail_seen, head, key_at, got, last, over, i_;
    do
    :: over = producer_done && pending[PRODUCER].count == 0;
        if
        :: head >= tail_seen -> load_seq(CONSUMER, TAIL, tail_seen)
        :: else
        fi;
        if
        :: head < tail_seen -> /* jump() */
            load(CONSUMER, KEY_AT, key_at);
#ifndef BUG_UNPUBLISHED
            if
            :: key_at > tail_seen -> load_seq(CONSUMER, TAIL, tail_seen)
            :: else
            fi;
            if
            :: key_at > tail_seen -> key_at = 0
            :: else
            fi;
#endif
#ifdef BUG_JUMP_LONG
            do
            :: head < key_at ->
#else
            do
            :: head + 1 < key_at ->
#endif
                head++;
                store(CONSUMER, HEAD, head, RELEASE);
                dropped++
            :: else -> break
            od;
            load(CONSUMER, SLOT(head), got);
            store(CONSUMER, HEAD, head + 1, RELEASE);
            d_step {
                assert(got > last); /* the slot holds a frame that was not taken yet */
                assert(is_key(got - 1) || got == last + 1);
                last = got;
                taken++;
                head++;
                got = 0;
                key_at = 0
            }
        :: head >= tail_seen && over -> break
        :: head >= tail_seen && !over
        fi
    od;
    assert(taken + dropped == FRAMES)
}

/* At every moment: what others see of head is never beyond what they see of tail. */
active proctype watch()
{
end:
    atomic { mem[HEAD] > mem[TAIL] -> assert(false) }
}

init {
    atomic {
        run memory(PRODUCER);
        run memory(CONSUMER);
        run producer();
        run consumer()
    }
}
