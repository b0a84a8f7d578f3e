/* Stress: random pipelines, watched, stopped, and changed at random moments; in the end the accounts must say what the
 * nodes noted.
 *
 *     stress [seconds [seed]]    for so many seconds (10), from a seed; without one, made up from the clock
 *     stress 0 SEED              the one pipeline of this seed, its line printed
 */
#include "core/graph.h"
#include "run/pipeline.h"
#include "run/supervisor.h"
#include "run/test_nodes.h"
#include "stress/graph.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weir/weir.h>

enum { PATIENCE_S = 100, SPARE_LINKS = 4 };

typedef struct trial {
    st_graph graph;
    weir_pipeline *pipeline;
    st_dice dice; /* of the thread that watches */
    bool attached[GRAPH_NODES_MAX][GRAPH_NODES_MAX];
    int attachments;
    uint64_t snapshots;
    const char *wrong;
} trial;

static uint64_t seed_now; /* for the signal handler */

static void too_long(int number)
{
    char text[80];
    (void)number;
    int bytes = snprintf(text, sizeof text, "stress: seed %llu does not end\n", (unsigned long long)seed_now);
    if (write(STDERR_FILENO, text, (size_t)bytes) < 0)
        _exit(3);
    abort();
}

static void quiet(void *user, weir_log_level level, const char *name, const char *text)
{
    (void)user, (void)level, (void)name, (void)text;
}

/* --- links that come and go --- */

static void try_to_attach(trial *t)
{
    static const weir_policy policies[] = {{.take = WEIR_EVERY, .depth = 3},
                                           {.take = WEIR_LATEST},
                                           {.take = WEIR_NEWEST, .depth = 2},
                                           {.take = WEIR_OLDEST, .depth = 4}};
    int from = (int)dice_roll(&t->dice, (uint32_t)t->graph.nodes),
        to = (int)dice_roll(&t->dice, (uint32_t)t->graph.nodes);
    /* Two links between the same ends could not be told apart in the notes. */
    if (from == to || t->graph.node[to].above[from] || t->attached[to][from] || t->graph.node[to].source ||
        t->graph.node[from].replicas || t->graph.node[to].replicas || t->attachments == SPARE_LINKS)
        return;
    int link = weir_pipeline_attach(t->pipeline, t->graph.node[from].name, t->graph.node[to].name,
                                    &policies[dice_roll(&t->dice, 4)]);
    if (link < 0)
        return;
    t->attached[to][from] = true;
    t->attachments++;
    for (uint32_t i = dice_roll(&t->dice, 300); i > 0; i--)
        sched_yield();
    if (dice_roll(&t->dice, 3) && weir_pipeline_detach(t->pipeline, link) != WEIR_OK)
        t->wrong = "a link that was attached cannot be detached";
}

/* --- watching --- */

static bool ended(const weir_stats *stats)
{
    return strcmp(stats->end, "new") != 0 && strcmp(stats->end, "running") != 0;
}

static void *watch(void *user)
{
    trial *t = user;
    uint32_t stop_at = dice_roll(&t->dice, t->graph.endless ? 150 : 600), stops = 0;
    bool twice = dice_roll(&t->dice, 4) == 0, over = false;
    for (uint32_t i = 0; !over && !t->wrong; i++) {
        weir_stats *stats = weir_pipeline_stats(t->pipeline);
        t->wrong = wt_check_sums(stats);
        over = stops && ended(stats);
        over |= ended(stats) && strcmp(stats->end, "stopped") != 0;
        weir_stats_free(stats);
        t->snapshots++;
        if (dice_roll(&t->dice, 20) == 0)
            try_to_attach(t);
        if (i == stop_at || (i == stop_at + 1 && twice)) {
            stops++;
            weir_pipeline_stop(t->pipeline);
        }
        sched_yield();
    }
    return NULL;
}

/* --- the account --- */

static const st_node *node_of(const trial *t, const char *name)
{
    for (int i = 0; i < t->graph.nodes; i++)
        if (strcmp(t->graph.node[i].name, name) == 0)
            return &t->graph.node[i];
    return NULL;
}

static bool came_later(const trial *t, const weir_link_stats *link)
{
    const st_node *from = node_of(t, link->from), *to = node_of(t, link->to);
    return from && to && t->attached[to - t->graph.node][from - t->graph.node];
}

static const char *check_failures(const trial *t, const weir_stats *stats)
{
    for (int i = 0; i < stats->nodes; i++) {
        char name[8] = "";
        strncat(name, stats->node[i].name, strcspn(stats->node[i].name, "-") % 8);
        const st_node *node = node_of(t, name);
        if (strcmp(stats->node[i].state, "failed") == 0 && !(node && node->fails))
            return "a node failed that was not told to";
        if (strcmp(stats->node[i].state, "stuck") == 0)
            return "a node was found stuck";
    }
    return NULL;
}

/* With nothing waiting, nothing is referred to any more. */
static const char *check_stores(const trial *t, const weir_stats *stats)
{
    const wr_graph *graph = wr_pipeline_supervisor(t->pipeline)->graph;
    for (int i = 0; i < stats->links; i++)
        if (stats->link[i].waiting > 0)
            return NULL;
    for (int i = 0; i < graph->nodes; i++)
        for (int k = 0; k < WEIR_KINDS_MAX; k++)
            if (graph->node[i]->store[k] && atomic_load(&graph->node[i]->store[k]->in_use_bytes) > 0)
                return "an attachment was never given back";
    return NULL;
}

/* A link that waits loses nothing, unless one of its ends failed or left. */
static const char *check_lossless(const weir_stats *stats)
{
    for (int i = 0; i < stats->links; i++)
        if (!stats->link[i].live && !stats->link[i].cut && !stats->link[i].policy.max_age_ns &&
            wt_dropped(&stats->link[i]))
            return "a link that waits lost frames";
    return NULL;
}

static const char *check(const trial *t)
{
    weir_stats *stats = weir_pipeline_stats(t->pipeline);
    bool *attached = calloc((size_t)stats->links + 1, sizeof *attached);
    for (int i = 0; attached && i < stats->links; i++)
        attached[i] = came_later(t, &stats->link[i]);
    const char *wrong = wt_check_stats(stats, attached);
    if (!wrong)
        wrong = check_failures(t, stats);
    if (!wrong)
        wrong = check_stores(t, stats);
    if (!wrong)
        wrong = check_lossless(stats);
    free(attached);
    weir_stats_free(stats);
    return wrong;
}

/* --- one pipeline --- */

static const char *run(trial *t, weir_clock *clock)
{
    pthread_t watcher;
    if (strcmp(t->graph.runner, "inline") == 0)
        wr_pipeline_force_runner(t->pipeline, "inline");
    else
        weir_pipeline_runner(t->pipeline, t->graph.runner);
    weir_pipeline_workers(t->pipeline, t->graph.workers);
    weir_pipeline_clock(t->pipeline, clock);
    weir_pipeline_spare_links(t->pipeline, SPARE_LINKS);
    if (weir_pipeline_line(t->pipeline, t->graph.line) != WEIR_OK || weir_pipeline_check(t->pipeline) != WEIR_OK)
        return weir_pipeline_error(t->pipeline);
    if (pthread_create(&watcher, NULL, watch, t) != 0)
        return "there is no thread to watch with";
    weir_status status = weir_pipeline_run(t->pipeline);
    pthread_join(watcher, NULL);
    if (status != WEIR_OK && (status != WEIR_FAILED || !t->graph.may_fail))
        return weir_pipeline_error(t->pipeline);
    return t->wrong ? t->wrong : check(t);
}

static bool one_pipeline(uint64_t seed, bool show, uint64_t *snapshots)
{
    static trial t;
    st_dice dice = {seed * 0x9e3779b97f4a7c15u | 1};
    seed_now = seed;
    alarm(PATIENCE_S);
    for (int i = 0; i < 8; i++)
        dice_roll(&dice, 2);
    t = (trial){0};
    graph_make(&t.graph, &dice);
    t.dice = dice;
    if (show)
        printf("runner %s, %s clock\n%s\n", t.graph.runner, t.graph.virtual_clock ? "virtual" : "real", t.graph.line);
    fflush(stdout);
    wt_books_reset(1024);
    weir_clock *clock =
        t.graph.virtual_clock ? weir_clock_virtual_new((int64_t)dice_roll(&dice, 2) * 1000000000) : NULL;
    t.pipeline = weir_pipeline_new("stress");
    const char *wrong = run(&t, clock);
    if (wrong)
        fprintf(stderr, "stress: seed %llu: %s\nrunner %s, %s clock\n%s\n", (unsigned long long)seed, wrong,
                t.graph.runner, t.graph.virtual_clock ? "virtual" : "real", t.graph.line);
    weir_pipeline_free(t.pipeline);
    weir_clock_free(clock);
    *snapshots += t.snapshots;
    return !wrong;
}

int main(int argc, char **argv)
{
    int64_t start_ns = weir_clock_now(NULL), seconds = argc > 1 ? atoll(argv[1]) : 10;
    uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : (uint64_t)start_ns / 1000 % 100000000;
    uint64_t pipelines = 0, snapshots = 0;
    bool good = true;
    signal(SIGALRM, too_long);
    weir_log_set_sink(quiet, NULL);
    printf("stress: from seed %llu\n", (unsigned long long)seed);
    do {
        good = one_pipeline(seed + pipelines, seconds == 0, &snapshots);
        pipelines++;
    } while (good && weir_clock_now(NULL) - start_ns < seconds * 1000000000);
    printf("stress: %llu pipelines, %llu snapshots, %s\n", (unsigned long long)pipelines, (unsigned long long)snapshots,
           good ? "all accounts true" : "FAILED");
    return good ? 0 : 1;
}
