#include "reader.h"

#include "../lib/codecs.h"
#include <libavcodec/avcodec.h>
#include <libavutil/avstring.h>
#include <libavutil/display.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { RATE_UNKNOWN = 25 };

/* What may be read, and what FFmpeg may open for it on its own account: a playlist must not lead to a file. */
static const struct {
    const char *scheme, *protocols;
} schemes[] = {
    {"rtsp", "rtsp,rtp,udp,tcp"},
    {"rtsps", "rtsps,rtsp,rtp,udp,tcp,tls"},
    {"http", "http,https,tcp,tls"},
    {"https", "https,http,tcp,tls"},
    {"rtmp", "rtmp,tcp"},
    {"tcp", "tcp"},
    {"udp", "udp"},
    {"file", "file"},
};

/* Containers that hold their stream themselves. */
static const char formats_read[] = "mov,matroska,webm,avi,mpegts,mpeg,flv,live_flv,ogg,ivf,obu,h264,hevc,m4v,mjpeg,"
                                   "mpjpeg,mpegvideo,rtsp,asf,mxf,nut";

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* FFmpeg asks again and again while it waits. */
static int give_up(void *user)
{
    const wr_reader *reader = user;
    return atomic_load(reader->stop) || now_ns() > reader->deadline_ns;
}

static void start_waiting(wr_reader *reader)
{
    reader->deadline_ns = reader->timeout_ns ? now_ns() + reader->timeout_ns : INT64_MAX;
}

static weir_status failed(wr_reader *reader, int error)
{
    char text[128];
    if (error == AVERROR_EOF)
        return WEIR_END;
    if (atomic_load(reader->stop)) {
        snprintf(reader->why, sizeof reader->why, "stopped");
        return WEIR_TIMEOUT;
    }
    if (error == AVERROR_EXIT || now_ns() > reader->deadline_ns) {
        snprintf(reader->why, sizeof reader->why, "no answer within %.1f s", (double)reader->timeout_ns / 1e9);
        return WEIR_TIMEOUT;
    }
    av_strerror(error, text, sizeof text);
    const char *known = error == AVERROR(EINVAL) ? "a playlist, a single picture, or another format that is not read"
                        : error == AVERROR_PATCHWELCOME ? "a variant of its format that FFmpeg does not know"
                                                        : text;
    snprintf(reader->why, sizeof reader->why, "%s", known);
    return error == AVERROR_INVALIDDATA ? WEIR_BAD_DATA : WEIR_IO;
}

static const char *protocols_for(const char *url)
{
    const char *end = strstr(url, "://");
    if (!wr_reader_is_network(url))
        return "file";
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (strlen(schemes[i].scheme) == (size_t)(end - url) &&
            av_strncasecmp(schemes[i].scheme, url, (size_t)(end - url)) == 0)
            return schemes[i].protocols;
    return NULL;
}

bool wr_reader_is_network(const char *url)
{
    size_t letters = strspn(url, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.");
    return letters > 0 && strncmp(url + letters, "://", 3) == 0 && av_strncasecmp(url, "file:", 5) != 0;
}

bool wr_reader_knows(const char *url)
{
    return protocols_for(url) != NULL;
}

/* A session description tells what the decoder must know; probing the stream would cost a second or more. */
static bool described(const AVStream *stream)
{
    const AVCodecParameters *codec = stream->codecpar;
    return codec->codec_id == AV_CODEC_ID_MJPEG ||
           ((codec->codec_id == AV_CODEC_ID_H264 || codec->codec_id == AV_CODEC_ID_HEVC) && codec->extradata_size > 0);
}

static weir_status find_video(wr_reader *reader)
{
    AVFormatContext *format = reader->format;
    int best = av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    if (best < 0 || !described(format->streams[best]) || strcmp(format->iformat->name, "rtsp") != 0) {
        int error = avformat_find_stream_info(format, NULL);
        if (error < 0)
            return failed(reader, error);
        best = av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, NULL, 0);
    }
    if (best < 0 || format->streams[best]->codecpar->codec_id == AV_CODEC_ID_NONE) {
        snprintf(reader->why, sizeof reader->why, "there is no video in it");
        return WEIR_BAD_DATA;
    }
    for (unsigned i = 0; i < format->nb_streams; i++)
        format->streams[i]->discard = (int)i == best ? AVDISCARD_DEFAULT : AVDISCARD_ALL;
    reader->stream = format->streams[best];
    return WEIR_OK;
}

static void note_codec(wr_reader *reader)
{
    const AVCodecParameters *codec = reader->stream->codecpar;
    wr_nal_codec nal = codec->codec_id == AV_CODEC_ID_H264   ? WR_NAL_H264
                       : codec->codec_id == AV_CODEC_ID_HEVC ? WR_NAL_H265
                                                             : WR_NAL_OTHER;
    reader->nal = wr_nal_form_of(nal, codec->extradata, (size_t)codec->extradata_size);
    reader->made_up_dts = 0;
}

/* An empty file, or a connection that ends before it began, has no end to report. */
static weir_status not_opened(wr_reader *reader, weir_status status)
{
    if (status != WEIR_END)
        return status;
    snprintf(reader->why, sizeof reader->why, "it ends before there is any video");
    return WEIR_BAD_DATA;
}

static int open_input(wr_reader *reader, const char *url, const char *protocols, const char *transport)
{
    bool network = wr_reader_is_network(url);
    AVDictionary *options = NULL;
    /* A file's name is one, whatever it looks like ("data:", "concat:"). */
    char *address = av_asprintf("%s%s", network ? "" : "file:", url);
    av_dict_set(&options, "protocol_whitelist", protocols, 0);
    av_dict_set(&options, "format_whitelist", formats_read, 0);
    av_dict_set(&options, "codec_whitelist", WR_CODECS_READ, 0);
    if (av_strncasecmp(url, "rtsp", 4) == 0)
        av_dict_set(&options, "rtsp_transport", transport, 0);
    start_waiting(reader);
    int error = address ? avformat_open_input(&reader->format, address, NULL, &options) : AVERROR(ENOMEM);
    av_dict_free(&options);
    av_free(address);
    return error;
}

weir_status wr_reader_open(wr_reader *reader, const char *url, const char *transport)
{
    const char *protocols = protocols_for(url);
    if (!protocols) {
        snprintf(reader->why, sizeof reader->why, "this kind of address is not known; use rtsp, http, https or a file");
        return WEIR_UNSUPPORTED;
    }
    reader->format = avformat_alloc_context();
    if (!reader->format)
        return WEIR_NO_MEMORY;
    reader->format->interrupt_callback = (AVIOInterruptCB){.callback = give_up, .opaque = reader};
    int error = open_input(reader, url, protocols, transport);
    if (error < 0)
        return not_opened(reader, failed(reader, error));
    weir_status status = find_video(reader);
    if (status == WEIR_OK)
        note_codec(reader);
    else
        wr_reader_close(reader);
    return not_opened(reader, status);
}

void wr_reader_close(wr_reader *reader)
{
    start_waiting(reader);
    avformat_close_input(&reader->format);
    reader->stream = NULL;
}

/* Raw streams have no times: one frame after the other, at the rate they declare. */
static void make_up_times(wr_reader *reader, AVPacket *packet)
{
    AVRational rate = reader->stream->avg_frame_rate;
    if (packet->dts != AV_NOPTS_VALUE || packet->pts != AV_NOPTS_VALUE)
        return;
    if (rate.num <= 0 || rate.den <= 0)
        rate = (AVRational){RATE_UNKNOWN, 1};
    packet->dts = reader->made_up_dts;
    packet->duration = av_rescale_q(1, av_inv_q(rate), reader->stream->time_base);
    reader->made_up_dts += packet->duration > 0 ? packet->duration : 1;
}

/* Some containers announce other parameter sets with the first packet that needs them. */
static void take_new_extradata(wr_reader *reader, const AVPacket *packet)
{
    AVCodecParameters *codec = reader->stream->codecpar;
    size_t bytes = 0;
    const uint8_t *data = av_packet_get_side_data(packet, AV_PKT_DATA_NEW_EXTRADATA, &bytes);
    reader->codec_changed = false;
    if (!data || bytes > INT_MAX - AV_INPUT_BUFFER_PADDING_SIZE ||
        (bytes == (size_t)codec->extradata_size && memcmp(data, codec->extradata, bytes) == 0))
        return;
    uint8_t *copy = av_mallocz(bytes + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!copy)
        return;
    memcpy(copy, data, bytes);
    av_freep(&codec->extradata);
    codec->extradata = copy;
    codec->extradata_size = (int)bytes;
    reader->nal = wr_nal_form_of(reader->nal.codec, copy, bytes);
    reader->codec_changed = true;
}

weir_status wr_reader_next(wr_reader *reader, AVPacket *packet)
{
    start_waiting(reader);
    for (;;) {
        int error = av_read_frame(reader->format, packet);
        if (error == AVERROR(EAGAIN) && !give_up(reader))
            continue;
        if (error < 0)
            return failed(reader, error);
        if (packet->stream_index == reader->stream->index && packet->size > 0)
            break;
        av_packet_unref(packet);
    }
    make_up_times(reader, packet);
    take_new_extradata(reader, packet);
    return WEIR_OK;
}

bool wr_reader_is_finite(const wr_reader *reader)
{
    const AVFormatContext *format = reader->format;
    if (strcmp(format->iformat->name, "rtsp") == 0)
        return false;
    return format->duration > 0 || (format->pb && avio_size(format->pb) > 0);
}

weir_status wr_reader_rewind(wr_reader *reader, const char *path)
{
    wr_reader_close(reader);
    return wr_reader_open(reader, path, "");
}

wr_nal_kind wr_reader_look(wr_reader *reader, const AVPacket *packet)
{
    wr_nal_kind kind = wr_nal_look(&reader->nal, packet->data, (size_t)packet->size);
    const AVCodecDescriptor *descriptor = avcodec_descriptor_get(reader->stream->codecpar->codec_id);
    if (descriptor && descriptor->props & AV_CODEC_PROP_INTRA_ONLY)
        return (wr_nal_kind){.key = true, .discardable = true};
    kind.key |= (packet->flags & AV_PKT_FLAG_KEY) != 0;
    kind.discardable = !kind.key && (kind.discardable || packet->flags & AV_PKT_FLAG_DISPOSABLE);
    return kind;
}

bool wr_reader_untimed(const wr_reader *reader, const AVPacket *packet)
{
    return packet->pts == AV_NOPTS_VALUE && reader->stream->codecpar->video_delay > 0;
}

int64_t wr_reader_ns(const wr_reader *reader, int64_t time)
{
    return time == AV_NOPTS_VALUE ? WEIR_NO_TIME
                                  : av_rescale_q(time, reader->stream->time_base, (AVRational){1, 1000000000});
}

/* --- the codec --- */

size_t wr_reader_codec_bytes(const wr_reader *reader)
{
    return sizeof(weir_codec) + (size_t)reader->stream->codecpar->extradata_size + WEIR_PACKET_PADDING;
}

static uint32_t rotation(const AVStream *stream)
{
    const uint8_t *matrix = av_stream_get_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, NULL);
    double degrees = matrix ? av_display_rotation_get((const int32_t *)matrix) : 0;
    if (isnan(degrees))
        return 0;
    /* FFmpeg counts counterclockwise. */
    return (uint32_t)((int)lround(-degrees / 90) & 3) * 90;
}

/* What is not probed does not say it: then H.264 has it in the first parameter set, after avcC's version or a start code
 * and the unit's header. */
static void declare_profile(const AVCodecParameters *from, weir_codec *codec)
{
    const uint8_t *sets = from->extradata;
    codec->profile = from->profile >= 0 ? (uint32_t)from->profile : UINT32_MAX;
    codec->level = from->level >= 0 ? (uint32_t)from->level : UINT32_MAX;
    if (from->codec_id != AV_CODEC_ID_H264 || from->profile >= 0 || from->extradata_size < 8)
        return;
    int at = sets[0] == 1 ? 1 : sets[2] == 1 ? 4 : 5;
    if (sets[0] == 1 || (sets[at - 1] & 31) == 7) {
        codec->profile = sets[at];
        codec->level = sets[at + 2];
    }
}

void wr_reader_source(const wr_reader *reader, weir_source *source)
{
    *source = (weir_source){.duration_ns = 0};
    snprintf(source->container, sizeof source->container, "%s", reader->format->iformat->name);
    if (reader->format->duration > 0 && wr_reader_is_finite(reader))
        source->duration_ns = reader->format->duration * 1000; /* FFmpeg counts microseconds here */
}

void wr_reader_codec(const wr_reader *reader, weir_codec *codec)
{
    const AVCodecParameters *from = reader->stream->codecpar;
    AVRational rate = reader->stream->avg_frame_rate;
    memset(codec, 0, wr_reader_codec_bytes(reader));
    snprintf(codec->name, sizeof codec->name, "%s", avcodec_get_name(from->codec_id));
    codec->width = from->width > 0 ? (uint32_t)from->width : 0;
    codec->height = from->height > 0 ? (uint32_t)from->height : 0;
    codec->rotation = rotation(reader->stream);
    codec->rate_num = rate.num > 0 && rate.den > 0 ? (uint32_t)rate.num : 0;
    codec->rate_den = rate.num > 0 && rate.den > 0 ? (uint32_t)rate.den : 1;
    declare_profile(from, codec);
    codec->extradata_offset = sizeof *codec;
    codec->extradata_bytes = (uint32_t)from->extradata_size;
    if (from->extradata_size > 0)
        memcpy(codec + 1, from->extradata, (size_t)from->extradata_size);
}
