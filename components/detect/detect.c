#include "../lib/catalogue.h"
#include "../lib/near.h"
#include "decoder.h"
#include "external.h"
#include "fit.h"
#include "found.h"
#include "onnxfile.h"
#include "session.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/component.h>
#include <weir/view.h>

typedef struct detect_options {
    weir_string model;
    double threshold, nms_iou;
    weir_choice nms;
    weir_list classes;
    int max_boxes, threads;
    weir_choice provider;
} detect_options;

enum { NMS_AUTO, NMS_AGNOSTIC, NMS_EACH, NMS_OFF };
enum { CANDIDATES = 2048, WHY_BYTES = 2 * PATH_MAX };

typedef struct detect_state {
    wr_model model;
    uint8_t wanted[WR_MODEL_LABELS];
    bool chosen; /* some classes only */
    wr_fit_key key;
    void *file; /* the model's bytes, between prepare and open */
    size_t file_bytes;
    wr_session session;
    wr_shape input;
    const wr_decoder *decoder;
    wr_found found;
} detect_state;

/* --- plan --- */

static wr_output_form form_of(const detect_state *state)
{
    return (wr_output_form){state->model.input.width, state->model.input.height, state->model.labels};
}

static weir_status unknown_class(weir_node *node, const char *word)
{
    detect_state *state = weir_state(node);
    wr_near near = {.word = word};
    for (uint32_t i = 0; i < state->model.labels; i++)
        wr_near_offer(&near, state->model.label[i]);
    if (near.best)
        return weir_fail(node, WEIR_BAD_OPTION, "classes: %s has no class %s; did you mean %s?", state->model.name,
                         word, near.best);
    return weir_fail(node, WEIR_BAD_OPTION, "classes: %s has no class %s; weir models %s lists them", state->model.name,
                     word, state->model.name);
}

static weir_status choose_classes(weir_node *node)
{
    detect_state *state = weir_state(node);
    const detect_options *options = weir_options(node);
    char word[256];
    const char *at = options->classes.text;
    while ((at = weir_list_next(at, word, sizeof word))) {
        bool known = false;
        for (uint32_t i = 0; i < state->model.labels; i++) {
            if (strcmp(state->model.label[i], word) != 0)
                continue;
            state->wanted[i] = 1;
            known = true;
        }
        if (!known)
            return unknown_class(node, word);
        state->chosen = true;
    }
    return WEIR_OK;
}

static weir_status check_provider(weir_node *node)
{
    const detect_options *options = weir_options(node);
    const char *provider = wr_provider_names[options->provider.index];
    char why[WHY_BYTES];
    weir_status status = WEIR_OK;
    /* The processor is always there; what else there is, only the library knows. */
    if (options->provider.index) {
        status = wr_ort_load(why, sizeof why);
        if (status == WEIR_OK)
            status = wr_provider_check(provider, why, sizeof why);
    }
    return status < 0 ? weir_fail(node, status, "%s", why) : WEIR_OK;
}

static weir_status read_file(weir_node *node)
{
    detect_state *state = weir_state(node);
    char why[WHY_BYTES];
    weir_status status;
    state->file = wr_onnxfile_read(&state->model, &state->file_bytes, &status, why, sizeof why);
    return state->file ? WEIR_OK : weir_fail(node, status, "%s", why);
}

static void forget_file(detect_state *state)
{
    free(state->file);
    state->file = NULL;
}

/* Whether there is a decoder of that name; whether it fits is known when the model has been read. */
static weir_status check_decoder(weir_node *node)
{
    detect_state *state = weir_state(node);
    wr_shape any = {3, {-1, -1, -1}};
    wr_output_form form = form_of(state);
    char why[WHY_BYTES];
    if (!state->model.decoder[0] || wr_decoder_find(state->model.decoder, &any, &form, why, sizeof why))
        return WEIR_OK;
    return weir_fail(node, WEIR_BAD_DATA, "the model %s cannot be used: %s", state->model.path, why);
}

static weir_status find_model(weir_node *node)
{
    detect_state *state = weir_state(node);
    const detect_options *options = weir_options(node);
    char why[WHY_BYTES];
    weir_status status = wr_catalogue_find(options->model.text, &state->model, why, sizeof why);
    if (status < 0)
        return weir_fail(node, status, "%s", why);
    status = check_decoder(node);
    if (status < 0)
        return status;
    /* Read to be checked, and again when it is needed: in between it would be in memory for nothing. */
    status = read_file(node);
    forget_file(state);
    return status;
}

/* Weights are held about three times while a session is made; activations grow with the input. For coco that is 129 MB,
 * where a replica took 122, for yolox_nano 80, where one took 30. */
static size_t session_bytes(const detect_state *state)
{
    const wr_model_input *input = &state->model.input;
    return 3 * state->file_bytes + 400 * (size_t)input->width * input->height;
}

static weir_status plan(weir_node *node)
{
    detect_state *state = weir_state(node);
    const detect_options *options = weir_options(node);
    weir_status status = find_model(node);
    if (status == WEIR_OK)
        status = choose_classes(node);
    if (status == WEIR_OK)
        status = check_provider(node);
    if (status < 0)
        return status;
    state->key = wr_fit_key_of(&state->model.input);
    weir_plan_memory(node, session_bytes(state) + CANDIDATES * sizeof(wr_candidate));
    status = weir_plan_view(node, &state->key, sizeof state->key, wr_fit_bytes(&state->key));
    return status < 0 ? status
                      : weir_plan_store(node, WEIR_KIND_BOXES, weir_boxes_bytes((size_t)options->max_boxes), 0, 0);
}

/* --- prepare and open --- */

static weir_status prepare(weir_node *node)
{
    char why[WHY_BYTES];
    const detect_options *options = weir_options(node);
    weir_status status = wr_ort_load(why, sizeof why);
    if (status == WEIR_OK)
        status = wr_provider_check(wr_provider_names[options->provider.index], why, sizeof why);
    return status < 0 ? weir_fail(node, status, "%s", why) : read_file(node);
}

/* The shape that is fed, if the model takes it. */
static bool set_input(detect_state *state, char *why, size_t why_bytes)
{
    const wr_model_input *input = &state->model.input;
    const wr_shape *takes = &state->session.input;
    char is[96], want[96];
    state->input = input->layout == WR_NCHW ? (wr_shape){4, {1, 3, input->height, input->width}}
                                            : (wr_shape){4, {1, input->height, input->width, 3}};
    bool fits = takes->rank == state->input.rank;
    for (size_t i = 0; fits && i < takes->rank; i++)
        fits = takes->size[i] < 0 || takes->size[i] == state->input.size[i];
    if (!fits)
        snprintf(why, why_bytes, "it takes %s, but its description says %s; correct size: or layout: there",
                 wr_shape_text(takes, want), wr_shape_text(&state->input, is));
    return fits;
}

static weir_status open_session(weir_node *node, char *why, size_t why_bytes)
{
    detect_state *state = weir_state(node);
    const detect_options *options = weir_options(node);
    wr_session_options wanted = {options->threads, wr_provider_names[options->provider.index], state->model.output};
    wr_output_form form = form_of(state);
    weir_status status = wr_external_refuse(state->file, state->file_bytes, why, why_bytes);
    if (status == WEIR_OK)
        status = wr_session_open(&state->session, state->file, state->file_bytes, &wanted, why, why_bytes);
    forget_file(state);
    if (status < 0)
        return status;
    if (set_input(state, why, why_bytes))
        state->decoder = wr_decoder_find(state->model.decoder, &state->session.output, &form, why, why_bytes);
    if (!state->decoder)
        wr_session_close(&state->session);
    return state->decoder ? WEIR_OK : WEIR_BAD_DATA;
}

static weir_status open_detect(weir_node *node)
{
    char why[WHY_BYTES];
    detect_state *state = weir_state(node);
    const detect_options *options = weir_options(node);
    weir_status status = open_session(node, why, sizeof why);
    if (status < 0)
        return weir_fail(node, status, "the model %s cannot be used: %s", state->model.path, why);
    state->found = (wr_found){
        .item = malloc(CANDIDATES * sizeof(wr_candidate)),
        .room = CANDIDATES,
        .threshold = (float)(options->threshold > 0 ? options->threshold : state->model.threshold),
        .wanted = state->chosen ? state->wanted : NULL,
        .labels = state->model.labels,
    };
    if (state->found.item)
        return WEIR_OK;
    wr_session_close(&state->session);
    return weir_fail(node, WEIR_NO_MEMORY, "no memory for what may be found");
}

/* --- frames --- */

static weir_status lose(weir_node *node, const char *why)
{
    weir_count_lost(node, 1);
    if (!weir_interrupted(node))
        weir_error(node, "%s", why);
    return WEIR_OK;
}

/* What the model says of this picture; NULL: why says why nothing. */
static const float *run_model(weir_node *node, const weir_frame *frame, wr_shape *shape, char *why, size_t why_bytes)
{
    detect_state *state = weir_state(node);
    char reason[512];
    weir_view *view;
    const float *input =
        weir_view_get(node, frame, WEIR_KIND_PICTURE, &state->key, sizeof state->key, wr_fit_make, &view);
    if (!input) {
        snprintf(why, why_bytes, "a picture could not be converted");
        return NULL;
    }
    const float *result = wr_session_run(&state->session, input, &state->input, shape, reason, sizeof reason);
    if (!result)
        snprintf(why, why_bytes, "the model %s could not be run: %s", state->model.path, reason);
    weir_view_release(view);
    return result;
}

static void settle(weir_node *node)
{
    detect_state *state = weir_state(node);
    const detect_options *options = weir_options(node);
    double iou = options->nms_iou > 0 ? options->nms_iou : state->model.nms_iou;
    bool agnostic = state->model.nms_classes == WR_AGNOSTIC;
    if (options->nms.index == NMS_OFF)
        iou = 1;
    else if (options->nms.index != NMS_AUTO)
        agnostic = options->nms.index == NMS_AGNOSTIC;
    wr_found_settle(&state->found, iou, agnostic, (size_t)options->max_boxes);
}

static void set_label(const wr_model *model, weir_box *box)
{
    if ((uint32_t)box->label_id < model->labels)
        snprintf(box->label, sizeof box->label, "%s", model->label[box->label_id]);
    else
        snprintf(box->label, sizeof box->label, "class %d", (int)box->label_id);
}

static void write_boxes(const detect_state *state, const weir_picture *picture, weir_boxes *boxes)
{
    *boxes = (weir_boxes){
        .count = (uint32_t)state->found.count, .picture_width = picture->width, .picture_height = picture->height};
    for (uint32_t i = 0; i < boxes->count; i++) {
        boxes->box[i] = wr_found_box(&state->found, i, picture->width, picture->height);
        set_label(&state->model, &boxes->box[i]);
    }
}

static weir_status send(weir_node *node, const weir_frame *frame)
{
    detect_state *state = weir_state(node);
    weir_frame out = weir_frame_fork(frame);
    weir_boxes *boxes = weir_attach(node, &out, WEIR_KIND_BOXES, weir_boxes_bytes(state->found.count));
    if (!boxes) {
        weir_frame_drop(&out);
        return lose(node, "there is no room for boxes: a consumer keeps more than it declared");
    }
    write_boxes(state, weir_frame_picture(frame), boxes);
    weir_send(node, 0, &out);
    return WEIR_OK;
}

static weir_status process(weir_node *node, int input, const weir_frame *frame)
{
    (void)input;
    detect_state *state = weir_state(node);
    const weir_picture *picture = weir_frame_picture(frame);
    wr_output_form form = form_of(state);
    wr_shape shape;
    char why[WHY_BYTES], text[96];
    if (!picture)
        return lose(node, "a frame without a picture was let go");
    const float *result = run_model(node, frame, &shape, why, sizeof why);
    if (!result)
        return lose(node, why);
    if (!wr_decoder_takes(state->decoder, &shape, &form))
        return weir_fail(node, WEIR_BAD_DATA,
                         "the model %s gave %s, which decoder %s does not take; correct decoder: "
                         "or labels: in its description",
                         state->model.path, wr_shape_text(&shape, text), state->decoder->name);
    wr_found_begin(&state->found, wr_fit_of(&state->key, picture->width, picture->height));
    state->decoder->decode(result, &shape, &form, &state->found);
    settle(node);
    return send(node, frame);
}

static void interrupt(weir_node *node)
{
    detect_state *state = weir_state(node);
    wr_session_interrupt(&state->session);
}

static void close_detect(weir_node *node)
{
    detect_state *state = weir_state(node);
    wr_session_close(&state->session);
    free(state->found.item);
}

/* --- the class --- */

static const char *const nms_choices[] = {"auto", "agnostic", "each", "off", NULL};

static const weir_option options[] = {
    WEIR_OPTION(detect_options, model,
                "name of a model (weir models lists them), or path of an ONNX file or description", .text = "coco"),
    WEIR_OPTION(detect_options, threshold, "least score of a box; 0: as the model's description says", .text = "0",
                .min = 0, .max = 1),
    WEIR_OPTION(detect_options, nms_iou,
                "a box that overlaps a better one by more than this goes; 0: as the model's description says",
                .text = "0", .min = 0, .max = 1),
    WEIR_OPTION(detect_options, nms, "gives way to a better box of any class, of each class by itself, or never",
                .text = "auto", .choices = nms_choices),
    WEIR_OPTION(detect_options, classes, "only these, by their labels; empty: all"),
    WEIR_OPTION(detect_options, max_boxes, "of a frame at most, the best", .text = "100", .min = 1, .max = 1000),
    WEIR_OPTION(detect_options, threads, "that compute one frame; replicas= of one thread each do more", .text = "1",
                .min = 1, .max = 64),
    WEIR_OPTION(detect_options, provider, "what computes; others than cpu need an ONNX Runtime that has them",
                .text = "cpu", .choices = wr_provider_names),
    {0},
};

static const weir_port inputs[] = {{.name = "in", .needs = {"weir.picture/1"}, .flags = WEIR_PORT_MANY}, {0}};
static const weir_port outputs[] = {{.name = "out", .adds = {"weir.boxes/1"}}, {0}};

static const weir_component_class detect = {
    .name = "detect",
    .summary = "finds objects in pictures with an ONNX model",
    .inputs = inputs,
    .outputs = outputs,
    .options = options,
    .options_bytes = sizeof(detect_options),
    .state_bytes = sizeof(detect_state),
    .flags = WEIR_STATELESS | WEIR_EXPOSED,
    .plan = plan,
    .prepare = prepare,
    .open = open_detect,
    .process = process,
    .interrupt = interrupt,
    .close = close_detect,
};

WEIR_PLUGIN(&detect);
