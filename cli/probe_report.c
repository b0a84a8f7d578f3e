#include "probe.h"

#include "core/text.h"
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct named {
    const char *codec;
    uint32_t number;
    const char *name;
} named;

/* ITU-T H.264 annex A, H.265 annex A. */
static const named profiles[] = {
    {"h264", 66, "Baseline"},
    {"h264", 578, "Constrained Baseline"},
    {"h264", 77, "Main"},
    {"h264", 88, "Extended"},
    {"h264", 100, "High"},
    {"h264", 110, "High 10"},
    {"h264", 122, "High 4:2:2"},
    {"h264", 244, "High 4:4:4"},
    {"hevc", 1, "Main"},
    {"hevc", 2, "Main 10"},
    {"hevc", 3, "Main Still Picture"},
    {"hevc", 4, "Range Extensions"},
};

static const char *profile_name(const weir_codec *codec)
{
    for (size_t i = 0; i < sizeof profiles / sizeof *profiles; i++)
        if (strcmp(codec->name, profiles[i].codec) == 0 && codec->profile == profiles[i].number)
            return profiles[i].name;
    return NULL;
}

/* 0: it has none, or none that we know how to write. */
static double level_of(const weir_codec *codec)
{
    double unit = strcmp(codec->name, "h264") == 0 ? 10 : strcmp(codec->name, "hevc") == 0 ? 30 : 0;
    return unit > 0 && codec->level < 256 ? codec->level / unit : 0;
}

/* From the first packet to the last, by the media's own time; 0: there is one packet. */
static double span_s(const wr_probe *probe)
{
    return (double)(probe->packets.last_dts_ns - probe->packets.first_dts_ns) / 1e9;
}

static double rate_of(const wr_probe *probe)
{
    double span = span_s(probe);
    return span > 0 ? (double)(probe->packets.count - probe->packets.measured_from) / span : 0;
}

static double declared_rate(const weir_codec *codec)
{
    return codec->rate_num && codec->rate_den ? (double)codec->rate_num / codec->rate_den : 0;
}

static double bits_per_s(const wr_probe *probe)
{
    double rate = rate_of(probe);
    return rate > 0 ? (double)probe->packets.bytes * 8 * rate / (double)probe->packets.count : 0;
}

static double interval_s(const wr_probe *probe)
{
    const wr_probe_packets *seen = &probe->packets;
    return seen->intervals ? (double)seen->interval_sum_ns / 1e9 / (double)seen->intervals : 0;
}

/* Upright; as it was decoded, else as it is declared. */
static void size_of(const wr_probe *probe, uint32_t *width, uint32_t *height)
{
    const weir_codec *codec = &probe->packets.codec;
    bool swapped = codec->rotation == 90 || codec->rotation == 270;
    *width = probe->pictures.count ? probe->pictures.width : swapped ? codec->height : codec->width;
    *height = probe->pictures.count ? probe->pictures.height : swapped ? codec->width : codec->height;
}

static double after_ms(const wr_probe *probe, int64_t time_ns)
{
    return (double)(time_ns - probe->started_ns) / 1e6;
}

/* --- to be read --- */

static void add_codec(wr_text *text, const weir_codec *codec)
{
    const char *profile = profile_name(codec);
    wr_text_add(text, "  codec          %s", codec->name);
    if (profile)
        wr_text_add(text, ", %s profile", profile);
    if (level_of(codec) > 0)
        wr_text_add(text, ", level %.1f", level_of(codec));
    wr_text_add(text, "\n");
}

static void add_pictures(wr_text *text, const wr_probe *probe)
{
    const weir_codec *codec = &probe->packets.codec;
    uint32_t width, height;
    size_of(probe, &width, &height);
    if (!width || !height)
        return;
    wr_text_add(text, "  pictures       %ux%u", width, height);
    if (codec->rotation)
        wr_text_add(text, ", turned clockwise by %u degrees", codec->rotation);
    wr_text_add(text, "\n");
}

static void add_rates(wr_text *text, const wr_probe *probe)
{
    double declared = declared_rate(&probe->packets.codec), rate = rate_of(probe);
    if (rate > 0) {
        wr_text_add(text, "  rate           %.2f frames/s", rate);
        if (declared > 0 && fabs(declared - rate) > rate / 50)
            wr_text_add(text, ", declared as %.2f", declared);
        wr_text_add(text, "\n");
    }
    if (bits_per_s(probe) > 0)
        wr_text_add(text, "  bit rate       %.2f Mbit/s\n", bits_per_s(probe) / 1e6);
}

static void add_keys(wr_text *text, const wr_probe *probe)
{
    const wr_probe_packets *seen = &probe->packets;
    wr_text_add(text, "  key frames     ");
    if (!seen->intervals)
        wr_text_add(text, "%s in %llu frames\n", seen->keys ? "one" : "none", (unsigned long long)seen->count);
    else if (seen->least_interval == seen->most_interval)
        wr_text_add(text, "every %llu frames (%.2f s)\n", (unsigned long long)seen->most_interval, interval_s(probe));
    else
        wr_text_add(text, "%llu to %llu frames apart (%.2f s on average)\n", (unsigned long long)seen->least_interval,
                    (unsigned long long)seen->most_interval, interval_s(probe));
    wr_text_add(text, "  B-frames       %s\n", seen->reordered ? "yes" : "no");
    wr_text_add(text, "  may be let go  %llu of %llu frames, and the others can still be decoded\n",
                (unsigned long long)seen->discardable, (unsigned long long)seen->count);
}

static void add_start(wr_text *text, const wr_probe *probe)
{
    wr_text_add(text, "  first packet   after %.0f ms\n", after_ms(probe, probe->packets.first_arrived_ns));
    if (probe->pictures.count)
        wr_text_add(text, "  first picture  after %.0f ms\n", after_ms(probe, probe->pictures.first_arrived_ns));
    else
        wr_text_add(text, "  first picture  none could be decoded\n");
    if (probe->undecoded)
        wr_text_add(text, "  lost           %llu of %llu frames could not be decoded\n",
                    (unsigned long long)probe->undecoded, (unsigned long long)probe->packets.count);
}

char *wr_probe_text(const wr_probe *probe)
{
    const wr_probe_packets *seen = &probe->packets;
    wr_text text = {0};
    wr_text_add(&text, "%s\n", probe->url);
    if (seen->source.container[0])
        wr_text_add(&text, "  container      %s\n", seen->source.container);
    add_codec(&text, &seen->codec);
    add_pictures(&text, probe);
    add_rates(&text, probe);
    add_keys(&text, probe);
    add_start(&text, probe);
    if (seen->source.duration_ns)
        wr_text_add(&text, "  duration       %.2f s\n", (double)seen->source.duration_ns / 1e9);
    return text.data;
}

/* --- for programs --- */

static json_t *number(double value)
{
    return value > 0 ? json_real(round(value * 1000) / 1000) : json_null();
}

static json_t *words(const char *text)
{
    return text && text[0] ? json_string(text) : json_null();
}

static void set_packets(json_t *root, const wr_probe *probe)
{
    const wr_probe_packets *seen = &probe->packets;
    uint32_t width, height;
    size_of(probe, &width, &height);
    json_object_set_new(root, "container", words(seen->source.container));
    json_object_set_new(root, "codec", words(seen->codec.name));
    json_object_set_new(root, "profile", words(profile_name(&seen->codec)));
    json_object_set_new(root, "level", number(level_of(&seen->codec)));
    json_object_set_new(root, "width", json_integer(width));
    json_object_set_new(root, "height", json_integer(height));
    json_object_set_new(root, "rotation", json_integer(seen->codec.rotation));
    json_object_set_new(root, "rate", number(rate_of(probe)));
    json_object_set_new(root, "declared_rate", number(declared_rate(&seen->codec)));
    json_object_set_new(root, "bit_rate", number(bits_per_s(probe)));
    json_object_set_new(root, "frames", json_integer((json_int_t)seen->count));
    json_object_set_new(root, "key_frames", json_integer((json_int_t)seen->keys));
    json_object_set_new(root, "key_interval_frames", number((double)seen->most_interval));
    json_object_set_new(root, "key_interval_s", number(interval_s(probe)));
    json_object_set_new(root, "b_frames", json_boolean(seen->reordered));
    json_object_set_new(root, "discardable_frames", json_integer((json_int_t)seen->discardable));
    json_object_set_new(root, "undecodable_frames", json_integer((json_int_t)probe->undecoded));
    json_object_set_new(root, "first_packet_ms", number(after_ms(probe, seen->first_arrived_ns)));
    json_object_set_new(root, "duration_s", number((double)seen->source.duration_ns / 1e9));
}

char *wr_probe_json(const wr_probe *probe)
{
    json_t *root = json_object();
    json_object_set_new(root, "url", words(probe->url));
    json_object_set_new(root, "readable", json_boolean(probe->pictures.count > 0 && !probe->error[0]));
    json_object_set_new(root, "error", words(probe->error));
    if (probe->packets.count)
        set_packets(root, probe);
    if (probe->pictures.count)
        json_object_set_new(root, "first_picture_ms", number(after_ms(probe, probe->pictures.first_arrived_ns)));
    char *text = json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(15));
    json_decref(root);
    return text;
}
