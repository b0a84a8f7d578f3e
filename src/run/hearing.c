#include "run/hearing.h"

#include "core/clock.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

enum { LINES_A_SECOND = 50 };

/* By its first node, in the log. */
static const weir_node *first_of(const wr_keeper *k, const wr_worker *w)
{
    int first = 0;
    while (!belongs(w, k->graph->node[first]))
        first++;
    return k->graph->node[first];
}

static weir_node *node_said(wr_keeper *k, const wr_worker *w, int number)
{
    if (number < 0 || number >= k->graph->nodes || !belongs(w, k->graph->node[number]))
        return NULL;
    return k->graph->node[number];
}

/* Printable, and no longer than it may be. */
static void clean(char *text, size_t bytes)
{
    text[bytes - 1] = '\0';
    for (unsigned char *at = (unsigned char *)text; *at; at++)
        if (*at < 0x20 || *at == 0x7f || (*at == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0)) /* the last: C1 controls */
            *at = '?';
}

void wr_hearing_opened(wr_keeper *k, wr_worker *w)
{
    if (w->opened)
        return;
    w->opened = true;
    if (atomic_fetch_sub(&k->run->to_open, 1) == 1) {
        for (int i = 0; i < k->run->strands; i++)
            wr_bell_ring(&k->run->strand[i].bell);
        wr_bell_ring(k->run->supervisor);
    }
}

static void opened(wr_keeper *k, wr_worker *w, const wr_say *said)
{
    if (w->died_ns && !w->is_open)
        weir_log(WEIR_LOG_INFO, first_of(k, w)->name,
                 "is open again %.0f ms after it ended; %d ms of them to load and open",
                 (double)(weir_clock_now(NULL) - w->died_ns) / 1e6, said->number);
    w->is_open = true;
    wr_hearing_opened(k, w);
}

/* What its sandbox holds. Told once; where it is not whole, as a warning. */
static void inside(wr_keeper *k, wr_worker *w, const wr_say *said)
{
    int level = said->number >= 0 && said->number <= 2 ? said->number : 2;
    for (int i = 0; i < k->graph->nodes; i++) {
        weir_node *node = k->graph->node[i];
        if (!belongs(w, node))
            continue;
        pthread_mutex_lock(&node->error_lock);
        snprintf(node->sandbox, sizeof node->sandbox, "%.250s", said->text);
        node->sandbox_level = level;
        pthread_mutex_unlock(&node->error_lock);
    }
    if (w->restarts)
        return;
    weir_log_level how = level > 0 ? WEIR_LOG_WARNING : k->graph->sandbox_told ? WEIR_LOG_INFO : WEIR_LOG_DEBUG;
    weir_log(how, first_of(k, w)->name, "sandbox: %s", said->text);
}

void wr_hearing_failed(weir_node *node, weir_status status, const char *text)
{
    pthread_mutex_lock(&node->error_lock);
    snprintf(node->error, sizeof node->error, "%.250s", text);
    pthread_mutex_unlock(&node->error_lock);
    node->status = status < 0 ? status : WEIR_FAILED;
    atomic_store(&node->tally->shown_phase, WR_FAILED);
}

static void broke(wr_keeper *k, wr_worker *w, const wr_say *said)
{
    weir_node *node = node_said(k, w, said->node);
    if (node)
        wr_hearing_failed(node, (weir_status)said->status, said->text);
    if (said->number) /* of the whole worker, which ends */
        snprintf(w->why, sizeof w->why, "%.250s", said->text);
    w->refused = true;
    if (!w->opened) {
        atomic_store(&k->run->open_failed, true);
        for (int i = 0; !node && i < k->graph->nodes; i++)
            if (belongs(w, k->graph->node[i]))
                wr_hearing_failed(k->graph->node[i], (weir_status)said->status, said->text);
    }
    wr_bell_ring(k->run->supervisor);
}

static void logged(wr_keeper *k, wr_worker *w, const wr_say *said)
{
    int64_t now_ns = weir_clock_now(NULL);
    if (now_ns - w->lines_since_ns > 1000000000) {
        w->lines_since_ns = now_ns;
        w->lines = 0;
    }
    if (++w->lines > LINES_A_SECOND)
        return;
    const weir_node *node = node_said(k, w, said->node);
    weir_log_level level = said->status >= WEIR_LOG_ERROR && said->status <= WEIR_LOG_DEBUG
                               ? (weir_log_level)said->status
                               : WEIR_LOG_WARNING;
    weir_log(level, node ? node->name : NULL, "%s", said->text);
}

bool wr_hear(wr_keeper *k, wr_worker *w)
{
    wr_say said;
    int fds[WR_CHANNEL_FDS];
    for (int i = 0; i < 64; i++) { /* it may not keep the others waiting */
        long bytes = wr_channel_hear(w->channel, &said, sizeof said, fds, false);
        for (int f = 0; f < WR_CHANNEL_FDS; f++)
            if (fds[f] >= 0)
                close(fds[f]);
        if (bytes == 0)
            kill(w->pid, SIGKILL); /* it has closed its end, and could not be spoken to any more */
        if (bytes != sizeof said)
            return false;
        clean(said.text, sizeof said.text);
        if (said.word == WR_OPENED)
            opened(k, w, &said);
        else if (said.word == WR_INSIDE)
            inside(k, w, &said);
        else if (said.word == WR_WHY)
            snprintf(w->why, sizeof w->why, "%.250s", said.text);
        else if (said.word == WR_BROKE)
            broke(k, w, &said);
        else if (said.word == WR_LOGGED)
            logged(k, w, &said);
        else if (said.word == WR_OVER)
            w->over = true;
        else if (said.word == WR_HEARD)
            w->heard++;
    }
    return true;
}
