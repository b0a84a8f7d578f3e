#include "run/bulletin.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum { NODE_TEXT = 4096, LINK_TEXT = 256, TRIES = 10000 };

size_t wr_bulletin_bytes(int nodes, int links)
{
    return sizeof(wr_bulletin) + sizeof(weir_stats) + 256 + (size_t)nodes * (sizeof(weir_node_stats) + NODE_TEXT) +
           (size_t)links * (sizeof(weir_link_stats) + LINK_TEXT);
}

/* --- writing --- */

typedef struct flat {
    unsigned char *data;
    size_t used, room;
    bool good;
} flat;

static size_t put(flat *to, const void *from, size_t bytes)
{
    size_t at = (to->used + 7) / 8 * 8;
    to->good = to->good && at + bytes <= to->room;
    if (!to->good)
        return 0;
    memcpy(to->data + at, from, bytes);
    to->used = at + bytes;
    return at;
}

/* A pointer becomes where its text lies: 0 for none, since the account itself lies there. */
static void put_text(flat *to, const char **pointer)
{
    size_t at = *pointer ? put(to, *pointer, strlen(*pointer) + 1) : 0;
    *pointer = (const char *)(uintptr_t)at;
}

static void put_nodes(flat *to, weir_stats *head, const weir_stats *stats)
{
    size_t at = put(to, stats->node, (size_t)stats->nodes * sizeof *stats->node);
    head->node = (weir_node_stats *)(uintptr_t)at;
    for (int i = 0; to->good && i < stats->nodes; i++) {
        weir_node_stats *node = (weir_node_stats *)(to->data + at) + i;
        put_text(to, &node->name);
        put_text(to, &node->component);
        put_text(to, &node->summary);
        put_text(to, &node->runner);
        put_text(to, &node->state);
        put_text(to, &node->options);
        put_text(to, &node->sandbox);
    }
}

static void put_links(flat *to, weir_stats *head, const weir_stats *stats)
{
    size_t at = put(to, stats->link, (size_t)stats->links * sizeof *stats->link);
    head->link = (weir_link_stats *)(uintptr_t)at;
    for (int i = 0; to->good && i < stats->links; i++) {
        weir_link_stats *link = (weir_link_stats *)(to->data + at) + i;
        put_text(to, &link->from);
        put_text(to, &link->to);
    }
}

static bool flatten(flat *to, const weir_stats *stats)
{
    weir_stats head = *stats;
    head.names = NULL;
    put(to, &head, sizeof head);
    put_text(to, &head.pipeline);
    put_text(to, &head.end);
    put_nodes(to, &head, stats);
    put_links(to, &head, stats);
    if (to->good)
        memcpy(to->data, &head, sizeof head);
    return to->good;
}

bool wr_bulletin_write(wr_bulletin *page, size_t page_bytes, const weir_stats *stats)
{
    flat to = {.room = (page_bytes - sizeof *page) / 8 * 8, .good = true};
    to.data = calloc(1, to.room);
    bool good = to.data && flatten(&to, stats);
    uint64_t turn = atomic_load(&page->turn);
    if (good) {
        atomic_store(&page->turn, turn + 1);
        atomic_store(&page->bytes, to.used);
        for (size_t i = 0; i < (to.used + 7) / 8; i++) {
            uint64_t word;
            memcpy(&word, to.data + 8 * i, 8);
            atomic_store_explicit(&page->word[i], word, memory_order_release);
        }
        atomic_store(&page->turn, turn + 2);
    }
    free(to.data);
    return good;
}

/* --- reading --- */

/* A copy of one instant, or NULL. */
static unsigned char *copy_of(const wr_bulletin *page, size_t page_bytes)
{
    size_t room = (page_bytes - sizeof *page) / 8 * 8;
    unsigned char *copy = malloc(room);
    for (int tries = 0; copy && tries < TRIES; tries++) {
        uint64_t turn = atomic_load(&page->turn);
        size_t bytes = atomic_load(&page->bytes);
        if (turn == 0)
            break;
        for (size_t i = 0; turn % 2 == 0 && i < (bytes + 7) / 8 && 8 * i < room; i++) {
            uint64_t word = atomic_load_explicit(&page->word[i], memory_order_acquire);
            memcpy(copy + 8 * i, &word, 8);
        }
        if (turn % 2 == 0 && turn == atomic_load(&page->turn))
            return copy;
        sched_yield();
    }
    free(copy);
    return NULL;
}

static void point(const char **text, char *base)
{
    *text = *text ? base + (uintptr_t)*text : NULL;
}

weir_stats *wr_bulletin_read(const wr_bulletin *page, size_t page_bytes)
{
    char *base = (char *)copy_of(page, page_bytes);
    weir_stats *stats = base ? malloc(sizeof *stats) : NULL;
    if (!stats) {
        free(base);
        return NULL;
    }
    memcpy(stats, base, sizeof *stats);
    weir_node_stats *node = (weir_node_stats *)(base + (uintptr_t)stats->node);
    weir_link_stats *link = (weir_link_stats *)(base + (uintptr_t)stats->link);
    stats->node = calloc((size_t)stats->nodes + 1, sizeof *node);
    stats->link = calloc((size_t)stats->links + 1, sizeof *link);
    stats->names = base;
    if (!stats->node || !stats->link) {
        weir_stats_free(stats);
        return NULL;
    }
    memcpy(stats->node, node, (size_t)stats->nodes * sizeof *node);
    memcpy(stats->link, link, (size_t)stats->links * sizeof *link);
    point(&stats->pipeline, base);
    point(&stats->end, base);
    for (int i = 0; i < stats->nodes; i++) {
        const char **texts[] = {&stats->node[i].name,   &stats->node[i].summary, &stats->node[i].component,
                                &stats->node[i].runner, &stats->node[i].state,   &stats->node[i].options,
                                &stats->node[i].sandbox};
        for (size_t k = 0; k < sizeof texts / sizeof *texts; k++)
            point(texts[k], base);
    }
    for (int i = 0; i < stats->links; i++) {
        point(&stats->link[i].from, base);
        point(&stats->link[i].to, base);
    }
    return stats;
}
