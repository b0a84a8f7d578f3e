#include <weir/boxes.h>
#include <weir/frame.h>
#include <weir/packet.h>
#include <weir/picture.h>

#include "core/store.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static pthread_mutex_t kinds_lock = PTHREAD_MUTEX_INITIALIZER;
/* Names are added under the lock and never change; a number is known only after its name was written. */
static char kind_name[WEIR_KINDS_MAX][64] = {
    [WEIR_KIND_PACKET] = "weir.packet/1", [WEIR_KIND_CODEC] = "weir.codec/1",   [WEIR_KIND_PICTURE] = "weir.picture/1",
    [WEIR_KIND_BOXES] = "weir.boxes/1",   [WEIR_KIND_POINTS] = "weir.points/1", [WEIR_KIND_READING] = "weir.reading/1",
    [WEIR_KIND_EVENT] = "weir.event/1",
};
static weir_kind kinds = WEIR_KINDS_BUILTIN;

weir_kind weir_kind_id(const char *name)
{
    weir_kind id = 0;
    pthread_mutex_lock(&kinds_lock);
    while (id < kinds && strcmp(kind_name[id], name) != 0)
        id++;
    if (id == kinds && id < WEIR_KINDS_MAX) {
        snprintf(kind_name[id], sizeof kind_name[id], "%s", name);
        kinds++;
    }
    pthread_mutex_unlock(&kinds_lock);
    return id;
}

const char *weir_kind_name(weir_kind kind)
{
    return kind < WEIR_KINDS_MAX && kind_name[kind][0] ? kind_name[kind] : "?";
}

weir_frame weir_frame_fork(const weir_frame *frame)
{
    weir_frame copy = *frame;
    for (unsigned i = 0; i < copy.count; i++)
        wr_ref_add(&copy.refs[i]);
    return copy;
}

void weir_frame_drop(weir_frame *frame)
{
    for (unsigned i = 0; i < frame->count; i++)
        wr_ref_release(&frame->refs[i]);
    frame->count = 0;
}

void weir_frame_detach(weir_frame *frame, weir_kind kind)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < frame->count; i++) {
        if (frame->refs[i].kind == kind)
            wr_ref_release(&frame->refs[i]);
        else
            frame->refs[kept++] = frame->refs[i];
    }
    frame->count = (uint16_t)kept;
}

static const weir_ref *find(const weir_frame *frame, weir_kind kind)
{
    for (unsigned i = 0; i < frame->count; i++)
        if (frame->refs[i].kind == kind)
            return &frame->refs[i];
    return NULL;
}

int weir_frame_merge(weir_frame *frame, const weir_frame *other)
{
    for (unsigned i = 0; i < other->count; i++) {
        if (find(frame, other->refs[i].kind))
            continue;
        if (frame->count == WEIR_FRAME_REFS)
            return 0;
        wr_ref_add(&other->refs[i]);
        frame->refs[frame->count++] = other->refs[i];
    }
    return 1;
}

const void *weir_frame_find(const weir_frame *frame, weir_kind kind, size_t *bytes)
{
    const weir_ref *ref = find(frame, kind);
    if (!ref)
        return NULL;
    if (bytes)
        *bytes = ref->bytes;
    return wr_ref_data(ref);
}

/* --- pictures --- */

enum { PICTURE_SIDE_MAX = 16384, PICTURE_ALIGN = 64 };

static uint32_t align_up(uint32_t value)
{
    return (value + PICTURE_ALIGN - 1) / PICTURE_ALIGN * PICTURE_ALIGN;
}

void weir_picture_layout(weir_picture *picture, weir_format format, uint32_t width, uint32_t height)
{
    uint32_t half_width = (width + 1) / 2, half_height = (height + 1) / 2;
    uint32_t stride = align_up(width), half_stride = align_up(half_width);
    *picture = (weir_picture){.format = format, .width = width, .height = height, .matrix = WEIR_BT601, .planes = 3};
    picture->stride[0] = stride;
    picture->stride[1] = picture->stride[2] = half_stride;
    picture->offset[0] = align_up(sizeof *picture);
    picture->offset[1] = picture->offset[0] + (uint64_t)stride * height;
    picture->offset[2] = picture->offset[1] + (uint64_t)half_stride * half_height;
}

size_t weir_picture_bytes(weir_format format, uint32_t width, uint32_t height)
{
    if (width == 0 || height == 0 || width > PICTURE_SIDE_MAX || height > PICTURE_SIDE_MAX)
        return 0;
    weir_picture picture;
    weir_picture_layout(&picture, format, width, height);
    /* Vector code may read a little past the last row. */
    return picture.offset[2] + (uint64_t)picture.stride[2] * ((height + 1) / 2) + PICTURE_ALIGN;
}

/* --- packets --- */

int weir_codec_differs(const weir_codec *one, const weir_codec *other)
{
    if (!one || !other || one == other)
        return one != other;
    return strncmp(one->name, other->name, sizeof one->name) != 0 || one->width != other->width ||
           one->height != other->height || one->rotation != other->rotation ||
           one->extradata_bytes != other->extradata_bytes ||
           memcmp(weir_codec_extradata(one), weir_codec_extradata(other), one->extradata_bytes) != 0;
}
