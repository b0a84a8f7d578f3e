/* What the programs with GStreamer have in common. */
#ifndef BENCH_GST_H
#define BENCH_GST_H

#include <gst/gst.h>
#include <stdbool.h>

/* Until all sinks have had the end of the stream; false if something failed before. */
static bool wait_for_end(GstElement *pipeline)
{
    GstBus *bus = gst_element_get_bus(pipeline);
    GstMessage *last = gst_bus_timed_pop_filtered(bus, GST_CLOCK_TIME_NONE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    bool good = GST_MESSAGE_TYPE(last) == GST_MESSAGE_EOS;
    gst_message_unref(last);
    gst_object_unref(bus);
    return good;
}

#endif
