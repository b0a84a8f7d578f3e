#include "results.h"

#include "../lib/found_json.h"
#include "message.h"
#include <string.h>

/* Each point belongs to a box: [x, y, score]. */
static void add_points(json_t *boxes, const weir_frame *frame)
{
    size_t bytes;
    const weir_points *points = weir_frame_find(frame, WEIR_KIND_POINTS, &bytes);
    size_t count = points ? wr_json_fitting(points->count, bytes, sizeof *points, sizeof *points->point) : 0;
    for (size_t i = 0; i < count; i++) {
        const weir_point *point = &points->point[i];
        json_t *box = json_array_get(boxes, point->box), *list = json_object_get(box, "points");
        if (!box)
            continue;
        if (!list && (list = json_array()))
            json_object_set_new(box, "points", list);
        json_array_append_new(list, json_pack("[o, o, o]", wr_json_number(point->x, 10), wr_json_number(point->y, 10),
                                              wr_json_number(point->score, 1e3)));
    }
}

char *wr_results_text(weir_node *node, int input, const weir_frame *frame)
{
    const char *from;
    json_t *boxes = wr_json_boxes(frame);
    if (!boxes)
        return NULL;
    weir_input_port(node, input, &from);
    add_points(boxes, frame);
    json_t *object = json_pack("{s:s, s:I, s:s, s:I, s:I}", "type", "results", "stream", (json_int_t)frame->stream,
                               "from", from, "frame", (json_int_t)frame->number, "order", (json_int_t)frame->order);
    bool timed = frame->pts_ns != WEIR_NO_TIME;
    json_object_set_new(object, "pts_ms", timed ? wr_json_number((double)frame->pts_ns / 1e6, 1e6) : json_null());
    json_object_set_new(object, "captured_ms", wr_json_number(wr_message_wall_ms(node, frame->captured_ns), 1e3));
    json_object_set_new(object, "age_ms", wr_json_number((double)(weir_now(node) - frame->captured_ns) / 1e6, 10));
    json_object_set_new(object, "boxes", boxes);
    char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15));
    json_decref(object);
    return text;
}
