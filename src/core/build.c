/* From a description to nodes and edges: names, options, ports, policies. What the graph then means is plan.c's. */
#include "core/graph.h"
#include "core/option.h"
#include "core/registry.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct builder {
    wr_graph *graph;
    const wr_description *text;
    wr_problems *problems;
    bool links_bad;                     /* a missing link may be another mistake's fault */
    weir_node **node;                   /* of each node_text; NULL where the component is unknown */
    const weir_component_class *decode; /* what packets become pictures with; NULL until asked for */
} builder;

static void problem(builder *b, wr_place at, const char *format, ...) WEIR_PRINTF(3, 4);

static void problem(builder *b, wr_place at, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    wr_problems_add(b->problems, b->text->file, at, "%s", text);
}

static const weir_component_class *decode_class(builder *b)
{
    if (!b->decode)
        b->decode = weir_component_find("decode");
    return b->decode;
}

/* --- options --- */

static void keep_told(weir_node *node, wr_told told)
{
    node->told = wr_must(realloc(node->told, (node->tolds + 1) * sizeof *node->told));
    node->told[node->tolds++] = told;
}

/* As written: what is brought in late, by ${...}, stays so. */
static void show_option(weir_node *node, const wr_setting *setting)
{
    char *all = NULL, *value = wr_must(strdup(setting->value));
    if (asprintf(&all, "%s%s=%s\n", node->shown_options ? node->shown_options : "", setting->key, weir_mask(value)) < 0)
        all = NULL;
    free(node->shown_options);
    node->shown_options = wr_must(all);
    free(value);
}

static void set_option(builder *b, weir_node *node, const weir_option *option, const wr_setting *setting)
{
    char why[256];
    char *value = wr_secret_resolve(setting->value, why, sizeof why);
    if (!value) {
        problem(b, setting->value_at, "%s.%s: %s", node->name, setting->key, why);
        return;
    }
    bool secret = wr_secret_used(setting->value);
    keep_told(node, (wr_told){.option = option->name, .value = value, .secret = secret});
    bool good = secret ? wr_option_parse_hidden(option, node->options, value, why, sizeof why)
                       : wr_option_parse(option, node->options, value, why, sizeof why);
    if (!good)
        problem(b, setting->value_at, "%s.%s: %s", node->name, setting->key, why);
    show_option(node, setting);
}

static void unknown_option(builder *b, const weir_node *node, const wr_setting *setting)
{
    const char *words[256];
    size_t count = 0;
    for (; wr_node_keys[count]; count++)
        words[count] = wr_node_keys[count];
    for (const weir_option *o = node->class->options; o && o->name && count < 255; o++)
        words[count++] = o->name;
    words[count] = NULL;
    const char *near = wr_nearest(setting->key, words);
    problem(b, setting->key_at, "%s has no option %s; %s%s%s`weir help %s` lists them", node->class->name,
            wr_may_show(setting->key) ? setting->key : "of that name", near ? "did you mean " : "", near ? near : "",
            near ? "? " : "", node->class->name);
}

static void required_options(builder *b, const weir_node *node, const wr_node_text *text)
{
    for (const weir_option *o = node->class->options; o && o->name; o++)
        if (o->required && !wr_settings_find(&text->settings, o->name))
            problem(b, text->component_at, "%s needs %s=: %s", text->name, o->name, o->help);
}

static void set_runner(builder *b, weir_node *node, const wr_setting *setting)
{
    static const char *const runners[] = {"inline", "thread", "pool", "process", NULL};
    if (!wr_one_of(setting->value, runners))
        problem(b, setting->value_at, "%s.runner: there is no runner %s; use inline, thread, pool or process",
                node->name, setting->value);
    else if (strcmp(setting->value, "process") == 0 && !wr_component_origin(node->class))
        problem(
            b, setting->value_at,
            "%s.runner: %s is a component of this program, which another process does not have; use thread, or make "
            "it a module",
            node->name, node->class->name);
    else
        snprintf(node->runner, sizeof node->runner, "%s", setting->value);
}

static void set_group(builder *b, weir_node *node, const wr_setting *setting)
{
    if (wr_name_ok(setting->value))
        snprintf(node->group, sizeof node->group, "%s", setting->value);
    else
        problem(b, setting->value_at, "%s.group: a group cannot be called that; use letters, digits, - and _",
                node->name);
}

static void set_replicas(builder *b, weir_node *node, const wr_setting *setting)
{
    int64_t copies;
    const weir_component_class *class = node->class;
    bool one_each = class->inputs && class->inputs[0].name && !class->inputs[1].name && class->outputs &&
                    class->outputs[0].name && !class->outputs[1].name;
    if (!wr_parse_int(setting->value, &copies) || copies < 1 || copies > WR_REPLICAS_MAX)
        problem(b, setting->value_at, "%s.replicas: %s is not a number from 1 to %d", node->name, setting->value,
                WR_REPLICAS_MAX);
    else if (copies > 1 && (!(class->flags & WEIR_STATELESS) || !one_each))
        problem(b, setting->value_at, "%s.replicas: %s remembers earlier frames and cannot have replicas", node->name,
                class->name);
    else
        node->replicas = (int)copies;
}

/* False if it is none. */
static bool set_limit(builder *b, weir_node *node, const wr_setting *setting)
{
    const char *wanted = NULL;
    int64_t files = 0;
    if (strcmp(setting->key, "memory") == 0) {
        if (!wr_parse_bytes(setting->value, &node->limits.memory_bytes))
            wanted = "a size such as 512MiB";
    } else if (strcmp(setting->key, "deadline") == 0) {
        if (!wr_parse_duration(setting->value, &node->limits.deadline_ns) || node->limits.deadline_ns < 0)
            wanted = "a duration such as 500ms";
    } else if (strcmp(setting->key, "files") == 0) {
        if (!wr_parse_int(setting->value, &files) || files < WR_FILES_LEAST || files > WR_FILES_MOST)
            wanted = "a number from 32 to 65536";
        node->limits.files = (unsigned)files;
    } else {
        return false;
    }
    node->limits.given = true;
    if (wanted)
        problem(b, setting->value_at, "%s.%s: %s is not %s", node->name, setting->key, setting->value, wanted);
    return true;
}

static bool node_setting(builder *b, weir_node *node, const wr_setting *setting)
{
    if (strcmp(setting->key, "runner") == 0)
        set_runner(b, node, setting);
    else if (strcmp(setting->key, "replicas") == 0)
        set_replicas(b, node, setting);
    else if (strcmp(setting->key, "stall") == 0) {
        if (!wr_parse_duration(setting->value, &node->stall_ns) || node->stall_ns < 0)
            problem(b, setting->value_at, "%s.stall: %s is not a duration such as 30s", node->name, setting->value);
    } else if (strcmp(setting->key, "group") == 0)
        set_group(b, node, setting);
    else
        return set_limit(b, node, setting);
    return true;
}

/* An option that the component does not know, but the decoder behind it does (max_size), is the decoder's. */
static bool for_decoder(builder *b, const weir_node *node, const wr_setting *setting)
{
    return !node->class->inputs && decode_class(b) && wr_option_find(decode_class(b)->options, setting->key);
}

static void set_options(builder *b, weir_node *node, const wr_node_text *text)
{
    if (node->class->options)
        wr_option_defaults(node->class->options, node->options);
    for (size_t i = 0; i < text->settings.count; i++) {
        const wr_setting *setting = &text->settings.item[i];
        const weir_option *option = wr_option_find(node->class->options, setting->key);
        if (option)
            set_option(b, node, option, setting);
        else if (!node_setting(b, node, setting) && !for_decoder(b, node, setting))
            unknown_option(b, node, setting);
    }
    required_options(b, node, text);
}

/* --- nodes --- */

static void unknown_component(builder *b, const wr_node_text *text)
{
    size_t count;
    const weir_component_class **list = wr_component_list(&count);
    const char **words = wr_must(calloc(count + 1, sizeof *words));
    for (size_t i = 0; i < count; i++)
        words[i] = list[i]->name;
    const char *near = wr_nearest(text->component, words);
    problem(b, text->component_at, "there is no component %s; %s%s%s`weir components` lists them",
            wr_may_show(text->component) ? text->component : "of that name", near ? "did you mean " : "",
            near ? near : "", near ? "? " : "");
    free(words);
    free(list);
}

static void add_nodes(builder *b)
{
    for (size_t i = 0; i < b->text->nodes; i++) {
        const wr_node_text *text = &b->text->node[i];
        const weir_component_class *class = weir_component_find(text->component);
        if (!class) {
            unknown_component(b, text);
            continue;
        }
        b->node[i] = wr_graph_add(b->graph, text->name, class);
        b->node[i]->at_place = text->component_at;
        size_t before = b->problems->count;
        set_options(b, b->node[i], text);
        b->node[i]->bad = b->problems->count > before;
    }
}

/* --- edges --- */

static const wr_node_text *end_text(builder *b, const char *name, wr_place at, weir_node **node)
{
    const wr_node_text *text = wr_description_find(b->text, name);
    *node = text ? b->node[text - b->text->node] : NULL;
    if (text)
        return text;
    const char **names = wr_description_names(b->text);
    const char *near = wr_nearest(name, names);
    problem(b, at, "there is no node %s%s%s%s", wr_may_show(name) ? name : "of that name",
            near ? "; did you mean " : "", near ? near : "", near ? "?" : "");
    free(names);
    return NULL;
}

static int end_port(builder *b, const weir_node *node, const weir_port *ports, const char *name, wr_place at,
                    const char *what)
{
    if (!ports || !ports[0].name) {
        problem(b, at, "%s has no %s", node->name, what);
        return -1;
    }
    if (!*name)
        return 0;
    int port = wr_port_find(ports, name);
    if (port >= 0)
        return port;
    char list[200] = "";
    for (int i = 0; ports[i].name; i++)
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s%s", i ? ", " : "", ports[i].name);
    problem(b, at, "%s has no %s %s; it has %s", node->name, what, wr_may_show(name) ? name : "of that name", list);
    return -1;
}

/* An input port that nobody named: the first that has no link yet. */
static int free_port(const weir_node *node)
{
    const weir_port *ports = node->class->inputs;
    for (int p = 0; ports[p].name; p++) {
        bool taken = false;
        for (int i = 0; i < node->inputs; i++)
            taken |= node->input[i].edge->to_port == p;
        if (!taken || ports[p].flags & WEIR_PORT_MANY)
            return p;
    }
    return 0;
}

static bool port_is_taken(const weir_node *node, int port)
{
    for (int i = 0; i < node->inputs; i++)
        if (node->input[i].edge->to_port == port && !(node->class->inputs[port].flags & WEIR_PORT_MANY))
            return true;
    return false;
}

static void link_setting(builder *b, wr_edge *edge, const wr_setting *setting)
{
    weir_policy *policy = &edge->config.policy;
    int64_t number = 0;
    bool good = true;
    if (strcmp(setting->key, "take") == 0) {
        good = weir_policy_parse(policy, setting->value) != 0;
        edge->policy_given = true;
    } else if (strcmp(setting->key, "max_age") == 0) {
        good = wr_parse_duration(setting->value, &policy->max_age_ns) && policy->max_age_ns >= 0;
    } else {
        good = wr_parse_int(setting->value, &number) && number >= 1 && number <= WEIR_DEPTH_MAX;
        edge->hold = (uint32_t)number;
    }
    if (!good)
        problem(b, setting->value_at, "%s: %s is not %s", setting->key,
                wr_may_show(setting->value) ? setting->value : "this",
                strcmp(setting->key, "take") == 0      ? "every, latest, newest=N or oldest=N"
                : strcmp(setting->key, "max_age") == 0 ? "a duration such as 200ms"
                                                       : "a number of frames from 1 to 65536");
}

static void link_settings(builder *b, wr_edge *edge, const wr_link_text *text)
{
    for (size_t i = 0; i < text->settings.count; i++)
        link_setting(b, edge, &text->settings.item[i]);
    if (edge->hold && edge->config.policy.take != WEIR_EVERY)
        problem(b, wr_settings_find(&text->settings, "hold")->key_at,
                "hold= bounds take=every; with %s the number stands behind take=",
                edge->config.policy.take == WEIR_LATEST ? "latest" : "newest or oldest");
    else if (edge->hold)
        edge->config.policy.depth = edge->hold;
}

static void add_edge(builder *b, const wr_link_text *text)
{
    weir_node *from, *to;
    bool known = end_text(b, text->from, text->from_at, &from) != NULL;
    known &= end_text(b, text->to, text->to_at, &to) != NULL;
    if (!known || !from || !to) { /* its settings may be wrong all the same */
        wr_edge nowhere = {.from = NULL};
        link_settings(b, &nowhere, text);
        if (to)
            to->bad = true; /* what it says of its links would be another mistake's fault */
        return;
    }
    int from_port = end_port(b, from, from->class->outputs, text->from_port, text->from_at, "output");
    int to_port = end_port(b, to, to->class->inputs, text->to_port, text->to_at, "input");
    if (from_port < 0 || to_port < 0)
        return;
    if (!*text->to_port)
        to_port = free_port(to);
    if (port_is_taken(to, to_port)) {
        problem(b, text->from_at, "%s takes one link at its input %s and has one already; put a join before it",
                to->name, to->class->inputs[to_port].name);
        return;
    }
    wr_edge *edge = wr_graph_connect(b->graph, from, from_port, to, to_port);
    edge->at = text->from_at.line ? text->from_at : text->to_at;
    link_settings(b, edge, text);
}

static void check_inputs(builder *b)
{
    for (int i = 0; i < b->graph->nodes; i++) {
        weir_node *node = b->graph->node[i];
        for (int p = 0; node->class->inputs && node->class->inputs[p].name; p++) {
            bool linked = false;
            for (int k = 0; k < node->inputs; k++)
                linked |= node->input[k].edge->to_port == p;
            if (linked || node->class->inputs[p].flags & WEIR_PORT_OPTIONAL)
                continue;
            node->bad = true;
            if (!b->links_bad)
                problem(b, node->at_place, "nothing leads to the input %s of %s; link a node to it",
                        node->class->inputs[p].name, node->name);
        }
    }
}

/* --- what stands between packets and pictures --- */

static uint64_t kinds_of(const char *const *names, size_t count)
{
    uint64_t kinds = 0;
    for (size_t i = 0; i < count && names[i]; i++)
        kinds |= strcmp(names[i], "*") == 0 ? UINT64_MAX : 1ull << (weir_kind_id(names[i]) & 63);
    return kinds;
}

uint64_t wr_port_needs(const weir_port *port)
{
    return kinds_of(port->needs, sizeof port->needs / sizeof *port->needs);
}

uint64_t wr_port_wants(const weir_port *port)
{
    return kinds_of(port->wants, sizeof port->wants / sizeof *port->wants);
}

uint64_t wr_port_adds(const weir_port *port)
{
    return kinds_of(port->adds, sizeof port->adds / sizeof *port->adds);
}

/* What frames on its outputs can carry; its producers have been looked at before. */
static void find_carried(weir_node *node)
{
    uint64_t come = 0;
    for (int i = 0; i < node->inputs; i++)
        come |= node->input[i].edge->from->output[node->input[i].edge->from_port].kinds;
    for (int o = 0; o < node->outputs; o++) {
        const weir_port *port = &node->class->outputs[o];
        node->output[o].kinds = wr_port_adds(port) | (port->flags & WEIR_PORT_FRESH ? 0 : come);
    }
}

/* A name that we make must not be one that the user gave. */
static void check_made_name(builder *b, const weir_node *from, const char *name)
{
    const wr_node_text *taken = wr_description_find(b->text, name);
    if (taken)
        problem(b, taken->component_at, "%s makes a node called %s itself; rename this one", from->name, name);
}

static weir_node *decoder_behind(builder *b, weir_node *from, int port, const wr_node_text *text)
{
    char name[80];
    for (int i = 0; i < b->graph->nodes; i++)
        if (b->graph->node[i]->decodes == from && b->graph->node[i]->decodes_port == port)
            return b->graph->node[i];
    snprintf(name, sizeof name, "%.63s%s%.8s-decode", from->name, port ? "-" : "",
             port ? from->class->outputs[port].name : "");
    check_made_name(b, from, name);
    weir_node *decoder = wr_graph_add(b->graph, name, b->decode);
    decoder->at_place = from->at_place;
    decoder->decodes = from;
    decoder->decodes_port = port;
    if (strcmp(from->runner, "process") == 0) /* in one of its own: the socket and the codec live apart */
        strcpy(decoder->runner, from->runner);
    else if (from->runner[0]) /* who wants it here, wants all of it here */
        snprintf(decoder->runner, sizeof decoder->runner, "%s", b->graph->runner);
    wr_option_defaults(b->decode->options, decoder->options);
    for (size_t i = 0; text && i < text->settings.count; i++) {
        const wr_setting *setting = &text->settings.item[i];
        const weir_option *option = wr_option_find(b->decode->options, setting->key);
        if (option && !wr_option_find(from->class->options, setting->key))
            set_option(b, decoder, option, setting);
    }
    wr_graph_connect(b->graph, from, port, decoder, 0);
    find_carried(decoder);
    return decoder;
}

static void needs_decoder(builder *b, wr_edge *edge)
{
    const uint64_t picture = 1ull << WEIR_KIND_PICTURE, packet = 1ull << WEIR_KIND_PACKET;
    uint64_t has = edge->from->output[edge->from_port].kinds;
    const weir_port *in = &edge->to->class->inputs[edge->to_port];
    bool wanted = wr_port_needs(in) & picture || in->flags & WEIR_PORT_ORDERED;
    if (!wanted || has & picture || !(has & packet))
        return;
    const wr_node_text *text = wr_description_find(b->text, edge->from->name);
    if (decode_class(b))
        wr_graph_move_start(edge, decoder_behind(b, edge->from, edge->from_port, text), 0);
    else
        problem(b, edge->at, "%s needs pictures, %s sends packets, and the component decode is not installed",
                edge->to->name, edge->from->name);
}

static void add_decoders(builder *b)
{
    int nodes = b->graph->nodes;
    for (int i = 0; i < nodes; i++) {
        weir_node *node = b->graph->node[i];
        for (int k = 0; k < node->inputs; k++)
            needs_decoder(b, node->input[k].edge);
        find_carried(node);
    }
}

static void check_kinds(builder *b)
{
    for (int i = 0; i < b->graph->edges; i++) {
        const wr_edge *edge = b->graph->edge[i];
        uint64_t missing =
            wr_port_needs(&edge->to->class->inputs[edge->to_port]) & ~edge->from->output[edge->from_port].kinds;
        for (weir_kind k = 0; k < WEIR_KINDS_MAX && missing; k++)
            if (missing >> k & 1) {
                problem(b, edge->at, "%s needs %s, which %s does not send; put a component that adds it in between",
                        edge->to->name, weir_kind_name(k), edge->from->name);
                break;
            }
    }
}

static void check_replica_names(builder *b, const weir_node *node)
{
    char name[80];
    snprintf(name, sizeof name, "%.63s-order", node->name);
    check_made_name(b, node, name);
    for (int i = 1; i <= node->replicas; i++) {
        snprintf(name, sizeof name, "%.63s-%d", node->name, i);
        check_made_name(b, node, name);
    }
}

static void add_replicas(builder *b)
{
    int nodes = b->graph->nodes;
    for (int i = 0; i < nodes; i++)
        if (b->graph->node[i]->replicas > 1)
            check_replica_names(b, b->graph->node[i]);
    for (int i = 0; i < nodes; i++)
        if (b->graph->node[i]->replicas > 1)
            wr_graph_replicate(b->graph, b->graph->node[i], b->graph->node[i]->replicas);
}

/* What replicas put in between carries what they do. */
static void find_all_carried(builder *b)
{
    for (int i = 0; i < b->graph->nodes; i++)
        find_carried(b->graph->node[i]);
}

static bool sorted(builder *b)
{
    const weir_node *culprit = wr_graph_sort(b->graph);
    if (culprit)
        problem(b, culprit->at_place, "%s leads back to itself; a pipeline has no cycles: take one of its links away",
                culprit->name);
    return !culprit;
}

bool wr_graph_build(wr_graph *graph, const wr_description *description, wr_problems *problems)
{
    builder b = {.graph = graph, .text = description, .problems = problems};
    size_t before = problems->count;
    b.node = wr_must(calloc(description->nodes + 1, sizeof(weir_node *)));
    if (description->nodes == 0)
        problem(&b, (wr_place){0, 0}, "the pipeline has no nodes; name at least one component");
    add_nodes(&b);
    for (size_t i = 0; i < description->links; i++)
        add_edge(&b, &description->link[i]);
    free(b.node);
    b.links_bad = problems->count > before;
    check_inputs(&b);
    if (!sorted(&b))
        return false;
    add_decoders(&b);
    sorted(&b);
    check_kinds(&b);
    add_replicas(&b);
    sorted(&b);
    find_all_carried(&b);
    bool planned = wr_graph_plan(graph, description->file, problems);
    return planned && problems->count == before;
}
