/* Links between processes: what crosses, who holds it, and what is left when a consumer is killed. The two sides live in
 * this one process, each with a wr_link of its own, except where one is killed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/clock.h"
#include "core/test_way.h"
#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <weir/packet.h>

/* --- holding --- */

static void test_a_place_is_free_when_the_other_side_has_returned_it(void **state)
{
    (void)state;
    way w;
    wr_store *store = number_store(4);
    open_way(&w, store, (wr_link_config){.policy = {.depth = 4}, .waits = true});
    lend(&w, store, 0);
    send_many(&w, 3);
    assert_int_equal(places_free(store), 1);
    weir_frame first = take(&w), copy = weir_frame_fork(&first);
    expect(&w, 2);
    assert_int_equal(places_free(store), 2);
    weir_frame_drop(&first);
    assert_int_equal(places_free(store), 2);
    weir_frame_drop(&copy);
    assert_int_equal(places_free(store), 3);
    expect(&w, 3);
    assert_int_equal(places_free(store), 4);
    close_way(&w);
    wr_store_free(store);
}

static void test_what_is_let_go_is_free_at_once(void **state)
{
    (void)state;
    way w;
    wr_store *store = number_store(3);
    open_way(&w, store, (wr_link_config){.policy = {.take = WEIR_LATEST, .depth = 1}});
    lend(&w, store, 0);
    send_many(&w, 20);
    assert_int_equal(places_free(store), 2);
    expect(&w, 20);
    assert_int_equal(places_free(store), 3);
    assert_int_equal(accounts(&w).dropped[WEIR_SUPERSEDED], 19);
    close_way(&w);
    wr_store_free(store);
}

/* One attachment that many frames share, as that of a codec. */
static void test_a_place_that_comes_again_is_held_once(void **state)
{
    (void)state;
    way w;
    wr_store *store = number_store(2);
    weir_frame shared = {.number = 1, .count = 1}, got[3];
    open_way(&w, store, (wr_link_config){.policy = {.depth = 8}});
    lend(&w, store, 0);
    assert_true(wr_store_take(store, 8, &shared.refs[0]));
    for (int i = 0; i < 3; i++) {
        weir_frame frame = weir_frame_fork(&shared);
        publish(&w, &frame);
    }
    weir_frame_drop(&shared);
    for (int i = 0; i < 3; i++)
        got[i] = take(&w);
    assert_int_equal(wr_store_held(w.import), 1);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(places_free(store), 1);
        weir_frame_drop(&got[i]);
    }
    assert_int_equal(places_free(store), 2);
    close_way(&w);
    wr_store_free(store);
}

/* Owner to a second process, which passes on to a third. */
static void test_who_passes_on_gives_before_it_returns(void **state)
{
    (void)state;
    way first, second;
    wr_store *store = number_store(2);
    open_way(&first, store, (wr_link_config){.policy = {.depth = 4}});
    open_way(&second, store, (wr_link_config){.policy = {.depth = 4}});
    lend(&second, store, 1); /* told of in the wrong order: put in the right one */
    lend(&first, store, 0);
    send_many(&first, 1);
    weir_frame frame = take(&first);
    publish(&second, &frame);
    assert_int_equal(places_free(store), 1);
    assert_int_equal(store->lent->place, 0);
    assert_int_equal(store->lent->next->place, 1);
    expect(&second, 1);
    assert_int_equal(places_free(store), 2);
    close_way(&second);
    close_way(&first);
    wr_store_free(store);
}

static void test_a_retired_link_holds_nothing(void **state)
{
    (void)state;
    way w;
    wr_store *store = number_store(2);
    open_way(&w, store, (wr_link_config){.policy = {.depth = 4}});
    lend(&w, store, 0);
    send_many(&w, 2);
    assert_int_equal(places_free(store), 0);
    atomic_store(&w.from.shared->retired, 1);
    assert_int_equal(places_free(store), 2);
    close_way(&w);
    wr_store_free(store);
}

static void test_varied_items_cross(void **state)
{
    (void)state;
    way w;
    wr_store *store = wr_store_new(WEIR_KIND_PACKET, 4, 0, 2048);
    const uint32_t bytes[] = {500, 200, 40};
    open_way(&w, store, (wr_link_config){.policy = {.depth = 4}, .packets = true, .limit_bytes = 4000});
    lend(&w, store, 0);
    for (int i = 0; i < 3; i++) {
        weir_frame frame = {.number = i + 1, .flags = WEIR_FRAME_KEY, .count = 1};
        assert_true(wr_store_take(store, weir_packet_bytes(bytes[i]), &frame.refs[0]));
        weir_packet *packet = wr_ref_data(&frame.refs[0]);
        *packet = (weir_packet){.offset = sizeof *packet, .bytes = bytes[i]};
        memset(packet + 1, 'a' + i, bytes[i]);
        publish(&w, &frame);
    }
    for (int i = 0; i < 3; i++) {
        weir_frame frame = take(&w);
        const weir_packet *packet = weir_frame_packet(&frame);
        assert_int_equal(packet->bytes, bytes[i]);
        assert_int_equal(weir_packet_data(packet)[0], 'a' + i);
        assert_int_equal(weir_packet_data(packet)[bytes[i] - 1], 'a' + i);
        weir_frame_drop(&frame);
    }
    weir_ref all;
    assert_true(wr_store_take(store, 2048, &all));
    wr_ref_release(&all);
    close_way(&w);
    wr_store_free(store);
}

/* --- the death of a consumer --- */

static void die(way *w)
{
    vanish(w);
    atomic_fetch_add(&w->from.shared->died, 1);
}

static void test_what_waits_survives_what_was_in_hand_does_not(void **state)
{
    (void)state;
    way w;
    wr_store *store = number_store(PLACES);
    open_way(&w, store, (wr_link_config){.policy = {.depth = 8}, .waits = true});
    lend(&w, store, 0);
    send_many(&w, 6);
    take(&w);
    take(&w);
    die(&w);
    arrive(&w);
    weir_frame none;
    assert_int_equal(wr_link_take(&w.to, &none, 2), WR_EMPTY); /* not before the producer has seen to it */
    wr_link_look_after(&w.from);
    assert_int_equal(places_free(store), PLACES - 4);
    weir_frame third = take(&w);
    assert_int_equal(third.number, 3);
    assert_true(third.flags & WEIR_FRAME_GAP);
    weir_frame_drop(&third);
    for (int i = 4; i <= 6; i++)
        expect(&w, i);
    assert_int_equal(accounts(&w).taken, 6);
    assert_int_equal(places_free(store), PLACES);
    close_way(&w);
    wr_store_free(store);
}

/* Killed between moving head and counting. */
static void test_what_was_not_yet_counted_is_lost(void **state)
{
    (void)state;
    way w;
    wr_store *store = number_store(PLACES);
    open_way(&w, store, (wr_link_config){.policy = {.depth = 8}, .waits = true});
    lend(&w, store, 0);
    send_many(&w, 3);
    atomic_fetch_add(&w.from.shared->consumer_turn, 1);
    atomic_fetch_add(&w.from.shared->head, 1);
    die(&w);
    weir_link_stats before = accounts(&w); /* not yet: it may be in its turn still */
    assert_int_equal(before.dropped[WEIR_LOST], 0);
    assert_int_equal(before.waiting, 3);
    wr_link_look_after(&w.from);
    weir_link_stats after = accounts(&w);
    assert_int_equal(after.dropped[WEIR_LOST], 1);
    assert_int_equal(after.waiting, 2);
    assert_int_equal(atomic_load(&w.from.shared->consumer_turn) % 2, 0);
    arrive(&w);
    expect(&w, 2);
    expect(&w, 3);
    assert_int_equal(places_free(store), PLACES);
    close_way(&w);
    wr_store_free(store);
}

/* --- what is not believed --- */

static void expect_broken(way *w, bool by_consumer)
{
    weir_frame frame;
    if (by_consumer)
        assert_int_not_equal(wr_link_take(&w->to, &frame, 2), WR_TAKEN);
    assert_int_equal(atomic_load(&w->from.shared->broken), 1);
    assert_true(wr_link_is_cut(&w->from));
}

static void test_lies_break_the_link(void **state)
{
    (void)state;
    enum { STORE, SLOT, OFFSET, BYTES, KIND, COUNT, STREAM, TAIL, TAIL_BACK, HEAD, HEAD_BACK, LIES };
    for (int lie = 0; lie < LIES; lie++) {
        way w;
        wr_store *store = number_store(PLACES);
        open_way(&w, store, (wr_link_config){.policy = {.depth = 4}});
        lend(&w, store, 0);
        send_many(&w, 2);
        weir_frame sent;
        _Atomic uint64_t *word = w.from.slot[0].word;
        for (size_t i = 0; i < WR_FRAME_WORDS; i++)
            memcpy((uint64_t *)&sent + i, (const void *)&word[i], 8);
        sent.refs[0].store += lie == STORE;
        sent.refs[0].slot = lie == SLOT ? PLACES : sent.refs[0].slot;
        sent.refs[0].generation = lie == OFFSET ? UINT32_MAX : sent.refs[0].generation;
        sent.refs[0].bytes = lie == BYTES ? UINT32_MAX : sent.refs[0].bytes;
        sent.refs[0].kind = lie == KIND ? WEIR_KIND_BOXES : sent.refs[0].kind;
        sent.count = lie == COUNT ? 4000 : sent.count;
        sent.stream = lie == STREAM ? 1 : sent.stream;
        for (size_t i = 0; i < WR_FRAME_WORDS; i++)
            atomic_store(&word[i], ((const uint64_t *)&sent)[i]);
        if (lie == TAIL || lie == TAIL_BACK) {
            expect(&w, 1);
            expect(&w, 2);
            atomic_store(&w.from.shared->tail, lie == TAIL ? 100 : 1);
            atomic_store(&w.from.shared->head, lie == TAIL ? 2 : 0);
        }
        if (lie == HEAD || lie == HEAD_BACK) {
            if (lie == HEAD_BACK) {
                expect(&w, 1);
                send_many(&w, 2);
                send(&w); /* the producer has seen head 1 */
            }
            atomic_store(&w.from.shared->head, lie == HEAD ? 100 : 0);
            for (int i = 0; i < 4; i++)
                send(&w);
        }
        expect_broken(&w, lie < HEAD);
        close_way(&w);
        wr_store_free(store);
    }
}

/* --- killed at any time --- */

/* The consumer, in a process of its own, forever: takes, looks, keeps some for a while. */
static void consume(way *w)
{
    weir_frame kept[3] = {0}, frame;
    unsigned random = (unsigned)getpid();
    wr_link_close(&w->to);
    arrive(w);
    for (uint64_t taken = 0;;) {
        wr_bell_arm(&w->consumer_bell);
        wr_taken result = wr_link_take(&w->to, &frame, weir_clock_now(NULL));
        if (result == WR_EMPTY) {
            wr_clock_wait_for(NULL, &w->consumer_bell, INT64_MAX);
            continue;
        }
        wr_bell_disarm(&w->consumer_bell);
        if (result == WR_ENDED)
            _exit(0);
        if (frame.count != 1 || *(const int64_t *)wr_ref_data(&frame.refs[0]) != frame.number)
            _exit(1); /* a place was used again while it was held */
        weir_frame *keep = &kept[taken++ % 3];
        random = random * 1103515245 + 12345;
        weir_frame_drop(keep);
        *keep = random >> 16 & 1 ? weir_frame_fork(&frame) : (weir_frame){0};
        weir_frame_drop(&frame);
        if (keep->count && *(const int64_t *)wr_ref_data(&keep->refs[0]) != keep->number)
            _exit(1);
    }
}

typedef struct bells {
    _Atomic uint32_t producer, consumer;
} bells;

static pid_t be_born(way *w)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        consume(w);
    return child;
}

static int end_of(pid_t child)
{
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return status;
}

static void produce_a_while(way *w, int frames)
{
    for (int i = 0; i < frames;) {
        wr_bell_arm(&w->producer_bell);
        wr_link_look_after(&w->from);
        if (wr_link_room(&w->from)) {
            wr_bell_disarm(&w->producer_bell);
            assert_true(send(w)); /* never short of places: none leaked */
            i++;
        } else {
            wr_clock_wait_for(NULL, &w->producer_bell, weir_clock_now(NULL) + 1000000000);
        }
    }
}

static void killed_at_any_time(wr_link_config config)
{
    const char *times = getenv("WEIR_TEST_KILLS");
    int kills = times ? atoi(times) : 300;
    way w;
    bells *shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    wr_store *store = number_store(PLACES);
    open_way(&w, store, config);
    lend(&w, store, 0);
    w.producer_bell.elsewhere = &shared->producer;
    w.consumer_bell.elsewhere = &shared->consumer;
    unsigned random = 99;
    pid_t child = be_born(&w);
    for (int i = 0; i < kills; i++) {
        random = random * 1103515245 + 12345;
        produce_a_while(&w, (int)(random >> 16) % 400);
        kill(child, SIGKILL);
        assert_true(WIFSIGNALED(end_of(child)));
        atomic_fetch_add(&w.from.shared->died, 1);
        child = be_born(&w); /* it waits until the producer has seen to the other's death */
        wr_link_look_after(&w.from);
        accounts(&w);
    }
    produce_a_while(&w, 100);
    wr_link_end(&w.from);
    assert_int_equal(end_of(child), 0);
    /* The last one ended with frames in its hands; those of all others are back. */
    atomic_fetch_add(&w.from.shared->died, 1);
    wr_link_look_after(&w.from);
    assert_int_equal(places_free(store), PLACES);
    weir_link_stats stats = accounts(&w);
    assert_int_equal(stats.offered, w.number);
    assert_int_equal(stats.waiting, 0);
    if (config.waits)
        assert_int_equal(stats.dropped[WEIR_SUPERSEDED] + stats.dropped[WEIR_OVERFLOW], 0);
    assert_true(stats.dropped[WEIR_LOST] <= (uint64_t)kills);
    close_way(&w);
    wr_store_free(store);
    munmap(shared, sizeof *shared);
}

static void test_killed_at_any_time_every(void **state)
{
    (void)state;
    killed_at_any_time((wr_link_config){.policy = {.depth = 6}, .waits = true});
}

static void test_killed_at_any_time_latest(void **state)
{
    (void)state;
    killed_at_any_time((wr_link_config){.policy = {.take = WEIR_LATEST, .depth = 1}});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_place_is_free_when_the_other_side_has_returned_it),
        cmocka_unit_test(test_what_is_let_go_is_free_at_once),
        cmocka_unit_test(test_a_place_that_comes_again_is_held_once),
        cmocka_unit_test(test_who_passes_on_gives_before_it_returns),
        cmocka_unit_test(test_a_retired_link_holds_nothing),
        cmocka_unit_test(test_varied_items_cross),
        cmocka_unit_test(test_what_waits_survives_what_was_in_hand_does_not),
        cmocka_unit_test(test_what_was_not_yet_counted_is_lost),
        cmocka_unit_test(test_lies_break_the_link),
        cmocka_unit_test(test_killed_at_any_time_every),
        cmocka_unit_test(test_killed_at_any_time_latest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
