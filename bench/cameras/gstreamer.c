/* Many cameras and one detector, by hand: `cameras-gstreamer SECONDS DESCRIPTION MODEL FILM...`, a film for each camera.
 * GStreamer reads and decodes in its own threads, each appsink keeps the newest picture, and the main thread goes round
 * the sinks that have one and runs the model. Films are paced where a camera's packets would arrive, before the decoder:
 * paced at the sink, pictures would have been decoded ahead of their time. */
#include "../main-job/gst_picture.h"
#include <gst/app/gstappsink.h>
#include <gst/gst.h>
#include <stdlib.h>
#include <sys/resource.h>

enum { CAMERAS = 64, FRAMES = 4096 };

typedef struct camera {
    GstAppSink *sink;
    int frames;
    double age_ms[FRAMES];
} camera;

static camera cameras[CAMERAS];
static int count;
static GstElement *pipeline;
static struct {
    GMutex lock;
    GCond cond;
    bool any; // under lock: a picture came since it was last looked at
} arrived;

static GstFlowReturn sample_came(GstAppSink *sink, gpointer user)
{
    (void)sink;
    (void)user;
    g_mutex_lock(&arrived.lock);
    arrived.any = true;
    g_cond_signal(&arrived.cond);
    g_mutex_unlock(&arrived.lock);
    return GST_FLOW_OK;
}

static void wait_for_sample(gint64 until_us)
{
    g_mutex_lock(&arrived.lock);
    while (!arrived.any && g_cond_wait_until(&arrived.cond, &arrived.lock, until_us))
        ;
    arrived.any = false;
    g_mutex_unlock(&arrived.lock);
}

static void add_camera(const char *film)
{
    GError *error = NULL;
    GstElement *bin = gst_parse_bin_from_description("filesrc name=source ! qtdemux ! h264parse ! identity sync=true ! "
                                                     "avdec_h264 max-threads=1 ! appsink name=sink sync=false "
                                                     "async=false max-buffers=1 drop=true",
                                                     FALSE, &error);
    if (error)
        give_up(error->message);
    gst_bin_add(GST_BIN(pipeline), bin);
    GstElement *source = gst_bin_get_by_name(GST_BIN(bin), "source");
    g_object_set(source, "location", film, NULL);
    gst_object_unref(source);
    camera *self = &cameras[count++];
    self->sink = GST_APP_SINK(gst_bin_get_by_name(GST_BIN(bin), "sink"));
    GstAppSinkCallbacks callbacks = {.new_sample = sample_came};
    gst_app_sink_set_callbacks(self->sink, &callbacks, NULL, NULL);
}

static void note_age(camera *self, GstSample *sample)
{
    GstClockTime pts = GST_BUFFER_PTS(gst_sample_get_buffer(sample));
    GstClockTime due = gst_element_get_base_time(pipeline) +
                       gst_segment_to_running_time(gst_sample_get_segment(sample), GST_FORMAT_TIME, pts);
    GstClockTime now = (GstClockTime)g_get_monotonic_time() * GST_USECOND;
    if (self->frames < FRAMES)
        self->age_ms[self->frames++] = (double)GST_CLOCK_DIFF(due, now) / GST_MSECOND;
}

/* Looks at the next camera that has a picture, beginning at `turn`; how many took part in vain: `count` if none has. */
static int step(int turn, detector *model, void *input, double *busy_ms)
{
    for (int k = 0; k < count; k++) {
        camera *self = &cameras[(turn + k) % count];
        GstSample *sample = gst_app_sink_try_pull_sample(self->sink, 0);
        if (!sample)
            continue;
        gint64 began_us = g_get_monotonic_time();
        note_age(self, sample);
        find_in(sample, model, input);
        gst_sample_unref(sample);
        *busy_ms = (double)(g_get_monotonic_time() - began_us) / 1e3;
        return k;
    }
    return count;
}

static double cpu_s(int who)
{
    struct rusage usage;
    getrusage(who, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static int ascending(const void *one, const void *other)
{
    const double *a = one, *b = other;
    return (*a > *b) - (*a < *b);
}

static void print_cameras(void)
{
    printf("\"cameras\": [");
    for (int i = 0; i < count; i++) {
        camera *self = &cameras[i];
        qsort(self->age_ms, (size_t)self->frames, sizeof *self->age_ms, ascending);
        printf("%s{\"frames\": %d", i ? ", " : "", self->frames);
        if (self->frames)
            printf(", \"p50\": %.3f, \"p99\": %.3f", self->age_ms[self->frames / 2],
                   self->age_ms[self->frames * 99 / 100]);
        printf("}");
    }
    printf("]");
}

/* For so long; prints what came of it. */
static void run(double seconds, detector *model, void *input)
{
    static double busy_ms[CAMERAS * FRAMES];
    size_t looks = 0;
    int turn = 0;
    gint64 began_us = g_get_monotonic_time(), until_us = began_us + (gint64)(seconds * 1e6);
    double process_s = cpu_s(RUSAGE_SELF), thread_s = cpu_s(RUSAGE_THREAD);
    while (g_get_monotonic_time() < until_us && looks < CAMERAS * FRAMES) {
        int passed_over = step(turn, model, input, &busy_ms[looks]);
        if (passed_over == count) {
            wait_for_sample(until_us);
            continue;
        }
        turn = (turn + passed_over + 1) % count;
        looks++;
    }
    double ran_s = (double)(g_get_monotonic_time() - began_us) / 1e6;
    double others_s = cpu_s(RUSAGE_SELF) - process_s - (cpu_s(RUSAGE_THREAD) - thread_s);
    qsort(busy_ms, looks, sizeof *busy_ms, ascending);
    printf("{\"ran_s\": %.3f, \"look_ms\": %.3f, \"streams_cpu_s\": %.3f, ", ran_s, busy_ms[looks / 2], others_s);
    print_cameras();
    printf("}\n");
}

/* A camera that failed would only look slow. */
static void check_errors(void)
{
    GError *error = NULL;
    GstBus *bus = gst_element_get_bus(pipeline);
    GstMessage *message = gst_bus_pop_filtered(bus, GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
    if (message && GST_MESSAGE_TYPE(message) == GST_MESSAGE_EOS)
        give_up("the films have ended");
    if (message)
        gst_message_parse_error(message, &error, NULL);
    if (error)
        give_up(error->message);
    gst_object_unref(bus);
}

int main(int argc, char **argv)
{
    gst_init(&argc, &argv);
    if (argc < 5)
        give_up("usage: cameras-gstreamer SECONDS DESCRIPTION MODEL FILM...");
    detector *model = detector_new(argv[2], argv[3]);
    void *input = detector_input_new(model);
    pipeline = gst_pipeline_new(NULL);
    for (int i = 4; i < argc && count < CAMERAS; i++)
        add_camera(argv[i]);
    if (gst_element_set_state(pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
        give_up("the pipeline does not start");
    run(atof(argv[1]), model, input);
    check_errors();
    gst_element_set_state(pipeline, GST_STATE_NULL);
    for (int i = 0; i < count; i++)
        gst_object_unref(cameras[i].sink);
    gst_object_unref(pipeline);
    free(input);
    detector_free(model);
    return 0;
}
