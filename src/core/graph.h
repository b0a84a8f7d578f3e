/* Graph: the pipeline as it will run. Built from a description; every mistake is found here.
 *
 * Building: component classes are found, options parsed into their structs, ports
 * matched, a decoder put between packets and a consumer of pictures, replicas
 * spread, liveness and the attachments of each link computed, plan() called, and
 * the stores and links sized. Then nothing is started, and nothing but the
 * description of it is allocated: wr_graph_allocate() does that.
 */
#ifndef WR_GRAPH_H
#define WR_GRAPH_H

#include "core/description.h"
#include "core/node.h"
#include "core/view.h"
#include <weir/clock.h>

/* One line of the memory bound. */
typedef struct wr_cost {
    char what[96];
    size_t bytes;
} wr_cost;

struct wr_graph {
    weir_node **node; /* in topological order once built: producers first */
    int nodes;
    wr_edge **edge;
    int edges;
    unsigned spare_links;       /* that may be attached at a time while running */
    pthread_mutex_t edges_lock; /* held while edges are looked at from outside their nodes, or attached */
    weir_clock *clock;
    const char *runner; /* of nodes that name none; "thread" */
    bool isolate;       /* exposed nodes that name none run as processes */
    bool sandbox_told;  /* what the sandboxes of processes hold is logged */
    bool runner_forced; /* from the command line: overrides nodes too */
    weir_node *source[WR_STREAMS_MAX];
    uint32_t streams;
    wr_views *views;
    wr_cost *cost;
    size_t costs;
    size_t bound_bytes;
    int workers;                        /* processes that nodes run in, beside this one */
    uint16_t lent;                      /* stores whose attachments go to other processes */
    unsigned visits;                    /* of walks along the graph, to mark nodes with */
    wr_memory bulletin;                 /* the account of all, for workers that observe; see run/bulletin.h */
    weir_stats *(*observe)(void *user); /* for weir_observe(); NULL: nobody can say */
    void *observe_user;
    wr_bell *supervisor; /* rung when a node has failed or ended */
};

wr_graph *wr_graph_new(void);
/* Every mistake goes to problems; true if there was none. */
bool wr_graph_build(wr_graph *graph, const wr_description *description, wr_problems *problems);
/* Maps stores and links. False with a problem that says how many bytes were asked for. */
bool wr_graph_allocate(wr_graph *graph, wr_problems *problems);
void wr_graph_free(wr_graph *graph);

/* --- parts of building, for build.c, plan.c and replica.c --- */

weir_node *wr_graph_add(wr_graph *graph, const char *name, const weir_component_class *component);
/* Appends an edge between ports that exist. */
wr_edge *wr_graph_connect(wr_graph *graph, weir_node *from, int from_port, weir_node *to, int to_port);
/* Lets an edge start at another node. */
void wr_graph_move_start(wr_edge *edge, weir_node *from, int from_port);
/* Puts producers before consumers; a node on a cycle if there is one, else NULL. */
weir_node *wr_graph_sort(wr_graph *graph);
int wr_port_find(const weir_port *ports, const char *name);
/* Frames that may wait in an attached link that carries these kinds. */
uint32_t wr_spare_depth(uint64_t kinds);
/* What places a spare link adds to a store of that kind. */
unsigned wr_spare_places(weir_kind kind);
/* Sets up an edge's link from the nodes at its ends and its policy. */
void wr_graph_configure(wr_graph *graph, wr_edge *edge);
/* Kinds, liveness, inline strands, sizes; calls plan() of every node. */
bool wr_graph_plan(wr_graph *graph, const char *file, wr_problems *problems);
/* What a consumer and a producer remember of orders that have passed, where somebody below asks. */
void wr_edge_make_bounds(const wr_graph *graph, wr_edge *edge);
void wr_node_make_passed(weir_node *node);
/* Which links go from one process to another, and which stores' attachments each of them may carry. Stores are sized. */
void wr_graph_across(wr_graph *graph);
bool wr_edge_is_across(const wr_edge *edge);
/* Between stores of this process and links that lead out of it or come into it: lends, and imports. False with errno. */
bool wr_graph_connect_stores(wr_graph *graph);
/* The store that other processes know by this number, one that there is: whose it is, and its plan. */
wr_plan_store *wr_graph_lent(wr_graph *graph, uint16_t shared_id, weir_node **owner);
/* A link in the place of one whose producer, elsewhere, has died: new memory, the same ends. NULL without memory. The old
 * one hangs on it, until its consumer has gone over and holds nothing more. */
wr_edge *wr_edge_successor(wr_graph *graph, wr_edge *old);
bool wr_edge_holds_nothing(const wr_edge *edge);
/* Stores that came by this link. Nothing may refer to them any more. */
void wr_edge_forget_imports(wr_edge *edge);
/* Puts a dispatcher, copies and a collector in the place of a node with replicas. */
bool wr_graph_replicate(wr_graph *graph, weir_node *node, int copies);
/* Attachments as sets of bits. */
uint64_t wr_port_needs(const weir_port *port);
uint64_t wr_port_wants(const weir_port *port);
uint64_t wr_port_adds(const weir_port *port);
/* Returns memory, or ends the process if it is NULL. */
void *wr_must(void *memory);

#endif
