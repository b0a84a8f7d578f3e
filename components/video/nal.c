#include "nal.h"

#include <string.h>

enum { H264_SLICE = 1, H264_IDR = 5, H265_VCL_END = 32, H265_IRAP_FIRST = 16, H265_IRAP_LAST = 23, H265_REFERENCE_MAX = 15 };

unsigned wr_nal_length_bytes(wr_nal_codec codec, const uint8_t *extradata, size_t bytes)
{
    size_t at = codec == WR_NAL_H264 ? 4 : 21;
    if (codec == WR_NAL_OTHER || bytes <= at || extradata[0] != 1)
        return 0;
    unsigned length = (extradata[at] & 3u) + 1;
    return length == 3 ? 0 : length;
}

typedef struct seen {
    bool picture, key, needed;
} seen;

static void look_at(wr_nal_codec codec, const uint8_t *unit, size_t bytes, seen *found)
{
    if (bytes < 2)
        return;
    unsigned type = codec == WR_NAL_H264 ? unit[0] & 31u : unit[0] >> 1 & 63u;
    if (codec == WR_NAL_H264 && type >= H264_SLICE && type <= H264_IDR) {
        found->picture = true;
        found->key |= type == H264_IDR;
        found->needed |= (unit[0] >> 5 & 3u) != 0;
    } else if (codec == WR_NAL_H265 && type < H265_VCL_END) {
        found->picture = true;
        found->key |= type >= H265_IRAP_FIRST && type <= H265_IRAP_LAST;
        /* Even types below 16 are not referred to within their temporal sub-layer; higher layers may still be, so only
         * those of the highest, and we know of one layer only: id 0 alone is sure. */
        found->needed |= type > H265_REFERENCE_MAX || type % 2 == 1 || (unit[1] & 7u) != 1;
    }
}

static void with_lengths(wr_nal_codec codec, unsigned length_bytes, const uint8_t *data, size_t bytes, seen *found)
{
    while (bytes > length_bytes) {
        size_t length = 0;
        for (unsigned i = 0; i < length_bytes; i++)
            length = length << 8 | data[i];
        data += length_bytes;
        bytes -= length_bytes;
        if (length > bytes)
            length = bytes;
        look_at(codec, data, length, found);
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

static void with_start_codes(wr_nal_codec codec, const uint8_t *data, size_t bytes, seen *found)
{
    const uint8_t *end = data + bytes;
    for (const uint8_t *at = start_code(data, end); at; at = start_code(at + 3, end))
        look_at(codec, at + 3, (size_t)(end - at - 3), found);
}

wr_nal_kind wr_nal_look(wr_nal_codec codec, unsigned length_bytes, const uint8_t *data, size_t bytes)
{
    seen found = {false, false, false};
    if (codec == WR_NAL_OTHER)
        return (wr_nal_kind){false, false};
    if (length_bytes)
        with_lengths(codec, length_bytes, data, bytes, &found);
    else
        with_start_codes(codec, data, bytes, &found);
    return (wr_nal_kind){.key = found.key, .discardable = found.picture && !found.key && !found.needed};
}
