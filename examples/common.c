#include "common.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

static weir_pipeline *running;

static void on_signal(int number)
{
    static const char text[] = "stopping; once more stops at once\n";
    (void)number;
    weir_pipeline_stop(running);
    (void)!write(STDERR_FILENO, text, sizeof text - 1);
}

void add_camera(weir_pipeline *pipeline, int argc, char **argv, double fps, int frames)
{
    char options[1024], count[24];
    snprintf(count, sizeof count, "%d", frames);
    snprintf(options, sizeof options, "image=\"%s\" fps=%g frames=%s", argc > 1 ? argv[1] : "examples/picture.png", fps,
             argc > 2 ? argv[2] : count);
    weir_pipeline_add(pipeline, "camera", "mock-camera", options);
}

static void print_links(weir_pipeline *pipeline)
{
    weir_stats *stats = weir_pipeline_stats(pipeline);
    for (int i = 0; stats && i < stats->links; i++) {
        const weir_link_stats *link = &stats->link[i];
        uint64_t dropped = 0;
        for (int reason = 0; reason < WEIR_REASONS; reason++)
            dropped += link->dropped[reason];
        printf("%s > %s: %" PRIu64 " offered, %" PRIu64 " taken, %" PRIu64 " let go, %" PRIu64
               " waiting (at most %" PRIu64 "), oldest %.1f s\n",
               link->from, link->to, link->offered, link->taken, dropped, link->waiting, link->waiting_max,
               (double)link->age.max_ns / 1e9);
    }
    weir_stats_free(stats);
}

int run(weir_pipeline *pipeline)
{
    running = pipeline;
    signal(SIGINT, on_signal);
    weir_status status = weir_pipeline_run(pipeline);
    signal(SIGINT, SIG_DFL);
    if (status < 0)
        fprintf(stderr, "%s\n", weir_pipeline_error(pipeline));
    else
        print_links(pipeline);
    weir_pipeline_free(pipeline);
    return status >= 0 ? 0 : status == WEIR_FAILED || status == WEIR_STUCK ? 1 : 2;
}
