#include "run/share.h"

#include "core/log.h"
#include "core/registry.h"
#include "run/strand.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct teller {
    int end, worker;
    const wr_graph *graph;
    bool good;
    bool hurries; /* the worker runs, and may have stopped listening */
} teller;

static void tell_with(teller *t, const void *message, size_t bytes, int fd, int more)
{
    const int fds[] = {fd, more};
    t->good = t->good && wr_channel_say(t->end, message, bytes, fds, (fd >= 0) + (more >= 0), !t->hurries);
}

static void tell(teller *t, const void *message, size_t bytes, int fd)
{
    tell_with(t, message, bytes, fd, -1);
}

static wr_say word(wr_word what, int node, int number, const char *text)
{
    wr_say say = {.word = what, .node = node, .number = number};
    snprintf(say.text, sizeof say.text, "%s", text);
    return say;
}

static bool is_mine(const teller *t, const weir_node *node)
{
    return node->worker == t->worker;
}

static bool is_neighbour(const teller *t, const weir_node *node)
{
    for (int i = 0; i < node->inputs; i++)
        if (is_mine(t, node->input[i].edge->from))
            return true;
    for (int o = 0; o < node->outputs; o++)
        for (int e = 0; e < node->output[o].edges; e++)
            if (is_mine(t, node->output[o].edge[e]->to))
                return true;
    return false;
}

/* --- what there is besides the graph --- */

static void tell_kinds(teller *t)
{
    for (weir_kind kind = WEIR_KINDS_BUILTIN; kind < WEIR_KINDS_MAX && weir_kind_name(kind)[0] != '?'; kind++) {
        wr_say say = word(WR_KIND, -1, kind, weir_kind_name(kind));
        tell(t, &say, sizeof say, -1);
    }
}

static void tell_streams(teller *t)
{
    for (uint32_t s = 0; s < t->graph->streams; s++) {
        wr_say say = word(WR_STREAM, t->graph->source[s]->place, (int)s, t->graph->source[s]->name);
        tell(t, &say, sizeof say, -1);
    }
}

/* --- nodes --- */

static void tell_options(teller *t, const weir_node *node)
{
    const weir_node *from = node->copy_of ? node->copy_of : node;
    for (size_t i = 0; i < from->tolds; i++) {
        wr_say_option option = {.say = word(WR_OPTION, node->place, from->told[i].secret, from->told[i].option)};
        size_t bytes = strlen(from->told[i].value) + 1;
        if (bytes > sizeof option.value)
            t->good = false;
        else
            memcpy(option.value, from->told[i].value, bytes);
        tell(t, &option, sizeof option, -1);
    }
}

/* What a neighbour above sends: how large, and how late. */
static void tell_plans(teller *t, weir_node *node)
{
    for (int o = 0; o < node->outputs; o++)
        for (unsigned kind = 0; kind < WEIR_KINDS_MAX; kind++) {
            const wr_plan_store *plan = node->output[o].kinds >> kind & 1
                                            ? wr_node_origin(node, (weir_kind)kind, ++((wr_graph *)t->graph)->visits)
                                            : NULL;
            if (!plan)
                continue;
            wr_say_plan said = {.say = word(WR_PLAN, node->place, (int)kind, ""),
                                .item_bytes = plan->item_bytes,
                                .budget_bytes = plan->budget_bytes};
            tell(t, &said, sizeof said, -1);
        }
}

static void tell_taps(teller *t, const weir_node *node)
{
    wr_say said = word(WR_TAPS, node->place, 0, "");
    if (node->tap_memory.data)
        tell(t, &said, sizeof said, node->tap_memory.fd);
}

static void tell_node(teller *t, weir_node *node, int mine)
{
    const char *module = mine >= 0 ? wr_component_origin(node->class) : NULL;
    if (module && *module) {
        wr_say plugin = word(WR_PLUGIN, -1, 0, module);
        tell(t, &plugin, sizeof plugin, -1);
    }
    wr_say_node said = {.say = word(WR_NODE, node->place, 0, node->name),
                        .mine = mine,
                        .strand = node->strand_number,
                        .place = node->place,
                        .stream = node->stream,
                        .live = node->live,
                        .bounds = node->bounds,
                        .lag = node->lag,
                        .stall_ns = node->stall_ns,
                        .limits = node->limits};
    snprintf(said.shown, sizeof said.shown, "%s", node->shown);
    snprintf(said.class, sizeof said.class, "%s", node->class->name);
    tell(t, &said, sizeof said, node->strand->bell_page.fd);
    if (mine >= 0) {
        tell_options(t, node);
        tell_taps(t, node);
    } else
        tell_plans(t, node);
}

static void tell_nodes(teller *t)
{
    int mine = 0;
    for (int i = 0; i < t->graph->nodes; i++) {
        weir_node *node = t->graph->node[i];
        if (is_mine(t, node))
            tell_node(t, node, mine++);
        else if (is_neighbour(t, node))
            tell_node(t, node, -1);
    }
}

/* --- stores and links --- */

static bool carries(const wr_edge *edge, uint16_t shared_id)
{
    for (uint32_t i = 0; i < edge->config.stores; i++)
        if (edge->carried[i].shared_id == shared_id)
            return true;
    return false;
}

/* Attachments of this store come to the worker. */
static bool comes(const teller *t, uint16_t shared_id)
{
    for (int i = 0; i < t->graph->edges; i++) {
        const wr_edge *edge = t->graph->edge[i];
        if (!edge->spare && edge->config.across && is_mine(t, edge->to) && carries(edge, shared_id))
            return true;
    }
    return false;
}

/* The owner may write, everybody else only read. */
static void tell_store(teller *t, const weir_node *owner, const wr_plan_store *plan)
{
    bool mine = is_mine(t, owner);
    const wr_memory *data = owner->worker >= 0 ? &plan->data : &owner->store[plan->kind]->data_memory;
    wr_say_store said = {.say = word(WR_STORE, owner->place, plan->kind, ""),
                         .shared_id = plan->shared_id,
                         .slots = plan->slots,
                         .item_bytes = plan->budget_bytes ? 0 : plan->item_bytes,
                         .bytes = data->bytes};
    int fd = mine ? data->fd : wr_memory_readable(data);
    t->good = t->good && fd >= 0;
    tell_with(t, &said, sizeof said, fd, mine ? plan->slot_memory.fd : -1);
    if (!mine && fd >= 0)
        close(fd);
}

static void tell_stores(teller *t)
{
    for (int i = 0; i < t->graph->nodes; i++) {
        const weir_node *node = t->graph->node[i];
        for (int k = 0; k < node->plans; k++)
            if (is_mine(t, node) || (node->plan[k].shared_id && comes(t, node->plan[k].shared_id)))
                tell_store(t, node, &node->plan[k]);
    }
}

static void tell_link(teller *t, const wr_edge *edge, bool here, bool next)
{
    for (uint32_t i = 0; i < edge->config.stores; i++) {
        wr_say said = word(WR_CARRIES, -1, edge->carried[i].shared_id, "");
        said.status = (int)edge->carried[i].slots;
        said.node = edge->carried[i].kind;
        tell(t, &said, sizeof said, -1);
    }
    wr_say_link said = {.say = word(WR_LINK, -1, edge->number, ""),
                        .from = edge->from->place,
                        .to = edge->to->place,
                        .from_port = edge->from_port,
                        .to_port = edge->to_port,
                        .place = edge->from->place,
                        .inline_ = edge->inline_,
                        .here = here,
                        .next = next,
                        .config = edge->config};
    said.config.store = NULL; /* means nothing there */
    for (uint32_t s = 0; edge->streams && s < t->graph->streams; s++)
        said.streams[s / 8] |= (uint8_t)(edge->streams[s] << s % 8);
    int fd = !edge->config.across && !edge->config.shared ? -1
             : here                                       ? edge->link.memory.fd
                                                          : wr_memory_readable(&edge->link.memory);
    tell(t, &said, sizeof said, fd);
    if (!here && fd >= 0)
        close(fd);
}

static bool is_lent_by(const teller *t, const wr_edge *edge)
{
    for (int i = 0; i < t->graph->nodes; i++)
        for (int k = 0; is_mine(t, t->graph->node[i]) && k < t->graph->node[i]->plans; k++) {
            uint16_t id = t->graph->node[i]->plan[k].shared_id;
            if (id && carries(edge, id))
                return true;
        }
    return false;
}

/* Its inputs in their order, then what leads out, then where else its attachments go. */
static void tell_links(teller *t)
{
    for (int i = 0; i < t->graph->nodes; i++) {
        const weir_node *node = t->graph->node[i];
        for (int k = 0; is_mine(t, node) && k < node->inputs; k++)
            tell_link(t, node->input[k].edge, true, false);
    }
    for (int i = 0; i < t->graph->edges; i++) {
        const wr_edge *edge = t->graph->edge[i];
        if (edge->spare || is_mine(t, edge->to))
            continue;
        if (is_mine(t, edge->from))
            tell_link(t, edge, true, false);
        else if (edge->config.across && is_lent_by(t, edge))
            tell_link(t, edge, false, false);
        for (const wr_edge *old = edge->old; old && is_lent_by(t, old); old = old->old)
            tell_link(t, old, false, false);
    }
}

static bool observes(const teller *t)
{
    for (int i = 0; i < t->graph->nodes; i++)
        if (is_mine(t, t->graph->node[i]) && t->graph->node[i]->class->flags & WEIR_OBSERVES)
            return true;
    return false;
}

bool wr_share_tell(int end, const wr_graph *graph, int number, const wr_memory *desk, const char *pipeline)
{
    teller t = {.end = end, .worker = number, .graph = graph, .good = true};
    wr_say_hello hello = {.say = word(WR_HELLO, -1, (int)graph->streams, pipeline), .desk_bytes = desk->bytes};
    for (int i = 0; i < graph->nodes; i++)
        hello.nodes += is_mine(&t, graph->node[i]);
    hello.log_level = (int)wr_log_level();
    hello.bulletin_bytes = graph->bulletin.bytes;
    int bulletin = observes(&t) && graph->bulletin.data ? wr_memory_readable(&graph->bulletin) : -1;
    tell_with(&t, &hello, sizeof hello, desk->fd, bulletin);
    if (bulletin >= 0)
        close(bulletin);
    tell_kinds(&t);
    tell_streams(&t);
    tell_nodes(&t);
    tell_stores(&t);
    tell_links(&t);
    wr_say go = word(WR_GO, -1, 0, "");
    tell(&t, &go, sizeof go, -1);
    return t.good;
}

bool wr_share_next(int end, const wr_graph *graph, const wr_edge *edge, bool here)
{
    teller t = {.end = end, .worker = -1, .graph = graph, .good = true, .hurries = true};
    tell_link(&t, edge, here, here);
    return t.good;
}

bool wr_share_is_lent_by(const wr_graph *graph, int number, const wr_edge *edge)
{
    const teller t = {.worker = number, .graph = graph};
    return is_lent_by(&t, edge);
}
