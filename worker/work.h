/* Work: the graph of a worker, built from what the engine tells it (src/run/share.h).
 * Thread-safety: the main thread of the worker alone. */
#ifndef WR_WORKER_WORK_H
#define WR_WORKER_WORK_H

#include "run/share.h"
#include "run/strand.h"

typedef struct wr_work {
    int channel;
    wr_graph *graph;
    wr_run run;
    wr_memory desk_memory;
    wr_desk *desk;
    weir_node **node; /* by the engine's numbers */
    int nodes;        /* room of that */
    weir_node **mine; /* as on the desk */
    int mines;
    wr_memory *bell_page;        /* of each node by the engine's numbers; fd -1: none */
    struct wr_work_store *store; /* told of */
    int stores;
    wr_edge **edge; /* links to and from its nodes, until they are left and nothing of them is held */
    int edges;
    wr_hold_store *carried; /* of the link that comes next */
    uint32_t carries;
    wr_memory bulletin; /* NULL: none of its nodes observes */
    char pipeline[512];
    char error[512]; /* why it cannot be built */
} wr_work;

/* Hears everything up to GO and builds the graph: nodes with their options and plans, stores, links, strands. False with
 * `error`. */
bool wr_work_hear(wr_work *work, int channel);
/* What the engine says of links later (WR_CARRIES, WR_LINK). False with `error`. */
bool wr_work_hear_more(wr_work *work, const void *message, int fd);
/* Gives up links that have been left, once nothing of them is held. Now and then. */
void wr_work_return(wr_work *work);
/* Makes its strands; `bell` is rung when one of its nodes has failed or ended. */
void wr_work_make_strands(wr_work *work, wr_bell *bell);
/* The number that the engine knows one of the worker's nodes by. */
int wr_work_number(const wr_work *work, const weir_node *node);

#endif
