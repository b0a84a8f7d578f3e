#include "bench.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Two cores of which 1.6 may be used; 0.1 for decoding and 0.2 for analysing, of each camera. */
static const wr_bench_costs costs = {.cores = 2, .fps = 25, .analyse = 4, .decode_s = 0.004, .inference_s = 0.05};

static void assert_near(double seen, double wanted)
{
    if (seen < wanted - 1e-6 || seen > wanted + 1e-6)
        fail_msg("%g instead of %g", seen, wanted);
}

static void cameras_share_what_decoding_leaves(void **state)
{
    (void)state;
    assert_near(wr_bench_analysed(&costs, 1), 25); /* could be 30: there are no more frames */
    assert_near(wr_bench_analysed(&costs, 2), 14);
    assert_near(wr_bench_analysed(&costs, 4), 6);
    assert_near(wr_bench_analysed(&costs, 8), 2);
    assert_int_equal(wr_bench_cameras(&costs), 5);
    assert_true(wr_bench_analysed(&costs, 5) >= 4 && wr_bench_analysed(&costs, 6) < 4);
}

static void decoding_alone_can_be_too_much(void **state)
{
    (void)state;
    assert_true(wr_bench_analysed(&costs, 17) < 0);
    assert_near(wr_bench_decode_cores(&costs, 32), 4);
    wr_bench_costs slow = costs;
    slow.decode_s = 0.1;
    assert_int_equal(wr_bench_cameras(&slow), 0);
    assert_true(wr_bench_analysed(&slow, 1) < 0);
}

static void more_frames_than_come_are_not_asked_for(void **state)
{
    (void)state;
    wr_bench_costs eager = costs;
    eager.fps = 2;
    assert_int_equal(wr_bench_cameras(&eager), 14); /* 1.6 / (2 * 0.054) */
}

/* What a machine like the one above would have measured. */
static wr_bench measured(void)
{
    wr_bench bench = {.seconds = 2,
                      .fps = 25,
                      .analyse = 4,
                      .model = "coco",
                      .video = "street.mp4",
                      .width = 1920,
                      .height = 1080,
                      .cores = 2,
                      .replicas = 2};
    bench.run[WR_RUN_DECODE] = (wr_bench_run){.done = true, .wall_s = 2, .taken = 500, .cpu_s = 2};
    bench.run[WR_RUN_REPLICAS] = (wr_bench_run){.done = true, .wall_s = 2, .taken = 80, .cpu_s = 9, .detect_cpu_s = 4};
    return bench;
}

static void expect_in_text(const wr_bench *bench, const char *wanted)
{
    char *text = wr_bench_text(bench);
    if (!strstr(text, wanted))
        fail_msg("%s\nis not in\n%s", wanted, text);
    free(text);
}

static void the_verdict_is_said_in_words(void **state)
{
    (void)state;
    wr_bench bench = measured();
    expect_in_text(&bench, "This machine can watch 5 cameras of 1080p: decode 25 frames/s and analyse 4.4 frames/s of "
                           "each; one camera\ncan be analysed at 25.0 frames/s.\n");
    expect_in_text(&bench, "        4  6.0\n");
    expect_in_text(&bench, "       32  too many: decoding alone needs 4.0 cores\n");
    expect_in_text(&bench, "40.0 frames/s with replicas=2, 50.0 ms of a core each\n");
}

static void a_slow_machine_is_told_so(void **state)
{
    (void)state;
    wr_bench bench = measured();
    bench.run[WR_RUN_REPLICAS].detect_cpu_s = 80;
    expect_in_text(&bench, "This machine can watch 1 camera of 1080p: decode 25 frames/s and analyse 1.5 frames/s of "
                           "each, which is less than wanted.\n");
    bench.run[WR_RUN_DECODE].cpu_s = 40;
    expect_in_text(&bench, "cannot watch a camera of 1080p: decoding alone needs 2.5 cores.\n");
}

static void without_a_model_only_decoding_is_judged(void **state)
{
    (void)state;
    wr_bench bench = measured();
    bench.model = NULL;
    bench.width = 704;
    bench.height = 576;
    bench.run[WR_RUN_REPLICAS] = (wr_bench_run){0};
    expect_in_text(&bench, "This machine can decode 16 cameras of 704x576;");
    bench.run[WR_RUN_DECODE] = (wr_bench_run){0};
    char *text = wr_bench_text(&bench);
    assert_null(strstr(text, "This machine"));
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cameras_share_what_decoding_leaves),
        cmocka_unit_test(decoding_alone_can_be_too_much),
        cmocka_unit_test(more_frames_than_come_are_not_asked_for),
        cmocka_unit_test(the_verdict_is_said_in_words),
        cmocka_unit_test(a_slow_machine_is_told_so),
        cmocka_unit_test(without_a_model_only_decoding_is_judged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
