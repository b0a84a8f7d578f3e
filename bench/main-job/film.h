/* Film: the pictures of a film one after the other, decoded by FFmpeg's libraries in the calling thread.
 * Failure ends the program with a sentence.
 * Thread-safety: one thread at a time.
 */
#ifndef BENCH_FILM_H
#define BENCH_FILM_H

#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <weir/picture.h>

typedef struct film {
    AVFormatContext *format;
    AVCodecContext *decoder;
    AVPacket *packet;
    AVFrame *frame;
    int stream;
} film;

film film_open(const char *path);
/* The next picture, valid until the one after; NULL at the end. */
const AVFrame *film_next(film *self);
void film_close(film *self);

/* Describes the frame's planes as a picture of weir's, whose offsets count from where the description itself lies. */
void film_picture(const AVFrame *frame, weir_picture *picture);

#endif
