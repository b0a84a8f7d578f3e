#include "core/store.h"

#include "core/entry.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* Number to store, for references; an entry changes only while no reference to it exists. */
static _Atomic(wr_store *) table[WR_STORES_MAX];

static size_t aligned(size_t bytes)
{
    return (bytes + WR_STORE_ALIGN - 1) / WR_STORE_ALIGN * WR_STORE_ALIGN;
}

size_t wr_store_slot_bytes(uint32_t slots)
{
    return slots * sizeof(wr_slot);
}

size_t wr_store_data_bytes(uint32_t slots, size_t item_bytes, size_t data_bytes)
{
    return item_bytes ? slots * aligned(item_bytes) : aligned(data_bytes);
}

size_t wr_store_cost(uint32_t slots, size_t item_bytes, size_t data_bytes)
{
    return wr_store_data_bytes(slots, item_bytes, data_bytes) + wr_store_slot_bytes(slots);
}

static bool enter(wr_store *store)
{
    for (unsigned id = 0; id < WR_STORES_MAX; id++) {
        wr_store *none = NULL;
        store->id = (uint16_t)id;
        if (atomic_compare_exchange_strong(&table[id], &none, store))
            return true;
    }
    errno = ENFILE;
    return false;
}

static bool find_room(wr_store *store, size_t item_bytes, wr_memory *slot_memory)
{
    store->by_offset = store->varied ? calloc(store->slots, sizeof *store->by_offset) : NULL;
    if (store->varied && !store->by_offset)
        return false;
    if (slot_memory)
        store->slot_memory = *slot_memory;
    else if (!wr_memory_map(&store->slot_memory, wr_store_slot_bytes(store->slots), false))
        return false;
    store->slot = store->slot_memory.data;
    for (uint32_t i = 0; !store->varied && i < store->slots; i++) {
        store->slot[i].offset = i * aligned(item_bytes);
        store->slot[i].room_bytes = aligned(item_bytes);
    }
    return true;
}

wr_store *wr_store_new_in(uint16_t shared_id, weir_kind kind, uint32_t slots, size_t item_bytes, wr_memory *data,
                          wr_memory *slot_memory)
{
    wr_store *store = calloc(1, sizeof *store);
    if (!store)
        return NULL;
    *store = (wr_store){.shared_id = shared_id,
                        .kind = kind,
                        .slots = slots,
                        .varied = item_bytes == 0,
                        .slot_memory.fd = -1,
                        .data_memory.fd = -1,
                        .copy_memory.fd = -1};
    if (find_room(store, item_bytes, slot_memory) && enter(store)) {
        store->data_memory = *data;
        store->data = data->data;
        *data = (wr_memory){.fd = -1};
        if (slot_memory)
            *slot_memory = (wr_memory){.fd = -1};
        return store;
    }
    if (!slot_memory)
        wr_memory_unmap(&store->slot_memory);
    free(store->by_offset);
    free(store);
    return NULL;
}

wr_store *wr_store_new(weir_kind kind, uint32_t slots, size_t item_bytes, size_t data_bytes)
{
    wr_memory data;
    if (!wr_memory_map(&data, wr_store_data_bytes(slots, item_bytes, data_bytes), true))
        return NULL;
    wr_store *store = wr_store_new_in(0, kind, slots, item_bytes, &data, NULL);
    if (!store)
        wr_memory_unmap(&data);
    return store;
}

static void lent_free(wr_lent *lent)
{
    while (lent) {
        wr_lent *next = lent->next;
        wr_memory_unmap(&lent->memory);
        free(lent);
        lent = next;
    }
}

void wr_store_free(wr_store *store)
{
    if (!store)
        return;
    atomic_store(&table[store->id], NULL);
    wr_memory_unmap(&store->data_memory);
    wr_memory_unmap(&store->slot_memory);
    wr_memory_unmap(&store->copy_memory);
    lent_free(store->lent);
    lent_free(atomic_load(&store->lent_newly));
    free(store->by_offset);
    free(store);
}

/* --- what other processes hold --- */

bool wr_store_lend(wr_store *store, int place, const _Atomic uint32_t *given, const _Atomic uint32_t *returned,
                   const _Atomic uint32_t *retired, wr_memory *memory)
{
    wr_lent *lent = malloc(sizeof *lent);
    if (!lent)
        return false;
    *lent = (wr_lent){.place = place, .given = given, .returned = returned, .retired = retired, .memory.fd = -1};
    if (memory) {
        lent->memory = *memory;
        *memory = (wr_memory){.fd = -1};
    }
    lent->next = atomic_load(&store->lent_newly);
    while (!atomic_compare_exchange_weak(&store->lent_newly, &lent->next, lent))
        ;
    return true;
}

/* In the order of the links; those that nobody uses any more go. */
static void put_lent_in_order(wr_store *store)
{
    for (wr_lent *lent = atomic_exchange(&store->lent_newly, NULL), *next; lent; lent = next) {
        wr_lent **at = &store->lent;
        next = lent->next;
        while (*at && (*at)->place <= lent->place)
            at = &(*at)->next;
        lent->next = *at;
        *at = lent;
    }
    for (wr_lent **at = &store->lent; *at;) {
        wr_lent *lent = *at;
        if (atomic_load_explicit(lent->retired, memory_order_acquire) == 0) {
            at = &lent->next;
            continue;
        }
        *at = lent->next;
        wr_memory_unmap(&lent->memory);
        free(lent);
    }
}

/* Upstream links first: whoever passes an attachment on gives it to the next link before returning it to the one before. A
 * link that was made known meanwhile may have been given what another returned: then all are looked at again. */
static bool is_held_elsewhere(wr_store *store, uint32_t slot)
{
    do {
        if (atomic_load_explicit(&store->lent_newly, memory_order_acquire))
            put_lent_in_order(store);
        for (const wr_lent *lent = store->lent; lent; lent = lent->next) {
            uint32_t returned = atomic_load_explicit(&lent->returned[slot], memory_order_acquire);
            if (atomic_load_explicit(&lent->given[slot], memory_order_acquire) != returned)
                return true;
        }
    } while (atomic_load_explicit(&store->lent_newly, memory_order_acquire));
    return false;
}

/* Taken first and looked at then: between a look and a claim another taker could have given it away and be done with it.
 * Acquire: what the last reader read was read before we write. */
static bool claim(wr_store *store, wr_slot *slot)
{
    uint32_t none = 0;
    if (atomic_load_explicit(&slot->refs, memory_order_relaxed) != 0 ||
        !atomic_compare_exchange_strong_explicit(&slot->refs, &none, 1, memory_order_acquire, memory_order_relaxed))
        return false;
    if (!is_held_elsewhere(store, (uint32_t)(slot - store->slot)))
        return true;
    atomic_store_explicit(&slot->refs, 0, memory_order_release);
    return false;
}

/* The first free one: what is used stays together and in the cache, pages of slots never needed stay untouched. */
static wr_slot *take_equal(wr_store *store, size_t bytes)
{
    for (uint32_t i = 0; i < store->slots; i++) {
        wr_slot *slot = &store->slot[i];
        if (slot->room_bytes >= bytes && claim(store, slot))
            return slot;
    }
    return NULL;
}

/* Drops from by_offset what has become free since. */
static void notice_free(wr_store *store)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < store->used; i++) {
        wr_slot *slot = &store->slot[store->by_offset[i]];
        if (atomic_load_explicit(&slot->refs, memory_order_acquire) == 0 &&
            !is_held_elsewhere(store, store->by_offset[i]))
            slot->room_bytes = 0;
        else
            store->by_offset[kept++] = store->by_offset[i];
    }
    store->used = kept;
}

static wr_slot *unused_slot(wr_store *store)
{
    uint32_t start = atomic_fetch_add_explicit(&store->next, 1, memory_order_relaxed);
    for (uint32_t i = 0; i < store->slots; i++) {
        wr_slot *slot = &store->slot[(start + i) % store->slots];
        if (slot->room_bytes == 0)
            return slot;
    }
    return NULL;
}

/* First fit, from the lowest offset: what is used stays together, pages above stay untouched. */
static wr_slot *take_varied(wr_store *store, size_t bytes)
{
    size_t need = aligned(bytes ? bytes : 1), low = 0;
    notice_free(store);
    wr_slot *slot = store->used < store->slots ? unused_slot(store) : NULL;
    uint32_t at = 0;
    for (; slot && at < store->used; at++) {
        const wr_slot *next = &store->slot[store->by_offset[at]];
        if (next->offset - low >= need)
            break;
        low = next->offset + next->room_bytes;
    }
    if (!slot || low + need > store->data_memory.bytes)
        return NULL;
    memmove(&store->by_offset[at + 1], &store->by_offset[at], (store->used - at) * sizeof *store->by_offset);
    store->by_offset[at] = (uint32_t)(slot - store->slot);
    store->used++;
    slot->offset = low;
    slot->room_bytes = need;
    atomic_store_explicit(&slot->refs, 1, memory_order_relaxed);
    return slot;
}

bool wr_store_take(wr_store *store, size_t bytes, weir_ref *ref)
{
    if (store->lent || atomic_load_explicit(&store->lent_newly, memory_order_acquire))
        put_lent_in_order(store);
    wr_slot *slot = bytes > UINT32_MAX ? NULL : store->varied ? take_varied(store, bytes) : take_equal(store, bytes);
    if (!slot)
        return false;
    slot->generation++;
    *ref = (weir_ref){.kind = store->kind,
                      .store = store->id,
                      .slot = (uint32_t)(slot - store->slot),
                      .generation = slot->generation,
                      .bytes = (uint32_t)bytes};
    uint64_t used =
        slot->room_bytes + atomic_fetch_add_explicit(&store->in_use_bytes, slot->room_bytes, memory_order_relaxed);
    uint64_t peak = atomic_load_explicit(&store->peak_bytes, memory_order_relaxed);
    while (used > peak && !atomic_compare_exchange_weak_explicit(&store->peak_bytes, &peak, used, memory_order_relaxed,
                                                                 memory_order_relaxed))
        ;
    return true;
}

static wr_slot *slot_of(const weir_ref *ref, wr_store **store)
{
    *store = atomic_load_explicit(&table[ref->store], memory_order_acquire);
    return &(*store)->slot[ref->slot];
}

void wr_ref_add(const weir_ref *ref)
{
    wr_store *store;
    atomic_fetch_add_explicit(&slot_of(ref, &store)->refs, 1, memory_order_relaxed);
}

/* Release: whatever was read there was read before the owner sees this. */
static void give_back(wr_store *import, uint32_t slot)
{
    atomic_fetch_add_explicit(&import->returned[slot], 1, memory_order_release);
}

void wr_ref_release(const weir_ref *ref)
{
    wr_store *store;
    wr_slot *slot = slot_of(ref, &store);
    if (store->returned) {
        atomic_fetch_add(&store->releasing, 1);
        if (atomic_fetch_sub_explicit(&slot->refs, 1, memory_order_acq_rel) == 1)
            give_back(store, ref->slot);
        atomic_fetch_sub(&store->releasing, 1); /* the last touch: after it the store may be gone */
        return;
    }
    uint32_t refs = atomic_load_explicit(&slot->refs, memory_order_acquire);
    /* Who holds the only reference is alone: nobody can add one. So what is in use is corrected before the slot is
     * free, and never counts more than there is. */
    while (refs > 1) {
        if (atomic_compare_exchange_weak_explicit(&slot->refs, &refs, refs - 1, memory_order_acq_rel,
                                                  memory_order_acquire))
            return;
    }
    atomic_fetch_sub_explicit(&store->in_use_bytes, slot->room_bytes, memory_order_relaxed);
    atomic_store_explicit(&slot->refs, 0, memory_order_release);
}

void *wr_ref_data(const weir_ref *ref)
{
    wr_store *store;
    const wr_slot *slot = slot_of(ref, &store);
    if (store->heads)
        return store->heads + (size_t)ref->slot * WR_ENTRY_HEAD_BYTES;
    return store->data + slot->offset;
}

/* --- stores of other processes --- */

/* A slot may lie there, among those in order, `at` before the next. */
static bool has_place(const wr_store *store, const wr_slot *slot, uint32_t at)
{
    const wr_slot *before = at > 0 ? &store->slot[store->by_offset[at - 1]] : NULL;
    const wr_slot *after = at < store->used ? &store->slot[store->by_offset[at]] : NULL;
    uint64_t room = store->data_memory.bytes;
    return slot->offset <= room && slot->room_bytes <= room - slot->offset && slot->offset % WR_STORE_ALIGN == 0 &&
           slot->room_bytes % WR_STORE_ALIGN == 0 && (!before || before->offset + before->room_bytes <= slot->offset) &&
           (!after || slot->offset + slot->room_bytes <= after->offset);
}

/* Where the slots that are still held lie, in order. What the owner before wrote may be nonsense. */
static void keep_held(wr_store *store, uint32_t number)
{
    wr_slot *slot = &store->slot[number];
    uint32_t at = store->used;
    while (at > 0 && store->slot[store->by_offset[at - 1]].offset > slot->offset)
        at--;
    if (!has_place(store, slot, at)) {
        slot->room_bytes = 0;
        return;
    }
    memmove(&store->by_offset[at + 1], &store->by_offset[at], (store->used - at) * sizeof *store->by_offset);
    store->by_offset[at] = number;
    store->used++;
}

void wr_store_inherit(wr_store *store)
{
    put_lent_in_order(store);
    for (uint32_t i = 0; i < store->slots; i++) {
        wr_slot *slot = &store->slot[i];
        atomic_store(&slot->refs, 0);
        if (!store->varied || slot->room_bytes == 0)
            continue;
        if (is_held_elsewhere(store, i))
            keep_held(store, i);
        else
            slot->room_bytes = 0;
    }
}

/* Room for what is copied. Pages of it that are never needed stay untouched. */
static bool find_room_for_copies(wr_store *import)
{
    wr_entry entry = wr_entry_of(import->kind);
    size_t bytes = entry == WR_ENTRY_HEAD ? (size_t)import->slots * WR_ENTRY_HEAD_BYTES : import->data_memory.bytes;
    if (entry == WR_ENTRY_AS_IT_LIES)
        return true;
    if (!wr_memory_map(&import->copy_memory, bytes, false))
        return false;
    if (entry == WR_ENTRY_HEAD)
        import->heads = import->copy_memory.data;
    else
        import->data = import->copy_memory.data;
    return true;
}

wr_store *wr_store_import(uint16_t shared_id, weir_kind kind, uint32_t slots, const wr_memory *data,
                          _Atomic uint32_t *returned)
{
    wr_store *store = calloc(1, sizeof *store);
    if (!store)
        return NULL;
    *store = (wr_store){.shared_id = shared_id,
                        .kind = kind,
                        .slots = slots,
                        .data = data->data,
                        .foreign = data->data,
                        .data_memory = {.bytes = data->bytes, .fd = -1}, /* mapped, and unmapped, by the caller */
                        .slot_memory = {.fd = -1},
                        .copy_memory = {.fd = -1},
                        .returned = returned};
    if (wr_memory_map(&store->slot_memory, slots * sizeof(wr_slot), false) && find_room_for_copies(store)) {
        store->slot = store->slot_memory.data;
        if (enter(store))
            return store;
    }
    wr_memory_unmap(&store->copy_memory);
    wr_memory_unmap(&store->slot_memory);
    free(store);
    return NULL;
}

weir_ref wr_ref_crossing(const weir_ref *ref)
{
    wr_store *store;
    weir_ref crossing = *ref;
    const wr_slot *slot = slot_of(ref, &store);
    crossing.store = store->shared_id;
    crossing.generation = (uint32_t)(slot->offset / WR_STORE_ALIGN);
    return crossing;
}

/* An owner gives no memory away that is held here: then a copy would be written over while somebody reads it. */
static bool overlaps(const wr_store *import, const wr_slot *slot)
{
    for (uint32_t i = 0; i < import->slots; i++) {
        const wr_slot *other = &import->slot[i];
        if (other != slot && atomic_load_explicit(&other->refs, memory_order_acquire) != 0 &&
            other->offset < slot->offset + slot->room_bytes && slot->offset < other->offset + other->room_bytes)
            return true;
    }
    return false;
}

static bool enters(wr_store *import, const weir_ref *ref, const wr_slot *slot)
{
    const uint8_t *from = import->foreign + slot->offset;
    if (import->heads)
        return wr_entry_copy(import->kind, import->heads + (size_t)ref->slot * WR_ENTRY_HEAD_BYTES, from, ref->bytes);
    if (import->data == import->foreign)
        return true;
    return !overlaps(import, slot) && wr_entry_copy(import->kind, import->data + slot->offset, from, ref->bytes);
}

bool wr_store_receive(wr_store *import, weir_ref *ref)
{
    bool good = true;
    uint64_t offset = (uint64_t)ref->generation * WR_STORE_ALIGN;
    if (ref->kind != import->kind || ref->slot >= import->slots || offset > import->data_memory.bytes ||
        ref->bytes > import->data_memory.bytes - offset)
        return false;
    wr_slot *slot = &import->slot[ref->slot];
    if (atomic_fetch_add_explicit(&slot->refs, 1, memory_order_acquire) == 0) {
        slot->offset = offset;
        slot->room_bytes = ref->bytes;
        slot->generation++;
        good = enters(import, ref, slot);
    } else {
        give_back(import, ref->slot); /* held already, and a link holds a slot once */
        good = slot->offset == offset && slot->room_bytes == ref->bytes;
    }
    ref->store = import->id;
    ref->generation = slot->generation;
    if (!good)
        wr_ref_release(ref);
    return good;
}

uint32_t wr_store_held(const wr_store *import)
{
    uint32_t held = atomic_load(&import->releasing);
    for (uint32_t i = 0; i < import->slots; i++)
        held += atomic_load_explicit(&import->slot[i].refs, memory_order_acquire) != 0;
    return held;
}
