/* Mux: compressed packets into one file that can be played after a kill.
 *
 * Packets gather in memory for half a second of media, become one complete part
 * of the file (a fragment of MP4, a cluster of Matroska). The file gets its name
 * when the first part is in it; a further part says that it is to be skipped until
 * all of it is there. So whatever the moment the process is killed, players see
 * complete parts only, or no file. MPEG-TS has no parts: there the last frame may be
 * incomplete. Where the system refuses to write (a full disk), the file is cut back
 * to its last complete part.
 *
 * Every function writes one sentence to the mux's `why` when it does not return
 * WEIR_OK. After WEIR_IO from wr_mux_write() only wr_mux_close() makes sense.
 * Thread-safety: one thread at a time.
 */
#ifndef WR_LIB_MUX_H
#define WR_LIB_MUX_H

#include <libavcodec/avcodec.h>
#include <stdbool.h>
#include <stdint.h>
#include <weir/status.h>

typedef struct wr_mux wr_mux;

typedef struct wr_mux_options {
    const char *path;
    const char *format; /* "mp4", "mkv", "ts" */
    bool fresh;         /* the file must not exist yet; else it is written anew */
    unsigned rotation;  /* degrees clockwise that make the picture upright */
    AVRational rate;    /* frames/s as a hint, 0/1 if unknown */
} wr_mux_options;

/* The format that a path asks for by its ending; "mp4" if it asks for none. */
const char *wr_mux_format(const char *path);

/* The file appears with its first part. WEIR_IO: it cannot (errno EEXIST: it is there already, with fresh);
 * WEIR_UNSUPPORTED: the format cannot hold this codec. *mux is NULL then. */
weir_status wr_mux_open(wr_mux **mux, const wr_mux_options *options, const AVCodecParameters *codec, char *why,
                        size_t why_bytes);
/* One packet; times are ns, dts growing, pts not before it. WEIR_IO: what gathered since the last part is lost. */
weir_status wr_mux_write(wr_mux *mux, const AVPacket *packet, int64_t pts_ns, int64_t dts_ns);
/* Bytes and packets that are in the file. */
uint64_t wr_mux_bytes(const wr_mux *mux);
uint64_t wr_mux_packets(const wr_mux *mux);
/* Why the last call failed. */
const char *wr_mux_why(const wr_mux *mux);
typedef struct wr_mux_end {
    uint64_t lost;  /* packets that are not in the file */
    uint64_t bytes; /* of the file */
    bool removed;   /* no packet is in the file, so it is gone */
    char why[512];  /* "" if nothing went wrong since the last write */
} wr_mux_end;

/* Writes what is left and ends the file, unless writing failed before. Frees the mux in any case, sets it to NULL. */
weir_status wr_mux_close(wr_mux **mux, wr_mux_end *end);

#endif
