/* Stats: the true account of a pipeline at one moment.
 *
 * Each link's counters are from one instant: offered = taken + dropped + waiting,
 * always. Different links and nodes are read one after the other.
 */
#ifndef WEIR_STATS_H
#define WEIR_STATS_H

#include <stdbool.h>
#include <stdint.h>
#include <weir/policy.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Bounds of the coarse histogram in a spread: 1 ms to 60 s. */
enum { WEIR_SPREAD_BOUNDS = 14 };
WEIR_API extern const int64_t weir_spread_bound_ns[WEIR_SPREAD_BOUNDS];

/* Percentiles, the sum and the coarse histogram are exact to 1.6 %, max is exact. All 0 when count is 0. */
typedef struct weir_spread {
    uint64_t count;
    int64_t p50_ns, p99_ns, max_ns;
    int64_t sum_ns;                      /* INT64_MAX where it would be more */
    uint64_t within[WEIR_SPREAD_BOUNDS]; /* how many were at most weir_spread_bound_ns[i] */
} weir_spread;

typedef struct weir_link_stats {
    const char *from, *to; /* names of nodes */
    int from_port, to_port;
    weir_policy policy;
    bool live;    /* nothing waits for this link */
    bool inline_; /* no queue: consumer in its producer's thread */
    bool cut;     /* the consumer failed, was stuck, or left */
    bool tap;     /* leads out of the pipeline: `to` is a node's name, a point and a viewer's number or "gone" */
    uint64_t offered, taken, waiting, waiting_max;
    uint64_t dropped[WEIR_REASONS];
    weir_spread age;  /* when taken, since capture */
    weir_spread wait; /* when taken, since offered */
} weir_link_stats;

typedef struct weir_node_stats {
    const char *name, *component, *summary; /* summary: of the component, one line */
    const char *runner;                     /* runner: "inline", "thread", "pool", "process" */
    const char *state;                      /* "new", "running", "done", "failed", "stuck" */
    char error[256];                        /* why it failed or is stuck; "" */
    uint64_t frames_in, frames_out, errors, restarts, lost;
    weir_spread busy; /* one call of produce, process, finish or tick that had something to do */
    double cpu_s;     /* of the node where it has a thread of its own, else its share of the thread's by time busy */
    int64_t hidden_ns;
    const char *options;     /* as they were written, "key=value" lines, secrets masked; NULL: none */
    const char *sandbox;     /* of its process: "full", "partial", "none"; NULL: it runs in this one */
    char sandbox_holds[256]; /* in words: what it may still do, and what the kernel could not bind */
} weir_node_stats;

typedef struct weir_stats {
    const char *pipeline;
    double duration_s;
    const char *end; /* "running", "end-of-stream", "stopped", "duration", "failed" */
    int nodes, links;
    weir_node_stats *node;
    weir_link_stats *link;
    char *names;              /* what some of the above point to */
    uint64_t bound_bytes;     /* as checked before the start */
    uint64_t pool_peak_bytes; /* most that was in use in the stores at once, summed over stores */
    uint64_t rss_peak_bytes;  /* of the process; and of its workers, each at its most */
} weir_stats;

WEIR_API void weir_stats_free(WEIR_OWNED weir_stats *stats);

#ifdef __cplusplus
}
#endif
#endif
