#include "jpeg.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <turbojpeg.h>

enum { FIXED = 1 << 16, HALF = FIXED / 2, SPARE_BYTES = 4096 };

struct wr_jpeg {
    tjhandle handle;
    uint8_t *planes; /* what JPEG's own coding makes of the picture */
    int32_t *lift;   /* of a row: what colour adds to luma */
    unsigned char *data;
    uint32_t width, height;
};

wr_jpeg *wr_jpeg_new(void)
{
    wr_jpeg *jpeg = calloc(1, sizeof *jpeg);
    if (jpeg && !(jpeg->handle = tjInitCompress())) {
        free(jpeg);
        return NULL;
    }
    return jpeg;
}

size_t wr_jpeg_cost(size_t picture_bytes)
{
    /* 1.5 bytes a pixel came in; as many are converted, and at most 3 come out. */
    return picture_bytes * 3 + SPARE_BYTES;
}

static uint32_t half(uint32_t side)
{
    return (side + 1) / 2;
}

/* False leaves it without room, to be made anew. */
static bool make_room(wr_jpeg *jpeg, uint32_t width, uint32_t height)
{
    if (jpeg->width == width && jpeg->height == height)
        return true;
    free(jpeg->planes);
    free(jpeg->lift);
    tjFree(jpeg->data);
    jpeg->planes = malloc((size_t)width * height + 2 * (size_t)half(width) * half(height));
    jpeg->lift = malloc(half(width) * sizeof *jpeg->lift);
    jpeg->data = tjAlloc((int)tjBufSize((int)width, (int)height, TJSAMP_420));
    bool fine = jpeg->planes && jpeg->lift && jpeg->data;
    jpeg->width = fine ? width : 0;
    jpeg->height = fine ? height : 0;
    return fine;
}

/* --- from the picture's way to code colours to BT.601, full range --- */

/* What one unit of colour difference becomes. */
typedef struct share {
    int32_t y, u, v; /* FIXED is 1 */
} share;

typedef struct coding {
    int32_t black, gain;
    share u, v;
} coding;

static share share_of(double kr, double kb, double u, double v)
{
    double r = 2 * (1 - kr) * v, b = 2 * (1 - kb) * u, g = -(kr * r + kb * b) / (1 - kr - kb);
    double y = 0.299 * r + 0.587 * g + 0.114 * b;
    return (share){(int32_t)lrint(FIXED * y), (int32_t)lrint(FIXED * (b - y) / 1.772),
                   (int32_t)lrint(FIXED * (r - y) / 1.402)};
}

static coding coding_of(const weir_picture *picture)
{
    static const double red[] = {[WEIR_BT601] = 0.299, [WEIR_BT709] = 0.2126, [WEIR_BT2020] = 0.2627};
    static const double blue[] = {[WEIR_BT601] = 0.114, [WEIR_BT709] = 0.0722, [WEIR_BT2020] = 0.0593};
    uint32_t which = picture->matrix <= WEIR_BT2020 ? picture->matrix : WEIR_BT601;
    double unit = picture->full_range ? 1 : 255.0 / 224;
    return (coding){picture->full_range ? 0 : 16, (int32_t)lrint(picture->full_range ? FIXED : FIXED * 255.0 / 219),
                    share_of(red[which], blue[which], unit, 0), share_of(red[which], blue[which], 0, unit)};
}

static uint8_t clamped(int32_t fixed)
{
    int32_t value = (fixed + HALF) >> 16;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static void convert_chroma(const coding *c, const uint8_t *from[2], uint8_t *to[2], int32_t *lift, uint32_t width)
{
    for (uint32_t x = 0; x < width; x++) {
        int32_t u = from[0][x] - 128, v = from[1][x] - 128;
        to[0][x] = clamped(128 * FIXED + c->u.u * u + c->v.u * v);
        to[1][x] = clamped(128 * FIXED + c->u.v * u + c->v.v * v);
        lift[x] = c->u.y * u + c->v.y * v;
    }
}

static void convert_luma(const coding *c, const uint8_t *from, uint8_t *to, const int32_t *lift, uint32_t width)
{
    for (uint32_t x = 0; x < width; x++)
        to[x] = clamped(c->gain * (from[x] - c->black) + lift[x / 2]);
}

static const uint8_t *row_of(const weir_picture *picture, int plane, uint32_t y)
{
    return weir_picture_plane(picture, plane) + (size_t)y * picture->stride[plane];
}

static void convert(wr_jpeg *jpeg, const weir_picture *picture, const unsigned char *planes[3], int strides[3])
{
    const coding c = coding_of(picture);
    const uint32_t width = picture->width, height = picture->height, wide = half(width);
    uint8_t *to[3] = {jpeg->planes, jpeg->planes + (size_t)width * height,
                      jpeg->planes + (size_t)width * height + (size_t)wide * half(height)};
    for (uint32_t y = 0; y < half(height); y++) {
        const uint8_t *from[2] = {row_of(picture, 1, y), row_of(picture, 2, y)};
        uint8_t *chroma[2] = {to[1] + (size_t)y * wide, to[2] + (size_t)y * wide};
        convert_chroma(&c, from, chroma, jpeg->lift, wide);
        for (uint32_t row = 2 * y; row < 2 * y + 2 && row < height; row++)
            convert_luma(&c, row_of(picture, 0, row), to[0] + (size_t)row * width, jpeg->lift, width);
    }
    for (int i = 0; i < 3; i++) {
        planes[i] = to[i];
        strides[i] = (int)(i ? wide : width);
    }
}

static void as_it_is(const weir_picture *picture, const unsigned char *planes[3], int strides[3])
{
    for (int i = 0; i < 3; i++) {
        planes[i] = weir_picture_plane(picture, i);
        strides[i] = (int)picture->stride[i];
    }
}

const unsigned char *wr_jpeg_encode(wr_jpeg *jpeg, const weir_picture *picture, int quality, size_t *bytes)
{
    const unsigned char *planes[3];
    int strides[3], width = (int)picture->width, height = (int)picture->height;
    unsigned long length = tjBufSize(width, height, TJSAMP_420);
    if (picture->format != WEIR_I420 || !make_room(jpeg, picture->width, picture->height))
        return NULL;
    if (picture->matrix == WEIR_BT601 && picture->full_range)
        as_it_is(picture, planes, strides);
    else
        convert(jpeg, picture, planes, strides);
    int rc = tjCompressFromYUVPlanes(jpeg->handle, planes, width, strides, height, TJSAMP_420, &jpeg->data, &length,
                                     quality, TJFLAG_NOREALLOC);
    *bytes = length;
    return rc == 0 ? jpeg->data : NULL;
}

void wr_jpeg_free(wr_jpeg *jpeg)
{
    if (!jpeg)
        return;
    tjDestroy(jpeg->handle);
    tjFree(jpeg->data);
    free(jpeg->planes);
    free(jpeg->lift);
    free(jpeg);
}
