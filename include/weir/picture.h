/* Picture: raw pixels, immutable once sent.
 *
 * An attachment of kind WEIR_KIND_PICTURE is written as this header followed, in
 * the same slot, by the planes at their offsets. Rows are `stride` bytes apart;
 * strides, and planes in memory, are multiples of 64. Pictures in weir are
 * upright: rotation that a camera or phone asks for has been applied.
 *
 * Whoever reads uses weir_picture_plane(): where a picture came from another
 * process, its header is a copy of its own, which was checked when it came (the
 * format is known, the planes lie within what that process gave), and the offsets
 * lead from there to the planes, modulo 2^64. Header and planes are then not one
 * piece of memory. Pixels are never copied: who wrote them may still change them
 * if it has been taken over.
 */
#ifndef WEIR_PICTURE_H
#define WEIR_PICTURE_H

#include <weir/frame.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weir_format {
    WEIR_I420 = 1, /* 8-bit Y, U, V; chroma halved both ways, odd sizes rounded up */
} weir_format;

/* Which numbers mean which colours: ITU-T H.273 "matrix coefficients" and range. */
typedef enum weir_matrix { WEIR_BT601 = 0, WEIR_BT709 = 1, WEIR_BT2020 = 2 } weir_matrix;

typedef struct weir_picture {
    uint32_t format;     /* weir_format */
    uint32_t width;      /* pixels */
    uint32_t height;     /* pixels */
    uint32_t matrix;     /* weir_matrix */
    uint32_t full_range; /* 1: 0..255, 0: 16..235 */
    uint32_t planes;
    uint32_t stride[4]; /* bytes */
    uint64_t offset[4]; /* bytes from the start of this header, see above */
    uint64_t reserved[4];
} weir_picture;

/* Bytes that a picture of this size needs in a store, header included; 0 if a
 * side is 0 or above 16384. */
WEIR_API size_t weir_picture_bytes(weir_format format, uint32_t width, uint32_t height);
/* Writes the header for a picture of this size into at least weir_picture_bytes().
 * Pixels are left as they are. */
WEIR_API void weir_picture_layout(weir_picture *picture, weir_format format, uint32_t width, uint32_t height);

static inline const uint8_t *weir_picture_plane(const weir_picture *picture, int plane)
{
    return (const uint8_t *)((uintptr_t)picture + (uintptr_t)picture->offset[plane]);
}
static inline uint8_t *weir_picture_plane_mutable(weir_picture *picture, int plane)
{
    return (uint8_t *)picture + picture->offset[plane];
}
static inline const weir_picture *weir_frame_picture(const weir_frame *frame)
{
    return (const weir_picture *)weir_frame_find(frame, WEIR_KIND_PICTURE, NULL);
}

#ifdef __cplusplus
}
#endif
#endif
