/* Encoder: pictures into H.264, each at once.
 *
 * A picture that goes in comes out as one packet by the same call: nothing is
 * held back, so what was sent can be on disk. Pixels are not copied on the way in.
 * Odd sizes lose their last row or column, which this form of H.264 cannot hold.
 * Thread-safety: one thread at a time.
 */
#ifndef WR_VIDEO_OUT_ENCODER_H
#define WR_VIDEO_OUT_ENCODER_H

#include <libavcodec/avcodec.h>
#include <stdbool.h>
#include <weir/picture.h>

typedef struct wr_encoder wr_encoder;

typedef struct wr_encoder_options {
    const char *preset;
    double crf;
    double rate; /* frames/s as a hint, 0 if unknown */
    int threads;
} wr_encoder_options;

/* For pictures like this one. NULL with a sentence in `why`. */
wr_encoder *wr_encoder_new(const wr_encoder_options *options, const weir_picture *like, char *why, size_t why_bytes);
bool wr_encoder_fits(const wr_encoder *encoder, const weir_picture *picture);
/* Parameters of the packets, the encoder's. */
const AVCodecParameters *wr_encoder_parameters(const wr_encoder *encoder);
/* Encodes the picture of a frame. `key`: decoding can start here. The packet is the encoder's, valid until the next
 * call; NULL if it refused, with a sentence in `why`. Times must grow. */
const AVPacket *wr_encoder_encode(wr_encoder *encoder, const weir_frame *frame, int64_t pts_ns, bool key, char *why,
                                  size_t why_bytes);
void wr_encoder_free(wr_encoder *encoder);

#endif
