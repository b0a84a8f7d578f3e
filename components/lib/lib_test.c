#include "testing.h"

#include "folder.h"
#include "mux.h"
#include "name.h"
#include "shelf.h"
#include "timeline.h"
#include <libavformat/avformat.h>
#include <limits.h>
#include <sys/time.h>
#include <weir/frame.h>

/* --- folder --- */

static void test_folder_is_checked_and_made(void **state)
{
    (void)state;
    char why[512], parent[64];
    assert_int_equal(wr_folder_check(wr_at("a/b/c/"), why, sizeof why), WEIR_OK);
    assert_int_equal(wr_size(wr_at("a")), -1); /* a check makes nothing */
    assert_int_equal(wr_folder_make(wr_at("a/b/c/"), why, sizeof why), WEIR_OK);
    assert_int_equal(wr_folder_make(wr_at("a//b/./c"), why, sizeof why), WEIR_OK);
    assert_true(wr_size(wr_at("a/b/c")) >= 0);
    wr_write(wr_at("file"), "");
    assert_int_equal(wr_folder_check(wr_at("file/x"), why, sizeof why), WEIR_IO);
    assert_non_null(strstr(why, "Not a directory; check path="));
    assert_int_equal(wr_folder_make(wr_at("file/x"), why, sizeof why), WEIR_IO);
    assert_int_equal(wr_folder_check("", why, sizeof why), WEIR_NOT_FOUND);
    assert_int_equal(wr_file_check(wr_at("new/file"), why, sizeof why), WEIR_OK);
    assert_int_equal(wr_file_check(wr_at("a"), why, sizeof why), WEIR_IO);
    assert_int_equal(wr_file_check(wr_at("x/"), why, sizeof why), WEIR_IO);
    assert_true(wr_folder_of("plain", parent, sizeof parent));
    assert_string_equal(parent, ".");
    assert_true(wr_folder_of("/top", parent, sizeof parent));
    assert_string_equal(parent, "/");
    assert_false(wr_folder_of("/a/much/too/long/name", parent, 5));
}

static void test_folder_that_may_not_be_written(void **state)
{
    (void)state;
    char why[512];
    if (geteuid() == 0 && setegid(65534) == 0 && seteuid(65534) != 0)
        skip();
    weir_status status = wr_folder_check("/usr/weir-test", why, sizeof why);
    if (getuid() == 0)
        assert_true(seteuid(0) == 0 && setegid(0) == 0);
    assert_int_equal(status, WEIR_OK + WEIR_IO);
    assert_string_equal(why, "cannot make folders in /usr: Permission denied; check path=");
}

/* --- name --- */

static void test_names(void **state)
{
    (void)state;
    char path[PATH_MAX], why[256];
    wr_name name = {"ca/m*1", INT64_C(1795406400123456789), 17};
    assert_true(wr_name_path("d/%N-%Y%m%dT%H%M%S.%fZ-%n%%.jpg", &name, path, sizeof path));
    assert_string_equal(path, "d/ca_m_1-20261123T040000.123Z-17%.jpg");
    assert_true(wr_name_glob("d[1]/%N-%Y-%f-%n.jpg", name.stream, path, sizeof path));
    assert_string_equal(path, "d\\[1\\]/ca_m_1-[0-9][0-9][0-9][0-9]-[0-9][0-9][0-9]-[0-9]*.jpg");
    assert_false(wr_name_path("12345", &name, path, 5));
    assert_true(wr_name_literal("100%", path, sizeof path));
    assert_string_equal(path, "100%%");
    assert_true(wr_name_folder("a/100%%/%Y/%m.mp4", path, sizeof path));
    assert_string_equal(path, "a/100%");
    assert_true(wr_name_check("%N%n%Y%m%d%H%M%S%f%%", why, sizeof why));
    assert_false(wr_name_check("x%", why, sizeof why));
    assert_false(wr_name_check("x%qy", why, sizeof why));
    assert_string_equal(why, "path=x%qy: %q is not known; use %N %n %Y %m %d %H %M %S %f");
    assert_int_equal(wr_name_step_ns("%H%M"), 60000000000);
    assert_int_equal(wr_name_step_ns("%H.%f"), 1000000);
    assert_int_equal(wr_name_step_ns("%N%%S"), 0);
}

static void test_times_before_1970(void **state)
{
    (void)state;
    char text[40];
    assert_string_equal(wr_utc_text(-1000000, text), "1969-12-31T23:59:59.999Z");
    weir_frame frame = {.captured_ns = 5000000000, .utc_ns = 123};
    assert_int_equal(wr_utc_of(&frame, 6000000000), 123);
    struct timeval now;
    gettimeofday(&now, NULL);
    frame.utc_ns = WEIR_NO_TIME;
    int64_t guess_ns =
        wr_utc_of(&frame, 6000000000) + 1000000000 - ((int64_t)now.tv_sec * 1000000 + now.tv_usec) * 1000;
    assert_true(guess_ns >= 0 && guess_ns < 5000000000);
}

/* --- shelf --- */

static void test_shelf_keeps_the_newest(void **state)
{
    (void)state;
    wr_shelf shelf = {0};
    int failed;
    for (int i = 0; i < 5; i++) {
        char name[16];
        snprintf(name, sizeof name, "f%d", i);
        wr_write(wr_at(name), "12345");
        /* f4 is the oldest, whatever it is called. */
        struct timeval times[2] = {{1000 - i, 0}, {1000 - i, 0}};
        assert_int_equal(utimes(wr_at(name), times), 0);
    }
    assert_true(wr_shelf_find(&shelf, wr_at("f[0-9]")));
    assert_int_equal(wr_shelf_count(&shelf), 5);
    assert_int_equal(shelf.bytes, 25);
    assert_int_equal(wr_shelf_prune(&shelf, 0, 0, NULL), 0);
    assert_int_equal(wr_shelf_prune(&shelf, 3, 0, &failed), 2);
    assert_string_equal(wr_shell(NULL, "ls"), "f0\nf1\nf2");
    wr_write(wr_at("new"), "123456789012");
    assert_true(wr_shelf_add(&shelf, wr_at("new"), 0));
    wr_shelf_resize(&shelf, 12);
    assert_int_equal(shelf.bytes, 27);
    assert_int_equal(wr_shelf_prune(&shelf, 0, 20, &failed), 2);
    assert_string_equal(wr_shell(NULL, "ls"), "f0\nnew");
    /* The newest stays, however large. */
    wr_shelf_resize(&shelf, 1000);
    assert_int_equal(wr_shelf_prune(&shelf, 1, 20, &failed), 1);
    assert_string_equal(wr_shell(NULL, "ls"), "new");
    assert_int_equal(failed, 0);
    wr_shelf_clear(&shelf);
    assert_true(wr_shelf_find(&shelf, wr_at("none*")));
    assert_int_equal(wr_shelf_count(&shelf), 0);
}

static void test_shelf_of_many(void **state)
{
    (void)state;
    wr_shelf shelf = {0};
    int failed;
    for (int i = 0; i < 1000; i++) {
        char name[32];
        snprintf(name, sizeof name, "many%d", i);
        assert_true(wr_shelf_add(&shelf, wr_at(name), 1));
        wr_shelf_prune(&shelf, 10, 0, &failed); /* they are not there, which is fine */
        assert_int_equal(failed, 0);
    }
    assert_int_equal(wr_shelf_count(&shelf), 10);
    assert_true(shelf.room <= 128);
    assert_int_equal(shelf.bytes, 10);
    wr_shelf_forget_newest(&shelf);
    assert_int_equal(shelf.bytes, 9);
    wr_shelf_clear(&shelf);
}

/* --- timeline --- */

enum { MS = 1000000, FRAME = 40 * MS };

static void expect_stamp(wr_timeline *timeline, int64_t pts_ms, int64_t dts_ms, int64_t captured_ms,
                         int64_t want_pts_ms, int64_t want_dts_ms)
{
    wr_stamp stamp = wr_timeline_next(timeline, pts_ms < 0 ? WEIR_NO_TIME : pts_ms * MS,
                                      dts_ms < 0 ? WEIR_NO_TIME : dts_ms * MS, captured_ms * MS);
    assert_int_equal(stamp.dts_ns / MS, want_dts_ms);
    assert_int_equal(stamp.pts_ns / MS, want_pts_ms);
}

static void test_plausible_times_are_kept(void **state)
{
    (void)state;
    wr_timeline t = {0};
    expect_stamp(&t, 5080, 5000, 0, 80, 0);
    expect_stamp(&t, 5200, 5040, 40, 200, 40);
    expect_stamp(&t, 5120, 5080, 80, 120, 80);
    /* A camera that was away for a minute leaves a gap of a minute. */
    expect_stamp(&t, 65120, 65120, 60120, 60120, 60120);
    assert_int_equal(t.jumps, 0);
}

static void test_outliers_and_loops_go_on(void **state)
{
    (void)state;
    wr_timeline t = {0};
    expect_stamp(&t, 1000, 1000, 0, 0, 0);
    expect_stamp(&t, 1040, 1040, 40, 40, 40);
    expect_stamp(&t, 36000000, 36000000, 80, 80, 80); /* ten hours ahead */
    expect_stamp(&t, 1120, 1120, 120, 120, 120);      /* and back */
    expect_stamp(&t, 1160, 1160, 160, 160, 160);
    expect_stamp(&t, 0, 0, 200, 200, 200); /* a loop starts again */
    expect_stamp(&t, 40, 40, 240, 240, 240);
    assert_int_equal(t.jumps, 3);
}

static void test_small_steps_back_heal(void **state)
{
    (void)state;
    wr_timeline t = {0};
    expect_stamp(&t, 0, 0, 0, 0, 0);
    expect_stamp(&t, 100, 100, 100, 100, 100);
    expect_stamp(&t, 99, 99, 140, 100, 100);
    expect_stamp(&t, 180, 180, 180, 180, 180);
    assert_int_equal(t.jumps, 0);
    /* A clip of 80 ms that loops. */
    expect_stamp(&t, 140, 140, 220, 180, 180);
    expect_stamp(&t, 180, 180, 260, 260, 260);
    int64_t before_ns = t.last_dts_ns;
    for (int i = 0; i < 100; i++) {
        wr_stamp stamp = wr_timeline_next(&t, i % 2 * FRAME, i % 2 * FRAME, 0);
        assert_true(stamp.dts_ns > before_ns);
        before_ns = stamp.dts_ns;
    }
    assert_true(before_ns > (int64_t)50 * FRAME);
}

static void test_missing_times(void **state)
{
    (void)state;
    wr_timeline t = {0};
    expect_stamp(&t, -1, -1, 1000, 0, 0);
    expect_stamp(&t, -1, -1, 1040, 40, 40);
    expect_stamp(&t, -1, -1, 1040, 80, 80); /* read as fast as possible: 25 a second */
    expect_stamp(&t, -1, -1, 1240, 280, 280);
    /* Pictures in order: decoded up to two frames before they are shown. */
    wr_timeline p = {0};
    expect_stamp(&p, 80, -1, 0, 0, 0);
    expect_stamp(&p, 120, -1, 40, 40, 0);
    expect_stamp(&p, 160, -1, 80, 80, 0);
    expect_stamp(&p, 200, -1, 120, 120, 40);
    expect_stamp(&p, 240, -1, 160, 160, 80);
    /* Back after a minute. */
    expect_stamp(&p, 60240, -1, 60160, 60160, 59160);
    expect_stamp(&p, 60280, -1, 60200, 60200, 59200);
    assert_int_equal(p.jumps, 0);
}

static void test_reordered_pictures_are_shown_in_order(void **state)
{
    (void)state;
    /* With decoding times from the third frame on only, as Matroska gives them, and with none at all. */
    static const int pts_ms[] = {80, 200, 120, 160, 320, 240, 280, 440, 360, 400};
    for (int known_from = 2; known_from <= 10; known_from += 8) {
        wr_timeline t = {0};
        int64_t last_ns = -1;
        for (int i = 0; i < 10; i++) {
            wr_stamp stamp = wr_timeline_next(&t, (int64_t)pts_ms[i] * MS,
                                              i >= known_from ? (int64_t)i * FRAME : WEIR_NO_TIME, (int64_t)i * FRAME);
            assert_true(stamp.dts_ns > last_ns && stamp.pts_ns >= stamp.dts_ns);
            assert_int_equal(stamp.pts_ns / MS, pts_ms[i] - 80);
            last_ns = stamp.dts_ns;
        }
        assert_int_equal(t.jumps, 0);
    }
    /* Reordered by more than was thought: decoding times grow all the same. */
    static const int deep_ms[] = {0, 320, 160, 80, 40, 120, 240, 200, 280, 640, 480};
    wr_timeline t = {0};
    int64_t last_ns = -1;
    for (int i = 0; i < 11; i++) {
        wr_stamp stamp = wr_timeline_next(&t, (int64_t)deep_ms[i] * MS, WEIR_NO_TIME, (int64_t)i * FRAME);
        assert_true(stamp.dts_ns > last_ns && stamp.pts_ns >= stamp.dts_ns);
        last_ns = stamp.dts_ns;
    }
}

static void test_any_times_grow(void **state)
{
    (void)state;
    uint64_t random = 88172645463325252u;
    wr_timeline t = {0};
    int64_t last_ns = -1;
    for (int i = 0; i < 100000; i++) {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        int64_t noise_ns = random % 50 ? (int64_t)(random >> 40) : (int64_t)(random >> 8) - (INT64_C(1) << 54);
        int64_t dts_ns = random % 7 ? (int64_t)i * FRAME + noise_ns : WEIR_NO_TIME;
        int64_t pts_ns = random % 11 ? (int64_t)i * FRAME + noise_ns + (int64_t)(random % 3) * FRAME : WEIR_NO_TIME;
        wr_stamp stamp = wr_timeline_next(&t, pts_ns, dts_ns, (int64_t)i * FRAME);
        assert_true(stamp.dts_ns >= last_ns + (i ? WR_TIMELINE_STEP_NS : 0) && stamp.pts_ns >= stamp.dts_ns);
        last_ns = stamp.dts_ns;
    }
}

/* --- mux --- */

struct clip {
    AVFormatContext *format;
    AVPacket *packet;
};

static void open_clip(struct clip *clip, const char *name)
{
    *clip = (struct clip){.packet = av_packet_alloc()};
    assert_true(avformat_open_input(&clip->format, wr_at(name), NULL, NULL) >= 0);
    assert_true(avformat_find_stream_info(clip->format, NULL) >= 0);
}

static void close_clip(struct clip *clip)
{
    av_packet_free(&clip->packet);
    avformat_close_input(&clip->format);
}

static weir_status copy_packet(struct clip *clip, wr_mux *mux)
{
    const AVRational ns = {1, 1000000000}, base = clip->format->streams[0]->time_base;
    weir_status status = wr_mux_write(mux, clip->packet, av_rescale_q(clip->packet->pts, base, ns) + 80 * MS,
                                      av_rescale_q(clip->packet->dts, base, ns) + 80 * MS);
    av_packet_unref(clip->packet);
    return status;
}

static void make_clip(const char *options)
{
    int rc;
    if (!wr_has("ffmpeg") || !wr_has("ffprobe")) {
        print_message("skipped: needs ffmpeg and ffprobe\n");
        skip();
    }
    const char *said =
        wr_shell(&rc, "ffmpeg -v error -nostdin -y -f lavfi -i testsrc=s=320x240:r=25:d=4 -pix_fmt yuv420p %s clip.mp4",
                 options);
    assert_string_equal(said, "");
    assert_int_equal(rc, 0);
}

static void test_every_format_holds_all(void **state)
{
    (void)state;
    static const char *const names[] = {"out.mp4", "out.mkv", "out.ts"};
    make_clip("-c:v libx264 -bf 2 -g 25");
    for (int i = 0; i < 3; i++) {
        struct clip clip;
        wr_mux *mux;
        wr_mux_end end;
        char why[512];
        open_clip(&clip, "clip.mp4");
        wr_mux_options options = {.path = wr_at(names[i]), .format = wr_mux_format(names[i])};
        assert_int_equal(wr_mux_open(&mux, &options, clip.format->streams[0]->codecpar, why, sizeof why), WEIR_OK);
        while (av_read_frame(clip.format, clip.packet) >= 0)
            assert_int_equal(copy_packet(&clip, mux), WEIR_OK);
        assert_int_equal(wr_mux_close(&mux, &end), WEIR_OK);
        assert_null(mux);
        assert_int_equal(end.lost, 0);
        close_clip(&clip);
        assert_string_equal(wr_shell(NULL, "ffmpeg -v error -nostdin -y -i %s -f null -", names[i]), "");
        /* Pictures and their distances are those of the clip. */
        assert_string_equal(wr_shell(NULL,
                                     "ffmpeg -v error -nostdin -y -i clip.mp4 -f framemd5 a; ffmpeg -v error -nostdin "
                                     "-y -i %s -f framemd5 b;"
                                     "for f in a b; do grep -v '^#' $f | cut -d, -f6 > $f.pictures; done;"
                                     "cmp a.pictures b.pictures && wc -l < a.pictures",
                                     names[i]),
                            "100");
        assert_string_equal(
            wr_shell(NULL,
                     "ffprobe -v error -select_streams v -show_entries frame=pts_time -of csv=p=0 %s |"
                     "grep '^[0-9]' | tr -d , | awk 'NR>1{d=$1-p; if(d<0.0385||d>0.0415)print NR,d} {p=$1}'",
                     names[i]),
            "");
    }
}

/* Parameter sets only in the packets, as some cameras send them. */
static void test_parameters_may_come_late(void **state)
{
    (void)state;
    struct clip clip;
    wr_mux *mux;
    wr_mux_end end;
    char why[512];
    make_clip("-c:v libx264 -bf 0 -g 25");
    assert_string_equal(
        wr_shell(NULL, "ffmpeg -v error -nostdin -y -i clip.mp4 -c copy -bsf:v h264_mp4toannexb raw.h264"), "");
    open_clip(&clip, "raw.h264");
    AVCodecParameters *parameters = clip.format->streams[0]->codecpar;
    av_freep(&parameters->extradata);
    parameters->extradata_size = 0;
    assert_int_equal(
        wr_mux_open(&mux, &(wr_mux_options){.path = wr_at("out.mp4"), .format = "mp4"}, parameters, why, sizeof why),
        WEIR_OK);
    for (int i = 0; av_read_frame(clip.format, clip.packet) >= 0; i++) {
        assert_int_equal(wr_mux_write(mux, clip.packet, (int64_t)i * FRAME, (int64_t)i * FRAME), WEIR_OK);
        av_packet_unref(clip.packet);
    }
    assert_int_equal(wr_mux_close(&mux, &end), WEIR_OK);
    close_clip(&clip);
    assert_string_equal(wr_shell(NULL,
                                 "ffmpeg -v error -nostdin -y -i out.mp4 -f null - && ffprobe -v error -count_frames "
                                 "-show_entries stream=nb_read_frames -of csv=p=0 out.mp4"),
                        "100");
}

static void test_rotation_is_kept(void **state)
{
    (void)state;
    struct clip clip;
    wr_mux *mux;
    wr_mux_end end;
    char why[512];
    make_clip("-c:v libx264");
    open_clip(&clip, "clip.mp4");
    wr_mux_options options = {.path = wr_at("out.mp4"), .format = "mp4", .rotation = 90};
    assert_int_equal(wr_mux_open(&mux, &options, clip.format->streams[0]->codecpar, why, sizeof why), WEIR_OK);
    while (av_read_frame(clip.format, clip.packet) >= 0)
        assert_int_equal(copy_packet(&clip, mux), WEIR_OK);
    assert_int_equal(wr_mux_close(&mux, &end), WEIR_OK);
    close_clip(&clip);
    /* Players turn it clockwise, as ffmpeg does by itself. */
    assert_string_equal(
        wr_shell(NULL, "ffmpeg -v error -nostdin -y -i out.mp4 -frames:v 1 -f framemd5 a; grep -v '^#' a | cut -d, -f6 "
                       "> a.sum; ffmpeg -v error -nostdin -y -i clip.mp4 -vf transpose=clock -frames:v 1 -f framemd5 "
                       "b; grep -v '^#' b | cut -d, -f6 > b.sum; cmp a.sum b.sum; wc -l < a.sum"),
        "1");
}

static void test_what_does_not_fit_is_refused(void **state)
{
    (void)state;
    char why[512];
    wr_mux *mux;
    AVCodecParameters *parameters = avcodec_parameters_alloc();
    parameters->codec_type = AVMEDIA_TYPE_VIDEO;
    parameters->codec_id = AV_CODEC_ID_VP8;
    parameters->width = parameters->height = 64;
    wr_mux_options options = {.path = wr_at("out.mp4"), .format = "mp4"};
    assert_int_equal(wr_mux_open(&mux, &options, parameters, why, sizeof why), WEIR_UNSUPPORTED);
    assert_null(mux);
    assert_non_null(strstr(why, "vp8 video does not fit into mp4"));
    assert_int_equal(wr_size(options.path), -1);
    parameters->codec_id = AV_CODEC_ID_H264;
    wr_write(wr_at("file"), "");
    options.path = wr_at("file/out.mp4");
    assert_int_equal(wr_mux_open(&mux, &options, parameters, why, sizeof why), WEIR_IO);
    assert_non_null(strstr(why, "Not a directory; check path="));
    options.path = wr_at("there.mp4");
    options.fresh = true;
    wr_write(options.path, "x");
    assert_int_equal(wr_mux_open(&mux, &options, parameters, why, sizeof why), WEIR_IO);
    assert_int_equal(errno, EEXIST);
    assert_int_equal(wr_size(options.path), 1);
    options.fresh = false;
    wr_mux_end end;
    assert_int_equal(wr_mux_open(&mux, &options, parameters, why, sizeof why), WEIR_OK);
    assert_int_equal(wr_mux_close(&mux, &end), WEIR_OK);
    assert_true(end.removed);
    assert_int_equal(wr_size(options.path), 1); /* untouched until there is something to write */
    avcodec_parameters_free(&parameters);
}

/* What is in the file when writing stops must play, and what is not must be counted. */
static void test_a_full_disk_leaves_whole_parts(void **state)
{
    (void)state;
    static const char *const names[] = {"disk/out.mp4", "disk/out.mkv", "disk/out.ts"};
    make_clip("-c:v libx264 -bf 2 -g 25");
    if (!wr_small_disk(20 * 1024)) {
        print_message("skipped: mounting a small disk is not allowed here\n");
        skip();
    }
    for (int i = 0; i < 3; i++) {
        struct clip clip;
        wr_mux *mux;
        wr_mux_end end;
        char why[512];
        unsigned tried = 0, stored;
        open_clip(&clip, "clip.mp4");
        wr_mux_options options = {.path = wr_at(names[i]), .format = wr_mux_format(names[i])};
        assert_int_equal(wr_mux_open(&mux, &options, clip.format->streams[0]->codecpar, why, sizeof why), WEIR_OK);
        weir_status status = WEIR_OK;
        while (status == WEIR_OK && av_read_frame(clip.format, clip.packet) >= 0) {
            tried++;
            status = copy_packet(&clip, mux);
        }
        assert_int_equal(status, WEIR_IO);
        assert_non_null(strstr(wr_mux_why(mux), "No space left on device; make room there"));
        wr_mux_close(&mux, &end);
        assert_true(end.lost > 0 && end.lost < tried && !end.removed);
        close_clip(&clip);
        assert_string_equal(wr_shell(NULL, "ffmpeg -v error -nostdin -y -i %s -f null -", names[i]), "");
        assert_int_equal(sscanf(wr_shell(NULL,
                                         "ffprobe -v error -select_streams v -count_packets -show_entries "
                                         "stream=nb_read_packets -of csv=p=0 %s | head -n 1",
                                         names[i]),
                                "%u", &stored),
                         1);
        assert_int_equal(stored + end.lost, tried);
        unlink(wr_at(names[i]));
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, wr_enter, wr_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_folder_is_checked_and_made),
        TEST(test_folder_that_may_not_be_written),
        TEST(test_names),
        TEST(test_times_before_1970),
        TEST(test_shelf_keeps_the_newest),
        TEST(test_shelf_of_many),
        TEST(test_plausible_times_are_kept),
        TEST(test_outliers_and_loops_go_on),
        TEST(test_small_steps_back_heal),
        TEST(test_missing_times),
        TEST(test_reordered_pictures_are_shown_in_order),
        TEST(test_any_times_grow),
        TEST(test_every_format_holds_all),
        TEST(test_parameters_may_come_late),
        TEST(test_rotation_is_kept),
        TEST(test_what_does_not_fit_is_refused),
        TEST(test_a_full_disk_leaves_whole_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
