/* Frames a millisecond apart through GStreamer: `gst-wakeup FRAMES` pushes into appsrc ! queue ! fakesink, where appsrc
 * and queue are a thread each; `gst-wakeup-direct FRAMES` (DIRECT) into appsrc ! fakesink, one hop, as weir's link is
 * one. From just before the push, which stands in the buffer as its offset, to the sink's hand-off. */
#include "../gst.h"
#include "latencies.h"
#include <gst/app/gstappsrc.h>

#ifdef DIRECT
#define LINE "appsrc name=source format=time ! fakesink name=sink sync=false enable-last-sample=false"
#else
#define LINE                                                                                                           \
    "appsrc name=source format=time ! queue max-size-buffers=64 max-size-bytes=0 max-size-time=0 ! "                   \
    "fakesink name=sink sync=false enable-last-sample=false"
#endif

static latencies all;

static void handed_off(GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer user)
{
    (void)sink, (void)pad, (void)user;
    latencies_add(&all, now_ns() - (int64_t)GST_BUFFER_OFFSET(buffer));
}

static void push_all(GstAppSrc *source, int frames)
{
    int64_t due_ns = now_ns();
    for (int i = 0; i < frames; i++) {
        GstBuffer *buffer = gst_buffer_new();
        sleep_until(due_ns += INTERVAL_NS);
        GST_BUFFER_OFFSET(buffer) = (guint64)now_ns();
        gst_app_src_push_buffer(source, buffer);
    }
    gst_app_src_end_of_stream(source);
}

int main(int argc, char **argv)
{
    int frames = frames_asked(argc, argv);
    if (!frames)
        return 2;
    gst_init(NULL, NULL);
    GError *error = NULL;
    GstElement *pipeline = gst_parse_launch(LINE, &error);
    if (error) {
        fprintf(stderr, "%s\n", error->message);
        return 1;
    }
    GstElement *source = gst_bin_get_by_name(GST_BIN(pipeline), "source");
    GstElement *sink = gst_bin_get_by_name(GST_BIN(pipeline), "sink");
    g_object_set(sink, "signal-handoffs", TRUE, NULL);
    g_signal_connect(sink, "handoff", G_CALLBACK(handed_off), NULL);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    push_all(GST_APP_SRC(source), frames);
    bool good = wait_for_end(pipeline) && latencies_print(&all, frames);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(source);
    gst_object_unref(sink);
    gst_object_unref(pipeline);
    return good ? 0 : 1;
}
