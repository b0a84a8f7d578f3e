/* Nal: what a decoder may start with, and what it can do without, read from the headers of H.264 and H.265 NAL units
 * (ITU-T H.264 7.3.1, H.265 7.3.1.2). FFmpeg marks no packet of these streams discardable.
 * Thread-safety: one thread at a time per form. */
#ifndef WR_VIDEO_NAL_H
#define WR_VIDEO_NAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum wr_nal_codec { WR_NAL_OTHER, WR_NAL_H264, WR_NAL_H265 } wr_nal_codec;

enum { WR_NAL_LAYERS_UNKNOWN = 8 };

/* How packets of a stream are written. */
typedef struct wr_nal_form {
    wr_nal_codec codec;
    unsigned length_bytes; /* that give the length of a unit: 1, 2 or 4; 0: start codes stand between units */
    unsigned layer_top;    /* H.265: highest temporal layer, 0 to 6, by the parameter sets seen so far */
} wr_nal_form;

typedef struct wr_nal_kind {
    bool key;         /* holds a picture that decoding can start with (IDR, or intra random access) */
    bool discardable; /* holds pictures, and no other picture refers to any of them */
} wr_nal_kind;

/* By what a decoder must know first: avcC or hvcC (units with lengths), or parameter sets between start codes, or
 * nothing. Whatever the bytes are, none beyond them is read. */
wr_nal_form wr_nal_form_of(wr_nal_codec codec, const uint8_t *extradata, size_t bytes);
/* One packet. Parameter sets in it are noted in the form. Never reads beyond `bytes`, whatever they are. */
wr_nal_kind wr_nal_look(wr_nal_form *form, const uint8_t *data, size_t bytes);

#endif
