#include "run/succession.h"

#include <signal.h>
#include <stdlib.h>

/* For those it took from: what it had in hand is lost. The producer sees to it, or we where none is left. */
static void consumer_died(wr_edge *edge)
{
    wr_link *link = &edge->link;
    atomic_fetch_add(&link->shared->died, 1);
    wr_bell_ring(link->producer_bell);
    bool over = atomic_load(&link->shared->ended) || atomic_load(&link->shared->given_up);
    if (over && edge->from->worker < 0)
        wr_link_look_after(link);
    else if (over || atomic_load(&link->shared->bereft))
        wr_link_let_go(link);
}

/* Who does not listen is ended: it would use what it does not know to be in use. */
static void tell_next(wr_keeper *k, wr_worker *w, const wr_edge *next, bool here)
{
    if (!w->pid)
        return; /* it hears of it when it is started */
    w->asked++;
    if (!wr_share_next(w->channel, k->graph, next, here))
        kill(w->pid, SIGKILL);
}

static void tell_consumer(wr_keeper *k, wr_edge *next)
{
    wr_worker *w = worker_of(k, next->to);
    if (w) {
        next->old->consumer_gone = w->pid == 0;
        tell_next(k, w, next, true);
    } else {
        wr_change *change = wr_must(calloc(1, sizeof *change));
        *change = (wr_change){.what = WR_NEXT_INPUT, .edge = next};
        wr_node_change(next->to, change);
        wr_bell_ring(next->link.consumer_bell);
    }
}

/* For those who take from it: another link. False without memory. */
static bool producer_died(wr_keeper *k, const wr_worker *dead, wr_edge *edge)
{
    wr_edge *next = wr_edge_successor(k->graph, edge);
    if (!next)
        return false;
    wr_link_shared *shared = edge->link.shared;
    if (wr_link_is_cut(&edge->link) && !atomic_load(&shared->broken))
        wr_link_cut(&next->link); /* its consumer is gone for good */
    edge->died_before = atomic_load(&shared->died);
    if (edge->died_before != atomic_load(&shared->seen_to)) { /* a consumer died before, and nobody has seen to it */
        atomic_store(&shared->seeing_to, atomic_load(&shared->seen_to));
        wr_link_empty_out(&edge->link);
    }
    for (int i = 0; i < k->workers; i++)
        if (i != dead->number && wr_share_is_lent_by(k->graph, i, next))
            tell_next(k, &k->worker[i], next, false);
    atomic_store(&edge->link.shared->bereft, 1);
    tell_consumer(k, next);
    wr_bell_ring(edge->link.consumer_bell);
    return true;
}

bool wr_succession_prepare(wr_keeper *k, wr_worker *w)
{
    for (int i = 0; i < k->graph->edges; i++) {
        wr_edge *edge = k->graph->edge[i];
        bool from = belongs(w, edge->from), to = belongs(w, edge->to);
        if (edge->spare || (!from && !to))
            continue;
        for (wr_edge *old = edge->old; to && old; old = old->old)
            old->consumer_gone = true;
        if (from && to) {
            atomic_fetch_add(&edge->link.shared->died, 1);
            wr_link_empty_out(&edge->link);
        } else if (to)
            consumer_died(edge);
        else if (!atomic_load(&edge->link.shared->ended) && !producer_died(k, w, edge))
            return false;
    }
    return true;
}

/* Nobody uses what came by this link any more. Of a consumer here we know ourselves. */
static bool is_given_up(wr_edge *old)
{
    if (old->to->worker < 0) {
        bool nothing = atomic_load(&old->left) && wr_edge_holds_nothing(old);
        if (nothing)
            wr_edge_forget_imports(old);
        return nothing;
    }
    /* Its consumer died too: the next one is told of the newest link only. */
    bool dead = old->consumer_gone || atomic_load(&old->link.shared->died) != old->died_before;
    return dead || atomic_load(&old->link.shared->returned_all);
}

/* Old links whose consumers have gone over and hold nothing more: their accounts are closed, and added up. */
void wr_succession_retire(wr_keeper *k, wr_edge *edge)
{
    for (wr_edge **at = &edge->old; *at;) {
        wr_edge *old = *at;
        if (!is_given_up(old)) {
            at = &old->old;
            continue;
        }
        pthread_mutex_lock(&k->graph->edges_lock);
        wr_link_add_up(&edge->before, &old->link, &old->before);
        *at = old->old;
        pthread_mutex_unlock(&k->graph->edges_lock);
        atomic_store(&old->link.shared->retired, 1);
        wr_link_close(&old->link);
        free(old);
    }
}
