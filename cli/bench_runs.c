#include "bench.h"

#include "cli.h"
#include "run/pipeline.h"
#include "run/supervisor.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef enum needs { NOTHING = 0, VIDEO = 1, MODEL = 2 } needs;

enum { THREADS_MAX = 64 }; /* as detect takes them */

/* Policies and depths are those that a pipeline has by itself: this measures what a user gets. */
typedef struct plan {
    wr_bench_topic topic;
    int needs;
    const char *what; /* for the line of progress */
    void (*describe)(const wr_bench *bench, wr_text *line);
} plan;

static void link_every(const wr_bench *bench, wr_text *line)
{
    (void)bench;
    wr_text_add(line, "test-source rate=0 size=0x0 ! null");
}

static void link_latest(const wr_bench *bench, wr_text *line)
{
    (void)bench;
    wr_text_add(line, "test-source rate=0 size=0x0 ! null take=latest");
}

static void wake_up(const wr_bench *bench, wr_text *line)
{
    (void)bench;
    wr_text_add(line, "test-source rate=1000 size=0x0 ! null");
}

/* Of a turned picture, the larger side may be the width of what is coded. */
static void add_decoding(const wr_bench *bench, wr_text *line)
{
    uint32_t side = bench->width > bench->height ? bench->width : bench->height;
    wr_text_add(line, "video loop=true url=");
    wr_cli_add_quoted(line, bench->video);
    wr_text_add(line, " ! decode threads=1 max_size=%ux%u", side, side);
}

static void add_detecting(const wr_bench *bench, wr_text *line, int threads, int replicas)
{
    wr_text_add(line, " ! detect threads=%d replicas=%d model=", threads, replicas);
    wr_cli_add_quoted(line, bench->model);
    wr_text_add(line, " ! null");
}

static void decode(const wr_bench *bench, wr_text *line)
{
    add_decoding(bench, line);
    wr_text_add(line, " ! null");
}

static void add_pictures(const wr_bench *bench, wr_text *line)
{
    wr_text_add(line, "test-source rate=0 size=%ux%u", bench->width, bench->height);
}

static void one_thread(const wr_bench *bench, wr_text *line)
{
    add_pictures(bench, line);
    add_detecting(bench, line, 1, 1);
}

static void all_threads(const wr_bench *bench, wr_text *line)
{
    add_pictures(bench, line);
    add_detecting(bench, line, bench->cores < THREADS_MAX ? bench->cores : THREADS_MAX, 1);
}

static void replicas(const wr_bench *bench, wr_text *line)
{
    add_pictures(bench, line);
    add_detecting(bench, line, 1, bench->replicas);
}

static void job(const wr_bench *bench, wr_text *line)
{
    add_decoding(bench, line);
    add_detecting(bench, line, 1, bench->replicas);
}

/* By wr_bench_run_id. */
static const plan plans[WR_BENCH_RUNS] = {
    {WR_BENCH_LINK, NOTHING, "link, every frame", link_every},
    {WR_BENCH_LINK, NOTHING, "link, the latest frame", link_latest},
    {WR_BENCH_WAKE_UP, NOTHING, "wake-up", wake_up},
    {WR_BENCH_DECODE, VIDEO, "decode", decode},
    {WR_BENCH_INFERENCE, MODEL, "inference, one thread", one_thread},
    {WR_BENCH_INFERENCE, MODEL, "inference, all cores for one picture", all_threads},
    {WR_BENCH_INFERENCE, MODEL, "inference, a picture on each core", replicas},
    {WR_BENCH_JOB, VIDEO | MODEL, "the whole job", job},
};

const char *wr_bench_topic_name(wr_bench_topic topic)
{
    static const char *const names[WR_BENCH_TOPICS] = {"link", "wake-up", "decode", "inference", "job"};
    return names[topic];
}

/* --- running --- */

static bool possible(const wr_bench *bench, const plan *run)
{
    return bench->wanted[run->topic] && (bench->video || !(run->needs & VIDEO)) &&
           (bench->model || !(run->needs & MODEL));
}

int wr_bench_runs(const wr_bench *bench, wr_bench_topic topic)
{
    int count = 0;
    for (int i = 0; i < WR_BENCH_RUNS; i++)
        count += plans[i].topic == topic && possible(bench, &plans[i]);
    return count;
}

static int runs_of_all(const wr_bench *bench)
{
    int count = 0;
    for (int topic = 0; topic < WR_BENCH_TOPICS; topic++)
        count += wr_bench_runs(bench, (wr_bench_topic)topic);
    return count;
}

static void show_progress(const char *what, int number, int count)
{
    if (!isatty(STDERR_FILENO))
        return;
    if (what)
        fprintf(stderr, "\r\033[Kmeasuring %d of %d: %s", number, count, what);
    else
        fprintf(stderr, "\r\033[K");
    fflush(stderr);
}

static double memory_available(void)
{
    double kib = 0;
    char line[128];
    FILE *in = fopen("/proc/meminfo", "re");
    while (in && fgets(line, sizeof line, in) && sscanf(line, "MemAvailable: %lf", &kib) != 1)
        ;
    if (in)
        fclose(in);
    return kib * 1024;
}

/* A replica has the model to itself; half of the memory that is left is enough to take. */
static int replicas_that_fit(int cores, double each)
{
    double left = memory_available() / 2;
    int most = cores < WR_REPLICAS_MAX ? cores : WR_REPLICAS_MAX;
    if (left <= 0 || left / each >= most)
        return most;
    return left < each ? 1 : (int)(left / each);
}

bool wr_bench_fit(wr_bench *bench, char *why, size_t why_bytes)
{
    wr_text line = {0};
    weir_pipeline *pipeline = weir_pipeline_new("bench");
    one_thread(bench, &line);
    weir_pipeline_line(pipeline, line.data);
    bool good = weir_pipeline_check(pipeline) >= 0;
    if (good)
        bench->replicas = replicas_that_fit(bench->cores, (double)wr_pipeline_supervisor(pipeline)->graph->bound_bytes);
    else
        wr_bench_keep_error(why, why_bytes, weir_pipeline_error(pipeline));
    free(line.data);
    weir_pipeline_free(pipeline);
    return good;
}

static bool measure(wr_bench *bench, int i)
{
    wr_text line = {0};
    int copies = plans[i].needs & MODEL ? bench->replicas : 1;
    plans[i].describe(bench, &line);
    bool came_back = wr_bench_measure(line.data, bench->seconds, 3 * (uint64_t)copies, &bench->run[i]);
    free(line.data);
    if (bench->run[i].refused && plans[i].needs & MODEL) /* it would be refused again; the error is kept */
        bench->model = NULL;
    return came_back;
}

bool wr_bench_all(wr_bench *bench)
{
    int number = 0, count = runs_of_all(bench);
    bool came_back = true;
    for (int i = 0; i < WR_BENCH_RUNS && came_back && !wr_bench_interrupted(); i++) {
        if (!possible(bench, &plans[i]))
            continue;
        show_progress(plans[i].what, ++number, count);
        came_back = measure(bench, i);
    }
    show_progress(NULL, 0, 0);
    return came_back;
}
