#include "../lib/filming.h"

/* --- to the end of a file, and around --- */

static void test_every_frame_of_a_file_comes(void **state)
{
    (void)state;
    static const char *const files[] = {
        "clip.mp4",      "clip.mkv", "clip.ts", "clip.h264", "clip.flv", "clip.avi", "clip with blanks.mp4",
        "data:100%d.mp4"};
    film("clip.mp4", 160, 120, 1, 40, FILM_B);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char line[256];
        if (i)
            wr_shell(NULL, "ffmpeg -v error -nostdin -y -i clip.mp4 -c copy 'file:%s'", files[i]);
        snprintf(line, sizeof line, "video name=c url=\"~/%s\" ! watcher", files[i]);
        film_run_fine(line);
        expect_all(0, 1, 40);
        assert_int_equal(film_source.frames_out, 40);
        assert_int_equal(film_source.lost + film_decoder.lost, 0);
    }
    film_run_fine("video name=c url=file://~/clip.mp4 ! watcher");
    expect_all(0, 1, 40);
}

static void test_a_loop_has_no_seam(void **state)
{
    (void)state;
    static const char *const files[] = {"clip.mp4", "clip.ts", "clip.h264"};
    film("clip.mp4", 160, 120, 1, 40, FILM_B);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char line[256];
        bool present[NOTES_MAX] = {false};
        if (i)
            wr_shell(NULL, "ffmpeg -v error -nostdin -y -i clip.mp4 -c copy %s", files[i]);
        snprintf(line, sizeof line, "video name=c url=~/%s loop=true ! watcher hold=1 stop_at=150", files[i]);
        film_run_fine(line);
        assert_true(noted[0] >= 150);
        for (int k = 0; k < 150; k++) {
            const film_note *note = &notes[0][k];
            assert_int_equal(note->code, k % 40 + 1);
            assert_int_equal(note->order, k + 1);
            assert_in_range(note->number, 1, NOTES_MAX - 1);
            assert_false(present[note->number]);
            present[note->number] = true;
            if (i == 2) { /* nothing in it says when pictures are shown */
                assert_true(note->pts_ns == WEIR_NO_TIME);
                continue;
            }
            if (k && note->pts_ns <= note[-1].pts_ns)
                fail_msg("%s: time goes back at %d", files[i], k);
        }
        for (int n = 1; n <= 140; n++) /* in coding order a few are ahead */
            assert_true(present[n]);
        int64_t length_ns = notes[0][149].pts_ns - notes[0][0].pts_ns;
        if (i < 2)
            assert_in_range(length_ns / MS, 149 * 40 - 200, 149 * 40 + 200);
        assert_int_equal(film_decoder.errors, 0);
    }
}

/* --- pace --- */

static void test_pace(void **state)
{
    (void)state;
    film("clip.mp4", 160, 120, 1, 50, FILM_P);
    weir_clock *clock = weir_clock_virtual_new(1);
    film_run(clock, "video name=c url=~/clip.mp4 pace=live ! watcher");
    expect_all(0, 1, 50);
    for (int i = 1; i < 50; i++) /* stamped when due, whatever the reading took */
        assert_int_equal((notes[0][i].captured_ns - notes[0][0].captured_ns + MS / 2) / MS, i * 40);
    assert_in_range((int)(film_duration_s * 1000), 1950, 2010);
    weir_clock_free(clock);
    clock = weir_clock_virtual_new(1);
    film_run(clock, "video name=c url=~/clip.mp4 ! watcher");
    expect_all(0, 1, 50);
    assert_in_range((int)(film_duration_s * 1000), 0, 1);
    weir_clock_free(clock);
}

static void test_a_slow_consumer_of_a_live_file_loses_only_what_is_counted(void **state)
{
    (void)state;
    film("clip.mp4", 160, 120, 1, 100, FILM_P);
    weir_clock *clock = weir_clock_virtual_new(1);
    film_run(clock, "video name=c url=~/clip.mp4 pace=live ! watcher take=latest delay=200ms");
    assert_in_range(noted[0], 20, 30);
    assert_int_equal(film_source.frames_out, 100);
    assert_int_equal(film_decoder.lost, 0);
    for (int i = 1; i < noted[0]; i++)
        assert_true(notes[0][i].code > notes[0][i - 1].code);
    weir_clock_free(clock);
}

static void test_a_missing_key_frame_is_reported_once(void **state)
{
    (void)state;
    film("clip.mp4", 160, 120, 1, 600, FILM_X264 "-bf 0 -g 1000 -x264-params scenecut=0 ");
    weir_clock *clock = weir_clock_virtual_new(1);
    film_run(clock, "video name=c url=~/clip.mp4 pace=live ! packet-watcher");
    assert_int_equal(noted[0], 600);
    assert_string_equal(film_log, "c: no key frame for 10 s: viewers and recordings cannot start; set the camera's key "
                                  "frame interval to 1 or 2 s\n");
    assert_int_equal(film_source.errors, 1);
    weir_clock_free(clock);
    film("clip.mp4", 160, 120, 1, 600, FILM_X264 "-bf 0 -g 200 -x264-params scenecut=0 ");
    clock = weir_clock_virtual_new(1);
    film_run(clock, "video name=c url=~/clip.mp4 pace=live ! packet-watcher");
    assert_string_equal(film_log, "");
    weir_clock_free(clock);
}

/* --- packets --- */

static void test_flags_of_packets(void **state)
{
    (void)state;
    int key = 0, discardable = 0;
    film("clip.mp4", 160, 120, 1, 75, FILM_X264 "-bf 3 -g 25 -x264-params scenecut=0:b-adapt=0:b-pyramid=none ");
    int b = atoi(wr_shell(NULL, "ffprobe -v error -show_entries frame=pict_type -of csv=p=0 clip.mp4 | grep -c B"));
    film_run_fine("video name=c url=~/clip.mp4 ! packet-watcher");
    assert_int_equal(noted[0], 75);
    for (int i = 0; i < 75; i++) {
        assert_int_equal(notes[0][i].number, i + 1);
        assert_true(notes[0][i].order == WEIR_NO_ORDER);
        key += (notes[0][i].flags & WEIR_FRAME_KEY) != 0;
        discardable += (notes[0][i].flags & WEIR_FRAME_DISCARDABLE) != 0;
    }
    assert_int_equal(key, 3);
    assert_true(b > 40);
    assert_int_equal(discardable, b); /* in such a stream nothing refers to them */
    film("clip.mkv", 160, 120, 1, 10, "-c:v mjpeg -pix_fmt yuvj420p");
    film_run_fine("video name=c url=~/clip.mkv ! packet-watcher");
    for (int i = 0; i < 10; i++) /* each alone can be decoded */
        assert_int_equal(notes[0][i].flags & (WEIR_FRAME_KEY | WEIR_FRAME_DISCARDABLE),
                         WEIR_FRAME_KEY | WEIR_FRAME_DISCARDABLE);
}

static void test_a_packet_too_large_takes_those_that_need_it_along(void **state)
{
    (void)state;
    film("clip.mp4", 320, 240, 1, 75, FILM_P);
    film_run_fine("video name=c url=~/clip.mp4 max_packet=1KiB ! watcher");
    assert_int_equal(noted[0], 0);
    assert_int_equal(film_source.lost, 75);
    assert_int_equal(film_source.frames_out, 0);
    assert_non_null(strstr(film_log, "above max_packet=; raise it"));
}

/* --- what is cut off --- */

static void test_truncated_files(void **state)
{
    (void)state;
    static const char *const kinds[] = {"mp4", "mkv", "ts", "h264"};
    for (int i = 0; i < 4; i++) {
        char name[32], line[256];
        snprintf(name, sizeof name, "clip.%s", kinds[i]);
        film(name, 320, 240, 1, 75, FILM_B);
        wr_shell(NULL, "head -c $(($(stat -c %%s %s) * 2 / 3)) %s > cut.%s", name, name, kinds[i]);
        snprintf(line, sizeof line, "video name=c url=~/cut.%s ! watcher", kinds[i]);
        film_run_fine(line);
        assert_in_range(noted[0], 30, 70);
        for (int k = 0; k < noted[0] - 4; k++) /* the last ones may lack some between them */
            assert_int_equal(notes[0][k].code, k + 1);
        assert_in_range(film_decoder.lost, 0, 2);
    }
    wr_shell(
        NULL,
        "head -c $(($(grep -abo mdat clip.mp4 | head -n 1 | cut -d: -f1) + 4)) clip.mp4 > cut.mp4"); /* a head without any picture */
    film_run(NULL, "video name=c url=~/cut.mp4 ! watcher");
    assert_true(film_status < 0);
    assert_int_equal(noted[0], 0);
}

/* --- what is refused --- */

static void expect_refusal(const char *url, const char *why)
{
    char line[512];
    snprintf(line, sizeof line, "video name=c url=\"%s\" ! watcher", url);
    film_run(NULL, line);
    if (film_status >= 0 || film_status == WEIR_FAILED || !strstr(film_said, why))
        fail_msg("%s: %d %s", url, film_status, film_said);
    assert_null(strchr(film_said, '\n')); /* one sentence */
    assert_non_null(strstr(film_said, "url="));
    assert_int_equal(noted[0], 0);
}

static void test_what_is_no_video_is_refused(void **state)
{
    (void)state;
    need_tools();
    wr_write(wr_at("note.txt"), "Dear reader,\nthis is text.\nYours\n");
    wr_write(wr_at("text.mp4"), "Dear reader,\nthis is text.\nYours\n");
    wr_write(wr_at("empty.mp4"), "");
    wr_shell(NULL, "ffmpeg -v error -nostdin -f lavfi -i sine=d=1 sound.mp4; "
                   "ffmpeg -v error -nostdin -f lavfi -i sine=d=1 sound.wav; "
                   "head -c 100000 /dev/urandom > noise.mkv; mkdir folder");
    expect_refusal("~/note.txt", "is no video that can be read: ");
    expect_refusal("~/text.mp4", "is no video that can be read: ");
    expect_refusal("~/empty.mp4", "is empty; check url=");
    expect_refusal("~/noise.mkv", "is no video that can be read: ");
    /* Sizes of 9 bytes, which Matroska does not have. */
    wr_write(wr_at("newer.mkv"), "\x1a\x45\xdf\xa3\x8f\x42\xf3\x81\x09\x42\x82\x88"
                                 "matroska\x18\x53\x80\x67\x88\xec\x86nothing");
    expect_refusal("~/newer.mkv", "a variant of its format that FFmpeg does not know");
    expect_refusal("~/sound.mp4", "there is no video in it");
    expect_refusal("~/sound.wav", "another format that is not read");
    expect_refusal("~/folder", "is a folder");
    expect_refusal("~/nothing.mp4", "No such file or directory");
    expect_refusal("gopher://host/x", "this kind of address is not known");
    expect_refusal("concat:~/a|~/b", "No such file or directory");
}

/* What would open something else: the file behind it is a named pipe, and opening that without a writer never ends. */
static void test_what_leads_elsewhere_is_refused(void **state)
{
    (void)state;
    char text[1024];
    film("real.ts", 160, 120, 1, 10, FILM_P);
    assert_int_equal(mkfifo(wr_at("trap.ts"), 0600), 0);
    static const char *const targets[] = {"trap.ts", "real.ts", "/etc/passwd"};
    for (int i = 0; i < 3; i++) {
        char target[256];
        snprintf(target, sizeof target, "%s", *targets[i] == '/' ? targets[i] : wr_at(targets[i]));
        snprintf(text, sizeof text, "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://%s\n#EXT-X-ENDLIST\n",
                 target);
        wr_write(wr_at("list.m3u8"), text);
        snprintf(text, sizeof text, "ffconcat version 1.0\nfile %s\n", target);
        wr_write(wr_at("list.ffconcat"), text);
        wr_write(wr_at("list.mp4"), text);
        snprintf(
            text, sizeof text,
            "<?xml version=\"1.0\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" type=\"static\" "
            "profiles=\"urn:mpeg:dash:profile:isoff-on-demand:2011\">"
            "<Period><AdaptationSet contentType=\"video\"><Representation id=\"1\" bandwidth=\"1\"><BaseURL>file://%s"
            "</BaseURL></Representation></AdaptationSet></Period></MPD>\n",
            target);
        wr_write(wr_at("list.mpd"), text);
        expect_refusal("~/list.m3u8", "a playlist, a single picture, or another format that is not read");
        expect_refusal("~/list.ffconcat", "a playlist");
        expect_refusal("~/list.mp4", "a playlist");
        expect_refusal("~/list.mpd", "is no video that can be read: ");
    }
    wr_write(wr_at("session.sdp"),
             "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP "
             "96\na=rtpmap:96 H264/90000\n");
    expect_refusal("~/session.sdp", "a playlist");
    wr_shell(NULL,
             "ffmpeg -v error -nostdin -i real.ts 'file:picture-%%02d.jpg'; cp picture-01.jpg 'picture-%%02d.jpg'");
    expect_refusal("~/picture-%02d.jpg", "a single picture");
    expect_refusal("~/picture-01.jpg", "a single picture");
}

static void test_mistakes_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"url=~/clip.mp4 pace=slow", "pace"},          {"url=~/clip.mp4 timeout=0s", "timeout"},
        {"url=~/clip.mp4 transport=tls", "transport"}, {"pace=live", "url"},
        {"url=~/clip.mp4 max_size=0x0", "max_size"},   {"url=~/clip.mp4 max_size=20000x20000", "max_size"},
    };
    wr_write(wr_at("clip.mp4"), "x");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char line[256];
        snprintf(line, sizeof line, "video name=c %s ! watcher", wrong[i][0]);
        film_run(NULL, line);
        if (film_status >= 0 || !strstr(film_said, wrong[i][1]))
            fail_msg("%s: %d %s", wrong[i][0], film_status, film_said);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, wr_enter, wr_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_every_frame_of_a_file_comes),
        TEST(test_a_loop_has_no_seam),
        TEST(test_pace),
        TEST(test_a_slow_consumer_of_a_live_file_loses_only_what_is_counted),
        TEST(test_a_missing_key_frame_is_reported_once),
        TEST(test_flags_of_packets),
        TEST(test_a_packet_too_large_takes_those_that_need_it_along),
        TEST(test_truncated_files),
        TEST(test_what_is_no_video_is_refused),
        TEST(test_what_leads_elsewhere_is_refused),
        TEST(test_mistakes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
