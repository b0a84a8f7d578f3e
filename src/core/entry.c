#include "core/entry.h"

#include <stdatomic.h>
#include <string.h>
#include <weir/boxes.h>
#include <weir/packet.h>
#include <weir/picture.h>

enum { SIDE_MAX = 16384, ALIGN = 64, PLANES = 3 };
_Static_assert(sizeof(weir_picture) <= WR_ENTRY_HEAD_BYTES && sizeof(weir_packet) <= WR_ENTRY_HEAD_BYTES &&
                   sizeof(weir_codec) <= WR_ENTRY_HEAD_BYTES,
               "what they begin with fits");

wr_entry wr_entry_of(weir_kind kind)
{
    switch (kind) {
    case WEIR_KIND_PICTURE:
    case WEIR_KIND_PACKET:
    case WEIR_KIND_CODEC:
        return WR_ENTRY_HEAD;
    case WEIR_KIND_BOXES:
    case WEIR_KIND_POINTS:
    case WEIR_KIND_READING:
    case WEIR_KIND_EVENT:
        return WR_ENTRY_WHOLE;
    default:
        return WR_ENTRY_AS_IT_LIES;
    }
}

/* What follows looks at the copy alone: the compiler may not read from there again. */
static void copy(void *to, const void *from, size_t bytes)
{
    memcpy(to, from, bytes);
    atomic_signal_fence(memory_order_seq_cst);
}

static bool within(uint64_t offset, uint64_t length, uint32_t bytes)
{
    return offset <= bytes && length <= bytes - offset;
}

/* From what was copied to what stays there, modulo 2^64. */
static uint64_t way(const void *to, const void *from)
{
    return (uint64_t)((uintptr_t)from - (uintptr_t)to);
}

/* Text that somebody may print: it ends, and steers no terminal. */
static void make_plain(char *text, size_t bytes)
{
    text[bytes - 1] = '\0';
    for (unsigned char *at = (unsigned char *)text; *at; at++)
        if (*at < 0x20 || *at == 0x7f || (*at == 0xc2 && at[1] >= 0x80 && at[1] < 0xa0)) /* C1, as UTF-8 */
            *at = '?';
}

static bool plane_fits(const weir_picture *picture, int plane, uint32_t bytes)
{
    uint64_t width = plane ? (picture->width + 1) / 2 : picture->width;
    uint64_t height = plane ? (picture->height + 1) / 2 : picture->height;
    uint64_t stride = picture->stride[plane], offset = picture->offset[plane];
    if (stride < width || stride > INT32_MAX || stride % ALIGN != 0 || offset % ALIGN != 0)
        return false;
    return within(offset, stride * (height - 1) + width + ALIGN, bytes); /* vector code reads a little further */
}

static bool picture_enters(weir_picture *picture, uint64_t there, uint32_t bytes)
{
    if (picture->format != WEIR_I420 || picture->planes != PLANES || picture->width == 0 || picture->height == 0 ||
        picture->width > SIDE_MAX || picture->height > SIDE_MAX)
        return false;
    for (int i = 0; i < PLANES; i++) {
        if (!plane_fits(picture, i, bytes))
            return false;
        picture->offset[i] += there;
    }
    picture->offset[PLANES] = picture->stride[PLANES] = 0;
    return true;
}

static bool packet_enters(weir_packet *packet, uint64_t there, uint32_t bytes)
{
    if (packet->bytes > INT32_MAX - WEIR_PACKET_PADDING || packet->offset % ALIGN != 0 ||
        !within(packet->offset, (uint64_t)packet->bytes + WEIR_PACKET_PADDING, bytes))
        return false;
    packet->offset += there;
    return true;
}

static bool codec_enters(weir_codec *codec, uint64_t there, uint32_t bytes)
{
    const uint32_t numbers[] = {codec->width, codec->height, codec->rate_num, codec->rate_den};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (numbers[i] > INT32_MAX)
            return false;
    if (codec->rotation % 90 != 0 || codec->rotation >= 360 ||
        codec->extradata_bytes > INT32_MAX - WEIR_PACKET_PADDING ||
        !within(codec->extradata_offset, codec->extradata_bytes, bytes))
        return false;
    make_plain(codec->name, sizeof codec->name);
    codec->extradata_offset += there;
    return true;
}

static bool boxes_enter(weir_boxes *boxes, uint32_t bytes)
{
    if (bytes < sizeof *boxes || boxes->count > (bytes - sizeof *boxes) / sizeof *boxes->box)
        return false;
    for (uint32_t i = 0; i < boxes->count; i++)
        make_plain(boxes->box[i].label, sizeof boxes->box[i].label);
    return true;
}

static bool points_enter(const weir_points *points, uint32_t bytes)
{
    return bytes >= sizeof *points && points->count <= (bytes - sizeof *points) / sizeof *points->point;
}

static size_t head_bytes(weir_kind kind)
{
    return kind == WEIR_KIND_PICTURE  ? sizeof(weir_picture)
           : kind == WEIR_KIND_PACKET ? sizeof(weir_packet)
                                      : sizeof(weir_codec);
}

static bool head_enters(weir_kind kind, void *to, const void *from, uint32_t bytes)
{
    if (bytes < head_bytes(kind))
        return false;
    copy(to, from, head_bytes(kind));
    return kind == WEIR_KIND_PICTURE  ? picture_enters(to, way(to, from), bytes)
           : kind == WEIR_KIND_PACKET ? packet_enters(to, way(to, from), bytes)
                                      : codec_enters(to, way(to, from), bytes);
}

bool wr_entry_copy(weir_kind kind, void *to, const void *from, uint32_t bytes)
{
    if (wr_entry_of(kind) == WR_ENTRY_HEAD)
        return head_enters(kind, to, from, bytes);
    copy(to, from, bytes);
    return kind == WEIR_KIND_BOXES ? boxes_enter(to, bytes) : kind == WEIR_KIND_POINTS ? points_enter(to, bytes) : true;
}
