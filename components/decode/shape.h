/* Shape: decoded frames of any kind become upright I420 pictures. Thread-safety: one thread at a time per shaper. */
#ifndef WR_DECODE_SHAPE_H
#define WR_DECODE_SHAPE_H

#include <libavutil/frame.h>
#include <stdbool.h>
#include <weir/picture.h>

struct SwsContext;

typedef struct wr_shaper {
    struct SwsContext *scaler; /* of the rare formats; made when first needed */
    uint8_t *upright[3];       /* of a rotated picture: as it was before */
    int upright_bytes[3];
} wr_shaper;

/* The matrix and range that a frame says, or that its size suggests (BT.709 from 720 lines on). */
void wr_shape_colours(weir_picture *picture, const AVFrame *frame);
/* True if the frame's samples are those of an I420 picture. */
bool wr_shape_is_i420(const AVFrame *frame);
/* Fills a picture that is laid out for the frame's size, turned clockwise by 0, 90, 180 or 270 degrees (sides swapped
 * for 90 and 270). False if the format cannot be converted. */
bool wr_shape(wr_shaper *shaper, weir_picture *picture, const AVFrame *frame, unsigned rotation);
void wr_shaper_free(wr_shaper *shaper);

#endif
