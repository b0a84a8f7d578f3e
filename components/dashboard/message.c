#include "message.h"

#include <libwebsockets.h>
#include <math.h>
#include <string.h>
#include <time.h>

enum { DATA_AT = 128 }; /* behind the weir_packet and the server's room */
_Static_assert(sizeof(weir_packet) + LWS_PRE <= DATA_AT, "the server's framing has room");
enum { TEXT, CODEC }; /* places in what a packet has reserved */

size_t wr_message_bytes(size_t data_bytes)
{
    return DATA_AT + WR_MESSAGE_HEADER + data_bytes;
}

double wr_message_wall_ms(weir_node *node, int64_t moment_ns)
{
    struct timespec utc;
    clock_gettime(CLOCK_REALTIME, &utc);
    return (double)utc.tv_sec * 1e3 + (double)utc.tv_nsec / 1e6 - (double)(weir_now(node) - moment_ns) / 1e6;
}

static uint8_t *new_message(weir_node *node, const weir_frame *like, size_t bytes, bool text, unsigned codec,
                            weir_frame *made)
{
    *made = *like;
    made->count = 0;
    weir_packet *packet = weir_attach(node, made, WEIR_KIND_PACKET, DATA_AT + bytes);
    if (!packet)
        return NULL;
    *packet = (weir_packet){.dts_ns = WEIR_NO_TIME, .bytes = (uint32_t)bytes, .offset = DATA_AT};
    packet->reserved[TEXT] = text;
    packet->reserved[CODEC] = codec;
    return (uint8_t *)packet + DATA_AT;
}

static uint8_t flags_of(const weir_frame *frame)
{
    return (uint8_t)((frame->flags & WEIR_FRAME_GAP ? WR_SENT_GAP : 0) |
                     (frame->flags & WEIR_FRAME_KEY ? WR_SENT_KEY : 0) |
                     (frame->flags & WEIR_FRAME_DISCARDABLE ? WR_SENT_DISCARDABLE : 0) |
                     (frame->flags & WEIR_FRAME_FLUSH ? WR_SENT_FLUSH : 0));
}

/* The machine is little endian, as browsers' are; big ones would need more than this. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "numbers are sent as they lie");

bool wr_message_binary(weir_node *node, const weir_frame *like, int type, size_t bytes, unsigned codec,
                       weir_frame *made, uint8_t **data)
{
    uint8_t *head = new_message(node, like, WR_MESSAGE_HEADER + bytes, false, codec, made);
    if (!head)
        return false;
    const uint16_t stream = (uint16_t)like->stream;
    const uint32_t length = (uint32_t)bytes;
    double pts_ms = like->pts_ns == WEIR_NO_TIME ? (double)NAN : (double)like->pts_ns / 1e6;
    double captured_ms = wr_message_wall_ms(node, like->captured_ns);
    head[0] = (uint8_t)type;
    head[1] = flags_of(like);
    memcpy(head + 2, &stream, 2);
    memcpy(head + 4, &length, 4);
    memcpy(head + 8, &like->number, 8);
    memcpy(head + 16, &pts_ms, 8);
    memcpy(head + 24, &captured_ms, 8);
    *data = head + WR_MESSAGE_HEADER;
    return true;
}

bool wr_message_text(weir_node *node, const weir_frame *like, const char *text, weir_frame *made)
{
    size_t bytes = strlen(text);
    uint8_t *data = new_message(node, like, bytes, true, 0, made);
    if (data)
        memcpy(data, text, bytes);
    return data != NULL;
}

wr_message wr_message_of(const weir_frame *frame)
{
    const weir_packet *packet = weir_frame_packet(frame);
    if (!packet)
        return (wr_message){0};
    return (wr_message){.text = packet->reserved[TEXT] != 0,
                        .codec = (unsigned)packet->reserved[CODEC],
                        .data = (unsigned char *)(uintptr_t)weir_packet_data(packet),
                        .bytes = packet->bytes};
}

void wr_message_set_flags(const wr_message *message, const weir_frame *frame)
{
    if (!message->text && message->bytes >= WR_MESSAGE_HEADER)
        message->data[1] = flags_of(frame);
}
