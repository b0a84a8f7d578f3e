/* Links between processes when one side has been killed. The consumer's: the producer sees to what it left, or the supervisor
 * where no producer will. The producer's: another link comes in the place of this one. docs/notes/0005-processes.md says why it
 * is right, tests/model/repair.pml and death.pml go through it. */
#include "core/link_inside.h"

/* Nobody but the producer moves anything in this link now. A consumer may have been killed between any two of its steps:
 * it moves head first and counts then, so at most one frame is missing from the accounts. What it had in hand is counted
 * as taken, and lost with its node. */
static void see_to_the_dead(wr_link *link, uint32_t died, bool let_go)
{
    wr_link_shared *shared = link->shared;
    turn_begins(&shared->producer_turn);
    uint64_t tail = atomic_load_explicit(&shared->tail, RELAXED);
    uint64_t waiting = wr_link_occupied(link, tail, 0);
    if (waiting > link->slots) /* nonsense; the link is broken */
        waiting = 0;
    if (waiting > 0 && link->config.held && atomic_load(&shared->in_hand) == tail - waiting + 1) {
        waiting--; /* it died of this one, maybe: it does not come again */
        link->producer.head_seen++;
        move_head(link, tail - waiting);
    }
    if ((let_go || wr_link_is_cut(link)) && waiting > 0) { /* nobody comes for it */
        waiting = 0;
        move_head(link, tail);
        link->producer.head_seen = tail;
    }
    uint64_t bytes = wr_holds_repair(&link->holds, tail - waiting, tail);
    count(&shared->died_with, wr_link_missing(link));
    if (link->config.packets)
        atomic_store_explicit(&shared->bytes_out, atomic_load_explicit(&shared->bytes_in, RELAXED) - bytes, RELEASE);
    if (atomic_load(&shared->consumer_turn) % 2 != 0)
        turn_ends(&shared->consumer_turn);
    turn_ends(&shared->producer_turn);
    atomic_store(&shared->consumer_hasty, 0);
    atomic_store(&shared->seen_to, died);
    wr_bell_ring(link->consumer_bell);
}

/* The supervisor does it for a producer that has ended: not both. */
static void look_after(wr_link *link, bool let_go)
{
    wr_link_shared *shared = link->shared;
    uint32_t died = atomic_load(&shared->died), seen_to = atomic_load(&shared->seen_to);
    if (died != seen_to && atomic_compare_exchange_strong(&shared->seeing_to, &seen_to, died))
        see_to_the_dead(link, died, let_go);
}

void wr_link_look_after(wr_link *link)
{
    look_after(link, false);
}

void wr_link_let_go(wr_link *link)
{
    look_after(link, true);
}

void wr_link_empty_out(wr_link *link)
{
    wr_link_shared *shared = link->shared;
    if (atomic_load(&shared->producer_turn) % 2 != 0)
        turn_ends(&shared->producer_turn);
    atomic_store(&shared->producer_hasty, 0);
    atomic_store(&shared->starved, 0);
    look_after(link, true);
}

bool wr_link_is_left(const wr_link *link)
{
    const wr_link_shared *shared = link->shared;
    return atomic_load(&shared->bereft) != 0 &&
           (atomic_load(&shared->cut) || atomic_load(&shared->head) >= atomic_load(&shared->tail));
}
