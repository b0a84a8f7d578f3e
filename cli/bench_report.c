#include "bench.h"

#include "core/text.h"
#include <math.h>
#include <stdlib.h>

/* A load above this share of the cores takes time from what is measured. */
#define BUSY_LOAD 0.25

double wr_bench_rate(uint64_t frames, const wr_bench_run *run)
{
    return run->done && run->wall_s > 0 ? (double)frames / run->wall_s : 0;
}

double wr_bench_cpu_s(const wr_bench_run *run)
{
    return run->done && run->taken ? run->cpu_s / (double)run->taken : 0;
}

double wr_bench_detect_s(const wr_bench_run *run)
{
    return run->done && run->taken ? run->detect_cpu_s / (double)run->taken : 0;
}

/* "1080p", or "704x576". */
static void add_size(wr_text *text, const wr_bench *bench)
{
    if (bench->width * 9 == bench->height * 16)
        wr_text_add(text, "%up", bench->height);
    else
        wr_text_add(text, "%ux%u", bench->width, bench->height);
}

/* --- what was measured --- */

static void add_link(wr_text *text, const wr_bench *bench)
{
    const wr_bench_run *every = &bench->run[WR_RUN_LINK_EVERY], *latest = &bench->run[WR_RUN_LINK_LATEST];
    if (every->done)
        wr_text_add(text, "  link, every      %.2f million frames/s, %.0f ns each\n",
                    wr_bench_rate(every->taken, every) / 1e6, 1e9 / wr_bench_rate(every->taken, every));
    if (latest->done)
        wr_text_add(text, "  link, latest     %.2f million frames/s, %.0f ns each; %.2f million taken\n",
                    wr_bench_rate(latest->offered, latest) / 1e6, 1e9 / wr_bench_rate(latest->offered, latest),
                    wr_bench_rate(latest->taken, latest) / 1e6);
}

static void add_wake_up(wr_text *text, const wr_bench_run *run)
{
    if (!run->done)
        return;
    wr_text_add(text, "  wake-up          %.0f us p50, %.0f us p99 from hand-over to the consumer\n",
                (double)run->wait.p50_ns / 1e3, (double)run->wait.p99_ns / 1e3);
    wr_text_add(text, "                   %.0f us p50, %.0f us p99 from the time the frame was due\n",
                (double)run->age.p50_ns / 1e3, (double)run->age.p99_ns / 1e3);
}

static void add_decode(wr_text *text, const wr_bench *bench)
{
    const wr_bench_run *run = &bench->run[WR_RUN_DECODE];
    if (!run->done)
        return;
    wr_text_add(text, "  decode           %.0f frames/s of ", wr_bench_rate(run->taken, run));
    add_size(text, bench);
    wr_text_add(text, " on one thread, %.2f ms of a core each\n", wr_bench_cpu_s(run) * 1e3);
}

static void add_inference(wr_text *text, const wr_bench *bench)
{
    const wr_bench_run *one = &bench->run[WR_RUN_ONE_THREAD], *all = &bench->run[WR_RUN_ALL_THREADS];
    const wr_bench_run *copies = &bench->run[WR_RUN_REPLICAS];
    if (one->done)
        wr_text_add(text, "  inference        %.1f ms a picture with one thread (%s)\n", (double)one->busy.p50_ns / 1e6,
                    bench->model);
    if (all->done)
        wr_text_add(text, "                   %.1f ms a picture with threads=%d\n", (double)all->busy.p50_ns / 1e6,
                    bench->cores);
    if (copies->done)
        wr_text_add(text, "                   %.1f frames/s with replicas=%d, %.1f ms of a core each\n",
                    wr_bench_rate(copies->taken, copies), bench->replicas, wr_bench_detect_s(copies) * 1e3);
}

static void add_job(wr_text *text, const wr_bench *bench)
{
    const wr_bench_run *run = &bench->run[WR_RUN_JOB];
    if (!run->done)
        return;
    wr_text_add(text, "  whole job        %.1f frames/s decoded and analysed with replicas=%d\n",
                wr_bench_rate(run->taken, run), bench->replicas);
    wr_text_add(text, "                   %.1f ms of a core each, %.0f MiB of memory at most\n",
                wr_bench_cpu_s(run) * 1e3, (double)run->rss_peak_bytes / 1048576);
}

/* --- what follows --- */

static void add_assumption(wr_text *text, const wr_bench_costs *costs)
{
    wr_text_add(text, "\nReckoned with %g frames/s from each camera, %.2f ms of a core to decode a frame", costs->fps,
                costs->decode_s * 1e3);
    if (costs->inference_s > 0)
        wr_text_add(text, " and %.1f ms to\nanalyse one, at least %g frames/s of each analysed",
                    costs->inference_s * 1e3, fmin(costs->analyse, costs->fps));
    wr_text_add(text, ", and %g %% of %d core%s left free.\n", WR_BENCH_HEADROOM * 100, costs->cores,
                costs->cores == 1 ? "" : "s");
}

static void add_cameras(wr_text *text, const wr_bench *bench, int count)
{
    wr_text_add(text, "%d camera%s of ", count, count == 1 ? "" : "s");
    add_size(text, bench);
}

static void add_decode_only(wr_text *text, const wr_bench *bench, const wr_bench_costs *costs)
{
    wr_text_add(text, "This machine can decode ");
    add_cameras(text, bench, wr_bench_cameras(costs));
    wr_text_add(text, "; how many of them it can analyse, inference has to be measured for.\n");
}

static void add_too_many(wr_text *text, const wr_bench *bench, const wr_bench_costs *costs)
{
    wr_text_add(text, "This machine cannot watch a camera of ");
    add_size(text, bench);
    wr_text_add(text, ": decoding alone needs %.1f cores.\n", wr_bench_decode_cores(costs, 1));
}

static void add_sentence(wr_text *text, const wr_bench *bench, const wr_bench_costs *costs)
{
    int most = wr_bench_cameras(costs), count = most ? most : 1;
    if (wr_bench_analysed(costs, 1) < 0) {
        add_too_many(text, bench, costs);
        return;
    }
    wr_text_add(text, "This machine can watch ");
    add_cameras(text, bench, count);
    wr_text_add(text, ": decode %g frames/s and analyse %.1f frames/s of each", costs->fps,
                wr_bench_analysed(costs, count));
    if (count > 1)
        wr_text_add(text, "; one camera\ncan be analysed at %.1f frames/s", wr_bench_analysed(costs, 1));
    wr_text_add(text, "%s.\n", most ? "" : ", which is less than wanted");
}

static void add_table(wr_text *text, const wr_bench_costs *costs)
{
    wr_text_add(text, "\n  cameras  analysed frames/s of each\n");
    for (int cameras = 1, fits = 1; fits && cameras <= 1 << 20; cameras *= 2) {
        double rate = wr_bench_analysed(costs, cameras);
        fits = rate >= 0;
        if (fits)
            wr_text_add(text, "  %7d  %.1f\n", cameras, rate);
        else
            wr_text_add(text, "  %7d  too many: decoding alone needs %.1f cores\n", cameras,
                        wr_bench_decode_cores(costs, cameras));
    }
}

static void add_verdict(wr_text *text, const wr_bench *bench)
{
    wr_bench_costs costs = wr_bench_costs_of(bench);
    if (costs.decode_s <= 0)
        return;
    add_assumption(text, &costs);
    if (costs.inference_s <= 0) {
        add_decode_only(text, bench, &costs);
        return;
    }
    add_sentence(text, bench, &costs);
    add_table(text, &costs);
}

char *wr_bench_text(const wr_bench *bench)
{
    wr_text text = {0};
    wr_text_add(&text, "%d core%s, %g s for each measurement\n", bench->cores, bench->cores == 1 ? "" : "s",
                bench->seconds);
    if (bench->load > BUSY_LOAD * bench->cores)
        wr_text_add(&text, "Other programs keep it busy (load average %.1f): it can do more than this.\n", bench->load);
    add_link(&text, bench);
    add_wake_up(&text, &bench->run[WR_RUN_WAKE_UP]);
    add_decode(&text, bench);
    add_inference(&text, bench);
    add_job(&text, bench);
    add_verdict(&text, bench);
    return text.data;
}
