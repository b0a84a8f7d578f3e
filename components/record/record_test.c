#include "../lib/testing.h"

#include <libavformat/avformat.h>
#include <sys/wait.h>
#include <weir/weir.h>

/* --- a source of packets: clips made by ffmpeg, one after the other, over and over --- */

enum { MS = 1000000, CLIPS_MAX = 2, PACKETS_MAX = 2000 };

struct clip {
    AVFormatContext *format;
    AVPacket *packet[PACKETS_MAX];
    int packets;
    int64_t length_ns;
};

static struct clip clips[CLIPS_MAX];

static struct {
    int frames;                              /* to send */
    int first;                               /* packet of the first clip to start with */
    int switch_at;                           /* frame from which the second clip is sent; 0: never */
    void (*before)(weir_frame *, int index); /* may change a frame's times and flags */
    int progress_fd;                         /* a byte is written here for every frame that is done with */
} feed;

typedef struct feed_state {
    int sent, at;
    struct clip *clip;
    int64_t start_ns;
} feed_state;

static weir_status feed_plan(weir_node *node)
{
    weir_plan_store(node, WEIR_KIND_CODEC, 4096, 1, 0);
    return weir_plan_store(node, WEIR_KIND_PACKET, 256 * 1024, 1, 8 * 1024 * 1024);
}

static void attach_packet(weir_node *node, weir_frame *frame, const AVPacket *from, int64_t dts_ns)
{
    weir_packet *packet = weir_attach(node, frame, WEIR_KIND_PACKET, weir_packet_bytes((size_t)from->size));
    assert_non_null(packet);
    *packet = (weir_packet){.dts_ns = dts_ns, .bytes = (uint32_t)from->size, .offset = sizeof *packet};
    memcpy((uint8_t *)packet + packet->offset, from->data, (size_t)from->size);
    memset((uint8_t *)packet + packet->offset + from->size, 0, WEIR_PACKET_PADDING);
}

static void attach_codec(weir_node *node, weir_frame *frame, const AVCodecParameters *from)
{
    weir_codec *codec = weir_attach(node, frame, WEIR_KIND_CODEC, sizeof *codec + (size_t)from->extradata_size);
    assert_non_null(codec);
    *codec = (weir_codec){.width = (uint32_t)from->width,
                          .height = (uint32_t)from->height,
                          .extradata_bytes = (uint32_t)from->extradata_size,
                          .extradata_offset = sizeof *codec,
                          .rate_num = 25,
                          .rate_den = 1,
                          .profile = (uint32_t)from->profile,
                          .level = (uint32_t)from->level};
    snprintf(codec->name, sizeof codec->name, "%s", avcodec_get_name(from->codec_id));
    if (from->extradata_size)
        memcpy(codec + 1, from->extradata, (size_t)from->extradata_size);
}

static int64_t media_ns(const struct clip *clip, int64_t time, int64_t start_ns)
{
    const AVRational ns = {1, 1000000000};
    return time == AV_NOPTS_VALUE ? WEIR_NO_TIME
                                  : start_ns + av_rescale_q(time, clip->format->streams[0]->time_base, ns);
}

static weir_status feed_produce(weir_node *node)
{
    feed_state *state = weir_state(node);
    if (feed.progress_fd && state->sent)
        assert_int_equal(write(feed.progress_fd, "", 1), 1);
    if (state->sent == feed.frames)
        return WEIR_END;
    if (!state->clip)
        *state = (feed_state){.clip = &clips[0], .at = feed.first};
    if (feed.switch_at && state->sent == feed.switch_at)
        *state = (feed_state){.clip = &clips[1], .sent = state->sent, .start_ns = state->start_ns};
    const AVPacket *packet = state->clip->packet[state->at];
    weir_frame frame = weir_frame_new(node, weir_now(node));
    frame.order = WEIR_NO_ORDER;
    frame.pts_ns = media_ns(state->clip, packet->pts, state->start_ns);
    frame.flags = packet->flags & AV_PKT_FLAG_KEY ? WEIR_FRAME_KEY : 0;
    frame.utc_ns = INT64_C(1795406400000000000) + (int64_t)state->sent * 40 * MS;
    attach_codec(node, &frame, state->clip->format->streams[0]->codecpar);
    attach_packet(node, &frame, packet, media_ns(state->clip, packet->dts, state->start_ns));
    if (feed.before)
        feed.before(&frame, state->sent);
    if (++state->at == state->clip->packets) {
        state->at = 0;
        state->start_ns += state->clip->length_ns;
    }
    state->sent++;
    weir_send(node, 0, &frame);
    return WEIR_MORE;
}

static const weir_component_class feed_class = {
    .name = "feed",
    .summary = "packets of the test",
    .outputs = (const weir_port[]){{.name = "out", .adds = {"weir.packet/1", "weir.codec/1"}}, {0}},
    .state_bytes = sizeof(feed_state),
    .plan = feed_plan,
    .produce = feed_produce,
};

static void load_clip(struct clip *to, const char *options)
{
    char path[256];
    int rc;
    if (!wr_has("ffmpeg") || !wr_has("ffprobe")) {
        print_message("skipped: needs ffmpeg and ffprobe\n");
        skip();
    }
    snprintf(path, sizeof path, "%s", wr_at(to == clips ? "clip.mkv" : "clip2.mkv"));
    const char *said = wr_shell(&rc, "ffmpeg -v error -nostdin -f lavfi -i testsrc=r=25:%s %s", options, path);
    assert_string_equal(said, "");
    *to = (struct clip){0};
    assert_true(avformat_open_input(&to->format, path, NULL, NULL) >= 0);
    assert_true(avformat_find_stream_info(to->format, NULL) >= 0);
    AVPacket *packet = av_packet_alloc();
    while (to->packets < PACKETS_MAX && av_read_frame(to->format, packet) >= 0) {
        to->packet[to->packets++] = packet;
        packet = av_packet_alloc();
    }
    av_packet_free(&packet);
    to->length_ns = (int64_t)to->packets * 40 * MS;
}

static int enter(void **state)
{
    memset(&feed, 0, sizeof feed);
    memset(clips, 0, sizeof clips);
    return wr_enter(state);
}

static int leave(void **state)
{
    for (int c = 0; c < CLIPS_MAX; c++) {
        for (int i = 0; i < clips[c].packets; i++)
            av_packet_free(&clips[c].packet[i]);
        avformat_close_input(&clips[c].format);
    }
    return wr_leave(state);
}

/* --- running it --- */

static char said[2048];
static weir_status status;
static weir_node_stats result; /* of the recorder */

static void run(const char *options)
{
    weir_pipeline *pipeline = weir_pipeline_new("test");
    assert_int_equal(weir_register(&feed_class), WEIR_OK);
    assert_int_equal(weir_pipeline_add(pipeline, "camera", "feed", NULL), WEIR_OK);
    assert_int_equal(weir_pipeline_add(pipeline, "tape", "record", options), WEIR_OK);
    assert_int_equal(weir_pipeline_link(pipeline, "camera", "tape", NULL), WEIR_OK);
    weir_pipeline_runner(pipeline, "inline"); /* when a frame was sent, it is recorded */
    status = weir_pipeline_run(pipeline);
    snprintf(said, sizeof said, "%s", weir_pipeline_error(pipeline));
    weir_stats *stats = weir_pipeline_stats(pipeline);
    if (stats && stats->nodes == 2)
        result = stats->node[1];
    weir_stats_free(stats);
    weir_pipeline_free(pipeline);
}

static void run_fine(const char *folder, const char *more)
{
    char options[512];
    snprintf(options, sizeof options, "path=%s %s", wr_at(folder), more);
    run(options);
    assert_string_equal(said, "");
    assert_int_equal(status, WEIR_OK);
}

/* Every file plays without a word, and together they hold so many packets. */
static void expect_packets(const char *files, int count)
{
    assert_string_equal(
        wr_shell(NULL, "for f in %s; do ffmpeg -v error -nostdin -i $f -f null - || echo $f; done", files), "");
    assert_int_equal(atoi(wr_shell(NULL,
                                   "for f in %s; do ffprobe -v error -select_streams v -count_packets -show_entries "
                                   "stream=nb_read_packets -of csv=p=0 $f | head -n 1; done | "
                                   "awk '{n+=$1} END {print n+0}'",
                                   files)),
                     count);
}

static const char *const short_gop = "s=320x240:d=8 -pix_fmt yuv420p -c:v libx264 -preset ultrafast -bf 0 -g 25";
static const char *const b_frames = "s=320x240:d=8 -pix_fmt yuv420p -c:v libx264 -preset veryfast -bf 2 -g 25 "
                                    "-sc_threshold 0 -x264-params open-gop=0";

/* --- what is recorded --- */

static void test_segments_hold_every_packet(void **state)
{
    (void)state;
    static const char *const formats[] = {"mp4", "mkv", "ts"};
    load_clip(&clips[0], b_frames);
    feed.frames = 200;
    for (int i = 0; i < 3; i++) {
        char more[64];
        snprintf(more, sizeof more, "segment=3s format=%s", formats[i]);
        run_fine(formats[i], more);
        assert_int_equal(result.lost, 0);
        wr_shell(NULL, "ls %s > names", formats[i]);
        assert_string_equal(wr_shell(NULL, "sed 's/\\..*//' names"),
                            "camera-20261123T040000\ncamera-20261123T040003\ncamera-20261123T040006");
        /* Each begins with a key frame, each plays alone, and in a row they are the clip. */
        assert_string_equal(wr_shell(NULL,
                                     "for f in %s/*; do ffprobe -v error -select_streams v -show_entries packet=flags "
                                     "-of csv=p=0 $f | grep -v '^$' | head -n 1; done | cut -c1 | tr -d '\\n'",
                                     formats[i]),
                            "KKK");
        assert_string_equal(
            wr_shell(
                NULL,
                "for f in clip.mkv %s/*; do ffmpeg -v error -nostdin -i $f -f framemd5 - | grep -v '^#' | cut -d, -f6 "
                "> $(basename $f).sums; done; cat camera*.sums | cmp - clip.mkv.sums; wc -l < clip.mkv.sums;"
                "rm *.sums",
                formats[i]),
            "200");
    }
}

static void test_patterns_make_folders(void **state)
{
    (void)state;
    load_clip(&clips[0], short_gop);
    feed.frames = 60;
    run_fine("%Y-%m-%d/%N/%H%M%S-%n.mkv", "segment=1s");
    assert_string_equal(wr_shell(NULL, "find 2026* -name '*.mkv' | sort"),
                        "2026-11-23/camera/040000-1.mkv\n2026-11-23/camera/040001-26.mkv\n"
                        "2026-11-23/camera/040002-51.mkv");
    /* Once more: nothing is overwritten. */
    run_fine("%Y-%m-%d/%N/%H%M%S-%n.mkv", "segment=1s");
    assert_string_equal(wr_shell(NULL, "find 2026* -name '*.mkv' | wc -l"), "6");
}

static void test_it_waits_for_a_key_frame(void **state)
{
    (void)state;
    load_clip(&clips[0], short_gop);
    feed.frames = 100;
    feed.first = 10;
    run_fine("rec", "");
    assert_int_equal(result.lost, 15);
    expect_packets("rec/*", 85);
}

static void flush_in_the_middle(weir_frame *frame, int index)
{
    if (index == 60)
        frame->flags |= WEIR_FRAME_FLUSH;
}

static void test_a_reopened_source_begins_anew(void **state)
{
    (void)state;
    load_clip(&clips[0], short_gop);
    feed.frames = 100;
    feed.before = flush_in_the_middle;
    run_fine("rec", "");
    /* Frames 60 to 74 (from 0) cannot be decoded without those before. */
    assert_int_equal(result.lost, 15);
    assert_string_equal(wr_shell(NULL, "ls rec | wc -l"), "2");
    expect_packets("rec/*", 85);
}

static void test_another_codec_begins_a_segment(void **state)
{
    (void)state;
    load_clip(&clips[0], short_gop);
    load_clip(&clips[1], "s=160x120:d=4 -pix_fmt yuv420p -c:v libx264 -preset ultrafast -bf 0 -g 25");
    feed.frames = 100;
    feed.switch_at = 60;
    run_fine("rec", "");
    assert_int_equal(result.lost, 0);
    assert_string_equal(wr_shell(NULL,
                                 "for f in rec/*; do ffprobe -v error -show_entries stream=width,height -of csv=p=0 "
                                 "$f; done"),
                        "320,240\n160,120");
    expect_packets("rec/*", 100);
}

static void jump_hours(weir_frame *frame, int index)
{
    if (index % 50 == 20)
        frame->pts_ns += INT64_C(36000000) * MS;
    if (index % 50 == 45)
        frame->pts_ns -= INT64_C(36000000) * MS;
}

static void lose_times(weir_frame *frame, int index)
{
    if (index % 3 == 0)
        frame->pts_ns = WEIR_NO_TIME;
}

static void test_wild_times_lose_nothing(void **state)
{
    (void)state;
    static void (*const wild[])(weir_frame *, int) = {jump_hours, lose_times};
    load_clip(&clips[0], short_gop);
    feed.frames = 500; /* the clip's times start again twice */
    for (int i = 0; i < 2; i++) {
        feed.before = wild[i];
        run_fine("rec", "segment=100s");
        assert_int_equal(result.lost, 0);
        expect_packets("rec/*", 500);
        /* Times grow, and the file is about as long as the frames are. */
        assert_string_equal(
            wr_shell(NULL,
                     "ffprobe -v error -show_entries packet=dts_time -of csv=p=0 rec/* | grep '^[0-9]' | tr -d , | "
                     "awk 'NR>1&&$1<=p{print \"back at\",NR,p,$1} {p=$1} END {if(p<19.5||p>20.5)print \"end\",p}'"),
            "");
        wr_shell(NULL, "rm -r rec");
    }
}

/* --- what stays --- */

static void test_the_oldest_go(void **state)
{
    (void)state;
    load_clip(&clips[0], short_gop);
    feed.frames = 200;
    assert_int_equal(mkdir(wr_at("rec"), 0777), 0);
    wr_write(wr_at("rec/camera-19990101T000000.000Z.mp4"), "of an earlier run");
    wr_write(wr_at("rec/camera-notes.mp4"), "of somebody else");
    wr_write(wr_at("rec/other-19990101T000000.000Z.mp4"), "of another camera");
    run_fine("rec", "segment=1s keep=3");
    assert_string_equal(wr_shell(NULL, "ls rec"), "camera-20261123T040005.000Z.mp4\ncamera-20261123T040006.000Z.mp4\n"
                                                  "camera-20261123T040007.000Z.mp4\ncamera-notes.mp4\n"
                                                  "other-19990101T000000.000Z.mp4");
    int size = atoi(wr_shell(NULL, "cat rec/camera-2* | wc -c"));
    char more[128];
    snprintf(more, sizeof more, "segment=1s max_bytes=%d", size);
    run_fine("rec", more);
    assert_true(atoi(wr_shell(NULL, "cat rec/camera-2* | wc -c")) <= size);
    assert_true(atoi(wr_shell(NULL, "ls rec/camera-2* | wc -l")) >= 2);
    assert_string_equal(wr_shell(NULL, "cat rec/camera-notes.mp4 rec/other-*"), "of somebody elseof another camera");
}

/* --- faults --- */

static int full_from, full_until;

static void fill_and_free(weir_frame *frame, int index)
{
    (void)frame;
    if (index == full_from)
        wr_fill_disk(wr_at("disk/ballast"));
    if (index == full_until)
        unlink(wr_at("disk/ballast"));
}

static int log_lines;

static void count_lines(void *user, weir_log_level level, const char *name, const char *text)
{
    (void)user;
    (void)level;
    if (name && strcmp(name, "tape") == 0) {
        log_lines++;
        print_message("    %s\n", text);
    }
}

static void test_a_full_disk_is_survived(void **state)
{
    (void)state;
    static const char *const formats[] = {"mp4", "mkv", "ts"};
    load_clip(&clips[0], short_gop);
    feed.frames = 400;
    feed.before = fill_and_free;
    full_from = 130;
    full_until = 260;
    if (!wr_small_disk(8 * 1024 * 1024)) {
        print_message("skipped: mounting a small disk is not allowed here\n");
        skip();
    }
    for (int i = 0; i < 3; i++) {
        char more[64];
        snprintf(more, sizeof more, "format=%s segment=2s", formats[i]);
        log_lines = 0;
        weir_log_set_sink(count_lines, NULL);
        run_fine("disk/rec", more);
        weir_log_set_sink(NULL, NULL);
        assert_int_equal(log_lines, 2); /* that it failed, and that it goes on */
        assert_int_equal(result.errors, 1);
        assert_int_equal(result.frames_in, 400);
        /* Room went at frame 130 and came back at 260; key frames are at 250 and 275. */
        assert_true(result.lost >= 250 - 130 - 13 && result.lost <= 275 - 130 + 13);
        expect_packets("disk/rec/*", 400 - (int)result.lost);
        wr_shell(NULL, "rm -rf disk/rec");
    }
}

/* In a process of its own: records until it is killed. */
static void record_until_killed(int progress_fd, const char *format)
{
    char options[256];
    feed.frames = 1000000;
    feed.progress_fd = progress_fd;
    snprintf(options, sizeof options, "path=%s segment=4s format=%s", wr_at("rec"), format);
    run(options);
    _exit(1);
}

static void kill_after(int frames, const char *format)
{
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        record_until_killed(ends[1], format);
    close(ends[1]);
    char byte;
    for (int i = 0; i < frames; i++)
        assert_int_equal(read(ends[0], &byte, 1), 1);
    kill(child, SIGKILL);
    int killed;
    assert_int_equal(waitpid(child, &killed, 0), child);
    assert_true(WIFSIGNALED(killed));
    /* What the child did before it died. */
    while (read(ends[0], &byte, 1) == 1)
        frames++;
    close(ends[0]);
    /* Of a part that is not complete FFmpeg says in Matroska that it is cut off, and skips it. The last frame of
     * MPEG-TS may be incomplete, and a decoder says so. */
    assert_string_equal(wr_shell(NULL,
                                 "for f in rec/*; do [ -s $f ] || continue; { "
                                 "ffmpeg -v %s -nostdin -i $f -f null - || echo $f; } 2>&1 | "
                                 "grep -v '^Truncating packet'; done",
                                 strcmp(format, "ts") == 0 ? "fatal" : "error"),
                        "");
    int packets =
        atoi(wr_shell(NULL, "for f in rec/*; do [ -s $f ] && ffprobe -v error -select_streams v -count_packets "
                            "-show_entries stream=nb_read_packets -of csv=p=0 $f 2>/dev/null | head -n 1; done | "
                            "awk '{n+=$1} END {print n+0}'"));
    if (packets < frames - 25 || packets > frames + 1)
        fail_msg("%d packets in the file of %d frames", packets, frames);
}

static void test_killed_at_any_time_it_plays(void **state)
{
    (void)state;
    static const char *const formats[] = {"mp4", "mkv", "ts"};
    const char *times = getenv("WEIR_TEST_KILLS");
    int kills = times ? atoi(times) : 12;
    load_clip(&clips[0], b_frames);
    unsigned random = 12345;
    for (int i = 0; i < kills; i++) {
        random = random * 1103515245 + 12345;
        kill_after(26 + (int)(random >> 16) % 300, formats[i % 3]);
        wr_shell(NULL, "rm -r rec");
    }
}

/* --- what is refused --- */

static void expect_refusal(const char *options, const char *why)
{
    run(options);
    assert_true(status < 0);
    if (!strstr(said, why))
        fail_msg("%s: %s", options, said);
}

static void test_mistakes_are_refused(void **state)
{
    (void)state;
    char options[256];
    feed.frames = 1;
    wr_write(wr_at("file"), "");
    expect_refusal("", "path");
    expect_refusal("path=out.mp4", "every segment needs a name of its own");
    expect_refusal("path=rec/%Y", "must end in .mp4, .mkv or .ts");
    expect_refusal("path=rec/%q.mp4", "%q is not known");
    snprintf(options, sizeof options, "path=%s", wr_at("file/rec"));
    expect_refusal(options, "Not a directory; check path=");
    expect_refusal("path=/tmp segment=0s", "segment");
}

static void test_a_codec_that_does_not_fit_is_named(void **state)
{
    (void)state;
    char options[256];
    load_clip(&clips[0], "s=64x48:d=1 -c:v libvpx -b:v 50k");
    feed.frames = 10;
    snprintf(options, sizeof options, "path=%s", wr_at("rec"));
    run(options);
    assert_int_equal(status, WEIR_FAILED);
    assert_non_null(strstr(said, "vp8 video does not fit into mp4"));
    assert_string_equal(wr_shell(NULL, "ls rec"), "");
    run_fine("rec", "format=mkv");
    expect_packets("rec/*", 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_segments_hold_every_packet),
        TEST(test_patterns_make_folders),
        TEST(test_it_waits_for_a_key_frame),
        TEST(test_a_reopened_source_begins_anew),
        TEST(test_another_codec_begins_a_segment),
        TEST(test_wild_times_lose_nothing),
        TEST(test_the_oldest_go),
        TEST(test_a_full_disk_is_survived),
        TEST(test_killed_at_any_time_it_plays),
        TEST(test_mistakes_are_refused),
        TEST(test_a_codec_that_does_not_fit_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
