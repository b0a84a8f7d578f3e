#include "jpeg.h"

#include <libyuv.h>
#include <stdbool.h>
#include <stdlib.h>
#include <turbojpeg.h>

struct wr_jpeg {
    tjhandle handle;
    uint8_t *pixels; /* blue, green, red, unused */
    unsigned char *data;
    uint32_t width, height;
};

static const struct YuvConstants *constants(const weir_picture *picture)
{
    switch (picture->matrix) {
    case WEIR_BT709:
        return picture->full_range ? &kYuvF709Constants : &kYuvH709Constants;
    case WEIR_BT2020:
        return picture->full_range ? &kYuvV2020Constants : &kYuv2020Constants;
    default:
        return picture->full_range ? &kYuvJPEGConstants : &kYuvI601Constants;
    }
}

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
    /* 1.5 bytes a pixel came in; 4 go in, and at most 3 come out. */
    return picture_bytes * 14 / 3;
}

static bool make_room(wr_jpeg *jpeg, uint32_t width, uint32_t height)
{
    if (jpeg->width == width && jpeg->height == height)
        return true;
    free(jpeg->pixels);
    tjFree(jpeg->data);
    jpeg->pixels = malloc((size_t)width * height * 4);
    jpeg->data = tjAlloc((int)tjBufSize((int)width, (int)height, TJSAMP_420));
    bool fine = jpeg->pixels && jpeg->data;
    jpeg->width = fine ? width : 0;
    jpeg->height = fine ? height : 0;
    return fine;
}

const unsigned char *wr_jpeg_encode(wr_jpeg *jpeg, const weir_picture *picture, int quality, size_t *bytes)
{
    int width = (int)picture->width, height = (int)picture->height;
    unsigned long length = tjBufSize(width, height, TJSAMP_420);
    if (picture->format != WEIR_I420 || !make_room(jpeg, picture->width, picture->height))
        return NULL;
    int rc = I420ToARGBMatrix(weir_picture_plane(picture, 0), (int)picture->stride[0], weir_picture_plane(picture, 1),
                              (int)picture->stride[1], weir_picture_plane(picture, 2), (int)picture->stride[2],
                              jpeg->pixels, width * 4, constants(picture), width, height);
    if (rc == 0)
        rc = tjCompress2(jpeg->handle, jpeg->pixels, width, width * 4, height, TJPF_BGRX, &jpeg->data, &length,
                         TJSAMP_420, quality, TJFLAG_NOREALLOC);
    *bytes = length;
    return rc == 0 ? jpeg->data : NULL;
}

void wr_jpeg_free(wr_jpeg *jpeg)
{
    if (!jpeg)
        return;
    tjDestroy(jpeg->handle);
    tjFree(jpeg->data);
    free(jpeg->pixels);
    free(jpeg);
}
