#include "found_json.h"

#include <math.h>
#include <string.h>

json_t *wr_json_number(double value, double unit)
{
    return isfinite(value) ? json_real(round(value * unit) / unit) : json_null();
}

json_t *wr_json_text(const char *from, size_t bytes)
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

json_t *wr_json_box(const weir_box *box)
{
    json_t *object = json_object();
    json_object_set_new(object, "label", wr_json_text(box->label, sizeof box->label));
    json_object_set_new(object, "score", wr_json_number(box->score, 1e3));
    json_object_set_new(object, "x", wr_json_number(box->x, 10));
    json_object_set_new(object, "y", wr_json_number(box->y, 10));
    json_object_set_new(object, "w", wr_json_number(box->width, 10));
    json_object_set_new(object, "h", wr_json_number(box->height, 10));
    if (box->track)
        json_object_set_new(object, "track", json_integer(box->track));
    return object;
}

size_t wr_json_fitting(size_t count, size_t bytes, size_t head, size_t item)
{
    size_t room = bytes > head ? (bytes - head) / item : 0;
    return count < room ? count : room;
}

json_t *wr_json_boxes(const weir_frame *frame)
{
    size_t bytes;
    const weir_boxes *boxes = weir_frame_find(frame, WEIR_KIND_BOXES, &bytes);
    if (!boxes)
        return NULL;
    json_t *list = json_array();
    size_t count = wr_json_fitting(boxes->count, bytes, sizeof *boxes, sizeof *boxes->box);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, wr_json_box(&boxes->box[i]));
    return list;
}
