/* What components call, but for sending and bounds, which are the flow itself (node.c). */
#include "core/clock.h"
#include "core/graph.h"
#include "run/strand.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *weir_state(weir_node *node)
{
    return node->state;
}

const void *weir_options(const weir_node *node)
{
    return node->options;
}

const char *weir_name(const weir_node *node)
{
    return node->name;
}

int weir_inputs(const weir_node *node)
{
    return node->inputs;
}

int weir_consumers(const weir_node *node, int port)
{
    return node->output[port].edges;
}

bool weir_input_stream(const weir_node *node, int input, uint32_t stream)
{
    const wr_edge *edge = node->input[input].edge;
    return stream < node->graph->streams && edge->streams && edge->streams[stream];
}

int weir_input_port(const weir_node *node, int input, const char **from)
{
    const wr_edge *edge = node->input[input].edge;
    if (from)
        *from = edge->from->shown;
    return edge->to_port;
}

uint32_t weir_streams(const weir_node *node)
{
    return node->graph->streams;
}

bool weir_is_live(const weir_node *node)
{
    return node->live;
}

const char *weir_stream_name(const weir_node *node, uint32_t stream)
{
    return stream < node->graph->streams ? node->graph->source[stream]->name : "?";
}

/* --- plan --- */

weir_status weir_plan_store(weir_node *node, weir_kind kind, size_t item_bytes, unsigned held, size_t budget_bytes)
{
    if (node->plans == WR_PLAN_STORES || item_bytes == 0 || item_bytes > UINT32_MAX || kind >= WEIR_KINDS_MAX)
        return weir_fail(node, WEIR_UNSUPPORTED, "cannot plan a store of %zu bytes an item for %s", item_bytes,
                         weir_kind_name(kind));
    node->plan[node->plans++] = (wr_plan_store){.kind = kind,
                                                .item_bytes = item_bytes,
                                                .held = held,
                                                .budget_bytes = budget_bytes,
                                                .data.fd = -1,
                                                .slot_memory.fd = -1};
    return WEIR_OK;
}

void weir_plan_live(weir_node *node)
{
    node->live = true;
}

void weir_plan_keeps(weir_node *node, unsigned frames)
{
    node->keeps = frames;
}

void weir_plan_lag(weir_node *node, unsigned frames)
{
    node->holds_back = frames;
}

void weir_plan_taps(weir_node *node, unsigned count, unsigned depth, size_t bytes, size_t all_bytes)
{
    node->tap_plan = (wr_tap_plan){.count = count, .depth = depth ? depth : 1, .bytes = bytes, .all_bytes = all_bytes};
}

void weir_plan_sockets(weir_node *node, unsigned may)
{
    node->sockets |= may;
}

void weir_plan_memory(weir_node *node, size_t bytes)
{
    node->plan_bytes += bytes;
}

const wr_plan_store *wr_node_origin(weir_node *node, weir_kind kind, unsigned visit)
{
    const wr_plan_store *largest = NULL;
    if (node->visit == visit)
        return NULL;
    node->visit = visit;
    for (int i = 0; i < node->plans; i++)
        if (node->plan[i].kind == kind)
            return &node->plan[i];
    for (int i = 0; i < node->inputs; i++) {
        const wr_plan_store *plan = wr_node_origin(node->input[i].edge->from, kind, visit);
        if (plan && (!largest || plan->item_bytes > largest->item_bytes))
            largest = plan;
    }
    return largest;
}

size_t weir_input_item_bytes(const weir_node *node, int input, weir_kind kind)
{
    const wr_edge *edge = node->input[input].edge;
    bool comes = kind < WEIR_KINDS_MAX && edge->config.kinds >> kind & 1; /* and does not end in a node above */
    const wr_plan_store *plan = comes ? wr_node_origin(edge->from, kind, ++node->graph->visits) : NULL;
    return plan ? plan->item_bytes : 0;
}

unsigned weir_input_lag(const weir_node *node, int input)
{
    return node->input[input].edge->from->lag;
}

/* --- frames --- */

weir_frame weir_frame_new(weir_node *node, int64_t captured_ns)
{
    int64_t number = atomic_load_explicit(&node->tally->number, memory_order_relaxed) + 1;
    atomic_store_explicit(&node->tally->number, number, memory_order_relaxed);
    return (weir_frame){.number = number,
                        .order = number,
                        .captured_ns = captured_ns,
                        .pts_ns = WEIR_NO_TIME,
                        .utc_ns = WEIR_NO_TIME,
                        .stream = node->stream};
}

int64_t weir_last_order(const weir_node *node)
{
    return atomic_load_explicit(&node->tally->order, memory_order_relaxed);
}

void *weir_attach(weir_node *node, weir_frame *frame, weir_kind kind, size_t bytes)
{
    wr_store *store = kind < WEIR_KINDS_MAX ? node->store[kind] : NULL;
    weir_ref ref;
    if (!store || frame->count == WEIR_FRAME_REFS || !wr_store_take(store, bytes, &ref))
        return NULL;
    frame->refs[frame->count++] = ref;
    return wr_ref_data(&ref);
}

void weir_accept(weir_node *node, int input, bool accept)
{
    node->input[input].accept = accept;
}

/* --- after a fault --- */

unsigned weir_restarts(const weir_node *node)
{
    return (unsigned)atomic_load_explicit(&node->tally->restarts, memory_order_relaxed);
}

int64_t weir_bookmark(const weir_node *node)
{
    return atomic_load_explicit(&node->tally->bookmark, memory_order_relaxed);
}

/* Not moved before or behind what is sent around it. */
void weir_set_bookmark(weir_node *node, int64_t bookmark)
{
    atomic_store(&node->tally->bookmark, bookmark);
}

/* --- time --- */

int64_t weir_now(const weir_node *node)
{
    return weir_clock_now(node->graph->clock);
}

void weir_wake_at(weir_node *node, int64_t time_ns)
{
    node->wake_at_ns = time_ns;
}

void weir_wake(weir_node *node)
{
    atomic_store(&node->wake, true);
    wr_bell_ring(&node->strand->bell);
}

bool weir_interrupted(const weir_node *node)
{
    return atomic_load(&node->interrupted);
}

bool weir_sleep(weir_node *node, int64_t duration_ns)
{
    weir_clock *clock = node->graph->clock;
    int64_t until_ns = weir_clock_now(clock) + duration_ns;
    while (!weir_interrupted(node) && weir_clock_now(clock) < until_ns) {
        wr_bell_arm(&node->sleep_bell);
        if (weir_interrupted(node)) {
            wr_bell_disarm(&node->sleep_bell);
            break;
        }
        wr_clock_wait(clock, &node->sleep_bell.word, until_ns);
    }
    return !weir_interrupted(node);
}

/* --- the whole pipeline --- */

weir_stats *weir_observe(weir_node *node)
{
    const wr_graph *graph = node->graph;
    return node->class->flags & WEIR_OBSERVES && graph->observe ? graph->observe(graph->observe_user) : NULL;
}

/* --- what went wrong --- */

weir_status weir_fail(weir_node *node, weir_status status, const char *format, ...)
{
    char *text = NULL;
    va_list args;
    va_start(args, format);
    int bytes = vasprintf(&text, format, args);
    va_end(args);
    if (bytes < 0)
        return status;
    weir_mask(text);
    pthread_mutex_lock(&node->error_lock);
    snprintf(node->error, sizeof node->error, "%s", text);
    pthread_mutex_unlock(&node->error_lock);
    free(text);
    return status;
}

void weir_error(weir_node *node, const char *format, ...)
{
    enum { PAUSE_NS = 1000000000 };
    int64_t now_ns = weir_clock_now(NULL), before_ns = atomic_load(&node->error_logged_ns);
    va_list args;
    atomic_fetch_add(&node->tally->errors, 1);
    if (before_ns && now_ns - before_ns < PAUSE_NS)
        return;
    if (!atomic_compare_exchange_strong(&node->error_logged_ns, &before_ns, now_ns))
        return;
    va_start(args, format);
    weir_logv(WEIR_LOG_WARNING, node->name, format, args);
    va_end(args);
}

void weir_note(weir_node *node, weir_log_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    weir_logv(level, node->name, format, args);
    va_end(args);
}

void weir_count_lost(weir_node *node, uint64_t frames)
{
    atomic_fetch_add(&node->tally->lost, frames);
}

void weir_hidden(weir_node *node, int64_t hidden_ns)
{
    atomic_store(&node->tally->hidden_ns, hidden_ns);
}
