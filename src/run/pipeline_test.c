/* Pipelines from start to end, under every runner. Time is the virtual clock's wherever components wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "run/test_nodes.h"
#include <cmocka.h>
#include <pthread.h>
#include <sched.h>
#include <weir/weir.h>

static const char *const runners[] = {"inline", "thread", "pool"};
static const int64_t second_ns = 1000000000;

static weir_pipeline *pipeline_of(const char *runner, const char *line)
{
    wt_books_reset(4096);
    weir_pipeline *p = weir_pipeline_new("test");
    assert_int_equal(weir_pipeline_runner(p, runner), WEIR_OK);
    if (weir_pipeline_line(p, line) != WEIR_OK || weir_pipeline_check(p) != WEIR_OK)
        fail_msg("%s: %s", line, weir_pipeline_error(p));
    return p;
}

/* Looks at the account after the end: always true, whatever happened. */
static weir_stats *account(weir_pipeline *p)
{
    weir_stats *stats = weir_pipeline_stats(p);
    const char *wrong = wt_check_stats(stats, NULL);
    if (wrong)
        fail_msg("%s", wrong);
    return stats;
}

static void *run_main(void *user)
{
    return (void *)(intptr_t)weir_pipeline_run(user);
}

static pthread_t run_apart(weir_pipeline *p)
{
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, run_main, p), 0);
    return thread;
}

static weir_status join(pthread_t thread)
{
    void *status;
    pthread_join(thread, &status);
    return (weir_status)(intptr_t)status;
}

static void quiet(void *user, weir_log_level level, const char *name, const char *text)
{
    (void)user, (void)level, (void)name, (void)text;
}

/* --- streams that can wait: nothing is lost --- */

static void lossless(const char *runner, const char *line, const char *last, size_t expected)
{
    weir_pipeline *p = pipeline_of(runner, line);
    assert_int_equal(weir_pipeline_run(p), WEIR_OK);
    weir_stats *stats = account(p);
    assert_string_equal(stats->end, "end-of-stream");
    for (int i = 0; i < stats->links; i++) {
        assert_int_equal(wt_dropped(&stats->link[i]), 0);
        assert_int_equal(stats->link[i].waiting, 0);
    }
    for (int i = 0; i < stats->nodes; i++)
        assert_string_equal(stats->node[i].state, "done");
    assert_int_equal(wt_count_got(last), expected);
    weir_stats_free(stats);
    weir_pipeline_free(p);
}

static void test_every_is_lossless(void **state)
{
    (void)state;
    for (int r = 0; r < 3; r++) {
        lossless(runners[r], "t-source name=a frames=5000 ! t-filter ! t-filter ! t-sink name=z", "z", 5000);
        lossless(runners[r], "t-source name=a frames=3000 bytes=64KiB ! t-filter keep=3 hold=1 ! t-sink name=z hold=2",
                 "z", 1000);
        lossless(
            runners[r],
            "t-source name=a frames=2000 ! t-filter name=l ! t-sink name=z ; @a ! t-filter name=r copies=5 hold=1 ! @z",
            "z", 12000);
        lossless(runners[r], "t-source name=a frames=500 bytes=4KiB ! t-delay keep=7 hold=2 ! t-sink name=z hold=1",
                 "z", 500);
        lossless(runners[r],
                 "t-source name=a frames=1000 ! t-sink name=z ; t-source name=b frames=1000 ! t-filter ! @z", "z",
                 2000);
    }
}

/* A source that has more is called again at once: each call counts, and each frame has the time at which it was sent. */
static void test_a_source_called_again_at_once(void **state)
{
    (void)state;
    for (int r = 0; r < 3; r++) {
        weir_pipeline *p = pipeline_of(runners[r], "t-source name=a frames=200 ! t-sink name=z");
        assert_int_equal(weir_pipeline_run(p), WEIR_OK);
        weir_stats *stats = account(p);
        const weir_node_stats *source = wt_node(stats, "a");
        assert_int_equal(source->busy.count, 1 + 200 + 1); /* open, and the call that finds no more */
        const wt_book *sink = wt_book_find("z");
        for (size_t i = 0; i < sink->got.count; i++) {
            const wt_note *note = &sink->got.note[i];
            assert_in_range(note->age_ns, 0, (int64_t)(stats->duration_s * 1e9));
            assert_true(i == 0 || note->at_ns - note->age_ns >= note[-1].at_ns - note[-1].age_ns);
        }
        weir_stats_free(stats);
        weir_pipeline_free(p);
    }
}

static void test_empty_stream_ends(void **state)
{
    (void)state;
    for (int r = 0; r < 3; r++)
        lossless(runners[r], "t-source name=a frames=1 ! t-filter keep=2 ! t-delay ! t-sink name=z", "z", 0);
}

static void test_mixed_runners(void **state)
{
    (void)state;
    lossless("thread",
             "t-source frames=4000 ! t-filter runner=inline ! t-filter runner=pool ! t-filter runner=inline "
             "! t-sink name=z runner=thread",
             "z", 4000);
}

static void test_every_call_is_made_once(void **state)
{
    (void)state;
    for (int r = 0; r < 3; r++) {
        weir_pipeline *p = pipeline_of(runners[r], "t-source name=a frames=10 ! t-filter name=f ! t-sink name=z");
        assert_int_equal(weir_pipeline_run(p), WEIR_OK);
        const char *const names[] = {"a", "f", "z"};
        for (int i = 0; i < 3; i++) {
            assert_int_equal(wt_book_find(names[i])->opened, 1);
            assert_int_equal(wt_book_find(names[i])->closed, 1);
            assert_int_equal(wt_book_find(names[i])->finished, i > 0);
        }
        weir_pipeline_free(p);
    }
}

/* --- live streams --- */

/* One consumer far too slow, one at ease; nothing waits for the slow one, and what it gets is the newest. */
static void test_latest_stays_live(void **state)
{
    (void)state;
    const char *const apart[] = {"thread", "pool"};
    for (int r = 0; r < 2; r++) {
        weir_pipeline *p =
            pipeline_of(apart[r], "t-source name=cam frames=600 period=40ms live=true ! t-sink name=fast ; "
                                  "@cam ! t-sink name=slow delay=1s take=latest");
        weir_clock *clock = weir_clock_virtual_new(5 * second_ns);
        weir_pipeline_clock(p, clock);
        weir_pipeline_workers(p, 4);
        assert_int_equal(weir_pipeline_run(p), WEIR_OK);
        weir_stats *stats = account(p);
        assert_int_equal(wt_count_got("fast"), 600);
        const weir_link_stats *link = wt_link(stats, "cam", "slow");
        assert_in_range(link->taken, 24, 26);
        assert_int_equal(link->dropped[WEIR_SUPERSEDED], 600 - link->taken);
        const wt_book *slow = wt_book_find("slow");
        for (size_t i = 0; i < slow->got.count; i++)
            assert_true(slow->got.note[i].age_ns <= 40000000);
        assert_int_equal(slow->got.note[slow->got.count - 1].number, 600);
        weir_stats_free(stats);
        weir_pipeline_free(p);
        weir_clock_free(clock);
    }
}

/* That one node does not open is said at once, even if another one hangs in open. */
static void test_open_failure_beside_one_that_hangs(void **state)
{
    static weir_pipeline *volatile left; /* its thread still uses it: it cannot be freed */
    (void)state;
    weir_log_set_sink(quiet, NULL);
    left = pipeline_of("thread", "t-source name=a open_fails=true ! t-sink name=z open_hangs=true");
    assert_int_equal(weir_pipeline_run(left), WEIR_IO);
    wt_stuck_release();
    weir_log_set_sink(NULL, NULL);
}

/* A thread that was left behind and let go writes in no book any more. */
static void await_closed(const char *name)
{
    wt_book *book = wt_book_find(name);
    for (int closed = 0; !closed; sched_yield()) {
        pthread_mutex_lock(&book->lock);
        closed = book->closed;
        pthread_mutex_unlock(&book->lock);
    }
}

/* Who is stuck in the middle holds up neither those below nor a join that waits for it, and the run ends. */
static void test_a_stuck_branch_ends_for_those_below(void **state)
{
    const char *const lines[] = {
        "t-source name=a frames=3000 ! t-filter name=stuck stuck_at=10 stall=200ms hold=4 ! t-sink name=y ; @a ! "
        "t-sink "
        "name=z",
        "t-source name=a frames=3000 ! t-filter name=stuck stuck_at=10 stall=200ms hold=4 ! join window=4 ! t-sink "
        "name=z "
        "; @a ! @join",
        "t-source name=a frames=3000 ! t-filter name=g hold=4 ! t-filter name=stuck runner=inline stuck_at=10 "
        "stall=200ms "
        "! t-sink name=y runner=inline ; @a ! t-sink name=z",
    };
    (void)state;
    weir_log_set_sink(quiet, NULL);
    for (int i = 0; i < 3; i++) {
        static weir_pipeline *volatile left[3]; /* their threads are left behind */
        weir_pipeline *p = left[i] = pipeline_of("thread", lines[i]);
        pthread_t thread = run_apart(p);
        wt_await_got("z", 3000);
        assert_int_equal(join(thread), WEIR_STUCK);
        weir_stats *stats = weir_pipeline_stats(p);
        assert_null(wt_check_sums(stats));
        assert_string_equal(wt_node(stats, "stuck")->state, "stuck");
        assert_non_null(strstr(wt_node(stats, "stuck")->error, "raise stall="));
        weir_stats_free(stats);
        wt_stuck_release();
        await_closed("stuck");
    }
    weir_log_set_sink(NULL, NULL);
}

/* Slow is not stuck: who waits for somebody who may take his time is not blamed. */
static void test_only_who_is_inside_a_call_is_blamed(void **state)
{
    const char *const lines[] = {
        "t-source name=a frames=20 ! t-filter name=slow delay=40s stall=0s hold=64 ! join name=j window=1 ! t-sink "
        "name=z "
        "; @a ! @j hold=4",
        "t-source name=a frames=20 ! t-filter name=slow delay=40s stall=0s replicas=3 hold=1 ! t-sink name=z",
        "t-source name=a frames=20 ! t-filter name=f hold=1 ! t-sink name=z runner=inline delay=40s stall=0s",
    };
    (void)state;
    for (int i = 0; i < 3; i++) {
        weir_pipeline *p = pipeline_of("thread", lines[i]);
        weir_clock *clock = weir_clock_virtual_new(1);
        weir_pipeline_clock(p, clock);
        if (weir_pipeline_run(p) != WEIR_OK)
            fail_msg("%s: %s", lines[i], weir_pipeline_error(p));
        assert_int_equal(wt_count_got("z"), 20);
        weir_stats_free(account(p));
        weir_pipeline_free(p);
        weir_clock_free(clock);
    }
}

/* A timer that has come while there is no room waits for room, asleep: else a virtual clock would stand still. */
static void test_a_timer_without_room_sleeps(void **state)
{
    (void)state;
    for (int r = 1; r < 3; r++) {
        weir_pipeline *p =
            pipeline_of(runners[r], "t-source name=a frames=500 period=1ms ! t-sink name=z delay=20ms hold=4");
        weir_clock *clock = weir_clock_virtual_new(1);
        weir_pipeline_clock(p, clock);
        assert_int_equal(weir_pipeline_run(p), WEIR_OK);
        assert_int_equal(wt_count_got("z"), 500);
        weir_stats_free(account(p));
        weir_pipeline_free(p);
        weir_clock_free(clock);
    }
}

/* --- links that come and go --- */

static size_t got_from(const char *name, const char *from)
{
    wt_book *book = wt_book_find(name);
    size_t count = 0;
    pthread_mutex_lock(&book->lock);
    for (size_t i = 0; i < book->got.count; i++)
        count += strcmp(book->got.note[i].from, from) == 0;
    pthread_mutex_unlock(&book->lock);
    return count;
}

static void test_links_come_and_go(void **state)
{
    (void)state;
    const weir_policy policies[] = {{.take = WEIR_EVERY}, {.take = WEIR_LATEST}, {.take = WEIR_NEWEST, .depth = 3}};
    for (int r = 1; r < 3; r++) {
        weir_pipeline *p = weir_pipeline_new("attach");
        wt_books_reset(4096);
        weir_pipeline_runner(p, runners[r]);
        weir_pipeline_spare_links(p, 1);
        assert_int_equal(weir_pipeline_line(p,
                                            "t-source name=a frames=0 bytes=4KiB ! t-filter name=f ! t-sink name=y ; "
                                            "t-source name=b frames=0 period=1ms ! t-sink name=z"),
                         WEIR_OK);
        assert_true(weir_pipeline_attach(p, "f", "z", NULL) < 0); /* not before it runs */
        pthread_t thread = run_apart(p);
        wt_await_got("z", 1);
        wt_await_got("y", 1);
        assert_true(weir_pipeline_attach(p, "nobody", "z", NULL) < 0);
        assert_true(weir_pipeline_attach(p, "f", "f", NULL) < 0);
        for (int i = 0; i < 30; i++) {
            size_t before = got_from("z", "f");
            int link;
            /* The one spare link is free again once both ends have let go of it. */
            while ((link = weir_pipeline_attach(p, "f", "z", &policies[i % 3])) == WEIR_NO_MEMORY)
                sched_yield();
            assert_true(link >= 0);
            assert_int_equal(weir_pipeline_attach(p, "a", "z", NULL), WEIR_NO_MEMORY);
            while (got_from("z", "f") < before + 20)
                sched_yield();
            assert_int_equal(weir_pipeline_detach(p, link), WEIR_OK);
            assert_true(weir_pipeline_detach(p, link) < 0);
        }
        weir_pipeline_stop(p);
        assert_int_equal(join(thread), WEIR_OK);
        weir_stats *stats = weir_pipeline_stats(p);
        assert_null(wt_check_sums(stats));
        weir_stats_free(stats);
        weir_pipeline_free(p);
    }
}

/* Only to the ends of the way; and what leaves a node with replicas are its results, all of them, in order. */
static void test_where_links_may_be_attached(void **state)
{
    (void)state;
    weir_pipeline *p = weir_pipeline_new("attach");
    wt_books_reset(4096);
    weir_pipeline_spare_links(p, 2);
    assert_int_equal(
        weir_pipeline_line(p, "t-source name=a frames=0 bytes=4KiB ! t-filter name=r replicas=2 ! t-sink name=y "
                              "; t-source name=b frames=0 period=1ms ! t-filter name=f ! t-sink name=z ; "
                              "t-source name=c frames=0 period=1ms ! t-filter name=g ! join name=j ! t-sink name=x "
                              "; @c ! @j"),
        WEIR_OK);
    pthread_t thread = run_apart(p);
    wt_await_got("z", 1);
    wt_await_got("y", 1);
    wt_await_got("x", 1);
    assert_int_equal(weir_pipeline_attach(p, "b", "r", NULL), WEIR_BAD_GRAPH);
    assert_int_equal(weir_pipeline_attach(p, "a", "f", NULL), WEIR_BAD_GRAPH);
    assert_int_equal(weir_pipeline_attach(p, "b", "j", NULL), WEIR_BAD_GRAPH);
    assert_int_equal(weir_pipeline_attach(p, "b", "g", NULL), WEIR_BAD_GRAPH);
    assert_true(weir_pipeline_attach(p, "r", "z", NULL) >= 0);
    while (got_from("z", "r") < 200)
        sched_yield();
    weir_pipeline_stop(p);
    assert_int_equal(join(thread), WEIR_OK);
    const wt_book *z = wt_book_find("z");
    int64_t last = 0;
    for (size_t i = 0; i < z->got.count; i++) {
        if (strcmp(z->got.note[i].from, "r") != 0)
            continue;
        assert_true(last == 0 || z->got.note[i].number == last + 1);
        last = z->got.note[i].number;
    }
    weir_pipeline_free(p);
}

/* A timer of one strand does not wait for a worker that another strand keeps busy, while some worker is free. */
static void test_pool_keeps_time_while_one_is_busy(void **state)
{
    (void)state;
    weir_pipeline *p =
        pipeline_of("pool", "t-source name=cam frames=100 period=10ms live=true spin=3000000 ! t-sink runner=inline ; "
                            "t-source runner=thread frames=28 period=35ms live=true ! t-sink delay=33ms take=latest");
    weir_clock *clock = weir_clock_virtual_new(second_ns);
    weir_pipeline_clock(p, clock);
    weir_pipeline_workers(p, 2);
    assert_int_equal(weir_pipeline_run(p), WEIR_OK);
    const wt_book *cam = wt_book_find("cam");
    for (size_t i = 0; i < cam->sent.count; i++)
        assert_int_equal(cam->sent.note[i].at_ns - cam->sent.note[0].at_ns, (int64_t)i * 10000000);
    weir_pipeline_free(p);
    weir_clock_free(clock);
}

static void test_live_every_lets_go(void **state)
{
    (void)state;
    weir_pipeline *p =
        pipeline_of("thread", "t-source name=cam frames=300 period=10ms live=true bytes=8KiB ! "
                              "t-sink name=slow delay=100ms hold=4 ; @cam ! t-sink name=newest delay=100ms "
                              "take=newest=3 ; @cam ! t-sink name=oldest delay=100ms take=oldest=3 max_age=45ms");
    weir_clock *clock = weir_clock_virtual_new(second_ns);
    weir_pipeline_clock(p, clock);
    assert_int_equal(weir_pipeline_run(p), WEIR_OK);
    weir_stats *stats = account(p);
    assert_in_range(wt_link(stats, "cam", "slow")->dropped[WEIR_OVERFLOW], 260, 270);
    assert_in_range(wt_link(stats, "cam", "newest")->dropped[WEIR_SUPERSEDED], 260, 270);
    assert_true(wt_link(stats, "cam", "oldest")->dropped[WEIR_EXPIRED] > 0);
    assert_true(wt_link(stats, "cam", "oldest")->age.max_ns <= 45000000);
    weir_stats_free(stats);
    weir_pipeline_free(p);
    weir_clock_free(clock);
}

/* --- stopping --- */

static void test_stop_drains(void **state)
{
    (void)state;
    for (int r = 0; r < 3; r++) {
        weir_pipeline *p =
            pipeline_of(runners[r], "t-source name=a frames=0 spin=200 ! t-filter ! t-delay keep=5 ! t-sink name=z");
        pthread_t thread = run_apart(p);
        wt_await_got("z", 100);
        weir_pipeline_stop(p);
        assert_int_equal(join(thread), WEIR_OK);
        weir_stats *stats = account(p);
        assert_string_equal(stats->end, "stopped");
        assert_int_equal(wt_count_got("z"), wt_count_sent("a"));
        weir_stats_free(stats);
        weir_pipeline_free(p);
    }
}

static void test_stop_twice_leaves_what_waits(void **state)
{
    (void)state;
    for (int r = 0; r < 3; r++) {
        weir_pipeline *p = pipeline_of(runners[r], "t-source name=a frames=0 ! t-sink name=z delay=1h");
        pthread_t thread = run_apart(p);
        wt_await_got("z", 1);
        weir_pipeline_stop(p);
        weir_pipeline_stop(p);
        assert_int_equal(join(thread), WEIR_OK);
        weir_stats_free(account(p));
        assert_in_range(wt_count_got("z"), 1, 2);
        weir_pipeline_free(p);
    }
}

static void test_stop_before_the_start(void **state)
{
    (void)state;
    weir_pipeline *p = pipeline_of("thread", "t-source name=a frames=0 ! t-sink name=z");
    weir_pipeline_stop(p);
    assert_int_equal(weir_pipeline_run(p), WEIR_OK);
    weir_stats_free(account(p));
    weir_pipeline_free(p);
}

static void test_duration(void **state)
{
    (void)state;
    for (int r = 0; r < 3; r++) {
        weir_pipeline *p = pipeline_of(runners[r], "t-source name=a frames=0 period=100ms live=true ! t-sink name=z");
        weir_clock *clock = weir_clock_virtual_new(0);
        weir_pipeline_clock(p, clock);
        weir_pipeline_duration(p, 3600 * second_ns);
        assert_int_equal(weir_pipeline_run(p), WEIR_OK);
        weir_stats *stats = account(p);
        assert_string_equal(stats->end, "duration");
        assert_in_range(wt_count_got("z"), 35999, 36001);
        weir_stats_free(stats);
        weir_pipeline_free(p);
        weir_clock_free(clock);
    }
}

/* --- failures stay local --- */

static void test_node_failure_is_local(void **state)
{
    (void)state;
    weir_log_set_sink(quiet, NULL);
    for (int r = 0; r < 3; r++) {
        weir_pipeline *p =
            pipeline_of(runners[r], "t-source name=a frames=2000 ! t-filter name=bad fail_from=700 ! t-sink name=y ; "
                                    "@a ! t-filter name=good ! t-sink name=z");
        assert_int_equal(weir_pipeline_run(p), WEIR_FAILED);
        weir_stats *stats = account(p);
        assert_string_equal(wt_node(stats, "bad")->state, "failed");
        assert_string_equal(wt_node(stats, "bad")->error, "frame 700 is rotten");
        assert_non_null(strstr(weir_pipeline_error(p), "bad: frame 700 is rotten"));
        assert_int_equal(wt_node(stats, "bad")->lost, 1);
        assert_int_equal(wt_count_got("bad"), 700);
        assert_int_equal(wt_count_got("y"), 699);
        assert_int_equal(wt_count_got("z"), 2000);
        assert_string_equal(wt_node(stats, "y")->state, "done");
        assert_int_equal(wt_link(stats, "a", "bad")->dropped[WEIR_LOST], 1300);
        assert_string_equal(stats->end, "failed");
        weir_stats_free(stats);
        weir_pipeline_free(p);
    }
    weir_log_set_sink(NULL, NULL);
}

static void test_source_failure_ends_its_stream(void **state)
{
    (void)state;
    weir_log_set_sink(quiet, NULL);
    for (int r = 0; r < 3; r++) {
        weir_pipeline *p = pipeline_of(runners[r], "t-source name=a frames=100 fail_at=50 ! t-sink name=y ; "
                                                   "t-source name=b frames=100 ! t-sink name=z");
        assert_int_equal(weir_pipeline_run(p), WEIR_FAILED);
        weir_stats_free(account(p));
        assert_int_equal(wt_count_got("y"), 49);
        assert_int_equal(wt_count_got("z"), 100);
        weir_pipeline_free(p);
    }
    weir_log_set_sink(NULL, NULL);
}

static void test_open_failure_refuses_the_start(void **state)
{
    (void)state;
    weir_log_set_sink(quiet, NULL);
    for (int r = 0; r < 3; r++) {
        weir_pipeline *p =
            pipeline_of(runners[r], "t-source name=a frames=100 ! t-filter name=f open_fails=true ! t-sink name=z");
        assert_int_equal(weir_pipeline_run(p), WEIR_IO);
        assert_non_null(strstr(weir_pipeline_error(p), "f: the device is on fire; try another"));
        assert_int_equal(wt_count_sent("a"), 0);
        for (const char *const *name = (const char *const[]){"a", "z", NULL}; *name; name++) {
            const wt_book *book = wt_book_find(*name);
            assert_int_equal(book ? book->opened : 0, book ? book->closed : 0);
        }
        assert_int_equal(wt_book_find("f")->closed, 0);
        weir_pipeline_free(p);
    }
    weir_log_set_sink(NULL, NULL);
}

/* A node whose every consumer is gone stops; the source with it. */
static void test_nobody_left(void **state)
{
    (void)state;
    weir_log_set_sink(quiet, NULL);
    for (int r = 0; r < 3; r++) {
        weir_pipeline *p =
            pipeline_of(runners[r], "t-source name=a frames=0 ! t-filter name=f ! t-sink name=z fail_from=100");
        assert_int_equal(weir_pipeline_run(p), WEIR_FAILED);
        weir_stats_free(account(p));
        weir_pipeline_free(p);
    }
    weir_log_set_sink(NULL, NULL);
}

/* --- consumers that never come back --- */

static void test_stuck_on_a_live_stream_stops_nobody(void **state)
{
    (void)state;
    weir_log_set_sink(quiet, NULL);
    weir_pipeline *p =
        pipeline_of("thread", "t-source name=cam frames=0 period=1ms live=true ! t-sink name=stuck stuck_at=10 ; "
                              "@cam ! t-sink name=z");
    pthread_t thread = run_apart(p);
    wt_stuck_await();
    size_t before = wt_count_got("z");
    wt_await_got("z", before + 500);
    wt_stuck_release();
    weir_pipeline_stop(p);
    assert_int_equal(join(thread), WEIR_OK);
    weir_stats_free(account(p));
    weir_pipeline_free(p);
    weir_log_set_sink(NULL, NULL);
}

static void test_stuck_on_a_stream_that_waits_is_cut(void **state)
{
    (void)state;
    weir_log_set_sink(quiet, NULL);
    weir_pipeline *p =
        pipeline_of("thread", "t-source name=a frames=5000 ! t-sink name=stuck stuck_at=10 stall=200ms ; "
                              "@a ! t-sink name=z");
    pthread_t thread = run_apart(p);
    wt_await_got("z", 5000);
    weir_stats *stats = weir_pipeline_stats(p);
    assert_null(wt_check_sums(stats));
    assert_string_equal(wt_node(stats, "stuck")->state, "stuck");
    assert_true(wt_link(stats, "a", "stuck")->cut);
    weir_stats_free(stats);
    wt_stuck_release();
    assert_int_equal(join(thread), WEIR_FAILED);
    stats = account(p);
    assert_int_equal(wt_count_got("z"), 5000);
    weir_stats_free(stats);
    weir_pipeline_free(p);
    weir_log_set_sink(NULL, NULL);
}

/* --- snapshots --- */

static void test_snapshots_add_up(void **state)
{
    (void)state;
    for (int r = 0; r < 3; r++) {
        weir_pipeline *p =
            pipeline_of(runners[r], "t-source name=a frames=0 bytes=1KiB ! t-filter name=f hold=2 ! t-sink name=y ; "
                                    "@f ! t-sink name=z");
        pthread_t thread = run_apart(p);
        wt_await_got("z", 1);
        for (int i = 0; i < 2000; i++) {
            weir_stats *stats = weir_pipeline_stats(p);
            const char *wrong = wt_check_sums(stats);
            if (wrong)
                fail_msg("%s", wrong);
            weir_stats_free(stats);
        }
        weir_pipeline_stop(p);
        assert_int_equal(join(thread), WEIR_OK);
        weir_stats_free(account(p));
        weir_pipeline_free(p);
    }
}

/* --- ticks --- */

static weir_status restless_open(weir_node *node)
{
    weir_wake(node);
    return WEIR_OK;
}

static weir_status restless_process(weir_node *node, int input, const weir_frame *frame)
{
    return (void)node, (void)input, (void)frame, WEIR_OK;
}

static weir_status restless_finish(weir_node *node, int input)
{
    bool *over = weir_state(node);
    (void)input;
    *over = true;
    return WEIR_OK;
}

static weir_status restless_tick(weir_node *node)
{
    const bool *over = weir_state(node);
    return *over ? WEIR_OK : WEIR_MORE;
}

static const weir_port restless_in[] = {{.name = "in"}, {0}};
static const weir_component_class restless = {.name = "t-restless",
                                              .summary = "has more to do than frames until they end",
                                              .inputs = restless_in,
                                              .state_bytes = sizeof(bool),
                                              .open = restless_open,
                                              .process = restless_process,
                                              .finish = restless_finish,
                                              .tick = restless_tick};

/* Who has more to do at once, always, still gets its frames. */
static void test_ticks_do_not_starve_frames(void **state)
{
    (void)state;
    assert_int_equal(weir_register(&restless), WEIR_OK);
    for (int r = 1; r < 3; r++) { /* inline, its source would have to be moved by the very thread that never rests */
        lossless(runners[r], "t-source name=a frames=500 ! t-restless name=z", "z", 0); /* which keeps no book */
        assert_int_equal(wt_count_sent("a"), 500);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ticks_do_not_starve_frames),
        cmocka_unit_test(test_every_is_lossless),
        cmocka_unit_test(test_a_source_called_again_at_once),
        cmocka_unit_test(test_empty_stream_ends),
        cmocka_unit_test(test_mixed_runners),
        cmocka_unit_test(test_every_call_is_made_once),
        cmocka_unit_test(test_latest_stays_live),
        cmocka_unit_test(test_live_every_lets_go),
        cmocka_unit_test(test_stop_drains),
        cmocka_unit_test(test_stop_twice_leaves_what_waits),
        cmocka_unit_test(test_stop_before_the_start),
        cmocka_unit_test(test_duration),
        cmocka_unit_test(test_node_failure_is_local),
        cmocka_unit_test(test_source_failure_ends_its_stream),
        cmocka_unit_test(test_open_failure_refuses_the_start),
        cmocka_unit_test(test_nobody_left),
        cmocka_unit_test(test_stuck_on_a_live_stream_stops_nobody),
        cmocka_unit_test(test_stuck_on_a_stream_that_waits_is_cut),
        cmocka_unit_test(test_snapshots_add_up),
        cmocka_unit_test(test_open_failure_beside_one_that_hangs),
        cmocka_unit_test(test_a_stuck_branch_ends_for_those_below),
        cmocka_unit_test(test_only_who_is_inside_a_call_is_blamed),
        cmocka_unit_test(test_a_timer_without_room_sleeps),
        cmocka_unit_test(test_links_come_and_go),
        cmocka_unit_test(test_where_links_may_be_attached),
        cmocka_unit_test(test_pool_keeps_time_while_one_is_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
