/* A pipeline of a given size: what a frame, a link, a node, the start, a snapshot and rest cost in it.
 * `weir-growth fan|chain|grid SIZE RUNNER FRAMES REST_MS`: fan: one source, SIZE sinks; chain: SIZE links one after the
 * other; grid: SIZE sources, each linked to each of 50 sinks. Each source sends FRAMES as fast as they are taken, then
 * nothing for REST_MS, while a second thread takes its figures. */
#include "../relay.h"
#include "../stopwatch.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weir/pipeline.h>

enum { GRID_SINKS = 50, SNAPSHOTS = 20, DEPTH = 16 };

static int64_t frames_wanted, rest_ns;
static int sinks_left_to_wait_for, nodes, links;
static _Atomic int64_t first_ns, first_cpu_ns;
static sem_t sink_is_done;

typedef struct figures {
    int64_t begun_ns, begun_cpu_ns, done_ns, work_cpu_ns, rest_cpu_ns, snapshot_ns;
    double start_kib, busy_kib;
    uint64_t bound_bytes;
    bool accounts_true;
} figures;

static double resident_kib(void)
{
    long size = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (file && fscanf(file, "%ld %ld", &size, &resident) != 2)
        resident = 0;
    if (file)
        fclose(file);
    return (double)resident * (double)sysconf(_SC_PAGESIZE) / 1024;
}

/* --- nodes --- */

static weir_status produce(weir_node *node)
{
    int64_t *sent = weir_state(node), none = 0;
    if (*sent == 0 && atomic_compare_exchange_strong(&first_ns, &none, now_ns()))
        first_cpu_ns = cpu_ns();
    if (*sent == frames_wanted)
        return WEIR_OK; /* until the pipeline is stopped */
    ++*sent;
    weir_frame frame = weir_frame_new(node, WEIR_WHEN_SENT);
    weir_send(node, 0, &frame);
    return WEIR_MORE;
}

static weir_status swallow(weir_node *node, int input, const weir_frame *frame)
{
    int64_t *taken = weir_state(node);
    (void)input, (void)frame;
    if (++*taken == frames_wanted * weir_inputs(node))
        sem_post(&sink_is_done);
    return WEIR_OK;
}

static const weir_port many_in[] = {{.name = "in", .flags = WEIR_PORT_MANY}, {0}};
static const weir_component_class source = {
    .name = "b-source", .summary = "sends", .outputs = one_out, .state_bytes = sizeof(int64_t), .produce = produce};
static const weir_component_class sink = {
    .name = "b-sink", .summary = "counts", .inputs = many_in, .state_bytes = sizeof(int64_t), .process = swallow};

/* --- shapes --- */

static void add(weir_pipeline *p, const char *kind, int number)
{
    char name[32], component[32];
    snprintf(name, sizeof name, "%s%d", kind, number);
    snprintf(component, sizeof component, "b-%s", kind);
    weir_pipeline_add(p, name, component, NULL);
    nodes++;
    sinks_left_to_wait_for += strcmp(kind, "sink") == 0;
}

static void tie(weir_pipeline *p, const char *from, int from_number, const char *to, int to_number)
{
    char from_name[32], to_name[32];
    snprintf(from_name, sizeof from_name, "%s%d", from, from_number);
    snprintf(to_name, sizeof to_name, "%s%d", to, to_number);
    weir_pipeline_link(p, from_name, to_name, &(weir_policy){.take = WEIR_EVERY, .depth = DEPTH});
    links++;
}

static void grid(weir_pipeline *p, int sources, int sinks)
{
    for (int i = 0; i < sources; i++)
        add(p, "source", i);
    for (int k = 0; k < sinks; k++)
        add(p, "sink", k);
    for (int i = 0; i < sources; i++)
        for (int k = 0; k < sinks; k++)
            tie(p, "source", i, "sink", k);
}

static void chain(weir_pipeline *p, int length)
{
    add(p, "source", 0);
    for (int i = 1; i < length; i++) {
        add(p, "relay", i);
        tie(p, i == 1 ? "source" : "relay", i - 1, "relay", i);
    }
    add(p, "sink", 0);
    tie(p, length == 1 ? "source" : "relay", length - 1, "sink", 0);
}

/* --- figures --- */

static bool adds_up(const weir_stats *stats)
{
    bool all = stats->links == links && stats->nodes == nodes;
    for (int i = 0; i < stats->links; i++) {
        const weir_link_stats *link = &stats->link[i];
        all &= link->taken == (uint64_t)frames_wanted && link->offered == link->taken + link->waiting;
    }
    return all;
}

static int64_t snapshot_ns(weir_pipeline *p, figures *f)
{
    int64_t began_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    for (int i = 0; i < SNAPSHOTS; i++) {
        weir_stats *stats = weir_pipeline_stats(p);
        f->bound_bytes = stats->bound_bytes;
        f->accounts_true = adds_up(stats);
        weir_stats_free(stats);
    }
    return (clock_ns(CLOCK_THREAD_CPUTIME_ID) - began_ns) / SNAPSHOTS;
}

typedef struct watcher {
    weir_pipeline *pipeline;
    figures *figures;
} watcher;

static void *watch(void *user)
{
    watcher *self = user;
    figures *f = self->figures;
    struct timespec settle = {.tv_nsec = 20000000},
                    rest = {.tv_sec = rest_ns / 1000000000, .tv_nsec = rest_ns % 1000000000};
    for (int i = 0; i < sinks_left_to_wait_for; i++)
        sem_wait(&sink_is_done);
    f->done_ns = now_ns();
    f->work_cpu_ns = cpu_ns() - first_cpu_ns;
    f->busy_kib = resident_kib();
    nanosleep(&settle, NULL);
    int64_t before_ns = cpu_ns();
    nanosleep(&rest, NULL);
    f->rest_cpu_ns = cpu_ns() - before_ns;
    f->snapshot_ns = snapshot_ns(self->pipeline, f);
    weir_pipeline_stop(self->pipeline);
    return NULL;
}

static void print(const figures *f)
{
    double work = (double)frames_wanted * links;
    printf("{\"cpu_ns_per_frame_and_link\": %.1f, \"wall_ns_per_frame_and_link\": %.1f, \"start_ms\": %.3f, "
           "\"start_cpu_ms\": %.3f, "
           "\"start_cpu_us_per_node_and_link\": %.2f, \"rss_kib\": %.0f, \"rss_kib_per_node_and_link\": %.2f, "
           "\"bound_kib_per_link\": %.2f, \"snapshot_us\": %.1f, \"snapshot_us_per_node_and_link\": %.3f, "
           "\"rest_percent\": %.3f, \"nodes\": %d, \"links\": %d, \"accounts_true\": %d}\n",
           (double)f->work_cpu_ns / work, (double)(f->done_ns - first_ns) / work,
           (double)(first_ns - f->begun_ns) / 1e6, (double)(first_cpu_ns - f->begun_cpu_ns) / 1e6,
           (double)(first_cpu_ns - f->begun_cpu_ns) / 1e3 / (nodes + links), f->busy_kib - f->start_kib,
           (f->busy_kib - f->start_kib) / (nodes + links), (double)f->bound_bytes / 1024 / links,
           (double)f->snapshot_ns / 1e3, (double)f->snapshot_ns / 1e3 / (nodes + links),
           100.0 * (double)f->rest_cpu_ns / (double)rest_ns, nodes, links, f->accounts_true);
}

static weir_pipeline *describe(const char *shape, int size, const char *runner)
{
    weir_pipeline *p = weir_pipeline_new("growth");
    weir_pipeline_runner(p, runner);
    if (strcmp(shape, "chain") == 0)
        chain(p, size);
    else if (strcmp(shape, "fan") == 0)
        grid(p, 1, size);
    else
        grid(p, size, GRID_SINKS);
    return p;
}

int main(int argc, char **argv)
{
    pthread_t thread;
    figures f = {0};
    if (argc != 6) {
        fprintf(stderr, "usage: weir-growth fan|chain|grid SIZE RUNNER FRAMES REST_MS\n");
        return 2;
    }
    frames_wanted = atoll(argv[4]);
    rest_ns = atoll(argv[5]) * 1000000;
    sem_init(&sink_is_done, 0, 0);
    weir_register(&source);
    weir_register(&relay);
    weir_register(&sink);
    f.start_kib = resident_kib();
    f.begun_ns = now_ns();
    f.begun_cpu_ns = cpu_ns();
    weir_pipeline *p = describe(argv[1], atoi(argv[2]), argv[3]);
    pthread_create(&thread, NULL, watch, &(watcher){p, &f});
    weir_status status = weir_pipeline_run(p);
    if (status < 0) {
        fprintf(stderr, "%s\n", weir_pipeline_error(p));
        return 1; /* the watcher waits for frames that never come */
    }
    pthread_join(thread, NULL);
    print(&f);
    weir_pipeline_free(p);
    return 0;
}
