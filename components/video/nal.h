/* Nal: what a decoder may start with, and what it can do without, read from the headers of H.264 and H.265 NAL units
 * (ITU-T H.264 7.3.1, H.265 7.3.1.2). FFmpeg marks no packet of these streams discardable. Thread-safety: any thread. */
#ifndef WR_VIDEO_NAL_H
#define WR_VIDEO_NAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum wr_nal_codec { WR_NAL_OTHER, WR_NAL_H264, WR_NAL_H265 } wr_nal_codec;

typedef struct wr_nal_kind {
    bool key;         /* holds a picture that decoding can start with (IDR, or intra random access) */
    bool discardable; /* holds pictures, and no other picture refers to any of them */
} wr_nal_kind;

/* Bytes that give the length of a NAL unit in packets of this stream: 1, 2 or 4; 0 where start codes stand between them
 * (extradata is no avcC or hvcC). */
unsigned wr_nal_length_bytes(wr_nal_codec codec, const uint8_t *extradata, size_t bytes);
/* Never reads beyond `bytes`, whatever they are. */
wr_nal_kind wr_nal_look(wr_nal_codec codec, unsigned length_bytes, const uint8_t *data, size_t bytes);

#endif
