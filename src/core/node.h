/* Node: a component placed in a pipeline, and how it is moved one step at a time.
 *
 * A strand calls wr_node_step() until it says that there is nothing to do. One
 * step is at most one call of the component: open, produce, process, tick, finish
 * or close. No step waits, but for what the component itself waits for.
 *
 *     NEW -open-> RUNNING -all inputs ended, or END-> DONE
 *                    \-failed, or left behind-> FAILED
 *
 * What a strand works on is written by that strand alone, except the fields marked
 * atomic.
 */
#ifndef WR_NODE_H
#define WR_NODE_H

#include "core/bell.h"
#include "core/description.h"
#include "core/link.h"
#include "core/store.h"
#include "core/tap.h"
#include <pthread.h>
#include <weir/component.h>
#include <weir/pipeline.h>

typedef struct wr_strand wr_strand;
typedef struct wr_taps wr_taps;
typedef struct wr_graph wr_graph;

enum { WR_STREAMS_MAX = 1024, WR_PLAN_STORES = 8, WR_REPLICAS_MAX = 64 };

/* Class flag beside those of <weir/component.h>: one output with room is enough to be called (dispatchers). */
enum { WEIR_ONE_ROOM = 1 << 16 };

typedef enum wr_phase { WR_NEW, WR_RUNNING, WR_DONE, WR_FAILED } wr_phase;
typedef enum wr_step { WR_STEP_IDLE, WR_STEP_WORKED, WR_STEP_OVER } wr_step;

/* A link as the graph knows it. Allocated once, freed with the graph. `attached`: the consumer may still look at it. */
typedef struct wr_edge {
    wr_link link;
    wr_link_config config;
    uint32_t hold;     /* 0: not written */
    bool policy_given; /* take was written */
    bool always_waits; /* whatever the stream: between a node's own parts */
    wr_place at;       /* for messages */
    bool *streams;     /* which streams it can carry */
    weir_node *from, *to;
    int from_port, to_port;
    bool inline_, spare;    /* spare: attached while running */
    wr_hold_store *carried; /* across: what config.store points to */
    _Atomic bool in_use, attached, given_back;
    int input;               /* its number at the consumer */
    int number;              /* in the engine's graph */
    struct wr_edge *old;     /* across: what this one came after, until nothing of it is held */
    struct wr_edge *follows; /* across: what comes after this one, while its consumer has not come to it */
    bool broken_told;        /* across: the keeper has seen to it */
    bool consumer_gone;      /* across: when the producer died, no consumer lived */
    uint32_t died_before;    /* across: consumers that had died by then */
    _Atomic bool left;       /* across: the consumer has gone over to the next */
    weir_link_stats before;  /* across: what those counted that this one came after */
} wr_edge;

typedef struct wr_input {
    wr_edge *edge;
    bool accept, ended, finished;
    int64_t *bound; /* of each stream, if the link has bounds */
    int64_t *seen;  /* beside: what had passed before the frame in hand was taken */
    wr_edge *next;  /* across: comes after `edge`, whose producer has died */
    bool last;      /* and that frame was the last one offered by then */
} wr_input;

typedef struct wr_output {
    uint64_t kinds;   /* what frames can carry here */
    uint64_t carried; /* and what they do, since somebody below asked for it when this was built */
    wr_edge **edge;   /* room for `room`; the producer's strand alone changes it while running */
    int edges, room;
} wr_output;

typedef struct wr_plan_store {
    weir_kind kind;
    size_t item_bytes, budget_bytes;
    unsigned held;
    uint32_t slots; /* found from the links below */
    size_t data_bytes;
    uint16_t shared_id;          /* by which other processes know it; 0: it stays in one */
    wr_memory data, slot_memory; /* of a node that runs elsewhere: made here, used there */
} wr_plan_store;

/* An option as it was given, for a worker to be told. */
typedef struct wr_told {
    const char *option; /* its name */
    char *value;        /* resolved; the node's */
    bool secret;
} wr_told;

/* Offers a frame to one link of an output; as weir_send(), for dispatchers. */
void wr_node_send_to(weir_node *node, wr_edge *edge, WEIR_OWNED weir_frame *frame);

enum { WR_FILES_LEAST = 32, WR_FILES_MOST = 65536 };

/* Of a node that runs in a process of its own; 0: none. */
typedef struct wr_limits {
    uint64_t memory_bytes; /* that the process has for itself; in a group, the largest that is named */
    unsigned files;        /* that it has open; as above */
    int64_t deadline_ns;   /* of processor time for one call */
    bool given;            /* one of them was written */
} wr_limits;

/* What another thread wants changed between two steps. */
typedef struct wr_change {
    struct wr_change *next;
    enum { WR_ADD_OUTPUT, WR_ADD_INPUT, WR_REMOVE_OUTPUT, WR_NEXT_INPUT } what;
    wr_edge *edge;
} wr_change;

/* What others may see of a node, counted by its strand. In memory of its own, which can be that of another process: then
 * it goes on from where the process before it came to. */
typedef struct wr_tally {
    _Atomic uint64_t frames_in, frames_out, errors, lost, steps;
    _Atomic int64_t call_began_ns; /* 0: not in a call */
    _Atomic int64_t hidden_ns, busy_ns, cpu_ns;
    _Atomic int64_t number;    /* sources: of the last frame */
    _Atomic int64_t order;     /* the greatest that it sent; 0: none */
    _Atomic int64_t bookmark;  /* weir_set_bookmark() */
    _Atomic uint64_t restarts; /* by the keeper */
    _Atomic int shown_phase;   /* wr_phase, or WR_SHOWN_STUCK */
    wr_histogram busy;
} wr_tally;

struct weir_node {
    const weir_component_class *class;
    char name[80];
    const char *shown;      /* the name that links say: replicas answer under one */
    const char *replica_of; /* or NULL */
    wr_graph *graph;
    wr_strand *strand;
    void *options, *state;
    wr_told *told; /* resolved values that options point to */
    size_t tolds;
    char *shown_options;      /* "key=value" lines as written, secrets masked; NULL: none */
    const weir_node *copy_of; /* a replica's options are those of this node; NULL: its own */
    char runner[8];           /* as asked for; "" for the pipeline's */
    char runner_used[8];      /* inline, thread, pool or process */
    bool runs_inline;         /* as decided */
    char group[64];           /* nodes of one group share a process; "": alone */
    int worker;               /* the process that it runs in; -1: the one that looks at this */
    int strand_number;        /* nodes of one number are moved together */
    int rank, below; /* among these, downstream first: its own place, and that of its lowest consumer, else its own */
    int replicas;
    wr_limits limits;
    wr_place at_place; /* for messages */
    int64_t stall_ns;
    unsigned visit; /* of the walk that came by last */
    bool bad;       /* a mistake was found: not planned */
    int place;      /* in the topological order */

    wr_input *input;
    int inputs, inputs_room;
    wr_output *output;
    int outputs;

    uint32_t stream; /* sources: its number */
    bool live, bounds;
    wr_plan_store plan[WR_PLAN_STORES];
    int plans;
    unsigned keeps;
    uint64_t through;         /* what it passes on for those below */
    const weir_node *decodes; /* a decoder that was put in: the node whose packets it takes, from this output */
    int decodes_port;
    unsigned holds_back; /* frames before it sends the first; 0: as many as it keeps */
    unsigned lag;        /* frames that it and the nodes above may hold back */
    size_t plan_bytes;
    unsigned sockets; /* weir_plan_sockets() */
    wr_tap_plan tap_plan;
    wr_memory tap_memory; /* where its taps lie, here or elsewhere */
    wr_taps *taps;        /* where it runs */
    wr_store *store[WEIR_KINDS_MAX];
    int64_t *passed; /* of each stream, what outputs were told; only with bounds */

    wr_phase phase;
    int turn;    /* input to look at first */
    int at;      /* input whose frame or end is not finished with; -1: none */
    bool again;  /* MORE was said */
    bool ticked; /* in the step before */
    bool tick_wanted, output_was_cut;
    bool to_ring;      /* this call sent to links whose consumers must be looked at again */
    bool gives_across; /* a link leads to another process */
    bool no_room;      /* at the last step: it is called when there is room, not when a time comes */
    weir_frame frame;  /* in hand while again */
    int64_t wake_at_ns;
    int64_t sent_ns; /* when it last sent; 0: not in this call */

    _Atomic bool wake;        /* weir_wake() was called */
    _Atomic bool interrupted; /* calls of the component should end */
    _Atomic bool drain;       /* sources: behave as if ended */
    bool drain_told;          /* elsewhere: its process knows; the keeper's */
    wr_bell sleep_bell;       /* weir_sleep() */
    pthread_mutex_t changes_lock;
    bool open;           /* under changes_lock: interrupt may be called */
    wr_change *changes;  /* under changes_lock */
    bool changes_closed; /* under changes_lock: its strand is over */
    _Atomic bool any_change;

    wr_tally *tally, *own_tally; /* own: where tally is, unless in memory shared with another process */
    pthread_mutex_t error_lock;
    char error[256];    /* under error_lock */
    char sandbox[256];  /* under error_lock: what its process may do, in words; "": it runs in this one */
    int sandbox_level;  /* under error_lock: 0 full, 1 partial, 2 none */
    weir_status status; /* of the failure; written by the strand before shown_phase */
    _Atomic int64_t error_logged_ns;
};

enum { WR_SHOWN_STUCK = 100 };

/* The plan of the largest store that attachments of a kind on this node's outputs can live in; NULL if none. `visit` is
 * a fresh number, see wr_graph.visits. */
const wr_plan_store *wr_node_origin(weir_node *node, weir_kind kind, unsigned visit);
/* One step. `*now_ns` is the time as last read; the step reads it anew after work. before_sleep: the bell is armed, and
 * will ring only once links without room are half free. */
wr_step wr_node_step(weir_node *node, int64_t *now_ns, bool before_sleep);
/* Opens the component: the first step of all, taken apart so that no source starts before every node is open. */
weir_status wr_node_open(weir_node *node);
/* Ends a node in whatever state it is: its strand stops at once. */
void wr_node_abandon(weir_node *node);
/* When it wants to be called; INT64_MAX for never. */
int64_t wr_node_wake_at(const weir_node *node);
/* Makes calls that wait end: any thread. */
void wr_node_interrupt(weir_node *node);
void wr_node_drain(weir_node *node);
/* Asks the node's strand for a change; takes over `change`. Any thread. */
void wr_node_change(weir_node *node, WEIR_OWNED wr_change *change);

#endif
