#include "../lib/filming.h"

/* --- identity --- */

static int compare(const void *a, const void *b)
{
    int64_t one = *(const int64_t *)a, other = *(const int64_t *)b;
    return (one > other) - (one < other);
}

/* Rank on display of each packet of a clip, in coding order, as ffprobe sees them. */
static int ranks_of(const char *file, int64_t rank[NOTES_MAX])
{
    static int64_t pts[NOTES_MAX], sorted[NOTES_MAX];
    int count = 0;
    char *text = strdup(wr_shell(NULL, "ffprobe -v error -show_entries packet=pts -of csv=p=0 %s | tr -d ,", file));
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
        pts[count++] = atoll(line);
    free(text);
    memcpy(sorted, pts, sizeof sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, compare);
    for (int i = 0; i < count; i++)
        rank[i] = (int64_t *)bsearch(&pts[i], sorted, (size_t)count, sizeof *sorted, compare) - sorted + 1;
    return count;
}

static void expect_own_numbers(const int64_t *rank, int count)
{
    int moved = 0;
    expect_all(0, 1, count);
    for (int i = 0; i < count; i++) {
        int64_t number = notes[0][i].number;
        assert_in_range(number, 1, count);
        assert_int_equal(notes[0][i].code, rank[number - 1]);
        moved += number != notes[0][i].order;
    }
    assert_true(moved > count / 3); /* there were B-frames */
}

static void test_a_picture_carries_the_number_of_its_packet(void **state)
{
    (void)state;
    static const char *const files[] = {"clip.mp4", "clip.mkv", "clip.ts", "clip.h264"};
    static int64_t rank[NOTES_MAX];
    film("clip.mp4", 320, 240, 1, 60, FILM_B);
    assert_int_equal(ranks_of("clip.mp4", rank), 60);
    /* I P B B B: the P that the B-frames refer to comes before them. */
    assert_int_equal(rank[0], 1);
    assert_true(rank[1] > 2);
    for (int i = 0; i < 4; i++) {
        char line[256];
        if (i)
            wr_shell(NULL, "ffmpeg -v error -nostdin -y -i clip.mp4 -c copy %s", files[i]);
        snprintf(line, sizeof line, "video name=c url=~/%s max_size=320x240 ! watcher", files[i]);
        film_run_fine(line);
        expect_own_numbers(rank, 60);
        assert_int_equal(film_decoder.lost, 0);
        assert_string_equal(film_log, "");
    }
    film_run_fine("video name=c url=~/clip.mp4 threads=4 ! watcher");
    expect_own_numbers(rank, 60);
    for (int i = 1; i < 60; i++)
        assert_true(notes[0][i].pts_ns > notes[0][i - 1].pts_ns);
}

static void test_pictures_are_decoded_in_place(void **state)
{
    (void)state;
    film("clip.mp4", 320, 240, 1, 30, FILM_B);
    film_run_fine("video name=c url=~/clip.mp4 ! watcher");
    for (int i = 0; i < 30; i++)
        assert_true(notes[0][i].in_place);
    /* What must be converted is not: else the check above would be none. */
    film("clip.mp4", 320, 240, 1, 3, "-c:v libx264 -pix_fmt yuv444p");
    film_run_fine("video name=c url=~/clip.mp4 ! watcher");
    assert_int_equal(noted[0], 3);
    assert_false(notes[0][0].in_place);
}

/* --- shapes --- */

static void expect_colours(int u, int v)
{
    for (int i = 0; i < noted[0]; i++)
        if (abs(notes[0][i].u - u) > 3 || abs(notes[0][i].v - v) > 3)
            fail_msg("colours %d %d instead of %d %d", notes[0][i].u, notes[0][i].v, u, v);
}

static void test_formats(void **state)
{
    (void)state;
    static const char *const formats[] = {"yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "nv12"};
    char options[128];
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        snprintf(options, sizeof options, "-c:v libx264 -preset veryfast -crf 12 -bf 2 -pix_fmt %s", formats[i]);
        film("clip.mp4", 322, 182, 1, 10, options);
        film_run_fine("video name=c url=~/clip.mp4 ! watcher");
        expect_all(0, 1, 10);
        expect_colours(FILM_U, FILM_V);
        assert_int_equal(notes[0][0].full_range, 0);
    }
    film("clip.mp4", 320, 240, 1, 10, "-c:v libx264 -crf 12 -pix_fmt gray");
    film_run_fine("video name=c url=~/clip.mp4 ! watcher");
    assert_int_equal(noted[0], 10);
    assert_int_equal(notes[0][9].code, 10);
    expect_colours(128, 128);
}

static void test_ranges_and_matrices(void **state)
{
    (void)state;
    film("clip.mp4", 320, 240, 1, 10, "-c:v libx264 -crf 12 -pix_fmt yuvj420p -bf 2");
    film_run_fine("video name=c url=~/clip.mp4 ! watcher");
    assert_int_equal(noted[0], 10);
    assert_int_equal(notes[0][9].code, 10);
    assert_int_equal(notes[0][9].full_range, 1);
    assert_true(notes[0][9].in_place);
    film("clip.mp4", 320, 240, 1, 3, FILM_X264 "-colorspace bt709");
    film_run_fine("video name=c url=~/clip.mp4 ! watcher");
    assert_int_equal(notes[0][0].matrix, WEIR_BT709);
    film("clip.mp4", 320, 240, 1, 3, FILM_X264 "-colorspace smpte170m");
    film_run_fine("video name=c url=~/clip.mp4 ! watcher");
    assert_int_equal(notes[0][0].matrix, WEIR_BT601);
}

static void test_odd_sizes_and_other_codecs(void **state)
{
    (void)state;
    static const struct {
        const char *file, *encoder, *options;
        bool ranged;
    } clips[] = {
        {"clip.mp4", "libx264", "-pix_fmt yuv444p -crf 12", false},
        {"clip.mkv", "mjpeg", "-pix_fmt yuvj420p -q:v 2", true},
        {"clip.avi", "mjpeg", "-pix_fmt yuvj422p -q:v 2", true},
        {"clip.mjpeg", "mjpeg", "-pix_fmt yuvj444p -q:v 2", true},
        {"clip.mkv", "mpeg4", "-pix_fmt yuv420p -q:v 2 -bf 2", false},
        {"clip.mpg", "mpeg2video", "-pix_fmt yuv420p -q:v 2 -bf 2", false},
        {"clip.webm", "libvpx", "-b:v 4M -deadline realtime", false},
        {"clip.webm", "libvpx-vp9", "-b:v 4M -deadline realtime -cpu-used 8", false},
        {"clip.mkv", "libx265", "-preset ultrafast -crf 12 -x265-params log-level=none -pix_fmt yuv444p", false},
    };
    for (size_t i = 0; i < sizeof clips / sizeof *clips; i++) {
        char options[128], line[256];
        if (!has_encoder(clips[i].encoder))
            continue;
        snprintf(options, sizeof options, "-c:v %s %s", clips[i].encoder, clips[i].options);
        film(clips[i].file, 321, 181, 1, 12, options);
        snprintf(line, sizeof line, "video name=c url=~/%s max_size=321x181 ! watcher", clips[i].file);
        film_run_fine(line);
        if (noted[0] != 12)
            fail_msg("%s %s: %d pictures: %s", clips[i].encoder, clips[i].file, noted[0], film_log);
        for (int k = 0; k < 12; k++) {
            if (notes[0][k].code != k + 1 || (!clips[i].ranged && notes[0][k].error > 6))
                fail_msg("%s %s: picture %d is %d, %.1f off", clips[i].encoder, clips[i].file, k, (int)notes[0][k].code,
                         notes[0][k].error);
            assert_int_equal(notes[0][k].width, 321);
            assert_int_equal(notes[0][k].height, 181);
            assert_int_equal(notes[0][k].full_range, clips[i].ranged);
        }
        assert_int_equal(film_decoder.lost, 0);
    }
}

/* The clip is turned when it is made, and says by how much to turn it back. */
static void film_turned(int degrees, const char *turned)
{
    char options[256];
    snprintf(options, sizeof options, "-vf %s " FILM_B, turned);
    film("turned.mp4", 320, 180, 1, 30, options);
    assert_string_equal(
        wr_shell(NULL, "ffmpeg -v error -nostdin -y -i turned.mp4 -c copy -metadata:s:v:0 rotate=%d clip.mp4", degrees),
        "");
    /* Others turn it the same way. */
    wr_shell(NULL, "ffmpeg -v error -nostdin -y -i clip.mp4 -frames:v 1 -pix_fmt gray -f rawvideo luma");
    size_t bytes;
    char *luma = wr_read(wr_at("luma"), &bytes);
    int64_t number = 0;
    assert_int_equal(bytes, 320 * 180);
    assert_true(wr_code_read((const uint8_t *)luma, 320, 320, 180, &number));
    assert_int_equal(number, 1);
    free(luma);
}

static void test_pictures_are_upright(void **state)
{
    (void)state;
    static const struct {
        int degrees;
        const char *turned;
    } rotations[] = {{90, "transpose=clock"}, {180, "hflip,vflip"}, {270, "transpose=cclock"}};
    for (int i = 0; i < 3; i++) {
        film_turned(rotations[i].degrees, rotations[i].turned);
        film_run_fine(
            "video name=c url=~/clip.mp4 max_size=320x320 ! watcher hold=1 keep=5 ; @c ! watcher id=1 hold=20");
        expect_all(0, 1, 30);
        expect_all(1, 1, 30);
        expect_colours(FILM_U, FILM_V);
        assert_int_equal(notes[0][0].width, 320);
        assert_int_equal(notes[0][0].height, 180);
        assert_int_equal(film_decoder.lost, 0);
    }
}

/* --- changes in mid-stream --- */

static void test_another_resolution_in_mid_stream(void **state)
{
    (void)state;
    static const char *const kinds[] = {"h264", "ts"};
    for (int i = 0; i < 2; i++) {
        char a[16], b[16], line[256];
        snprintf(a, sizeof a, "a.%s", kinds[i]);
        snprintf(b, sizeof b, "b.%s", kinds[i]);
        film(a, 320, 240, 1, 30, FILM_B);
        film(b, 480, 272, 31, 30, FILM_B);
        wr_shell(NULL, "cat %s %s %s > whole.%s", a, b, a, kinds[i]);
        snprintf(line, sizeof line, "video name=c url=~/whole.%s ! watcher", kinds[i]);
        film_run_fine(line);
        assert_int_equal(noted[0], 90);
        for (int k = 0; k < 90; k++) {
            bool large = k >= 30 && k < 60;
            assert_int_equal(notes[0][k].code, k < 60 ? k + 1 : k - 59);
            assert_int_equal(notes[0][k].width, large ? 480 : 320);
            assert_int_equal(notes[0][k].height, large ? 272 : 240);
            assert_true(notes[0][k].error < 6);
            assert_int_equal(notes[0][k].order, k + 1);
        }
    }
}

static void test_too_large_pictures_are_refused_and_counted(void **state)
{
    (void)state;
    static const int large[][2] = {{336, 256}, {640, 480}}; /* a little too large, and far too large */
    film("a.h264", 320, 240, 1, 30, FILM_B);
    for (int i = 0; i < 2; i++) {
        film("b.h264", large[i][0], large[i][1], 31, 30, FILM_B);
        wr_shell(NULL, "cat a.h264 b.h264 a.h264 > whole.h264");
        film_run_fine("video name=c url=~/whole.h264 max_size=320x240 ! watcher");
        assert_int_equal(noted[0], 60);
        assert_int_equal(film_decoder.lost, 30);
        assert_int_equal(notes[0][30].code, 1);
        assert_true(notes[0][30].flags & WEIR_FRAME_GAP);
        assert_non_null(strstr(film_log, "c-decode: "));
        assert_non_null(strstr(film_log, "max_size=320x240"));
        assert_non_null(strstr(film_log, "raise max_size="));
    }
    film("clip.mp4", 640, 480, 1, 30, FILM_B);
    film_run_fine("video name=c url=~/clip.mp4 max_size=320x240 ! watcher");
    assert_int_equal(noted[0], 0);
    assert_int_equal(film_decoder.lost, 30);
    assert_non_null(
        strstr(film_log, "a picture of 640x480 is above max_size=320x240 and was refused; raise max_size="));
}

/* Parameter sets that come with a packet, not with the container's head: FLV announces others as it goes. */
static void test_another_codec_in_mid_stream(void **state)
{
    (void)state;
    film("a.flv", 320, 240, 1, 30, FILM_B);
    film("b.flv", 480, 272, 31, 30, FILM_B "-refs 1 -profile:v main ");
    wr_shell(NULL, "tail -c +14 b.flv | cat a.flv - > whole.flv"); /* without the head of the second */
    film_run_fine("video name=c url=~/whole.flv ! watcher");
    expect_all(0, 1, 60);
    assert_int_equal(notes[0][59].width, 480);
    assert_int_equal(film_decoder.lost, 0);
}

/* --- damage --- */

static void test_it_begins_with_a_key_frame(void **state)
{
    (void)state;
    film("clip.mp4", 320, 240, 1, 60, FILM_P);
    assert_string_equal(
        wr_shell(NULL,
                 "ffmpeg -v error -nostdin -y -i clip.mp4 -c copy -bsf:v 'noise=amount=0:drop=lt(n\\,10)' cut.mkv"),
        "");
    film_run_fine("video name=c url=~/cut.mkv ! watcher");
    assert_int_equal(film_source.frames_out, 50);
    assert_int_equal(film_decoder.lost, 15);
    assert_int_equal(noted[0], 35);
    assert_int_equal(notes[0][0].code, 26);
    assert_int_equal(notes[0][0].number, 16);
    assert_true(notes[0][0].flags & WEIR_FRAME_GAP);
    assert_false(notes[0][1].flags & WEIR_FRAME_GAP);
}

/* An open group: pictures shown before the key frame refer to what was before it, and the decoder keeps them back
 * without a word. */
static void test_pictures_that_cannot_be_are_counted(void **state)
{
    (void)state;
    film("clip.mp4", 320, 240, 1, 75, FILM_X264 "-bf 3 -g 25 -x264-params scenecut=0:open-gop=1:b-adapt=0 ");
    wr_shell(NULL, "ffmpeg -v error -nostdin -y -i clip.mp4 -c copy -bsf:v 'noise=amount=0:drop=lt(n\\,10)' cut.mkv");
    film_run_fine("video name=c url=~/cut.mkv ! watcher");
    assert_int_equal(film_source.frames_out, 65);
    assert_true(film_decoder.lost >= 15);
    assert_true(noted[0] >= 40);
    for (int i = 0; i < noted[0]; i++)
        assert_true(notes[0][i].code > 0 && notes[0][i].error < 6);
    assert_int_equal(notes[0][noted[0] - 1].code, 75);
}

static void flip_bits(const char *from, const char *to, size_t first, size_t last, uint32_t random, int flips)
{
    size_t bytes;
    char *data = wr_read(wr_at(from), &bytes);
    for (int i = 0; i < flips; i++) {
        random = random * 1664525 + 1013904223;
        data[first + (random >> 4) % (last - first)] ^= (char)(1 << (random >> 29));
    }
    FILE *file = fopen(wr_at(to), "wb");
    assert_int_equal(fwrite(data, 1, bytes, file), bytes);
    assert_int_equal(fclose(file), 0);
    free(data);
}

static void test_damage_is_over_at_the_next_key_frame(void **state)
{
    (void)state;
    static const char *const kinds[] = {"ts", "h264", "mkv"};
    bool any_lost = false;
    film("a.h264", 320, 240, 1, 50, FILM_B);
    film("whole.h264", 320, 240, 1, 125, FILM_B);
    film("whole.ts", 320, 240, 1, 125, FILM_B);
    film("whole.mkv", 320, 240, 1, 125, FILM_B);
    size_t damaged = (size_t)wr_size(wr_at("a.h264"));
    for (uint32_t i = 0; i < 12; i++) {
        char line[256], from[32], to[32];
        snprintf(from, sizeof from, "whole.%s", kinds[i % 3]);
        snprintf(to, sizeof to, "damaged.%s", kinds[i % 3]);
        flip_bits(from, to, 4000, damaged, i + 1, i < 6 ? 4 : 60);
        snprintf(line, sizeof line, "video name=c url=~/%s ! watcher", to);
        film_run_fine(line);
        any_lost |= film_decoder.lost > 0;
        /* From the fourth group on (76 to 125) all is well. */
        assert_true(noted[0] >= 50);
        for (int k = 1; k <= 50; k++) {
            const film_note *note = &notes[0][noted[0] - k];
            if (note->code != 126 - k || note->error > 6)
                fail_msg("%s, %u: picture %d from the end is %d, %.1f off", to, i, k, (int)note->code, note->error);
        }
        for (int k = 1; k < noted[0]; k++)
            assert_true(notes[0][k].order > notes[0][k - 1].order);
    }
    assert_true(any_lost);
}

/* --- the store --- */

static const char *const shapes[] = {
    "video name=c url=~/clip.mp4 max_size=320x240 ! watcher hold=1",
    "video name=c url=~/clip.mp4 max_size=320x240 ! watcher hold=100",
    "video name=c url=~/clip.mp4 max_size=320x240 ! watcher hold=1 keep=20",
    "video name=c url=~/clip.mp4 max_size=320x240 threads=4 ! watcher hold=2 keep=3",
    "video name=c url=~/clip.mp4 max_size=320x240 runner=thread ! watcher runner=inline",
    ("video name=c url=~/clip.mp4 max_size=320x240 ! watcher hold=1 keep=2 delay=1ms ; @c ! watcher id=1 hold=40 ; "
     "@c ! watcher id=2 hold=3 keep=20 name=last"),
};

static void expect_no_loss(const char *clip_options, int count)
{
    film("clip.mp4", 320, 240, 1, count, clip_options);
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        film_run_fine(shapes[i]);
        assert_string_equal(film_log, "");
        assert_int_equal(film_decoder.lost, 0);
        int watchers = strstr(shapes[i], "id=1") ? 3 : 1;
        for (int id = 0; id < watchers; id++)
            expect_all(id, 1, count);
        assert_int_equal(film_decoder.frames_in, count); /* one decoder serves all */
    }
}

static void test_the_store_always_has_room(void **state)
{
    (void)state;
    expect_no_loss(FILM_B, 60);
    /* As many references as H.264 allows. */
    expect_no_loss(FILM_X264 "-g 60 -refs 16 -bf 3 -b_strategy 0 -x264-params scenecut=0 ", 60);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, wr_enter, wr_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_picture_carries_the_number_of_its_packet),
        TEST(test_pictures_are_decoded_in_place),
        TEST(test_formats),
        TEST(test_ranges_and_matrices),
        TEST(test_odd_sizes_and_other_codecs),
        TEST(test_pictures_are_upright),
        TEST(test_another_resolution_in_mid_stream),
        TEST(test_too_large_pictures_are_refused_and_counted),
        TEST(test_another_codec_in_mid_stream),
        TEST(test_it_begins_with_a_key_frame),
        TEST(test_pictures_that_cannot_be_are_counted),
        TEST(test_damage_is_over_at_the_next_key_frame),
        TEST(test_the_store_always_has_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
