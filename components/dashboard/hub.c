#include "hub.h"

#include "picture.h"
#include "results.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum {
    MEDIA_DEPTH = 256,
    VIEWER_BYTES = 2 << 20,
    TEXTS_BYTES = 64 << 10,
    LEAST_BYTES = 192 << 10,
    WIDTHS_MOST = 8,
    AT_A_TIME = 8
};

struct wr_hub {
    weir_node *node;
    unsigned viewers_most, viewers, numbers;
    wr_feed *feed;
    void *feed_user;
    wr_shrinker *shrinker;
    wr_stream *stream;
    uint32_t streams;
    wr_viewer **viewer; /* as many as there are, in no order */
    unsigned version;
    bool *ended; /* each input */
};

/* --- before the start --- */

static int media_inputs(const weir_node *node, size_t *picture_bytes, size_t *packet_bytes)
{
    int media = 0;
    for (int i = 0; i < weir_inputs(node); i++) {
        size_t picture = weir_input_item_bytes(node, i, WEIR_KIND_PICTURE);
        size_t packet = weir_input_item_bytes(node, i, WEIR_KIND_PACKET);
        *picture_bytes = picture > *picture_bytes ? picture : *picture_bytes;
        *packet_bytes = packet > *packet_bytes ? packet : *packet_bytes;
        media += picture || packet;
    }
    return media ? media : 1;
}

weir_status wr_hub_plan(weir_node *node, unsigned viewers)
{
    size_t picture_bytes = 0, packet_bytes = 0;
    unsigned inputs = (unsigned)weir_inputs(node);
    size_t each = VIEWER_BYTES / (unsigned)media_inputs(node, &picture_bytes, &packet_bytes);
    each = each > LEAST_BYTES ? each : LEAST_BYTES;
    /* A JPEG is smaller than the picture that it shows. */
    size_t item = wr_message_bytes(packet_bytes > picture_bytes / 2 ? packet_bytes : picture_bytes / 2 + (64 << 10));
    weir_plan_taps(node, viewers * inputs * 2, MEDIA_DEPTH, each,
                   viewers * (VIEWER_BYTES + inputs * (size_t)TEXTS_BYTES) + inputs * (size_t)WR_BACKLOG_BYTES * 2);
    if (picture_bytes)
        weir_plan_memory(node, wr_shrinker_cost(picture_bytes));
    return weir_plan_store(node, WEIR_KIND_PACKET, item, 2, item);
}

wr_hub *wr_hub_new(weir_node *node, unsigned viewers, wr_feed *feed, void *user)
{
    size_t picture_bytes = 0, packet_bytes = 0;
    wr_hub *hub = calloc(1, sizeof *hub);
    if (!hub)
        return NULL;
    *hub =
        (wr_hub){.node = node, .viewers_most = viewers, .feed = feed, .feed_user = user, .streams = weir_streams(node)};
    media_inputs(node, &picture_bytes, &packet_bytes);
    hub->shrinker = picture_bytes ? wr_shrinker_new(picture_bytes) : NULL;
    hub->stream = calloc(hub->streams + 1, sizeof *hub->stream);
    hub->viewer = calloc(viewers, sizeof(wr_viewer *));
    hub->ended = calloc((size_t)weir_inputs(node) + 1, sizeof *hub->ended);
    for (uint32_t s = 0; hub->stream && s < hub->streams; s++)
        hub->stream[s] =
            (wr_stream){.id = s, .name = weir_stream_name(node, s), .packet_input = -1, .picture_input = -1};
    if (hub->stream && hub->viewer && hub->ended && (hub->shrinker || !picture_bytes))
        return hub;
    wr_hub_free(hub);
    return NULL;
}

void wr_hub_free(wr_hub *hub)
{
    if (!hub)
        return;
    while (hub->viewers)
        wr_hub_leave(hub, hub->viewer[0]);
    for (uint32_t s = 0; hub->stream && s < hub->streams; s++) {
        wr_stream_forget(&hub->stream[s]);
        free(hub->stream[s].codec);
        free(hub->stream[s].codec_text);
    }
    free(hub->stream);
    free(hub->viewer);
    free(hub->ended);
    wr_shrinker_free(hub->shrinker);
    free(hub);
}

/* --- frames --- */

/* What a viewer and its tap need of memory is not at hand: since the frame before, others have used this core. Several are
 * fetched at a time while one is dealt with. */
static void expect_some(const wr_hub *hub, unsigned from, uint32_t stream)
{
    enum { CONNECTION_BYTES = 768, LINE_BYTES = 64 };
    const unsigned end = from + AT_A_TIME < hub->viewers ? from + AT_A_TIME : hub->viewers;
    for (unsigned i = from; i < end; i++) {
        const wr_viewer *viewer = hub->viewer[i];
        for (int k = 0; k < CONNECTION_BYTES; k += LINE_BYTES)
            __builtin_prefetch((const char *)viewer->connection + k);
        if (viewer->watch[stream].media)
            weir_tap_expect(viewer->watch[stream].media);
    }
}

/* To all who watch it so; `width_px` of JPEGs. */
static void offer_media(wr_hub *hub, const weir_frame *made, wr_as as, unsigned width_px)
{
    for (unsigned i = 0; i < hub->viewers; i++) {
        wr_viewer *v = hub->viewer[i];
        wr_watch *watch = &v->watch[made->stream];
        if (i % AT_A_TIME == 0)
            expect_some(hub, i, made->stream);
        if (watch->as != as || !watch->media || (as == WR_AS_JPEG && width_px && watch->width_px != width_px))
            continue;
        weir_tap_offer(watch->media, made);
        hub->feed(hub->feed_user, v);
    }
}

static void send_packet(wr_hub *hub, wr_stream *stream, const weir_frame *frame)
{
    weir_frame made;
    if (!wr_stream_packet(stream, hub->node, frame, &made)) {
        wr_stream_forget(stream);
        weir_count_lost(hub->node, 1);
        return;
    }
    bool mjpeg = wr_stream_is_mjpeg(stream);
    if (!mjpeg)
        wr_stream_keep(stream, &made);
    offer_media(hub, &made, mjpeg ? WR_AS_JPEG : WR_AS_PACKETS, 0);
    weir_frame_drop(&made);
}

static bool results_wanted(const wr_hub *hub, uint32_t stream)
{
    for (unsigned i = 0; i < hub->viewers; i++)
        if (hub->viewer[i]->watch[stream].as != WR_AS_NOTHING)
            return true;
    return false;
}

static void send_results(wr_hub *hub, const wr_stream *stream, int input, const weir_frame *frame)
{
    weir_frame made;
    int place = 0;
    while (place < stream->results && stream->result_input[place] != input)
        place++;
    bool wanted = place < stream->results && results_wanted(hub, frame->stream);
    char *text = wanted ? wr_results_text(hub->node, input, frame) : NULL;
    bool any = text && wr_message_text(hub->node, frame, text, &made);
    free(text);
    if (!any)
        return;
    for (unsigned i = 0; i < hub->viewers; i++) {
        weir_tap *tap = hub->viewer[i]->watch[frame->stream].result[place];
        if (!tap)
            continue;
        weir_tap_offer(tap, &made);
        hub->feed(hub->feed_user, hub->viewer[i]);
    }
    weir_frame_drop(&made);
}

/* The widths that this stream is looked at with. */
static int wanted_widths(const wr_hub *hub, uint32_t stream, unsigned widths[WIDTHS_MOST])
{
    int count = 0;
    for (unsigned v = 0; v < hub->viewers; v++) {
        const wr_watch *watch = &hub->viewer[v]->watch[stream];
        bool known = watch->as != WR_AS_JPEG || !watch->media;
        for (int i = 0; i < count && !known; i++)
            known = widths[i] == watch->width_px;
        if (!known && count < WIDTHS_MOST)
            widths[count++] = watch->width_px;
    }
    return count;
}

static void send_pictures(wr_hub *hub, const weir_frame *frame)
{
    unsigned widths[WIDTHS_MOST];
    int count = wanted_widths(hub, frame->stream, widths);
    for (int i = 0; i < count && hub->shrinker; i++) {
        size_t bytes;
        uint8_t *to;
        weir_frame made;
        const unsigned char *jpeg = wr_shrinker_jpeg(hub->shrinker, weir_frame_picture(frame), widths[i], &bytes);
        if (!jpeg || !wr_message_binary(hub->node, frame, WR_MESSAGE_JPEG, bytes, 0, &made, &to)) {
            weir_count_lost(hub->node, 1);
            continue;
        }
        memcpy(to, jpeg, bytes);
        offer_media(hub, &made, WR_AS_JPEG, widths[i]);
        weir_frame_drop(&made);
    }
}

void wr_hub_frame(wr_hub *hub, int input, const weir_frame *frame)
{
    if (frame->stream >= hub->streams)
        return;
    wr_stream *stream = &hub->stream[frame->stream];
    hub->version += wr_stream_look(stream, hub->node, input, frame);
    if (input == stream->packet_input && weir_frame_packet(frame))
        send_packet(hub, stream, frame);
    if (weir_frame_boxes(frame))
        send_results(hub, stream, input, frame);
    if (input == stream->picture_input && weir_frame_picture(frame))
        send_pictures(hub, frame);
}

void wr_hub_ended(wr_hub *hub, int input)
{
    hub->ended[input] = true;
    for (uint32_t s = 0; s < hub->streams; s++) {
        bool can_come = !weir_input_stream(hub->node, input, s);
        for (int i = 0; i < weir_inputs(hub->node) && !can_come; i++)
            can_come = !hub->ended[i] && weir_input_stream(hub->node, i, s);
        if (can_come)
            continue;
        hub->stream[s].ended_ns = weir_now(hub->node);
    }
}

/* --- viewers --- */

wr_viewer *wr_hub_join(wr_hub *hub, void *connection)
{
    if (hub->viewers == hub->viewers_most)
        return NULL;
    wr_viewer *viewer = wr_viewer_new(++hub->numbers, hub->streams);
    if (!viewer)
        return NULL;
    viewer->connection = connection;
    viewer->moved_ns = weir_now(hub->node);
    hub->viewer[hub->viewers++] = viewer;
    return viewer;
}

static void stop_watching(wr_viewer *viewer, uint32_t stream)
{
    wr_watch *watch = &viewer->watch[stream];
    if (watch->media)
        weir_tap_close(watch->media);
    for (int i = 0; i < WR_RESULT_INPUTS; i++)
        if (watch->result[i])
            weir_tap_close(watch->result[i]);
    if (viewer->holds && viewer->held.stream == stream) {
        weir_frame_drop(&viewer->held);
        viewer->holds = false;
    }
    *watch = (wr_watch){0};
}

void wr_hub_leave(wr_hub *hub, wr_viewer *viewer)
{
    unsigned i = 0;
    while (hub->viewer[i] != viewer)
        i++;
    hub->viewer[i] = hub->viewer[--hub->viewers];
    for (uint32_t s = 0; s < viewer->streams; s++)
        stop_watching(viewer, s);
    wr_viewer_free(viewer);
}

static void watch_results(wr_hub *hub, wr_viewer *viewer, const wr_stream *stream)
{
    static const weir_policy newest = {.take = WEIR_NEWEST, .depth = 64};
    wr_watch *watch = &viewer->watch[stream->id];
    for (int i = 0; i < stream->results; i++)
        if (!watch->result[i])
            watch->result[i] = weir_tap_open(hub->node, stream->result_input[i], viewer->number, &newest, false);
}

/* Packets keep all that can be decoded; of pictures, the newest. */
static weir_tap *media_tap(wr_hub *hub, const wr_viewer *viewer, const wr_stream *stream, wr_as as)
{
    static const weir_policy every = {.take = WEIR_EVERY}, latest = {.take = WEIR_LATEST};
    bool packets = as == WR_AS_PACKETS;
    int input = packets || wr_stream_is_mjpeg(stream) ? stream->packet_input : stream->picture_input;
    return input < 0 ? NULL : weir_tap_open(hub->node, input, viewer->number, packets ? &every : &latest, packets);
}

bool wr_hub_watch(wr_hub *hub, wr_viewer *viewer, uint32_t number, wr_as as, unsigned width_px)
{
    if (number >= hub->streams)
        return false;
    const wr_stream *stream = &hub->stream[number];
    wr_watch *watch = &viewer->watch[number];
    unsigned width = as == WR_AS_JPEG ? wr_shrinker_width(width_px) : 0;
    bool same =
        watch->as == as && watch->width_px == width && (watch->media || as == WR_AS_RESULTS || as == WR_AS_NOTHING);
    if (!same)
        stop_watching(viewer, number);
    watch->as = as;
    watch->width_px = width;
    if (!same && (as == WR_AS_PACKETS || as == WR_AS_JPEG))
        watch->media = media_tap(hub, viewer, stream, as);
    for (unsigned i = 0; !same && watch->media && as == WR_AS_PACKETS && i < stream->backlogs; i++) {
        weir_tap_offer(watch->media, &stream->backlog[i]);
        viewer->behind = true;
    }
    if (as != WR_AS_NOTHING)
        watch_results(hub, viewer, stream);
    bool good = watch->media || as == WR_AS_RESULTS || as == WR_AS_NOTHING;
    return good;
}

bool wr_hub_next(wr_hub *hub, wr_viewer *viewer, wr_next *next)
{
    return wr_viewer_next(viewer, hub->stream, next);
}

wr_viewer *wr_hub_viewer(const wr_hub *hub, unsigned i)
{
    return i < hub->viewers ? hub->viewer[i] : NULL;
}

json_t *wr_hub_streams(wr_hub *hub, unsigned *version)
{
    json_t *list = json_array();
    for (uint32_t s = 0; s < hub->streams; s++) {
        bool comes = false;
        for (int i = 0; i < weir_inputs(hub->node) && !comes; i++)
            comes = weir_input_stream(hub->node, i, s);
        if (comes)
            json_array_append_new(list, wr_stream_json(&hub->stream[s], hub->node));
    }
    *version = hub->version;
    return list;
}

int64_t wr_hub_stream_ended(wr_hub *hub, uint32_t stream)
{
    return hub->stream[stream].ended_ns;
}

unsigned wr_hub_version(wr_hub *hub)
{
    return hub->version;
}

uint32_t wr_hub_stream_named(wr_hub *hub, const char *name)
{
    for (uint32_t s = 0; s < hub->streams; s++)
        if (strcmp(hub->stream[s].name, name) == 0)
            return s;
    return UINT32_MAX;
}
