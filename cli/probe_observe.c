#include "probe.h"

#include <stdatomic.h>
#include <string.h>
#include <weir/clock.h>
#include <weir/component.h>

/* Enough to know how far key frames are apart, and a file's first seconds. */
enum { KEYS_LIVE = 3, KEYS_FILE = 5, PACKETS_FILE = 250, PACKETS_MOST = 3000, UNTIMED_LIVE = 8 };

static wr_probe *probe;

static void note_key(wr_probe_packets *seen, int64_t dts_ns)
{
    uint64_t distance = seen->count - seen->last_key;
    if (seen->keys++) {
        if (!seen->intervals || distance < seen->least_interval)
            seen->least_interval = distance;
        if (distance > seen->most_interval)
            seen->most_interval = distance;
        seen->interval_sum_ns += dts_ns - seen->last_key_dts_ns;
        seen->intervals++;
    }
    seen->last_key = seen->count;
    seen->last_key_dts_ns = dts_ns;
}

static void note_first(wr_probe_packets *seen, const weir_frame *frame, int64_t now_ns)
{
    size_t bytes = 0;
    const weir_source *source = weir_frame_find(frame, weir_kind_id("weir.source/1"), &bytes);
    seen->codec = *weir_frame_codec(frame);
    if (source && bytes >= sizeof *source)
        seen->source = *source;
    seen->source.container[sizeof seen->source.container - 1] = '\0';
    seen->first_arrived_ns = now_ns;
    seen->latest_pts_ns = WEIR_NO_TIME;
}

static bool is_file(void)
{
    return probe->packets.source.duration_ns > 0;
}

static bool enough(int64_t now_ns)
{
    const wr_probe_packets *seen = &probe->packets;
    if (now_ns - probe->started_ns > probe->limit_ns || seen->count >= PACKETS_MOST)
        return true;
    if (!atomic_load(&probe->picture_seen))
        return false;
    return is_file() ? seen->keys >= KEYS_FILE && seen->count >= PACKETS_FILE : seen->keys >= KEYS_LIVE;
}

static weir_status packet_came(weir_node *node, int input, const weir_frame *frame)
{
    wr_probe_packets *seen = &probe->packets;
    const weir_packet *packet = weir_frame_packet(frame);
    int64_t now_ns = weir_now(node);
    (void)input;
    if (!packet || !weir_frame_codec(frame))
        return WEIR_OK;
    if (seen->count++ == 0)
        note_first(seen, frame, frame->offered_ns);
    if (seen->count == 1 || (!is_file() && seen->count <= UNTIMED_LIVE)) {
        seen->measured_from = seen->count;
        seen->first_dts_ns = packet->dts_ns;
    }
    seen->bytes += packet->bytes;
    seen->last_dts_ns = packet->dts_ns;
    seen->discardable += (frame->flags & WEIR_FRAME_DISCARDABLE) != 0;
    seen->reordered |= frame->pts_ns == WEIR_NO_TIME || frame->pts_ns < seen->latest_pts_ns;
    if (frame->pts_ns > seen->latest_pts_ns)
        seen->latest_pts_ns = frame->pts_ns;
    if (frame->flags & WEIR_FRAME_KEY)
        note_key(seen, packet->dts_ns);
    if (enough(now_ns))
        weir_pipeline_stop(probe->pipeline);
    return WEIR_OK;
}

static weir_status picture_came(weir_node *node, int input, const weir_frame *frame)
{
    wr_probe_pictures *seen = &probe->pictures;
    const weir_picture *picture = weir_frame_picture(frame);
    (void)input;
    if (picture && seen->count++ == 0) {
        seen->first_arrived_ns = weir_now(node);
        seen->width = picture->width;
        seen->height = picture->height;
        atomic_store(&probe->picture_seen, true);
    }
    return WEIR_OK;
}

static const weir_component_class packets = {
    .name = WR_PROBE_PACKETS,
    .summary = "notes what packets a source sends",
    .inputs =
        (const weir_port[]){{.name = "in", .needs = {"weir.packet/1", "weir.codec/1"}, .wants = {"weir.source/1"}},
                            {0}},
    .process = packet_came,
};

static const weir_component_class pictures = {
    .name = WR_PROBE_PICTURES,
    .summary = "notes what pictures come of them",
    .inputs = (const weir_port[]){{.name = "in", .needs = {"weir.picture/1"}}, {0}},
    .process = picture_came,
};

void wr_probe_register(wr_probe *observed)
{
    probe = observed;
    weir_register(&packets);
    weir_register(&pictures);
}
