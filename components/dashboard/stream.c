#include "stream.h"

#include "codec.h"
#include <jansson.h>
#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

bool wr_stream_is_mjpeg(const wr_stream *stream)
{
    return stream->codec && strncmp(stream->codec->name, "mjpeg", sizeof stream->codec->name) == 0;
}

/* --- its codec --- */

static json_t *record_of(const weir_codec *codec)
{
    const char *data = (const char *)weir_codec_extradata(codec);
    size_t room = codec->extradata_bytes * 2 + 8;
    char *text = malloc(room);
    json_t *record = text && lws_b64_encode_string(data, (int)codec->extradata_bytes, text, (int)room) >= 0
                         ? json_string(text)
                         : json_null();
    free(text);
    return record;
}

static char *tell_codec(const wr_stream *stream)
{
    char name[32];
    const weir_codec *codec = stream->codec;
    bool avcc = wr_codec_is_avcc(codec);
    wr_codec_name(codec, name);
    json_t *object = json_pack("{s:s, s:I, s:s, s:I, s:I, s:I, s:s}", "type", "codec", "stream", (json_int_t)stream->id,
                               "codec", name, "width", (json_int_t)codec->width, "height", (json_int_t)codec->height,
                               "rotation", (json_int_t)codec->rotation, "format", avcc ? "avcc" : "annexb");
    json_object_set_new(object, "description", avcc ? record_of(codec) : json_null());
    char *text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    return text;
}

static bool take_codec(wr_stream *stream, const weir_frame *frame)
{
    const weir_codec *codec = weir_frame_codec(frame);
    if (!weir_codec_differs(stream->codec, codec) || !codec)
        return false;
    weir_codec *copy = malloc(sizeof *copy + codec->extradata_bytes);
    if (!copy)
        return false;
    *copy = *codec;
    copy->extradata_offset = sizeof *copy;
    memcpy(copy + 1, weir_codec_extradata(codec), codec->extradata_bytes);
    free(stream->codec);
    free(stream->codec_text);
    stream->codec = copy;
    stream->codec_text = tell_codec(stream);
    stream->codecs++;
    return true;
}

/* --- what comes of it --- */

static bool takes_results(wr_stream *stream, int input)
{
    for (int i = 0; i < stream->results; i++)
        if (stream->result_input[i] == input)
            return false;
    if (stream->results == WR_RESULT_INPUTS)
        return false;
    stream->result_input[stream->results++] = input;
    return true;
}

bool wr_stream_look(wr_stream *stream, weir_node *node, int input, const weir_frame *frame)
{
    bool news = false;
    (void)node;
    if (weir_frame_packet(frame) && stream->packet_input < 0) {
        stream->packet_input = input;
        news = true;
    }
    if (input == stream->packet_input)
        news |= take_codec(stream, frame) && wr_stream_is_mjpeg(stream);
    if (weir_frame_picture(frame) && stream->picture_input < 0) {
        stream->picture_input = input;
        news = true;
    }
    return (weir_frame_boxes(frame) && takes_results(stream, input)) || news;
}

json_t *wr_stream_json(const wr_stream *stream, const weir_node *node)
{
    json_t *results = json_array();
    for (int i = 0; i < stream->results; i++) {
        const char *from;
        weir_input_port(node, stream->result_input[i], &from);
        json_array_append_new(results, json_string(from));
    }
    bool mjpeg = wr_stream_is_mjpeg(stream);
    return json_pack("{s:I, s:s, s:b, s:b, s:o}", "id", (json_int_t)stream->id, "name", stream->name, "packets",
                     stream->packet_input >= 0 && !mjpeg, "pictures", stream->picture_input >= 0 || mjpeg, "results",
                     results);
}

/* --- packets --- */

bool wr_stream_packet(const wr_stream *stream, weir_node *node, const weir_frame *frame, weir_frame *made)
{
    size_t before_bytes;
    uint8_t *to;
    const weir_packet *packet = weir_frame_packet(frame);
    if (!packet || !stream->codec)
        return false;
    const size_t bytes = packet->bytes;
    const uint8_t *data = weir_packet_data(packet);
    const bool key = frame->flags & WEIR_FRAME_KEY;
    const uint8_t *before = key ? wr_codec_before(stream->codec, data, bytes, &before_bytes) : NULL;
    before_bytes = before ? before_bytes : 0;
    int type = wr_stream_is_mjpeg(stream) ? WR_MESSAGE_JPEG : WR_MESSAGE_PACKET;
    if (!wr_message_binary(node, frame, type, before_bytes + bytes, stream->codecs, made, &to))
        return false;
    if (before)
        memcpy(to, before, before_bytes);
    memcpy(to + before_bytes, data, bytes);
    return true;
}

void wr_stream_forget(wr_stream *stream)
{
    for (unsigned i = 0; i < stream->backlogs; i++)
        weir_frame_drop(&stream->backlog[i]);
    stream->backlogs = 0;
    stream->backlog_bytes = 0;
    stream->backlog_good = false;
}

void wr_stream_keep(wr_stream *stream, const weir_frame *made)
{
    size_t bytes = wr_message_of(made).bytes;
    if (made->flags & WEIR_FRAME_KEY) {
        wr_stream_forget(stream);
        stream->backlog_good = true;
    }
    bool fits = stream->backlogs < WR_BACKLOG_FRAMES && stream->backlog_bytes + bytes <= WR_BACKLOG_BYTES;
    if (made->flags & (WEIR_FRAME_GAP | WEIR_FRAME_FLUSH) && !(made->flags & WEIR_FRAME_KEY))
        fits = false;
    if (!stream->backlog_good || !fits) {
        wr_stream_forget(stream);
        return;
    }
    stream->backlog[stream->backlogs++] = weir_frame_fork(made);
    stream->backlog_bytes += bytes;
}
