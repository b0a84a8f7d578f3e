/* Packets: from what frames carry to what FFmpeg's muxers want to know. */
#ifndef WR_RECORD_PACKETS_H
#define WR_RECORD_PACKETS_H

#include <libavcodec/avcodec.h>
#include <stdbool.h>
#include <weir/packet.h>

/* Parameters for a codec, the caller's to free with avcodec_parameters_free(). Where the codec does not say how large
 * pictures are, the key frame `first` is asked. NULL with a sentence in `why`. */
AVCodecParameters *wr_parameters_new(const weir_codec *codec, const weir_packet *first, char *why, size_t why_bytes);
/* May packets of both stand in one file? `a` may be NULL. */
bool wr_codec_same(const weir_codec *a, const weir_codec *b);
/* A copy, the caller's to free(). NULL without memory. */
weir_codec *wr_codec_copy(const weir_codec *codec);

#endif
