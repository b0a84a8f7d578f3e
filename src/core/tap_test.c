#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/graph.h"
#include <cmocka.h>

/* A node with two inputs, one store of packets, and taps. */
static const weir_port inputs[] = {{.name = "in", .flags = WEIR_PORT_MANY}, {0}};
static const weir_port outputs[] = {{.name = "out"}, {0}};
static const weir_component_class page_class = {.name = "page", .inputs = inputs};
static const weir_component_class camera_class = {.name = "camera", .outputs = outputs};

enum { DEPTH = 4, BYTES = 64, TAPS = 2 };

typedef struct scene {
    wr_graph *graph;
    weir_node *page;
    void *memory;
} scene;

static scene begin(void)
{
    scene s = {.graph = wr_graph_new()};
    s.page = wr_graph_add(s.graph, "page", &page_class);
    for (int i = 0; i < 2; i++)
        wr_graph_connect(s.graph, wr_graph_add(s.graph, i ? "two" : "one", &camera_class), 0, s.page, 0);
    s.page->tap_plan = (wr_tap_plan){.count = TAPS, .depth = DEPTH, .bytes = 3 * BYTES};
    s.memory = wr_memory_lines(wr_taps_bytes(&s.page->tap_plan));
    s.page->taps = wr_taps_new(s.page, &s.page->tap_plan, s.memory);
    s.page->store[WEIR_KIND_PACKET] = wr_store_new(WEIR_KIND_PACKET, 32, 0, 32 * BYTES);
    return s;
}

static void end(scene *s)
{
    wr_taps_free(s->page->taps);
    s->page->taps = NULL;
    assert_int_equal(atomic_load(&s->page->store[WEIR_KIND_PACKET]->in_use_bytes), 0);
    wr_graph_free(s->graph);
    free(s->memory);
}

static weir_frame packet(const scene *s, int64_t number, uint16_t flags)
{
    weir_frame frame = {.number = number, .order = WEIR_NO_ORDER, .flags = flags};
    assert_non_null(weir_attach(s->page, &frame, WEIR_KIND_PACKET, BYTES));
    return frame;
}

static wr_tap_seen seen(const scene *s, unsigned place)
{
    wr_tap_seen one;
    bool there = wr_taps_read(&s->page->tap_plan, s->memory, place, s->page->inputs, &one);
    uint64_t sum = one.stats.taken + one.stats.waiting;
    for (int r = 0; r < WEIR_REASONS; r++)
        sum += one.stats.dropped[r];
    assert_int_equal(one.stats.offered, there ? sum : 0);
    if (!there)
        one.viewer = UINT32_MAX;
    return one;
}

static void test_what_is_offered_is_taken(void **state)
{
    (void)state;
    scene s = begin();
    const weir_policy every = {0};
    weir_tap *tap = weir_tap_open(s.page, 1, 7, &every, false);
    for (int64_t n = 1; n <= DEPTH + 1; n++) {
        weir_frame frame = {.number = n, .order = n};
        weir_tap_offer(tap, &frame);
    }
    wr_tap_seen one = seen(&s, 0);
    assert_int_equal(one.viewer, 7);
    assert_int_equal(one.input, 1);
    assert_int_equal(one.stats.offered, DEPTH + 1);
    assert_int_equal(one.stats.waiting, DEPTH);
    assert_int_equal(one.stats.dropped[WEIR_OVERFLOW], 1);
    weir_frame frame;
    for (int64_t n = 1; n <= DEPTH; n++) {
        assert_true(weir_tap_take(tap, &frame));
        assert_int_equal(frame.number, n);
        weir_frame_drop(&frame);
    }
    assert_false(weir_tap_take(tap, &frame));
    weir_tap_close(tap);
    assert_int_equal(seen(&s, 0).viewer, UINT32_MAX);
    one = seen(&s, TAPS + 1);
    assert_int_equal(one.viewer, 0);
    assert_int_equal(one.stats.offered, DEPTH + 1);
    assert_int_equal(one.stats.taken, DEPTH);
    end(&s);
}

/* Packets: of 3 * BYTES no more wait, and what goes on goes on with a key frame. */
static void test_packets_go_in_whole_units(void **state)
{
    (void)state;
    scene s = begin();
    const weir_policy every = {0};
    weir_tap *tap = weir_tap_open(s.page, 0, 1, &every, true);
    for (int64_t n = 1; n <= 6; n++) {
        weir_frame frame = packet(&s, n, n == 1 ? WEIR_FRAME_KEY : 0);
        weir_tap_offer(tap, &frame);
        weir_frame_drop(&frame);
    }
    weir_frame frame;
    int taken = 0;
    for (; weir_tap_take(tap, &frame); weir_frame_drop(&frame))
        taken++;
    assert_in_range(taken, 1, 3);
    for (int64_t n = 7; n <= 8; n++) {
        frame = packet(&s, n, n == 8 ? WEIR_FRAME_KEY : 0);
        weir_tap_offer(tap, &frame);
        weir_frame_drop(&frame);
    }
    assert_true(weir_tap_take(tap, &frame));
    assert_int_equal(frame.number, 8);
    assert_true(frame.flags & WEIR_FRAME_GAP);
    weir_frame_drop(&frame);
    end(&s); /* closes what is open */
}

static void test_there_are_as_many_as_were_planned(void **state)
{
    (void)state;
    scene s = begin();
    const weir_policy latest = {.take = WEIR_LATEST};
    weir_tap *first = weir_tap_open(s.page, 0, 1, &latest, false),
             *second = weir_tap_open(s.page, 0, 2, &latest, false);
    assert_non_null(first);
    assert_non_null(second);
    assert_null(weir_tap_open(s.page, 0, 3, &latest, false));
    assert_null(weir_tap_open(s.page, 2, 3, &latest, false)); /* no such input */
    weir_tap_close(first);
    first = weir_tap_open(s.page, 0, 3, &latest, false);
    assert_non_null(first);
    for (int64_t n = 1; n <= 3; n++) {
        weir_frame frame = {.number = n, .order = n};
        weir_tap_offer(first, &frame);
    }
    assert_int_equal(weir_tap_waiting(first), 1);
    assert_int_equal(seen(&s, 0).stats.policy.take, WEIR_LATEST);
    end(&s);
}

/* Its process died with taps open: what they counted is gone, what waited is lost. */
static void test_what_a_process_left_open_is_gone(void **state)
{
    (void)state;
    scene s = begin();
    const weir_policy every = {0};
    weir_tap *tap = weir_tap_open(s.page, 1, 5, &every, false);
    weir_frame frame = {.number = 1, .order = 1};
    weir_tap_offer(tap, &frame);
    weir_tap_offer(tap, &frame);
    assert_true(weir_tap_take(tap, &frame));
    wr_taps *next = wr_taps_new(s.page, &s.page->tap_plan, s.memory);
    assert_int_equal(seen(&s, 0).viewer, UINT32_MAX);
    wr_tap_seen gone = seen(&s, TAPS + 1);
    assert_int_equal(gone.stats.offered, 2);
    assert_int_equal(gone.stats.taken, 1);
    assert_int_equal(gone.stats.dropped[WEIR_LOST], 1);
    wr_taps_free(next);
    end(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_offered_is_taken),
        cmocka_unit_test(test_packets_go_in_whole_units),
        cmocka_unit_test(test_there_are_as_many_as_were_planned),
        cmocka_unit_test(test_what_a_process_left_open_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
