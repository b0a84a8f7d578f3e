/* What was measured for each frame, and the spread of it as JSON: the same for every contender. */
#ifndef BENCH_LATENCIES_H
#define BENCH_LATENCIES_H

#include "../stopwatch.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

/* The first frames find everything cold, and are not counted. */
enum { FRAMES_MAX = 100000, INTERVAL_NS = 1000000, COLD = 100 };

typedef struct latencies {
    int64_t ns[FRAMES_MAX];
    int count;
} latencies;

static inline void latencies_add(latencies *all, int64_t ns)
{
    if (all->count < FRAMES_MAX)
        all->ns[all->count++] = ns;
}

static inline int compare_ns(const void *a, const void *b)
{
    const int64_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static inline double percentile_us(const int64_t *sorted, int count, int percent)
{
    return (double)sorted[(count - 1) * percent / 100] / 1e3;
}

/* False unless that many frames came. */
static inline int latencies_print(latencies *all, int frames)
{
    int count = all->count - COLD;
    if (all->count != frames || count < 1) {
        fprintf(stderr, "%d of %d frames came\n", all->count, frames);
        return 0;
    }
    int64_t *ns = all->ns + COLD;
    qsort(ns, (size_t)count, sizeof *ns, compare_ns);
    printf("{\"p50_us\": %.2f, \"p90_us\": %.2f, \"p99_us\": %.2f, \"max_us\": %.2f, \"frames\": %d}\n",
           percentile_us(ns, count, 50), percentile_us(ns, count, 90), percentile_us(ns, count, 99),
           percentile_us(ns, count, 100), count);
    return 1;
}

/* Where the contender has no pacing of its own. */
static inline void sleep_until(int64_t time_ns)
{
    struct timespec until = {.tv_sec = time_ns / 1000000000, .tv_nsec = time_ns % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR)
        ;
}

/* How many frames the command line asks for, cold ones included; 0 if it does not say. */
static inline int frames_asked(int argc, char **argv)
{
    int frames = argc == 2 ? atoi(argv[1]) + COLD : 0;
    if (frames > COLD && frames <= FRAMES_MAX)
        return frames;
    fprintf(stderr, "usage: %s FRAMES\n", argv[0]);
    return 0;
}

#endif
