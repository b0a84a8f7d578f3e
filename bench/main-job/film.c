#include "film.h"

#include "detector.h"

static void check(int error)
{
    char text[AV_ERROR_MAX_STRING_SIZE];
    if (error >= 0)
        return;
    av_strerror(error, text, sizeof text);
    give_up(text);
}

film film_open(const char *path)
{
    film self = {.packet = av_packet_alloc(), .frame = av_frame_alloc()};
    const AVCodec *codec;
    check(avformat_open_input(&self.format, path, NULL, NULL));
    check(avformat_find_stream_info(self.format, NULL));
    self.stream = av_find_best_stream(self.format, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
    check(self.stream);
    self.decoder = avcodec_alloc_context3(codec);
    check(avcodec_parameters_to_context(self.decoder, self.format->streams[self.stream]->codecpar));
    self.decoder->thread_count = 1;
    check(avcodec_open2(self.decoder, codec, NULL));
    return self;
}

/* One packet of the film to the decoder, or word that there are no more. */
static void feed(film *self)
{
    int error;
    while ((error = av_read_frame(self->format, self->packet)) >= 0 && self->packet->stream_index != self->stream)
        av_packet_unref(self->packet);
    if (error < 0 && error != AVERROR_EOF)
        check(error);
    check(avcodec_send_packet(self->decoder, error < 0 ? NULL : self->packet));
    av_packet_unref(self->packet);
}

const AVFrame *film_next(film *self)
{
    int error;
    while ((error = avcodec_receive_frame(self->decoder, self->frame)) == AVERROR(EAGAIN))
        feed(self);
    if (error == AVERROR_EOF)
        return NULL;
    check(error);
    return self->frame;
}

void film_close(film *self)
{
    avcodec_free_context(&self->decoder);
    avformat_close_input(&self->format);
    av_packet_free(&self->packet);
    av_frame_free(&self->frame);
}

void film_picture(const AVFrame *frame, weir_picture *picture)
{
    if (frame->format != AV_PIX_FMT_YUV420P)
        give_up("the film is not 8-bit 4:2:0");
    *picture = (weir_picture){.format = WEIR_I420,
                              .width = (uint32_t)frame->width,
                              .height = (uint32_t)frame->height,
                              .matrix = frame->colorspace == AVCOL_SPC_BT709 ? WEIR_BT709 : WEIR_BT601,
                              .full_range = frame->color_range == AVCOL_RANGE_JPEG,
                              .planes = 3};
    for (int i = 0; i < 3; i++) {
        picture->stride[i] = (uint32_t)frame->linesize[i];
        picture->offset[i] = (uint64_t)((uintptr_t)frame->data[i] - (uintptr_t)picture);
    }
}
