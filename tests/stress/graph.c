#include "stress/graph.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <weir/status.h>

uint32_t dice_roll(st_dice *dice, uint32_t sides)
{
    dice->state ^= dice->state << 13;
    dice->state ^= dice->state >> 7;
    dice->state ^= dice->state << 17;
    return (uint32_t)(dice->state >> 16) % sides;
}

static bool one_in(st_dice *dice, uint32_t times)
{
    return dice_roll(dice, times) == 0;
}

static void say(st_graph *graph, const char *format, ...) WEIR_PRINTF(2, 3);

static void say(st_graph *graph, const char *format, ...)
{
    size_t used = strlen(graph->line);
    va_list args;
    va_start(args, format);
    vsnprintf(graph->line + used, sizeof graph->line - used, format, args);
    va_end(args);
}

static st_node *add(st_graph *graph, char letter)
{
    st_node *node = &graph->node[graph->nodes];
    snprintf(node->name, sizeof node->name, "%c%d", letter, graph->nodes++);
    return node;
}

static void add_source(st_graph *graph, st_dice *dice)
{
    st_node *node = add(graph, 's');
    node->source = true;
    node->live = one_in(dice, 2);
    uint32_t period_us = one_in(dice, 2) ? 50 + dice_roll(dice, 1500) : 0;
    uint32_t frames = graph->endless ? 0 : 1 + dice_roll(dice, 600);
    say(graph, "%st-source name=%s frames=%u live=%s period=%gms bytes=%u spin=%u", graph->nodes > 1 ? " ; " : "",
        node->name, frames, node->live ? "true" : "false", period_us / 1000.0,
        one_in(dice, 3) ? 0 : 16 + 8 * dice_roll(dice, 1000), period_us ? 0 : dice_roll(dice, 3000));
    if (graph->may_fail && one_in(dice, 10)) {
        node->fails = true;
        say(graph, " fail_at=%u", 1 + dice_roll(dice, 400));
    }
}

static void say_policy(st_graph *graph, st_dice *dice, bool live)
{
    switch (dice_roll(dice, 6)) {
    case 0:
        say(graph, " take=latest");
        break;
    case 1:
        say(graph, " take=newest=%u", 1 + dice_roll(dice, 6));
        break;
    case 2:
        say(graph, " take=oldest=%u", 1 + dice_roll(dice, 6));
        break;
    case 3:
        break;
    default:
        say(graph, " hold=%u", 1 + dice_roll(dice, 9));
    }
    if (live && one_in(dice, 5))
        say(graph, " max_age=%gms", (200 + dice_roll(dice, 3000)) / 1000.0);
}

static void say_runner(st_graph *graph, st_dice *dice, bool one_producer)
{
    static const char *const names[] = {"thread", "pool", "inline"};
    if (strcmp(graph->runner, "inline") != 0 && one_in(dice, 4))
        say(graph, " runner=%s", names[dice_roll(dice, one_producer ? 3 : 2)]);
}

static const char *say_component(st_graph *graph, st_dice *dice, st_node *node, bool sink)
{
    uint32_t kind = sink ? 0 : 1 + dice_roll(dice, 4);
    node->sink = sink;
    node->many = kind != 4;
    if (kind == 4) {
        say(graph, "t-delay name=%s keep=%u", node->name, dice_roll(dice, 8));
        return NULL;
    }
    say(graph, "%s name=%s uneven=%u", sink ? "t-sink" : "t-filter", node->name,
        dice_roll(dice, one_in(dice, 4) ? 20000 : 500));
    if (!sink && one_in(dice, 3))
        say(graph, " keep=%u", 1 + dice_roll(dice, 5));
    if (!sink && one_in(dice, 5))
        say(graph, " copies=%u", 1 + dice_roll(dice, 3));
    if (graph->virtual_clock && one_in(dice, 4))
        say(graph, " delay=%gms", dice_roll(dice, 8000) / 1000.0);
    if (graph->may_fail && one_in(dice, 6)) {
        node->fails = true;
        say(graph, " %s=%u", one_in(dice, 2) ? "fail_at" : "fail_from", 1 + dice_roll(dice, 300));
    }
    node->replicas = !sink && one_in(dice, 5);
    if (node->replicas)
        say(graph, " replicas=%u", 2 + dice_roll(dice, 3));
    return NULL;
}

/* A producer for `node`, which it has not got yet; -1 if the dice find none. */
static int choose_producer(const st_graph *graph, st_dice *dice, const st_node *node)
{
    for (int tries = 0; tries < 8; tries++) {
        int from = (int)dice_roll(dice, (uint32_t)(node - graph->node));
        if (!graph->node[from].sink && !node->above[from])
            return from;
    }
    return -1;
}

static void add_worker(st_graph *graph, st_dice *dice, bool sink)
{
    st_node *node = add(graph, sink ? 'z' : 'f');
    int from = choose_producer(graph, dice, node), inputs = 1;
    if (from < 0)
        from = 0;
    node->above[from] = true;
    node->live = graph->node[from].live;
    say(graph, " ; @%s ! ", graph->node[from].name);
    say_component(graph, dice, node, sink);
    while (node->many && inputs < 3 && one_in(dice, 3))
        inputs++;
    size_t runner_at = strlen(graph->line);
    say_runner(graph, dice, inputs == 1 && !node->replicas);
    if (!strstr(graph->line + runner_at, "inline"))
        say_policy(graph, dice, graph->node[from].live);
    for (; inputs > 1; inputs--) {
        from = choose_producer(graph, dice, node);
        if (from < 0)
            break;
        node->above[from] = true;
        node->live |= graph->node[from].live;
        say(graph, " ; @%s ! @%s", graph->node[from].name, node->name);
        say_policy(graph, dice, graph->node[from].live);
    }
}

void graph_make(st_graph *graph, st_dice *dice)
{
    static const char *const runners[] = {"thread", "thread", "pool", "pool", "inline"};
    *graph = (st_graph){.runner = runners[dice_roll(dice, 5)],
                        .workers = (int)dice_roll(dice, 5),
                        .virtual_clock = one_in(dice, 3),
                        .endless = one_in(dice, 3),
                        .may_fail = one_in(dice, 3)};
    for (int i = (int)dice_roll(dice, 3); i >= 0; i--)
        add_source(graph, dice);
    for (int i = (int)dice_roll(dice, 7); i > 0; i--)
        add_worker(graph, dice, false);
    for (int i = (int)dice_roll(dice, 4); i >= 0; i--)
        add_worker(graph, dice, true);
}
