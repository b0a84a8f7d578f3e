/* Holds: who has which attachments, where frames cross from one process to another by a link.
 *
 * For each store whose attachments a link may carry it has two rows of counters, one counter for each slot: `given`,
 * which the producer's process alone writes, and `returned`, which the consumer's alone writes. The producer adds to
 * `given` before it publishes a frame, and takes that back if it lets the frame go itself. The consumer holds a slot
 * once for each link, however many frames refer to it, and adds to `returned` when nothing in its process does.
 *
 * The producer also keeps a list of its own of what it put into the ring: what is written in the ring can be overwritten
 * by a consumer that has been taken over, and so is not believed.
 *
 * A consumer that was killed leaves `returned` behind what was given. The producer sets it right, between two steps of
 * its own, when nobody else writes to it: wr_holds_repair(). See docs/notes/0005-processes.md.
 */
#ifndef WR_HOLD_H
#define WR_HOLD_H

#include "core/store.h"

/* A store whose attachments may come by. */
typedef struct wr_hold_store {
    uint16_t shared_id;
    weir_kind kind;
    uint32_t slots;
} wr_hold_store;

typedef struct wr_hold {
    wr_hold_store of;
    _Atomic uint32_t *given, *returned;
    wr_store *import; /* the consumer's */
} wr_hold;

/* What the producer put into one place of the ring. */
typedef struct wr_put {
    uint32_t count, bytes; /* bytes: of the packet, 0 if there is none */
    struct {
        uint32_t hold, slot;
    } ref[WEIR_FRAME_REFS];
} wr_put;

typedef struct wr_holds {
    wr_hold *hold;
    uint32_t holds;
    wr_put *put; /* the producer's: one for each slot of the ring */
    uint64_t mask;
} wr_holds;

/* Shared memory that the counters need. */
size_t wr_holds_bytes(const wr_hold_store *store, uint32_t stores);
/* Finds them in that memory. `ring`: slots of the ring, a power of two. False without memory; end with wr_holds_close(). */
bool wr_holds_open(wr_holds *holds, const wr_hold_store *store, uint32_t stores, uint64_t ring, void *memory);
void wr_holds_close(wr_holds *holds);

/* --- the producer --- */

/* Begins the list for frame `number`. */
wr_put *wr_holds_begin(wr_holds *holds, uint64_t number);
/* Gives one more attachment, which is written to `crossing` as it will cross. False if the link does not know its
 * store: then it does not cross. */
bool wr_holds_give(wr_holds *holds, wr_put *put, const weir_ref *ref, weir_ref *crossing);
/* The producer lets frame `number` go, before anybody took it. */
void wr_holds_take_back(wr_holds *holds, uint64_t number);
/* No consumer lives. Of what was given, only what frames head to tail - 1 refer to is still on its way. Bytes of packets
 * among these. */
uint64_t wr_holds_repair(wr_holds *holds, uint64_t head, uint64_t tail);

/* --- the consumer --- */

/* What was read from the ring becomes a frame of this process. Nothing in it is believed: false if anything points where it
 * should not; then the frame is empty, what it held has been returned. */
bool wr_holds_receive(wr_holds *holds, weir_frame *frame);

#endif
