/* The same in GStreamer: a live test source, a tee, and for each consumer a leaky queue of one buffer and a sink whose
 * hand-off takes its time: `liveness-gstreamer SECONDS DELAY_MS...`. The queue lets the older buffer go, so this is how
 * GStreamer's users stay live. A buffer's age counts from when the source's clock says it was due. */
#include <gst/gst.h>
#include <stdio.h>
#include <stdlib.h>

enum { CONSUMERS = 8, RATE = 30, AGES = 1 << 20 };

typedef struct consumer {
    GstElement *pipeline;
    int delay_ms;
    size_t count;
    double *age_ms;
} consumer;

static consumer consumers[CONSUMERS];
static int count;
static gint over; /* sinks that keep their thread's lock for a whole frame would hold up the end */

/* The pipeline's clock is the monotonic one unless an element brings its own, which none here does. */
static void take(GstElement *sink, GstBuffer *buffer, GstPad *pad, gpointer user)
{
    consumer *self = user;
    GstClockTime due = gst_element_get_base_time(self->pipeline) + GST_BUFFER_PTS(buffer);
    GstClockTime now = (GstClockTime)g_get_monotonic_time() * GST_USECOND;
    (void)sink;
    (void)pad;
    if (g_atomic_int_get(&over))
        return;
    if (self->count < AGES)
        self->age_ms[self->count++] = (double)GST_CLOCK_DIFF(due, now) / GST_MSECOND;
    g_usleep((gulong)self->delay_ms * 1000);
}

static GstElement *build(void)
{
    GString *line = g_string_new(NULL);
    GError *error = NULL;
    g_string_printf(line,
                    "videotestsrc is-live=true ! video/x-raw,format=I420,width=640,height=360,framerate=%d/1 ! "
                    "tee name=tee",
                    RATE);
    for (int i = 0; i < count; i++)
        g_string_append_printf(line,
                               " tee. ! queue leaky=downstream max-size-buffers=1 max-size-bytes=0 max-size-time=0 ! "
                               "fakesink name=sink%d sync=false signal-handoffs=true",
                               i);
    GstElement *pipeline = gst_parse_launch(line->str, &error);
    if (error) {
        fprintf(stderr, "%s\n", error->message);
        exit(1);
    }
    g_string_free(line, TRUE);
    return pipeline;
}

static void connect_sinks(GstElement *pipeline)
{
    for (int i = 0; i < count; i++) {
        char name[16];
        snprintf(name, sizeof name, "sink%d", i);
        GstElement *sink = gst_bin_get_by_name(GST_BIN(pipeline), name);
        consumers[i].pipeline = pipeline;
        g_signal_connect(sink, "handoff", G_CALLBACK(take), &consumers[i]);
        gst_object_unref(sink);
    }
}

/* Waits for that long, or for an error. */
static void run(GstElement *pipeline, double seconds)
{
    GstBus *bus = gst_element_get_bus(pipeline);
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    GstMessage *message =
        gst_bus_timed_pop_filtered(bus, (GstClockTime)(seconds * GST_SECOND), GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
    if (message) {
        fprintf(stderr, "the pipeline ended early\n");
        exit(1);
    }
    g_atomic_int_set(&over, 1);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    gst_object_unref(bus);
}

static int ascending(const void *one, const void *other)
{
    const double *a = one, *b = other;
    return (*a > *b) - (*a < *b);
}

static void print(const consumer *self, const char *before)
{
    qsort(self->age_ms, self->count, sizeof *self->age_ms, ascending);
    printf("%s\"c%d_frames\": %zu", before, self->delay_ms, self->count);
    if (self->count)
        printf(", \"c%d_p50\": %.3f, \"c%d_p99\": %.3f, \"c%d_max\": %.3f", self->delay_ms,
               self->age_ms[self->count / 2], self->delay_ms, self->age_ms[self->count * 99 / 100], self->delay_ms,
               self->age_ms[self->count - 1]);
}

int main(int argc, char **argv)
{
    gst_init(NULL, NULL);
    for (int i = 2; i < argc && count < CONSUMERS; i++, count++)
        consumers[count] = (consumer){.delay_ms = atoi(argv[i]), .age_ms = malloc(AGES * sizeof(double))};
    if (count == 0) {
        fprintf(stderr, "usage: liveness-gstreamer SECONDS DELAY_MS...\n");
        return 2;
    }
    GstElement *pipeline = build();
    connect_sinks(pipeline);
    run(pipeline, atof(argv[1]));
    for (int i = 0; i < count; i++)
        print(&consumers[i], i ? ", " : "{");
    printf("}\n");
    gst_object_unref(pipeline);
    return 0;
}
