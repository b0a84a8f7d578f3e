/* Boxes: what was found in one picture, and where.
 *
 * Coordinates are pixels of the original picture: top left corner, width,
 * height. An attachment of kind WEIR_KIND_BOXES is a weir_boxes followed by
 * `count` boxes, best score first. A frame that was analysed and in which
 * nothing was found carries an attachment with count 0.
 */
#ifndef WEIR_BOXES_H
#define WEIR_BOXES_H

#include <weir/frame.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { WEIR_LABEL_BYTES = 32 };

typedef struct weir_box {
    float x, y, width, height; /* pixels */
    float score;               /* 0 to 1 */
    int32_t label_id;          /* index in the model's labels */
    uint32_t track;            /* identity over time, 0 if none */
    uint32_t reserved;
    char label[WEIR_LABEL_BYTES]; /* UTF-8, zero-terminated, cut to fit */
} weir_box;

typedef struct weir_boxes {
    uint32_t count;
    uint32_t picture_width, picture_height; /* pixels of the picture that was analysed */
    uint32_t reserved;
    weir_box box[];
} weir_boxes;

/* Keypoints of boxes, an attachment of its own kind beside the boxes. */
typedef struct weir_point {
    uint32_t box;  /* index in the boxes of the same frame */
    uint32_t part; /* which keypoint, in the model's numbering */
    float x, y;    /* pixels of the original picture */
    float score;   /* 0 to 1 */
} weir_point;

typedef struct weir_points {
    uint32_t count;
    uint32_t reserved;
    weir_point point[];
} weir_points;

static inline size_t weir_boxes_bytes(size_t count)
{
    return sizeof(weir_boxes) + count * sizeof(weir_box);
}
static inline const weir_boxes *weir_frame_boxes(const weir_frame *frame)
{
    return (const weir_boxes *)weir_frame_find(frame, WEIR_KIND_BOXES, NULL);
}
static inline const weir_points *weir_frame_points(const weir_frame *frame)
{
    return (const weir_points *)weir_frame_find(frame, WEIR_KIND_POINTS, NULL);
}

#ifdef __cplusplus
}
#endif
#endif
