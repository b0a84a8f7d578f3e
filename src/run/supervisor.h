/* Supervisor: starts the strands of a graph, watches them, and ends them. It is what weir_pipeline_run() does. */
#ifndef WR_SUPERVISOR_H
#define WR_SUPERVISOR_H

#include "run/keeper.h"
#include "run/runner.h"

typedef struct wr_supervisor {
    wr_graph *graph;
    wr_run run;
    wr_pool *pool;
    _Atomic(wr_keeper *) keeper; /* NULL where all nodes run here */
    const char *pipeline;        /* its name, for workers */
    wr_bell bell;
    int workers;                          /* of the pool; 0: as many as there are cores, at least 2 */
    int64_t duration_ns;                  /* 0: no limit */
    _Atomic int64_t started_ns, ended_ns; /* of the pipeline's clock, once begun and once ended */
    _Atomic bool begun, ended;
    _Atomic bool started;         /* strands exist */
    pthread_mutex_t threads_lock; /* a thread is not joined while its clock is read */
    _Atomic int stops;            /* how often stop was asked for */
    const char *_Atomic end;      /* "running", then why it ended */
    bool draining, by_duration;
    int64_t progress_at_ns;
    uint64_t progress;
    int64_t grace_until_ns; /* real clock, once stop_now */
    uint64_t all_steps;     /* of all nodes, when last looked at while a producer waited */
    int64_t still_since_ns; /* since when they are the same, and nobody was inside a call */
    bool pool_runs;
    bool all_open;
    bool left_behind; /* a strand did not come back: its thread still uses the graph */
} wr_supervisor;

void wr_supervisor_init(wr_supervisor *supervisor, wr_graph *graph);
/* Prepares every node, in order. On failure the node that failed is in *culprit. */
weir_status wr_supervisor_prepare(wr_supervisor *supervisor, weir_node **culprit);
/* WEIR_OK, WEIR_FAILED, WEIR_STUCK, or what open said (*culprit is set): then no source has run. */
weir_status wr_supervisor_run(wr_supervisor *supervisor, weir_node **culprit);
void wr_supervisor_free(wr_supervisor *supervisor);

#endif
