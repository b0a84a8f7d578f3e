#include "line.h"

#include "../lib/found_json.h"
#include "../lib/name.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *point_object(const weir_point *point)
{
    json_t *object = json_object();
    json_object_set_new(object, "box", json_integer(point->box));
    json_object_set_new(object, "part", json_integer(point->part));
    json_object_set_new(object, "x", wr_json_number(point->x, 10));
    json_object_set_new(object, "y", wr_json_number(point->y, 10));
    json_object_set_new(object, "score", wr_json_number(point->score, 1e3));
    return object;
}

static void add_boxes(json_t *object, const weir_frame *frame)
{
    json_t *boxes = wr_json_boxes(frame);
    if (boxes)
        json_object_set_new(object, "boxes", boxes);
}

static void add_points(json_t *object, const weir_frame *frame)
{
    size_t bytes;
    const weir_points *points = weir_frame_find(frame, WEIR_KIND_POINTS, &bytes);
    if (!points)
        return;
    json_t *list = json_array();
    size_t count = wr_json_fitting(points->count, bytes, sizeof *points, sizeof *points->point);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, point_object(&points->point[i]));
    json_object_set_new(object, "points", list);
}

static json_t *frame_object(const weir_frame *frame, const char *stream, int64_t now_ns)
{
    char utc[40];
    json_t *object = json_object();
    json_object_set_new(object, "stream", wr_json_text(stream, 255));
    json_object_set_new(object, "frame", json_integer(frame->number));
    if (frame->order != WEIR_NO_ORDER)
        json_object_set_new(object, "order", json_integer(frame->order));
    if (frame->pts_ns != WEIR_NO_TIME)
        json_object_set_new(object, "pts_s", wr_json_number((double)frame->pts_ns / 1e9, 1e3));
    json_object_set_new(object, "captured_utc", json_string(wr_utc_text(wr_utc_of(frame, now_ns), utc)));
    json_object_set_new(object, "age_ms", wr_json_number((double)(now_ns - frame->captured_ns) / 1e6, 10));
    add_boxes(object, frame);
    add_points(object, frame);
    return object;
}

char *wr_line_new(const weir_frame *frame, const char *stream, int64_t now_ns)
{
    json_t *object = frame_object(frame, stream, now_ns);
    char *line = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(WR_JSON_DIGITS));
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
