#include "bench.h"

#include <math.h>

/* Seconds of processor time that may be spent in a second. */
static double budget(const wr_bench_costs *costs)
{
    return costs->cores * (1 - WR_BENCH_HEADROOM);
}

wr_bench_costs wr_bench_costs_of(const wr_bench *bench)
{
    const wr_bench_run *decode = &bench->run[WR_RUN_DECODE], *detect = &bench->run[WR_RUN_REPLICAS];
    return (wr_bench_costs){.cores = bench->cores,
                            .fps = bench->fps,
                            .analyse = bench->analyse,
                            .decode_s = wr_bench_cpu_s(decode),
                            .inference_s = wr_bench_detect_s(detect)};
}

double wr_bench_analysed(const wr_bench_costs *costs, int cameras)
{
    double left = budget(costs) / cameras - costs->fps * costs->decode_s;
    if (left < 0)
        return -1;
    return costs->inference_s > 0 ? fmin(costs->fps, left / costs->inference_s) : 0;
}

double wr_bench_decode_cores(const wr_bench_costs *costs, int cameras)
{
    return cameras * costs->fps * costs->decode_s / (1 - WR_BENCH_HEADROOM);
}

int wr_bench_cameras(const wr_bench_costs *costs)
{
    double each = costs->fps * costs->decode_s + fmin(costs->analyse, costs->fps) * costs->inference_s;
    double most = each > 0 ? floor(budget(costs) / each) : 0;
    return most < 1e6 ? (int)most : 1000000;
}
