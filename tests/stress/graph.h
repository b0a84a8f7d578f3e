/* Random pipelines for the stress test, as lines: the same seed makes the same one. */
#ifndef STRESS_GRAPH_H
#define STRESS_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GRAPH_NODES_MAX = 16, GRAPH_TEXT_BYTES = 16384 };

typedef struct st_dice {
    uint64_t state;
} st_dice;

/* A number from 0 to sides - 1. */
uint32_t dice_roll(st_dice *dice, uint32_t sides);

typedef struct st_node {
    char name[8];
    bool source, sink, many, live, fails, replicas;
    bool above[GRAPH_NODES_MAX]; /* linked from, directly */
} st_node;

typedef struct st_graph {
    const char *runner;
    int workers;
    bool virtual_clock, endless, may_fail;
    st_node node[GRAPH_NODES_MAX];
    int nodes;
    char line[GRAPH_TEXT_BYTES];
} st_graph;

void graph_make(st_graph *graph, st_dice *dice);

#endif
