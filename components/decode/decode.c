/* decode: compressed packets to pictures, decoded straight into the store.
 *
 * The decoder writes into a slot that it gets from us (get_buffer2); the slot's reference lives in the AVBuffer, as long
 * as the decoder itself looks back at that picture, and a further one goes out with the frame. A picture leaves under
 * the identity of the packet it came from, and with its rank on display as order.
 *
 * Every packet is accounted for once: a picture comes of it, or it is lost. What a decoder keeps to itself without a
 * word (pictures that refer to what was before the first key frame) is found lost when the decoder has been emptied, or
 * IDENTITIES packets later. */
#include <weir/component.h>

#include "../lib/avlog.h"
#include "../lib/codecs.h"
#include "shape.h"
#include <libavcodec/avcodec.h>
#include <libavutil/avstring.h>
#include <libavutil/imgutils.h>
#include <stdlib.h>
#include <string.h>

/* Pictures that a stream may have the decoder hold back (H.264 and H.265: the largest picture buffer). */
enum { REORDERED = 16 };
enum { IDENTITIES = 64, HELD = 22, MARGIN_PX = 64, PIXELS_MARGIN_PX = 128, ALIGN = 64 };

typedef struct decode_options {
    weir_size max_size;
    int threads;
} decode_options;

typedef struct decode_state {
    AVCodecContext *decoder;
    AVPacket *packet;
    AVFrame *picture;
    wr_shaper shaper;
    weir_frame codec_frame;          /* holds the codec that the decoder was opened for */
    weir_frame identity[IDENTITIES]; /* of packets on their way, without attachments */
    bool awaited[IDENTITIES];        /* a picture may still come of that packet */
    unsigned next_identity;
    bool need_key, draining;
    int64_t lost_number; /* of the packet lost last, while no later picture was sent; 0: none */
    bool fed;            /* the packet in hand is with the decoder */
} decode_state;

/* Decoders write whole blocks: a little more than is seen. A rotated picture has its sides swapped. 0: no such size. */
static size_t slot_bytes(const decode_options *options)
{
    uint32_t width = options->max_size.width + MARGIN_PX, height = options->max_size.height + MARGIN_PX;
    size_t wide = weir_picture_bytes(WEIR_I420, width, height), high = weir_picture_bytes(WEIR_I420, height, width);
    if (!options->max_size.width || !options->max_size.height || !wide || !high)
        return 0;
    return wide > high ? wide : high;
}

static weir_status plan(weir_node *node)
{
    const decode_options *options = weir_options(node);
    size_t bytes = slot_bytes(options);
    if (!bytes)
        return weir_fail(node, WEIR_BAD_OPTION,
                         "max_size: pictures have 1 to 16000 pixels a side; write it like 1920x1080");
    weir_plan_keeps(node, 1);
    weir_plan_lag(node, REORDERED + (unsigned)options->threads);
    return weir_plan_store(node, WEIR_KIND_PICTURE, bytes, HELD + (unsigned)options->threads, 0);
}

/* --- slots for the decoder --- */

static void slot_done(void *holder, uint8_t *data)
{
    (void)data;
    weir_frame_drop(holder);
    free(holder);
}

/* Some decoders want wide edges around a picture: they get memory of FFmpeg's, and their pictures are copied. */
static bool fits_slot(const weir_node *node, size_t bytes)
{
    const decode_options *options = weir_options(node);
    return bytes > 0 && bytes <= slot_bytes(options);
}

static int get_buffer(AVCodecContext *decoder, AVFrame *frame, int flags)
{
    weir_node *node = decoder->opaque;
    int width = frame->width, height = frame->height, align[AV_NUM_DATA_POINTERS];
    avcodec_align_dimensions2(decoder, &width, &height, align);
    size_t bytes = weir_picture_bytes(WEIR_I420, (uint32_t)width, (uint32_t)height);
    if (!wr_shape_is_i420(frame) || !(decoder->codec->capabilities & AV_CODEC_CAP_DR1) || !fits_slot(node, bytes))
        return avcodec_default_get_buffer2(decoder, frame, flags);
    weir_frame *holder = calloc(1, sizeof *holder);
    weir_picture *picture = holder ? weir_attach(node, holder, WEIR_KIND_PICTURE, bytes) : NULL;
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
    frame->opaque = holder;
    return 0;
}

/* --- what is lost --- */

static void lose(weir_node *node, decode_state *state, int64_t number, const char *why)
{
    weir_count_lost(node, 1);
    state->lost_number = number;
    if (why)
        weir_error(node, "%s", why);
}

static bool within(const decode_options *options, int width, int height)
{
    return width >= 0 && height >= 0 && (uint32_t)width <= options->max_size.width &&
           (uint32_t)height <= options->max_size.height;
}

static void refuse_size(weir_node *node, int width, int height)
{
    const decode_options *options = weir_options(node);
    weir_error(node, "a picture of %dx%d is above max_size=%ux%u and was refused; raise max_size=", width, height,
               options->max_size.width, options->max_size.height);
}

/* Nothing more will come of the packets that are still awaited. */
static void give_up_awaited(weir_node *node, decode_state *state)
{
    for (unsigned i = 0; i < IDENTITIES; i++) {
        weir_count_lost(node, state->awaited[i]);
        state->awaited[i] = false;
    }
}

/* --- opening --- */

static void close_decoder(decode_state *state)
{
    avcodec_free_context(&state->decoder);
    weir_frame_drop(&state->codec_frame);
    state->draining = false;
}

static bool copy_extradata(AVCodecContext *decoder, const weir_codec *codec)
{
    if (codec->extradata_bytes == 0)
        return true;
    decoder->extradata = av_mallocz(codec->extradata_bytes + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!decoder->extradata)
        return false;
    memcpy(decoder->extradata, weir_codec_extradata(codec), codec->extradata_bytes);
    decoder->extradata_size = (int)codec->extradata_bytes;
    return true;
}

static weir_status open_decoder(weir_node *node, decode_state *state, const weir_frame *frame)
{
    const decode_options *options = weir_options(node);
    const weir_codec *codec = weir_frame_codec(frame);
    char name[sizeof codec->name + 1] = "";
    if (codec)
        memcpy(name, codec->name, sizeof codec->name);
    const AVCodecDescriptor *known = codec ? avcodec_descriptor_get_by_name(name) : NULL;
    const AVCodec *decoder = known ? avcodec_find_decoder(known->id) : NULL;
    if (!decoder || av_match_list(decoder->name, WR_CODECS_READ, ',') <= 0)
        return weir_fail(node, WEIR_UNSUPPORTED, "there is no decoder for %s here; use H.264",
                         *name ? name : "this stream");
    state->decoder = avcodec_alloc_context3(decoder);
    if (!state->decoder || !copy_extradata(state->decoder, codec))
        return weir_fail(node, WEIR_NO_MEMORY, "no memory for a decoder");
    state->decoder->opaque = node;
    state->decoder->get_buffer2 = get_buffer;
    state->decoder->thread_count = options->threads;
    if (within(options, (int)codec->width, (int)codec->height)) { /* else it will say so of each picture */
        state->decoder->width = (int)codec->width;
        state->decoder->height = (int)codec->height;
    }
    state->decoder->max_pixels =
        (int64_t)(options->max_size.width + PIXELS_MARGIN_PX) * (options->max_size.height + PIXELS_MARGIN_PX);
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

/* The decoder wrote into one of our slots. */
static bool is_ours(const AVFrame *picture)
{
    return picture->opaque && picture->buf[0] && !picture->buf[1] &&
           av_buffer_get_opaque(picture->buf[0]) == picture->opaque;
}

/* What a picture promises of its planes; one that is cropped at the left may not keep it. */
static bool is_aligned(const AVFrame *picture)
{
    for (int i = 0; i < 3; i++)
        if (picture->linesize[i] <= 0 || picture->linesize[i] % ALIGN || picture->data[i] < picture->buf[0]->data ||
            (picture->data[i] - picture->buf[0]->data) % ALIGN)
            return false;
    return true;
}

/* The slot the decoder wrote into becomes the frame's picture as it is; its header says what part of it is seen. Where
 * a decoder shows the same slot again, others may be reading the header: it says the same already. */
static void share(weir_frame *frame, const AVFrame *picture)
{
    weir_frame *holder = picture->opaque;
    weir_picture *header = (weir_picture *)picture->buf[0]->data;
    if (!holder->number) {
        for (int i = 0; i < 3; i++) {
            header->offset[i] = (uint64_t)(picture->data[i] - (uint8_t *)header);
            header->stride[i] = (uint32_t)picture->linesize[i];
        }
        header->width = (uint32_t)picture->width;
        header->height = (uint32_t)picture->height;
        wr_shape_colours(header, picture);
    }
    holder->number = 1;
    weir_frame_merge(frame, holder);
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

static bool fill(weir_node *node, decode_state *state, weir_frame *frame, const AVFrame *picture)
{
    const weir_codec *codec = weir_frame_codec(&state->codec_frame);
    unsigned rotation = codec ? codec->rotation : 0;
    if (rotation != 0 || !is_ours(picture) || !is_aligned(picture))
        return convert(node, state, frame, picture, rotation);
    share(frame, picture);
    return true;
}

static void send_picture(weir_node *node, decode_state *state)
{
    const AVFrame *picture = state->picture;
    unsigned which = (unsigned)((uint64_t)picture->reordered_opaque % IDENTITIES);
    if (!state->awaited[which]) /* a second one of the same packet */
        return;
    state->awaited[which] = false;
    weir_frame frame = state->identity[which];
    if (picture->flags & AV_FRAME_FLAG_CORRUPT || picture->decode_error_flags) {
        lose(node, state, frame.number, "a damaged picture was let go");
    } else if (!within(weir_options(node), picture->width, picture->height)) {
        lose(node, state, frame.number, NULL);
        refuse_size(node, picture->width, picture->height);
    } else if (!fill(node, state, &frame, picture)) {
        weir_frame_drop(&frame);
        lose(node, state, frame.number, "no room for a picture, or its format cannot be converted");
    } else {
        frame.order = weir_last_order(node) + 1;
        if (state->lost_number && frame.number > state->lost_number) {
            frame.flags |= WEIR_FRAME_GAP;
            state->lost_number = 0;
        }
        weir_send(node, 0, &frame);
    }
}

/* What a decoder does not take is damaged, or too large: then it knows the size. */
static void say_refused(weir_node *node, const decode_state *state)
{
    const AVCodecContext *decoder = state->decoder;
    if (within(weir_options(node), decoder->width, decoder->height))
        weir_error(node, "a packet could not be decoded; the stream is damaged");
    else
        refuse_size(node, decoder->width, decoder->height);
}

/* At most one picture a call; true if one was there. */
static bool receive(weir_node *node, decode_state *state)
{
    int error = avcodec_receive_frame(state->decoder, state->picture);
    if (error == AVERROR(EAGAIN) || error == AVERROR_EOF)
        return false;
    if (error < 0) { /* its packet is found lost later */
        say_refused(node, state);
        return true;
    }
    send_picture(node, state);
    av_frame_unref(state->picture);
    return true;
}

/* --- packets in --- */

static void await(weir_node *node, decode_state *state, const weir_frame *frame)
{
    unsigned which = state->next_identity;
    weir_count_lost(node, state->awaited[which]);
    state->awaited[which] = true;
    state->identity[which] = *frame;
    state->identity[which].count = 0;
    state->decoder->reordered_opaque = which;
    state->next_identity = (which + 1) % IDENTITIES;
}

static void feed(weir_node *node, decode_state *state, const weir_frame *frame)
{
    const weir_packet *packet = weir_frame_packet(frame);
    if (!packet) {
        lose(node, state, frame->number, "a frame without a packet was let go");
        return;
    }
    await(node, state, frame);
    state->packet->data = (uint8_t *)weir_packet_data(packet);
    state->packet->size = (int)packet->bytes;
    state->packet->pts = frame->pts_ns == WEIR_NO_TIME ? AV_NOPTS_VALUE : frame->pts_ns;
    state->packet->dts = packet->dts_ns == WEIR_NO_TIME ? AV_NOPTS_VALUE : packet->dts_ns;
    state->packet->flags = frame->flags & WEIR_FRAME_KEY ? AV_PKT_FLAG_KEY : 0;
    int error = avcodec_send_packet(state->decoder, state->packet);
    if (error >= 0)
        return;
    state->awaited[state->decoder->reordered_opaque] = false;
    lose(node, state, frame->number, NULL);
    say_refused(node, state);
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
    give_up_awaited(node, state);
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
        if (status < 0 || !state->decoder)
            return status;
        if (state->need_key && !(frame->flags & WEIR_FRAME_KEY)) {
            lose(node, state, frame->number, NULL);
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
    if (receive(node, state))
        return WEIR_MORE;
    give_up_awaited(node, state);
    return WEIR_OK;
}

static void close_decode(weir_node *node)
{
    decode_state *state = weir_state(node);
    give_up_awaited(node, state);
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
    .flags = WEIR_HOLDS | WEIR_EXPOSED,
    .plan = plan,
    .prepare = prepare,
    .process = process,
    .finish = finish,
    .close = close_decode,
};

WEIR_PLUGIN(&decode);
