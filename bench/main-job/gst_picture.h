/* A picture of GStreamer's as detector_fit() wants it. */
#ifndef BENCH_GST_PICTURE_H
#define BENCH_GST_PICTURE_H

#include "detector.h"
#include <gst/video/video.h>

/* Where it lies: planes are found by their distance from *picture. */
static void describe(const GstVideoFrame *frame, weir_picture *picture)
{
    const GstVideoInfo *info = &frame->info;
    if (GST_VIDEO_INFO_FORMAT(info) != GST_VIDEO_FORMAT_I420)
        give_up("the film is not 8-bit 4:2:0");
    *picture = (weir_picture){
        .format = WEIR_I420,
        .width = (uint32_t)GST_VIDEO_INFO_WIDTH(info),
        .height = (uint32_t)GST_VIDEO_INFO_HEIGHT(info),
        .matrix = info->colorimetry.matrix == GST_VIDEO_COLOR_MATRIX_BT709 ? WEIR_BT709 : WEIR_BT601,
        .full_range = info->colorimetry.range == GST_VIDEO_COLOR_RANGE_0_255,
        .planes = 3,
    };
    for (int i = 0; i < 3; i++) {
        picture->stride[i] = (uint32_t)GST_VIDEO_FRAME_PLANE_STRIDE(frame, i);
        picture->offset[i] = (uint64_t)((uintptr_t)GST_VIDEO_FRAME_PLANE_DATA(frame, i) - (uintptr_t)picture);
    }
}

/* Finds objects in the picture of a sample, which stays the caller's. */
static void find_in(GstSample *sample, detector *model, void *input)
{
    GstVideoInfo info;
    GstVideoFrame frame;
    weir_picture picture;
    if (!gst_video_info_from_caps(&info, gst_sample_get_caps(sample)) ||
        !gst_video_frame_map(&frame, &info, gst_sample_get_buffer(sample), GST_MAP_READ))
        give_up("a picture could not be mapped");
    describe(&frame, &picture);
    detector_fit(model, &picture, input);
    gst_video_frame_unmap(&frame);
    detector_find(model, input, picture.width, picture.height);
}

#endif
