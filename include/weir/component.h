/* Component: a kind of worker. This is all that a component includes.
 *
 * A component is described by one `static const weir_component_class` at the end
 * of its file. Placed in a pipeline under a name, it is a node. A node is moved
 * by a runner, which calls the functions of its class in this order:
 *
 *     plan                 checks options and declares sizes; starts nothing (again in the process that the node runs in,
 *                          if that is one of its own)
 *     prepare              loads libraries, opens what its options declare
 *     open                 may parse what comes from outside
 *     produce* | process*  sources produce; the others process what their links bring
 *     finish               once for each input that has ended
 *     close                if open said WEIR_OK
 *
 * One call at a time per node; they may come from different threads, one after
 * the other. Only interrupt may come at any time from any thread. A node sends
 * with weir_send() and never waits: before each call of produce, process, tick
 * and finish, the runner made sure that every output has room for `burst` frames.
 *
 * Every function of a class may be NULL, but process for a class with inputs and
 * produce for a class without. Each returns WEIR_OK or a failure; a failure is
 * reported with weir_fail(), ends this node, and leaves the others running.
 *
 * Thread-safety: functions here that take a weir_node may be called only from
 * within a function of its class, except where "any thread" is said.
 */
#ifndef WEIR_COMPONENT_H
#define WEIR_COMPONENT_H

#include <weir/boxes.h>
#include <weir/frame.h>
#include <weir/log.h>
#include <weir/option.h>
#include <weir/packet.h>
#include <weir/picture.h>
#include <weir/stats.h>
#include <weir/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_node weir_node;

/* Where frames enter or leave. `kinds` are names of attachments ("weir.boxes/1"),
 * NULL-terminated within the array. */
typedef struct weir_port {
    const char *name;     /* "in" and "out" are the usual ones; NULL ends the table */
    const char *needs[5]; /* input: every frame must carry these; checked before the start */
    const char *wants[5]; /* input: carried if there; "*": everything */
    const char *adds[5];  /* output: what frames sent here carry beside what the input carried */
    unsigned flags;       /* WEIR_PORT_... */
    unsigned burst;       /* output: most frames one call sends here; 0 means 1 */
} weir_port;

enum {
    WEIR_PORT_MANY = 1,     /* input: any number of links may lead here (else one) */
    WEIR_PORT_FRESH = 2,    /* output: frames do not carry the input's attachments */
    WEIR_PORT_OPTIONAL = 4, /* may stay unlinked (outputs always may) */
    WEIR_PORT_ORDERED = 8,  /* input: frames must be in the order of display, so packets are decoded first */
};

enum {
    WEIR_STATELESS = 1, /* class: a frame's result depends on that frame alone; may have replicas */
    WEIR_HOLDS = 2,  /* class: may send a frame's result after process returned (decoders, delays); see weir_passed() */
    WEIR_BOUNDS = 4, /* class: uses weir_input_bound() (joins) */
    WEIR_WRITES = 8, /* class: its paths are written to, in the folders that they are in */
    WEIR_OBSERVES = 32, /* class: is told of the whole pipeline, see weir_observe() */
    WEIR_EXPOSED = 16,  /* class: parses what comes from outside; see weir_pipeline_isolate() */
};

typedef struct weir_component_class {
    const char *name;           /* as written in a pipeline */
    const char *summary;        /* one line, no full stop */
    const weir_port *inputs;    /* NULL: a source */
    const weir_port *outputs;   /* NULL: a sink */
    const weir_option *options; /* NULL: none */
    size_t options_bytes;       /* of the struct that options fill */
    size_t state_bytes;         /* of weir_state(), zeroed */
    unsigned flags;             /* WEIR_STATELESS ... */
    weir_status (*plan)(weir_node *);
    weir_status (*prepare)(weir_node *);
    weir_status (*open)(weir_node *);
    /* Sources. WEIR_MORE: call again as soon as there is room. WEIR_OK: call again at the time asked for with
     * weir_wake_at(), or after weir_wake(). WEIR_END: the stream has ended. Waits a bounded time, if at all. */
    weir_status (*produce)(weir_node *);
    /* `frame` is borrowed; fork it to keep it. WEIR_MORE: not finished with this frame, call again (with the same
     * frame) when there is room. */
    weir_status (*process)(weir_node *, int input, const weir_frame *frame);
    /* Input has ended: flush. WEIR_MORE as above. */
    weir_status (*finish)(weir_node *, int input);
    /* Not for sources: the time asked for with weir_wake_at() has come, or weir_wake() was called. WEIR_MORE: again,
     * after a frame if one waits (with WEIR_BOUNDS before it). */
    weir_status (*tick)(weir_node *);
    void (*interrupt)(weir_node *); /* any thread, any time between open and close: end a call that waits */
    void (*close)(weir_node *);
} weir_component_class;

/* What a module (lib/weir/NAME.so, or --plugin ./mine.so) exports under the name `weir_plugin`. */
typedef struct weir_plugin_info {
    unsigned abi;                               /* WEIR_ABI */
    const weir_component_class *const *classes; /* NULL-terminated */
} weir_plugin_info;
#define WEIR_ABI 1u
#define WEIR_PLUGIN(...)                                                                                               \
    WEIR_API extern const weir_plugin_info weir_plugin;                                                                \
    const weir_plugin_info weir_plugin = {WEIR_ABI, (const weir_component_class *const[]){__VA_ARGS__, NULL}}

/* --- the node itself --- */

WEIR_API void *weir_state(weir_node *node);               /* state_bytes, zeroed before plan. Any thread */
WEIR_API const void *weir_options(const weir_node *node); /* options_bytes, filled. Any thread */
WEIR_API const char *weir_name(const weir_node *node);    /* Any thread */
/* Number of links that lead to this node and leave from output `port`. */
WEIR_API int weir_inputs(const weir_node *node);
WEIR_API int weir_consumers(const weir_node *node, int port);
/* Which port (index in class->inputs) and which node (its name) stand behind an input. Links to one port are
 * separate inputs. `from` may be NULL. */
WEIR_API int weir_input_port(const weir_node *node, int input, const char **from);
/* Whether frames of that stream can come by an input. From open on. */
WEIR_API bool weir_input_stream(const weir_node *node, int input, uint32_t stream);
/* Streams of the pipeline are numbered from 0; known from open on. */
WEIR_API uint32_t weir_streams(const weir_node *node);
/* Name of the source node that made a stream; "?" if there is none. Any thread. */
WEIR_API const char *weir_stream_name(const weir_node *node, uint32_t stream);
/* Whether a stream that cannot wait comes to this node, or from it; in plan and after. */
WEIR_API bool weir_is_live(const weir_node *node);

/* --- plan --- */

/* Frames sent by this node may carry attachments of `kind` made with weir_attach(), each of at most item_bytes, and
 * the component itself keeps at most `held` of them at a time. The store is sized from this and from the links below.
 * budget_bytes 0: every item has room for item_bytes; else items vary in size (packets) and each link that carries
 * them adds at most budget_bytes. */
WEIR_API weir_status weir_plan_store(weir_node *node, weir_kind kind, size_t item_bytes, unsigned held,
                                     size_t budget_bytes);
/* Largest attachment of that kind that can come from an input (nodes upstream were planned before); 0 if none can. */
WEIR_API size_t weir_input_item_bytes(const weir_node *node, int input, weir_kind kind);
/* How many frames the nodes above an input may hold back (those with WEIR_HOLDS, see weir_plan_lag()): so many must be
 * let past them before the first one comes. In plan. */
WEIR_API unsigned weir_input_lag(const weir_node *node, int input);
/* Sources: this stream cannot wait. */
WEIR_API void weir_plan_live(weir_node *node);
/* The component keeps at most `frames` of the frames it receives, with their attachments, between calls. */
WEIR_API void weir_plan_keeps(weir_node *node, unsigned frames);
/* For WEIR_HOLDS: at most so many frames come before the result of the first one is sent (at first: as many as it
 * keeps). */
WEIR_API void weir_plan_lag(weir_node *node, unsigned frames);
/* What the node does with sockets beside connecting to what its URL options name, WEIR_MAY_...; in a process of its own
 * the sandbox lets nothing else through. */
enum { WEIR_MAY_BIND_UDP = 1, WEIR_MAY_LISTEN = 2 };
WEIR_API void weir_plan_sockets(weir_node *node, unsigned may);
/* Memory beside stores that the node needs at most; counted in the bound. */
WEIR_API void weir_plan_memory(weir_node *node, size_t bytes);

/* --- frames --- */

/* Sources: the next frame of this node's stream: number and order counted up, captured_ns as given (when it was
 * captured, or due, on the clock of weir_now(); WEIR_WHEN_SENT: the moment of weir_send()), no attachments. The caller
 * owns it. */
WEIR_API weir_frame weir_frame_new(weir_node *node, int64_t captured_ns);
/* The greatest order of a frame that this node has sent, 0 at first. A node that gives orders of its own (a decoder) goes
 * on from there in open: it may have been replaced after a fault. */
WEIR_API int64_t weir_last_order(const weir_node *node);
/* Makes an attachment of `bytes` in the node's store for that kind (declared in plan) and adds it to the frame.
 * Returns its data, writable until the frame is sent, 64-byte aligned, not cleared; NULL when the store or the frame
 * is full (then the frame is unchanged and the caller still owns it). */
WEIR_API void *weir_attach(weir_node *node, weir_frame *frame, weir_kind kind, size_t bytes);
/* Sends a frame to all links of an output; takes it over and leaves it empty. Never blocks, never fails. */
WEIR_API void weir_send(weir_node *node, int port, WEIR_OWNED weir_frame *frame);
/* For WEIR_HOLDS: says that nothing at or before `order` of this stream will be sent any more, on any output.
 * Sending in order says so by itself. */
WEIR_API void weir_passed(weir_node *node, uint32_t stream, int64_t order);
/* For WEIR_BOUNDS: every frame of this stream up to the returned order has come from this input or never will;
 * INT64_MAX when the input has ended, INT64_MIN when nothing is known. */
WEIR_API int64_t weir_input_bound(const weir_node *node, int input, uint32_t stream);
/* Stops or resumes taking from an input (at first: taking). A tick follows a change of bounds for WEIR_BOUNDS. */
WEIR_API void weir_accept(weir_node *node, int input, bool accept);

/* --- after a fault --- */

/* A node whose process was ended by a fault goes on in another, opened anew with a zeroed state. How often that was so:
 * 0 at first. */
WEIR_API unsigned weir_restarts(const weir_node *node);
/* A number that it left for its successor: what it set last, 0 at first. Where a file was read to, how many were
 * written. Setting it costs a store. */
WEIR_API int64_t weir_bookmark(const weir_node *node);
WEIR_API void weir_set_bookmark(weir_node *node, int64_t bookmark);

/* --- time --- */

/* The pipeline's monotonic clock, ns. Any thread. */
WEIR_API int64_t weir_now(const weir_node *node);
/* Asks for produce or tick at that time, once; a later call replaces it; INT64_MAX: never. */
WEIR_API void weir_wake_at(weir_node *node, int64_t time_ns);
/* Asks for produce or tick as soon as possible. Any thread, not from a signal handler. */
WEIR_API void weir_wake(weir_node *node);
/* Waits on the pipeline's clock; returns false at once when the node is interrupted (stop). */
WEIR_API bool weir_sleep(weir_node *node, int64_t duration_ns);
/* True once the node should end what it does: an interrupt came. Any thread. */
WEIR_API bool weir_interrupted(const weir_node *node);

/* --- the whole pipeline --- */

/* For WEIR_OBSERVES: the account of the whole pipeline, as weir_pipeline_stats() gives it; free it with weir_stats_free().
 * In a process of its own it is what the engine wrote last: it does so a few times a second as long as somebody asks, so
 * the first answer comes a moment after the first question. NULL before, and without memory. Any thread. */
WEIR_API weir_stats *weir_observe(weir_node *node);

/* --- what went wrong --- */

/* Sets the node's sentence (what is wrong, and what to do; no newline, no full stop) and returns `status`. */
WEIR_API weir_status weir_fail(weir_node *node, weir_status status, const char *format, ...) WEIR_PRINTF(3, 4);
/* Counts an error that the node survives and logs it (at most once a second per node). Any thread. */
WEIR_API void weir_error(weir_node *node, const char *format, ...) WEIR_PRINTF(2, 3);
/* Logs with the node's name. Any thread. */
WEIR_API void weir_note(weir_node *node, weir_log_level level, const char *format, ...) WEIR_PRINTF(3, 4);
/* Counts a frame that this node could not use (`undecodable` and the like), for the summary. Any thread. */
WEIR_API void weir_count_lost(weir_node *node, uint64_t frames);
/* Sources: how much later than the stream's own pace frames arrive now. Any thread. */
WEIR_API void weir_hidden(weir_node *node, int64_t hidden_ns);

#ifdef __cplusplus
}
#endif
#endif
