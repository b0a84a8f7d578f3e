/* rate: how many frames pass, and which, by the clock and by the media's own time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <weir/weir.h>

enum { FRAMES_MAX = 4096 };
static const int64_t ms = 1000000;

/* --- a source whose times the test says, and a sink that notes what passed --- */

static struct plan {
    int frames;
    bool live;
    int64_t (*pts_ns)(int number); /* NULL: unknown; then frames are captured 10 ms apart */
} source;

static int64_t passed[FRAMES_MAX];
static int count;

static weir_status source_plan(weir_node *node)
{
    if (source.live)
        weir_plan_live(node);
    return WEIR_OK;
}

static weir_status source_produce(weir_node *node)
{
    int *number = weir_state(node);
    if (++*number > source.frames)
        return WEIR_END;
    weir_frame frame = weir_frame_new(node, (*number - 1) * 10 * ms);
    if (source.pts_ns)
        frame.pts_ns = source.pts_ns(*number);
    weir_send(node, 0, &frame);
    return WEIR_MORE;
}

static const weir_component_class source_class = {
    .name = "timed",
    .summary = "frames whose times the test says",
    .outputs = (const weir_port[]){{.name = "out"}, {0}},
    .state_bytes = sizeof(int),
    .plan = source_plan,
    .produce = source_produce,
};

static weir_status note(weir_node *node, int input, const weir_frame *frame)
{
    (void)node, (void)input;
    passed[count++] = frame->number;
    return WEIR_OK;
}

static const weir_component_class note_class = {
    .name = "note",
    .summary = "notes what passed",
    .inputs = (const weir_port[]){{.name = "in"}, {0}},
    .process = note,
};

static void run(struct plan plan, const char *line)
{
    source = plan;
    count = 0;
    weir_register(&source_class);
    weir_register(&note_class);
    weir_pipeline *p = weir_pipeline_new("rate");
    weir_pipeline_runner(p, "inline");
    if (weir_pipeline_line(p, line) != WEIR_OK || weir_pipeline_run(p) != WEIR_OK)
        fail_msg("%s", weir_pipeline_error(p));
    weir_pipeline_free(p);
}

/* --- what passes --- */

static int64_t of_40_ms(int number)
{
    return number * 40 * ms;
}

static int64_t with_jumps(int number)
{
    return number <= 100 ? number * 40 * ms : number <= 200 ? (number - 100) * 40 * ms : (number + 10000) * 40 * ms;
}

static void test_live_frames_pass_by_the_clock(void **state)
{
    (void)state;
    run((struct plan){.frames = 1000, .live = true, .pts_ns = of_40_ms}, "timed ! rate fps=10 ! note");
    assert_int_equal(count, 100);
    for (int i = 0; i < count; i++)
        assert_int_equal(passed[i], 1 + 10 * i);
    run((struct plan){.frames = 1000, .live = true}, "timed ! rate fps=30 ! note");
    assert_in_range(count, 299, 301);
    run((struct plan){.frames = 1000, .live = true}, "timed ! rate fps=1000 ! note");
    assert_int_equal(count, 1000);
}

static void test_files_pass_by_their_own_time(void **state)
{
    (void)state;
    run((struct plan){.frames = 1000, .pts_ns = of_40_ms}, "timed ! rate fps=5 ! note");
    assert_int_equal(count, 200);
    for (int i = 0; i < count; i++)
        assert_int_equal(passed[i], 1 + 5 * i);
}

static void test_jumps_of_time_begin_anew(void **state)
{
    (void)state;
    run((struct plan){.frames = 300, .pts_ns = with_jumps}, "timed ! rate fps=1 ! note");
    assert_int_equal(count, 12);
    assert_int_equal(passed[4], 101);
    assert_int_equal(passed[8], 201);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_live_frames_pass_by_the_clock),
        cmocka_unit_test(test_files_pass_by_their_own_time),
        cmocka_unit_test(test_jumps_of_time_begin_anew),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
