/* Store: the memory that attachments live in, sized before the start.
 *
 * A slot is taken by wr_store_take(), filled, referred to by frames, and free
 * again when the last reference is gone. References within a process are counted
 * in the slot; a slot's generation tells a reference to its present content from
 * one that should long be gone.
 *
 * Layout: slots and data are mappings of their own, because another process may
 * map the data read-only and never the counts. Slots hold offsets, not pointers.
 *
 * Thread-safety: any thread may add and release references. wr_store_take() may be
 * called by several threads at once on a store of equal items, by one at a time on
 * a store of items that vary.
 */
#ifndef WR_STORE_H
#define WR_STORE_H

#include "os/memory.h"
#include <stdatomic.h>
#include <weir/frame.h>

enum { WR_STORES_MAX = 4096, WR_STORE_ALIGN = 64 };

typedef struct wr_slot {
    _Atomic uint32_t refs; /* 0: free */
    uint32_t generation;   /* written by the taker before it hands the slot on */
    uint64_t offset;       /* of the data */
    uint64_t room_bytes;   /* at that offset */
} wr_slot;

typedef struct wr_store {
    uint16_t id; /* in the table of stores of this process */
    weir_kind kind;
    bool varied;
    uint32_t slots;
    wr_slot *slot;
    uint8_t *data;
    wr_memory slot_memory, data_memory;
    _Atomic uint32_t next; /* varied items: where to look for an unused slot first */
    uint32_t *by_offset;   /* varied items: slots in use or not yet noticed free, by offset; the taker's own */
    uint32_t used;         /* of by_offset */
    _Atomic uint64_t in_use_bytes, peak_bytes;
} wr_store;

/* Equal items: slots * item_bytes. Varied (item_bytes 0): any sizes, together at most data_bytes. NULL with errno. */
wr_store *wr_store_new(weir_kind kind, uint32_t slots, size_t item_bytes, size_t data_bytes);
/* No reference may be left. */
void wr_store_free(wr_store *store);
/* Memory that such a store maps. */
size_t wr_store_cost(uint32_t slots, size_t item_bytes, size_t data_bytes);

/* A free slot of at least `bytes` with one reference, or false when there is none. */
bool wr_store_take(wr_store *store, size_t bytes, weir_ref *ref);

/* A reference names its store: these need nothing else. */
void wr_ref_add(const weir_ref *ref);
void wr_ref_release(const weir_ref *ref);
void *wr_ref_data(const weir_ref *ref);

#endif
