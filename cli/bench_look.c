#include "bench.h"

#include "cli.h"
#include <stdlib.h>
#include <string.h>
#include <weir/log.h>
#include <weir/picture.h>

/* Written by the observer, read after the end. */
static struct {
    weir_pipeline *pipeline;
    uint32_t width, height;
} seen;

static weir_status picture_came(weir_node *node, int input, const weir_frame *frame)
{
    const weir_picture *picture = weir_frame_picture(frame);
    (void)node;
    (void)input;
    if (!picture)
        return WEIR_OK;
    seen.width = picture->width;
    seen.height = picture->height;
    weir_pipeline_stop(seen.pipeline);
    weir_pipeline_stop(seen.pipeline); /* nothing else is of interest */
    return WEIR_OK;
}

static const weir_component_class look = {
    .name = "bench-look",
    .summary = "notes how large pictures are",
    .inputs = (const weir_port[]){{.name = "in", .needs = {"weir.picture/1"}}, {0}},
    .process = picture_came,
};

static void silent(void *user, weir_log_level level, const char *name, const char *text)
{
    (void)user;
    (void)level;
    (void)name;
    (void)text;
}

static void describe(weir_pipeline *pipeline, const char *video)
{
    wr_text line = {0};
    wr_text_add(&line, "video retry=false url=");
    wr_cli_add_quoted(&line, video);
    wr_text_add(&line, " ! decode max_size=8192x8192 ! bench-look hold=1");
    weir_pipeline_line(pipeline, line.data);
    free(line.data);
}

/* The sentence of the pipeline, else of the node that failed. */
static void read_error(char *why, size_t why_bytes)
{
    weir_stats *stats = weir_pipeline_stats(seen.pipeline);
    const char *sentence = weir_pipeline_error(seen.pipeline);
    for (int i = 0; stats && i < stats->nodes && !sentence[0]; i++)
        sentence = stats->node[i].error;
    wr_bench_keep_error(why, why_bytes, sentence[0] ? sentence : "no picture could be decoded");
    weir_stats_free(stats);
}

bool wr_bench_look(const char *video, uint32_t *width, uint32_t *height, char *why, size_t why_bytes)
{
    weir_register(&look);
    seen.pipeline = weir_pipeline_new("look");
    seen.width = 0;
    weir_log_set_sink(silent, NULL); /* what matters is said by the caller */
    describe(seen.pipeline, video);
    weir_pipeline_run(seen.pipeline);
    weir_log_set_sink(NULL, NULL);
    if (!seen.width)
        read_error(why, why_bytes);
    weir_pipeline_free(seen.pipeline);
    *width = seen.width;
    *height = seen.height;
    return seen.width > 0;
}
