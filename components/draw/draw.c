/* draw: what was found, over a copy of the picture. */
#include "font.h"
#include "paint.h"
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <weir/component.h>

typedef struct draw_options {
    bool boxes, labels, scores, points, number, age, count;
    weir_list classes;
    double min_score;
    int thickness;
    weir_path font;
} draw_options;

typedef struct draw_state {
    void *font_data; /* NULL: no text */
    size_t font_bytes;
    wr_paint paint;
} draw_state;

static bool wants_text(const draw_options *options)
{
    return options->labels || options->scores || options->number || options->age || options->count;
}

static weir_status check_font(weir_node *node, const char *path)
{
    struct stat info;
    if (stat(path, &info) != 0 || access(path, R_OK) != 0)
        return weir_fail(node, WEIR_NOT_FOUND, "cannot read %s: %s; check font=", path, strerror(errno));
    if (!S_ISREG(info.st_mode))
        return weir_fail(node, WEIR_NOT_FOUND, "%s is no file; name a font file in font=", path);
    return WEIR_OK;
}

static weir_status plan(weir_node *node)
{
    const draw_options *options = weir_options(node);
    size_t bytes = weir_inputs(node) ? weir_input_item_bytes(node, 0, WEIR_KIND_PICTURE) : 0;
    weir_status status = *options->font.text ? check_font(node, options->font.text) : WEIR_OK;
    if (status < 0)
        return status;
    /* Without pictures above there is nothing to plan, and the check says so. */
    return bytes ? weir_plan_store(node, WEIR_KIND_PICTURE, bytes, 1, 0) : WEIR_OK;
}

static weir_status prepare(weir_node *node)
{
    char path[PATH_MAX];
    draw_state *state = weir_state(node);
    const draw_options *options = weir_options(node);
    if (!wants_text(options))
        return WEIR_OK;
    if (*options->font.text) {
        state->font_data = wr_font_read(options->font.text, &state->font_bytes);
        return state->font_data
                   ? WEIR_OK
                   : weir_fail(node, WEIR_IO, "cannot read %s: %s; check font=", options->font.text, strerror(errno));
    }
    if (wr_font_find(path, sizeof path))
        state->font_data = wr_font_read(path, &state->font_bytes);
    if (!state->font_data)
        weir_note(node, WEIR_LOG_WARNING,
                  "no font was found, so there will be no text; install fonts-dejavu-core or give one with font=");
    return WEIR_OK;
}

static void free_font(draw_state *state)
{
    wr_font_free(state->paint.font);
    free(state->font_data);
    state->paint.font = NULL;
    state->font_data = NULL;
}

static weir_status open_draw(weir_node *node)
{
    draw_state *state = weir_state(node);
    const draw_options *options = weir_options(node);
    state->paint = (wr_paint){.boxes = options->boxes,
                              .labels = options->labels,
                              .scores = options->scores,
                              .points = options->points,
                              .number = options->number,
                              .age = options->age,
                              .count = options->count,
                              .classes = options->classes.text,
                              .min_score = (float)options->min_score,
                              .thickness = options->thickness};
    if (!state->font_data)
        return WEIR_OK;
    state->paint.font = wr_font_new(state->font_data, state->font_bytes);
    if (!state->paint.font && *options->font.text) {
        free_font(state);
        return weir_fail(node, WEIR_BAD_DATA, "%s is not a font that can be scaled; check font=", options->font.text);
    }
    return WEIR_OK;
}

static weir_status refuse(weir_node *node, const char *why)
{
    weir_error(node, "%s", why);
    weir_count_lost(node, 1);
    return WEIR_OK;
}

static weir_status process(weir_node *node, int input, const weir_frame *frame)
{
    (void)input;
    draw_state *state = weir_state(node);
    const weir_picture *picture = weir_frame_picture(frame);
    if (!picture || picture->format != WEIR_I420)
        return refuse(node, "a picture came in a format that cannot be drawn on");
    weir_frame out = weir_frame_fork(frame);
    weir_frame_detach(&out, WEIR_KIND_PICTURE);
    size_t bytes = weir_picture_bytes(WEIR_I420, picture->width, picture->height);
    weir_picture *drawn = weir_attach(node, &out, WEIR_KIND_PICTURE, bytes);
    if (!drawn) {
        weir_frame_drop(&out);
        return refuse(node, "there was no room for a drawn picture");
    }
    weir_picture_layout(drawn, WEIR_I420, picture->width, picture->height);
    drawn->matrix = picture->matrix;
    drawn->full_range = picture->full_range;
    wr_canvas_copy(drawn, picture);
    wr_paint_frame(&state->paint, drawn, frame, weir_now(node));
    weir_send(node, 0, &out);
    return WEIR_OK;
}

static void close_draw(weir_node *node)
{
    free_font(weir_state(node));
}

static const weir_option options[] = {
    WEIR_OPTION(draw_options, boxes, "a frame around what was found", .text = "true"),
    WEIR_OPTION(draw_options, labels, "what it is", .text = "true"),
    WEIR_OPTION(draw_options, scores, "how sure that is", .text = "true"),
    WEIR_OPTION(draw_options, points, "keypoints", .text = "true"),
    WEIR_OPTION(draw_options, number, "number of the frame", .text = "true"),
    WEIR_OPTION(draw_options, age, "how old the frame is now", .text = "true"),
    WEIR_OPTION(draw_options, count, "how many of each were found", .text = "true"),
    WEIR_OPTION(draw_options, classes, "labels to draw, with commas between; all if none is given"),
    WEIR_OPTION(draw_options, min_score, "least score to draw", .text = "0", .min = 0, .max = 1),
    WEIR_OPTION(draw_options, thickness, "of lines, made even; 0: by the picture's size", .unit = "pixels", .text = "0",
                .min = 0, .max = 64),
    WEIR_OPTION(draw_options, font, "font file; the system's sans-serif if none is given"),
    {0},
};

static const weir_port inputs[] = {
    {.name = "in", .needs = {"weir.picture/1"}, .wants = {"weir.boxes/1", "weir.points/1"}},
    {0},
};

/* Not fresh: boxes and all else go on with the drawn picture, which takes the place of the one that came. */
static const weir_port outputs[] = {
    {.name = "out", .adds = {"weir.picture/1"}},
    {0},
};

static const weir_component_class draw = {
    .name = "draw",
    .summary = "draws what was found, the frame's number and its age over a copy of the picture",
    .inputs = inputs,
    .outputs = outputs,
    .options = options,
    .options_bytes = sizeof(draw_options),
    .state_bytes = sizeof(draw_state),
    .flags = WEIR_STATELESS,
    .plan = plan,
    .prepare = prepare,
    .open = open_draw,
    .process = process,
    .close = close_draw,
};

WEIR_PLUGIN(&draw);
