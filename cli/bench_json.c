#include "bench.h"

#include "core/text.h"
#include <jansson.h>
#include <math.h>
#include <weir/weir.h>

static json_t *number(double value, double step)
{
    return isfinite(value) ? json_real(round(value / step) * step) : json_null();
}

static json_t *words(const char *text)
{
    return text && text[0] ? json_string(text) : json_null();
}

static json_t *spread_us(const weir_spread *spread)
{
    json_t *object = json_object();
    json_object_set_new(object, "count", json_integer((json_int_t)spread->count));
    json_object_set_new(object, "p50", number((double)spread->p50_ns / 1e3, 0.001));
    json_object_set_new(object, "p99", number((double)spread->p99_ns / 1e3, 0.001));
    json_object_set_new(object, "max", number((double)spread->max_ns / 1e3, 0.001));
    return object;
}

static json_t *link_of(const wr_bench_run *run)
{
    if (!run->done)
        return json_null();
    json_t *object = json_object();
    json_object_set_new(object, "offered_per_s", number(wr_bench_rate(run->offered, run), 1));
    json_object_set_new(object, "taken_per_s", number(wr_bench_rate(run->taken, run), 1));
    json_object_set_new(object, "ns_per_frame", number(1e9 / wr_bench_rate(run->offered, run), 0.1));
    return object;
}

static json_t *wake_up_of(const wr_bench_run *run)
{
    if (!run->done)
        return json_null();
    json_t *object = json_object();
    json_object_set_new(object, "age_us", spread_us(&run->age));
    json_object_set_new(object, "wait_us", spread_us(&run->wait));
    return object;
}

static json_t *frames_of(const wr_bench_run *run, double cpu_s)
{
    json_t *object = json_object();
    double rate = wr_bench_rate(run->taken, run);
    json_object_set_new(object, "frames_per_s", number(rate, 0.01));
    json_object_set_new(object, "ms_per_frame", number(1e3 / rate, 0.001));
    json_object_set_new(object, "cpu_ms_per_frame", number(cpu_s * 1e3, 0.001));
    return object;
}

static json_t *process_of(const wr_bench_run *run)
{
    return run->done ? frames_of(run, wr_bench_cpu_s(run)) : json_null();
}

static json_t *detect_of(const wr_bench_run *run)
{
    return run->done ? frames_of(run, wr_bench_detect_s(run)) : json_null();
}

/* With replicas a picture takes its time on each of them; what matters there is how many there are. */
static json_t *with_latency(json_t *object, const wr_bench_run *run)
{
    if (run->done)
        json_object_set_new(object, "latency_ms", number((double)run->busy.p50_ns / 1e6, 0.001));
    return object;
}

static json_t *inference_of(const wr_bench *bench)
{
    const wr_bench_run *one = &bench->run[WR_RUN_ONE_THREAD], *all = &bench->run[WR_RUN_ALL_THREADS];
    json_t *object = json_object();
    json_object_set_new(object, "one_thread", with_latency(detect_of(one), one));
    json_object_set_new(object, "all_threads", with_latency(process_of(all), all));
    json_object_set_new(object, "replicas", detect_of(&bench->run[WR_RUN_REPLICAS]));
    return object;
}

static json_t *job_of(const wr_bench_run *run)
{
    json_t *object = process_of(run);
    if (run->done)
        json_object_set_new(object, "rss_peak_bytes", json_integer((json_int_t)run->rss_peak_bytes));
    return object;
}

static json_t *row(const wr_bench_costs *costs, int cameras)
{
    json_t *object = json_object();
    double rate = wr_bench_analysed(costs, cameras);
    json_object_set_new(object, "cameras", json_integer(cameras));
    json_object_set_new(object, "analysed_per_s", rate < 0 ? json_null() : number(rate, 0.01));
    json_object_set_new(object, "decode_cores", number(wr_bench_decode_cores(costs, cameras), 0.001));
    return object;
}

static json_t *cameras_of(const wr_bench *bench)
{
    wr_bench_costs costs = wr_bench_costs_of(bench);
    json_t *object = json_object(), *rows = json_array();
    if (costs.decode_s <= 0 || costs.inference_s <= 0) {
        json_decref(object);
        json_decref(rows);
        return json_null();
    }
    for (int cameras = 1, fits = 1; fits && cameras <= 1 << 20; cameras *= 2) {
        fits = wr_bench_analysed(&costs, cameras) >= 0;
        json_array_append_new(rows, row(&costs, cameras));
    }
    json_object_set_new(object, "fps", number(costs.fps, 0.01));
    json_object_set_new(object, "analyse", number(costs.analyse, 0.01));
    json_object_set_new(object, "headroom", json_real(WR_BENCH_HEADROOM));
    json_object_set_new(object, "most", json_integer(wr_bench_cameras(&costs)));
    json_object_set_new(object, "rows", rows);
    return object;
}

static json_t *sentences(const wr_bench *bench)
{
    json_t *list = json_array();
    if (bench->missing_video[0])
        json_array_append_new(list, json_string(bench->missing_video));
    if (bench->missing_model[0])
        json_array_append_new(list, json_string(bench->missing_model));
    for (int i = 0; i < WR_BENCH_RUNS; i++)
        if (bench->run[i].error[0])
            json_array_append_new(list, json_string(bench->run[i].error));
    return list;
}

static void set_machine(json_t *root, const wr_bench *bench)
{
    json_object_set_new(root, "weir", json_string(WEIR_VERSION));
    json_object_set_new(root, "cores", json_integer(bench->cores));
    json_object_set_new(root, "load_average", number(bench->load, 0.01));
    json_object_set_new(root, "seconds", number(bench->seconds, 0.001));
    json_object_set_new(root, "model", words(bench->model));
    json_object_set_new(root, "video", words(bench->video));
    json_object_set_new(root, "width", json_integer(bench->width));
    json_object_set_new(root, "height", json_integer(bench->height));
    json_object_set_new(root, "replicas", json_integer(bench->replicas));
}

char *wr_bench_json(const wr_bench *bench)
{
    json_t *root = json_object(), *link = json_object();
    set_machine(root, bench);
    json_object_set_new(link, "every", link_of(&bench->run[WR_RUN_LINK_EVERY]));
    json_object_set_new(link, "latest", link_of(&bench->run[WR_RUN_LINK_LATEST]));
    json_object_set_new(root, "link", link);
    json_object_set_new(root, "wake_up", wake_up_of(&bench->run[WR_RUN_WAKE_UP]));
    json_object_set_new(root, "decode", process_of(&bench->run[WR_RUN_DECODE]));
    json_object_set_new(root, "inference", inference_of(bench));
    json_object_set_new(root, "job", job_of(&bench->run[WR_RUN_JOB]));
    json_object_set_new(root, "cameras", cameras_of(bench));
    json_object_set_new(root, "problems", sentences(bench));
    char *text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    json_decref(root);
    return text ? text : wr_must_copy("null");
}
