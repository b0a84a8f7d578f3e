/* Steady state: a pipeline that runs allocates nothing for a frame, and its memory does not grow. Allocations are
 * counted where all of them come by, in the whole process; a sink notes the count at its first thousand frames and again
 * a hundred thousand frames later. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>
#include <weir/weir.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define COUNTED false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define COUNTED false
#endif
#endif
#ifndef COUNTED
#define COUNTED true
#endif

static _Atomic uint64_t allocations;

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/* What glibc's own are called beside. */
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

void *malloc(size_t bytes)
{
    atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
    return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
    atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
    return __libc_calloc(count, bytes);
}

void *realloc(void *old, size_t bytes)
{
    atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
    return __libc_realloc(old, bytes);
}
#endif

/* Where nothing is counted, only that it runs is of interest. */
enum { WARM = 1000, FRAMES = COUNTED ? 100000 : 5000, PAGES_MORE = 256 };

typedef struct gauge {
    uint64_t frames, allocations;
    long pages;
} gauge;

static gauge begin, end;

static long resident_pages(void)
{
    long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file || fscanf(file, "%ld %ld", &size, &resident) != 2)
        resident = 0;
    if (file)
        fclose(file);
    return resident;
}

static weir_status gauge_process(weir_node *node, int input, const weir_frame *frame)
{
    uint64_t *frames = weir_state(node);
    (void)input, (void)frame;
    ++*frames;
    if (*frames != WARM && *frames != WARM + FRAMES)
        return WEIR_OK;
    gauge *now = *frames == WARM ? &begin : &end;
    uint64_t before = atomic_load(&allocations);
    now->pages = resident_pages();
    now->frames = *frames;
    /* Those of looking, which come before the end of this call, do not count. */
    now->allocations = *frames == WARM ? atomic_load(&allocations) : before;
    return *frames == WARM ? WEIR_OK : WEIR_END;
}

static const weir_component_class gauge_class = {
    .name = "gauge",
    .summary = "notes how much was allocated",
    .inputs = (const weir_port[]){{.name = "in", .wants = {"*"}, .flags = WEIR_PORT_MANY}, {0}},
    .state_bytes = sizeof(uint64_t),
    .process = gauge_process,
};

static void run(const char *runner, const char *line)
{
    begin = end = (gauge){0};
    weir_register(&gauge_class);
    weir_pipeline *p = weir_pipeline_new("steady");
    weir_pipeline_runner(p, runner);
    if (weir_pipeline_line(p, line) != WEIR_OK || weir_pipeline_run(p) != WEIR_OK)
        fail_msg("%s: %s", line, weir_pipeline_error(p));
    weir_stats *stats = weir_pipeline_stats(p);
    assert_true(stats->pool_peak_bytes <= stats->bound_bytes);
    weir_stats_free(stats);
    weir_pipeline_free(p);
    assert_int_equal(end.frames, WARM + FRAMES);
    if (COUNTED) {
        assert_int_equal(end.allocations, begin.allocations);
        assert_true(end.pages - begin.pages < PAGES_MORE);
    }
}

static void test_nothing_is_allocated_for_a_frame(void **state)
{
    static const char *const runners[] = {"inline", "thread", "pool"};
    (void)state;
    for (int r = 0; r < 3; r++) {
        run(runners[r], "test-source rate=0 size=16x16 ! gauge");
        run(runners[r], "test-source rate=0 size=0x0 ! rate fps=100000 ! gauge hold=4");
        run(runners[r], "test-source rate=0 size=16x16 name=s ! join name=j ! gauge ; @s ! rate fps=1 ! @j");
    }
    char line[200];
    snprintf(line, sizeof line,
             "test-source rate=0 size=16x16 frames=%d name=s ! gauge ; @s ! null take=latest ; @s ! null take=newest=3",
             WARM + FRAMES);
    run("thread", line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nothing_is_allocated_for_a_frame)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
