/* For tests of links between processes: a store, and a way from its owner to one other process, both in this one, each with
 * a wr_link of its own. */
#ifndef WR_TEST_WAY_H
#define WR_TEST_WAY_H

#include "core/link.h"
#include <cmocka.h>

enum { PLACES = 12, ITEM_BYTES = 128, NUMBERS = WEIR_KINDS_BUILTIN }; /* a kind of which nobody knows what is in it */

typedef struct way {
    wr_store *store, *import;
    wr_hold_store carried;
    wr_link_config config;
    wr_link from, to;
    wr_bell producer_bell, consumer_bell;
    int64_t number;
} way;

static inline void arrive(way *w)
{
    assert_true(wr_link_join(&w->to, &w->config, w->from.memory.fd));
    w->import = wr_store_import(w->carried.shared_id, w->carried.kind, w->carried.slots, &w->store->data_memory,
                                w->to.holds.hold[0].returned);
    assert_non_null(w->import);
    w->to.holds.hold[0].import = w->import;
    w->to.producer_bell = &w->producer_bell;
    w->to.consumer_bell = &w->consumer_bell;
}

static inline void lend(way *w, wr_store *store, int place)
{
    wr_hold *hold = &w->from.holds.hold[0];
    assert_true(wr_store_lend(store, place, hold->given, hold->returned, &w->from.shared->retired, NULL));
}

static inline void open_way(way *w, wr_store *store, wr_link_config config)
{
    *w = (way){.store = store, .config = config};
    store->shared_id = 7;
    w->carried = (wr_hold_store){.shared_id = store->shared_id, .kind = store->kind, .slots = store->slots};
    w->config.across = true;
    w->config.kinds = UINT64_MAX;
    w->config.burst = 1;
    w->config.streams = 1;
    w->config.store = &w->carried;
    w->config.stores = 1;
    assert_true(wr_link_open(&w->from, &w->config));
    w->from.producer_bell = &w->producer_bell;
    w->from.consumer_bell = &w->consumer_bell;
    arrive(w);
}

/* What is left of a process that is gone: nothing but what it wrote. */
static inline void vanish(way *w)
{
    wr_link_close(&w->to);
    wr_store_free(w->import);
    w->import = NULL;
}

static inline void close_way(way *w)
{
    vanish(w);
    wr_link_close(&w->from);
}

static inline wr_store *number_store(uint32_t slots)
{
    wr_store *store = wr_store_new(NUMBERS, slots, ITEM_BYTES, 0);
    assert_non_null(store);
    return store;
}

static inline void publish(way *w, weir_frame *frame)
{
    if (wr_link_publish(&w->from, frame, 1)) {
        wr_bell_fence();
        wr_link_ring(&w->from);
    }
    weir_frame_drop(frame);
}

/* False if no place was free. */
static inline bool send(way *w)
{
    weir_frame frame = {.number = w->number + 1, .captured_ns = 1};
    if (!wr_store_take(w->store, 8, &frame.refs[0]))
        return false;
    frame.count = 1;
    w->number++;
    *(int64_t *)wr_ref_data(&frame.refs[0]) = w->number;
    publish(w, &frame);
    return true;
}

static inline void send_many(way *w, int frames)
{
    while (frames-- > 0)
        assert_true(send(w));
}

static inline weir_frame take(way *w)
{
    weir_frame frame;
    assert_int_equal(wr_link_take(&w->to, &frame, 2), WR_TAKEN);
    return frame;
}

static inline void expect(way *w, int64_t number)
{
    weir_frame frame = take(w);
    assert_int_equal(frame.number, number);
    assert_int_equal(frame.count, 1);
    assert_int_equal(*(const int64_t *)wr_ref_data(&frame.refs[0]), number);
    weir_frame_drop(&frame);
}

static inline uint32_t places_free(wr_store *store)
{
    weir_ref ref[64];
    uint32_t count = 0;
    while (count < 64 && wr_store_take(store, 8, &ref[count]))
        count++;
    for (uint32_t i = 0; i < count; i++)
        wr_ref_release(&ref[i]);
    return count;
}

static inline weir_link_stats accounts(const way *w)
{
    weir_link_stats stats = {0};
    uint64_t let_go = 0;
    wr_link_read(&w->from, &stats);
    for (int r = 0; r < WEIR_REASONS; r++)
        let_go += stats.dropped[r];
    assert_int_equal(stats.offered, stats.taken + let_go + stats.waiting);
    return stats;
}

#endif
