/* Share: what a worker is told of the graph, and what it says of itself: messages on the channel between the two.
 *
 * The engine's messages come in this order: HELLO, KINDs, PLUGINs, STREAMs, NODEs (with the PLANs of neighbours and the
 * OPTIONs of its own), STOREs, then for each link its CARRIES and the LINK, GO. The worker builds from them a graph of its own nodes
 * and of stubs for their neighbours, and answers OPENED, or FAILED for a node. START lets its sources begin.
 *
 * The worker believes the engine. The engine believes nothing: every number from a worker is checked.
 */
#ifndef WR_SHARE_H
#define WR_SHARE_H

#include "core/graph.h"
#include "os/channel.h"

typedef enum wr_word {
    /* to the worker */
    WR_HELLO = 1,
    WR_KIND,
    WR_PLUGIN,
    WR_STREAM,
    WR_NODE,
    WR_PLAN,
    WR_OPTION,
    WR_STORE,
    WR_TAPS, /* node: whose taps lie in the memory of the descriptor */
    WR_CARRIES,
    WR_LINK,
    WR_GO,
    WR_START,
    WR_DRAIN,
    WR_STOP,
    /* from the worker */
    WR_OPENED = 100,
    WR_BROKE, /* a node failed */
    WR_LOGGED,
    WR_OVER,   /* all its nodes are done; it ends */
    WR_HEARD,  /* of a link: its stores know of it */
    WR_INSIDE, /* number: what its sandbox holds, 0 all, 1 part, 2 nothing; text: in words */
    WR_WHY,    /* it ends, and why; another may be started */
} wr_word;

/* Every message begins so; what the other fields mean is said with each word. */
typedef struct wr_say {
    uint32_t word;
    int32_t node; /* number of a node, in the engine's graph; -1: none */
    int32_t number;
    int32_t status;
    char text[512];
} wr_say;

typedef struct wr_say_hello {
    wr_say say; /* number: streams; text: name of the pipeline. Descriptors: the desk, the bulletin if it observes */
    int32_t nodes, log_level;
    uint64_t desk_bytes, bulletin_bytes;
} wr_say_hello;

typedef struct wr_say_node {
    wr_say say;     /* node; text: name. Descriptor: its strand's bell, if links from elsewhere lead to it or from it */
    char shown[80]; /* the name that links say */
    char class[64];
    int32_t mine;   /* it is the worker's to run: its place on the desk, from 0; -1: a neighbour */
    int32_t strand; /* nodes of one number are moved together */
    int32_t place;  /* in topological order */
    uint32_t stream;
    bool live, bounds;
    uint32_t lag;
    int64_t stall_ns;
    wr_limits limits;
} wr_say_node;

typedef struct wr_say_plan {
    wr_say say; /* node: a neighbour; number: kind */
    uint64_t item_bytes, budget_bytes;
} wr_say_plan;

typedef struct wr_say_option {
    wr_say say; /* node; text: the option's name; number: 1 if the value is secret */
    char value[WR_CHANNEL_BYTES - sizeof(wr_say) - 16];
} wr_say_option;

typedef struct wr_say_store {
    wr_say say; /* node: the owner, here or elsewhere; number: kind. Descriptor: the data */
    uint32_t shared_id, slots;
    uint64_t item_bytes, bytes; /* item_bytes 0: varied; bytes: mapped in all */
} wr_say_store;

typedef struct wr_say_link {
    wr_say say; /* number: of the link, in the engine's graph. Descriptor: its memory, where it goes across */
    int32_t from, to, from_port, to_port, place;
    uint8_t streams[WR_STREAMS_MAX / 8]; /* which it can carry */
    bool next;                           /* it comes after one of the same number, whose producer has died */
    bool inline_, here; /* here: one of its ends is the worker's; else it only carries from a store of the worker's */
    wr_link_config config;
} wr_say_link;

/* What a worker's nodes have counted, and that it lives. Written by the worker, read by the engine. */
typedef struct wr_desk {
    _Atomic int64_t beat_ns;    /* when it last looked around */
    _Atomic uint64_t rss_bytes; /* most it ever held */
    _Atomic uint64_t own_bytes; /* as its limit counts, most that was seen */
    _Atomic int64_t asked_ns;   /* when a node last asked what is on the bulletin */
    _Atomic uint32_t stopped;   /* 1 + the system call that the sandbox stopped it for */
    wr_tally tally[];
} wr_desk;

static inline size_t wr_desk_bytes(int nodes)
{
    return sizeof(wr_desk) + (size_t)nodes * sizeof(wr_tally);
}

enum { WR_BEAT_NS = 200000000 };

/* Tells a worker that runs of a link that comes after one whose producer has died; `here`: it takes from it. */
bool wr_share_next(int end, const wr_graph *graph, const wr_edge *edge, bool here);
/* Does a store of this worker's nodes send by that link? */
bool wr_share_is_lent_by(const wr_graph *graph, int number, const wr_edge *edge);
/* Tells worker `number` of the graph everything, up to GO. False with errno. */
bool wr_share_tell(int end, const wr_graph *graph, int number, const wr_memory *desk, const char *pipeline);

#endif
