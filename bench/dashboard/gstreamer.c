/* How it is done without a dashboard's page: `dashboard-gstreamer FILM` decodes a film at its own pace, writes the time into
 * each picture, and sends it as JPEG, one part after the other, to everybody who is connected. Says where on standard error.
 */
#include "../gst.h"
#include <stdio.h>

int main(int argc, char **argv)
{
    GError *error = NULL;
    gint port = 0;
    gst_init(&argc, &argv);
    GstElement *pipeline = gst_parse_launch("filesrc name=source ! qtdemux ! h264parse ! avdec_h264 max-threads=1 ! "
                                            "timeoverlay ! jpegenc ! multipartmux ! "
                                            "tcpserversink name=sink host=127.0.0.1 port=0 sync=true",
                                            &error);
    if (error || argc != 2) {
        fprintf(stderr, "%s\n", error ? error->message : "usage: dashboard-gstreamer FILM");
        return 1;
    }
    GstElement *source = gst_bin_get_by_name(GST_BIN(pipeline), "source");
    GstElement *sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
    g_object_set(source, "location", argv[1], NULL);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    gst_element_get_state(pipeline, NULL, NULL, GST_CLOCK_TIME_NONE);
    g_object_get(sink, "current-port", &port, NULL);
    fprintf(stderr, "tcp://127.0.0.1:%d/\n", port);
    bool good = wait_for_end(pipeline);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(source);
    gst_object_unref(sink);
    gst_object_unref(pipeline);
    return good ? 0 : 1;
}
