/* join: what parallel branches made of a frame comes together again, whatever a branch lets go, and nobody waits for
 * what never comes. The nodes are those of run/test_nodes.h and finders, which put boxes on frames. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "run/test_nodes.h"
#include <cmocka.h>
#include <weir/weir.h>

static const char *const runners[] = {"inline", "thread", "pool"};

/* --- a node that finds something, and one that looks at what came --- */

typedef struct finder_options {
    int boxes;
    double score;
    weir_string label;
} finder_options;

static const weir_option finder_table[] = {
    WEIR_OPTION(finder_options, boxes, "how many", .text = "1"),
    WEIR_OPTION(finder_options, score, "of the first; each further one has 0.1 less", .text = "0.9"),
    WEIR_OPTION(finder_options, label, "of all", .text = "thing"),
    {0},
};

static weir_status finder_plan(weir_node *node)
{
    const finder_options *options = weir_options(node);
    weir_plan_store(node, WEIR_KIND_POINTS, sizeof(weir_points) + (size_t)options->boxes * sizeof(weir_point), 0, 0);
    return weir_plan_store(node, WEIR_KIND_BOXES, weir_boxes_bytes((size_t)options->boxes), 0, 0);
}

static weir_status finder_process(weir_node *node, int input, const weir_frame *frame)
{
    const finder_options *options = weir_options(node);
    size_t count = (size_t)options->boxes;
    weir_frame out = weir_frame_fork(frame);
    weir_boxes *boxes = weir_attach(node, &out, WEIR_KIND_BOXES, weir_boxes_bytes(count));
    weir_points *points = weir_attach(node, &out, WEIR_KIND_POINTS, sizeof *points + count * sizeof(weir_point));
    (void)input;
    if (!boxes || !points)
        return weir_fail(node, WEIR_NO_MEMORY, "the store is too small");
    *boxes = (weir_boxes){.count = (uint32_t)count, .picture_width = 640, .picture_height = 480};
    *points = (weir_points){.count = (uint32_t)count};
    for (uint32_t i = 0; i < count; i++) {
        boxes->box[i] = (weir_box){.x = (float)frame->number, .score = (float)(options->score - 0.1 * i)};
        strcpy(boxes->box[i].label, options->label.text);
        points->point[i] = (weir_point){.box = i, .score = boxes->box[i].score};
    }
    weir_send(node, 0, &out);
    return WEIR_OK;
}

static const weir_component_class finder_class = {
    .name = "t-finder",
    .summary = "puts boxes on frames",
    .inputs = (const weir_port[]){{.name = "in", .flags = WEIR_PORT_MANY}, {0}},
    .outputs = (const weir_port[]){{.name = "out", .adds = {"weir.boxes/1", "weir.points/1"}}, {0}},
    .options = finder_table,
    .options_bytes = sizeof(finder_options),
    .plan = finder_plan,
    .process = finder_process,
};

static struct look {
    int frames, with_picture, without_boxes;
    size_t boxes;
    int64_t last;
    const char *wrong;
} look;

static const char *check_boxes(const weir_frame *frame, const weir_boxes *boxes)
{
    const weir_points *points = weir_frame_points(frame);
    for (uint32_t i = 0; i < boxes->count; i++) {
        if (boxes->box[i].x != (float)frame->number)
            return "a box of another frame";
        if (i > 0 && boxes->box[i].score > boxes->box[i - 1].score)
            return "not best first";
    }
    if (!points || points->count != boxes->count)
        return "not a point a box";
    for (uint32_t i = 0; i < points->count; i++)
        if (points->point[i].box >= boxes->count || boxes->box[points->point[i].box].score != points->point[i].score)
            return "a point of another box";
    return NULL;
}

static weir_status look_process(weir_node *node, int input, const weir_frame *frame)
{
    const weir_boxes *boxes = weir_frame_boxes(frame);
    (void)node, (void)input;
    look.frames++;
    look.with_picture += weir_frame_find(frame, WEIR_KIND_PICTURE, NULL) != NULL;
    look.without_boxes += boxes == NULL;
    look.boxes += boxes ? boxes->count : 0;
    if (frame->order <= look.last)
        look.wrong = "out of order";
    look.last = frame->order;
    if (boxes && !look.wrong)
        look.wrong = check_boxes(frame, boxes);
    return WEIR_OK;
}

static const weir_component_class look_class = {
    .name = "t-look",
    .summary = "looks at what came",
    .inputs = (const weir_port[]){{.name = "in", .wants = {"weir.boxes/1", "weir.points/1", "weir.picture/1"}}, {0}},
    .process = look_process,
};

/* --- running --- */

static weir_stats *run_as(const char *runner, const char *line, weir_clock *clock)
{
    static weir_pipeline *last; /* names in a snapshot belong to its pipeline */
    weir_pipeline_free(last);
    wt_books_reset(4096);
    weir_register(&finder_class);
    weir_register(&look_class);
    look = (struct look){.last = 0};
    weir_pipeline *p = last = weir_pipeline_new("join");
    weir_pipeline_runner(p, runner);
    weir_pipeline_clock(p, clock);
    weir_pipeline_workers(p, 4);
    if (weir_pipeline_line(p, line) != WEIR_OK || weir_pipeline_run(p) != WEIR_OK)
        fail_msg("%s: %s", line, weir_pipeline_error(p));
    weir_stats *stats = weir_pipeline_stats(p);
    const char *wrong = wt_check_stats(stats, NULL);
    if (wrong || look.wrong)
        fail_msg("%s: %s: %s", runner, line, wrong ? wrong : look.wrong);
    return stats;
}

/* The orders that came to node z. */
static void expect_each_once(size_t count, int64_t step)
{
    const wt_book *book = wt_book_find("z");
    assert_non_null(book);
    assert_int_equal(book->got.count, count);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(book->got.note[i].number, ((int64_t)i + 1) * step);
}

static void each(const char *line, size_t count, int64_t step)
{
    for (int r = 0; r < 3; r++) {
        weir_stats *stats = run_as(runners[r], line, NULL);
        expect_each_once(count, step);
        assert_int_equal(wt_node(stats, "j")->lost, 0);
        weir_stats_free(stats);
    }
}

/* --- nothing is lost, nothing waits for ever --- */

static void test_a_diamond_closes(void **state)
{
    (void)state;
    each("t-source name=a frames=3000 bytes=1KiB ! t-filter name=l uneven=200 ! join name=j ! t-sink name=z ; "
         "@a ! t-filter name=r uneven=300 hold=1 ! @j",
         3000, 1);
}

static void test_a_filter_on_one_side(void **state)
{
    (void)state;
    each("t-source name=a frames=3000 ! join name=j window=2 ! t-sink name=z ; @a ! t-filter keep=100 hold=1 ! @j "
         "hold=1",
         3000, 1);
    each("t-source name=a frames=3000 ! t-filter keep=100 hold=1 ! join name=j window=1 missing=drop ! t-sink name=z ; "
         "@a ! t-filter hold=2 ! @j hold=1",
         30, 100);
    /* One side brings nothing at all, another has three in a row. */
    each("t-source name=a frames=500 ! t-filter keep=1000 hold=1 ! join name=j window=1 ! t-sink name=z ; "
         "@a ! t-filter ! t-filter hold=1 ! t-delay keep=5 hold=1 ! @j hold=1 ; @a ! @j hold=1",
         500, 1);
}

static void test_joins_behind_joins(void **state)
{
    (void)state;
    each("t-source name=a frames=1000 ! t-filter keep=7 ! join name=k window=3 missing=drop ! join name=j window=2 "
         "! t-sink name=z ; @a ! @k hold=2 ; @a ! t-delay keep=3 ! @j hold=1",
         1000, 1);
}

static void test_two_streams(void **state)
{
    (void)state;
    const char *line = "t-source name=a frames=800 ! t-filter name=f hold=1 ! join name=j window=2 ! t-sink name=z ; "
                       "t-source name=b frames=900 ! @f hold=1 ; @a ! @j hold=1 ; @b ! @j hold=1";
    for (int r = 0; r < 3; r++) {
        weir_stats *stats = run_as(runners[r], line, NULL);
        int64_t last[2] = {0, 0};
        const wt_book *book = wt_book_find("z");
        assert_int_equal(book->got.count, 1700);
        for (size_t i = 0; i < book->got.count; i++) {
            assert_int_equal(book->got.note[i].number, last[book->got.note[i].stream] + 1);
            last[book->got.note[i].stream]++;
        }
        weir_stats_free(stats);
    }
}

/* --- live --- */

/* The slow branch takes the newest frame now and then; every frame leaves, with what became of it. */
static void test_a_branch_that_lets_go(void **state)
{
    (void)state;
    for (int r = 1; r < 3; r++) {
        weir_clock *clock = weir_clock_virtual_new(1);
        weir_stats *stats = run_as(runners[r],
                                   "t-source name=a frames=500 period=40ms live=true bytes=1KiB ! t-filter name=slow "
                                   "delay=100ms take=latest ! t-finder boxes=2 ! join name=j ! t-look ; @a ! @j",
                                   clock);
        assert_int_equal(look.frames, 500);
        assert_int_equal(look.with_picture, 500);
        uint64_t seen = wt_link(stats, "a", "slow")->taken;
        assert_in_range(seen, 160, 210);
        assert_int_equal(look.boxes, 2 * seen);
        assert_int_equal(look.without_boxes, 500 - seen);
        assert_int_equal(wt_node(stats, "j")->lost, 0);
        weir_stats_free(stats);
        weir_clock_free(clock);
    }
}

static void quiet(void *user, weir_log_level level, const char *name, const char *text)
{
    (void)level;
    if (name && strcmp(name, "j") == 0 && strstr(text, "raise max_wait="))
        ++*(int *)user;
}

/* A branch that takes five seconds for a frame: the others wait as long as was said, then leave without it. */
static void test_max_wait(void **state)
{
    (void)state;
    int said = 0;
    weir_clock *clock = weir_clock_virtual_new(1);
    weir_log_set_sink(quiet, &said);
    weir_stats *stats = run_as("thread",
                               "t-source name=a frames=100 period=100ms live=true ! join name=j max_wait=300ms "
                               "! t-sink name=z ; @a ! t-filter delay=5s take=latest ! @j",
                               clock);
    weir_log_set_sink(NULL, NULL);
    expect_each_once(100, 1);
    const wt_book *book = wt_book_find("z");
    for (size_t i = 0; i < book->got.count; i++)
        assert_true(book->got.note[i].age_ns <= 300000000);
    assert_true(wt_node(stats, "j")->lost >= 1); /* what came after its frame had left */
    assert_true(said >= 1);
    weir_stats_free(stats);
    weir_clock_free(clock);
}

static void test_a_full_window_stops_nobody(void **state)
{
    (void)state;
    int said = 0;
    weir_clock *clock = weir_clock_virtual_new(1);
    weir_log_set_sink(quiet, &said);
    weir_stats *stats = run_as("thread",
                               "t-source name=a frames=200 period=10ms live=true ! join name=j window=4 max_wait=1h "
                               "! t-sink name=z ; @a ! t-filter delay=500ms take=latest ! @j",
                               clock);
    weir_log_set_sink(NULL, NULL);
    expect_each_once(200, 1);
    assert_int_equal(wt_dropped(wt_link(stats, "a", "j")), 0);
    weir_stats_free(stats);
    weir_clock_free(clock);
}

/* --- what a frame carries --- */

static void test_boxes_come_together(void **state)
{
    (void)state;
    weir_stats_free(run_as("thread",
                           "t-source name=a frames=200 bytes=1KiB ! t-finder boxes=3 score=0.8 label=car ! join name=j "
                           "! t-look ; @a ! t-finder boxes=2 score=0.75 label=face ! @j",
                           NULL));
    assert_int_equal(look.frames, 200);
    assert_int_equal(look.boxes, 1000);
    assert_int_equal(look.with_picture, 200);
    /* From one branch they come as they are. */
    weir_stats_free(
        run_as("thread", "t-source name=a frames=50 ! t-finder boxes=4 ! join name=j ! t-look ; @a ! @j", NULL));
    assert_int_equal(look.boxes, 200);
}

static void expect_refused(const char *line, const char *why)
{
    wt_books_reset(16);
    weir_pipeline *p = weir_pipeline_new("join");
    weir_pipeline_line(p, line);
    assert_true(weir_pipeline_check(p) < 0);
    if (!strstr(weir_pipeline_error(p), why))
        fail_msg("%s: %s", line, weir_pipeline_error(p));
    weir_pipeline_free(p);
}

static void test_mistakes_are_refused(void **state)
{
    (void)state;
    expect_refused("t-source ! join ! t-sink", "2 to 64 links");
    expect_refused("t-source name=a ! join name=j window=0 ! t-sink ; @a ! @j", "window");
    expect_refused("t-source name=a ! join name=j ! t-sink ; @a ! @j.left ; @a ! @j.left", "has one already");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_diamond_closes),           cmocka_unit_test(test_a_filter_on_one_side),
        cmocka_unit_test(test_joins_behind_joins),         cmocka_unit_test(test_two_streams),
        cmocka_unit_test(test_a_branch_that_lets_go),      cmocka_unit_test(test_max_wait),
        cmocka_unit_test(test_a_full_window_stops_nobody), cmocka_unit_test(test_boxes_come_together),
        cmocka_unit_test(test_mistakes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
