#include "work.h"

#include "core/clock.h"
#include "core/log.h"
#include "core/option.h"
#include "run/bulletin.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct wr_work_store {
    uint16_t shared_id;
    weir_kind kind;
    uint32_t slots;
    wr_memory data; /* mapped for reading; of the worker's own stores, the store has it */
    wr_store *own;
} wr_work_store;

static const weir_port elsewhere_in[] = {{.name = "in", .flags = WEIR_PORT_MANY}, {0}};
static const weir_port elsewhere_out[] = {{.name = "out"}, {0}};
/* A neighbour: it is there so that links have two ends. */
static const weir_component_class elsewhere = {
    .name = "elsewhere", .summary = "runs in another process", .inputs = elsewhere_in, .outputs = elsewhere_out};

static bool wrong(wr_work *work, const char *format, ...) WEIR_PRINTF(2, 3);

static bool wrong(wr_work *work, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(work->error, sizeof work->error, format, args);
    va_end(args);
    return false;
}

static bool join_memory(wr_work *work, wr_memory *memory, int fd, size_t bytes, bool writable)
{
    bool good = fd >= 0 && wr_memory_join(memory, fd, bytes, writable);
    return good || wrong(work, "cannot map %zu bytes of shared memory: %s", bytes, strerror(errno));
}

int wr_work_number(const wr_work *work, const weir_node *node)
{
    for (int i = 0; i < work->nodes; i++)
        if (work->node[i] == node)
            return i;
    return -1;
}

/* --- what there is besides the graph --- */

static weir_stats *observe(void *user)
{
    wr_work *work = user;
    atomic_store(&work->desk->asked_ns, weir_clock_now(NULL));
    return wr_bulletin_read(work->bulletin.data, work->bulletin.bytes);
}

static bool hello(wr_work *work, const wr_say_hello *said, const int *fds)
{
    const int fd = fds[0];
    work->graph = wr_graph_new();
    work->graph->streams = (uint32_t)said->say.number;
    work->mine = wr_must(calloc((size_t)said->nodes + 1, sizeof *work->mine));
    snprintf(work->pipeline, sizeof work->pipeline, "%s", said->say.text);
    weir_log_set_level((weir_log_level)said->log_level);
    if (!join_memory(work, &work->desk_memory, fd, said->desk_bytes, true))
        return false;
    work->desk = work->desk_memory.data;
    if (fds[1] < 0)
        return true;
    work->graph->observe = observe;
    work->graph->observe_user = work;
    return join_memory(work, &work->bulletin, fds[1], said->bulletin_bytes, false);
}

static bool plugin(wr_work *work, const wr_say *said)
{
    char why[400];
    return weir_plugin_load(said->text, why, sizeof why) >= 0 || wrong(work, "%s", why);
}

static bool kind(wr_work *work, const wr_say *said)
{
    return weir_kind_id(said->text) == said->number || wrong(work, "kinds of attachments are numbered differently");
}

/* --- nodes --- */

static void make_room(wr_work *work, int number)
{
    if (number < work->nodes)
        return;
    work->node = wr_must(realloc(work->node, sizeof *work->node * (size_t)(number + 1)));
    work->bell_page = wr_must(realloc(work->bell_page, sizeof *work->bell_page * (size_t)(number + 1)));
    for (; work->nodes <= number; work->nodes++) {
        work->node[work->nodes] = NULL;
        work->bell_page[work->nodes] = (wr_memory){.fd = -1};
    }
}

/* A source that neither runs here nor is beside: only its name is known. */
static bool stream(wr_work *work, const wr_say *said)
{
    make_room(work, said->node);
    if (!work->node[said->node])
        work->node[said->node] = wr_graph_add(work->graph, said->text, &elsewhere);
    work->node[said->node]->worker = 0;
    work->graph->source[said->number] = work->node[said->node];
    return true;
}

static bool node(wr_work *work, const wr_say_node *said, int fd)
{
    const weir_component_class *class = said->mine >= 0 ? weir_component_find(said->class) : &elsewhere;
    if (!class)
        return wrong(work, "there is no component %s here", said->class);
    make_room(work, said->say.node);
    weir_node *before = work->node[said->say.node], *made = wr_graph_add(work->graph, said->say.text, class);
    for (uint32_t s = 0; before && s < work->graph->streams; s++)
        if (work->graph->source[s] == before)
            work->graph->source[s] = made;
    work->node[said->say.node] = made;
    made->shown = wr_must(strdup(said->shown));
    made->strand_number = said->strand;
    made->place = said->place;
    made->stream = said->stream;
    made->live = said->live;
    made->bounds = said->bounds;
    made->lag = said->lag;
    made->stall_ns = said->stall_ns;
    made->limits = said->limits;
    made->worker = said->mine >= 0 ? -1 : 0;
    if (said->mine >= 0) {
        work->mine[work->mines++] = made;
        made->tally = &work->desk->tally[said->mine];
        if (atomic_load(&made->tally->shown_phase) == WR_DONE) /* before the process that ran it died */
            made->phase = WR_DONE;
        else
            atomic_store(&made->tally->shown_phase, WR_NEW);
        atomic_store(&made->tally->call_began_ns, 0);
        if (class->options)
            wr_option_defaults(class->options, made->options);
    }
    return fd < 0 || join_memory(work, &work->bell_page[said->say.node], fd, sizeof(uint32_t), true);
}

static bool plan(wr_work *work, const wr_say_plan *said)
{
    weir_node *of = work->node[said->say.node];
    if (of->plans < WR_PLAN_STORES)
        of->plan[of->plans++] = (wr_plan_store){.kind = (weir_kind)said->say.number,
                                                .item_bytes = said->item_bytes,
                                                .budget_bytes = said->budget_bytes,
                                                .data.fd = -1,
                                                .slot_memory.fd = -1};
    return true;
}

static bool option(wr_work *work, const wr_say_option *said)
{
    char why[256];
    weir_node *of = work->node[said->say.node];
    const weir_option *named = wr_option_find(of->class->options, said->say.text);
    char *value = wr_must(strdup(said->value)); /* options point to it, for as long as the process lives */
    if (said->say.number)
        wr_secret_remember(value);
    return (named && wr_option_parse_hidden(named, of->options, value, why, sizeof why)) ||
           wrong(work, "%s.%s: %s", of->name, said->say.text, named ? why : "no such option here");
}

/* --- stores and links --- */

static bool store(wr_work *work, const wr_say_store *said, const int *fds)
{
    wr_memory data, slots;
    weir_node *owner = said->say.node < work->nodes ? work->node[said->say.node] : NULL;
    bool mine = owner && owner->worker < 0;
    if (!join_memory(work, &data, fds[0], said->bytes, mine) ||
        (mine && !join_memory(work, &slots, fds[1], wr_store_slot_bytes(said->slots), true)))
        return false;
    work->store = wr_must(realloc(work->store, sizeof *work->store * (size_t)(work->stores + 1)));
    wr_work_store *made = &work->store[work->stores++];
    *made = (wr_work_store){.shared_id = (uint16_t)said->shared_id,
                            .kind = (weir_kind)said->say.number,
                            .slots = said->slots,
                            .data = data};
    if (!mine)
        return true;
    made->own = wr_store_new_in(made->shared_id, made->kind, made->slots, said->item_bytes, &made->data, &slots);
    owner->store[made->kind] = made->own;
    return made->own || wrong(work, "cannot make a store: %s", strerror(errno));
}

/* Planned here as it was there, it is as large. */
static bool taps(wr_work *work, const wr_say *said, int fd)
{
    weir_node *of = work->node[said->node];
    of->tap_memory.fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    return of->tap_memory.fd >= 0 || wrong(work, "cannot keep a descriptor: %s", strerror(errno));
}

static bool make_taps(wr_work *work, weir_node *node)
{
    int fd = node->tap_memory.fd;
    if (fd < 0)
        return true;
    bool good = join_memory(work, &node->tap_memory, fd, wr_taps_bytes(&node->tap_plan), true);
    close(fd);
    node->taps = good ? wr_taps_new(node, &node->tap_plan, node->tap_memory.data) : NULL;
    return node->taps || wrong(work, "cannot map its viewers' links: %s", strerror(errno));
}

static bool carries(wr_work *work, const wr_say *said)
{
    work->carried = wr_must(realloc(work->carried, sizeof *work->carried * (work->carries + 1)));
    work->carried[work->carries++] = (wr_hold_store){
        .shared_id = (uint16_t)said->number, .kind = (weir_kind)said->node, .slots = (uint32_t)said->status};
    return true;
}

/* Stores of the worker's that this link carries: who comes after it may still hold them. */
static bool lend(wr_work *work, const wr_link_config *config, int fd, int place)
{
    for (uint32_t i = 0; i < config->stores; i++)
        for (int k = 0; k < work->stores; k++) {
            wr_store *own = work->store[k].own;
            if (own && own->shared_id == config->store[i].shared_id && !wr_link_lend(config, fd, i, own, place))
                return wrong(work, "cannot map a link: %s", strerror(errno));
        }
    return true;
}

static bool import(wr_work *work, wr_holds *holds)
{
    for (uint32_t i = 0; i < holds->holds; i++) {
        wr_hold *hold = &holds->hold[i];
        for (int k = 0; k < work->stores && !hold->import; k++) {
            wr_work_store *from = &work->store[k];
            const wr_memory *data = from->own ? &from->own->data_memory : &from->data;
            if (from->shared_id == hold->of.shared_id)
                hold->import = wr_store_import(from->shared_id, from->kind, from->slots, data, hold->returned);
        }
        if (!hold->import)
            return wrong(work, "a store that a link carries is not known: %s", strerror(errno));
    }
    return true;
}

static bool *streams_of(const wr_work *work, const wr_say_link *said)
{
    bool *streams = wr_must(calloc(work->graph->streams + 1u, sizeof *streams));
    for (uint32_t s = 0; s < work->graph->streams; s++)
        streams[s] = said->streams[s / 8] >> s % 8 & 1;
    return streams;
}

static bool link_here(wr_work *work, const wr_say_link *said, const wr_link_config *config, int fd)
{
    weir_node *from = work->node[said->from], *to = work->node[said->to];
    bool from_here = from->worker < 0, to_here = to->worker < 0;
    wr_edge *edge =
        wr_graph_connect(work->graph, from, from_here ? said->from_port : 0, to, to_here ? said->to_port : 0);
    edge->from_port = said->from_port;
    edge->to_port = said->to_port;
    edge->config = *config;
    edge->inline_ = said->inline_;
    edge->number = said->say.number;
    work->edge = wr_must(realloc(work->edge, sizeof *work->edge * (size_t)(work->edges + 1)));
    work->edge[work->edges++] = edge;
    edge->streams = streams_of(work, said);
    if (!wr_link_join(&edge->link, config, fd))
        return wrong(work, "cannot map the link from %s to %s: %s", from->shown, to->name, strerror(errno));
    from->gives_across |= config->across && from_here;
    if (to_here)
        wr_edge_make_bounds(work->graph, edge);
    if (!config->across)
        return true;
    return lend(work, config, fd, said->place) && (!to_here || import(work, &edge->link.holds));
}

/* One that others have between them, and that carries on what came from here. */
static bool link_there(wr_work *work, const wr_say_link *said, const wr_link_config *config, int fd)
{
    return lend(work, config, fd, said->place);
}

/* One that comes after a link to a node here, whose producer has died. Its strand goes over to it. */
static bool link_next(wr_work *work, const wr_say_link *said, const wr_link_config *config, int fd)
{
    weir_node *to = work->node[said->to];
    wr_edge *edge = wr_must(wr_memory_lines(sizeof *edge));
    wr_change *change = wr_must(calloc(1, sizeof *change));
    *edge = (wr_edge){.from = work->node[said->from],
                      .to = to,
                      .from_port = said->from_port,
                      .to_port = said->to_port,
                      .config = *config,
                      .streams = streams_of(work, said),
                      .number = said->say.number};
    atomic_store(&edge->attached, true);
    if (!wr_link_join(&edge->link, config, fd))
        return wrong(work, "cannot map a link: %s", strerror(errno));
    edge->link.producer_bell = &edge->from->strand->bell;
    edge->link.consumer_bell = &to->strand->bell;
    edge->link.carries = edge->streams;
    if (!import(work, &edge->link.holds))
        return false;
    *change = (wr_change){.what = WR_NEXT_INPUT, .edge = edge};
    work->edge = wr_must(realloc(work->edge, sizeof *work->edge * (size_t)(work->edges + 1)));
    work->edge[work->edges++] = edge;
    wr_node_change(to, change);
    wr_bell_ring(&to->strand->bell);
    return true;
}

static bool one_link(wr_work *work, const wr_say_link *said, int fd)
{
    wr_link_config config = said->config;
    config.store = work->carried;
    config.stores = work->carries;
    work->carried = NULL; /* the link has them */
    work->carries = 0;
    return !said->here  ? link_there(work, said, &config, fd)
           : said->next ? link_next(work, said, &config, fd)
                        : link_here(work, said, &config, fd);
}

/* --- all of it --- */

static bool act(wr_work *work, const void *message, const int *fds)
{
    const int fd = fds[0];
    const wr_say *said = message;
    switch ((wr_word)said->word) {
    case WR_HELLO:
        return hello(work, message, fds);
    case WR_KIND:
        return kind(work, said);
    case WR_PLUGIN:
        return plugin(work, said);
    case WR_STREAM:
        return stream(work, said);
    case WR_NODE:
        return node(work, message, fd);
    case WR_PLAN:
        return plan(work, message);
    case WR_OPTION:
        return option(work, message);
    case WR_STORE:
        return store(work, message, fds);
    case WR_TAPS:
        return taps(work, said, fd);
    case WR_CARRIES:
        return carries(work, said);
    case WR_LINK:
        return one_link(work, message, fd);
    default:
        return wrong(work, "the engine said something that this worker does not know: they are of different versions");
    }
}

/* Plans again what the engine has planned: a component may remember in its state what it found. */
static bool plan_mine(wr_work *work)
{
    for (int i = 0; i < work->mines; i++) {
        weir_node *mine = work->mine[i];
        weir_status status = mine->class->plan ? mine->class->plan(mine) : WEIR_OK;
        if (status < 0)
            return wrong(work, "%s: %s", mine->name, mine->error[0] ? mine->error : weir_status_text(status));
        wr_node_make_passed(mine);
        if (!make_taps(work, mine))
            return false;
    }
    return true;
}

static void hang_bells(wr_work *work)
{
    for (int i = 0; i < work->nodes; i++)
        if (work->bell_page[i].data && work->node[i]->strand)
            work->node[i]->strand->bell.elsewhere = work->bell_page[i].data;
}

bool wr_work_hear(wr_work *work, int channel)
{
    static char message[WR_CHANNEL_BYTES];
    *work = (wr_work){.channel = channel, .desk_memory.fd = -1};
    for (bool good = true; good;) {
        int fds[WR_CHANNEL_FDS];
        long bytes = wr_channel_hear(channel, message, sizeof message, fds, true);
        if (bytes < (long)sizeof(wr_say))
            return wrong(work, "the engine is gone");
        if (((wr_say *)message)->word == WR_GO)
            break;
        good = act(work, message, fds);
        for (int i = 0; i < WR_CHANNEL_FDS; i++)
            if (fds[i] >= 0)
                close(fds[i]);
        if (!good)
            return false;
    }
    for (int i = 0; i < work->stores; i++)
        if (work->store[i].own)
            wr_store_inherit(work->store[i].own);
    return plan_mine(work);
}

void wr_work_make_strands(wr_work *work, wr_bell *bell)
{
    wr_strands_make(&work->run, work->graph, bell);
    hang_bells(work);
    for (int i = 0; i < work->edges; i++) /* what a consumer before did not come to, is ours */
        if (work->edge[i]->config.across && work->edge[i]->to->worker < 0)
            wr_link_come_over(&work->edge[i]->link);
}

bool wr_work_hear_more(wr_work *work, const void *message, int fd)
{
    const wr_say *said = message;
    if (said->word == WR_CARRIES)
        return carries(work, said);
    return said->word == WR_LINK && one_link(work, message, fd);
}

void wr_work_return(wr_work *work)
{
    for (int i = 0; i < work->edges;) {
        wr_edge *edge = work->edge[i];
        if (!atomic_load(&edge->left) || !wr_edge_holds_nothing(edge)) {
            i++;
            continue;
        }
        work->edge[i] = work->edge[--work->edges];
        wr_edge_forget_imports(edge);
        atomic_store(&edge->link.shared->returned_all, 1);
        wr_link_close(&edge->link); /* the edge itself may still be among those of the graph */
    }
}
