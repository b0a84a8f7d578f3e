/* Keeper, inside: what its files have in common. */
#ifndef WR_KEEPER_INSIDE_H
#define WR_KEEPER_INSIDE_H

#include "run/keeper.h"
#include "run/share.h"

/* Restarts: at most so many within that time, each a little later than the one before. */
enum { RESTARTS_MOST = 5, FIRST_PAUSE_NS = 20000000 };

/* One worker. */
typedef struct wr_worker {
    int number;
    pid_t pid; /* 0: none lives */
    int pidfd, channel;
    wr_memory desk_memory;
    wr_desk *desk;
    bool opened;  /* it has opened its nodes once, or will not */
    bool is_open; /* the process that lives has */
    bool started, over, stopped;
    char hung[160];                      /* why it was killed: it did not answer, or not come back; "": it was not */
    uint64_t memory_bytes;               /* its limit; 0: none */
    uint64_t memory_kills;               /* wr_ending_memory_kills() when it was born */
    int64_t died_ns;                     /* the one before it; 0: none */
    bool refused;                        /* one of its nodes could not be opened, and said so */
    int64_t restart_at_ns;               /* 0: it is not to be started again */
    int64_t restarted_ns[RESTARTS_MOST]; /* the last times */
    unsigned restarts;
    int64_t lines_since_ns;
    unsigned lines;        /* of its log, since then */
    unsigned asked, heard; /* of links that it was told of while it ran */
    int64_t since_ns;
    int64_t halted_ns; /* when it was seen to be stopped; 0: it runs */
    char why[256];     /* what it said last of itself, before it ended */
} wr_worker;

struct wr_keeper {
    wr_run *run;
    wr_graph *graph;
    const char *pipeline;
    wr_worker *worker;
    int workers;
    int poked_fd;
    pthread_t thread;
    _Atomic bool ends;
    int64_t kill_at_ns;
    struct pollfd *watched;
    int64_t restarts_within_ns, opens_within_ns;
    int64_t looked_ns; /* when it last came round */
};

static inline bool belongs(const wr_worker *w, const weir_node *node)
{
    return node->worker == w->number;
}

static inline wr_worker *worker_of(wr_keeper *k, const weir_node *node)
{
    return node->worker >= 0 ? &k->worker[node->worker] : NULL;
}

#endif
