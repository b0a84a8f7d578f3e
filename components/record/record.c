#include "../lib/folder.h"
#include "../lib/mux.h"
#include "../lib/name.h"
#include "../lib/shelf.h"
#include "../lib/timeline.h"
#include "packets.h"
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/component.h>

typedef struct record_options {
    weir_path path;
    weir_duration segment;
    weir_choice format;
    int keep;
    weir_bytes max_bytes;
} record_options;

typedef struct record_state {
    char pattern[PATH_MAX];
    const char *format;
    wr_mux *mux; /* NULL: the next key frame begins a segment */
    AVPacket *packet;
    weir_codec *codec; /* of the segment */
    uint32_t stream;
    wr_timeline timeline;
    int64_t base_ns, shown_ns; /* on the timeline, where the segment begins: decoding and presentation */
    wr_shelf shelf;
    bool shelved;  /* what earlier runs left is on the shelf */
    bool failing;  /* said so already */
    uint64_t lost; /* since it began to fail */
} record_state;

/* Half a second of packets, in the worst case that we plan for (64 Mbit/s). */
enum { PART_BYTES = 4 * 1024 * 1024, NAMES_TRIED = 1000 };

static const char *const formats[] = {"mp4", "mkv", "ts", NULL};

static weir_status set_pattern(weir_node *node)
{
    record_state *state = weir_state(node);
    const record_options *options = weir_options(node);
    const char *path = options->path.text, *ending = strrchr(path, '.');
    char why[PATH_MAX + 128];
    bool is_pattern = strchr(path, '%') != NULL, is_file = false;
    for (int i = 0; formats[i]; i++)
        is_file = is_file || (ending && strcmp(ending + 1, formats[i]) == 0);
    if (is_pattern && !wr_name_check(path, why, sizeof why))
        return weir_fail(node, WEIR_BAD_OPTION, "%s", why);
    if (is_file && !wr_name_step_ns(path) && !strstr(path, "%n"))
        return weir_fail(node, WEIR_BAD_OPTION,
                         "path=%s names one file, but every segment needs a name of its own; give a folder, or a "
                         "pattern such as street-%%Y%%m%%dT%%H%%M%%S.mp4",
                         path);
    if (is_pattern && !is_file)
        return weir_fail(node, WEIR_BAD_OPTION, "path=%s must end in .mp4, .mkv or .ts, or be a folder without %%",
                         path);
    state->format = is_file ? wr_mux_format(path) : formats[options->format.index];
    int length = is_file ? snprintf(state->pattern, sizeof state->pattern, "%s", path)
                         : snprintf(state->pattern, sizeof state->pattern, "%s/%%N-%%Y%%m%%dT%%H%%M%%S.%%fZ.%s", path,
                                    state->format);
    return length < (int)sizeof state->pattern ? WEIR_OK : weir_fail(node, WEIR_BAD_OPTION, "path= is too long");
}

static weir_status plan(weir_node *node)
{
    char why[PATH_MAX + 128], folder[PATH_MAX];
    record_state *state = weir_state(node);
    weir_plan_memory(node, PART_BYTES);
    weir_status status = set_pattern(node);
    if (status < 0)
        return status;
    wr_name_folder(state->pattern, folder, sizeof folder);
    status = wr_folder_check(folder, why, sizeof why);
    return status < 0 ? weir_fail(node, status, "%s", why) : WEIR_OK;
}

static weir_status prepare(weir_node *node)
{
    char why[PATH_MAX + 128], folder[PATH_MAX];
    record_state *state = weir_state(node);
    wr_name_folder(state->pattern, folder, sizeof folder);
    weir_status status = wr_folder_make(folder, why, sizeof why);
    return status < 0 ? weir_fail(node, status, "%s", why) : WEIR_OK;
}

static weir_status open_record(weir_node *node)
{
    record_state *state = weir_state(node);
    state->packet = av_packet_alloc();
    return state->packet ? WEIR_OK : weir_fail(node, WEIR_NO_MEMORY, "there is no memory left to record");
}

static void lose(weir_node *node, uint64_t frames)
{
    record_state *state = weir_state(node);
    state->lost += frames;
    weir_count_lost(node, frames);
}

/* Reported once; frames are lost until a segment can be begun again. */
static void report(weir_node *node, const char *why)
{
    record_state *state = weir_state(node);
    if (!state->failing)
        weir_error(node, "%s; it is tried again at every key frame", why);
    state->failing = true;
}

static void prune(weir_node *node)
{
    int failed;
    record_state *state = weir_state(node);
    const record_options *options = weir_options(node);
    wr_shelf_prune(&state->shelf, (size_t)options->keep, options->max_bytes.count, &failed);
    if (failed)
        weir_error(node, "cannot remove an old segment: %s; check path=", strerror(failed));
}

static void end_segment(weir_node *node)
{
    wr_mux_end end;
    record_state *state = weir_state(node);
    if (!state->mux)
        return;
    weir_status status = wr_mux_close(&state->mux, &end);
    lose(node, end.lost);
    if (status < 0)
        report(node, end.why);
    if (end.removed)
        wr_shelf_forget_newest(&state->shelf);
    else
        wr_shelf_resize(&state->shelf, end.bytes);
    prune(node);
}

/* Before the first segment of this run: those of earlier runs are older. */
static void find_earlier(weir_node *node, const char *stream)
{
    char glob[PATH_MAX * 2];
    record_state *state = weir_state(node);
    const record_options *options = weir_options(node);
    bool limited = options->keep || options->max_bytes.count;
    if (state->shelved || !limited)
        return;
    state->shelved = true;
    if (!wr_name_glob(state->pattern, stream, glob, sizeof glob) || !wr_shelf_find(&state->shelf, glob))
        weir_error(node, "earlier segments cannot be listed, so they stay");
}

/* A name that no file has yet: from the time of capture on, the next one that is free. */
static weir_status make_file(weir_node *node, const weir_frame *frame, const AVCodecParameters *parameters, char *path,
                             char *why, size_t why_bytes)
{
    record_state *state = weir_state(node);
    const weir_codec *codec = state->codec;
    wr_name name = {weir_stream_name(node, frame->stream), wr_utc_of(frame, weir_now(node)), frame->number};
    wr_mux_options mux = {.path = path, .format = state->format, .fresh = true, .rotation = codec->rotation};
    mux.rate = (AVRational){(int)codec->rate_num, codec->rate_den ? (int)codec->rate_den : 1};
    weir_status status = WEIR_IO;
    for (int i = 0; i < NAMES_TRIED; i++) {
        if (!wr_name_path(state->pattern, &name, path, PATH_MAX))
            return WEIR_IO;
        status = wr_folder_make_for(path, why, why_bytes);
        if (status == WEIR_OK)
            status = wr_mux_open(&state->mux, &mux, parameters, why, why_bytes);
        int64_t step_ns = wr_name_step_ns(state->pattern);
        if (status != WEIR_IO || errno != EEXIST || !step_ns)
            return status;
        name.utc_ns += step_ns;
    }
    return status;
}

static weir_status begin_segment(weir_node *node, const weir_frame *frame)
{
    char path[PATH_MAX], why[PATH_MAX + 256] = "the name of the segment is too long; check path=";
    record_state *state = weir_state(node);
    free(state->codec);
    state->codec = wr_codec_copy(weir_frame_codec(frame));
    state->stream = frame->stream;
    if (!state->codec)
        return weir_fail(node, WEIR_NO_MEMORY, "there is no memory left to record");
    AVCodecParameters *parameters = wr_parameters_new(state->codec, weir_frame_packet(frame), why, sizeof why);
    if (!parameters)
        return weir_fail(node, WEIR_UNSUPPORTED, "%s", why);
    find_earlier(node, weir_stream_name(node, frame->stream));
    weir_status status = make_file(node, frame, parameters, path, why, sizeof why);
    avcodec_parameters_free(&parameters);
    if (status == WEIR_UNSUPPORTED)
        return weir_fail(node, status, "%s", why);
    if (status < 0) {
        report(node, why);
        return WEIR_OK;
    }
    if (!wr_shelf_add(&state->shelf, path, 0))
        weir_error(node, "%s will not be removed as it grows old: there is no memory left", path);
    prune(node);
    return WEIR_OK;
}

/* Only what is in the file proves that there is room again. */
static void note_recovery(weir_node *node)
{
    record_state *state = weir_state(node);
    if (!state->failing || !wr_mux_packets(state->mux))
        return;
    weir_note(node, WEIR_LOG_INFO, "records again; %llu frames were lost", (unsigned long long)state->lost);
    state->failing = false;
    state->lost = 0;
}

static void write_packet(weir_node *node, const weir_frame *frame, wr_stamp stamp)
{
    record_state *state = weir_state(node);
    const weir_packet *packet = weir_frame_packet(frame);
    state->packet->data = (uint8_t *)(uintptr_t)weir_packet_data(packet);
    state->packet->size = (int)packet->bytes;
    state->packet->flags = frame->flags & WEIR_FRAME_KEY ? AV_PKT_FLAG_KEY : 0;
    weir_status status =
        wr_mux_write(state->mux, state->packet, stamp.pts_ns - state->base_ns, stamp.dts_ns - state->base_ns);
    if (status < 0) {
        report(node, wr_mux_why(state->mux));
        end_segment(node);
        return;
    }
    note_recovery(node);
    wr_shelf_resize(&state->shelf, wr_mux_bytes(state->mux));
    prune(node);
}

/* Whether this frame cannot follow the one before in one file, or need not. */
static bool cuts(weir_node *node, const weir_frame *frame, wr_stamp stamp)
{
    record_state *state = weir_state(node);
    const record_options *options = weir_options(node);
    bool key = frame->flags & WEIR_FRAME_KEY;
    if (frame->stream != state->stream || !wr_codec_same(state->codec, weir_frame_codec(frame)))
        return true;
    return key ? stamp.pts_ns - state->shown_ns >= options->segment.ns : frame->flags & WEIR_FRAME_FLUSH;
}

static weir_status process(weir_node *node, int input, const weir_frame *frame)
{
    (void)input;
    record_state *state = weir_state(node);
    const weir_packet *packet = weir_frame_packet(frame);
    if (!packet || !weir_frame_codec(frame)) {
        lose(node, 1);
        return WEIR_OK;
    }
    wr_stamp stamp = wr_timeline_next(&state->timeline, frame->pts_ns, packet->dts_ns, frame->captured_ns);
    if (state->mux && cuts(node, frame, stamp))
        end_segment(node);
    if (!state->mux && frame->flags & WEIR_FRAME_KEY) {
        weir_status status = begin_segment(node, frame);
        if (status < 0)
            return status;
        state->base_ns = stamp.dts_ns;
        state->shown_ns = stamp.pts_ns;
    }
    if (state->mux)
        write_packet(node, frame, stamp);
    else
        lose(node, 1);
    return WEIR_OK;
}

static weir_status finish(weir_node *node, int input)
{
    (void)input;
    end_segment(node);
    return WEIR_OK;
}

static void close_record(weir_node *node)
{
    record_state *state = weir_state(node);
    end_segment(node);
    av_packet_free(&state->packet);
    free(state->codec);
    wr_shelf_clear(&state->shelf);
}

static const weir_option options[] = {
    WEIR_OPTION(record_options, path,
                "folder for the segments, or a pattern with %N (stream) %n (frame) %Y %m %d %H %M %S %f (UTC)",
                .required = true),
    WEIR_OPTION(record_options, segment, "a segment ends at the first key frame after this long", .text = "60s",
                .min = 0.1, .max = 86400),
    WEIR_OPTION(record_options, format, "kind of file, where path= is a folder", .text = "mp4", .choices = formats),
    WEIR_OPTION(record_options, keep, "segments that stay, the oldest go; 0 for all", .text = "0", .min = 0,
                .max = 1e9),
    WEIR_OPTION(record_options, max_bytes, "bytes that the segments may take together, the oldest go; 0 for any",
                .text = "0"),
    {0},
};

static const weir_port inputs[] = {
    {.name = "in", .needs = {"weir.packet/1", "weir.codec/1"}},
    {0},
};

static const weir_component_class record = {
    .name = "record",
    .summary = "keeps a camera's own packets in files, cut at key frames",
    .inputs = inputs,
    .options = options,
    .options_bytes = sizeof(record_options),
    .state_bytes = sizeof(record_state),
    .flags = WEIR_WRITES,
    .plan = plan,
    .prepare = prepare,
    .open = open_record,
    .process = process,
    .finish = finish,
    .close = close_record,
};

WEIR_PLUGIN(&record);
