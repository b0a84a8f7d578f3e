/* Reading the accounts of a link, from any thread and any process that has it mapped. */
#include "core/link.h"

#include <sched.h>

enum { TRIES_MAX = 4096 };

static uint64_t read_counter(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_acquire);
}

static void read_once(const wr_link_shared *shared, weir_link_stats *stats)
{
    stats->offered = read_counter(&shared->offered);
    stats->taken = read_counter(&shared->taken);
    stats->waiting = read_counter(&shared->tail) - read_counter(&shared->head);
    stats->waiting_max = read_counter(&shared->waiting_max);
    stats->dropped[WEIR_SUPERSEDED] = read_counter(&shared->superseded) + read_counter(&shared->jumped);
    stats->dropped[WEIR_OVERFLOW] = read_counter(&shared->overflow);
    stats->dropped[WEIR_EXPIRED] = read_counter(&shared->expired);
    stats->dropped[WEIR_UNDECODABLE] = read_counter(&shared->undecodable) + read_counter(&shared->orphaned);
    stats->dropped[WEIR_LOST] =
        read_counter(&shared->refused) + read_counter(&shared->discarded) + read_counter(&shared->died_with);
}

static uint64_t missing(const weir_link_stats *stats)
{
    uint64_t known = stats->taken + stats->waiting;
    for (int r = 0; r < WEIR_REASONS; r++)
        known += stats->dropped[r];
    return known < stats->offered ? stats->offered - known : 0;
}

uint64_t wr_link_missing(const wr_link *link)
{
    weir_link_stats stats;
    read_once(link->shared, &stats);
    return missing(&stats);
}

/* False if a side moved meanwhile, or is in the middle of its turn; `even_in_a_turn`: that will do, if it stands still there. */
static bool read_an_instant(const wr_link_shared *shared, weir_link_stats *stats, bool even_in_a_turn)
{
    uint64_t producer = read_counter(&shared->producer_turn);
    uint64_t consumer = read_counter(&shared->consumer_turn);
    if (!even_in_a_turn && (producer % 2 != 0 || consumer % 2 != 0))
        return false;
    read_once(shared, stats);
    return producer == read_counter(&shared->producer_turn) && consumer == read_counter(&shared->consumer_turn);
}

/* A side of another process may be stopped in its turn, or have died there: after TRIES_MAX what it has in its hands, which
 * is counted nowhere yet, counts as waiting. No counter says what it would have to take back. */
void wr_link_read(const wr_link *link, weir_link_stats *stats)
{
    const wr_link_shared *shared = link->shared;
    bool may_stand = link->config.shared || link->config.across;
    for (unsigned tries = 1; !read_an_instant(shared, stats, may_stand && tries > TRIES_MAX); tries++) {
        if (may_stand && tries > 2 * TRIES_MAX)
            break;
        if (tries % 64 == 0)
            sched_yield();
    }
    stats->waiting += missing(stats);
    stats->age = wr_histogram_spread(&shared->age);
    stats->wait = wr_histogram_spread(&shared->wait);
    stats->policy = link->config.policy;
    stats->cut = wr_link_is_cut(link);
}

void wr_link_add_counts(weir_link_stats *sum, const weir_link_stats *more)
{
    sum->offered += more->offered;
    sum->taken += more->taken;
    sum->waiting += more->waiting;
    for (int r = 0; r < WEIR_REASONS; r++)
        sum->dropped[r] += more->dropped[r];
    if (more->waiting_max > sum->waiting_max)
        sum->waiting_max = more->waiting_max;
}

void wr_link_add_up(weir_link_stats *sum, const wr_link *link, const weir_link_stats *before)
{
    weir_link_stats stats;
    read_once(link->shared, &stats);
    stats.dropped[WEIR_LOST] += missing(&stats) + stats.waiting;
    stats.waiting = 0;
    wr_link_add_counts(sum, &stats);
    wr_link_add_counts(sum, before);
}
