/* Reader: one container or connection, from opening to its end, without threads of its own.
 *
 * Opened for a URL, it gives the video stream's packets in coding order. Every
 * call that may wait ends after `timeout_ns`, or at once when `stop` becomes true.
 *
 * A stream must not choose what FFmpeg does: it is read by the protocols of its
 * scheme, as one of the containers and with one of the decoders named here.
 * Playlists, session files and series of pictures, which lead to other files and
 * hosts, are refused.
 * Thread-safety: one thread at a time; *stop may be set by any.
 */
#ifndef WR_VIDEO_READER_H
#define WR_VIDEO_READER_H

#include "nal.h"
#include <libavformat/avformat.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <weir/packet.h>
#include <weir/source.h>

typedef struct wr_reader {
    AVFormatContext *format;
    AVStream *stream;
    wr_nal_form nal;
    int64_t timeout_ns, deadline_ns;
    const _Atomic bool *stop;
    bool codec_changed;  /* by the last packet: wr_reader_codec() says something else now */
    int64_t made_up_dts; /* where the container has no times: counted from the frame rate, in the stream's time base */
    char why[256];       /* why the last call failed */
} wr_reader;

/* A camera or server, not a file. */
bool wr_reader_is_network(const char *url);
/* False for an address that begins with a scheme we do not read. */
bool wr_reader_knows(const char *url);
/* WEIR_OK, or WEIR_IO, WEIR_TIMEOUT, WEIR_BAD_DATA (no video in it), WEIR_UNSUPPORTED (a scheme we do not read). */
weir_status wr_reader_open(wr_reader *reader, const char *url, const char *transport);
/* WEIR_OK, WEIR_END, or WEIR_IO, WEIR_TIMEOUT, WEIR_BAD_DATA. Times of the packet are set if anything can set them. */
weir_status wr_reader_next(wr_reader *reader, AVPacket *packet);
/* True if it has an end that is its own: a file, wherever it is. */
bool wr_reader_is_finite(const wr_reader *reader);
/* Back to the beginning of a file: opens it anew, since seeking finds the first frame in some containers only. As
 * wr_reader_open(). */
weir_status wr_reader_rewind(wr_reader *reader, const char *path);
void wr_reader_close(wr_reader *reader);

wr_nal_kind wr_reader_look(wr_reader *reader, const AVPacket *packet);
/* True if a packet does not say when it is shown, and that is another time than when it is decoded: raw streams with
 * B-frames. */
bool wr_reader_untimed(const wr_reader *reader, const AVPacket *packet);
int64_t wr_reader_ns(const wr_reader *reader, int64_t time); /* of the stream's time base; WEIR_NO_TIME for none */
/* Bytes of the codec attachment, and the attachment itself. */
size_t wr_reader_codec_bytes(const wr_reader *reader);
void wr_reader_codec(const wr_reader *reader, weir_codec *codec);
void wr_reader_source(const wr_reader *reader, weir_source *source);

#endif
