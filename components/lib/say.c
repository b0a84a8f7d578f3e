#include "say.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct text {
    char text[1024];
    size_t at;
} text;

static void add(text *to, const char *format, ...) WEIR_PRINTF(2, 3);
static void add(text *to, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int bytes = vsnprintf(to->text + to->at, sizeof to->text - to->at, format, args);
    va_end(args);
    to->at += bytes > 0 ? (size_t)bytes : 0;
    if (to->at >= sizeof to->text)
        to->at = sizeof to->text - 1;
}

static void add_found(text *to, const weir_frame *frame)
{
    size_t bytes;
    const weir_boxes *boxes = weir_frame_find(frame, WEIR_KIND_BOXES, &bytes);
    for (uint32_t i = 0; boxes && i < boxes->count && weir_boxes_bytes(i + 1) <= bytes; i++)
        add(to, " %.*s:%.2f", WEIR_LABEL_BYTES, boxes->box[i].label, (double)boxes->box[i].score);
}

static void add_detail(text *to, weir_node *node, const weir_frame *frame)
{
    add(to, " stream=%s age_ms=%.3f", weir_stream_name(node, frame->stream),
        (double)(weir_now(node) - frame->captured_ns) / 1e6);
    if (frame->order != WEIR_NO_ORDER)
        add(to, " order=%" PRId64, frame->order);
    if (frame->flags & WEIR_FRAME_GAP)
        add(to, " gap");
    add_found(to, frame);
}

weir_status wr_say(weir_node *node, const weir_frame *frame, const char *label, bool detail)
{
    text line = {.at = 0};
    add(&line, "%s %" PRId64, label, frame->number);
    if (detail)
        add_detail(&line, node, frame);
    flockfile(stdout);
    bool good = puts(line.text) >= 0 && fflush(stdout) == 0;
    int error = errno;
    funlockfile(stdout);
    return good ? WEIR_OK
                : weir_fail(node, WEIR_IO, "cannot write to standard output: %s; see what reads it", strerror(error));
}
