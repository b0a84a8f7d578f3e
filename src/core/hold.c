#include "core/hold.h"

#include <stdlib.h>

#define RELAXED memory_order_relaxed
#define RELEASE memory_order_release

size_t wr_holds_bytes(const wr_hold_store *store, uint32_t stores)
{
    size_t bytes = 0;
    for (uint32_t i = 0; i < stores; i++)
        bytes += 2 * (size_t)store[i].slots * sizeof(uint32_t);
    return bytes;
}

bool wr_holds_open(wr_holds *holds, const wr_hold_store *store, uint32_t stores, uint64_t ring, void *memory)
{
    _Atomic uint32_t *at = memory;
    *holds = (wr_holds){.holds = stores, .mask = ring - 1};
    holds->hold = calloc(stores + 1u, sizeof *holds->hold);
    holds->put = calloc(ring, sizeof *holds->put);
    if (!holds->hold || !holds->put) {
        wr_holds_close(holds);
        return false;
    }
    for (uint32_t i = 0; i < stores; i++) {
        holds->hold[i] = (wr_hold){.of = store[i], .given = at, .returned = at + store[i].slots};
        at += 2 * (size_t)store[i].slots;
    }
    return true;
}

void wr_holds_close(wr_holds *holds)
{
    free(holds->hold);
    free(holds->put);
    *holds = (wr_holds){0};
}

/* --- the producer --- */

static void add(_Atomic uint32_t *counter, uint32_t more)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, RELAXED) + more, RELEASE);
}

wr_put *wr_holds_begin(wr_holds *holds, uint64_t number)
{
    wr_put *put = &holds->put[number & holds->mask];
    put->count = put->bytes = 0;
    return put;
}

bool wr_holds_give(wr_holds *holds, wr_put *put, const weir_ref *ref, weir_ref *crossing)
{
    *crossing = wr_ref_crossing(ref);
    for (uint32_t i = 0; i < holds->holds; i++) {
        wr_hold *hold = &holds->hold[i];
        if (hold->of.shared_id != crossing->store)
            continue;
        add(&hold->given[ref->slot], 1);
        put->ref[put->count].hold = i;
        put->ref[put->count++].slot = ref->slot;
        if (ref->kind == WEIR_KIND_PACKET)
            put->bytes = ref->bytes;
        return true;
    }
    return false;
}

void wr_holds_take_back(wr_holds *holds, uint64_t number)
{
    const wr_put *put = &holds->put[number & holds->mask];
    for (uint32_t i = 0; i < put->count; i++)
        add(&holds->hold[put->ref[i].hold].given[put->ref[i].slot], (uint32_t)-1);
}

uint64_t wr_holds_repair(wr_holds *holds, uint64_t head, uint64_t tail)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < holds->holds; i++) {
        uint32_t *waiting = calloc(holds->hold[i].of.slots, sizeof *waiting);
        for (uint64_t n = head; waiting && n < tail; n++) {
            const wr_put *put = &holds->put[n & holds->mask];
            bytes += i == 0 ? put->bytes : 0;
            for (uint32_t r = 0; r < put->count; r++)
                waiting[put->ref[r].slot] += put->ref[r].hold == i;
        }
        /* Each counter in one step: the owner may be looking. */
        for (uint32_t s = 0; waiting && s < holds->hold[i].of.slots; s++)
            atomic_store_explicit(&holds->hold[i].returned[s],
                                  atomic_load_explicit(&holds->hold[i].given[s], RELAXED) - waiting[s], RELEASE);
        free(waiting);
    }
    return bytes;
}

/* --- the consumer --- */

static wr_store *import_of(const wr_holds *holds, const weir_ref *ref)
{
    for (uint32_t i = 0; i < holds->holds; i++)
        if (holds->hold[i].of.shared_id == ref->store)
            return holds->hold[i].import;
    return NULL;
}

bool wr_holds_receive(wr_holds *holds, weir_frame *frame)
{
    unsigned count = frame->count;
    frame->count = 0;
    if (count > WEIR_FRAME_REFS)
        return false;
    for (unsigned i = 0; i < count; i++) {
        wr_store *import = import_of(holds, &frame->refs[i]);
        if (!import || !wr_store_receive(import, &frame->refs[i])) {
            weir_frame_drop(frame);
            return false;
        }
        frame->count++;
    }
    return true;
}
