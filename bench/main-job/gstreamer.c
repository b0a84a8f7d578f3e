/* The same job with GStreamer: `gstreamer SOURCE DESCRIPTION MODEL`, SOURCE a path or an rtsp:// address. GStreamer reads
 * and decodes in its own threads, the main thread takes pictures from an appsink, converts, runs the model and prints. */
#include "gst_picture.h"
#include <gst/app/gstappsink.h>
#include <gst/gst.h>
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
    for (int64_t number = 1; (sample = gst_app_sink_pull_sample(GST_APP_SINK(sink))); number++) {
        find_in(sample, model, input);
        gst_sample_unref(sample);
        detector_print(model, number, stdout);
    }
    check_end(pipeline);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(sink);
    gst_object_unref(pipeline);
    free(input);
    detector_free(model);
    return 0;
}
