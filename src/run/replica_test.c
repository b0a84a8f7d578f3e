/* Replicas: copies at work at once, results in the order taken, a copy that fails is a hole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run/test_nodes.h"
#include <cmocka.h>
#include <weir/weir.h>

static const char *const runners[] = {"inline", "thread", "pool"};

static void quiet(void *user, weir_log_level level, const char *name, const char *text)
{
    (void)user, (void)level, (void)name, (void)text;
}

static weir_stats *run(const char *runner, const char *line, weir_status expected, weir_clock *clock)
{
    wt_books_reset(4096);
    weir_pipeline *p = weir_pipeline_new("replicas");
    weir_pipeline_runner(p, runner);
    weir_pipeline_clock(p, clock);
    weir_pipeline_workers(p, 4);
    if (weir_pipeline_line(p, line) != WEIR_OK || weir_pipeline_check(p) != WEIR_OK)
        fail_msg("%s: %s", line, weir_pipeline_error(p));
    weir_status status = weir_pipeline_run(p);
    if (status != expected)
        fail_msg("%s: %s: %s", line, weir_status_text(status), weir_pipeline_error(p));
    static weir_pipeline *last; /* names in a snapshot belong to its pipeline */
    weir_pipeline_free(last);
    last = p;
    weir_stats *stats = weir_pipeline_stats(p);
    const char *wrong = wt_check_stats(stats, NULL);
    if (wrong)
        fail_msg("%s: %s", line, wrong);
    return stats;
}

static void check_ascending(const char *name)
{
    const wt_book *book = wt_book_find(name);
    for (size_t i = 1; i < book->got.count; i++)
        assert_true(book->got.note[i].number > book->got.note[i - 1].number);
}

static void test_order_is_kept(void **state)
{
    (void)state;
    for (int r = 0; r < 3; r++)
        for (int copies = 2; copies <= 5; copies++) {
            char line[300];
            snprintf(line, sizeof line,
                     "t-source name=a frames=3000 bytes=4KiB ! t-filter name=f uneven=500 replicas=%d ! t-sink name=z",
                     copies);
            weir_stats_free(run(runners[r], line, WEIR_OK, NULL));
            assert_int_equal(wt_count_got("z"), 3000);
            check_ascending("z");
            size_t sum = 0;
            for (int i = 1; i <= copies; i++) {
                snprintf(line, sizeof line, "f-%d", i);
                sum += wt_count_got(line);
                check_ascending(line);
            }
            assert_int_equal(sum, 3000);
        }
}

static void test_what_copies_filter_out_is_not_waited_for(void **state)
{
    (void)state;
    for (int r = 0; r < 3; r++) {
        weir_stats_free(run(runners[r], "t-source frames=3000 ! t-filter keep=7 uneven=300 replicas=3 ! t-sink name=z",
                            WEIR_OK, NULL));
        assert_int_equal(wt_count_got("z"), 3000 / 7);
        check_ascending("z");
    }
}

static void test_several_streams(void **state)
{
    (void)state;
    for (int r = 0; r < 3; r++) {
        weir_stats_free(run(runners[r],
                            "t-source frames=1500 name=a ! t-filter name=f uneven=300 replicas=3 ! t-sink name=z ; "
                            "t-source frames=1000 name=b ! @f",
                            WEIR_OK, NULL));
        const wt_book *book = wt_book_find("z");
        int64_t last[2] = {0, 0};
        assert_int_equal(book->got.count, 2500);
        for (size_t i = 0; i < book->got.count; i++) {
            assert_true(book->got.note[i].number > last[book->got.note[i].stream]);
            last[book->got.note[i].stream] = book->got.note[i].number;
        }
    }
}

/* The frame that a copy died of is missing, counted, and nothing else is; the other copies do its work. */
static void test_a_copy_that_fails_is_a_hole(void **state)
{
    (void)state;
    weir_log_set_sink(quiet, NULL);
    for (int r = 0; r < 3; r++) {
        weir_stats *stats = run(runners[r],
                                "t-source frames=2000 bytes=1KiB ! t-filter name=f uneven=300 fail_at=777 replicas=3 ! "
                                "t-sink name=z",
                                WEIR_FAILED, NULL);
        const wt_book *book = wt_book_find("z");
        assert_int_equal(book->got.count, 1999);
        for (size_t i = 0; i < book->got.count; i++)
            assert_int_equal(book->got.note[i].number, (int64_t)i + 1 + (i + 1 >= 777));
        uint64_t lost = 0;
        int failed = 0;
        for (int i = 0; i < stats->nodes; i++) {
            lost += stats->node[i].lost;
            failed += strcmp(stats->node[i].state, "failed") == 0;
        }
        assert_int_equal(lost, 1);
        assert_int_equal(failed, 1);
        weir_stats_free(stats);
    }
    weir_log_set_sink(NULL, NULL);
}

static void test_when_all_copies_have_failed_the_source_stops(void **state)
{
    (void)state;
    weir_log_set_sink(quiet, NULL);
    for (int r = 0; r < 3; r++) {
        weir_stats_free(run(runners[r], "t-source frames=0 ! t-filter fail_from=100 replicas=4 ! t-sink name=z",
                            WEIR_FAILED, NULL));
        assert_int_equal(wt_count_got("z"), 99);
    }
    weir_log_set_sink(NULL, NULL);
}

/* Four copies of a detector that takes 100 ms keep up with 40 frames/s; three cannot, and drop before the work. */
static void test_copies_work_at_once(void **state)
{
    (void)state;
    for (int copies = 3; copies <= 5; copies++) {
        char line[300];
        weir_clock *clock = weir_clock_virtual_new(1000000000);
        snprintf(
            line, sizeof line,
            "t-source name=a frames=400 period=25ms live=true ! t-filter name=f delay=100ms replicas=%d take=latest ! "
            "t-sink name=z",
            copies);
        weir_stats *stats = run("thread", line, WEIR_OK, clock);
        check_ascending("z");
        if (copies == 5)
            assert_int_equal(wt_count_got("z"), 400);
        if (copies == 3)
            assert_in_range(wt_count_got("z"), 290, 310);
        weir_stats_free(stats);
        weir_clock_free(clock);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_is_kept),
        cmocka_unit_test(test_what_copies_filter_out_is_not_waited_for),
        cmocka_unit_test(test_several_streams),
        cmocka_unit_test(test_a_copy_that_fails_is_a_hole),
        cmocka_unit_test(test_when_all_copies_have_failed_the_source_stops),
        cmocka_unit_test(test_copies_work_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
