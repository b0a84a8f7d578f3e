#include "../lib/folder.h"
#include "../lib/mux.h"
#include "../lib/name.h"
#include "../lib/timeline.h"
#include "encoder.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <weir/component.h>

typedef struct video_out_options {
    weir_path path;
    weir_choice preset;
    double crf;
    weir_duration gop;
    double fps;
    int threads;
} video_out_options;

typedef struct video_out_state {
    wr_encoder *encoder; /* NULL until the first picture, and after a change of size */
    wr_mux *mux;         /* NULL: the next picture begins a file, but not before retry_ns */
    uint32_t stream;
    int64_t files; /* begun so far, by those too that it goes on for */
    wr_timeline timeline;
    int64_t base_ns, key_ns; /* on the timeline: where the file begins, the last key frame */
    int64_t retry_ns;
    bool failing;  /* said so already */
    uint64_t lost; /* since it began to fail */
} video_out_state;

/* What x264 keeps of a picture, in pictures: measured with these presets. */
enum { ENCODER_PICTURES = 16 };
static const int64_t second_ns = 1000000000;

static const char *const presets[] = {"ultrafast", "superfast", "veryfast", "faster", "fast", "medium", NULL};

static weir_status plan(weir_node *node)
{
    char why[PATH_MAX + 128], folder[PATH_MAX];
    const video_out_options *options = weir_options(node);
    const char *path = options->path.text;
    snprintf(why, sizeof why, "path= is too long");
    weir_plan_keeps(node, 1);
    size_t picture_bytes = weir_inputs(node) ? weir_input_item_bytes(node, 0, WEIR_KIND_PICTURE) : 0;
    weir_plan_memory(node, ENCODER_PICTURES * picture_bytes);
    if (!wr_name_check(path, why, sizeof why) || !wr_name_folder(path, folder, sizeof folder))
        return weir_fail(node, WEIR_BAD_OPTION, "%s", why);
    weir_status status =
        strchr(path, '%') ? wr_folder_check(folder, why, sizeof why) : wr_file_check(path, why, sizeof why);
    return status < 0 ? weir_fail(node, status, "%s", why) : WEIR_OK;
}

static weir_status prepare(weir_node *node)
{
    char why[PATH_MAX + 128], folder[PATH_MAX];
    const video_out_options *options = weir_options(node);
    wr_name_folder(options->path.text, folder, sizeof folder);
    weir_status status = wr_folder_make(folder, why, sizeof why);
    return status < 0 ? weir_fail(node, status, "%s", why) : WEIR_OK;
}

static weir_status open_video_out(weir_node *node)
{
    video_out_state *state = weir_state(node);
    state->files = weir_bookmark(node);
    return WEIR_OK;
}

static void lose(weir_node *node, uint64_t frames)
{
    video_out_state *state = weir_state(node);
    state->lost += frames;
    weir_count_lost(node, frames);
}

static void report(weir_node *node, const char *why)
{
    video_out_state *state = weir_state(node);
    if (!state->failing)
        weir_error(node, "%s; it is tried again every second", why);
    state->failing = true;
    state->retry_ns = weir_now(node) + second_ns;
}

static void end_file(weir_node *node)
{
    wr_mux_end end;
    video_out_state *state = weir_state(node);
    if (!state->mux)
        return;
    weir_status status = wr_mux_close(&state->mux, &end);
    lose(node, end.lost);
    if (status < 0)
        report(node, end.why);
}

/* The first file is called as the user says; further ones get -2, -3 before the ending. */
static bool numbered(const char *path, int64_t number, char *to, size_t bytes)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(slash ? slash : path, '.');
    size_t stem = dot && dot != path && dot != slash + 1 ? (size_t)(dot - path) : strlen(path);
    int length = number <= 1 ? snprintf(to, bytes, "%s", path)
                             : snprintf(to, bytes, "%.*s-%lld%s", (int)stem, path, (long long)number, path + stem);
    return length < (int)bytes;
}

static bool choose_path(weir_node *node, const weir_frame *frame, char path[PATH_MAX])
{
    char made[PATH_MAX];
    video_out_state *state = weir_state(node);
    const video_out_options *options = weir_options(node);
    wr_name name = {weir_stream_name(node, frame->stream), wr_utc_of(frame, weir_now(node)), frame->number};
    if (!wr_name_path(options->path.text, &name, made, sizeof made))
        return false;
    /* A pattern with a time gives each file a name of its own already. */
    return numbered(made, wr_name_step_ns(options->path.text) ? 1 : state->files + 1, path, PATH_MAX);
}

static weir_status begin_file(weir_node *node, const weir_frame *frame)
{
    char path[PATH_MAX], why[PATH_MAX + 256] = "the name of the file is too long; check path=";
    video_out_state *state = weir_state(node);
    const video_out_options *options = weir_options(node);
    wr_mux_options mux = {.path = path, .rate = options->fps > 0 ? av_d2q(options->fps, 100000) : (AVRational){0, 1}};
    weir_status status = choose_path(node, frame, path) ? WEIR_OK : WEIR_IO;
    if (status == WEIR_OK)
        status = wr_folder_make_for(path, why, sizeof why);
    mux.format = wr_mux_format(path);
    if (status == WEIR_OK)
        status = wr_mux_open(&state->mux, &mux, wr_encoder_parameters(state->encoder), why, sizeof why);
    if (status == WEIR_UNSUPPORTED)
        return weir_fail(node, status, "%s", why);
    if (status < 0) {
        report(node, why);
        return WEIR_OK;
    }
    weir_set_bookmark(node, ++state->files);
    return WEIR_OK;
}

static weir_status new_encoder(weir_node *node, const weir_picture *picture)
{
    char why[256];
    video_out_state *state = weir_state(node);
    const video_out_options *options = weir_options(node);
    wr_encoder_options settings = {presets[options->preset.index], options->crf, options->fps, options->threads};
    wr_encoder_free(state->encoder);
    state->encoder = wr_encoder_new(&settings, picture, why, sizeof why);
    return state->encoder ? WEIR_OK : weir_fail(node, WEIR_UNSUPPORTED, "%s", why);
}

/* Makes encoder and file ready for this picture, as far as that is possible now. */
static weir_status get_ready(weir_node *node, const weir_frame *frame)
{
    video_out_state *state = weir_state(node);
    const weir_picture *picture = weir_frame_picture(frame);
    if (!state->encoder || !wr_encoder_fits(state->encoder, picture) || state->stream != frame->stream) {
        end_file(node);
        state->stream = frame->stream;
        weir_status status = new_encoder(node, picture);
        if (status < 0)
            return status;
    }
    if (state->mux || (state->failing && weir_now(node) < state->retry_ns))
        return WEIR_OK;
    return begin_file(node, frame);
}

/* Only what is in the file proves that there is room again. */
static void note_recovery(weir_node *node)
{
    video_out_state *state = weir_state(node);
    if (!state->failing || !wr_mux_packets(state->mux))
        return;
    weir_note(node, WEIR_LOG_INFO, "writes again; %llu frames were lost", (unsigned long long)state->lost);
    state->failing = false;
    state->lost = 0;
}

static weir_status encode(weir_node *node, const weir_frame *frame, wr_stamp stamp, bool first)
{
    char why[256];
    video_out_state *state = weir_state(node);
    const video_out_options *options = weir_options(node);
    bool key = first || stamp.pts_ns - state->key_ns >= options->gop.ns;
    if (first)
        state->base_ns = stamp.pts_ns;
    if (key)
        state->key_ns = stamp.pts_ns;
    const AVPacket *packet = wr_encoder_encode(state->encoder, frame, stamp.pts_ns, key, why, sizeof why);
    if (!packet)
        return weir_fail(node, WEIR_FAILED, "%s", why);
    int64_t time_ns = stamp.pts_ns - state->base_ns;
    if (wr_mux_write(state->mux, packet, time_ns, time_ns) < 0) {
        report(node, wr_mux_why(state->mux));
        end_file(node);
        return WEIR_OK;
    }
    note_recovery(node);
    return WEIR_OK;
}

static bool usable(const weir_picture *picture)
{
    return picture && picture->format == WEIR_I420 && picture->width >= 2 && picture->height >= 2;
}

static weir_status process(weir_node *node, int input, const weir_frame *frame)
{
    (void)input;
    video_out_state *state = weir_state(node);
    if (!usable(weir_frame_picture(frame))) {
        lose(node, 1);
        return WEIR_OK;
    }
    wr_stamp stamp = wr_timeline_next(&state->timeline, frame->pts_ns, frame->pts_ns, frame->captured_ns);
    wr_mux *before = state->mux;
    weir_status status = get_ready(node, frame);
    if (status < 0)
        return status;
    if (state->mux)
        return encode(node, frame, stamp, state->mux != before);
    lose(node, 1);
    return WEIR_OK;
}

static weir_status finish(weir_node *node, int input)
{
    (void)input;
    end_file(node);
    return WEIR_OK;
}

static void close_video_out(weir_node *node)
{
    video_out_state *state = weir_state(node);
    end_file(node);
    wr_encoder_free(state->encoder);
    state->encoder = NULL;
}

static const weir_option options[] = {
    WEIR_OPTION(video_out_options, path,
                "file (.mp4, .mkv, .ts), written anew; may hold %N (stream) %n (frame) %Y %m %d %H %M %S %f (UTC)",
                .required = true),
    WEIR_OPTION(video_out_options, preset, "how hard to look for small files", .text = "veryfast", .choices = presets),
    WEIR_OPTION(video_out_options, crf, "quality: less is better and larger", .text = "23", .min = 0, .max = 51),
    WEIR_OPTION(video_out_options, gop, "distance of key frames, where players can seek to", .text = "1s", .min = 0,
                .max = 600),
    WEIR_OPTION(video_out_options, fps, "frames per second to expect, 0 if unknown; each frame keeps its own time",
                .unit = "1/s", .text = "0", .min = 0, .max = 1000),
    WEIR_OPTION(video_out_options, threads, "threads of the encoder", .text = "1", .min = 1, .max = 64),
    {0},
};

static const weir_port inputs[] = {
    {.name = "in", .needs = {"weir.picture/1"}},
    {0},
};

static const weir_component_class video_out = {
    .name = "video-out",
    .summary = "encodes pictures into a video file that can be played even after a kill",
    .inputs = inputs,
    .options = options,
    .options_bytes = sizeof(video_out_options),
    .state_bytes = sizeof(video_out_state),
    .flags = WEIR_WRITES,
    .plan = plan,
    .prepare = prepare,
    .open = open_video_out,
    .process = process,
    .finish = finish,
    .close = close_video_out,
};

WEIR_PLUGIN(&video_out);
