/* Empty frames through weir: `weir-handover SHAPE COUNT FRAMES POLICY DEPTH [EVERY_MS [RUNNER]]`, SHAPE fan (COUNT consumers) or
 * chain (COUNT links one after the other). As fast as they go, or one in EVERY_MS: then what counts is what that takes of
 * the processor. Prints what passed and in which time, as JSON. */
#include "../relay.h"
#include "../stopwatch.h"
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/pipeline.h>

static int64_t frames_wanted, interval_ns;
static _Atomic int64_t began_ns, ended_ns, began_cpu_ns;

typedef struct counted {
    int64_t frames;
} counted;

static weir_status produce(weir_node *node)
{
    counted *self = weir_state(node);
    if (self->frames == frames_wanted)
        return WEIR_END;
    if (self->frames++ == 0) {
        began_cpu_ns = cpu_ns();
        began_ns = now_ns();
    }
    weir_frame frame = weir_frame_new(node, WEIR_WHEN_SENT);
    weir_send(node, 0, &frame);
    weir_wake_at(node, began_ns + self->frames * interval_ns);
    return interval_ns ? WEIR_OK : WEIR_MORE;
}

static weir_status swallow(weir_node *node, int input, const weir_frame *frame)
{
    counted *self = weir_state(node);
    (void)input;
    (void)frame;
    self->frames++;
    return WEIR_OK;
}

/* Consumers end one after the other: the last one counts. */
static weir_status finish(weir_node *node, int input)
{
    int64_t now = now_ns(), last = atomic_load(&ended_ns);
    (void)node;
    (void)input;
    while (last < now && !atomic_compare_exchange_weak(&ended_ns, &last, now))
        ;
    return WEIR_OK;
}

static const weir_component_class source = {
    .name = "b-source", .summary = "sends", .outputs = one_out, .state_bytes = sizeof(counted), .produce = produce};
static const weir_component_class sink = {.name = "b-sink",
                                          .summary = "counts",
                                          .inputs = one_in,
                                          .state_bytes = sizeof(counted),
                                          .process = swallow,
                                          .finish = finish};

static void fan(weir_pipeline *p, int count, const weir_policy *policy)
{
    char name[16];
    for (int i = 0; i < count; i++) {
        snprintf(name, sizeof name, "sink%d", i);
        weir_pipeline_add(p, name, "b-sink", NULL);
        weir_pipeline_link(p, "source", name, policy);
    }
}

static void chain(weir_pipeline *p, int links, const weir_policy *policy)
{
    char name[16], before[16] = "source";
    for (int i = 1; i <= links; i++) {
        snprintf(name, sizeof name, "node%d", i);
        weir_pipeline_add(p, name, i == links ? "b-sink" : "b-relay", NULL);
        weir_pipeline_link(p, before, name, policy);
        memcpy(before, name, sizeof before);
    }
}

/* False if a link's account does not add up, or a link that loses nothing lost something. */
static bool is_true(const weir_stats *stats, bool every)
{
    for (int i = 0; i < stats->links; i++) {
        const weir_link_stats *link = &stats->link[i];
        uint64_t let_go = 0;
        for (int r = 0; r < WEIR_REASONS; r++)
            let_go += link->dropped[r];
        if (link->offered != link->taken + let_go + link->waiting || (every && link->taken != (uint64_t)frames_wanted))
            return false;
    }
    return true;
}

static bool print(weir_pipeline *p, bool every)
{
    weir_stats *stats = weir_pipeline_stats(p);
    if (!stats)
        return false;
    const weir_link_stats *last = &stats->link[stats->links - 1];
    bool good = is_true(stats, every);
    double ns = (double)(ended_ns - began_ns) / (double)frames_wanted;
    double cpu_us = (double)(cpu_ns() - began_cpu_ns) / 1e3 / (double)frames_wanted;
    printf("{\"ns_per_frame\": %.2f, \"frames_per_s\": %.0f, \"cpu_us_per_frame\": %.4f, \"taken\": %" PRIu64
           ", \"age_p50_us\": %.2f, \"age_p99_us\": %.2f, \"accounts_true\": %d}\n",
           ns, 1e9 / ns, cpu_us, last->taken, (double)last->age.p50_ns / 1e3, (double)last->age.p99_ns / 1e3, good);
    weir_stats_free(stats);
    return true; /* an untrue account is a missed bar, which says more than a contender that failed */
}

int main(int argc, char **argv)
{
    if (argc < 6 || argc > 8) {
        fprintf(stderr, "usage: weir-handover fan|chain COUNT FRAMES every|latest DEPTH [EVERY_MS [RUNNER]]\n");
        return 2;
    }
    bool every = strcmp(argv[4], "every") == 0;
    weir_policy policy = {.take = every ? WEIR_EVERY : WEIR_LATEST, .depth = every ? (unsigned)atoi(argv[5]) : 0};
    frames_wanted = atoll(argv[3]);
    interval_ns = argc > 6 ? atoll(argv[6]) * 1000000 : 0;
    weir_register(&source);
    weir_register(&relay);
    weir_register(&sink);
    weir_pipeline *p = weir_pipeline_new("handover");
    weir_pipeline_runner(p, argc > 7 ? argv[7] : "thread");
    weir_pipeline_add(p, "source", "b-source", NULL);
    (strcmp(argv[1], "fan") == 0 ? fan : chain)(p, atoi(argv[2]), &policy);
    weir_status status = weir_pipeline_run(p);
    if (status < 0)
        fprintf(stderr, "%s\n", weir_pipeline_error(p));
    bool printed = status >= 0 && print(p, every);
    weir_pipeline_free(p);
    return printed ? 0 : 1;
}
