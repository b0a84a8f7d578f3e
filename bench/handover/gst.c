/* Empty buffers through GStreamer's own elements: `gst-handover fan|chain COUNT BUFFERS DEPTH`. fan: fakesrc, a tee if
 * COUNT is above 1, and a queue and a fakesink for each consumer; chain: COUNT queues one after the other. Timed from
 * the first buffer that leaves the source to the last end of stream that reaches a sink. */
#include "../gst.h"
#include "../stopwatch.h"
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Atomic int64_t began_ns, ended_ns, began_cpu_ns;

static GstPadProbeReturn first_buffer(GstPad *pad, GstPadProbeInfo *info, gpointer user)
{
    (void)pad, (void)info, (void)user;
    began_cpu_ns = cpu_ns();
    began_ns = now_ns();
    return GST_PAD_PROBE_REMOVE; /* the others pass without being looked at */
}

/* Sinks end one after the other: the last one counts. */
static GstPadProbeReturn event(GstPad *pad, GstPadProbeInfo *info, gpointer user)
{
    int64_t now = now_ns(), last = atomic_load(&ended_ns);
    (void)pad, (void)user;
    if (GST_EVENT_TYPE(GST_PAD_PROBE_INFO_EVENT(info)) == GST_EVENT_EOS)
        while (last < now && !atomic_compare_exchange_weak(&ended_ns, &last, now))
            ;
    return GST_PAD_PROBE_OK;
}

static GstElement *make(GstBin *bin, const char *element)
{
    GstElement *made = gst_element_factory_make(element, NULL);
    if (!made) {
        fprintf(stderr, "GStreamer has no element %s here\n", element);
        exit(1);
    }
    gst_bin_add(bin, made);
    return made;
}

static GstElement *make_source(GstBin *bin, int64_t buffers)
{
    GstElement *source = make(bin, "fakesrc");
    g_object_set(source, "num-buffers", (int)buffers, NULL);
    gst_util_set_object_arg(G_OBJECT(source), "sizetype", "empty");
    GstPad *pad = gst_element_get_static_pad(source, "src");
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_BUFFER, first_buffer, NULL, NULL);
    gst_object_unref(pad);
    return source;
}

static GstElement *add_queue(GstBin *bin, GstElement *before, unsigned depth)
{
    GstElement *queue = make(bin, "queue");
    g_object_set(queue, "max-size-buffers", depth, "max-size-bytes", 0u, "max-size-time", (guint64)0, NULL);
    gst_element_link(before, queue);
    return queue;
}

/* It is asked to do as little as it can: no clock, no last sample, no messages. */
static void add_sink(GstBin *bin, GstElement *before)
{
    GstElement *sink = make(bin, "fakesink");
    g_object_set(sink, "sync", FALSE, "enable-last-sample", FALSE, "silent", TRUE, NULL);
    gst_element_link(before, sink);
    GstPad *pad = gst_element_get_static_pad(sink, "sink");
    gst_pad_add_probe(pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, event, NULL, NULL);
    gst_object_unref(pad);
}

static void fan(GstBin *bin, GstElement *source, int count, unsigned depth)
{
    GstElement *from = source;
    if (count > 1) {
        from = make(bin, "tee");
        gst_element_link(source, from);
    }
    for (int i = 0; i < count; i++)
        add_sink(bin, add_queue(bin, from, depth));
}

static void chain(GstBin *bin, GstElement *source, int count, unsigned depth)
{
    GstElement *last = source;
    for (int i = 0; i < count; i++)
        last = add_queue(bin, last, depth);
    add_sink(bin, last);
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: gst-handover fan|chain COUNT BUFFERS DEPTH\n");
        return 2;
    }
    gst_init(NULL, NULL);
    int64_t buffers = atoll(argv[3]);
    GstElement *pipeline = gst_pipeline_new("handover");
    GstElement *source = make_source(GST_BIN(pipeline), buffers);
    (strcmp(argv[1], "fan") == 0 ? fan : chain)(GST_BIN(pipeline), source, atoi(argv[2]), (unsigned)atoi(argv[4]));
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    bool good = wait_for_end(pipeline);
    double ns = (double)(ended_ns - began_ns) / (double)buffers;
    double cpu_us = (double)(cpu_ns() - began_cpu_ns) / 1e3 / (double)buffers;
    printf("{\"ns_per_frame\": %.2f, \"frames_per_s\": %.0f, \"cpu_us_per_frame\": %.4f}\n", ns, 1e9 / ns, cpu_us);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(pipeline);
    return good ? 0 : 1;
}
