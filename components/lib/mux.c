#include "mux.h"

#include "folder.h"
#include <errno.h>
#include <fcntl.h>
#include <libavformat/avformat.h>
#include <libavutil/display.h>
#include <libavutil/opt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IO_BYTES = 64 * 1024, VEIL_BYTES = 9 };
typedef enum veil_kind { VEIL_NONE, VEIL_FREE, VEIL_VOID } veil_kind;
static const int64_t part_ns = 500000000;
/* Frames further apart than that must not wait for the next one to be written. */
static const int64_t slow_ns = 100000000;
/* How long such a frame is said to last, before the next one is known: no longer than any camera's frames last, since
 * the next one cannot come before its end. */
static const int64_t least_ns = 20000000;
static const AVRational ns = {1, 1000000000};

struct wr_mux {
    AVFormatContext *format;
    AVPacket *packet;
    char *path;
    bool fresh;
    int fd;
    bool nameless; /* the file's first part is not complete */
    veil_kind veil;
    bool failed;
    uint8_t *gathered; /* of the file, from `start` on, not yet written */
    size_t bytes, room;
    int64_t start, at, end; /* at: where the muxer writes next; end: of the file */
    int64_t whole;          /* end of the last complete part */
    bool splits;            /* the muxer ends parts by itself, when it knows how long the last packet of one lasts */
    int64_t part_start_ns, last_dts_ns, pace_ns;
    int64_t last_dts, end_dts; /* the muxer's; end_dts: no packet may come before, as a part said how long it lasts */
    uint64_t written, pending; /* packets */
    char why[512];
};

static const struct {
    const char *name, *ending, *muxer, *flags;
    veil_kind veil;
} formats[] = {
    /* delay_moov: the header waits for parameter sets that come in the first packet. */
    {"mp4", ".mp4", "mp4", "empty_moov+delay_moov+default_base_moof", VEIL_FREE},
    {"mkv", ".mkv", "matroska", NULL, VEIL_VOID},
    {"ts", ".ts", "mpegts", NULL, VEIL_NONE},
};
enum { FORMATS = sizeof formats / sizeof *formats };

const char *wr_mux_format(const char *path)
{
    size_t length = strlen(path);
    for (int i = 0; i < FORMATS; i++) {
        size_t ending = strlen(formats[i].ending);
        if (length >= ending && strcmp(path + length - ending, formats[i].ending) == 0)
            return formats[i].name;
    }
    return formats[0].name;
}

static weir_status fail(wr_mux *mux, weir_status status, const char *what, int error)
{
    if (!mux->failed)
        snprintf(mux->why, sizeof mux->why, "cannot %s %s: %s; %s", what, mux->path,
                 error > 0 ? strerror(error) : av_err2str(error), wr_remedy(error));
    mux->failed = true;
    return status;
}

/* Until its first part is complete the file has no name, where the system can do that: a kill leaves nothing behind. */
static int open_nameless(const char *path)
{
    const char *slash = strrchr(path, '/');
    char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
    int fd = folder ? open(folder, O_WRONLY | O_TMPFILE | O_CLOEXEC, 0666) : -1;
    free(folder);
    return fd;
}

static bool make_file(wr_mux *mux)
{
    if (mux->fd < 0) {
        mux->fd = open_nameless(mux->path);
        mux->nameless = mux->fd >= 0;
    }
    if (mux->fd < 0)
        mux->fd = open(mux->path, O_WRONLY | O_CREAT | O_CLOEXEC | (mux->fresh ? O_EXCL : O_TRUNC), 0666);
    if (mux->fd < 0)
        fail(mux, WEIR_IO, "write", errno);
    return mux->fd >= 0;
}

static bool give_name(wr_mux *mux)
{
    char self[32];
    if (!mux->nameless)
        return true;
    snprintf(self, sizeof self, "/proc/self/fd/%d", mux->fd);
    if (!mux->fresh)
        unlink(mux->path);
    if (linkat(AT_FDCWD, self, AT_FDCWD, mux->path, AT_SYMLINK_FOLLOW) != 0) {
        fail(mux, WEIR_IO, "write", errno);
        return false;
    }
    mux->nameless = false;
    return true;
}

static bool write_at(wr_mux *mux, const uint8_t *data, size_t bytes, int64_t at)
{
    while (bytes > 0) {
        ssize_t n = pwrite(mux->fd, data, bytes, at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            fail(mux, WEIR_IO, "write", n < 0 ? errno : ENOSPC);
            return false;
        }
        data += n;
        at += n;
        bytes -= (size_t)n;
    }
    return true;
}

/* A kill ends even a write between two pages. So a further part is written under a veil, a header that makes players
 * skip it all, and then gets its own first bytes: an MP4 box `free`, or a Matroska element Void, as long as the part.
 * Returns the bytes of the veil; 0 where the format has none (MPEG-TS: its last frame may be incomplete). */
static size_t make_veil(const wr_mux *mux, uint8_t veil[VEIL_BYTES])
{
    uint64_t bytes = mux->bytes;
    if (mux->start == 0 || mux->start != mux->end || bytes < VEIL_BYTES || bytes > INT32_MAX)
        return 0;
    if (mux->veil == VEIL_FREE) {
        memcpy(veil,
               (uint8_t[]){(uint8_t)(bytes >> 24), (uint8_t)(bytes >> 16), (uint8_t)(bytes >> 8), (uint8_t)bytes, 'f',
                           'r', 'e', 'e'},
               8);
        return 8;
    }
    if (mux->veil != VEIL_VOID)
        return 0;
    bytes -= VEIL_BYTES; /* the size does not count the header: EC, and an 8-byte number that begins with 01 */
    memcpy(veil,
           (uint8_t[]){0xec, 0x01, 0, 0, 0, (uint8_t)(bytes >> 24), (uint8_t)(bytes >> 16), (uint8_t)(bytes >> 8),
                       (uint8_t)bytes},
           VEIL_BYTES);
    return VEIL_BYTES;
}

static bool write_all(wr_mux *mux)
{
    uint8_t veil[VEIL_BYTES], first[VEIL_BYTES];
    if (!make_file(mux))
        return false;
    size_t veiled = make_veil(mux, veil);
    memcpy(first, mux->gathered, veiled);
    memcpy(mux->gathered, veil, veiled);
    if (!write_at(mux, mux->gathered, mux->bytes, mux->start) || !write_at(mux, first, veiled, mux->start))
        return false;
    mux->start += (int64_t)mux->bytes;
    mux->end = mux->start > mux->end ? mux->start : mux->end;
    mux->bytes = 0;
    return true;
}

/* What the muxer wrote becomes part of the file, with so many packets in it. */
static bool end_part(wr_mux *mux, uint64_t packets)
{
    avio_flush(mux->format->pb);
    if (mux->failed || !write_all(mux)) {
        /* Cutting off cannot need space; if it fails all the same, players still cope with the rest. */
        if (mux->fd >= 0 && ftruncate(mux->fd, mux->whole) != 0)
            mux->failed = true;
        return false;
    }
    if (!give_name(mux))
        return false;
    mux->whole = mux->end;
    mux->written += packets;
    mux->pending -= packets;
    return true;
}

static int gather(wr_mux *mux, const uint8_t *data, int bytes)
{
    size_t need = mux->bytes + (size_t)bytes;
    if (need > mux->room) {
        size_t room = need > mux->room * 2 ? need : mux->room * 2;
        uint8_t *grown = realloc(mux->gathered, room);
        if (!grown) {
            fail(mux, WEIR_NO_MEMORY, "gather", ENOMEM);
            return AVERROR(ENOMEM);
        }
        mux->gathered = grown;
        mux->room = room;
    }
    memcpy(mux->gathered + mux->bytes, data, (size_t)bytes);
    mux->bytes = need;
    mux->at += bytes;
    return bytes;
}

#if LIBAVFORMAT_VERSION_MAJOR >= 61
static int on_write(void *user, const uint8_t *data, int bytes)
#else
static int on_write(void *user, uint8_t *data, int bytes)
#endif
{
    wr_mux *mux = user;
    if (mux->failed)
        return AVERROR(EIO);
    return gather(mux, data, bytes);
}

static int64_t on_seek(void *user, int64_t offset, int whence)
{
    wr_mux *mux = user;
    if (whence & AVSEEK_SIZE)
        return mux->at > mux->end ? mux->at : mux->end;
    if (whence != SEEK_SET || mux->failed || !write_all(mux))
        return AVERROR(EIO);
    mux->start = mux->at = offset;
    return offset;
}

static bool rotate(AVStream *stream, unsigned rotation)
{
    if (!rotation)
        return true;
    size_t bytes = sizeof(int32_t) * 9;
#if LIBAVCODEC_VERSION_INT >= AV_VERSION_INT(60, 31, 102)
    AVPacketSideData *side = av_packet_side_data_new(
        &stream->codecpar->coded_side_data, &stream->codecpar->nb_coded_side_data, AV_PKT_DATA_DISPLAYMATRIX, bytes, 0);
    int32_t *matrix = side ? (int32_t *)side->data : NULL;
#else
    int32_t *matrix = (int32_t *)av_stream_new_side_data(stream, AV_PKT_DATA_DISPLAYMATRIX, bytes);
#endif
    if (matrix)
        av_display_rotation_set(matrix, rotation);
    return matrix != NULL;
}

static int find_format(const char *name)
{
    int i = 0;
    while (i < FORMATS - 1 && strcmp(formats[i].name, name) != 0)
        i++;
    return i;
}

static AVIOContext *new_io(wr_mux *mux)
{
    uint8_t *buffer = av_malloc(IO_BYTES);
    AVIOContext *io = buffer ? avio_alloc_context(buffer, IO_BYTES, 1, mux, NULL, on_write, on_seek) : NULL;
    if (!io)
        av_free(buffer);
    return io;
}

static bool prepare(wr_mux *mux, const wr_mux_options *options, const AVCodecParameters *codec)
{
    mux->packet = av_packet_alloc();
    avformat_alloc_output_context2(&mux->format, NULL, formats[find_format(options->format)].muxer, NULL);
    if (!mux->packet || !mux->format || !(mux->format->pb = new_io(mux)))
        return false;
    mux->format->flags |= AVFMT_FLAG_CUSTOM_IO;
    AVStream *stream = avformat_new_stream(mux->format, NULL);
    if (!stream || avcodec_parameters_copy(stream->codecpar, codec) < 0 || !rotate(stream, options->rotation))
        return false;
    stream->codecpar->codec_tag = 0;
    stream->time_base = (AVRational){1, 90000};
    stream->avg_frame_rate = options->rate;
    return true;
}

static int write_header(wr_mux *mux, const char *flags)
{
    AVDictionary *settings = NULL;
    if (flags)
        av_dict_set(&settings, "movflags", flags, 0);
    av_dict_set_int(&settings, "frag_duration", part_ns / 1000, 0);
    av_dict_set(&settings, "video_track_timescale", "90000", 0);
    int rc = avformat_write_header(mux->format, &settings);
    av_dict_free(&settings);
    return rc;
}

static void free_mux(wr_mux *mux)
{
    if (mux->format && mux->format->pb) {
        av_freep(&mux->format->pb->buffer);
        avio_context_free(&mux->format->pb);
    }
    avformat_free_context(mux->format);
    av_packet_free(&mux->packet);
    free(mux->gathered);
    free(mux->path);
    free(mux);
}

static weir_status give_up(wr_mux *mux, weir_status status)
{
    free_mux(mux);
    return status;
}

/* Can the file be made, as far as can be known before? errno is left. */
static weir_status check_file(const wr_mux_options *options, char *why, size_t why_bytes)
{
    if (options->fresh && access(options->path, F_OK) == 0) {
        snprintf(why, why_bytes, "cannot write %s: it is there already; check path=", options->path);
        errno = EEXIST;
        return WEIR_IO;
    }
    weir_status status = wr_file_check(options->path, why, why_bytes);
    errno = EACCES;
    return status < 0 ? WEIR_IO : WEIR_OK;
}

weir_status wr_mux_open(wr_mux **out, const wr_mux_options *options, const AVCodecParameters *codec, char *why,
                        size_t why_bytes)
{
    *out = NULL;
    weir_status status = check_file(options, why, why_bytes);
    if (status < 0)
        return status;
    wr_mux *mux = calloc(1, sizeof *mux);
    snprintf(why, why_bytes, "there is no memory left to write %s", options->path);
    if (!mux)
        return WEIR_NO_MEMORY;
    *mux = (wr_mux){.fd = -1,
                    .fresh = options->fresh,
                    .splits = find_format(options->format) == 0,
                    .veil = formats[find_format(options->format)].veil,
                    .last_dts = INT64_MIN,
                    .end_dts = INT64_MIN,
                    .path = strdup(options->path)};
    /* What FFmpeg would print comes back from here as one sentence. */
    av_log_set_level(AV_LOG_FATAL);
    if (!mux->path || !prepare(mux, options, codec))
        return give_up(mux, WEIR_NO_MEMORY);
    if (write_header(mux, formats[find_format(options->format)].flags) < 0) {
        snprintf(why, why_bytes, "%s video does not fit into %s; choose another format, mkv holds most",
                 avcodec_get_name(codec->codec_id), options->format);
        return give_up(mux, WEIR_UNSUPPORTED);
    }
    *out = mux;
    return WEIR_OK;
}

static bool flush_part(wr_mux *mux)
{
    int rc = av_write_frame(mux->format, NULL);
    /* MP4's first flush writes but the header that waited for it. */
    if (rc >= 0 && !mux->written)
        rc = av_write_frame(mux->format, NULL);
    if (rc < 0 && !mux->failed)
        fail(mux, WEIR_IO, "write", rc);
    mux->end_dts = mux->last_dts + mux->packet->duration;
    /* The next part begins at its own time, not where this one said it ends; the muxer takes this back by itself. */
    if (mux->splits)
        av_opt_set(mux->format->priv_data, "movflags", "+frag_discont", 0);
    return end_part(mux, mux->pending);
}

/* Fills the muxer's packet. How long it lasts is a guess, the least where it cannot be corrected by the next one. */
static void set_packet(wr_mux *mux, const AVPacket *from, int64_t pts_ns, int64_t dts_ns)
{
    AVPacket *to = mux->packet;
    AVRational base = mux->format->streams[0]->time_base;
    int64_t least = mux->last_dts + 1 > mux->end_dts ? mux->last_dts + 1 : mux->end_dts;
    if (mux->last_dts != INT64_MIN)
        mux->pace_ns = dts_ns - mux->last_dts_ns;
    to->data = from->data;
    to->size = from->size;
    to->flags = from->flags;
    to->stream_index = 0;
    to->dts = av_rescale_q(dts_ns, ns, base);
    to->dts = to->dts < least ? least : to->dts;
    to->pts = av_rescale_q(pts_ns, ns, base);
    to->pts = to->pts < to->dts ? to->dts : to->pts;
    to->duration = av_rescale_q(mux->pace_ns > slow_ns ? least_ns : mux->pace_ns, ns, base);
    mux->last_dts = to->dts;
    mux->last_dts_ns = dts_ns;
}

weir_status wr_mux_write(wr_mux *mux, const AVPacket *packet, int64_t pts_ns, int64_t dts_ns)
{
    if (mux->failed)
        return WEIR_IO;
    set_packet(mux, packet, pts_ns, dts_ns);
    if (!mux->pending++)
        mux->part_start_ns = dts_ns;
    int64_t duration = mux->packet->duration;
    int rc = av_write_frame(mux->format, mux->packet);
    av_packet_unref(mux->packet);
    mux->packet->duration = duration;
    if (rc < 0 || mux->failed)
        return fail(mux, WEIR_IO, "write", rc);
    if (mux->splits) {
        avio_flush(mux->format->pb);
        if (mux->bytes) {
            mux->part_start_ns = dts_ns;
            if (!end_part(mux, mux->pending - 1))
                return WEIR_IO;
        }
    }
    bool waits = mux->splits && mux->pace_ns <= slow_ns;
    if (!waits && dts_ns + mux->pace_ns - mux->part_start_ns >= part_ns && !flush_part(mux))
        return WEIR_IO;
    return WEIR_OK;
}

uint64_t wr_mux_bytes(const wr_mux *mux)
{
    return (uint64_t)mux->whole;
}

uint64_t wr_mux_packets(const wr_mux *mux)
{
    return mux->written;
}

const char *wr_mux_why(const wr_mux *mux)
{
    return mux->why;
}

static void write_end(wr_mux *mux)
{
    if (!mux->written && !mux->pending)
        return;
    int rc = av_write_trailer(mux->format);
    if (rc < 0)
        fail(mux, WEIR_IO, "end", rc);
    else
        end_part(mux, mux->pending);
}

weir_status wr_mux_close(wr_mux **in, wr_mux_end *end)
{
    wr_mux *mux = *in;
    *in = NULL;
    *end = (wr_mux_end){0};
    if (!mux)
        return WEIR_OK;
    bool failed_before = mux->failed;
    if (!failed_before)
        write_end(mux);
    else if (mux->fd >= 0 && ftruncate(mux->fd, mux->whole) != 0)
        failed_before = false;
    end->removed = mux->written == 0;
    if (mux->fd >= 0 && end->removed && !mux->nameless)
        unlink(mux->path);
    if (mux->fd >= 0 && close(mux->fd) != 0)
        fail(mux, WEIR_IO, "end", errno);
    end->lost = mux->pending;
    end->bytes = (uint64_t)mux->whole;
    if (!failed_before)
        snprintf(end->why, sizeof end->why, "%s", mux->why);
    free_mux(mux);
    return *end->why ? WEIR_IO : WEIR_OK;
}
