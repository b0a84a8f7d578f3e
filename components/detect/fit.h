/* Fit: a picture as a model wants it fed.
 *
 * The picture is scaled to the model's size, letterboxed (sides kept in proportion, in the middle, the rest filled) or
 * stretched, turned into the model's colours as the picture's matrix and range say, and written as floats, planar or
 * interleaved. wr_fit_of() tells where in the input the picture lies, so that boxes find back.
 *
 * The floats are a view (<weir/view.h>) under a wr_fit_key: nodes with the same key share them.
 * Thread-safety: any thread.
 */
#ifndef WR_DETECT_FIT_H
#define WR_DETECT_FIT_H

#include "../lib/model.h"
#include <weir/picture.h>
#include <weir/status.h>

/* Flat, without padding: it is compared byte by byte. */
typedef struct wr_fit_key {
    char tag[4];
    uint32_t width, height;
    uint8_t layout, colour, resize, zero;
    float pad, scale[3], mean[3];
} wr_fit_key;

/* Where the picture lies in the input. */
typedef struct wr_fit {
    int x, y, width, height; /* pixels of the input */
} wr_fit;

wr_fit_key wr_fit_key_of(const wr_model_input *input);
wr_fit wr_fit_of(const wr_fit_key *key, uint32_t width, uint32_t height);
/* Of a view: the floats, and behind them room to work in. */
size_t wr_fit_bytes(const wr_fit_key *key);
/* A weir_view_maker: source is a weir_picture, key a wr_fit_key. */
weir_status wr_fit_make(void *data, size_t bytes, const void *source, const void *key);

#endif
