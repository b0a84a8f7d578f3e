/* Steady state: a pipeline that runs allocates nothing for a frame, takes no lock for one unless it shares a pool, and
 * its memory does not grow. Allocations are counted where all of them come by, in the whole process, locks where weir
 * and its components take them; a sink notes the counts at its first thousand frames and again a hundred thousand
 * frames later. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
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

/* The linker leads every call of F here (--wrap). The supervisor, which looks after the nodes ten times a second on the
 * thread that runs the pipeline, does not count: it is no part of a frame's way. */
static _Atomic uint64_t locks;
static _Thread_local bool is_supervisor;

static void count_lock(void)
{
    if (!is_supervisor)
        atomic_fetch_add_explicit(&locks, 1, memory_order_relaxed);
}

#define COUNT_LOCKS(F, DECLARED, PASSED)                                                                               \
    int __real_##F DECLARED;                                                                                           \
    int __wrap_##F DECLARED;                                                                                           \
    int __wrap_##F DECLARED                                                                                            \
    {                                                                                                                  \
        count_lock();                                                                                                  \
        return __real_##F PASSED;                                                                                      \
    }
COUNT_LOCKS(pthread_mutex_lock, (pthread_mutex_t * lock), (lock))
COUNT_LOCKS(pthread_mutex_trylock, (pthread_mutex_t * lock), (lock))
COUNT_LOCKS(pthread_cond_wait, (pthread_cond_t * cond, pthread_mutex_t *lock), (cond, lock))
COUNT_LOCKS(pthread_cond_timedwait, (pthread_cond_t * cond, pthread_mutex_t *lock, const struct timespec *until),
            (cond, lock, until))
COUNT_LOCKS(pthread_cond_signal, (pthread_cond_t * cond), (cond))
COUNT_LOCKS(pthread_cond_broadcast, (pthread_cond_t * cond), (cond))
COUNT_LOCKS(pthread_rwlock_rdlock, (pthread_rwlock_t * lock), (lock))
COUNT_LOCKS(pthread_rwlock_wrlock, (pthread_rwlock_t * lock), (lock))

/* Where nothing is counted, only that it runs is of interest. */
enum { WARM = 1000, FRAMES = COUNTED ? 100000 : 5000, PAGES_MORE = 256 };

typedef struct gauge {
    uint64_t frames, allocations, locks;
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
    now->locks = atomic_load(&locks);
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
    if (strcmp(runner, "pool") == 0) /* whose queue is under a lock: so they are counted */
        assert_true(end.locks > begin.locks);
    else
        assert_int_equal(end.locks, begin.locks);
    if (COUNTED) {
        assert_int_equal(end.allocations, begin.allocations);
        assert_true(end.pages - begin.pages < PAGES_MORE);
    }
}

static void test_nothing_is_allocated_or_locked_for_a_frame(void **state)
{
    static const char *const runners[] = {"inline", "thread", "pool"};
    (void)state;
    is_supervisor = true;
    for (int r = 0; r < 3; r++) {
        run(runners[r], "test-source rate=0 size=16x16 ! gauge");
        run(runners[r], "test-source rate=0 size=0x0 ! rate fps=100000 ! gauge hold=4");
        run(runners[r], "test-source rate=0 size=16x16 name=s ! join name=j ! gauge ; @s ! rate fps=1 ! @j");
    }
    /* More frames than are looked at: a source that has ended closes, under a lock. */
    char line[200];
    snprintf(line, sizeof line,
             "test-source rate=0 size=16x16 frames=%d name=s ! gauge ; @s ! null take=latest ; @s ! null take=newest=3",
             WARM + FRAMES + 1000);
    run("thread", line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nothing_is_allocated_or_locked_for_a_frame)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
