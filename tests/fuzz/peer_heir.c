#include "peer.h"

#include "core/store.h"
#include <string.h>

void wr_peer_inherit(void)
{
    enum { PLACES = 6, BYTES = 4096 };
    _Atomic uint32_t given[PLACES] = {0}, returned[PLACES] = {0}, retired = 0;
    wr_memory data, slots;
    weir_ref ref;
    wr_peer_must(wr_memory_map(&data, BYTES, false) && wr_memory_map(&slots, wr_store_slot_bytes(PLACES), false),
                 "no memory");
    for (int i = 0; i < PLACES; i++) {
        wr_slot *slot = (wr_slot *)slots.data + i;
        unsigned how = (unsigned)wr_peer_next(1);
        *slot = (wr_slot){.refs = (uint32_t)how, .generation = (uint32_t)wr_peer_next(1)};
        slot->offset = how & 1 ? wr_peer_next(8) : wr_peer_next(2);
        slot->room_bytes = how & 2 ? wr_peer_next(8) : wr_peer_next(2);
        atomic_store(&given[i], how >> 2 & 1);
    }
    wr_store *store = wr_store_new_in(3, WEIR_KIND_PACKET, PLACES, 0, &data, &slots);
    wr_peer_must(store && wr_store_lend(store, 0, given, returned, &retired, NULL), "no store");
    wr_store_inherit(store);
    while (wr_store_take(store, (size_t)wr_peer_next(1) * 8, &ref)) {
        const wr_slot *slot = &store->slot[ref.slot];
        wr_peer_must(slot->offset % WR_STORE_ALIGN == 0 && slot->offset <= BYTES && ref.bytes <= BYTES - slot->offset,
                     "no place");
        for (uint32_t i = 0; i < PLACES; i++)
            wr_peer_must(i == ref.slot || store->slot[i].room_bytes == 0 ||
                             store->slot[i].offset >= slot->offset + slot->room_bytes ||
                             slot->offset >= store->slot[i].offset + store->slot[i].room_bytes,
                         "a place that is taken");
        memset(wr_ref_data(&ref), 1, ref.bytes);
    }
    wr_store_free(store);
}
