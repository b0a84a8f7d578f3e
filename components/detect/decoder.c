#include "decoder.h"

#include "../lib/near.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { STRIDES = 3 };
static const uint32_t strides[STRIDES] = {8, 16, 32};

static int64_t cells(const wr_output_form *form)
{
    int64_t sum = 0;
    for (int i = 0; i < STRIDES; i++)
        sum += (int64_t)(form->width / strides[i]) * (form->height / strides[i]);
    return sum;
}

/* The class with the best score. */
static int32_t best(const float *score, size_t step, uint32_t labels)
{
    uint32_t found = 0;
    for (uint32_t i = 1; i < labels; i++)
        if (score[i * step] > score[found * step])
            found = i;
    return (int32_t)found;
}

static void add_centred(wr_found *found, float x, float y, float width, float height, float score, int32_t label)
{
    wr_found_add(found, x - width / 2, y - height / 2, x + width / 2, y + height / 2, score, label);
}

/* --- centernet --- */

static wr_shape centernet_shape(const wr_output_form *form)
{
    (void)form;
    return (wr_shape){3, {1, -1, 6}};
}

static bool centernet_sure(const wr_shape *shape, const wr_output_form *form)
{
    (void)shape;
    return form->labels != 1;
}

static void decode_centernet(const float *data, const wr_shape *shape, const wr_output_form *form, wr_found *found)
{
    (void)form;
    for (int64_t i = 0; i < shape->size[1]; i++, data += 6)
        if (data[5] >= 0 && data[5] < 65536)
            wr_found_add(found, data[0], data[1], data[2], data[3], data[4], (int32_t)data[5]);
}

/* --- yolox --- */

static wr_shape yolox_shape(const wr_output_form *form)
{
    return (wr_shape){3, {1, cells(form), 5 + (int64_t)form->labels}};
}

/* Other exports of that shape are decoded already. */
static bool never_sure(const wr_shape *shape, const wr_output_form *form)
{
    (void)shape;
    (void)form;
    return false;
}

static void decode_cell(const float *cell, float x, float y, float stride, uint32_t labels, wr_found *found)
{
    /* No class is above 1: most cells end here. */
    if (!(cell[4] >= found->threshold))
        return;
    int32_t label = best(cell + 5, 1, labels);
    add_centred(found, (cell[0] + x) * stride, (cell[1] + y) * stride, expf(cell[2]) * stride, expf(cell[3]) * stride,
                cell[4] * cell[5 + label], label);
}

static void decode_yolox(const float *data, const wr_shape *shape, const wr_output_form *form, wr_found *found)
{
    for (int i = 0; i < STRIDES; i++)
        for (uint32_t y = 0; y < form->height / strides[i]; y++)
            for (uint32_t x = 0; x < form->width / strides[i]; x++, data += shape->size[2])
                decode_cell(data, (float)x, (float)y, (float)strides[i], form->labels, found);
}

/* --- yolov5 --- */

static wr_shape yolov5_shape(const wr_output_form *form)
{
    return (wr_shape){3, {1, -1, 5 + (int64_t)form->labels}};
}

static bool yolov5_sure(const wr_shape *shape, const wr_output_form *form)
{
    return shape->size[1] == 3 * cells(form);
}

static void decode_yolov5(const float *data, const wr_shape *shape, const wr_output_form *form, wr_found *found)
{
    for (int64_t i = 0; i < shape->size[1]; i++, data += shape->size[2]) {
        if (!(data[4] >= found->threshold))
            continue;
        int32_t label = best(data + 5, 1, form->labels);
        add_centred(found, data[0], data[1], data[2], data[3], data[4] * data[5 + label], label);
    }
}

/* --- yolov8 --- */

static wr_shape yolov8_shape(const wr_output_form *form)
{
    return (wr_shape){3, {1, 4 + (int64_t)form->labels, -1}};
}

static bool yolov8_sure(const wr_shape *shape, const wr_output_form *form)
{
    return shape->size[2] == cells(form);
}

static void decode_yolov8(const float *data, const wr_shape *shape, const wr_output_form *form, wr_found *found)
{
    size_t n = (size_t)shape->size[2];
    for (size_t i = 0; i < n; i++, data++) {
        int32_t label = best(data + 4 * n, n, form->labels);
        add_centred(found, data[0], data[n], data[2 * n], data[3 * n], data[(4 + (size_t)label) * n], label);
    }
}

/* --- choosing --- */

static const wr_decoder decoders[] = {
    {"centernet", centernet_shape, centernet_sure, decode_centernet},
    {"yolox", yolox_shape, never_sure, decode_yolox},
    {"yolov5", yolov5_shape, yolov5_sure, decode_yolov5},
    {"yolov8", yolov8_shape, yolov8_sure, decode_yolov8},
};
enum { DECODERS = sizeof decoders / sizeof *decoders };

bool wr_decoder_takes(const wr_decoder *decoder, const wr_shape *shape, const wr_output_form *form)
{
    wr_shape wanted = decoder->shape(form);
    bool fits = shape->rank == wanted.rank;
    for (size_t i = 0; fits && i < shape->rank; i++)
        fits = shape->size[i] == wanted.size[i] || shape->size[i] < 0 || wanted.size[i] < 0;
    return fits;
}

static const wr_decoder *find_named(const char *name, const wr_shape *shape, const wr_output_form *form, char *why,
                                    size_t why_bytes)
{
    char gives[96], wants[96];
    wr_near near = {.word = name};
    for (int i = 0; i < DECODERS; i++) {
        const wr_decoder *decoder = &decoders[i];
        wr_near_offer(&near, decoder->name);
        if (strcmp(decoder->name, name) != 0)
            continue;
        if (wr_decoder_takes(decoder, shape, form))
            return decoder;
        wr_shape wanted = decoder->shape(form);
        snprintf(why, why_bytes,
                 "its output is %s, but decoder %s with %u labels and an input of %ux%u takes %s; correct labels:, "
                 "size: or decoder: in its description",
                 wr_shape_text(shape, gives), name, form->labels, form->width, form->height,
                 wr_shape_text(&wanted, wants));
        return NULL;
    }
    if (near.best)
        snprintf(why, why_bytes, "its description names the decoder %s, which is unknown; did you mean %s?", name,
                 near.best);
    else
        snprintf(why, why_bytes,
                 "its description names the decoder %s, which is unknown; known are: centernet, yolox, yolov5, yolov8",
                 name);
    return NULL;
}

static const wr_decoder *recognise(const wr_shape *shape, const wr_output_form *form, char *why, size_t why_bytes)
{
    const wr_decoder *sure = NULL;
    char gives[96], all[96] = "";
    int fitting = 0, certain = 0;
    for (int i = 0; i < DECODERS; i++) {
        if (!wr_decoder_takes(&decoders[i], shape, form))
            continue;
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", fitting++ ? " or " : "", decoders[i].name);
        if (decoders[i].sure(shape, form)) {
            sure = &decoders[i];
            certain++;
        }
    }
    if (certain == 1)
        return sure;
    wr_shape_text(shape, gives);
    if (fitting)
        snprintf(why, why_bytes, "its output is %s, which may be %s; write output: {decoder: NAME} in its description",
                 gives, all);
    else
        snprintf(why, why_bytes,
                 "its output is %s, which no decoder takes with %u labels and an input of %ux%u; correct labels: and "
                 "size: in its description, or see components/detect/README.md for the layouts known",
                 gives, form->labels, form->width, form->height);
    return NULL;
}

const wr_decoder *wr_decoder_find(const char *name, const wr_shape *shape, const wr_output_form *form, char *why,
                                  size_t why_bytes)
{
    return *name ? find_named(name, shape, form, why, why_bytes) : recognise(shape, form, why, why_bytes);
}
