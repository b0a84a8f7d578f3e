/* Message: what goes to viewers, made once of a frame and shared by all of them.
 *
 * It lies in the node's own store of packets: a weir_packet, room that the web server writes its framing into, the data.
 * Its frame carries nothing else.
 * Thread-safety: the node's thread alone: sending one writes into it.
 */
#ifndef WR_DASHBOARD_MESSAGE_H
#define WR_DASHBOARD_MESSAGE_H

#include <stdbool.h>
#include <weir/component.h>

enum { WR_MESSAGE_PACKET = 1, WR_MESSAGE_JPEG = 2, WR_MESSAGE_HEADER = 32 };
enum { WR_SENT_GAP = 1, WR_SENT_KEY = 2, WR_SENT_DISCARDABLE = 4, WR_SENT_FLUSH = 8 };

typedef struct wr_message {
    bool text;      /* else binary, with a header */
    unsigned codec; /* packets: which of the stream's it is of */
    unsigned char *data;
    size_t bytes;
} wr_message;

/* What a message of so many bytes of data needs in the store. */
size_t wr_message_bytes(size_t data_bytes);
/* A frame of `like`'s identity with a binary message: the header of docs/notes/0006-dashboard.md, then room for `bytes` of
 * data, at *data. False if the store is full. */
bool wr_message_binary(weir_node *node, const weir_frame *like, int type, size_t bytes, unsigned codec,
                       weir_frame *made, uint8_t **data);
/* The same with a text, which is copied. */
bool wr_message_text(weir_node *node, const weir_frame *like, const char *text, weir_frame *made);
/* The message that a frame carries. */
wr_message wr_message_of(const weir_frame *frame);
/* Writes the frame's flags into its binary message: what went before differs from viewer to viewer. */
void wr_message_set_flags(const wr_message *message, const weir_frame *frame);
/* Milliseconds since 1970 of a moment on the node's clock. */
double wr_message_wall_ms(weir_node *node, int64_t moment_ns);

#endif
