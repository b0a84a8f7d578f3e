#include "shape.h"

#include <libavutil/mem.h>
#include <libswscale/swscale.h>
#include <libyuv/convert.h>
#include <libyuv/rotate.h>

bool wr_shape_is_i420(const AVFrame *frame)
{
    return frame->format == AV_PIX_FMT_YUV420P || frame->format == AV_PIX_FMT_YUVJ420P;
}

static bool is_full_range(const AVFrame *frame)
{
    return frame->color_range == AVCOL_RANGE_JPEG || frame->format == AV_PIX_FMT_YUVJ420P ||
           frame->format == AV_PIX_FMT_YUVJ422P || frame->format == AV_PIX_FMT_YUVJ444P;
}

static bool is_rgb(const AVFrame *frame)
{
    return frame->colorspace == AVCOL_SPC_RGB;
}

void wr_shape_colours(weir_picture *picture, const AVFrame *frame)
{
    switch (frame->colorspace) {
    case AVCOL_SPC_BT709:
        picture->matrix = WEIR_BT709;
        break;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL:
        picture->matrix = WEIR_BT2020;
        break;
    case AVCOL_SPC_UNSPECIFIED:
        picture->matrix =
            frame->height >= 720 && wr_shape_is_i420(frame) && !is_full_range(frame) ? WEIR_BT709 : WEIR_BT601;
        break;
    default:
        picture->matrix = WEIR_BT601;
    }
    picture->full_range = is_full_range(frame) && !is_rgb(frame);
}

typedef struct planes {
    uint8_t *data[4];
    int stride[4];
} planes;

static planes planes_of(weir_picture *picture)
{
    planes p = {.data = {NULL}};
    for (int i = 0; i < 3; i++) {
        p.data[i] = weir_picture_plane_mutable(picture, i);
        p.stride[i] = (int)picture->stride[i];
    }
    return p;
}

static bool convert(wr_shaper *shaper, const planes *to, const AVFrame *frame)
{
    const int width = frame->width, height = frame->height;
    uint8_t *const *from = frame->data;
    const int *stride = frame->linesize;
    switch (frame->format) {
    case AV_PIX_FMT_YUV420P:
    case AV_PIX_FMT_YUVJ420P:
        return I420Copy(from[0], stride[0], from[1], stride[1], from[2], stride[2], to->data[0], to->stride[0],
                        to->data[1], to->stride[1], to->data[2], to->stride[2], width, height) == 0;
    case AV_PIX_FMT_YUV422P:
    case AV_PIX_FMT_YUVJ422P:
        return I422ToI420(from[0], stride[0], from[1], stride[1], from[2], stride[2], to->data[0], to->stride[0],
                          to->data[1], to->stride[1], to->data[2], to->stride[2], width, height) == 0;
    case AV_PIX_FMT_YUV444P:
    case AV_PIX_FMT_YUVJ444P:
        return I444ToI420(from[0], stride[0], from[1], stride[1], from[2], stride[2], to->data[0], to->stride[0],
                          to->data[1], to->stride[1], to->data[2], to->stride[2], width, height) == 0;
    case AV_PIX_FMT_NV12:
        return NV12ToI420(from[0], stride[0], from[1], stride[1], to->data[0], to->stride[0], to->data[1],
                          to->stride[1], to->data[2], to->stride[2], width, height) == 0;
    default:
        shaper->scaler =
            sws_getCachedContext(shaper->scaler, width, height, (enum AVPixelFormat)frame->format, width, height,
                                 AV_PIX_FMT_YUV420P, SWS_BILINEAR | SWS_ACCURATE_RND, NULL, NULL, NULL);
        return shaper->scaler && sws_scale(shaper->scaler, (const uint8_t *const *)from, stride, 0, height, to->data,
                                           to->stride) == height;
    }
}

static bool room_for_upright(wr_shaper *shaper, const AVFrame *frame, planes *p)
{
    for (int i = 0; i < 3; i++) {
        int width = i ? (frame->width + 1) / 2 : frame->width, height = i ? (frame->height + 1) / 2 : frame->height;
        p->stride[i] = (width + 63) / 64 * 64;
        if (shaper->upright_bytes[i] < p->stride[i] * height) {
            av_freep(&shaper->upright[i]);
            shaper->upright[i] = av_malloc((size_t)p->stride[i] * (size_t)height + 64);
            shaper->upright_bytes[i] = shaper->upright[i] ? p->stride[i] * height : 0;
        }
        if (!shaper->upright[i])
            return false;
        p->data[i] = shaper->upright[i];
    }
    return true;
}

bool wr_shape(wr_shaper *shaper, weir_picture *picture, const AVFrame *frame, unsigned rotation)
{
    planes to = planes_of(picture), before = {.data = {NULL}};
    wr_shape_colours(picture, frame);
    if (rotation == 0)
        return convert(shaper, &to, frame);
    if (!room_for_upright(shaper, frame, &before) || !convert(shaper, &before, frame))
        return false;
    return I420Rotate(before.data[0], before.stride[0], before.data[1], before.stride[1], before.data[2],
                      before.stride[2], to.data[0], to.stride[0], to.data[1], to.stride[1], to.data[2], to.stride[2],
                      frame->width, frame->height, (enum RotationMode)rotation) == 0;
}

void wr_shaper_free(wr_shaper *shaper)
{
    sws_freeContext(shaper->scaler);
    for (int i = 0; i < 3; i++)
        av_freep(&shaper->upright[i]);
    *shaper = (wr_shaper){.scaler = NULL};
}
