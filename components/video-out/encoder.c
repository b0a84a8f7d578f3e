#include "encoder.h"

#include <libavutil/opt.h>
#include <stdio.h>
#include <stdlib.h>

struct wr_encoder {
    AVCodecContext *context;
    AVCodecParameters *parameters;
    AVFrame *frame;
    AVPacket *packet;
    weir_picture like;
};

static const AVRational tick = {1, 90000}, ns = {1, 1000000000};
/* Makes x264's remarks debug messages of FFmpeg's log, which otherwise appear on every start. */
enum { QUIETER = AV_LOG_DEBUG - AV_LOG_INFO };

static void set_colours(AVCodecContext *context, const weir_picture *like)
{
    static const struct {
        enum AVColorSpace matrix;
        enum AVColorPrimaries primaries;
        enum AVColorTransferCharacteristic transfer;
    } colours[] = {
        [WEIR_BT601] = {AVCOL_SPC_SMPTE170M, AVCOL_PRI_SMPTE170M, AVCOL_TRC_SMPTE170M},
        [WEIR_BT709] = {AVCOL_SPC_BT709, AVCOL_PRI_BT709, AVCOL_TRC_BT709},
        [WEIR_BT2020] = {AVCOL_SPC_BT2020_NCL, AVCOL_PRI_BT2020, AVCOL_TRC_BT2020_10},
    };
    uint32_t which = like->matrix <= WEIR_BT2020 ? like->matrix : WEIR_BT601;
    context->colorspace = colours[which].matrix;
    context->color_primaries = colours[which].primaries;
    context->color_trc = colours[which].transfer;
    context->color_range = like->full_range ? AVCOL_RANGE_JPEG : AVCOL_RANGE_MPEG;
}

static int open_codec(AVCodecContext *context, const wr_encoder_options *options, const weir_picture *like)
{
    AVDictionary *settings = NULL;
    context->width = (int)like->width & ~1;
    context->height = (int)like->height & ~1;
    context->pix_fmt = AV_PIX_FMT_YUV420P;
    context->time_base = tick;
    context->framerate = options->rate > 0 ? av_d2q(options->rate, 100000) : (AVRational){25, 1};
    context->thread_count = options->threads;
    context->gop_size = 100000; /* key frames come when they are asked for */
    context->max_b_frames = 0;
    context->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    context->log_level_offset = QUIETER;
    set_colours(context, like);
    av_dict_set(&settings, "preset", options->preset, 0);
    av_dict_set(&settings, "tune", "zerolatency", 0);
    av_dict_set(&settings, "forced-idr", "1", 0);
    av_opt_set_double(context->priv_data, "crf", options->crf, 0);
    int rc = avcodec_open2(context, NULL, &settings);
    av_dict_free(&settings);
    return rc;
}

static int prepare(wr_encoder *encoder, const wr_encoder_options *options, const weir_picture *like)
{
    const AVCodec *codec = avcodec_find_encoder_by_name("libx264");
    if (!codec)
        return AVERROR_ENCODER_NOT_FOUND;
    encoder->like = *like;
    encoder->frame = av_frame_alloc();
    encoder->packet = av_packet_alloc();
    encoder->parameters = avcodec_parameters_alloc();
    encoder->context = avcodec_alloc_context3(codec);
    if (!encoder->frame || !encoder->packet || !encoder->parameters || !encoder->context)
        return AVERROR(ENOMEM);
    int rc = open_codec(encoder->context, options, like);
    return rc < 0 ? rc : avcodec_parameters_from_context(encoder->parameters, encoder->context);
}

wr_encoder *wr_encoder_new(const wr_encoder_options *options, const weir_picture *like, char *why, size_t why_bytes)
{
    wr_encoder *encoder = calloc(1, sizeof *encoder);
    int rc = encoder ? prepare(encoder, options, like) : AVERROR(ENOMEM);
    if (rc >= 0)
        return encoder;
    if (rc == AVERROR_ENCODER_NOT_FOUND)
        snprintf(why, why_bytes, "this FFmpeg has no libx264; install one that has");
    else
        snprintf(why, why_bytes, "pictures of %ux%u cannot be encoded: %s", like->width, like->height, av_err2str(rc));
    wr_encoder_free(encoder);
    return NULL;
}

bool wr_encoder_fits(const wr_encoder *encoder, const weir_picture *picture)
{
    const weir_picture *like = &encoder->like;
    return picture->width == like->width && picture->height == like->height && picture->matrix == like->matrix &&
           picture->full_range == like->full_range;
}

const AVCodecParameters *wr_encoder_parameters(const wr_encoder *encoder)
{
    return encoder->parameters;
}

static void drop_frame(void *user, uint8_t *data)
{
    (void)data;
    weir_frame_drop(user);
    free(user);
}

/* The AVFrame shares the picture and keeps it as long as the encoder likes. */
static bool wrap(AVFrame *to, const weir_frame *frame)
{
    const weir_picture *picture = weir_frame_picture(frame);
    weir_frame *kept = malloc(sizeof *kept);
    if (!kept)
        return false;
    *kept = weir_frame_fork(frame);
    to->buf[0] =
        av_buffer_create((uint8_t *)(uintptr_t)weir_picture_plane(picture, 0),
                         (size_t)picture->stride[0] * picture->height, drop_frame, kept, AV_BUFFER_FLAG_READONLY);
    if (!to->buf[0]) {
        drop_frame(kept, NULL);
        return false;
    }
    for (int i = 0; i < 3; i++) {
        to->data[i] = (uint8_t *)(uintptr_t)weir_picture_plane(picture, i);
        to->linesize[i] = (int)picture->stride[i];
    }
    return true;
}

static int encode(wr_encoder *encoder, const weir_frame *frame, int64_t pts_ns, bool key)
{
    AVFrame *in = encoder->frame;
    if (!wrap(in, frame))
        return AVERROR(ENOMEM);
    in->width = encoder->context->width;
    in->height = encoder->context->height;
    in->format = AV_PIX_FMT_YUV420P;
    in->pts = av_rescale_q(pts_ns, ns, tick);
    in->pict_type = key ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    in->color_range = encoder->context->color_range;
    in->colorspace = encoder->context->colorspace;
    int rc = avcodec_send_frame(encoder->context, in);
    av_frame_unref(in);
    av_packet_unref(encoder->packet);
    return rc < 0 ? rc : avcodec_receive_packet(encoder->context, encoder->packet);
}

const AVPacket *wr_encoder_encode(wr_encoder *encoder, const weir_frame *frame, int64_t pts_ns, bool key, char *why,
                                  size_t why_bytes)
{
    int rc = encode(encoder, frame, pts_ns, key);
    if (rc >= 0)
        return encoder->packet;
    snprintf(why, why_bytes, "frame %lld cannot be encoded: %s", (long long)frame->number, av_err2str(rc));
    return NULL;
}

void wr_encoder_free(wr_encoder *encoder)
{
    if (!encoder)
        return;
    avcodec_free_context(&encoder->context);
    avcodec_parameters_free(&encoder->parameters);
    av_frame_free(&encoder->frame);
    av_packet_free(&encoder->packet);
    free(encoder);
}
