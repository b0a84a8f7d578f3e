#include "core/tap.h"

#include "core/clock.h"
#include "core/graph.h"
#include <stdlib.h>
#include <string.h>

/* A whole cache line. Written by the node's process, read by others. `viewer` is set last when one is opened, and first when it is closed. */
typedef struct tap_page {
    alignas(WR_LINK_LINE) _Atomic uint32_t viewer; /* 0: not open */
    _Atomic int32_t input;
    _Atomic int32_t take;
    _Atomic uint32_t depth;
    _Atomic int64_t max_age_ns;
} tap_page; /* then a wr_link_shared, with its slots */

typedef struct tap_gone {
    _Atomic uint64_t turn; /* odd while one is added */
    _Atomic uint64_t offered, taken, waiting_max, dropped[WEIR_REASONS];
} tap_gone;

typedef struct tap_desk {
    tap_gone gone[WR_TAP_INPUTS];
    alignas(WR_LINK_LINE) unsigned char pages[];
} tap_desk;

struct weir_tap {
    wr_link link;
    wr_bell bell; /* nobody sleeps on it: who takes is woken by the component */
    wr_taps *taps;
    tap_page *page;
    int input;
    bool open; /* under the graph's edges_lock */
};

struct wr_taps {
    weir_node *node;
    wr_tap_plan plan;
    tap_desk *desk;
    weir_tap *tap;
};

static wr_link_config config_of(const wr_tap_plan *plan)
{
    return (wr_link_config){.policy = {.depth = plan->depth}, .burst = 1, .kinds = UINT64_MAX, .shared = true};
}

static size_t page_bytes(const wr_tap_plan *plan)
{
    const wr_link_config config = config_of(plan);
    size_t bytes = sizeof(tap_page) + wr_link_cost(&config);
    return (bytes + WR_LINK_LINE - 1) / WR_LINK_LINE * WR_LINK_LINE;
}

size_t wr_taps_bytes(const wr_tap_plan *plan)
{
    return plan->count ? sizeof(tap_desk) + plan->count * page_bytes(plan) : 0;
}

unsigned wr_taps_places(const wr_tap_plan *plan)
{
    return plan->count ? plan->count + WR_TAP_INPUTS : 0;
}

static tap_page *page_at(const wr_tap_plan *plan, const void *memory, unsigned place)
{
    return (tap_page *)(((tap_desk *)memory)->pages + place * page_bytes(plan));
}

static wr_link_shared *link_of(tap_page *page)
{
    return (wr_link_shared *)(page + 1);
}

/* --- what is gone --- */

static void add(_Atomic uint64_t *counter, uint64_t more)
{
    atomic_store_explicit(counter, atomic_load_explicit(counter, memory_order_relaxed) + more, memory_order_release);
}

static void add_gone(tap_gone *gone, const weir_link_stats *stats)
{
    add(&gone->turn, 1);
    add(&gone->offered, stats->offered);
    add(&gone->taken, stats->taken);
    for (int r = 0; r < WEIR_REASONS; r++)
        add(&gone->dropped[r], stats->dropped[r]);
    if (stats->waiting_max > atomic_load(&gone->waiting_max))
        atomic_store(&gone->waiting_max, stats->waiting_max);
    add(&gone->turn, 1);
}

/* Everything that waits, and what is missing since its process died, is lost. */
static void close_account(tap_desk *desk, tap_page *page, const wr_link *link)
{
    const weir_link_stats none = {0};
    weir_link_stats sum = {0};
    int input = atomic_load(&page->input);
    wr_link_add_up(&sum, link, &none);
    atomic_store(&page->viewer, 0);
    if (input >= 0 && input < WR_TAP_INPUTS)
        add_gone(&desk->gone[input], &sum);
}

/* --- the node's process --- */

wr_taps *wr_taps_new(weir_node *node, const wr_tap_plan *plan, void *memory)
{
    wr_taps *taps = calloc(1, sizeof *taps);
    weir_tap *all = wr_memory_lines(plan->count * sizeof *all);
    if (!taps || !all) {
        free(taps);
        free(all);
        return NULL;
    }
    *taps = (wr_taps){.node = node, .plan = *plan, .desk = memory, .tap = all};
    for (unsigned i = 0; i < plan->count; i++) {
        tap_page *page = page_at(plan, memory, i);
        const wr_link left = {.config = config_of(plan), .shared = link_of(page)};
        all[i].taps = taps;
        all[i].page = page;
        if (atomic_load(&page->viewer))
            close_account(taps->desk, page, &left);
    }
    return taps;
}

void wr_taps_free(wr_taps *taps)
{
    if (!taps)
        return;
    for (unsigned i = 0; i < taps->plan.count; i++)
        if (taps->tap[i].open)
            weir_tap_close(&taps->tap[i]);
    free(taps->tap);
    free(taps);
}

static weir_tap *free_one_locked(wr_taps *taps)
{
    for (unsigned i = 0; i < taps->plan.count; i++)
        if (!taps->tap[i].open)
            return &taps->tap[i];
    return NULL;
}

static void open_locked(weir_tap *tap, int input, unsigned viewer, const weir_policy *policy, bool packets)
{
    const wr_tap_plan *plan = &tap->taps->plan;
    wr_link_config config = config_of(plan);
    uint32_t depth = policy->take == WEIR_LATEST ? 1 : policy->depth;
    config.policy = *policy;
    config.policy.depth = depth == 0 || depth > plan->depth ? plan->depth : depth;
    config.packets = packets;
    config.limit_bytes = packets ? plan->bytes : 0;
    wr_link_open_in(&tap->link, &config, link_of(tap->page));
    tap->link.producer_bell = tap->link.consumer_bell = &tap->bell;
    tap->input = input;
    tap->open = true;
    atomic_store(&tap->page->input, input);
    atomic_store(&tap->page->take, (int32_t)config.policy.take);
    atomic_store(&tap->page->depth, config.policy.depth);
    atomic_store(&tap->page->max_age_ns, config.policy.max_age_ns);
    atomic_store(&tap->page->viewer, viewer);
}

weir_tap *weir_tap_open(weir_node *node, int input, unsigned viewer, const weir_policy *policy, bool packets)
{
    if (!node->taps || input < 0 || input >= node->inputs || viewer == 0)
        return NULL;
    pthread_mutex_lock(&node->graph->edges_lock);
    weir_tap *tap = free_one_locked(node->taps);
    if (tap)
        open_locked(tap, input, viewer, policy, packets);
    pthread_mutex_unlock(&node->graph->edges_lock);
    return tap;
}

void weir_tap_expect(const weir_tap *tap)
{
    wr_link_expect(&tap->link);
}

void weir_tap_offer(weir_tap *tap, const weir_frame *frame)
{
    wr_link_publish(&tap->link, frame, weir_clock_now(tap->taps->node->graph->clock));
    tap->link.producer.to_ring = false;
}

bool weir_tap_take(weir_tap *tap, weir_frame *frame)
{
    return wr_link_take(&tap->link, frame, weir_clock_now(tap->taps->node->graph->clock)) == WR_TAKEN;
}

uint64_t weir_tap_waiting(const weir_tap *tap)
{
    return wr_link_waiting(&tap->link);
}

void weir_tap_close(weir_tap *tap)
{
    pthread_mutex_t *lock = &tap->taps->node->graph->edges_lock;
    wr_link_cut(&tap->link);
    wr_link_discard(&tap->link);
    pthread_mutex_lock(lock);
    close_account(tap->taps->desk, tap->page, &tap->link);
    tap->open = false;
    pthread_mutex_unlock(lock);
}

/* --- any process --- */

static bool read_gone(const tap_gone *gone, weir_link_stats *stats)
{
    enum { TRIES = 4096 };
    uint64_t turn = 1;
    for (int tries = 0; tries < TRIES; tries++) {
        turn = atomic_load(&gone->turn);
        stats->offered = atomic_load(&gone->offered);
        stats->taken = atomic_load(&gone->taken);
        stats->waiting_max = atomic_load(&gone->waiting_max);
        for (int r = 0; r < WEIR_REASONS; r++)
            stats->dropped[r] = atomic_load(&gone->dropped[r]);
        if (turn % 2 == 0 && turn == atomic_load(&gone->turn))
            break;
    }
    return turn > 0;
}

bool wr_taps_read(const wr_tap_plan *plan, const void *memory, unsigned place, int inputs, wr_tap_seen *seen)
{
    const tap_desk *desk = memory;
    *seen = (wr_tap_seen){0};
    if (place >= plan->count) {
        seen->input = (int)(place - plan->count);
        return seen->input < inputs && read_gone(&desk->gone[seen->input], &seen->stats);
    }
    tap_page *page = page_at(plan, memory, place);
    int32_t take = atomic_load(&page->take);
    const weir_policy policy = {.take = take >= WEIR_EVERY && take <= WEIR_OLDEST ? (weir_take)take : WEIR_EVERY,
                                .depth = atomic_load(&page->depth),
                                .max_age_ns = atomic_load(&page->max_age_ns)};
    const wr_link link = {.config = {.policy = policy, .shared = true}, .shared = link_of(page)};
    seen->viewer = atomic_load(&page->viewer);
    seen->input = atomic_load(&page->input);
    if (!seen->viewer || seen->input < 0 || seen->input >= inputs)
        return false;
    wr_link_read(&link, &seen->stats);
    return seen->viewer == atomic_load(&page->viewer);
}
