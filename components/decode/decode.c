/* decode: compressed packets to pictures, decoded straight into the store.
 *
 * The decoder writes into a slot that it gets from us (get_buffer2); the slot's reference lives in the AVBuffer, as long
 * as the decoder itself looks back at that picture, and a further one goes out with the frame. A picture leaves under
 * the identity of the packet it came from, and with its rank on display as order. */
#include <weir/component.h>

#include <libavcodec/avcodec.h>
#include <libavutil/imgutils.h>
#include <stdlib.h>
#include <string.h>
#include "../lib/avlog.h"
#include "shape.h"

enum { IDENTITIES = 64, HELD = 22, MARGIN_PX = 64 };

typedef struct decode_options {
    weir_size max_size;
    int threads;
} decode_options;

typedef struct decode_state {
    AVCodecContext *decoder;
    AVPacket *packet;
    AVFrame *picture;
    wr_shaper shaper;
    weir_frame codec_frame;           /* holds the codec that the decoder was opened for */
    weir_frame identity[IDENTITIES];  /* of packets on their way, without attachments */
    unsigned next_identity;
    int64_t order;
    bool need_key, draining;
    bool fed; /* the packet in hand is with the decoder */
} decode_state;

static weir_status plan(weir_node *node)
{
    const decode_options *options = weir_options(node);
    /* Decoders write whole blocks: a little more than is seen. A rotated picture has its sides swapped. */
    size_t wide = weir_picture_bytes(WEIR_I420, options->max_size.width + MARGIN_PX, options->max_size.height + MARGIN_PX);
    size_t high = weir_picture_bytes(WEIR_I420, options->max_size.height + MARGIN_PX, options->max_size.width + MARGIN_PX);
    if (!wide || !high)
        return weir_fail(node, WEIR_BAD_OPTION, "max_size: pictures have at most 16000 pixels a side; use a smaller one");
    weir_plan_keeps(node, 1);
    return weir_plan_store(node, WEIR_KIND_PICTURE, wide > high ? wide : high, HELD + (unsigned)options->threads, 0);
}

/* --- slots for the decoder --- */

static void slot_done(void *holder, uint8_t *data)
{
    (void)data;
    weir_frame_drop(holder);
    free(holder);
}

static int get_buffer(AVCodecContext *decoder, AVFrame *frame, int flags)
{
    weir_node *node = decoder->opaque;
    int width = frame->width, height = frame->height;
    if (!wr_shape_is_i420(frame) || !(decoder->codec->capabilities & AV_CODEC_CAP_DR1))
        return avcodec_default_get_buffer2(decoder, frame, flags);
    int align[AV_NUM_DATA_POINTERS];
    avcodec_align_dimensions2(decoder, &width, &height, align);
    weir_frame *holder = calloc(1, sizeof *holder);
    weir_picture *picture =
        holder ? weir_attach(node, holder, WEIR_KIND_PICTURE,
                             weir_picture_bytes(WEIR_I420, (uint32_t)width, (uint32_t)height))
               : NULL;
    frame->buf[0] = picture ? av_buffer_create((uint8_t *)picture, holder->refs[0].bytes, slot_done, holder, 0) : NULL;
    if (!frame->buf[0]) {
        if (holder)
            weir_frame_drop(holder);
        free(holder);
        return AVERROR(ENOMEM);
    }
    weir_picture_layout(picture, WEIR_I420, (uint32_t)width, (uint32_t)height);
    for (int i = 0; i < 3; i++) {
        frame->data[i] = weir_picture_plane_mutable(picture, i);
        frame->linesize[i] = (int)picture->stride[i];
    }
    frame->extended_data = frame->data;
    return 0;
}

/* --- opening --- */

static void close_decoder(decode_state *state)
{
    avcodec_free_context(&state->decoder);
    weir_frame_drop(&state->codec_frame);
    state->draining = false;
}

static bool copy_extradata(AVCodecContext *decoder, const weir_codec *codec, size_t bytes)
{
    if (codec->extradata_bytes == 0)
        return true;
    if (codec->extradata_offset > bytes || codec->extradata_bytes > bytes - codec->extradata_offset)
        return false;
    decoder->extradata = av_mallocz(codec->extradata_bytes + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!decoder->extradata)
        return false;
    memcpy(decoder->extradata, (const uint8_t *)codec + codec->extradata_offset, codec->extradata_bytes);
    decoder->extradata_size = (int)codec->extradata_bytes;
    return true;
}

static weir_status open_decoder(weir_node *node, decode_state *state, const weir_frame *frame)
{
    const decode_options *options = weir_options(node);
    size_t bytes;
    const weir_codec *codec = weir_frame_find(frame, WEIR_KIND_CODEC, &bytes);
    char name[sizeof codec->name + 1] = "";
    if (codec)
        memcpy(name, codec->name, sizeof codec->name);
    const AVCodecDescriptor *known = codec ? avcodec_descriptor_get_by_name(name) : NULL;
    const AVCodec *decoder = known ? avcodec_find_decoder(known->id) : NULL;
    if (!decoder)
        return weir_fail(node, WEIR_UNSUPPORTED, "there is no decoder for %s here; use H.264", *name ? name : "this stream");
    state->decoder = avcodec_alloc_context3(decoder);
    if (!state->decoder || !copy_extradata(state->decoder, codec, bytes))
        return weir_fail(node, WEIR_NO_MEMORY, "no memory for a decoder");
    state->decoder->opaque = node;
    state->decoder->get_buffer2 = get_buffer;
    state->decoder->thread_count = options->threads;
    state->decoder->width = (int)codec->width;
    state->decoder->height = (int)codec->height;
    state->decoder->max_pixels = (int64_t)(options->max_size.width + MARGIN_PX) * (options->max_size.height + MARGIN_PX);
    state->decoder->pkt_timebase = (AVRational){1, 1000000000};
    if (avcodec_open2(state->decoder, decoder, NULL) < 0)
        return weir_fail(node, WEIR_BAD_DATA, "the decoder for %s does not accept this stream", name);
    weir_frame_drop(&state->codec_frame);
    state->codec_frame = weir_frame_fork(frame);
    weir_frame_detach(&state->codec_frame, WEIR_KIND_PACKET);
    state->need_key = true;
    return WEIR_OK;
}

static weir_status prepare(weir_node *node)
{
    decode_state *state = weir_state(node);
    wr_avlog_set_up();
    state->packet = av_packet_alloc();
    state->picture = av_frame_alloc();
    return state->packet && state->picture ? WEIR_OK : WEIR_NO_MEMORY;
}

/* --- pictures out --- */

static void lose(weir_node *node, const char *why)
{
    weir_count_lost(node, 1);
    weir_error(node, "%s", why);
}

static bool within(const decode_options *options, const AVFrame *picture)
{
    return picture->width > 0 && picture->height > 0 && (uint32_t)picture->width <= options->max_size.width &&
           (uint32_t)picture->height <= options->max_size.height;
}

/* The slot the decoder wrote into becomes the frame's picture as it is; its header says what part of it is seen. */
static bool share(weir_frame *frame, const AVFrame *picture)
{
    const weir_frame *holder = av_buffer_get_opaque(picture->buf[0]);
    weir_picture *header = (weir_picture *)picture->buf[0]->data;
    for (int i = 0; i < 3; i++) {
        if (picture->data[i] < (uint8_t *)header || picture->linesize[i] <= 0)
            return false;
        header->offset[i] = (uint64_t)(picture->data[i] - (uint8_t *)header);
        header->stride[i] = (uint32_t)picture->linesize[i];
    }
    header->width = (uint32_t)picture->width;
    header->height = (uint32_t)picture->height;
    wr_shape_colours(header, picture);
    weir_frame_merge(frame, holder);
    return true;
}

static bool convert(weir_node *node, decode_state *state, weir_frame *frame, const AVFrame *picture, unsigned rotation)
{
    bool swapped = rotation == 90 || rotation == 270;
    uint32_t width = (uint32_t)(swapped ? picture->height : picture->width);
    uint32_t height = (uint32_t)(swapped ? picture->width : picture->height);
    weir_picture *header = weir_attach(node, frame, WEIR_KIND_PICTURE, weir_picture_bytes(WEIR_I420, width, height));
    if (!header)
        return false;
    weir_picture_layout(header, WEIR_I420, width, height);
    return wr_shape(&state->shaper, header, picture, rotation);
}

static bool is_ours(const AVCodecContext *decoder, const AVFrame *picture)
{
    return wr_shape_is_i420(picture) && decoder->codec->capabilities & AV_CODEC_CAP_DR1 && picture->buf[0] &&
           !picture->buf[1];
}

static void send_picture(weir_node *node, decode_state *state)
{
    const decode_options *options = weir_options(node);
    const AVFrame *picture = state->picture;
    const weir_codec *codec = weir_frame_codec(&state->codec_frame);
    unsigned rotation = codec ? codec->rotation : 0;
    weir_frame frame = state->identity[(uint64_t)picture->reordered_opaque % IDENTITIES];
    if (picture->flags & AV_FRAME_FLAG_CORRUPT || picture->decode_error_flags) {
        lose(node, "a damaged picture was let go");
        return;
    }
    if (!within(options, picture)) {
        weir_count_lost(node, 1);
        weir_error(node, "a picture of %dx%d is above max_size=%ux%u and was refused; raise max_size=", picture->width,
                   picture->height, options->max_size.width, options->max_size.height);
        return;
    }
    frame.order = ++state->order;
    bool good = rotation == 0 && is_ours(state->decoder, picture) ? share(&frame, picture)
                                                                   : convert(node, state, &frame, picture, rotation);
    if (good) {
        weir_send(node, 0, &frame);
        return;
    }
    weir_frame_drop(&frame);
    lose(node, "no room for a picture, or its format cannot be converted");
}

/* At most one picture a call; true if one was there. */
static bool receive(weir_node *node, decode_state *state)
{
    int error = avcodec_receive_frame(state->decoder, state->picture);
    if (error == AVERROR(EAGAIN) || error == AVERROR_EOF)
        return false;
    if (error < 0) {
        lose(node, "a picture could not be decoded");
        return true;
    }
    send_picture(node, state);
    av_frame_unref(state->picture);
    return true;
}

/* --- packets in --- */

static void too_large(weir_node *node, const decode_options *options)
{
    weir_error(node, "pictures are above max_size=%ux%u or the stream is damaged; raise max_size= if they are larger",
               options->max_size.width, options->max_size.height);
}

static void feed(weir_node *node, decode_state *state, const weir_frame *frame)
{
    size_t bytes;
    const weir_packet *packet = weir_frame_find(frame, WEIR_KIND_PACKET, &bytes);
    if (packet->offset > bytes || packet->bytes > bytes - packet->offset) {
        lose(node, "a packet that is no packet was let go");
        return;
    }
    weir_frame *identity = &state->identity[state->next_identity];
    *identity = *frame;
    identity->count = 0;
    state->packet->data = (uint8_t *)weir_packet_data(packet);
    state->packet->size = (int)packet->bytes;
    state->packet->pts = frame->pts_ns == WEIR_NO_TIME ? AV_NOPTS_VALUE : frame->pts_ns;
    state->packet->dts = packet->dts_ns == WEIR_NO_TIME ? AV_NOPTS_VALUE : packet->dts_ns;
    state->packet->flags = frame->flags & WEIR_FRAME_KEY ? AV_PKT_FLAG_KEY : 0;
    state->decoder->reordered_opaque = state->next_identity;
    state->next_identity = (state->next_identity + 1) % IDENTITIES;
    int error = avcodec_send_packet(state->decoder, state->packet);
    if (error == AVERROR(EINVAL) || error == AVERROR(ENOMEM))
        too_large(node, weir_options(node));
    else if (error < 0)
        weir_error(node, "a packet could not be decoded; the stream is damaged");
    if (error < 0)
        weir_count_lost(node, 1);
}

static bool needs_other_decoder(const decode_state *state, const weir_frame *frame)
{
    return !state->decoder || weir_codec_differs(weir_frame_codec(&state->codec_frame), weir_frame_codec(frame));
}

/* Where a stream begins anew, what the decoder still holds is good and goes out first. A gap is no reason: links and
 * sources let packets go so that what is left can be decoded. */
static bool drain_first(decode_state *state, const weir_frame *frame)
{
    bool anew = frame->flags & WEIR_FRAME_FLUSH || needs_other_decoder(state, frame);
    if (!state->decoder || !anew)
        return false;
    if (!state->draining)
        avcodec_send_packet(state->decoder, NULL);
    state->draining = true;
    return true;
}

/* True once the decoder is ready for this frame; false: what it held goes out first. */
static bool begin_anew(weir_node *node, decode_state *state, const weir_frame *frame)
{
    if (!drain_first(state, frame))
        return true;
    if (receive(node, state))
        return false;
    avcodec_flush_buffers(state->decoder);
    state->draining = false;
    state->need_key = true;
    if (needs_other_decoder(state, frame))
        close_decoder(state);
    return true;
}

static weir_status process(weir_node *node, int input, const weir_frame *frame)
{
    decode_state *state = weir_state(node);
    (void)input;
    if (!state->fed) {
        if (!begin_anew(node, state, frame))
            return WEIR_MORE;
        weir_status status = state->decoder ? WEIR_OK : open_decoder(node, state, frame);
        if (status < 0)
            return status;
        if (state->need_key && !(frame->flags & WEIR_FRAME_KEY)) {
            weir_count_lost(node, 1);
            return WEIR_OK;
        }
        state->need_key = false;
        feed(node, state, frame);
    }
    state->fed = receive(node, state);
    return state->fed ? WEIR_MORE : WEIR_OK;
}

static weir_status finish(weir_node *node, int input)
{
    decode_state *state = weir_state(node);
    (void)input;
    if (!state->decoder)
        return WEIR_OK;
    if (!state->draining)
        avcodec_send_packet(state->decoder, NULL);
    state->draining = true;
    return receive(node, state) ? WEIR_MORE : WEIR_OK;
}

static void close_decode(weir_node *node)
{
    decode_state *state = weir_state(node);
    close_decoder(state);
    wr_shaper_free(&state->shaper);
    av_packet_free(&state->packet);
    av_frame_free(&state->picture);
}

static const weir_option options[] = {
    WEIR_OPTION(decode_options, max_size, "largest picture; larger ones are refused", .unit = "pixels",
                .text = "1920x1080"),
    WEIR_OPTION(decode_options, threads, "of the decoder; more than 1 adds delay", .text = "1", .min = 1, .max = 16),
    {0},
};
static const weir_port inputs[] = {{.name = "in", .needs = {"weir.packet/1", "weir.codec/1"}}, {0}};
static const weir_port outputs[] = {{.name = "out", .adds = {"weir.picture/1"}, .flags = WEIR_PORT_FRESH}, {0}};

static const weir_component_class decode = {
    .name = "decode",
    .summary = "decodes compressed video to pictures",
    .inputs = inputs,
    .outputs = outputs,
    .options = options,
    .options_bytes = sizeof(decode_options),
    .state_bytes = sizeof(decode_state),
    .flags = WEIR_HOLDS,
    .plan = plan,
    .prepare = prepare,
    .process = process,
    .finish = finish,
    .close = close_decode,
};

WEIR_PLUGIN(&decode);
