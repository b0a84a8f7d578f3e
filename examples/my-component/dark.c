/* dark: lets the frames pass at which the picture turns dark or light: a covered lens, a lamp that failed. */
#include <weir/component.h>

typedef struct dark_options {
    int below;
} dark_options;

typedef struct dark_state {
    bool dark;
} dark_state;

static int brightness(const weir_picture *picture)
{
    uint64_t sum = 0;
    for (uint32_t y = 0; y < picture->height; y++) {
        const uint8_t *row = weir_picture_plane(picture, 0) + (size_t)y * picture->stride[0];
        for (uint32_t x = 0; x < picture->width; x++)
            sum += row[x];
    }
    return (int)(sum / ((uint64_t)picture->width * picture->height));
}

static weir_status process(weir_node *node, int input, const weir_frame *frame)
{
    const dark_options *options = weir_options(node);
    dark_state *state = weir_state(node);
    (void)input;
    bool dark = brightness(weir_frame_picture(frame)) < options->below;
    if (dark == state->dark)
        return WEIR_OK;
    state->dark = dark;
    weir_note(node, WEIR_LOG_WARNING, "it turned %s at frame %lld", dark ? "dark" : "light", (long long)frame->number);
    weir_frame copy = weir_frame_fork(frame);
    weir_send(node, 0, &copy);
    return WEIR_OK;
}

static const weir_option options[] = {
    WEIR_OPTION(dark_options, below, "mean brightness below which it is dark", .text = "40", .min = 1, .max = 255),
    {0},
};
static const weir_port inputs[] = {{.name = "in", .needs = {"weir.picture/1"}}, {0}};
static const weir_port outputs[] = {{.name = "out"}, {0}};

static const weir_component_class dark = {
    .name = "dark",
    .summary = "lets the frames pass at which the picture turns dark or light",
    .inputs = inputs,
    .outputs = outputs,
    .options = options,
    .options_bytes = sizeof(dark_options),
    .state_bytes = sizeof(dark_state),
    .process = process,
};

WEIR_PLUGIN(&dark);
