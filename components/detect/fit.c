#include "fit.h"

#include <libyuv/convert_argb.h>
#include <libyuv/planar_functions.h>
#include <libyuv/scale.h>
#include <math.h>
#include <string.h>

enum { ALIGN = 64 };

/* Behind the floats: the scaled picture, then one row of colours, together and apart. */
typedef struct workshop {
    uint8_t *plane[3];
    int stride[3];
    uint8_t *argb, *row[3];
} workshop;

wr_fit_key wr_fit_key_of(const wr_model_input *input)
{
    wr_fit_key key = {.tag = "fit1",
                      .width = input->width,
                      .height = input->height,
                      .layout = (uint8_t)input->layout,
                      .colour = (uint8_t)input->colour,
                      .resize = (uint8_t)input->resize,
                      .pad = (float)input->pad};
    for (int i = 0; i < 3; i++) {
        key.scale[i] = (float)input->scale[i];
        key.mean[i] = (float)input->mean[i];
    }
    return key;
}

static int scaled(double side, double scale, int most)
{
    int pixels = (int)lround(side * scale);
    return pixels < 1 ? 1 : pixels > most ? most : pixels;
}

wr_fit wr_fit_of(const wr_fit_key *key, uint32_t width, uint32_t height)
{
    int wide = (int)key->width, high = (int)key->height;
    if (key->resize == WR_STRETCH)
        return (wr_fit){0, 0, wide, high};
    double across = (double)wide / width, down = (double)high / height, scale = across < down ? across : down;
    wr_fit fit = {.width = scaled(width, scale, wide), .height = scaled(height, scale, high)};
    fit.x = (wide - fit.width) / 2;
    fit.y = (high - fit.height) / 2;
    return fit;
}

static size_t aligned(size_t bytes)
{
    return (bytes + ALIGN - 1) / ALIGN * ALIGN;
}

static size_t float_bytes(const wr_fit_key *key)
{
    return aligned(3 * sizeof(float) * key->width * key->height);
}

size_t wr_fit_bytes(const wr_fit_key *key)
{
    size_t luma = aligned(key->width) * key->height;
    size_t chroma = aligned((key->width + 1) / 2) * ((key->height + 1) / 2);
    return float_bytes(key) + luma + 2 * chroma + aligned(4 * (size_t)key->width) + 3 * aligned(key->width);
}

static workshop workshop_in(const wr_fit_key *key, void *data)
{
    workshop w;
    uint8_t *at = (uint8_t *)data + float_bytes(key);
    for (int i = 0; i < 3; i++) {
        uint32_t wide = i ? (key->width + 1) / 2 : key->width, high = i ? (key->height + 1) / 2 : key->height;
        w.plane[i] = at;
        w.stride[i] = (int)aligned(wide);
        at += aligned(wide) * high;
    }
    w.argb = at;
    at += aligned(4 * (size_t)key->width);
    for (int i = 0; i < 3; i++)
        w.row[i] = at + (size_t)i * aligned(key->width);
    return w;
}

static const struct YuvConstants *constants(const weir_picture *picture)
{
    bool full = picture->full_range != 0;
    if (picture->matrix == WEIR_BT709)
        return full ? &kYuvF709Constants : &kYuvH709Constants;
    if (picture->matrix == WEIR_BT2020)
        return full ? &kYuvV2020Constants : &kYuv2020Constants;
    return full ? &kYuvJPEGConstants : &kYuvI601Constants;
}

static bool scale_picture(const weir_picture *picture, const workshop *w, wr_fit fit)
{
    const uint8_t *from[3];
    for (int i = 0; i < 3; i++)
        from[i] = weir_picture_plane(picture, i);
    return I420Scale(from[0], (int)picture->stride[0], from[1], (int)picture->stride[1], from[2],
                     (int)picture->stride[2], (int)picture->width, (int)picture->height, w->plane[0], w->stride[0],
                     w->plane[1], w->stride[1], w->plane[2], w->stride[2], fit.width, fit.height, kFilterBox) == 0;
}

/* --- one row of floats --- */

static void fill(float *to, int step, int count, float value)
{
    for (int i = 0; i < count; i++)
        to[(size_t)i * (size_t)step] = value;
}

static void convert(float *restrict to, const uint8_t *restrict from, int count, float scale, float mean)
{
    for (int i = 0; i < count; i++)
        to[i] = ((float)from[i] - mean) * scale;
}

static void convert_apart(float *restrict to, const uint8_t *restrict from, int count, float scale, float mean)
{
    for (int i = 0; i < count; i++)
        to[3 * i] = ((float)from[i] - mean) * scale;
}

/* Where the first float of that colour and row is, and how far the next one. */
static float *row_of(const wr_fit_key *key, float *floats, int colour, int y, int *step)
{
    size_t row = (size_t)y * key->width;
    *step = key->layout == WR_NCHW ? 1 : 3;
    return key->layout == WR_NCHW ? floats + (size_t)colour * key->width * key->height + row
                                  : floats + 3 * row + colour;
}

static void empty_row(const wr_fit_key *key, float *floats, int y)
{
    for (int c = 0; c < 3; c++) {
        int step;
        float *to = row_of(key, floats, c, y, &step);
        fill(to, step, (int)key->width, (key->pad - key->mean[c]) * key->scale[c]);
    }
}

static void picture_row(const wr_fit_key *key, float *floats, const workshop *w, wr_fit fit, int y)
{
    for (int c = 0; c < 3; c++) {
        int step, right = fit.x + fit.width;
        float *to = row_of(key, floats, c, y, &step), pad = (key->pad - key->mean[c]) * key->scale[c];
        const uint8_t *from = w->row[key->colour == WR_BGR ? 2 - c : c];
        fill(to, step, fit.x, pad);
        (step == 1 ? convert : convert_apart)(to + (size_t)fit.x * (size_t)step, from, fit.width, key->scale[c],
                                              key->mean[c]);
        fill(to + (size_t)right * (size_t)step, step, (int)key->width - right, pad);
    }
}

/* Row by row, so that what lies between stays in the cache. */
static void write_rows(const wr_fit_key *key, float *floats, const workshop *w, wr_fit fit,
                       const struct YuvConstants *colours)
{
    for (int y = 0; y < (int)key->height; y++) {
        int row = y - fit.y;
        if (row < 0 || row >= fit.height) {
            empty_row(key, floats, y);
            continue;
        }
        I420ToARGBMatrix(w->plane[0] + (size_t)row * (size_t)w->stride[0], w->stride[0],
                         w->plane[1] + (size_t)(row / 2) * (size_t)w->stride[1], w->stride[1],
                         w->plane[2] + (size_t)(row / 2) * (size_t)w->stride[2], w->stride[2], w->argb, 0, colours,
                         fit.width, 1);
        SplitARGBPlane(w->argb, 0, w->row[0], 0, w->row[1], 0, w->row[2], 0, NULL, 0, fit.width, 1);
        picture_row(key, floats, w, fit, y);
    }
}

weir_status wr_fit_make(void *data, size_t bytes, const void *source, const void *key_bytes)
{
    const weir_picture *picture = source;
    wr_fit_key key;
    memcpy(&key, key_bytes, sizeof key);
    if (bytes < wr_fit_bytes(&key) || picture->format != WEIR_I420 || !picture->width || !picture->height)
        return WEIR_BAD_DATA;
    wr_fit fit = wr_fit_of(&key, picture->width, picture->height);
    workshop w = workshop_in(&key, data);
    if (!scale_picture(picture, &w, fit))
        return WEIR_BAD_DATA;
    write_rows(&key, data, &w, fit, constants(picture));
    return WEIR_OK;
}
