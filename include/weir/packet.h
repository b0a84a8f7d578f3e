/* Packet and codec: one compressed access unit, and what its decoder must know first.
 *
 * Every frame of packets carries both, the codec attachment shared by all the
 * frames it is valid for: a consumer that joins in mid-stream, or sees another
 * codec attachment than before (weir_codec_differs), sets up its decoder from it.
 * Frames are in coding order. FFmpeg's numbering of codecs is not part of the
 * contract, its names are ("h264", "hevc", "mjpeg").
 *
 * Offsets count from the start of the header, and the data are written behind it,
 * in the same slot. Whoever reads uses weir_packet_data() and
 * weir_codec_extradata(): what came from another process has been checked to lie
 * within what that process gave, the header is then a copy of its own, and the
 * offset leads from there to the data, modulo 2^64.
 */
#ifndef WEIR_PACKET_H
#define WEIR_PACKET_H

#include <weir/frame.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_codec {
    char name[16];          /* as FFmpeg names it */
    uint32_t width, height; /* pixels as declared by the container; 0 if unknown */
    uint32_t rotation;      /* degrees clockwise that make it upright: 0, 90, 180, 270 */
    uint32_t extradata_bytes;
    uint64_t extradata_offset;   /* of the parameter sets (avcC or Annex B, as the container has them) */
    uint32_t rate_num, rate_den; /* frames/s as declared; 0/1 if unknown */
    uint32_t profile, level;     /* as FFmpeg gives them, 0xffffffff if unknown */
    uint32_t reserved[6];
} weir_codec;

typedef struct weir_packet {
    int64_t dts_ns;      /* decoding time of the media, WEIR_NO_TIME if unknown */
    int64_t duration_ns; /* 0 if unknown */
    uint64_t offset;     /* of the access unit, 64-byte aligned, 64 zero bytes behind it */
    uint32_t bytes;      /* of the access unit */
    uint32_t reserved[9];
} weir_packet;

/* Bytes behind packet data that decoders may read (zero). */
enum { WEIR_PACKET_PADDING = 64 };

static inline size_t weir_packet_bytes(size_t data_bytes)
{
    return sizeof(weir_packet) + data_bytes + WEIR_PACKET_PADDING;
}
static inline const uint8_t *weir_packet_data(const weir_packet *packet)
{
    return (const uint8_t *)((uintptr_t)packet + (uintptr_t)packet->offset);
}
static inline const uint8_t *weir_codec_extradata(const weir_codec *codec)
{
    return (const uint8_t *)((uintptr_t)codec + (uintptr_t)codec->extradata_offset);
}
static inline const weir_packet *weir_frame_packet(const weir_frame *frame)
{
    return (const weir_packet *)weir_frame_find(frame, WEIR_KIND_PACKET, NULL);
}
static inline const weir_codec *weir_frame_codec(const weir_frame *frame)
{
    return (const weir_codec *)weir_frame_find(frame, WEIR_KIND_CODEC, NULL);
}
/* True if a decoder or a file set up for one codec cannot go on with the other: name, size, rotation or parameter
 * sets differ. Either may be NULL. */
WEIR_API int weir_codec_differs(const weir_codec *one, const weir_codec *other);

#ifdef __cplusplus
}
#endif
#endif
