/* Stream: what the dashboard knows of a stream of the pipeline: what comes of it, its codec, and the packets since its last
 * key frame, for viewers who join.
 * Thread-safety: the node's thread alone. */
#ifndef WR_DASHBOARD_STREAM_H
#define WR_DASHBOARD_STREAM_H

#include "message.h"

enum { WR_BACKLOG_FRAMES = 256, WR_BACKLOG_BYTES = 1 << 20, WR_RESULT_INPUTS = 16 };

typedef struct wr_stream {
    uint32_t id;
    const char *name;
    int packet_input, picture_input; /* by which they come; -1: none came yet, or can */
    int result_input[WR_RESULT_INPUTS];
    int results;
    weir_codec *codec; /* the one in force; NULL: none came yet */
    unsigned codecs;   /* how many there were; the number of the one in force */
    char *codec_text;  /* and what viewers are told of it */
    weir_frame backlog[WR_BACKLOG_FRAMES];
    unsigned backlogs;
    size_t backlog_bytes;
    bool backlog_good; /* it begins with a key frame, and nothing is missing */
    int64_t ended_ns;  /* when the last input that it could come by ended; 0: it can come */
} wr_stream;

/* Looks at a frame of that stream: its codec, by which input what comes. True if viewers must be told of it anew. */
bool wr_stream_look(wr_stream *stream, weir_node *node, int input, const weir_frame *frame);
bool wr_stream_is_mjpeg(const wr_stream *stream);
/* The message of a frame's packet, as decoders of browsers take it. False if there is none to send. */
bool wr_stream_packet(const wr_stream *stream, weir_node *node, const weir_frame *frame, weir_frame *made);
/* Keeps it for those who join. */
void wr_stream_keep(wr_stream *stream, const weir_frame *made);
void wr_stream_forget(wr_stream *stream);
/* {"id", "name", "packets", "pictures", "results"}; the caller's. */
struct json_t;
struct json_t *wr_stream_json(const wr_stream *stream, const weir_node *node);

#endif
