#include "run/keeper.h"

#include "core/clock.h"
#include "run/bulletin.h"
#include "run/ending.h"
#include "run/hearing.h"
#include "run/spawn.h"
#include "run/succession.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HEAR_MOST = 1000, GRACE_NS = 2000000000, BEATS_MISSED_NS = 1500000000, HALTED_MOST_NS = 1300000000 };
static const int64_t asked_most_ns = 2000000000;
static const int64_t opens_within_ns = 60000000000;    /* loading models; or $WEIR_OPENS_WITHIN, ms, for tests */
static const int64_t restarts_within_ns = 60000000000; /* or $WEIR_RESTARTS_WITHIN, ms, for tests */

/* --- what is shared --- */

static bool hang_bell(wr_strand *strand)
{
    if (strand->bell_page.data)
        return true;
    if (!wr_memory_map(&strand->bell_page, sizeof(uint32_t), true))
        return false;
    strand->bell.elsewhere = strand->bell_page.data;
    return true;
}

static bool hang_bells(wr_graph *graph)
{
    for (int i = 0; i < graph->edges; i++)
        if (graph->edge[i]->config.across &&
            (!hang_bell(graph->edge[i]->from->strand) || !hang_bell(graph->edge[i]->to->strand)))
            return false;
    return true;
}

static bool make_desk(wr_keeper *k, wr_worker *w)
{
    int nodes = 0;
    for (int i = 0; i < k->graph->nodes; i++)
        nodes += belongs(w, k->graph->node[i]);
    if (!wr_memory_map(&w->desk_memory, wr_desk_bytes(nodes), true))
        return false;
    w->desk = w->desk_memory.data;
    nodes = 0;
    for (int i = 0; i < k->graph->nodes; i++)
        if (belongs(w, k->graph->node[i]))
            k->graph->node[i]->tally = &w->desk->tally[nodes++];
    return true;
}

/* The largest that is named by those who share it. */
static void set_limit(wr_keeper *k, const weir_node *node)
{
    wr_worker *w = worker_of(k, node);
    if (w && node->limits.memory_bytes > w->memory_bytes)
        w->memory_bytes = node->limits.memory_bytes;
}

/* --- birth --- */

/* Of its first node, for whoever looks at the list of processes. */
static const char *name_of(const wr_keeper *k, const wr_worker *w)
{
    int first = 0;
    while (!belongs(w, k->graph->node[first]))
        first++;
    return k->graph->node[first]->name;
}

static bool be_born(wr_keeper *k, wr_worker *w)
{
    int ends[2], high = -1;
    if (!wr_channel_pair(ends))
        return false;
    high = fcntl(ends[1], F_DUPFD_CLOEXEC, WR_SPAWN_CHANNEL + 1); /* dup2 to itself would keep it closed on exec */
    close(ends[1]);
    int error = high < 0 ? errno : wr_spawn(high, name_of(k, w), &w->pid);
    if (high >= 0)
        close(high);
    if (error) {
        close(ends[0]);
        w->pid = 0;
        errno = error;
        return false;
    }
    w->channel = ends[0];
    w->pidfd = (int)syscall(SYS_pidfd_open, w->pid, 0);
    if (w->pidfd < 0) {
        error = errno;
        kill(w->pid, SIGKILL);
        waitpid(w->pid, NULL, 0);
        close(w->channel);
        w->pid = 0;
        errno = error;
        return false;
    }
    w->since_ns = weir_clock_now(NULL);
    w->halted_ns = 0;
    w->started = w->over = w->stopped = w->refused = w->is_open = false;
    w->hung[0] = '\0';
    w->memory_kills = wr_ending_memory_kills();
    atomic_store(&w->desk->own_bytes, 0);
    w->asked = w->heard = 0;
    w->restart_at_ns = 0;
    w->why[0] = '\0';
    atomic_store(&w->desk->beat_ns, 0);
    atomic_store(&w->desk->stopped, 0);
    for (int i = 0; i < k->graph->nodes; i++)
        if (belongs(w, k->graph->node[i]))
            k->graph->node[i]->drain_told = false;
    if (!wr_share_tell(w->channel, k->graph, w->number, &w->desk_memory, k->pipeline)) {
        snprintf(w->why, sizeof w->why, "its process could not be told what to do: %s", strerror(errno));
        kill(w->pid, SIGKILL);
    }
    return true;
}

/* --- death --- */

/* What led to it is let go, what came from it has ended. */
static void close_links(wr_keeper *k, const wr_worker *w)
{
    for (int i = 0; i < k->graph->edges; i++) {
        wr_edge *edge = k->graph->edge[i];
        if (edge->spare || !edge->config.across)
            continue;
        if (belongs(w, edge->from))
            wr_link_give_up_producer(&edge->link);
        if (!belongs(w, edge->to))
            continue;
        wr_link_cut(&edge->link);
        atomic_fetch_add(&edge->link.shared->died, 1);
        wr_bell_ring(edge->link.producer_bell);
        if (atomic_load(&edge->link.shared->ended) || atomic_load(&edge->link.shared->given_up))
            wr_link_look_after(&edge->link); /* its producer will not come back to it */
    }
}

static void strands_over(wr_keeper *k, const wr_worker *w)
{
    for (int i = 0; i < k->run->strands; i++) {
        wr_strand *strand = &k->run->strand[i];
        if (strand->nodes && belongs(w, strand->node[0]) && !atomic_exchange(&strand->over, true))
            atomic_fetch_sub(&k->run->alive, 1);
    }
    wr_bell_ring(k->run->supervisor);
}

/* A frame that is `held` is still in its link, and counted there. */
static void lose_in_hand(weir_node *node)
{
    bool inside = atomic_exchange(&node->tally->call_began_ns, 0) != 0;
    bool held = node->inputs > 0 && node->input[0].edge->config.held;
    if (inside && !held && node->inputs > 0 && atomic_load(&node->tally->shown_phase) == WR_RUNNING)
        weir_count_lost(node, 1);
}

/* Its worker may have been ended before it could say why. */
static bool failed_with_reason(weir_node *node)
{
    pthread_mutex_lock(&node->error_lock);
    bool reason = node->error[0] != '\0';
    pthread_mutex_unlock(&node->error_lock);
    return reason && atomic_load(&node->tally->shown_phase) == WR_FAILED;
}

static void nodes_ended(wr_keeper *k, const wr_worker *w, int status, bool well)
{
    char why[256];
    wr_ending_describe(w, status, why, sizeof why);
    for (int i = 0; i < k->graph->nodes; i++) {
        weir_node *node = k->graph->node[i];
        int phase = atomic_load(&node->tally->shown_phase);
        if (!belongs(w, node))
            continue;
        lose_in_hand(node);
        if (phase == WR_SHOWN_STUCK)
            continue;
        if (well && phase != WR_FAILED)
            atomic_store(&node->tally->shown_phase, WR_DONE);
        if ((well && phase != WR_FAILED) || phase == WR_DONE || failed_with_reason(node))
            continue;
        wr_hearing_failed(node, WEIR_FAILED, why);
        weir_log(WEIR_LOG_ERROR, node->name, "%s", why);
    }
}

/* It is not started again. */
static void ended(wr_keeper *k, wr_worker *w, int status, bool well)
{
    nodes_ended(k, w, status, well);
    close_links(k, w);
    wr_hearing_opened(k, w); /* the others need not wait for it */
    strands_over(k, w);
}

/* --- another in its place --- */

static bool may_restart(wr_keeper *k, const wr_worker *w)
{
    int64_t now_ns = weir_clock_now(NULL);
    int64_t before_ns = w->restarts < RESTARTS_MOST ? 0 : w->restarted_ns[w->restarts % RESTARTS_MOST];
    return !w->refused && !atomic_load(&k->run->stop_now) && !atomic_load(&k->ends) &&
           (before_ns == 0 || now_ns - before_ns > k->restarts_within_ns);
}

static void plan_restart(wr_keeper *k, wr_worker *w, int status)
{
    char why[256];
    int64_t pause_ns = FIRST_PAUSE_NS, now_ns = weir_clock_now(NULL);
    for (unsigned i = 0; i < RESTARTS_MOST; i++)
        if (w->restarted_ns[i] && now_ns - w->restarted_ns[i] < k->restarts_within_ns)
            pause_ns *= 2;
    wr_ending_describe(w, status, why, sizeof why);
    w->restarted_ns[w->restarts++ % RESTARTS_MOST] = now_ns;
    w->restart_at_ns = now_ns + pause_ns;
    w->died_ns = now_ns;
    for (int i = 0; i < k->graph->nodes; i++) {
        weir_node *node = k->graph->node[i];
        if (!belongs(w, node))
            continue;
        atomic_fetch_add(&node->tally->restarts, 1);
        lose_in_hand(node);
        weir_log(WEIR_LOG_WARNING, node->name, "%s; it is started again", why);
    }
}

static bool all_nodes_done(wr_keeper *k, const wr_worker *w)
{
    for (int i = 0; i < k->graph->nodes; i++)
        if (belongs(w, k->graph->node[i]) && atomic_load(&k->graph->node[i]->tally->shown_phase) < WR_DONE)
            return false;
    return true;
}

static void died(wr_keeper *k, wr_worker *w)
{
    int status = 0;
    for (int i = 0; i < HEAR_MOST && wr_hear(k, w); i++)
        ;
    waitpid(w->pid, &status, 0);
    close(w->pidfd);
    close(w->channel);
    w->pid = 0;
    bool well = (w->over && WIFEXITED(status) && WEXITSTATUS(status) == 0) || w->stopped || all_nodes_done(k, w);
    if (!well && may_restart(k, w) && wr_succession_prepare(k, w))
        plan_restart(k, w, status);
    else
        ended(k, w, status, well);
}

/* --- the course of it --- */

static bool tell(const wr_worker *w, wr_word what, int node)
{
    wr_say say = {.word = what, .node = node};
    return wr_channel_say(w->channel, &say, sizeof say, NULL, 0, false);
}

static void tell_news(wr_keeper *k, wr_worker *w)
{
    if (!w->started && w->opened && atomic_load(&k->run->to_open) == 0)
        w->started = tell(w, WR_START, -1);
    for (int i = 0; i < k->graph->nodes; i++) {
        weir_node *node = k->graph->node[i];
        if (belongs(w, node) && w->started && atomic_load(&node->drain) && !node->drain_told)
            node->drain_told = tell(w, WR_DRAIN, i);
    }
    if (atomic_load(&k->run->stop_now) && !w->stopped) {
        w->stopped = true;
        tell(w, WR_STOP, -1); /* if it does not hear, it is killed soon */
        k->kill_at_ns = weir_clock_now(NULL) + GRACE_NS / 2;
    }
}

static void end_hung(wr_worker *w, const char *format, int64_t after_ns) __attribute__((format(printf, 2, 0)));

static void end_hung(wr_worker *w, const char *format, int64_t after_ns)
{
    if (w->hung[0])
        return;
    snprintf(w->hung, sizeof w->hung, format, (double)after_ns / 1e9);
    kill(w->pid, SIGKILL);
}

/* What its nodes may take to open: as long as a call of any of them. */
static int64_t may_open_ns(const wr_keeper *k, const wr_worker *w)
{
    int64_t most_ns = k->opens_within_ns;
    for (int i = 0; i < k->graph->nodes; i++) {
        const weir_node *node = k->graph->node[i];
        if (belongs(w, node) && node->stall_ns == 0)
            return INT64_MAX;
        if (belongs(w, node) && node->stall_ns > most_ns)
            most_ns = node->stall_ns;
    }
    return most_ns;
}

/* Another would take as long: it is not started again. */
static void watch_opening(wr_keeper *k, wr_worker *w, int64_t now_ns)
{
    int64_t may_ns = may_open_ns(k, w);
    if (w->is_open || w->refused || now_ns - w->since_ns <= may_ns)
        return;
    snprintf(w->why, sizeof w->why,
             "it was not open within %.0f s, and its process was ended; raise stall= if it may take that long",
             (double)may_ns / 1e9);
    w->refused = true;
    kill(w->pid, SIGKILL);
}

/* In a call for longer than it may, while frames wait for it. Sources keep others waiting, too. */
static bool is_stuck_inside(const wr_worker *w, const weir_node *node, int64_t now_ns)
{
    int64_t began_ns = atomic_load(&node->tally->call_began_ns);
    int64_t since_ns = began_ns > w->since_ns ? began_ns : w->since_ns;
    if (began_ns <= 0 || !node->stall_ns || now_ns - since_ns <= node->stall_ns)
        return false;
    bool wanted = node->inputs == 0;
    for (int i = 0; i < node->inputs; i++)
        wanted |= node->input[i].edge->link.shared && wr_link_waiting(&node->input[i].edge->link) > 0;
    return wanted;
}

static bool beats(const wr_worker *w)
{
    int64_t beat_ns = atomic_load(&w->desk->beat_ns), now_ns = weir_clock_now(NULL); /* in this order */
    bool is_news = beat_ns > w->since_ns && beat_ns <= now_ns; /* who has beaten in the future has not */
    int64_t heard_ns = is_news ? beat_ns : w->since_ns;
    return !beat_ns || now_ns - heard_ns <= BEATS_MISSED_NS; /* it begins to beat when its libraries are loaded */
}

/* Whether a signal has stopped it, the kernel says: that can happen before it first beats. */
static void look_whether_halted(wr_worker *w, int64_t now_ns)
{
    siginfo_t is = {0};
    while (waitid(P_PID, (id_t)w->pid, &is, WSTOPPED | WCONTINUED | WNOHANG) == 0 && is.si_pid) {
        w->halted_ns = is.si_code == CLD_CONTINUED ? 0 : now_ns;
        is.si_pid = 0;
    }
}

static void watch(wr_keeper *k, wr_worker *w)
{
    int64_t now_ns = weir_clock_now(NULL);
    look_whether_halted(w, now_ns);
    if (!beats(w) || (w->halted_ns && now_ns - w->halted_ns > HALTED_MOST_NS))
        end_hung(w,
                 w->halted_ns ? "its process was stopped by a signal for %.1f s and was ended"
                              : "its process did not answer for %.1f s and was ended",
                 w->halted_ns ? HALTED_MOST_NS : BEATS_MISSED_NS);
    watch_opening(k, w, now_ns);
    for (int i = 0; i < k->graph->nodes; i++)
        if (belongs(w, k->graph->node[i]) && is_stuck_inside(w, k->graph->node[i], now_ns))
            end_hung(w,
                     "it did not come back from a call for %.3g s and was ended; raise stall= if it may take that long",
                     k->graph->node[i]->stall_ns);
    if (w->stopped && now_ns > k->kill_at_ns)
        kill(w->pid, SIGKILL);
}

/* Where everything stood still for a while, nobody can have beaten. */
static void look_at_clock(wr_keeper *k)
{
    int64_t now_ns = weir_clock_now(NULL);
    for (int i = 0; now_ns - k->looked_ns > BEATS_MISSED_NS / 2 && i < k->workers; i++)
        k->worker[i].since_ns = now_ns;
    k->looked_ns = now_ns;
}

/* What is written there makes no sense: one of its two sides has been taken over, or is broken. */
static void end_broken(wr_keeper *k, wr_edge *edge)
{
    if (edge->spare || !edge->config.across || edge->broken_told || !atomic_load(&edge->link.shared->broken))
        return;
    edge->broken_told = true;
    weir_log(WEIR_LOG_ERROR, edge->to->name, "what came from %s made no sense; its process is ended",
             edge->from->shown);
    const weir_node *ends[] = {edge->from, edge->to};
    for (int i = 0; i < 2; i++) {
        const wr_worker *w = worker_of(k, ends[i]);
        if (w && w->pid)
            kill(w->pid, SIGKILL);
    }
}

static bool any_lives(const wr_keeper *k)
{
    for (int i = 0; i < k->workers; i++)
        if (k->worker[i].pid)
            return true;
    return false;
}

static int pause_ms(const wr_keeper *k)
{
    int64_t pause_ns = any_lives(k) ? WR_BEAT_NS : INT64_MAX, now_ns = weir_clock_now(NULL);
    for (int i = 0; i < k->workers; i++)
        if (k->worker[i].restart_at_ns && k->worker[i].restart_at_ns - now_ns < pause_ns)
            pause_ns = k->worker[i].restart_at_ns > now_ns ? k->worker[i].restart_at_ns - now_ns : 0;
    return pause_ns == INT64_MAX ? -1 : (int)(pause_ns / 1000000) + 1;
}

static void wait_for_news(wr_keeper *k)
{
    int count = 0;
    k->watched[count++] = (struct pollfd){.fd = k->poked_fd, .events = POLLIN};
    for (int i = 0; i < k->workers; i++) {
        const wr_worker *w = &k->worker[i];
        k->watched[count++] = (struct pollfd){.fd = w->pid ? w->pidfd : -1, .events = POLLIN};
        k->watched[count++] = (struct pollfd){.fd = w->pid ? w->channel : -1, .events = POLLIN};
    }
    poll(k->watched, (nfds_t)count, pause_ms(k));
    uint64_t poked;
    if (k->watched[0].revents && read(k->poked_fd, &poked, sizeof poked) < 0)
        return;
}

/* Every owner knows of the new links before anybody gives by them. */
static bool all_heard(const wr_keeper *k)
{
    for (int i = 0; i < k->workers; i++)
        if (k->worker[i].pid && k->worker[i].heard < k->worker[i].asked)
            return false;
    return true;
}

static void restart_if_due(wr_keeper *k, wr_worker *w)
{
    if (!w->restart_at_ns)
        return;
    bool stops = atomic_load(&k->run->stop_now) || atomic_load(&k->ends);
    if (!stops && (weir_clock_now(NULL) < w->restart_at_ns || !all_heard(k)))
        return;
    w->restart_at_ns = 0;
    if (stops) {
        ended(k, w, 0, true);
        return;
    }
    if (!be_born(k, w)) {
        snprintf(w->why, sizeof w->why, "its process cannot be started: %s", strerror(errno));
        ended(k, w, 0, false);
    }
}

/* For workers whose nodes observe the whole, as long as one asks. */
static void write_bulletin(wr_keeper *k)
{
    wr_memory *page = &k->graph->bulletin;
    bool asked = false;
    for (int i = 0; page->data && i < k->workers; i++)
        asked |= weir_clock_now(NULL) - atomic_load(&k->worker[i].desk->asked_ns) < asked_most_ns;
    weir_stats *stats = asked && k->graph->observe ? k->graph->observe(k->graph->observe_user) : NULL;
    if (stats && !wr_bulletin_write(page->data, page->bytes, stats))
        weir_log(WEIR_LOG_DEBUG, NULL, "the bulletin is too small");
    weir_stats_free(stats);
}

/* Nodes that observe, elsewhere; and links and taps that there may be. */
static bool make_bulletin(wr_keeper *k)
{
    bool wanted = false;
    size_t links = (size_t)k->graph->edges;
    for (int i = 0; i < k->graph->nodes; i++) {
        const weir_node *node = k->graph->node[i];
        wanted |= node->worker >= 0 && node->class->flags & WEIR_OBSERVES;
        links += wr_taps_places(&node->tap_plan);
    }
    return !wanted || wr_memory_map(&k->graph->bulletin, wr_bulletin_bytes(k->graph->nodes, (int)links), true);
}

static void *keep(void *user)
{
    wr_keeper *k = user;
    k->looked_ns = weir_clock_now(NULL);
    for (int i = 0; i < k->workers; i++) {
        if (be_born(k, &k->worker[i]))
            continue;
        snprintf(k->worker[i].why, sizeof k->worker[i].why, "its process cannot be started: %s", strerror(errno));
        atomic_store(&k->run->open_failed, true);
        ended(k, &k->worker[i], 0, false);
    }
    while (!atomic_load(&k->ends) || any_lives(k)) {
        wait_for_news(k);
        look_at_clock(k);
        write_bulletin(k);
        for (int i = 0; i < k->workers; i++) {
            wr_worker *w = &k->worker[i];
            if (!w->pid) {
                restart_if_due(k, w);
                continue;
            }
            if (k->watched[2 + 2 * i].revents & POLLIN)
                wr_hear(k, w);
            tell_news(k, w);
            watch(k, w);
            if (atomic_load(&k->ends))
                kill(w->pid, SIGKILL);
            if (k->watched[1 + 2 * i].revents)
                died(k, w);
        }
        for (int i = 0; i < k->graph->edges; i++) {
            end_broken(k, k->graph->edge[i]);
            wr_succession_retire(k, k->graph->edge[i]);
        }
    }
    return NULL;
}

static void free_parts(wr_keeper *k)
{
    for (int i = 0; k->worker && i < k->workers; i++)
        wr_memory_unmap(&k->worker[i].desk_memory);
    if (k->poked_fd >= 0)
        close(k->poked_fd);
    free(k->watched);
    free(k->worker);
    free(k);
}

/* The environment's variable of that name holds milliseconds. */
static int64_t ns_of(const char *variable, int64_t else_ns)
{
    const char *ms = getenv(variable);
    return ms ? atoll(ms) * 1000000 : else_ns;
}

wr_keeper *wr_keeper_new(wr_run *run, const char *pipeline)
{
    wr_graph *graph = run->graph;
    wr_keeper *k = wr_must(calloc(1, sizeof *k));
    *k = (wr_keeper){.run = run, .graph = graph, .pipeline = pipeline, .workers = graph->workers};
    k->worker = wr_must(calloc((size_t)k->workers, sizeof *k->worker));
    k->watched = wr_must(calloc(1 + 2 * (size_t)k->workers, sizeof *k->watched));
    k->restarts_within_ns = ns_of("WEIR_RESTARTS_WITHIN", restarts_within_ns);
    k->opens_within_ns = ns_of("WEIR_OPENS_WITHIN", opens_within_ns);
    for (int i = 0; i < graph->nodes; i++)
        set_limit(k, graph->node[i]);
    k->poked_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bool good = k->poked_fd >= 0 && hang_bells(graph) && make_bulletin(k);
    for (int i = 0; i < k->workers; i++) {
        k->worker[i].number = i;
        k->worker[i].desk_memory.fd = -1;
        good = good && make_desk(k, &k->worker[i]);
    }
    atomic_fetch_add(&run->to_open, k->workers);
    if (good && (errno = pthread_create(&k->thread, NULL, keep, k)) == 0)
        return k;
    return NULL; /* the desks stay mapped: somebody may be looking at them */
}

void wr_keeper_poke(wr_keeper *k)
{
    uint64_t one = 1;
    if (k && write(k->poked_fd, &one, sizeof one) < 0)
        return; /* it is full: then it is readable too */
}

void wr_keeper_end(wr_keeper *k)
{
    if (!k)
        return;
    atomic_store(&k->ends, true);
    wr_keeper_poke(k);
    pthread_join(k->thread, NULL);
}

void wr_keeper_free(wr_keeper *k)
{
    if (k)
        free_parts(k);
}

uint64_t wr_keeper_rss(const wr_keeper *k)
{
    uint64_t bytes = 0;
    for (int i = 0; k && i < k->workers; i++)
        bytes += atomic_load(&k->worker[i].desk->rss_bytes);
    return bytes;
}
