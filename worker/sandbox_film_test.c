/* Sandbox: real work inside. A film is decoded by FFmpeg, with threads; a model runs in ONNX Runtime, loaded before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "sandbox_scene.h"
#include <cmocka.h>
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#ifdef WITH_ORT
#include "ort.h"
#include "session.h"
#endif

enum { PICTURES = 50, FAILED = 97 };

static const char film[] = DEPS "/clips/street.mp4", model[] = DEPS "/models/coco.onnx";
static const char *const film_paths[] = {film, NULL};

static void need(const char *path)
{
    if (access(path, R_OK) == 0)
        return;
    print_message("%s is not here: left out\n", path);
    skip();
}

/* --- a film --- */

static int receive(AVCodecContext *codec, AVFrame *picture)
{
    int count = 0;
    while (avcodec_receive_frame(codec, picture) == 0)
        count++;
    return count;
}

static int decode_from(AVFormatContext *format, AVCodecContext *codec, int stream)
{
    AVPacket *packet = av_packet_alloc();
    AVFrame *picture = av_frame_alloc();
    int count = 0;
    while (count < PICTURES && av_read_frame(format, packet) == 0) {
        if (packet->stream_index == stream && avcodec_send_packet(codec, packet) == 0)
            count += receive(codec, picture);
        av_packet_unref(packet);
    }
    av_packet_free(&packet);
    av_frame_free(&picture);
    return count;
}

static int decode_film(void)
{
    AVFormatContext *format = NULL;
    const AVCodec *decoder = NULL;
    if (avformat_open_input(&format, film, NULL, NULL) < 0 || avformat_find_stream_info(format, NULL) < 0)
        return FAILED;
    int stream = av_find_best_stream(format, AVMEDIA_TYPE_VIDEO, -1, -1, &decoder, 0);
    AVCodecContext *codec = decoder ? avcodec_alloc_context3(decoder) : NULL;
    if (!codec || avcodec_parameters_to_context(codec, format->streams[stream]->codecpar) < 0)
        return FAILED;
    codec->thread_count = 4;
    codec->thread_type = FF_THREAD_FRAME;
    if (avcodec_open2(codec, decoder, NULL) < 0)
        return FAILED;
    int count = decode_from(format, codec, stream);
    avcodec_free_context(&codec);
    avformat_close_input(&format);
    return count >= PICTURES ? 0 : FAILED;
}

static void test_film(void **state)
{
    wr_sandbox_wish wish = {.read_paths = film_paths};
    (void)state;
    need(film);
    assert_int_equal(sandbox_try(&wish, NULL, decode_film), 0);
    wish.read_paths = NULL;
    assert_true(!sandbox_reported->landlock || sandbox_try(&wish, NULL, decode_film) == FAILED);
}

static int write_film(void)
{
    AVFormatContext *format = NULL;
    if (avformat_alloc_output_context2(&format, NULL, NULL, scene("write/film.mkv")) < 0)
        return FAILED;
    AVStream *stream = avformat_new_stream(format, NULL);
    stream->codecpar->codec_type = AVMEDIA_TYPE_VIDEO;
    stream->codecpar->codec_id = AV_CODEC_ID_MJPEG;
    stream->codecpar->width = stream->codecpar->height = 16;
    if (avio_open(&format->pb, scene("write/film.mkv"), AVIO_FLAG_WRITE) < 0 || avformat_write_header(format, NULL) < 0)
        return FAILED;
    int rc = av_write_trailer(format);
    avio_closep(&format->pb);
    avformat_free_context(format);
    return rc == 0 ? 0 : FAILED;
}

static void test_recording(void **state)
{
    wr_sandbox_wish wish = {.write_paths = scene_writes};
    (void)state;
    assert_int_equal(sandbox_try(&wish, NULL, write_film), 0);
}

/* --- a model --- */

#ifdef WITH_ORT
static void *model_bytes;
static size_t model_size;

static int load_model(void)
{
    char why[256];
    struct stat about;
    FILE *file = fopen(model, "rbe");
    if (!file || fstat(fileno(file), &about) != 0 || !(model_bytes = malloc((size_t)about.st_size)))
        return FAILED;
    model_size = fread(model_bytes, 1, (size_t)about.st_size, file);
    fclose(file);
    return wr_ort_load(why, sizeof why) == WEIR_OK ? 0 : 96;
}

static int run_model(void)
{
    char why[256];
    wr_session session = {0};
    wr_session_options options = {.threads = 3, .provider = "cpu", .output = ""};
    wr_shape result;
    weir_status status = wr_session_open(&session, model_bytes, model_size, &options, why, sizeof why);
    if (status == WEIR_OK) {
        wr_shape shape = session.input;
        size_t values = 1;
        for (size_t i = 0; i < shape.rank; i++) {
            if (shape.size[i] < 0)
                shape.size[i] = i < 2 ? 1 : 320;
            values *= (size_t)shape.size[i];
        }
        float *input = calloc(values, sizeof *input);
        if (input && wr_session_run(&session, input, &shape, &result, why, sizeof why))
            return 0;
    }
    fprintf(stderr, "%s\n", why);
    return FAILED;
}

static void test_model(void **state)
{
    wr_sandbox_wish wish = {0};
    (void)state;
    need(model);
    int end = sandbox_try(&wish, load_model, run_model);
    if (end == 96)
        skip();
    assert_int_equal(end, 0);
    assert_true(WITH_TSAN || sandbox_reported->landlock == (sandbox_reported->landlock_abi > 0));
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_film),
        cmocka_unit_test(test_recording),
#ifdef WITH_ORT
        cmocka_unit_test(test_model),
#endif
    };
    return cmocka_run_group_tests(tests, scene_make, scene_clear);
}
