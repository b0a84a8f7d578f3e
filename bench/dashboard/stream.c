#include "stream.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* How long a head is, as far as it can be told from what is there: more than that, if it is not complete; 0: nonsense.
 * `bytes` is the length of the message that it begins, `at` where in the head that one's own bytes begin. */
typedef size_t head_length(const stream *self, size_t *bytes, size_t *at);

static size_t length_head(const stream *self, size_t *bytes, size_t *at)
{
    uint32_t length;
    if (self->have < sizeof length)
        return sizeof length;
    memcpy(&length, self->head, sizeof length);
    *bytes = length;
    *at = sizeof length;
    return sizeof length;
}

static size_t lines_head(const stream *self, size_t *bytes, size_t *at)
{
    static const char field[] = "Content-Length:";
    if (self->have < 4 || memcmp(self->head + self->have - 4, "\r\n\r\n", 4) != 0)
        return self->have < STREAM_HEAD ? self->have + 1 : 0;
    const char *length = memmem(self->head, self->have, field, sizeof field - 1);
    *bytes = length ? strtoul(length + sizeof field - 1, NULL, 10) : 0;
    *at = self->have;
    return self->have;
}

static size_t frame_head(const stream *self, size_t *bytes, size_t *at)
{
    if (self->have < 2)
        return 2;
    const unsigned short_length = self->head[1];
    const size_t more = short_length == 126 ? 2 : short_length == 127 ? 8 : 0;
    if (short_length > 127)
        return 0; /* servers do not mask */
    if (self->have < 2 + more)
        return 2 + more;
    *bytes = more ? 0 : short_length;
    for (size_t i = 0; i < more; i++)
        *bytes = *bytes << 8 | self->head[2 + i];
    *at = 2 + more;
    return *at + (*bytes < STREAM_BEGINNING ? *bytes : STREAM_BEGINNING);
}

static head_length *head_of(const stream *self)
{
    return self->form == STREAM_LENGTHS                       ? length_head
           : self->form == STREAM_WEBSOCKET && self->upgraded ? frame_head
                                                              : lines_head;
}

static bool begin_message(stream *self, size_t bytes, size_t at, stream_heard *heard, void *user)
{
    const bool answer = self->form == STREAM_WEBSOCKET && !self->upgraded;
    const bool frame = self->form == STREAM_WEBSOCKET && self->upgraded;
    if (answer && memcmp(self->head, "HTTP/1.1 101", 12) != 0)
        return false;
    const stream_message message = {
        .opcode = frame ? self->head[0] & 15 : 0, .beginning = self->head + at, .beginning_bytes = self->have - at};
    self->skip = at + bytes - self->have;
    self->have = 0;
    self->upgraded |= answer;
    if (!answer)
        heard(user, &message);
    return true;
}

/* One more byte of a head. False: nonsense. */
static bool feed_head(stream *self, unsigned char byte, stream_heard *heard, void *user)
{
    size_t bytes = 0, at = 0;
    self->head[self->have++] = byte;
    const size_t length = head_of(self)(self, &bytes, &at);
    if (length == 0 || length > STREAM_HEAD)
        return false;
    return length > self->have || begin_message(self, bytes, at, heard, user);
}

bool stream_feed(stream *self, const unsigned char *data, size_t bytes, stream_heard *heard, void *user)
{
    while (bytes) {
        size_t passed = self->skip < bytes ? self->skip : bytes;
        self->skip -= passed;
        data += passed;
        bytes -= passed;
        if (bytes && !feed_head(self, *data, heard, user))
            return false;
        data += bytes > 0;
        bytes -= bytes > 0;
    }
    return true;
}
