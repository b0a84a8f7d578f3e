#include "picture.h"

#include "../lib/jpeg.h"
#include <libyuv.h>
#include <stdlib.h>

enum { QUALITY = 75 };
static const unsigned widths[] = {320, 480, 640, 960, 1280, 1920, 16384};

struct wr_shrinker {
    wr_jpeg *jpeg;
    weir_picture *small;
    size_t room;
};

wr_shrinker *wr_shrinker_new(size_t picture_bytes)
{
    wr_shrinker *shrinker = calloc(1, sizeof *shrinker);
    if (!shrinker)
        return NULL;
    *shrinker = (wr_shrinker){.jpeg = wr_jpeg_new(), .small = malloc(picture_bytes + 1), .room = picture_bytes};
    if (shrinker->jpeg && shrinker->small)
        return shrinker;
    wr_shrinker_free(shrinker);
    return NULL;
}

size_t wr_shrinker_cost(size_t picture_bytes)
{
    return picture_bytes + wr_jpeg_cost(picture_bytes);
}

void wr_shrinker_free(wr_shrinker *shrinker)
{
    if (!shrinker)
        return;
    wr_jpeg_free(shrinker->jpeg);
    free(shrinker->small);
    free(shrinker);
}

unsigned wr_shrinker_width(unsigned wanted_px)
{
    size_t i = 0;
    while (i + 1 < sizeof widths / sizeof *widths && widths[i] < wanted_px)
        i++;
    return widths[i];
}

static const weir_picture *shrink(wr_shrinker *shrinker, const weir_picture *picture, unsigned width)
{
    unsigned height = (unsigned)((uint64_t)picture->height * width / picture->width) / 2 * 2;
    weir_picture *small = shrinker->small;
    height = height ? height : 2;
    size_t bytes = weir_picture_bytes(WEIR_I420, width, height);
    if (bytes == 0 || bytes > shrinker->room)
        return NULL;
    weir_picture_layout(small, WEIR_I420, width, height);
    small->matrix = picture->matrix;
    small->full_range = picture->full_range;
    int error =
        I420Scale(weir_picture_plane(picture, 0), (int)picture->stride[0], weir_picture_plane(picture, 1),
                  (int)picture->stride[1], weir_picture_plane(picture, 2), (int)picture->stride[2], (int)picture->width,
                  (int)picture->height, weir_picture_plane_mutable(small, 0), (int)small->stride[0],
                  weir_picture_plane_mutable(small, 1), (int)small->stride[1], weir_picture_plane_mutable(small, 2),
                  (int)small->stride[2], (int)width, (int)height, kFilterBox);
    return error ? NULL : small;
}

const unsigned char *wr_shrinker_jpeg(wr_shrinker *shrinker, const weir_picture *picture, unsigned width_px,
                                      size_t *bytes)
{
    const weir_picture *shown = picture;
    if (picture->format == WEIR_I420 && picture->width > width_px)
        shown = shrink(shrinker, picture, width_px);
    return shown ? wr_jpeg_encode(shrinker->jpeg, shown, QUALITY, bytes) : NULL;
}
