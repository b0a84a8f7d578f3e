/* Store: the memory that attachments live in, sized before the start.
 *
 * A slot is taken by wr_store_take(), filled, referred to by frames, and free
 * again when the last reference is gone. References within a process are counted
 * in the slot; a slot's generation tells a reference to its present content from
 * one that should long be gone.
 *
 * Between processes. Only the data are shared; slots are the owner's own. A store
 * of another process that attachments come from is imported, once for each link they
 * come by: an import has slots of its own, with counts of what this process holds,
 * and says on the link when it holds a slot no more. What decides where memory is
 * touched is copied and checked when it comes (core/entry.h), into memory that the
 * import has from the start. The owner reuses a slot when
 * nobody here refers to it and no link says that somebody elsewhere does; see
 * docs/notes/0005-processes.md.
 *
 * Thread-safety: any thread may add and release references. wr_store_take() may be
 * called by several threads at once on a store of equal items, by one at a time on
 * a store of items that vary or that is lent.
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

/* What a link says of each slot of a store that it may carry: how often it was given over, and returned. Held elsewhere
 * while the two differ. */
typedef struct wr_lent {
    struct wr_lent *next;
    int place; /* of the link's producer in topological order */
    const _Atomic uint32_t *given, *returned;
    const _Atomic uint32_t *retired; /* not 0: nobody is left who could use what this link gave */
    wr_memory memory;                /* where these are; unmapped with this */
} wr_lent;

typedef struct wr_store {
    uint16_t id;        /* in the table of stores of this process */
    uint16_t shared_id; /* under which other processes know it */
    weir_kind kind;
    bool varied;
    uint32_t slots;
    wr_slot *slot;
    uint8_t *data;          /* what is read here; of a kind that is copied whole, the copies, at the same offsets */
    const uint8_t *foreign; /* imported: the owner's data */
    uint8_t *heads;         /* imported: what its attachments begin with, of each slot; NULL: nothing is copied apart */
    wr_memory slot_memory, data_memory, copy_memory;
    _Atomic uint32_t next; /* varied items: where to look for an unused slot first */
    uint32_t *by_offset;   /* varied items: slots in use or not yet noticed free, by offset; the taker's own */
    uint32_t used;         /* of by_offset */
    wr_lent *lent;         /* upstream links first; the taker's own */
    _Atomic(wr_lent *) lent_newly;
    _Atomic uint32_t releasing; /* imported: threads between giving up the last reference and saying so on the link */
    _Atomic uint32_t *returned; /* imported: of each slot, on the link it comes by; NULL: this is the owner */
    _Atomic uint64_t in_use_bytes, peak_bytes;
} wr_store;

/* Equal items: slots * item_bytes. Varied (item_bytes 0): any sizes, together at most data_bytes. NULL with errno. */
wr_store *wr_store_new(weir_kind kind, uint32_t slots, size_t item_bytes, size_t data_bytes);
/* The same in memory that is there already (what wr_memory_map() mapped) and which the store takes over, known to others
 * as shared_id. `slot_memory`, zeroed or from an owner before (see wr_store_inherit), may be NULL. NULL with errno; then the memory is still the caller's. */
wr_store *wr_store_new_in(uint16_t shared_id, weir_kind kind, uint32_t slots, size_t item_bytes,
                          WEIR_OWNED wr_memory *data, WEIR_OWNED wr_memory *slot_memory);
/* The memory may come from an owner that was killed: what no link says is held is free, the rest stays where it is. Once
 * the store has been lent to all links that carry it, before anything is taken. */
void wr_store_inherit(wr_store *store);
/* Of its slots alone. */
size_t wr_store_slot_bytes(uint32_t slots);
/* No reference may be left. */
void wr_store_free(wr_store *store);
/* Of its data alone. */
size_t wr_store_data_bytes(uint32_t slots, size_t item_bytes, size_t data_bytes);
/* Memory that such a store maps. */
size_t wr_store_cost(uint32_t slots, size_t item_bytes, size_t data_bytes);

/* A store of another process, whose data are mapped here already (read-only will do) and stay so as long as the store.
 * `returned`: of each slot, on the link that it comes by. NULL with errno. */
wr_store *wr_store_import(uint16_t shared_id, weir_kind kind, uint32_t slots, const wr_memory *data,
                          _Atomic uint32_t *returned);
/* Attachments of this store go to other processes by a link: wr_store_take() asks it from now on. `place`: of the link's
 * producer in topological order. `memory`, where the three are, is taken over and unmapped once the link is retired; NULL
 * if somebody else sees to that. False without memory. Any thread, before the link carries anything. */
bool wr_store_lend(wr_store *store, int place, const _Atomic uint32_t *given, const _Atomic uint32_t *returned,
                   const _Atomic uint32_t *retired, WEIR_OWNED wr_memory *memory);
/* A reference as it crossed a link (`generation` holds the place of the data, in units of WR_STORE_ALIGN) becomes one of
 * this process. Nothing in it is believed: false if it points outside the store, or what it points to makes no sense.
 * One thread at a time for each import. */
bool wr_store_receive(wr_store *import, weir_ref *ref);
/* And the other way: as it will cross. */
weir_ref wr_ref_crossing(const weir_ref *ref);
/* Slots of an import that this process holds. */
uint32_t wr_store_held(const wr_store *import);

/* A free slot of at least `bytes` with one reference, or false when there is none. */
bool wr_store_take(wr_store *store, size_t bytes, weir_ref *ref);

/* A reference names its store: these need nothing else. */
void wr_ref_add(const weir_ref *ref);
void wr_ref_release(const weir_ref *ref);
void *wr_ref_data(const weir_ref *ref);

#endif
