/* video: compressed packets from files, cameras and servers, as they are.
 *
 * Files are read when there is room for a packet; cameras by a feed with a thread of its own. Either way an arrival
 * becomes a frame here: numbered, timed, with the packet copied into the store once. */
#include <weir/component.h>

#include "../lib/avlog.h"
#include "../lib/timeline.h"
#include "feed.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TRANSPORT_TCP, TRANSPORT_UDP };
enum { PACE_AUTO, PACE_FAST, PACE_LIVE, CODEC_BYTES_MAX = 1 << 16, DRIFT = 5000 };

static const size_t link_bytes = (size_t)8 << 20;
static const int64_t key_patience_ns = 10ll * 1000000000;

typedef struct video_options {
    weir_url url;
    weir_choice pace, transport;
    bool loop, retry;
    weir_duration timeout;
    weir_bytes max_packet;
} video_options;

typedef struct video_state {
    bool network;
    wr_feed feed;
    wr_reader reader; /* files */
    _Atomic bool stop;
    AVPacket *packet; /* files, paced: read, but not due yet */
    int64_t due_ns;
    int64_t start_ns; /* paced files: when media time 0 was due */
    bool started;
    int64_t packets, read_past; /* of this round of the file: sent, or dealt with; to go on behind */
    wr_timeline timeline;
    wr_stamp stamp;    /* of `packet` */
    weir_frame codec;  /* holds the codec attachment in force */
    weir_frame source; /* and what the container says */
    uint16_t flags;    /* of the next frame */
    int64_t key_at_ns; /* when the last key frame came */
    bool need_key;
    bool key_missed;       /* and that none comes was said */
    int64_t least_late_ns; /* arrival - media time, the least so far */
    int64_t late_at_ns;    /* 0: not known yet */
} video_state;

static bool is_live(const video_options *options, bool network)
{
    return options->pace.index == PACE_LIVE || (options->pace.index == PACE_AUTO && network);
}

static const char *file_path(const char *url)
{
    return strncmp(url, "file://", 7) == 0 ? url + 7 : url;
}

static weir_status plan(weir_node *node)
{
    const video_options *options = weir_options(node);
    video_state *state = weir_state(node);
    struct stat file;
    state->network = wr_reader_is_network(options->url.text);
    if (!wr_reader_knows(options->url.text))
        return weir_fail(node, WEIR_UNSUPPORTED,
                         "this kind of address is not known; url= takes a file, rtsp://, http:// or https://");
    if (state->network)
        weir_plan_memory(node, WR_FEED_BYTES);
    if (state->network && options->transport.index == TRANSPORT_UDP)
        weir_plan_sockets(node, WEIR_MAY_BIND_UDP);
    if (is_live(options, state->network))
        weir_plan_live(node);
    if (!state->network) {
        const char *path = file_path(options->url.text);
        if (stat(path, &file) != 0 || access(path, R_OK) != 0)
            return weir_fail(node, WEIR_NOT_FOUND, "cannot open %s: %s; check url=", path, strerror(errno));
        if (S_ISDIR(file.st_mode))
            return weir_fail(node, WEIR_NOT_FOUND, "%s is a folder; name a file in url=", path);
        if (S_ISREG(file.st_mode) && file.st_size == 0)
            return weir_fail(node, WEIR_BAD_DATA, "%s is empty; check url=", path);
    }
    size_t codec_bytes = sizeof(weir_codec) + CODEC_BYTES_MAX + WEIR_PACKET_PADDING;
    weir_status status = weir_plan_store(node, WEIR_KIND_CODEC, codec_bytes, 2, codec_bytes);
    if (status >= 0)
        status = weir_plan_store(node, weir_kind_id("weir.source/1"), sizeof(weir_source), 2, 0);
    if (status < 0)
        return status;
    return weir_plan_store(node, WEIR_KIND_PACKET, weir_packet_bytes(options->max_packet.count), 1, link_bytes);
}

/* The bookmark of a file: how many packets of this round were dealt with, and what is to be known of the next one. */
enum { NOTHING, SENDING, GAP_BEFORE, BOOKMARKS };

static void set_bookmark(weir_node *node, int64_t packets, int next)
{
    weir_set_bookmark(node, packets * BOOKMARKS + next);
}

/* If it was just sending one when the process ended, nobody knows whether that one was sent. */
static void go_on(weir_node *node, video_state *state)
{
    int64_t bookmark = weir_bookmark(node);
    int next = (int)(bookmark % BOOKMARKS);
    state->read_past = bookmark / BOOKMARKS + (next == SENDING);
    if (next == SENDING) {
        weir_count_lost(node, 1);
        set_bookmark(node, state->read_past, GAP_BEFORE); /* counted once, whatever happens to this one */
    }
    if (next != NOTHING)
        state->flags |= WEIR_FRAME_GAP;
}

static weir_status open_file(weir_node *node, video_state *state, const video_options *options)
{
    state->reader = (wr_reader){.timeout_ns = 0, .stop = &state->stop};
    state->packet = av_packet_alloc();
    if (!state->packet)
        return WEIR_NO_MEMORY;
    go_on(node, state);
    if (wr_reader_open(&state->reader, file_path(options->url.text), "tcp") == WEIR_OK)
        return WEIR_OK;
    av_packet_free(&state->packet);
    return weir_fail(node, WEIR_BAD_DATA, "%s is no video that can be read: %s; check url=", options->url.text,
                     state->reader.why);
}

static weir_status open_video(weir_node *node)
{
    static const char *const transport[] = {"tcp", "udp"};
    const video_options *options = weir_options(node);
    video_state *state = weir_state(node);
    wr_avlog_set_up();
    state->key_at_ns = weir_now(node);
    if (!state->network)
        return open_file(node, state, options);
    state->flags = weir_restarts(node) ? WEIR_FRAME_FLUSH : 0;
    state->feed.node = node;
    state->feed.url = options->url.text;
    state->feed.transport = transport[options->transport.index];
    state->feed.timeout_ns = options->timeout.ns;
    state->feed.retry = options->retry;
    return wr_feed_start(&state->feed);
}

static void interrupt(weir_node *node)
{
    video_state *state = weir_state(node);
    atomic_store(&state->stop, true);
    if (state->network)
        wr_feed_stop(&state->feed);
}

static void close_video(weir_node *node)
{
    video_state *state = weir_state(node);
    if (state->network)
        wr_feed_join(&state->feed);
    else
        wr_reader_close(&state->reader);
    av_packet_free(&state->packet);
    weir_frame_drop(&state->codec);
    weir_frame_drop(&state->source);
}

/* --- sending --- */

static void set_source(weir_node *node, video_state *state, const weir_source *source)
{
    weir_frame holder = {.count = 0};
    weir_source *kept = weir_attach(node, &holder, weir_kind_id("weir.source/1"), sizeof *kept);
    if (!kept)
        return;
    *kept = *source;
    weir_frame_drop(&state->source);
    state->source = holder;
}

/* A codec attachment is made once and shared by all frames that it is valid for. */
static void set_codec(weir_node *node, video_state *state, const weir_codec *codec, size_t bytes)
{
    weir_frame holder = {.count = 0};
    if (!weir_codec_differs(weir_frame_codec(&state->codec), codec))
        return;
    weir_codec *kept = bytes <= sizeof *codec + CODEC_BYTES_MAX + WEIR_PACKET_PADDING
                           ? weir_attach(node, &holder, WEIR_KIND_CODEC, bytes)
                           : NULL;
    if (!kept) {
        weir_error(node, "the stream's parameters (%zu bytes) do not fit and are left out", bytes);
        return;
    }
    memcpy(kept, codec, bytes);
    weir_frame_drop(&state->codec);
    state->codec = holder;
}

static void watch_keys(weir_node *node, video_state *state, bool key, int64_t now_ns)
{
    if (key) {
        state->key_at_ns = now_ns;
        state->key_missed = false;
    } else if (!state->key_missed && now_ns - state->key_at_ns > key_patience_ns) {
        state->key_missed = true;
        weir_error(node, "no key frame for 10 s: viewers and recordings cannot start; set the camera's key frame "
                         "interval to 1 or 2 s");
    }
}

static void send(weir_node *node, video_state *state, const wr_arrival *arrival, int64_t captured_ns)
{
    const AVPacket *packet = arrival->packet;
    if (state->need_key && !arrival->kind.key) { /* what it refers to could not be sent */
        weir_count_lost(node, 1);
        return;
    }
    state->need_key = false;
    weir_frame frame = weir_frame_new(node, captured_ns);
    frame.order = WEIR_NO_ORDER;
    frame.pts_ns = arrival->untimed ? WEIR_NO_TIME : state->stamp.pts_ns;
    frame.utc_ns = arrival->utc_ns;
    frame.flags =
        (uint16_t)(state->flags | (arrival->kind.key ? WEIR_FRAME_KEY : 0) |
                   (arrival->kind.discardable ? WEIR_FRAME_DISCARDABLE : 0) | (arrival->gap ? WEIR_FRAME_GAP : 0));
    const video_options *options = weir_options(node);
    bool fits = (uint64_t)packet->size <= options->max_packet.count;
    weir_packet *copy =
        fits ? weir_attach(node, &frame, WEIR_KIND_PACKET, weir_packet_bytes((size_t)packet->size)) : NULL;
    if (!copy) {
        weir_error(node,
                   fits ? "no room for a packet of %d bytes; raise hold= or take fewer frames"
                        : "a packet of %d bytes is above max_packet=; raise it",
                   packet->size);
        weir_count_lost(node, 1);
        weir_frame_drop(&frame);
        state->flags |= WEIR_FRAME_GAP;
        state->need_key = !arrival->kind.discardable;
        return;
    }
    *copy = (weir_packet){.dts_ns = state->stamp.dts_ns, .duration_ns = arrival->duration_ns};
    copy->bytes = (uint32_t)packet->size;
    copy->offset = sizeof *copy;
    memcpy(copy + 1, packet->data, (size_t)packet->size);
    memset((uint8_t *)(copy + 1) + packet->size, 0, WEIR_PACKET_PADDING);
    weir_frame_merge(&frame, &state->codec);
    weir_frame_merge(&frame, &state->source);
    state->flags = 0;
    watch_keys(node, state, arrival->kind.key, captured_ns);
    set_bookmark(node, state->packets, SENDING);
    weir_send(node, 0, &frame);
}

/* --- cameras --- */

/* How much later than the stream's own pace a frame came: against the least delay seen so far. A camera's clock and
 * ours drift apart, by less than a second in DRIFT seconds. */
static void note_hidden(weir_node *node, video_state *state, const wr_arrival *arrival)
{
    int64_t late_ns = arrival->arrived_ns - state->stamp.dts_ns;
    state->least_late_ns += (arrival->arrived_ns - state->late_at_ns) / DRIFT;
    if (!state->late_at_ns || late_ns < state->least_late_ns || arrival->reopened)
        state->least_late_ns = late_ns;
    state->late_at_ns = arrival->arrived_ns;
    weir_hidden(node, late_ns - state->least_late_ns);
}

static weir_status produce_from_feed(weir_node *node, video_state *state)
{
    wr_arrival arrival;
    bool over;
    if (!wr_feed_take(&state->feed, &arrival, &over)) {
        if (!over)
            return WEIR_OK;
        const video_options *options = weir_options(node);
        return state->feed.status < 0 && !atomic_load(&state->feed.stop)
                   ? weir_fail(node, state->feed.status, "cannot read %s: %s; check url= and the network",
                               options->url.text, state->feed.why)
                   : WEIR_END;
    }
    if (arrival.codec) {
        set_codec(node, state, arrival.codec,
                  sizeof *arrival.codec + arrival.codec->extradata_bytes + WEIR_PACKET_PADDING);
        set_source(node, state, &arrival.source);
        free(arrival.codec);
    }
    state->flags |= arrival.reopened ? WEIR_FRAME_FLUSH : 0;
    state->stamp = wr_timeline_next(&state->timeline, arrival.pts_ns, arrival.dts_ns, arrival.arrived_ns);
    note_hidden(node, state, &arrival);
    send(node, state, &arrival, arrival.arrived_ns);
    av_packet_free(&arrival.packet);
    return WEIR_MORE;
}

/* --- files --- */

static void file_codec(weir_node *node, video_state *state)
{
    size_t bytes = wr_reader_codec_bytes(&state->reader);
    weir_codec *codec = malloc(bytes);
    if (codec) {
        wr_reader_codec(&state->reader, codec);
        set_codec(node, state, codec, bytes);
    }
    free(codec);
    weir_source source;
    wr_reader_source(&state->reader, &source);
    set_source(node, state, &source);
}

static wr_stamp stamp_of(weir_node *node, video_state *state)
{
    return wr_timeline_next(&state->timeline, wr_reader_ns(&state->reader, state->packet->pts),
                            wr_reader_ns(&state->reader, state->packet->dts), weir_now(node));
}

/* Past what was sent before a fault. */
static weir_status read_past(weir_node *node, video_state *state)
{
    weir_status status = WEIR_OK;
    while (status == WEIR_OK && state->packets < state->read_past && !atomic_load(&state->stop)) {
        status = wr_reader_next(&state->reader, state->packet);
        if (status == WEIR_OK)
            state->stamp = stamp_of(node, state);
        av_packet_unref(state->packet);
        state->packets++;
    }
    return status;
}

/* The next packet of the file, and when it is due. */
static weir_status read_packet(weir_node *node, video_state *state, const video_options *options)
{
    bool rewound = false;
    weir_status status = read_past(node, state);
    if (status == WEIR_OK)
        status = wr_reader_next(&state->reader, state->packet);
    if (status == WEIR_END && options->loop && (state->started || state->read_past)) {
        state->flags |= WEIR_FRAME_FLUSH;
        state->packets = state->read_past = 0;
        status = wr_reader_rewind(&state->reader, file_path(options->url.text));
        if (status == WEIR_OK)
            status = wr_reader_next(&state->reader, state->packet);
        rewound = true;
    }
    if (status != WEIR_OK)
        return status;
    int64_t now_ns = weir_now(node);
    state->stamp = stamp_of(node, state);
    if (!state->started || rewound || state->reader.codec_changed)
        file_codec(node, state);
    if (!state->started)
        state->start_ns = now_ns - state->stamp.dts_ns;
    state->started = true;
    state->due_ns = is_live(options, false) ? state->start_ns + state->stamp.dts_ns : now_ns;
    return WEIR_OK;
}

/* A file that ends well before it says it does is cut off: that is no end to keep quiet about. */
static void check_end(weir_node *node, const video_state *state, const video_options *options)
{
    const int64_t slack_ns = 2ll * 1000000000;
    int64_t says_ns = state->reader.format->duration > 0 ? state->reader.format->duration * 1000 : 0;
    if (!options->loop && state->timeline.jumps == 0 && says_ns - state->stamp.dts_ns > slack_ns)
        weir_error(node, "%s ends after %.1f of %.1f s: it is cut off or damaged", options->url.text,
                   (double)state->stamp.dts_ns / 1e9, (double)says_ns / 1e9);
}

static weir_status produce_from_file(weir_node *node, video_state *state)
{
    const video_options *options = weir_options(node);
    struct timespec utc;
    if (!state->packet->data) {
        weir_status status = read_packet(node, state, options);
        if (status == WEIR_END && (state->started || state->read_past)) {
            check_end(node, state, options);
            return WEIR_END;
        }
        if (status == WEIR_END)
            return weir_fail(node, WEIR_BAD_DATA, "%s holds no picture; check url=", options->url.text);
        if (status < 0 && state->started) {
            weir_error(node, "%s cannot be read to its end: %s", options->url.text, state->reader.why);
            return WEIR_END;
        }
        if (status < 0)
            return weir_fail(node, status, "cannot read %s: %s", options->url.text, state->reader.why);
    }
    int64_t now_ns = weir_now(node);
    if (state->due_ns > now_ns) {
        weir_wake_at(node, state->due_ns);
        return WEIR_OK;
    }
    clock_gettime(CLOCK_REALTIME, &utc);
    wr_arrival arrival = {.packet = state->packet,
                          .untimed = wr_reader_untimed(&state->reader, state->packet),
                          .kind = wr_reader_look(&state->reader, state->packet),
                          .duration_ns =
                              state->packet->duration > 0 ? wr_reader_ns(&state->reader, state->packet->duration) : 0,
                          .utc_ns = (int64_t)utc.tv_sec * 1000000000 + utc.tv_nsec - (now_ns - state->due_ns)};
    send(node, state, &arrival, state->due_ns);
    set_bookmark(node, ++state->packets, state->flags & WEIR_FRAME_GAP ? GAP_BEFORE : NOTHING);
    av_packet_unref(state->packet);
    return WEIR_MORE;
}

static weir_status produce(weir_node *node)
{
    video_state *state = weir_state(node);
    return state->network ? produce_from_feed(node, state) : produce_from_file(node, state);
}

static const char *const paces[] = {"auto", "fast", "live", NULL};
static const char *const transports[] = {"tcp", "udp", NULL};
static const weir_option options[] = {
    WEIR_OPTION(video_options, url, "file, rtsp://, http:// or https:// address", .required = true),
    WEIR_OPTION(video_options, pace, "fast: as fast as taken; live: at its own pace; auto: files fast, others live",
                .text = "auto", .choices = paces),
    WEIR_OPTION(video_options, loop, "begin a file again at its end", .text = "false"),
    WEIR_OPTION(video_options, timeout, "a camera that says nothing for that long is opened again", .text = "5s",
                .min = 0.1, .max = 600),
    WEIR_OPTION(video_options, retry, "open a camera again when it goes away", .text = "true"),
    WEIR_OPTION(video_options, transport, "of RTSP", .text = "tcp", .choices = transports),
    WEIR_OPTION(video_options, max_packet, "largest packet; larger ones are refused", .text = "4MiB", .min = 1024,
                .max = 256e6),
    {0},
};
static const weir_port outputs[] = {{.name = "out", .adds = {"weir.packet/1", "weir.codec/1", "weir.source/1"}}, {0}};

static const weir_component_class video = {
    .name = "video",
    .summary = "reads compressed video from files, cameras and servers",
    .outputs = outputs,
    .options = options,
    .options_bytes = sizeof(video_options),
    .state_bytes = sizeof(video_state),
    .flags = WEIR_EXPOSED,
    .plan = plan,
    .open = open_video,
    .produce = produce,
    .interrupt = interrupt,
    .close = close_video,
};

WEIR_PLUGIN(&video);
