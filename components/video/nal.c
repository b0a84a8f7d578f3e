#include "nal.h"

enum { H264_SLICE = 1, H264_IDR = 5 };
enum { H265_REFERENCE_MAX = 15, H265_IRAP_FIRST = 16, H265_IRAP_LAST = 23, H265_VCL_END = 32, H265_SPS = 33 };
enum { AVCC_LENGTH_AT = 4, HVCC_LAYERS_AT = 21 };

typedef struct seen {
    bool picture, key, needed;
} seen;

static void look_at_h264(const uint8_t *unit, seen *found)
{
    unsigned type = unit[0] & 31u;
    if (type < H264_SLICE || type > H264_IDR)
        return;
    found->picture = true;
    found->key |= type == H264_IDR;
    found->needed |= (unit[0] >> 5 & 3u) != 0;
}

/* Even types below 16 are referred to by higher temporal layers only, so in the highest by none. */
static void look_at_h265(wr_nal_form *form, const uint8_t *unit, size_t bytes, seen *found)
{
    unsigned type = unit[0] >> 1 & 63u, space = (unit[0] & 1u) << 5 | unit[1] >> 3, layer = (unit[1] & 7u) - 1;
    if (space != 0) /* of a scalable extension: our decoders leave it out */
        return;
    if (type == H265_SPS && bytes > 2)
        form->layer_top = unit[2] >> 1 & 7u;
    if (type >= H265_VCL_END)
        return;
    found->picture = true;
    found->key |= type >= H265_IRAP_FIRST && type <= H265_IRAP_LAST;
    found->needed |= type > H265_REFERENCE_MAX || type % 2 == 1 || layer != form->layer_top;
}

static void look_at(wr_nal_form *form, const uint8_t *unit, size_t bytes, seen *found)
{
    if (form->codec == WR_NAL_H264 && bytes > 0)
        look_at_h264(unit, found);
    else if (form->codec == WR_NAL_H265 && bytes > 1)
        look_at_h265(form, unit, bytes, found);
}

static void with_lengths(wr_nal_form *form, const uint8_t *data, size_t bytes, seen *found)
{
    while (bytes > form->length_bytes) {
        size_t length = 0;
        for (unsigned i = 0; i < form->length_bytes; i++)
            length = length << 8 | data[i];
        data += form->length_bytes;
        bytes -= form->length_bytes;
        if (length > bytes)
            length = bytes;
        look_at(form, data, length, found);
        data += length;
        bytes -= length;
    }
}

static const uint8_t *start_code(const uint8_t *from, const uint8_t *end)
{
    for (; end - from >= 3; from++)
        if (from[0] == 0 && from[1] == 0 && from[2] == 1)
            return from;
    return NULL;
}

static void with_start_codes(wr_nal_form *form, const uint8_t *data, size_t bytes, seen *found)
{
    const uint8_t *end = data + bytes;
    for (const uint8_t *at = bytes ? start_code(data, end) : NULL; at; at = start_code(at + 3, end))
        look_at(form, at + 3, (size_t)(end - at - 3), found);
}

wr_nal_form wr_nal_form_of(wr_nal_codec codec, const uint8_t *extradata, size_t bytes)
{
    wr_nal_form form = {.codec = codec, .layer_top = WR_NAL_LAYERS_UNKNOWN};
    size_t at = codec == WR_NAL_H264 ? AVCC_LENGTH_AT : HVCC_LAYERS_AT;
    seen found = {false, false, false};
    if (codec == WR_NAL_OTHER)
        return form;
    if (bytes <= at || extradata[0] != 1) {
        with_start_codes(&form, extradata, bytes, &found);
        return form;
    }
    form.length_bytes = (extradata[at] & 3u) + 1;
    if (form.length_bytes == 3) /* not allowed: then it is no such header */
        form.length_bytes = 0;
    unsigned layers = extradata[at] >> 3 & 7u;
    if (codec == WR_NAL_H265 && form.length_bytes && layers)
        form.layer_top = layers - 1;
    return form;
}

wr_nal_kind wr_nal_look(wr_nal_form *form, const uint8_t *data, size_t bytes)
{
    seen found = {false, false, false};
    if (form->codec == WR_NAL_OTHER)
        return (wr_nal_kind){false, false};
    if (form->length_bytes)
        with_lengths(form, data, bytes, &found);
    else
        with_start_codes(form, data, bytes, &found);
    return (wr_nal_kind){.key = found.key, .discardable = found.picture && !found.key && !found.needed};
}
