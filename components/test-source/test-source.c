/* test-source: synthetic frames at a rate, or as fast as they are taken, whose number can be read from the pixels. */
#include <weir/component.h>

#include "code.h"
#include <string.h>

enum { LIVE_AUTO, LIVE_TRUE, LIVE_FALSE };

typedef struct source_options {
    weir_size size;
    double rate;
    int64_t frames;
    weir_choice live;
} source_options;

typedef struct source_state {
    bool started;
    int64_t start_ns, sent; /* sent: by those too that it goes on for */
} source_state;

static bool paced(const source_options *options)
{
    return options->rate > 0;
}

static weir_status plan(weir_node *node)
{
    const source_options *options = weir_options(node);
    if (options->live.index == LIVE_TRUE || (options->live.index == LIVE_AUTO && paced(options)))
        weir_plan_live(node);
    if (options->size.width == 0 || options->size.height == 0)
        return WEIR_OK;
    size_t bytes = weir_picture_bytes(WEIR_I420, options->size.width, options->size.height);
    return bytes
               ? weir_plan_store(node, WEIR_KIND_PICTURE, bytes, 0, 0)
               : weir_fail(node, WEIR_BAD_OPTION, "size: pictures have at most 16384 pixels a side; use a smaller one");
}

/* A soft gradient with two bars that move at different speeds. */
static void paint(weir_picture *picture, int64_t number)
{
    const uint32_t width = picture->width, height = picture->height;
    uint8_t *luma = weir_picture_plane_mutable(picture, 0);
    const uint32_t bar = width / 16 + 1, bar_x = (uint32_t)(number * 4 % width);
    for (uint32_t y = 0; y < height; y++) {
        uint8_t *row = luma + (size_t)y * picture->stride[0];
        memset(row, (int)(40 + 120 * y / height), width);
        memset(row + bar_x, 200, bar < width - bar_x ? bar : width - bar_x);
    }
    for (int plane = 1; plane < 3; plane++) {
        uint8_t *chroma = weir_picture_plane_mutable(picture, plane);
        for (uint32_t y = 0; y < (height + 1) / 2; y++)
            memset(chroma + (size_t)y * picture->stride[plane], plane == 1 ? 110 + (int)(30 * y / height) : 140,
                   (width + 1) / 2);
    }
    wr_code_write(luma, (int)picture->stride[0], (int)width, (int)height, number);
}

static void attach_picture(weir_node *node, weir_frame *frame, weir_size size)
{
    size_t bytes = weir_picture_bytes(WEIR_I420, size.width, size.height);
    weir_picture *picture = weir_attach(node, frame, WEIR_KIND_PICTURE, bytes);
    if (!picture) {
        weir_error(node, "no room for a picture: a consumer keeps more than it declared");
        return;
    }
    weir_picture_layout(picture, WEIR_I420, size.width, size.height);
    paint(picture, frame->number);
}

static weir_status open_source(weir_node *node)
{
    source_state *state = weir_state(node);
    state->sent = weir_bookmark(node);
    return WEIR_OK;
}

static int64_t after_ns(const source_options *options, int64_t frame)
{
    return (int64_t)((double)frame * 1e9 / options->rate);
}

static weir_status produce(weir_node *node)
{
    const source_options *options = weir_options(node);
    source_state *state = weir_state(node);
    int64_t captured_ns = WEIR_WHEN_SENT;
    if (paced(options)) {
        int64_t now_ns = weir_now(node);
        if (!state->started)
            state->start_ns = now_ns - after_ns(options, state->sent);
        state->started = true;
        captured_ns = state->start_ns + after_ns(options, state->sent);
        if (captured_ns > now_ns) {
            weir_wake_at(node, captured_ns);
            return WEIR_OK;
        }
    }
    weir_frame frame = weir_frame_new(node, captured_ns);
    frame.pts_ns = paced(options) ? captured_ns - state->start_ns : WEIR_NO_TIME;
    if (options->size.width && options->size.height)
        attach_picture(node, &frame, options->size);
    weir_send(node, 0, &frame);
    weir_set_bookmark(node, ++state->sent);
    return options->frames && state->sent >= options->frames ? WEIR_END : WEIR_MORE;
}

static const char *const live_choices[] = {"auto", "true", "false", NULL};
static const weir_option options[] = {
    WEIR_OPTION(source_options, size, "of the pictures; 0x0: frames without one", .unit = "pixels", .text = "640x360"),
    WEIR_OPTION(source_options, rate, "frames a second; 0: as fast as they are taken", .unit = "1/s", .text = "30",
                .min = 0, .max = 1000000),
    WEIR_OPTION(source_options, frames, "how many; 0: without end", .text = "0", .min = 0, .max = 9e15),
    WEIR_OPTION(source_options, live, "the stream cannot wait; auto: if it has a rate", .text = "auto",
                .choices = live_choices),
    {0},
};
static const weir_port outputs[] = {{.name = "out", .adds = {"weir.picture/1"}}, {0}};

extern const weir_component_class wr_class_test_source;
const weir_component_class wr_class_test_source = {
    .name = "test-source",
    .summary = "makes synthetic frames whose number can be read from the pixels",
    .outputs = outputs,
    .options = options,
    .options_bytes = sizeof(source_options),
    .state_bytes = sizeof(source_state),
    .plan = plan,
    .open = open_source,
    .produce = produce,
};
