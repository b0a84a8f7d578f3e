/* The same job with GStreamer: `gstreamer SOURCE DESCRIPTION MODEL`, SOURCE a path or an rtsp:// address. GStreamer reads
 * and decodes in its own threads, the main thread takes pictures from an appsink, converts, runs the model and prints. */
#include "detector.h"
#include <gst/app/gstappsink.h>
#include <gst/gst.h>
#include <gst/video/video.h>
#include <stdlib.h>
#include <string.h>

/* Of a file every picture, waiting for room; of a camera as they come, waiting for nothing. */
static const char file_line[] =
    "filesrc name=source ! qtdemux ! h264parse ! avdec_h264 max-threads=1 ! appsink name=sink "
    "sync=false max-buffers=2 drop=false";
static const char camera_line[] = "rtspsrc name=source latency=0 protocols=tcp ! rtph264depay ! h264parse ! "
                                  "avdec_h264 max-threads=1 ! appsink name=sink sync=false max-buffers=1 drop=true";

static void end_if(GError *error)
{
    if (error)
        give_up(error->message);
}

static GstElement *start(const char *source, GstElement **pipeline)
{
    GError *error = NULL;
    bool camera = strncmp(source, "rtsp://", 7) == 0;
    *pipeline = gst_parse_launch(camera ? camera_line : file_line, &error);
    end_if(error);
    GstElement *from = gst_bin_get_by_name(GST_BIN(*pipeline), "source");
    g_object_set(from, "location", source, NULL);
    gst_object_unref(from);
    if (gst_element_set_state(*pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
        give_up("the pipeline does not start");
    return gst_bin_get_by_name(GST_BIN(*pipeline), "sink");
}

/* A sink that ends may have ended because something failed. */
static void check_end(GstElement *pipeline)
{
    GError *error = NULL;
    GstBus *bus = gst_element_get_bus(pipeline);
    GstMessage *message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR);
    if (message)
        gst_message_parse_error(message, &error, NULL);
    end_if(error);
    gst_object_unref(bus);
}

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

static void look_at(GstSample *sample, detector *model, void *input, int64_t number)
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
    gst_sample_unref(sample);
    detector_find(model, input, picture.width, picture.height);
    detector_print(model, number, stdout);
}

int main(int argc, char **argv)
{
    GstElement *pipeline;
    GstSample *sample;
    gst_init(&argc, &argv);
    if (argc != 4)
        give_up("usage: gstreamer SOURCE DESCRIPTION MODEL");
    detector *model = detector_new(argv[2], argv[3]);
    void *input = detector_input_new(model);
    GstElement *sink = start(argv[1], &pipeline);
    for (int64_t number = 1; (sample = gst_app_sink_pull_sample(GST_APP_SINK(sink))); number++)
        look_at(sample, model, input, number);
    check_end(pipeline);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(sink);
    gst_object_unref(pipeline);
    free(input);
    detector_free(model);
    return 0;
}
