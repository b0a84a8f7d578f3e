#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <weir/log.h>
#include <weir/picture.h>
#include <weir/pipeline.h>

/* A window holds at least so many frames, unless it becomes so many times as long. */
enum { FRAMES_LEAST = 3, LONGER_AT_MOST = 10, WARM_MOST_S = 60, POLL_NS = 200000, SLEEP_NS = 20000000 };

static atomic_bool interrupted;

void wr_bench_interrupt(void)
{
    atomic_store(&interrupted, true);
}

bool wr_bench_interrupted(void)
{
    return atomic_load(&interrupted);
}

/* --- a pipeline on a thread of its own --- */

typedef struct running {
    weir_pipeline *pipeline;
    pthread_t thread;
    atomic_bool over;
    weir_status status;
    char logged[512]; /* the first error that was logged */
} running;

static void *run_it(void *user)
{
    running *self = user;
    self->status = weir_pipeline_run(self->pipeline);
    atomic_store(&self->over, true);
    return NULL;
}

void wr_bench_keep_error(char *to, size_t bytes, const char *sentence)
{
    int place = 0;
    char *remedy;
    sscanf(sentence, "%*u:%*u: %n", &place);
    snprintf(to, bytes, "%.*s", (int)strcspn(sentence + place, "\n"), sentence + place);
    if ((remedy = strstr(to, "; check url=")))
        *remedy = '\0';
}

static void listen(void *user, weir_log_level level, const char *name, const char *text)
{
    running *self = user;
    if (level == WEIR_LOG_ERROR && !self->logged[0])
        snprintf(self->logged, sizeof self->logged, "%s%s%s", name ? name : "", name ? ": " : "", text);
}

static bool start(running *self, const char *line, char *why, size_t why_bytes)
{
    *self = (running){.pipeline = weir_pipeline_new("bench")};
    weir_log_set_sink(listen, self);
    if (weir_pipeline_line(self->pipeline, line) >= 0 && weir_pipeline_check(self->pipeline) >= 0 &&
        pthread_create(&self->thread, NULL, run_it, self) == 0)
        return true;
    wr_bench_keep_error(why, why_bytes, weir_pipeline_error(self->pipeline));
    weir_log_set_sink(NULL, NULL);
    weir_pipeline_free(self->pipeline);
    return false;
}

/* At once, without what still waits. */
static void stop(running *self)
{
    weir_pipeline_stop(self->pipeline);
    weir_pipeline_stop(self->pipeline);
    pthread_join(self->thread, NULL);
    weir_log_set_sink(NULL, NULL);
}

/* --- the window --- */

typedef struct reading {
    double wall_s, cpu_s, detect_cpu_s;
    weir_link_stats link; /* the last; its names are not valid */
    weir_spread busy;
    uint64_t rss_peak_bytes;
} reading;

static double seconds_of(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* This thread looks at accounts, which is no part of the work. */
static double cpu_of_others(void)
{
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID) - seconds_of(CLOCK_THREAD_CPUTIME_ID);
}

static reading read_account(const running *self)
{
    reading now = {.wall_s = seconds_of(CLOCK_MONOTONIC), .cpu_s = cpu_of_others()};
    weir_stats *stats = weir_pipeline_stats(self->pipeline);
    for (int i = 0; stats && i < stats->links; i++)
        if (strcmp(stats->link[i].to, "null") == 0)
            now.link = stats->link[i];
    for (int i = 0; stats && i < stats->nodes; i++) {
        if (strcmp(stats->node[i].component, "detect") != 0)
            continue;
        now.detect_cpu_s += stats->node[i].cpu_s;
        now.busy = stats->node[i].busy;
    }
    now.rss_peak_bytes = stats ? stats->rss_peak_bytes : 0;
    weir_stats_free(stats);
    return now;
}

static bool goes_on(running *self)
{
    return !atomic_load(&self->over) && !wr_bench_interrupted();
}

static void sleep_ns(long ns)
{
    nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
}

/* The account just after a frame has come out, `frames` or more in all; so no part of a frame is counted. False:
 * that does not come until then, or the pipeline ends. */
static bool read_at_frame(running *self, uint64_t frames, double until_s, reading *now)
{
    uint64_t before = read_account(self).link.taken;
    while (goes_on(self) && seconds_of(CLOCK_MONOTONIC) < until_s) {
        *now = read_account(self);
        if (now->link.taken != before && now->link.taken >= frames)
            return true;
        sleep_ns(POLL_NS);
    }
    return false;
}

static void sleep_until(running *self, double time_s)
{
    while (goes_on(self) && seconds_of(CLOCK_MONOTONIC) + SLEEP_NS / 1e9 < time_s)
        sleep_ns(SLEEP_NS);
}

static void note(wr_bench_run *run, const reading *from, const reading *to)
{
    *run = (wr_bench_run){.done = true,
                          .wall_s = to->wall_s - from->wall_s,
                          .offered = to->link.offered - from->link.offered,
                          .taken = to->link.taken - from->link.taken,
                          .cpu_s = to->cpu_s - from->cpu_s,
                          .detect_cpu_s = to->detect_cpu_s - from->detect_cpu_s,
                          .age = to->link.age,
                          .wait = to->link.wait,
                          .busy = to->busy,
                          .rss_peak_bytes = to->rss_peak_bytes};
}

static bool window(running *self, double seconds, uint64_t warm_frames, wr_bench_run *run)
{
    reading from, to;
    double began_s = seconds_of(CLOCK_MONOTONIC);
    sleep_until(self, began_s + seconds / 4);
    if (!read_at_frame(self, warm_frames, began_s + seconds + WARM_MOST_S, &from))
        return false;
    sleep_until(self, from.wall_s + seconds);
    if (!read_at_frame(self, from.link.taken + FRAMES_LEAST, from.wall_s + (1 + LONGER_AT_MOST) * seconds + 1, &to))
        return false;
    note(run, &from, &to);
    return true;
}

static void say_why(const running *self, wr_bench_run *run)
{
    bool ran = self->status >= 0 || self->status == WEIR_FAILED || self->status == WEIR_STUCK;
    const char *said = weir_pipeline_error(self->pipeline);
    run->refused = !ran;
    if (!wr_bench_interrupted())
        wr_bench_keep_error(run->error, sizeof run->error,
                            said[0]           ? said
                            : self->logged[0] ? self->logged
                                              : "too few frames came out");
}

/* So that the peak of memory is this run's: earlier ones leave nothing behind. */
static void forget_peak(void)
{
    malloc_trim(0);
    int file = open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC);
    if (file < 0)
        return;
    /* 5: only the mark of the highest resident memory. Where it cannot be reset, the peak is that of all runs. */
    while (write(file, "5", 1) < 0 && errno == EINTR)
        ;
    close(file);
}

bool wr_bench_measure(const char *line, double seconds, uint64_t warm_frames, wr_bench_run *run)
{
    running self;
    *run = (wr_bench_run){0};
    forget_peak();
    if (!start(&self, line, run->error, sizeof run->error)) {
        run->refused = true;
        return true;
    }
    bool measured = window(&self, seconds, warm_frames, run);
    stop(&self);
    if (!measured)
        say_why(&self, run);
    if (self.status == WEIR_STUCK) /* what is left behind still uses it */
        return false;
    weir_pipeline_free(self.pipeline);
    return true;
}
