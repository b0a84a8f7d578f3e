#include "line.h"

#include "../lib/name.h"
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* More digits than any number here needs after rounding, fewer than show binary fractions. */
enum { DIGITS = 12 };

static json_t *number(double value, double unit)
{
    return isfinite(value) ? json_real(round(value * unit) / unit) : json_null();
}

/* Labels are cut to fit, perhaps within a character, and may come from another process: what is not UTF-8 is shown as
 * question marks. */
static json_t *text(const char *from, size_t bytes)
{
    size_t length = strnlen(from, bytes);
    json_t *string = json_stringn(from, length);
    if (string || length >= 256)
        return string;
    char safe[256];
    for (size_t i = 0; i < length; i++)
        safe[i] = (unsigned char)from[i] < 0x80 ? from[i] : '?';
    return json_stringn(safe, length);
}

static json_t *box_object(const weir_box *box)
{
    json_t *object = json_object();
    json_object_set_new(object, "label", text(box->label, sizeof box->label));
    json_object_set_new(object, "score", number(box->score, 1e3));
    json_object_set_new(object, "x", number(box->x, 10));
    json_object_set_new(object, "y", number(box->y, 10));
    json_object_set_new(object, "w", number(box->width, 10));
    json_object_set_new(object, "h", number(box->height, 10));
    if (box->track)
        json_object_set_new(object, "track", json_integer(box->track));
    return object;
}

static json_t *point_object(const weir_point *point)
{
    json_t *object = json_object();
    json_object_set_new(object, "box", json_integer(point->box));
    json_object_set_new(object, "part", json_integer(point->part));
    json_object_set_new(object, "x", number(point->x, 10));
    json_object_set_new(object, "y", number(point->y, 10));
    json_object_set_new(object, "score", number(point->score, 1e3));
    return object;
}

/* What an attachment says of its count holds only as far as the attachment reaches. */
static size_t fitting(size_t count, size_t bytes, size_t head, size_t item)
{
    size_t room = bytes > head ? (bytes - head) / item : 0;
    return count < room ? count : room;
}

static void add_boxes(json_t *object, const weir_frame *frame)
{
    size_t bytes;
    const weir_boxes *boxes = weir_frame_find(frame, WEIR_KIND_BOXES, &bytes);
    if (!boxes)
        return;
    json_t *list = json_array();
    size_t count = fitting(boxes->count, bytes, sizeof *boxes, sizeof *boxes->box);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, box_object(&boxes->box[i]));
    json_object_set_new(object, "boxes", list);
}

static void add_points(json_t *object, const weir_frame *frame)
{
    size_t bytes;
    const weir_points *points = weir_frame_find(frame, WEIR_KIND_POINTS, &bytes);
    if (!points)
        return;
    json_t *list = json_array();
    size_t count = fitting(points->count, bytes, sizeof *points, sizeof *points->point);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, point_object(&points->point[i]));
    json_object_set_new(object, "points", list);
}

static json_t *frame_object(const weir_frame *frame, const char *stream, int64_t now_ns)
{
    char utc[40];
    json_t *object = json_object();
    json_object_set_new(object, "stream", text(stream, 255));
    json_object_set_new(object, "frame", json_integer(frame->number));
    if (frame->order != WEIR_NO_ORDER)
        json_object_set_new(object, "order", json_integer(frame->order));
    if (frame->pts_ns != WEIR_NO_TIME)
        json_object_set_new(object, "pts_s", number((double)frame->pts_ns / 1e9, 1e3));
    json_object_set_new(object, "captured_utc", json_string(wr_utc_text(wr_utc_of(frame, now_ns), utc)));
    json_object_set_new(object, "age_ms", number((double)(now_ns - frame->captured_ns) / 1e6, 10));
    add_boxes(object, frame);
    add_points(object, frame);
    return object;
}

char *wr_line_new(const weir_frame *frame, const char *stream, int64_t now_ns)
{
    json_t *object = frame_object(frame, stream, now_ns);
    char *line = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(DIGITS));
    size_t length = line ? strlen(line) : 0;
    json_decref(object);
    char *ended = line ? realloc(line, length + 2) : NULL;
    if (!ended) {
        free(line);
        return NULL;
    }
    memcpy(ended + length, "\n", 2);
    return ended;
}
