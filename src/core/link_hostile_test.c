/* Links between processes, one side of which has been taken over and writes what it likes: the other comes to an end of every
 * step, believes nothing that makes no sense, and stays by what it found. tests/fuzz/fuzz_peer.c looks for more. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/test_way.h"
#include <cmocka.h>
#include <pthread.h>

static void open_with(way *w, wr_link_config config)
{
    open_way(w, number_store(PLACES), config);
    lend(w, w->store, 0);
}

static void close_all(way *w)
{
    close_way(w);
    wr_store_free(w->store);
}

static bool is_broken(way *w)
{
    weir_frame frame;
    assert_int_not_equal(wr_link_take(&w->to, &frame, 2), WR_TAKEN);
    return wr_link_is_cut(&w->to);
}

/* --- a frame that nobody could have sent --- */

static void write_identity(way *w, const weir_frame *frame)
{
    for (size_t i = 0; i < offsetof(weir_frame, refs) / 8; i++)
        atomic_store(&w->from.slot[0].word[i], ((const uint64_t *)frame)[i]);
}

static void test_who_a_frame_is(void **state)
{
    (void)state;
    enum { NUMBER, NUMBER_BELOW, CAPTURED, CAPTURED_BELOW, OFFERED, STREAM, LIES };
    static const bool carries[] = {true, false};
    for (int lie = 0; lie <= LIES; lie++) {
        way w;
        open_with(&w, (wr_link_config){.policy = {.depth = 4, .max_age_ns = 1000}});
        w.to.config.streams = 2;
        w.to.carries = carries;
        send_many(&w, 1);
        weir_frame frame = {.number = 1, .captured_ns = 1, .offered_ns = 1, .count = 1};
        frame.number = lie == NUMBER ? 0 : lie == NUMBER_BELOW ? -1 : 1;
        frame.captured_ns = lie == CAPTURED ? INT64_MAX : lie == CAPTURED_BELOW ? INT64_MIN : 1;
        frame.offered_ns = lie == OFFERED ? INT64_MIN : 1;
        frame.stream = lie == STREAM;
        write_identity(&w, &frame);
        if (lie == LIES)
            expect(&w, 1);
        else
            assert_true(is_broken(&w));
        assert_int_equal(wr_store_held(w.import), 0);
        assert_int_equal(places_free(w.store), PLACES);
        close_all(&w);
    }
}

/* It may come of a store that is full. */
static void test_a_frame_that_lacks_what_is_needed_is_lost(void **state)
{
    (void)state;
    way w;
    weir_frame frame = {.number = 7, .captured_ns = 1};
    open_with(&w, (wr_link_config){.policy = {.depth = 4}});
    w.to.config.needs = 1 << NUMBERS;
    publish(&w, &frame);
    send_many(&w, 1);
    expect(&w, 1);
    assert_int_equal(accounts(&w).dropped[WEIR_LOST], 1);
    assert_false(wr_link_is_cut(&w.to));
    close_all(&w);
}

/* --- a ring that makes no sense --- */

/* Head goes back to where the consumer has been told it is, after a tail that was far ahead. */
static void test_no_more_than_a_ring_full_waits(void **state)
{
    (void)state;
    way w;
    open_with(&w, (wr_link_config){.policy = {.take = WEIR_LATEST, .depth = 2}, .packets = true});
    wr_link_shared *shared = w.from.shared;
    weir_frame frame;
    atomic_store(&shared->head, UINT64_MAX / 2);
    atomic_store(&shared->tail, UINT64_MAX / 2);
    assert_int_equal(wr_link_take(&w.to, &frame, 2), WR_EMPTY);
    atomic_store(&shared->head, 0);
    atomic_store(&shared->key_at, UINT64_MAX / 2);
    assert_true(is_broken(&w));
    wr_link_discard(&w.to);
    close_all(&w);
}

static void test_what_is_broken_stays_so(void **state)
{
    (void)state;
    way w;
    weir_frame frame;
    open_with(&w, (wr_link_config){.policy = {.depth = 4}});
    wr_link_shared *shared = w.from.shared;
    send_many(&w, 1);
    write_identity(&w, &(weir_frame){.number = 0});
    assert_true(is_broken(&w));
    atomic_store(&shared->cut, 0);
    atomic_store(&shared->broken, 0);
    send_many(&w, 1);
    assert_int_equal(wr_link_take(&w.to, &frame, 2), WR_EMPTY);
    assert_int_equal(atomic_load(&shared->tail), atomic_load(&shared->head)); /* let go */
    close_all(&w);
}

static void test_nobody_is_made_to_hurry(void **state)
{
    (void)state;
    way w;
    open_with(&w, (wr_link_config){.policy = {.depth = 4}});
    wr_link_shared *shared = w.from.shared;
    atomic_store(&shared->producer_hasty, 1);
    atomic_store(&shared->consumer_hasty, 1);
    atomic_store(&shared->starved, 1);
    assert_false(wr_link_producer_is_hasty(&w.to));
    assert_false(wr_link_consumer_is_hasty(&w.from));
    weir_frame frame = {.number = 1, .captured_ns = 1};
    assert_true(wr_link_publish(&w.from, &frame, 1)); /* the bell is looked at again */
    close_all(&w);
}

/* --- one that writes all of the time --- */

typedef struct scribbler {
    wr_link_shared *shared;
    uint64_t slots;
    bool moves_head;
    _Atomic bool stop;
} scribbler;

/* It offers without end what is too old, or takes away head under who is about to claim. */
static void *scribble(void *user)
{
    scribbler *s = user;
    while (!atomic_load(&s->stop)) {
        uint64_t head = atomic_load(&s->shared->head);
        if (s->moves_head)
            atomic_store(&s->shared->head, head + 1);
        atomic_store(&s->shared->tail, head + s->slots);
    }
    return NULL;
}

static void scribble_while(way *w, bool moves_head, bool cut)
{
    scribbler s = {.shared = w->from.shared, .slots = w->from.slots, .moves_head = moves_head};
    weir_frame frame = {.number = 1, .captured_ns = 1};
    pthread_t thread;
    for (uint64_t i = 0; i < w->from.slots; i++)
        wr_link_publish(&w->from, &frame, 1);
    assert_int_equal(pthread_create(&thread, NULL, scribble, &s), 0);
    if (cut)
        wr_link_cut(&w->to);
    for (int i = 0; i < 200; i++)
        if (wr_link_take(&w->to, &frame, INT32_MAX) == WR_TAKEN)
            weir_frame_drop(&frame);
    atomic_store(&s.stop, true);
    pthread_join(thread, NULL);
}

static void test_a_step_ends_whatever_is_written(void **state)
{
    (void)state;
    for (int how = 0; how < 6; how++) {
        way w;
        weir_take take = how & 1 ? WEIR_LATEST : WEIR_EVERY;
        open_with(&w, (wr_link_config){.policy = {.take = take, .depth = 4, .max_age_ns = 1000}});
        scribble_while(&w, how == 5, how & 2);
        assert_int_equal(wr_store_held(w.import), 0);
        close_all(&w);
    }
}

/* Whoever is rung offers more of what is too old: the taker gives up, and sees to it that it comes again. */

static way *rung_way;

static void offer_more(wr_bell *bell)
{
    wr_link_shared *shared = rung_way->from.shared;
    atomic_store(&shared->tail, atomic_load(&shared->head) + rung_way->from.slots);
    atomic_store(&shared->starved, 1);
    wr_bell_arm(bell);
}

static void test_who_leaves_frames_behind_comes_again(void **state)
{
    (void)state;
    way w;
    weir_frame frame = {.number = 1, .captured_ns = 1};
    open_with(&w, (wr_link_config){.policy = {.depth = 4, .max_age_ns = 1000}, .waits = true});
    rung_way = &w;
    w.producer_bell.rung = offer_more;
    for (uint64_t i = 0; i < w.from.slots; i++)
        wr_link_publish(&w.from, &frame, 1);
    offer_more(&w.producer_bell);
    wr_bell_arm(&w.consumer_bell);
    assert_int_equal(wr_link_take(&w.to, &frame, INT32_MAX), WR_EMPTY);
    assert_int_equal(atomic_load(&w.consumer_bell.word), 0); /* it rang itself */
    assert_false(wr_link_is_cut(&w.to));
    close_all(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_a_frame_is),
        cmocka_unit_test(test_a_frame_that_lacks_what_is_needed_is_lost),
        cmocka_unit_test(test_no_more_than_a_ring_full_waits),
        cmocka_unit_test(test_what_is_broken_stays_so),
        cmocka_unit_test(test_nobody_is_made_to_hurry),
        cmocka_unit_test(test_a_step_ends_whatever_is_written),
        cmocka_unit_test(test_who_leaves_frames_behind_comes_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
