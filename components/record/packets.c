#include "packets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool wr_codec_same(const weir_codec *a, const weir_codec *b)
{
    return a && strncmp(a->name, b->name, sizeof a->name) == 0 && a->width == b->width && a->height == b->height &&
           a->rotation == b->rotation && a->extradata_bytes == b->extradata_bytes &&
           memcmp(weir_codec_extradata(a), weir_codec_extradata(b), b->extradata_bytes) == 0;
}

weir_codec *wr_codec_copy(const weir_codec *codec)
{
    weir_codec *copy = malloc(sizeof *copy + codec->extradata_bytes);
    if (!copy)
        return NULL;
    *copy = *codec;
    copy->extradata_offset = sizeof *copy;
    memcpy(copy + 1, weir_codec_extradata(codec), codec->extradata_bytes);
    return copy;
}

/* Some network streams say it only in their packets. */
static void ask_packet(AVCodecParameters *parameters, const weir_packet *first)
{
    AVCodecParserContext *parser = av_parser_init(parameters->codec_id);
    AVCodecContext *context = parser ? avcodec_alloc_context3(NULL) : NULL;
    if (context && avcodec_parameters_to_context(context, parameters) >= 0) {
        uint8_t *data;
        int bytes;
        parser->flags |= PARSER_FLAG_COMPLETE_FRAMES;
        av_parser_parse2(parser, context, &data, &bytes, weir_packet_data(first), (int)first->bytes, AV_NOPTS_VALUE,
                         AV_NOPTS_VALUE, 0);
        parameters->width = parser->width > 0 ? parser->width : context->width;
        parameters->height = parser->height > 0 ? parser->height : context->height;
    }
    avcodec_free_context(&context);
    if (parser)
        av_parser_close(parser);
}

static bool fill(AVCodecParameters *parameters, const weir_codec *codec)
{
    parameters->codec_type = AVMEDIA_TYPE_VIDEO;
    parameters->width = (int)codec->width;
    parameters->height = (int)codec->height;
    parameters->profile = (int)codec->profile;
    parameters->level = (int)codec->level;
    if (!codec->extradata_bytes)
        return true;
    parameters->extradata = av_mallocz(codec->extradata_bytes + AV_INPUT_BUFFER_PADDING_SIZE);
    if (!parameters->extradata)
        return false;
    memcpy(parameters->extradata, weir_codec_extradata(codec), codec->extradata_bytes);
    parameters->extradata_size = (int)codec->extradata_bytes;
    return true;
}

AVCodecParameters *wr_parameters_new(const weir_codec *codec, const weir_packet *first, char *why, size_t why_bytes)
{
    char name[sizeof codec->name + 1] = {0};
    memcpy(name, codec->name, sizeof codec->name);
    const AVCodecDescriptor *known = avcodec_descriptor_get_by_name(name);
    AVCodecParameters *parameters = avcodec_parameters_alloc();
    snprintf(why, why_bytes, "there is no memory left to record");
    if (!parameters || !fill(parameters, codec)) {
        avcodec_parameters_free(&parameters);
        return NULL;
    }
    parameters->codec_id = known ? known->id : AV_CODEC_ID_NONE;
    if (known && (!parameters->width || !parameters->height))
        ask_packet(parameters, first);
    if (!known || !parameters->width || !parameters->height) {
        snprintf(why, why_bytes, "%s video cannot be recorded: %s", name,
                 known ? "its packets do not say how large the pictures are" : "this FFmpeg does not know the codec");
        avcodec_parameters_free(&parameters);
    }
    return parameters;
}
