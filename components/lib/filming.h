/* Filming: clips whose every picture tells its number, and a node that notes what arrives. For tests of what reads
 * video. Picture k of a clip, counted from 1 in the order of display, carries k as a code and is painted by paint(). */
#ifndef WR_LIB_FILMING_H
#define WR_LIB_FILMING_H

#include "testing.h"

#include "../test-source/code.h"
#include <weir/weir.h>

enum { MS = 1000000, NOTES_MAX = 2000, WATCHERS_MAX = 4, FILM_U = 100, FILM_V = 160 };

static WR_UNUSED void need_tools(void)
{
    if (wr_has("ffmpeg") && wr_has("ffprobe"))
        return;
    print_message("skipped: needs ffmpeg and ffprobe\n");
    skip();
}

static WR_UNUSED bool has_encoder(const char *name)
{
    static char *all;
    if (!all)
        all = strdup(wr_shell(NULL, "ffmpeg -v error -encoders | awk '{print \" \" $2 \" \"}'"));
    char word[64];
    snprintf(word, sizeof word, " %s ", name);
    return strstr(all, word) != NULL;
}

/* --- clips --- */

/* A bar that moves over a gradient, so that there is motion to code. */
static WR_UNUSED uint8_t film_luma(int x, int y, int width, int height, int number)
{
    int bar = (number * 5) % width;
    return x >= bar && x < bar + 12 ? 200 : (uint8_t)(40 + 100 * y / height + 40 * x / width);
}

static WR_UNUSED void film_frame(uint8_t *data, int width, int height, int number)
{
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            data[y * width + x] = film_luma(x, y, width, height, number);
    assert_true(wr_code_write(data, width, width, height, number));
    size_t chroma = (size_t)((width + 1) / 2) * (size_t)((height + 1) / 2);
    memset(data + (size_t)width * height, FILM_U, chroma);
    memset(data + (size_t)width * height + chroma, FILM_V, chroma);
}

/* Makes the clip `file` of pictures first to first + count - 1 with these options of ffmpeg behind the input. */
static WR_UNUSED void film(const char *file, int width, int height, int first, int count, const char *options)
{
    need_tools();
    size_t bytes = (size_t)width * height + 2 * (size_t)((width + 1) / 2) * (size_t)((height + 1) / 2);
    uint8_t *data = malloc(bytes);
    assert_non_null(data);
    FILE *raw = fopen(wr_at("raw"), "wb");
    assert_non_null(raw);
    for (int i = 0; i < count; i++) {
        film_frame(data, width, height, first + i);
        assert_int_equal(fwrite(data, 1, bytes, raw), bytes);
    }
    assert_int_equal(fclose(raw), 0);
    free(data);
    assert_string_equal(wr_shell(NULL,
                                 "ffmpeg -v error -nostdin -y -f rawvideo -pix_fmt yuv420p -s %dx%d -r 25 -i raw %s "
                                 "-map_metadata -1 %s %s",
                                 width, height, options, strstr(file, ".mp4") ? "-movflags faststart" : "", file),
                        "");
}

#define FILM_X264 "-pix_fmt yuv420p -c:v libx264 -preset veryfast -crf 16 "
#define FILM_B    FILM_X264 "-bf 3 -g 25 -x264-params scenecut=0 "
#define FILM_P    FILM_X264 "-bf 0 -g 25 -x264-params scenecut=0 "

/* --- what arrives --- */

typedef struct film_note {
    int64_t number, order, code, pts_ns, captured_ns; /* code -1: none could be read */
    uint32_t width, height, matrix, full_range;
    int u, v;     /* average */
    double error; /* average distance of luma from what was painted */
    unsigned flags;
    bool in_place; /* it lies in a slot that a decoder laid out */
} film_note;

static WR_UNUSED film_note notes[WATCHERS_MAX][NOTES_MAX];
static WR_UNUSED int noted[WATCHERS_MAX];
static WR_UNUSED weir_pipeline *film_pipeline;

typedef struct watcher_options {
    int id, keep, stop_at;
    weir_duration delay;
} watcher_options;

typedef struct watcher_state {
    weir_frame kept[64];
    int seen;
} watcher_state;

static double average(const uint8_t *plane, uint32_t stride, uint32_t width, uint32_t height)
{
    double sum = 0;
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++)
            sum += plane[(size_t)y * stride + x];
    return sum / width / height;
}

/* Below the code. */
static double error_of(const weir_picture *picture, int number)
{
    const uint8_t *luma = weir_picture_plane(picture, 0);
    const int width = (int)picture->width, height = (int)picture->height;
    double sum = 0;
    for (int y = 40; y < height; y++)
        for (int x = 0; x < width; x++)
            sum += abs(luma[(size_t)y * picture->stride[0] + (size_t)x] - film_luma(x, y, width, height, number));
    return sum / width / (height - 40);
}

static void note_picture(film_note *note, const weir_picture *picture)
{
    const uint32_t half_width = (picture->width + 1) / 2, half_height = (picture->height + 1) / 2;
    note->width = picture->width;
    note->height = picture->height;
    note->matrix = picture->matrix;
    note->full_range = picture->full_range;
    note->in_place = picture->offset[1] - picture->offset[0] > (uint64_t)picture->stride[0] * picture->height;
    for (int i = 0; i < 3; i++)
        assert_true(picture->offset[i] % 64 == 0 && picture->stride[i] % 64 == 0 && picture->stride[i]);
    if (!wr_code_read(weir_picture_plane(picture, 0), (int)picture->stride[0], (int)picture->width,
                      (int)picture->height, &note->code))
        note->code = -1;
    note->error = error_of(picture, (int)note->code);
    note->u = (int)(average(weir_picture_plane(picture, 1), picture->stride[1], half_width, half_height) + 0.5);
    note->v = (int)(average(weir_picture_plane(picture, 2), picture->stride[2], half_width, half_height) + 0.5);
}

static weir_status watcher_plan(weir_node *node)
{
    const watcher_options *options = weir_options(node);
    weir_plan_keeps(node, (unsigned)options->keep);
    return WEIR_OK;
}

static weir_status watcher_process(weir_node *node, int input, const weir_frame *frame)
{
    const watcher_options *options = weir_options(node);
    watcher_state *state = weir_state(node);
    (void)input;
    if (options->delay.ns)
        weir_sleep(node, options->delay.ns);
    assert_true(noted[options->id] < NOTES_MAX);
    film_note *note = &notes[options->id][noted[options->id]++];
    *note = (film_note){.number = frame->number,
                        .order = frame->order,
                        .code = -1,
                        .pts_ns = frame->pts_ns,
                        .captured_ns = frame->captured_ns,
                        .flags = frame->flags};
    if (weir_frame_picture(frame))
        note_picture(note, weir_frame_picture(frame));
    if (options->keep) {
        weir_frame *kept = &state->kept[state->seen++ % options->keep];
        weir_frame_drop(kept);
        *kept = weir_frame_fork(frame);
    }
    if (noted[options->id] == options->stop_at)
        weir_pipeline_stop(film_pipeline);
    return WEIR_OK;
}

static void watcher_close(weir_node *node)
{
    watcher_state *state = weir_state(node);
    for (int i = 0; i < 64; i++)
        weir_frame_drop(&state->kept[i]);
}

static const weir_option watcher_table[] = {
    WEIR_OPTION(watcher_options, id, "whose notes"),
    WEIR_OPTION(watcher_options, keep, "frames that are kept", .min = 0, .max = 64),
    WEIR_OPTION(watcher_options, stop_at, "stops the pipeline after so many"),
    WEIR_OPTION(watcher_options, delay, "in each call"),
    {0},
};

static const weir_component_class watcher = {
    .name = "watcher",
    .summary = "notes what arrives",
    .inputs = (const weir_port[]){{.name = "in", .needs = {"weir.picture/1"}}, {0}},
    .options = watcher_table,
    .options_bytes = sizeof(watcher_options),
    .state_bytes = sizeof(watcher_state),
    .plan = watcher_plan,
    .process = watcher_process,
    .close = watcher_close,
};

static WR_UNUSED const weir_component_class packet_watcher = {
    .name = "packet-watcher",
    .summary = "notes which packets arrive",
    .inputs = (const weir_port[]){{.name = "in", .needs = {"weir.packet/1"}}, {0}},
    .options = watcher_table,
    .options_bytes = sizeof(watcher_options),
    .state_bytes = sizeof(watcher_state),
    .plan = watcher_plan,
    .process = watcher_process,
    .close = watcher_close,
};

/* --- running --- */

static WR_UNUSED char film_said[4096], film_log[16384];
static WR_UNUSED weir_status film_status;
static WR_UNUSED double film_duration_s;
static WR_UNUSED weir_node_stats film_source, film_decoder; /* the first node, and the one called NAME-decode */

static void film_hear(void *user, weir_log_level level, const char *name, const char *text)
{
    size_t at = strlen(film_log);
    (void)user;
    if (level <= WEIR_LOG_WARNING)
        snprintf(film_log + at, sizeof film_log - at, "%s: %s\n", name ? name : "", text);
}

static void film_account(weir_pipeline *pipeline)
{
    weir_stats *stats = weir_pipeline_stats(pipeline);
    assert_non_null(stats);
    film_duration_s = stats->duration_s;
    memset(&film_source, 0, sizeof film_source);
    memset(&film_decoder, 0, sizeof film_decoder);
    for (int i = 0; i < stats->nodes; i++)
        if (strstr(stats->node[i].name, "-decode"))
            film_decoder = stats->node[i];
        else if (i == 0)
            film_source = stats->node[i];
    for (int i = 0; i < stats->links; i++) {
        const weir_link_stats *link = &stats->link[i];
        uint64_t dropped = 0;
        for (int r = 0; r < WEIR_REASONS; r++)
            dropped += link->dropped[r];
        assert_int_equal(link->offered, link->taken + link->waiting + dropped);
    }
    weir_stats_free(stats);
    /* Nothing vanishes in a decoder. */
    assert_int_equal(film_decoder.frames_in, film_decoder.frames_out + film_decoder.lost);
}

/* Runs a line in which ~ stands for the folder of the test. */
static WR_UNUSED void film_run(weir_clock *clock, const char *line)
{
    char whole[4096] = "";
    for (size_t at = 0; *line && at < sizeof whole - 80; line++) {
        if (*line == '~')
            at += (size_t)snprintf(whole + at, sizeof whole - at, "%s", wr_room);
        else
            whole[at++] = *line;
    }
    memset(noted, 0, sizeof noted);
    film_log[0] = '\0';
    weir_log_set_sink(film_hear, NULL);
    weir_register(&watcher);
    weir_register(&packet_watcher);
    weir_pipeline *pipeline = film_pipeline = weir_pipeline_new("test");
    if (clock)
        weir_pipeline_clock(pipeline, clock);
    weir_pipeline_line(pipeline, whole);
    film_status = weir_pipeline_run(pipeline);
    snprintf(film_said, sizeof film_said, "%s", weir_pipeline_error(pipeline));
    if (film_status >= 0)
        film_account(pipeline);
    weir_pipeline_free(pipeline);
    weir_log_set_sink(NULL, NULL);
}

static WR_UNUSED void film_run_fine(const char *line)
{
    film_run(NULL, line);
    assert_string_equal(film_said, "");
    assert_int_equal(film_status, WEIR_OK);
}

/* Watcher `id` saw pictures first to last, each once, in the order of display, as they were painted. */
static WR_UNUSED void expect_all(int id, int first, int last)
{
    assert_int_equal(noted[id], last - first + 1);
    for (int i = 0; i < noted[id]; i++) {
        assert_int_equal(notes[id][i].code, first + i);
        assert_int_equal(notes[id][i].order, i + 1);
        if (notes[id][i].error > 6)
            fail_msg("picture %d is %.1f off", i, notes[id][i].error);
    }
}

#endif
