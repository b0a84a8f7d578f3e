#include "../lib/testing.h"

#include <math.h>
#include <sys/wait.h>
#include <weir/weir.h>

/* --- a source of pictures; how bright the left half is tells which one it is --- */

enum { MS = 1000000 };

static struct {
    int frames;
    uint32_t width, height;
    uint32_t other_width, other_height; /* from the frame switch_at on, if that is not 0 */
    int switch_at;
    uint32_t matrix;
    int64_t (*pts_ns)(int index);
    void (*before)(int index);
    int progress_fd; /* a byte is written here for every frame that is done with */
} feed;

typedef struct feed_state {
    int sent;
} feed_state;

static weir_status feed_plan(weir_node *node)
{
    return weir_plan_store(node, WEIR_KIND_PICTURE, weir_picture_bytes(WEIR_I420, 1920, 1080), 1, 0);
}

static uint8_t brightness(int index)
{
    return (uint8_t)(20 + index % 50 * 4);
}

static void paint(weir_picture *picture, int index)
{
    for (int plane = 0; plane < 3; plane++) {
        uint32_t height = plane ? (picture->height + 1) / 2 : picture->height;
        uint8_t *row = weir_picture_plane_mutable(picture, plane);
        memset(row, plane ? 128 : 90, (size_t)picture->stride[plane] * height);
        for (uint32_t y = 0; plane == 0 && y < height; y++, row += picture->stride[0])
            memset(row, brightness(index), picture->width / 2);
    }
}

static weir_status feed_produce(weir_node *node)
{
    feed_state *state = weir_state(node);
    if (feed.progress_fd && state->sent)
        assert_int_equal(write(feed.progress_fd, "", 1), 1);
    if (state->sent == feed.frames)
        return WEIR_END;
    bool other = feed.switch_at && state->sent >= feed.switch_at;
    uint32_t width = other ? feed.other_width : feed.width, height = other ? feed.other_height : feed.height;
    weir_frame frame = weir_frame_new(node, weir_now(node));
    frame.pts_ns = feed.pts_ns ? feed.pts_ns(state->sent) : (int64_t)state->sent * 40 * MS;
    frame.utc_ns = INT64_C(1795406400000000000) + (int64_t)state->sent * 40 * MS;
    weir_picture *picture = weir_attach(node, &frame, WEIR_KIND_PICTURE, weir_picture_bytes(WEIR_I420, width, height));
    assert_non_null(picture);
    weir_picture_layout(picture, WEIR_I420, width, height);
    picture->matrix = feed.matrix;
    paint(picture, state->sent);
    if (feed.before)
        feed.before(state->sent);
    state->sent++;
    weir_send(node, 0, &frame);
    return WEIR_MORE;
}

static const weir_component_class feed_class = {
    .name = "feed",
    .summary = "pictures of the test",
    .outputs = (const weir_port[]){{.name = "out", .adds = {"weir.picture/1"}}, {0}},
    .state_bytes = sizeof(feed_state),
    .plan = feed_plan,
    .produce = feed_produce,
};

static int enter(void **state)
{
    memset(&feed, 0, sizeof feed);
    feed.width = 320;
    feed.height = 240;
    return wr_enter(state);
}

static void need_tools(void)
{
    if (wr_has("ffmpeg") && wr_has("ffprobe"))
        return;
    print_message("skipped: needs ffmpeg and ffprobe\n");
    skip();
}

/* --- running it --- */

static char said[2048];
static weir_status status;
static weir_node_stats result; /* of the writer */

static void run(const char *options)
{
    weir_pipeline *pipeline = weir_pipeline_new("test");
    assert_int_equal(weir_register(&feed_class), WEIR_OK);
    assert_int_equal(weir_pipeline_add(pipeline, "camera", "feed", NULL), WEIR_OK);
    assert_int_equal(weir_pipeline_add(pipeline, "film", "video-out", options), WEIR_OK);
    assert_int_equal(weir_pipeline_link(pipeline, "camera", "film", NULL), WEIR_OK);
    weir_pipeline_runner(pipeline, "inline"); /* when a frame was sent, it is encoded */
    status = weir_pipeline_run(pipeline);
    snprintf(said, sizeof said, "%s", weir_pipeline_error(pipeline));
    weir_stats *stats = weir_pipeline_stats(pipeline);
    if (stats && stats->nodes == 2)
        result = stats->node[1];
    weir_stats_free(stats);
    weir_pipeline_free(pipeline);
}

static void run_fine(const char *file, const char *more)
{
    char options[512];
    snprintf(options, sizeof options, "path=%s preset=ultrafast %s", wr_at(file), more);
    run(options);
    assert_string_equal(said, "");
    assert_int_equal(status, WEIR_OK);
}

/* The file plays without a word and holds these pictures, in this order. */
static void expect_pictures(const char *file, int first, int count)
{
    char command[512];
    /* In the file's own time: frames may be closer than FFmpeg's idea of its rate. */
    assert_string_equal(
        wr_shell(NULL, "ffmpeg -v error -nostdin -i %s -fps_mode passthrough -enc_time_base -1 -f null -", file), "");
    snprintf(
        command, sizeof command,
        "ffmpeg -v error -nostdin -y -i %s -vf crop=iw/4:ih/2:iw/8:ih/4,scale=2:2:flags=area -fps_mode passthrough "
        "-pix_fmt yuv420p -f rawvideo %s.raw",
        wr_at(file), wr_at(file));
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof command, "%s.raw", wr_at(file));
    size_t bytes;
    char *pixel = wr_read(command, &bytes);
    assert_int_equal(bytes, count * 6); /* two by two pixels each */
    for (int i = 0; i < count; i++)
        assert_true(abs((uint8_t)pixel[6 * i] - brightness(first + i)) <= 1);
    free(pixel);
}

static const char *times_of(const char *file)
{
    return wr_shell(NULL, "ffprobe -v error -show_entries packet=pts_time,flags -of csv=p=0 %s | grep '^[0-9]'", file);
}

/* --- what is written --- */

static void test_pictures_come_back(void **state)
{
    (void)state;
    static const char *const files[] = {"new/folder/out.mp4", "out.mkv", "out.ts"};
    need_tools();
    feed.frames = 120;
    for (int i = 0; i < 3; i++) {
        run_fine(files[i], "");
        assert_int_equal(result.lost, 0);
        expect_pictures(files[i], 0, 120);
        /* A key frame a second. */
        assert_string_equal(wr_shell(NULL,
                                     "ffprobe -v error -select_streams v -show_entries packet=flags -of csv=p=0 %s | "
                                     "grep -v '^$' | grep -n K | cut -d: -f1 | tr '\\n' ' '",
                                     files[i]),
                            "1 26 51 76 101 ");
    }
    /* Written anew. */
    feed.frames = 10;
    run_fine("new/folder/out.mp4", "gop=80ms");
    expect_pictures("new/folder/out.mp4", 0, 10);
}

static int64_t uneven(int index)
{
    return (int64_t)(index * 40 + (index % 3 == 1 ? 15 : 0) + (index >= 6 ? 5000 : 0)) * MS;
}

static void test_each_frame_keeps_its_time(void **state)
{
    (void)state;
    need_tools();
    feed.frames = 8;
    feed.pts_ns = uneven;
    run_fine("out.mp4", "");
    assert_string_equal(times_of("out.mp4"),
                        "0.000000,K_\n0.055000,__\n0.080000,__\n0.120000,__\n0.175000,__\n0.200000,__\n"
                        "5.240000,K_\n5.295000,__");
    expect_pictures("out.mp4", 0, 8);
}

static int64_t looping(int index)
{
    return index == 30 ? WEIR_NO_TIME : (int64_t)(index % 50) * 40 * MS + 7000 * (int64_t)MS;
}

static void test_wild_times_lose_nothing(void **state)
{
    (void)state;
    need_tools();
    feed.frames = 200;
    feed.pts_ns = looping;
    run_fine("out.mp4", "");
    assert_int_equal(result.lost, 0);
    expect_pictures("out.mp4", 0, 200);
    assert_string_equal(
        wr_shell(NULL, "ffprobe -v error -show_entries format=duration -of csv=p=0 out.mp4 | cut -c1-3"), "8.0");
}

static void test_another_size_begins_another_file(void **state)
{
    (void)state;
    need_tools();
    feed.frames = 50;
    feed.switch_at = 20;
    feed.other_width = 161;
    feed.other_height = 91;
    run_fine("out.mp4", "");
    expect_pictures("out.mp4", 0, 20);
    expect_pictures("out-2.mp4", 20, 30);
    assert_string_equal(wr_shell(NULL, "ffprobe -v error -show_entries stream=width,height -of csv=p=0 out-2.mp4"),
                        "160,90");
    run_fine("%N-%H%M%S%f.mp4", "");
    assert_string_equal(wr_shell(NULL, "ls camera*"), "camera-040000000.mp4\ncamera-040000800.mp4");
}

static void test_colours_are_named(void **state)
{
    (void)state;
    static const char *const matrices[] = {"smpte170m", "bt709", "bt2020nc"};
    need_tools();
    feed.frames = 3;
    for (feed.matrix = 0; feed.matrix < 3; feed.matrix++) {
        run_fine("out.mp4", "");
        assert_string_equal(wr_shell(NULL, "ffprobe -v error -show_entries stream=color_space -of csv=p=0 out.mp4"),
                            matrices[feed.matrix]);
    }
}

/* --- faults --- */

static void fill_and_free(int index)
{
    if (index == 130)
        wr_fill_disk(wr_at("disk/ballast"));
    if (index == 260)
        unlink(wr_at("disk/ballast"));
}

static int log_lines;

static void count_lines(void *user, weir_log_level level, const char *name, const char *text)
{
    (void)user;
    (void)level;
    if (name && strcmp(name, "film") == 0) {
        log_lines++;
        print_message("    %s\n", text);
    }
}

static void test_a_full_disk_is_survived(void **state)
{
    (void)state;
    need_tools();
    feed.frames = 400;
    feed.before = fill_and_free;
    if (!wr_small_disk(4 * 1024 * 1024)) {
        print_message("skipped: mounting a small disk is not allowed here\n");
        skip();
    }
    /* It tries again every second of the clock: with live frames on a virtual one that is every 25 frames. */
    char options[256];
    weir_clock *clock = weir_clock_virtual_new(1);
    weir_pipeline *pipeline = weir_pipeline_new("test");
    log_lines = 0;
    weir_log_set_sink(count_lines, NULL);
    weir_register(&feed_class);
    snprintf(options, sizeof options, "path=%s preset=ultrafast", wr_at("disk/out.mp4"));
    weir_pipeline_add(pipeline, "camera", "paced-feed", NULL);
    weir_pipeline_add(pipeline, "film", "video-out", options);
    weir_pipeline_link(pipeline, "camera", "film", NULL);
    weir_pipeline_runner(pipeline, "inline");
    weir_pipeline_clock(pipeline, clock);
    assert_int_equal(weir_pipeline_run(pipeline), WEIR_OK);
    weir_stats *stats = weir_pipeline_stats(pipeline);
    result = stats->node[1];
    weir_stats_free(stats);
    weir_pipeline_free(pipeline);
    weir_clock_free(clock);
    weir_log_set_sink(NULL, NULL);
    assert_int_equal(log_lines, 2); /* that it failed, and that it goes on */
    assert_int_equal(result.errors, 1);
    assert_true(result.lost >= 100 && result.lost <= 260 - 130 + 13 + 26);
    int stored = atoi(wr_shell(NULL, "for f in disk/out*.mp4; do ffmpeg -v error -nostdin -i $f -f null - || echo bad; "
                                     "ffprobe -v error -count_packets -show_entries stream=nb_read_packets -of csv=p=0 "
                                     "$f; done | awk '{n+=$1} END {print n}'"));
    assert_int_equal(stored + result.lost, 400);
}

static weir_status paced_produce(weir_node *node)
{
    weir_status produced = feed_produce(node);
    if (produced == WEIR_MORE) {
        weir_wake_at(node, weir_now(node) + 40 * MS);
        return WEIR_OK;
    }
    return produced;
}

static const weir_component_class paced_feed_class = {
    .name = "paced-feed",
    .summary = "pictures of the test, 25 a second",
    .outputs = (const weir_port[]){{.name = "out", .adds = {"weir.picture/1"}}, {0}},
    .state_bytes = sizeof(feed_state),
    .plan = feed_plan,
    .produce = paced_produce,
};

static void kill_after(int frames, const char *file)
{
    int ends[2];
    char byte, options[256];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        feed.frames = 1000000;
        feed.progress_fd = ends[1];
        snprintf(options, sizeof options, "path=%s preset=ultrafast", wr_at(file));
        run(options);
        _exit(1);
    }
    close(ends[1]);
    for (int i = 0; i < frames; i++)
        assert_int_equal(read(ends[0], &byte, 1), 1);
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    while (read(ends[0], &byte, 1) == 1)
        frames++;
    close(ends[0]);
    /* Of a part that is not complete FFmpeg says in Matroska that it is cut off, and skips it. The last frame of
     * MPEG-TS may be incomplete, and a decoder says so. */
    assert_string_equal(wr_shell(NULL, "ffmpeg -v %s -nostdin -i %s -f null - 2>&1 | grep -v '^Truncating packet'",
                                 strstr(file, ".ts") ? "fatal" : "error", file),
                        "");
    int packets =
        atoi(wr_shell(NULL,
                      "ffprobe -v error -select_streams v -count_packets -show_entries stream=nb_read_packets "
                      "-of csv=p=0 %s | head -n 1",
                      file));
    if (packets < frames - 25 || packets > frames + 1)
        fail_msg("%d packets in the file of %d frames", packets, frames);
}

static void test_killed_at_any_time_it_plays(void **state)
{
    (void)state;
    static const char *const files[] = {"out.mp4", "out.mkv", "out.ts"};
    const char *times = getenv("WEIR_TEST_KILLS");
    int kills = times ? atoi(times) : 12;
    unsigned random = 4711;
    need_tools();
    for (int i = 0; i < kills; i++) {
        random = random * 1103515245 + 12345;
        kill_after(26 + (int)(random >> 16) % 200, files[i % 3]);
        unlink(wr_at(files[i % 3]));
    }
}

/* --- what is refused --- */

static void test_mistakes_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"", "path"},
        {"path=/proc/none/out.mp4", "check path="},
        {"path=/tmp", "Is a directory; check path="},
        {"path=/tmp/x-%Q.mp4", "%Q is not known"},
        {"path=/tmp/x.mp4 crf=99", "crf"},
        {"path=/tmp/x.mp4 preset=quick", "preset"},
    };
    feed.frames = 1;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        run(wrong[i][0]);
        if (status >= 0 || !strstr(said, wrong[i][1]))
            fail_msg("%s: %d %s", wrong[i][0], status, said);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, wr_leave)

int main(void)
{
    weir_register(&paced_feed_class);
    const struct CMUnitTest tests[] = {
        TEST(test_pictures_come_back),          TEST(test_each_frame_keeps_its_time),
        TEST(test_wild_times_lose_nothing),     TEST(test_another_size_begins_another_file),
        TEST(test_colours_are_named),           TEST(test_a_full_disk_is_survived),
        TEST(test_killed_at_any_time_it_plays), TEST(test_mistakes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
