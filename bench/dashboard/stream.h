/* Stream: cuts what a server sends into its messages, of which only the beginnings are looked at.
 *
 * Bytes go in by stream_feed; for every head that is complete - the length and the first bytes of a message - `heard` is
 * called, and what follows of it is passed over.
 * Thread-safety: one thread at a time.
 */
#ifndef BENCH_STREAM_H
#define BENCH_STREAM_H

#include <stdbool.h>
#include <stddef.h>

typedef enum stream_form {
    STREAM_LENGTHS,   /* four bytes of length, the packet */
    STREAM_MULTIPART, /* lines that end in an empty one, with a Content-Length */
    STREAM_WEBSOCKET, /* an answer as in HTTP, then frames of a server */
} stream_form;

enum { STREAM_HEAD = 1024, STREAM_BEGINNING = 32 };

typedef struct stream_message {
    int opcode; /* of a WebSocket's frame; 0 otherwise */
    const unsigned char *beginning;
    size_t beginning_bytes; /* at most STREAM_BEGINNING */
} stream_message;

typedef struct stream {
    stream_form form;
    bool upgraded; /* the answer to a WebSocket has come */
    unsigned char head[STREAM_HEAD];
    size_t have, skip; /* of the head; bytes of the message that are still to come */
} stream;

typedef void stream_heard(void *user, const stream_message *message);

/* False if what comes is not of that form. */
bool stream_feed(stream *self, const unsigned char *data, size_t bytes, stream_heard *heard, void *user);

#endif
