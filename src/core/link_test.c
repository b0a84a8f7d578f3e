/* A link in one thread: what every policy hands over and lets go, and the accounts after each step. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/link.h"
#include "core/store.h"
#include "core/test_link.h"
#include <cmocka.h>

enum { KEY = WEIR_FRAME_KEY, GAP = WEIR_FRAME_GAP, LOOSE = WEIR_FRAME_DISCARDABLE, PLACES = 32 };

typedef struct bench {
    wr_link link;
    wr_bell producer_bell, consumer_bell;
    wr_store *store;
    int64_t number;
} bench;

static bench *open_link(wr_link_config config)
{
    static bench benches;
    bench *b = &benches;
    *b = (bench){.store = wr_store_new(WEIR_KIND_PACKET, PLACES, 128, 0)};
    if (config.burst == 0)
        config.burst = 1;
    if (config.kinds == 0)
        config.kinds = UINT64_MAX;
    config.streams = 2;
    assert_non_null(b->store);
    assert_true(wr_link_open(&b->link, &config));
    b->link.producer_bell = &b->producer_bell;
    b->link.consumer_bell = &b->consumer_bell;
    return b;
}

/* No reference may be left anywhere. */
static void close_link(bench *b)
{
    wr_link_close(&b->link);
    wr_link_close(&b->link);
    assert_int_equal(atomic_load(&b->store->in_use_bytes), 0);
    wr_store_free(b->store);
}

/* Frames are numbered from 1 and captured at their number, in ns. */
static void offer(bench *b, uint16_t flags, uint32_t bytes)
{
    weir_frame frame = {.number = ++b->number, .captured_ns = b->number, .flags = flags, .count = 1};
    assert_true(wr_store_take(b->store, bytes, &frame.refs[0]));
    wr_test_offer(&b->link, &frame, b->number);
    assert_int_equal(frame.count, 0);
}

static void offer_many(bench *b, int frames)
{
    while (frames-- > 0)
        offer(b, 0, 8);
}

static void expect_taken(bench *b, int64_t now_ns, int64_t number, uint16_t flags)
{
    weir_frame frame;
    assert_int_equal(wr_link_take(&b->link, &frame, now_ns), WR_TAKEN);
    assert_int_equal(frame.number, number);
    assert_int_equal(frame.flags, flags);
    assert_int_equal(frame.offered_ns, number);
    assert_int_equal(frame.count, 1);
    weir_frame_drop(&frame);
}

static void expect_nothing(bench *b, wr_taken what)
{
    weir_frame frame;
    assert_int_equal(wr_link_take(&b->link, &frame, 0), what);
    assert_int_equal(frame.count, 0);
}

typedef struct sums {
    uint64_t offered, taken, waiting, most, dropped[WEIR_REASONS];
} sums;

static void expect_sums(bench *b, sums expected)
{
    weir_link_stats stats = {0};
    uint64_t dropped = 0;
    wr_link_read(&b->link, &stats);
    for (int r = 0; r < WEIR_REASONS; r++) {
        assert_int_equal(stats.dropped[r], expected.dropped[r]);
        dropped += stats.dropped[r];
    }
    assert_int_equal(stats.offered, expected.offered);
    assert_int_equal(stats.taken, expected.taken);
    assert_int_equal(stats.waiting, expected.waiting);
    assert_int_equal(stats.waiting_max, expected.most);
    assert_int_equal(stats.offered, stats.taken + dropped + stats.waiting);
    assert_int_equal(wr_link_waiting(&b->link), expected.waiting);
    assert_int_equal(wr_link_empty(&b->link), expected.waiting == 0);
}

#define SUMS(b, ...) expect_sums(b, (sums){__VA_ARGS__})

/* --- policies --- */

static void test_latest_keeps_the_newest(void **state)
{
    (void)state;
    bench *b = open_link((wr_link_config){.policy = {.take = WEIR_LATEST, .depth = 1}});
    expect_nothing(b, WR_EMPTY);
    offer_many(b, 1);
    SUMS(b, .offered = 1, .waiting = 1, .most = 1);
    offer_many(b, 2);
    SUMS(b, .offered = 3, .waiting = 1, .most = 1, .dropped[WEIR_SUPERSEDED] = 2);
    expect_taken(b, 9, 3, GAP);
    SUMS(b, .offered = 3, .taken = 1, .most = 1, .dropped[WEIR_SUPERSEDED] = 2);
    offer_many(b, 1);
    expect_taken(b, 9, 4, 0);
    close_link(b);
}

static void test_newest_keeps_the_newest_few(void **state)
{
    (void)state;
    bench *b = open_link((wr_link_config){.policy = {.take = WEIR_NEWEST, .depth = 3}});
    offer_many(b, 5);
    SUMS(b, .offered = 5, .waiting = 3, .most = 3, .dropped[WEIR_SUPERSEDED] = 2);
    expect_taken(b, 9, 3, GAP);
    expect_taken(b, 9, 4, 0);
    offer_many(b, 3);
    SUMS(b, .offered = 8, .taken = 2, .waiting = 3, .most = 3, .dropped[WEIR_SUPERSEDED] = 3);
    expect_taken(b, 9, 6, GAP);
    expect_taken(b, 9, 7, 0);
    expect_taken(b, 9, 8, 0);
    expect_nothing(b, WR_EMPTY);
    close_link(b);
}

static void test_oldest_and_live_every_refuse_what_comes(void **state)
{
    (void)state;
    for (int take = WEIR_EVERY; take <= WEIR_OLDEST; take += WEIR_OLDEST - WEIR_EVERY) {
        bench *b = open_link((wr_link_config){.policy = {.take = (weir_take)take, .depth = 2}});
        offer_many(b, 4);
        assert_true(wr_link_room(&b->link)); /* live: nobody waits */
        SUMS(b, .offered = 4, .waiting = 2, .most = 2, .dropped[WEIR_OVERFLOW] = 2);
        expect_taken(b, 9, 1, 0);
        offer_many(b, 2);
        expect_taken(b, 9, 2, 0);
        expect_taken(b, 9, 5, GAP); /* 3 and 4 were refused before it, 6 after it */
        SUMS(b, .offered = 6, .taken = 3, .most = 2, .dropped[WEIR_OVERFLOW] = 3);
        offer_many(b, 1);
        expect_taken(b, 9, 7, GAP);
        close_link(b);
    }
}

static void test_every_waits_and_wakes_at_half(void **state)
{
    (void)state;
    bench *b = open_link((wr_link_config){.policy = {.depth = 5}, .waits = true});
    for (int i = 0; i < 5; i++) {
        assert_true(wr_link_room(&b->link));
        offer_many(b, 1);
    }
    assert_false(wr_link_is_awaited(&b->link));
    assert_false(wr_link_room(&b->link));
    assert_true(wr_link_is_awaited(&b->link));
    wr_bell_arm(&b->producer_bell);
    for (int64_t n = 1; n <= 3; n++) {
        assert_false(wr_link_room(&b->link)); /* three of five must be free */
        assert_true(wr_link_is_awaited(&b->link));
        assert_int_equal(atomic_load(&b->producer_bell.word), 1);
        expect_taken(b, 9, n, 0);
    }
    assert_int_equal(atomic_load(&b->producer_bell.word), 0);
    assert_false(wr_link_is_awaited(&b->link));
    assert_true(wr_link_room(&b->link));
    offer_many(b, 2);
    assert_true(wr_link_room(&b->link)); /* not starved any more: one place will do */
    SUMS(b, .offered = 7, .taken = 3, .waiting = 4, .most = 5);
    close_link(b);
}

static void test_room_for_a_burst(void **state)
{
    (void)state;
    bench *b = open_link((wr_link_config){.policy = {.depth = 4}, .waits = true, .burst = 3});
    offer_many(b, 1);
    assert_true(wr_link_room(&b->link));
    offer_many(b, 1);
    assert_false(wr_link_room(&b->link));
    expect_taken(b, 9, 1, 0);
    assert_true(wr_link_room(&b->link));
    close_link(b);
}

/* --- held --- */

static void test_held_leaves_when_done(void **state)
{
    (void)state;
    bench *b = open_link((wr_link_config){.policy = {.depth = 1}, .waits = true, .held = true});
    wr_link_done(&b->link); /* nothing in hand: nothing happens */
    offer_many(b, 1);
    expect_taken(b, 9, 1, 0);
    SUMS(b, .offered = 1, .waiting = 1, .most = 1);
    assert_false(wr_link_room(&b->link));
    wr_bell_arm(&b->producer_bell);
    wr_link_done(&b->link);
    assert_int_equal(atomic_load(&b->producer_bell.word), 0);
    SUMS(b, .offered = 1, .taken = 1, .most = 1);
    assert_true(wr_link_room(&b->link));
    offer_many(b, 1);
    expect_taken(b, 9, 2, 0);
    wr_link_cut(&b->link);
    wr_link_discard(&b->link); /* what was in hand has been dealt with */
    SUMS(b, .offered = 2, .taken = 2, .most = 1);
    close_link(b);
}

/* --- age --- */

static void test_too_old_is_let_go_when_taken(void **state)
{
    (void)state;
    for (int held = 0; held <= 1; held++) {
        bench *b = open_link((wr_link_config){.policy = {.depth = 8, .max_age_ns = 3}, .held = held});
        offer_many(b, 5);
        expect_taken(b, 6, 3, GAP); /* 1 and 2 are 5 and 4 ns old; 3 is as old as may be */
        wr_link_done(&b->link);
        SUMS(b, .offered = 5, .taken = 1, .waiting = 2, .most = 5, .dropped[WEIR_EXPIRED] = 2);
        expect_taken(b, 6, 4, 0);
        wr_link_done(&b->link);
        weir_frame frame;
        assert_int_equal(wr_link_take(&b->link, &frame, 99), WR_EMPTY);
        SUMS(b, .offered = 5, .taken = 2, .most = 5, .dropped[WEIR_EXPIRED] = 3);
        offer_many(b, 1);
        expect_taken(b, 6, 6, GAP); /* the gap outlives an empty look */
        close_link(b);
    }
}

static void test_expired_frames_make_room(void **state)
{
    (void)state;
    bench *b = open_link((wr_link_config){.policy = {.depth = 2, .max_age_ns = 1}, .waits = true});
    offer_many(b, 2);
    assert_false(wr_link_room(&b->link));
    wr_bell_arm(&b->producer_bell);
    weir_frame frame;
    assert_int_equal(wr_link_take(&b->link, &frame, 99), WR_EMPTY);
    assert_int_equal(atomic_load(&b->producer_bell.word), 0);
    assert_true(wr_link_room(&b->link));
    close_link(b);
}

static void test_ages_are_noted(void **state)
{
    (void)state;
    bench *b = open_link((wr_link_config){.policy = {.depth = 8}});
    weir_frame frame = {.captured_ns = 100};
    weir_link_stats stats = {0};
    wr_test_offer(&b->link, &frame, 110);
    assert_int_equal(wr_link_take(&b->link, &frame, 125), WR_TAKEN);
    wr_link_read(&b->link, &stats);
    assert_int_equal(stats.age.count, 1);
    assert_int_equal(stats.age.max_ns, 25);
    assert_int_equal(stats.wait.max_ns, 15);
    close_link(b);
}

/* --- packets --- */

static void test_packets_go_in_decodable_units(void **state)
{
    (void)state;
    bench *b = open_link((wr_link_config){.policy = {.depth = 8}, .packets = true});
    offer(b, KEY, 8);
    for (int i = 0; i < 4; i++)
        offer(b, 0, 8);
    offer(b, LOOSE, 8); /* 6: five waited, which is not tight */
    offer(b, LOOSE, 8); /* 7: refused at three quarters */
    SUMS(b, .offered = 7, .waiting = 6, .most = 6, .dropped[WEIR_OVERFLOW] = 1);
    offer(b, 0, 8);     /* 8: others need it */
    offer(b, 0, 8);     /* 9 fills the link */
    offer(b, LOOSE, 8); /* 10: refused, but nothing depends on it */
    expect_taken(b, 0, 1, KEY);
    offer(b, 0, 8); /* 11: still decodable */
    offer(b, 0, 8); /* 12: refused; from now on until a key frame */
    expect_taken(b, 0, 2, 0);
    expect_taken(b, 0, 3, 0);
    offer(b, 0, 8);     /* 13 */
    offer(b, LOOSE, 8); /* 14 */
    SUMS(b, .offered = 14, .taken = 3, .waiting = 6, .most = 8, .dropped[WEIR_OVERFLOW] = 3,
         .dropped[WEIR_UNDECODABLE] = 2);
    offer(b, KEY, 8); /* 15 */
    offer(b, 0, 8);   /* 16 */
    static const int64_t number[] = {4, 5, 6, 8, 9, 11, 15, 16};
    static const uint16_t flags[] = {0, 0, LOOSE, GAP, 0, GAP, KEY | GAP, 0};
    for (int i = 0; i < 8; i++)
        expect_taken(b, 0, number[i], flags[i]);
    close_link(b);
}

static void test_a_refused_key_frame_refuses_its_group(void **state)
{
    (void)state;
    bench *b = open_link((wr_link_config){.policy = {.depth = 1}, .packets = true});
    offer(b, KEY, 8);
    offer(b, KEY, 8); /* 2 */
    expect_taken(b, 0, 1, KEY);
    offer(b, 0, 8);
    SUMS(b, .offered = 3, .taken = 1, .most = 1, .dropped[WEIR_OVERFLOW] = 1, .dropped[WEIR_UNDECODABLE] = 1);
    offer(b, KEY, 8);
    expect_taken(b, 0, 4, KEY | GAP);
    close_link(b);
}

static void test_latest_jumps_to_the_newest_key_frame(void **state)
{
    (void)state;
    bench *b = open_link((wr_link_config){.policy = {.take = WEIR_LATEST, .depth = 16}, .packets = true});
    static const uint16_t sent[] = {KEY, 0, KEY, 0, KEY, 0, 0};
    for (int i = 0; i < 7; i++)
        offer(b, sent[i], 8);
    expect_taken(b, 0, 5, KEY | GAP);
    SUMS(b, .offered = 7, .taken = 1, .waiting = 2, .most = 7, .dropped[WEIR_SUPERSEDED] = 4);
    expect_taken(b, 0, 6, 0);
    expect_taken(b, 0, 7, 0);
    offer(b, KEY, 8);
    expect_taken(b, 0, 8, KEY);
    close_link(b);
}

/* The producer announces a key frame before it publishes it. A consumer that looks in between must not take it: head
 * would pass tail. */
static void test_an_unpublished_key_frame_does_not_count(void **state)
{
    (void)state;
    bench *b = open_link((wr_link_config){.policy = {.take = WEIR_LATEST, .depth = 16}, .packets = true});
    offer(b, KEY, 8);
    offer(b, 0, 8);
    atomic_store(&b->link.shared->key_at, 3);
    expect_taken(b, 0, 1, KEY);
    assert_int_equal(wr_link_waiting(&b->link), 1);
    offer(b, KEY, 8);
    expect_taken(b, 0, 3, KEY | GAP);
    close_link(b);
}

static void test_bytes_that_may_wait(void **state)
{
    (void)state;
    bench *b = open_link((wr_link_config){.policy = {.depth = 16}, .packets = true, .limit_bytes = 100});
    offer(b, KEY, 128); /* one may always wait */
    offer(b, 0, 1);     /* refused */
    expect_taken(b, 0, 1, KEY);
    offer(b, KEY, 60);   /* 3 */
    offer(b, LOOSE, 16); /* 4: 76 of 100, above three quarters */
    offer(b, LOOSE, 15); /* 5: just three quarters */
    offer(b, 0, 25);     /* 6: just all */
    offer(b, 0, 1);      /* 7 */
    SUMS(b, .offered = 7, .taken = 1, .waiting = 3, .most = 3, .dropped[WEIR_OVERFLOW] = 3);
    expect_taken(b, 0, 3, KEY | GAP);
    offer(b, 0, 1); /* 8: its reference is missing */
    SUMS(b, .offered = 8, .taken = 2, .waiting = 2, .most = 3, .dropped[WEIR_OVERFLOW] = 3,
         .dropped[WEIR_UNDECODABLE] = 1);
    close_link(b);
}

static void test_waiting_for_bytes(void **state)
{
    (void)state;
    bench *b = open_link((wr_link_config){.policy = {.depth = 16}, .waits = true, .packets = true, .limit_bytes = 100});
    offer(b, KEY, 76);
    assert_false(wr_link_room(&b->link)); /* three quarters are used */
    assert_true(wr_link_is_awaited(&b->link));
    wr_bell_arm(&b->producer_bell);
    expect_taken(b, 0, 1, KEY);
    assert_int_equal(atomic_load(&b->producer_bell.word), 0);
    assert_true(wr_link_room(&b->link));
    offer(b, 0, 50);
    offer(b, 0, 25);
    assert_true(wr_link_room(&b->link));
    offer(b, LOOSE, 1); /* where the producer waits nothing is refused */
    assert_false(wr_link_room(&b->link));
    expect_taken(b, 0, 2, 0);
    assert_true(wr_link_room(&b->link)); /* half of the bytes are free */
    SUMS(b, .offered = 4, .taken = 2, .waiting = 2, .most = 3);
    close_link(b);
}

static void test_an_expired_packet_takes_its_dependants(void **state)
{
    (void)state;
    bench *b = open_link((wr_link_config){.policy = {.depth = 16, .max_age_ns = 5}, .packets = true});
    static const uint16_t sent[] = {KEY, LOOSE, 0, LOOSE, KEY, LOOSE, 0};
    for (int i = 0; i < 7; i++)
        offer(b, sent[i], 8);
    expect_taken(b, 6, 1, KEY);
    expect_taken(b, 8, 3, GAP);        /* 2 is too old, but nothing needs it */
    expect_taken(b, 10, 5, KEY | GAP); /* 4 too */
    SUMS(b, .offered = 7, .taken = 3, .waiting = 2, .most = 7, .dropped[WEIR_EXPIRED] = 2);
    expect_taken(b, 12, 7, GAP);
    offer(b, 0, 8);                     /* 8 */
    offer(b, 0, 8);                     /* 9 */
    offer(b, KEY, 8);                   /* 10 */
    expect_taken(b, 14, 10, KEY | GAP); /* 8 is too old, 9 is not, but needs 8 */
    SUMS(b, .offered = 10, .taken = 5, .most = 7, .dropped[WEIR_EXPIRED] = 4, .dropped[WEIR_UNDECODABLE] = 1);
    close_link(b);
}

/* --- ends --- */

static void test_end_comes_after_what_waits(void **state)
{
    (void)state;
    bench *b = open_link((wr_link_config){.policy = {.depth = 4}});
    offer_many(b, 2);
    wr_bell_arm(&b->consumer_bell);
    wr_link_end(&b->link);
    assert_int_equal(atomic_load(&b->consumer_bell.word), 0);
    expect_taken(b, 9, 1, 0);
    expect_taken(b, 9, 2, 0);
    expect_nothing(b, WR_ENDED);
    expect_nothing(b, WR_ENDED);
    close_link(b);
}

static void test_cut(void **state)
{
    (void)state;
    bench *b = open_link((wr_link_config){.policy = {.depth = 2}, .waits = true});
    offer_many(b, 2);
    assert_false(wr_link_room(&b->link));
    wr_bell_arm(&b->producer_bell);
    wr_bell_arm(&b->consumer_bell);
    assert_false(wr_link_is_cut(&b->link));
    wr_link_cut(&b->link);
    assert_true(wr_link_is_cut(&b->link));
    assert_int_equal(atomic_load(&b->producer_bell.word), 0);
    assert_int_equal(atomic_load(&b->consumer_bell.word), 0);
    assert_true(wr_link_room(&b->link)); /* nobody waits for it any more */
    assert_false(wr_link_is_awaited(&b->link));
    offer_many(b, 1);
    SUMS(b, .offered = 3, .waiting = 2, .most = 2, .dropped[WEIR_LOST] = 1);
    expect_nothing(b, WR_EMPTY);
    SUMS(b, .offered = 3, .most = 2, .dropped[WEIR_LOST] = 3);
    wr_link_end(&b->link);
    expect_nothing(b, WR_ENDED);
    weir_link_stats stats = {0};
    wr_link_read(&b->link, &stats);
    assert_true(stats.cut);
    close_link(b);
}

static void test_passed(void **state)
{
    (void)state;
    bench *b = open_link((wr_link_config){.policy = {.depth = 2}, .bounds = true});
    assert_true(atomic_load(&b->link.passed[0]) == INT64_MIN && atomic_load(&b->link.passed[1]) == INT64_MIN);
    wr_bell_arm(&b->consumer_bell);
    wr_link_pass(&b->link, 1, 7);
    assert_int_equal(atomic_load(&b->consumer_bell.word), 0);
    wr_bell_arm(&b->consumer_bell);
    wr_link_pass(&b->link, 1, 6); /* never back, and nobody is woken for it */
    wr_link_pass(&b->link, 1, 7);
    assert_int_equal(atomic_load(&b->consumer_bell.word), 1);
    assert_int_equal(atomic_load(&b->link.passed[1]), 7);
    assert_true(atomic_load(&b->link.passed[0]) == INT64_MIN);
    close_link(b);
}

static void test_bells(void **state)
{
    (void)state;
    bench *b = open_link((wr_link_config){.policy = {.take = WEIR_OLDEST, .depth = 1}});
    wr_bell_arm(&b->consumer_bell);
    offer_many(b, 1);
    assert_int_equal(atomic_load(&b->consumer_bell.word), 0);
    wr_bell_arm(&b->consumer_bell);
    offer_many(b, 1); /* refused: nothing to wake anyone for */
    assert_int_equal(atomic_load(&b->consumer_bell.word), 1);
    wr_bell_arm(&b->producer_bell);
    expect_taken(b, 9, 1, 0); /* a producer that never waits is never rung */
    assert_int_equal(atomic_load(&b->producer_bell.word), 1);
    assert_true(wr_bell_disarm(&b->producer_bell));
    assert_false(wr_bell_disarm(&b->producer_bell));
    close_link(b);
}

static void test_all_of_a_frame_crosses(void **state)
{
    (void)state;
    bench *b = open_link((wr_link_config){.policy = {.depth = 1}});
    weir_frame frame = {.number = 1,
                        .order = 2,
                        .captured_ns = 3,
                        .pts_ns = 4,
                        .utc_ns = 5,
                        .reserved = 6,
                        .stream = 7,
                        .flags = KEY,
                        .count = WEIR_FRAME_REFS};
    for (unsigned i = 0; i < WEIR_FRAME_REFS; i++)
        assert_true(wr_store_take(b->store, i, &frame.refs[i]));
    weir_frame sent = frame, got;
    wr_test_offer(&b->link, &frame, 9);
    sent.offered_ns = 9;
    memset(&got, 0xff, sizeof got);
    assert_int_equal(wr_link_take(&b->link, &got, 10), WR_TAKEN);
    assert_memory_equal(&got, &sent, sizeof got);
    weir_frame_drop(&got);
    close_link(b);
}

static void test_only_what_a_link_carries_crosses(void **state)
{
    (void)state;
    bench *b = open_link((wr_link_config){.policy = {.take = WEIR_OLDEST, .depth = 1}, .kinds = 1 << WEIR_KIND_BOXES});
    weir_frame frame = {.number = 1, .count = 2}, refused, got;
    for (unsigned i = 0; i < 2; i++)
        assert_true(wr_store_take(b->store, 8, &frame.refs[i]));
    frame.refs[1].kind = WEIR_KIND_BOXES;
    refused = weir_frame_fork(&frame);
    wr_test_offer(&b->link, &frame, 1);
    wr_test_offer(&b->link, &refused, 2);
    assert_int_equal(wr_link_take(&b->link, &got, 3), WR_TAKEN);
    assert_int_equal(got.count, 1);
    assert_int_equal(got.refs[0].kind, WEIR_KIND_BOXES);
    weir_frame_drop(&got);
    close_link(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_latest_keeps_the_newest),
        cmocka_unit_test(test_newest_keeps_the_newest_few),
        cmocka_unit_test(test_oldest_and_live_every_refuse_what_comes),
        cmocka_unit_test(test_every_waits_and_wakes_at_half),
        cmocka_unit_test(test_room_for_a_burst),
        cmocka_unit_test(test_held_leaves_when_done),
        cmocka_unit_test(test_too_old_is_let_go_when_taken),
        cmocka_unit_test(test_expired_frames_make_room),
        cmocka_unit_test(test_ages_are_noted),
        cmocka_unit_test(test_packets_go_in_decodable_units),
        cmocka_unit_test(test_a_refused_key_frame_refuses_its_group),
        cmocka_unit_test(test_latest_jumps_to_the_newest_key_frame),
        cmocka_unit_test(test_an_unpublished_key_frame_does_not_count),
        cmocka_unit_test(test_bytes_that_may_wait),
        cmocka_unit_test(test_waiting_for_bytes),
        cmocka_unit_test(test_an_expired_packet_takes_its_dependants),
        cmocka_unit_test(test_end_comes_after_what_waits),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_passed),
        cmocka_unit_test(test_bells),
        cmocka_unit_test(test_all_of_a_frame_crosses),
        cmocka_unit_test(test_only_what_a_link_carries_crosses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
