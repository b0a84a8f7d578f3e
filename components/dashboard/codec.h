/* Codec: what browsers call a codec, and packets as their decoders take them. Pure functions. */
#ifndef WR_DASHBOARD_CODEC_H
#define WR_DASHBOARD_CODEC_H

#include <stdbool.h>
#include <weir/packet.h>

/* "avc1.64001f" and the like (RFC 6381); "" if there is no name for it. Always shorter than 32 bytes. */
void wr_codec_name(const weir_codec *codec, char name[32]);
/* H.264 and HEVC: packets have length prefixes, and the parameter sets are a record (ISO/IEC 14496-15); else start codes. */
bool wr_codec_is_avcc(const weir_codec *codec);
/* Parameter sets that must go before this key frame: it has none of its own, and nothing else tells the decoder. NULL: none. */
const uint8_t *wr_codec_before(const weir_codec *codec, const uint8_t *data, size_t bytes, size_t *before_bytes);

#endif
