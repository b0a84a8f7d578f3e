/* Decoder: how a model's output becomes candidates, a function for each layout.
 *
 *     centernet  1 x N x 6            x1, y1, x2, y2, score, class
 *     yolox      1 x cells x 5+C      cx, cy, w, h relative to the cell (w and h as logarithms), objectness, C classes
 *     yolov5     1 x N x 5+C          cx, cy, w, h, objectness, C classes
 *     yolov8     1 x 4+C x N          the same without objectness, the other way round
 *
 * Coordinates are pixels of the input, scores 0 to 1; C is how many labels there are. Cells are those of three grids over
 * the input, of 8, 16 and 32 pixels, row by row.
 * Thread-safety: any thread.
 */
#ifndef WR_DETECT_DECODER_H
#define WR_DETECT_DECODER_H

#include "found.h"
#include "session.h"

/* What was put in and what can come out. */
typedef struct wr_output_form {
    uint32_t width, height; /* of the input */
    uint32_t labels;
} wr_output_form;

typedef struct wr_decoder {
    const char *name;
    /* The shape for such a model; -1: any number. */
    wr_shape (*shape)(const wr_output_form *form);
    /* Whether the shape, which fits, leaves no doubt. */
    bool (*sure)(const wr_shape *shape, const wr_output_form *form);
    void (*decode)(const float *data, const wr_shape *shape, const wr_output_form *form, wr_found *found);
} wr_decoder;

/* The decoder of that name ("": the one that the shape leaves no doubt about), if it takes that shape; sizes not known
 * yet fit everything. NULL: a sentence that says what to write in the description. */
const wr_decoder *wr_decoder_find(const char *name, const wr_shape *shape, const wr_output_form *form, char *why,
                                  size_t why_bytes);
bool wr_decoder_takes(const wr_decoder *decoder, const wr_shape *shape, const wr_output_form *form);

#endif
