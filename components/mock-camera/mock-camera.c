/* mock-camera: one still picture, again and again, at the pace of a camera. */
#include "image.h"
#include <math.h>
#include <weir/component.h>

typedef struct camera_options {
    weir_path image;
    double fps;
    int64_t frames;
    weir_size size;
} camera_options;

typedef struct camera_state {
    weir_frame picture; /* holds the picture that all frames share */
    int64_t rate;       /* frames in a million seconds */
    bool started;
    int64_t start_ns, sent; /* sent: by those too that it goes on for */
} camera_state;

static weir_size size_of(const camera_options *options, const wr_image_file *file)
{
    bool given = options->size.width && options->size.height;
    return given ? options->size : (weir_size){wr_image_width(file), wr_image_height(file)};
}

/* The size alone is looked at here, which the engine needs to know; the picture is decoded in the node's own process. */
static weir_status plan(weir_node *node)
{
    char why[WR_IMAGE_WHY];
    wr_image_file file;
    const camera_options *options = weir_options(node);
    weir_plan_live(node);
    weir_status status = wr_image_load(options->image.text, &file, why);
    if (status < 0)
        return weir_fail(node, status, "%s", why);
    weir_size size = size_of(options, &file);
    size_t bytes = weir_picture_bytes(WEIR_I420, size.width, size.height);
    weir_plan_memory(node, wr_image_cost(&file, size.width, size.height));
    wr_image_unload(&file);
    if (!bytes)
        return weir_fail(node, WEIR_BAD_OPTION, "size: pictures have at most 16384 pixels a side; use a smaller one");
    /* There is one picture, however many frames refer to it: the store is bounded in bytes, not by places. */
    return weir_plan_store(node, WEIR_KIND_PICTURE, bytes, 1, bytes);
}

static weir_status make_picture(weir_node *node, const wr_image *image, weir_size size)
{
    camera_state *state = weir_state(node);
    weir_picture *picture =
        weir_attach(node, &state->picture, WEIR_KIND_PICTURE, weir_picture_bytes(WEIR_I420, size.width, size.height));
    if (!picture)
        return weir_fail(node, WEIR_BAD_DATA, "the picture grew while the pipeline was started; start again");
    weir_picture_layout(picture, WEIR_I420, size.width, size.height);
    if (wr_image_convert(image, picture))
        return WEIR_OK;
    weir_frame_drop(&state->picture);
    return weir_fail(node, WEIR_NO_MEMORY, "there is no memory left to scale the picture; use a smaller size=");
}

static weir_status open_camera(weir_node *node)
{
    char why[WR_IMAGE_WHY];
    wr_image_file file;
    wr_image image;
    camera_state *state = weir_state(node);
    const camera_options *options = weir_options(node);
    state->rate = llround(options->fps * 1e6);
    state->sent = weir_bookmark(node);
    weir_status status = wr_image_load(options->image.text, &file, why);
    if (status < 0)
        return weir_fail(node, status, "%s", why);
    weir_size size = size_of(options, &file);
    status = wr_image_decode(&file, options->image.text, &image, why);
    wr_image_unload(&file);
    if (status < 0)
        return weir_fail(node, status, "%s", why);
    status = make_picture(node, &image, size);
    wr_image_free(&image);
    return status;
}

/* When frame n, from 0, is due after the start: n / fps, each from the start, so that nothing adds up. */
static int64_t due_after_ns(int64_t rate, int64_t n)
{
    int64_t scaled = n * 1000000;
    return scaled / rate * 1000000000 + scaled % rate * 1000000000 / rate;
}

/* A moment that has passed is not skipped: its frame is made now, as old as it is. */
static weir_status produce(weir_node *node)
{
    const camera_options *options = weir_options(node);
    camera_state *state = weir_state(node);
    int64_t now_ns = weir_now(node);
    int64_t media_ns = due_after_ns(state->rate, state->sent);
    if (!state->started)
        state->start_ns = now_ns - media_ns;
    state->started = true;
    if (state->start_ns + media_ns > now_ns) {
        weir_wake_at(node, state->start_ns + media_ns);
        return WEIR_OK;
    }
    weir_frame frame = weir_frame_new(node, state->start_ns + media_ns);
    frame.pts_ns = media_ns;
    weir_frame_merge(&frame, &state->picture);
    weir_send(node, 0, &frame);
    weir_set_bookmark(node, ++state->sent);
    return options->frames && state->sent >= options->frames ? WEIR_END : WEIR_MORE;
}

static void close_camera(weir_node *node)
{
    camera_state *state = weir_state(node);
    weir_frame_drop(&state->picture);
}

static const weir_option options[] = {
    WEIR_OPTION(camera_options, image, "PNG or JPEG file; what is transparent becomes white", .required = true),
    WEIR_OPTION(camera_options, fps, "frames a second", .unit = "1/s", .text = "10", .min = 0.001, .max = 1000),
    WEIR_OPTION(camera_options, frames, "how many; 0: without end", .text = "0", .min = 0, .max = 9e12),
    WEIR_OPTION(camera_options, size, "scale the picture to this size; 0x0: as it is", .unit = "pixels", .text = "0x0"),
    {0},
};

static const weir_port outputs[] = {{.name = "out", .adds = {"weir.picture/1"}}, {0}};

static const weir_component_class mock_camera = {
    .name = "mock-camera",
    .summary = "publishes a still picture again and again",
    .outputs = outputs,
    .options = options,
    .options_bytes = sizeof(camera_options),
    .state_bytes = sizeof(camera_state),
    .flags = WEIR_EXPOSED,
    .plan = plan,
    .open = open_camera,
    .produce = produce,
    .close = close_camera,
};

WEIR_PLUGIN(&mock_camera);
