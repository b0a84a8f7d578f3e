#include "../lib/testing.h"

#include "line.h"
#include "output.h"
#include <jansson.h>
#include <math.h>
#include <weir/weir.h>

/* --- a source of frames with boxes, as the test at hand likes them --- */

static struct {
    int frames;
    int64_t step_ns;                                    /* between frames, on the pipeline's clock */
    void (*fill)(weir_node *, weir_frame *, int index); /* adds to a frame, from 0 on */
} feed;

typedef struct feed_state {
    int sent;
} feed_state;

static weir_status feed_plan(weir_node *node)
{
    weir_plan_store(node, WEIR_KIND_BOXES, weir_boxes_bytes(4), 1, 0);
    return weir_plan_store(node, WEIR_KIND_POINTS, sizeof(weir_points) + 4 * sizeof(weir_point), 1, 0);
}

static weir_status feed_produce(weir_node *node)
{
    feed_state *state = weir_state(node);
    if (state->sent == feed.frames)
        return WEIR_END;
    weir_frame frame = weir_frame_new(node, weir_now(node));
    frame.pts_ns = state->sent * feed.step_ns;
    if (feed.fill)
        feed.fill(node, &frame, state->sent);
    state->sent++;
    weir_send(node, 0, &frame);
    if (!feed.step_ns)
        return WEIR_MORE;
    weir_wake_at(node, weir_now(node) + feed.step_ns);
    return WEIR_OK;
}

static const weir_component_class feed_class = {
    .name = "feed",
    .summary = "frames of the test",
    .outputs = (const weir_port[]){{.name = "out", .adds = {"weir.boxes/1", "weir.points/1"}}, {0}},
    .state_bytes = sizeof(feed_state),
    .plan = feed_plan,
    .produce = feed_produce,
};

static weir_boxes *attach_boxes(weir_node *node, weir_frame *frame, uint32_t count)
{
    weir_boxes *boxes = weir_attach(node, frame, WEIR_KIND_BOXES, weir_boxes_bytes(count));
    assert_non_null(boxes);
    memset(boxes, 0, weir_boxes_bytes(count));
    boxes->count = count;
    return boxes;
}

/* Runs feed into jsonl and returns how it ended; what went wrong stays in `said`. */
static char said[1024];

static weir_stats *run_pipeline(weir_status *status, const char *options, weir_clock *clock)
{
    weir_pipeline *pipeline = weir_pipeline_new("test");
    assert_int_equal(weir_register(&feed_class), WEIR_OK);
    assert_int_equal(weir_pipeline_add(pipeline, "camera", "feed", NULL), WEIR_OK);
    assert_int_equal(weir_pipeline_add(pipeline, "events", "jsonl", options), WEIR_OK);
    assert_int_equal(weir_pipeline_link(pipeline, "camera", "events", NULL), WEIR_OK);
    weir_pipeline_clock(pipeline, clock);
    *status = weir_pipeline_run(pipeline);
    snprintf(said, sizeof said, "%s", weir_pipeline_error(pipeline));
    weir_stats *stats = weir_pipeline_stats(pipeline);
    weir_pipeline_free(pipeline);
    return stats;
}

static void run_fine(const char *options, weir_clock *clock)
{
    weir_status status;
    weir_stats *stats = run_pipeline(&status, options, clock);
    assert_string_equal(said, "");
    assert_int_equal(status, WEIR_OK);
    weir_stats_free(stats);
}

/* --- lines --- */

static void fill_example(weir_node *node, weir_frame *frame, int index)
{
    frame->utc_ns = INT64_C(1795406400123000000);
    frame->pts_ns = 566000000;
    frame->captured_ns -= 41230000;
    if (index == 2)
        frame->pts_ns = WEIR_NO_TIME;
    if (index == 0)
        attach_boxes(node, frame, 1)->box[0] =
            (weir_box){.x = 283.14f, .y = 431, .width = 56.17f, .height = 143.4f, .score = 0.8404f, .label = "person"};
    if (index == 1)
        attach_boxes(node, frame, 0);
}

static void test_lines_are_as_designed(void **state)
{
    (void)state;
    char options[256];
    weir_clock *clock = weir_clock_virtual_new(1000000000);
    feed.frames = 3;
    feed.step_ns = 0;
    feed.fill = fill_example;
    snprintf(options, sizeof options, "path=%s flush=0s", wr_at("out/deep/events.jsonl"));
    run_fine(options, clock);
    char *text = wr_read(wr_at("out/deep/events.jsonl"), NULL);
    assert_string_equal(
        text,
        "{\"stream\":\"camera\",\"frame\":1,\"order\":1,\"pts_s\":0.566,\"captured_utc\":\"2026-11-23T04:00:00.123Z\","
        "\"age_ms\":41.2,\"boxes\":[{\"label\":\"person\",\"score\":0.84,\"x\":283.1,\"y\":431.0,\"w\":56.2,"
        "\"h\":143.4}]}\n"
        "{\"stream\":\"camera\",\"frame\":2,\"order\":2,\"pts_s\":0.566,\"captured_utc\":\"2026-11-23T04:00:00.123Z\","
        "\"age_ms\":41.2,\"boxes\":[]}\n"
        "{\"stream\":\"camera\",\"frame\":3,\"order\":3,\"captured_utc\":\"2026-11-23T04:00:00.123Z\","
        "\"age_ms\":41.2}\n");
    free(text);
    weir_clock_free(clock);
}

static void fill_hostile(weir_node *node, weir_frame *frame, int index)
{
    weir_boxes *boxes = attach_boxes(node, frame, 4);
    boxes->box[0] = (weir_box){.x = NAN, .y = INFINITY, .score = 0.5f, .label = "a \"quoted\" \\ \n label"};
    /* Cut within a character, without a zero. */
    memset(boxes->box[1].label, 'x', sizeof boxes->box[1].label);
    boxes->box[1].label[31] = '\xc3';
    boxes->box[2].track = 7;
    strcpy(boxes->box[3].label, "Mädchen");
    if (index == 1)
        boxes->count = 4000000000u;
    weir_points *points = weir_attach(node, frame, WEIR_KIND_POINTS, sizeof *points + sizeof *points->point);
    assert_non_null(points);
    *points = (weir_points){.count = index == 1 ? 99 : 1};
    points->point[0] = (weir_point){.box = 2, .part = 5, .x = 1.25f, .y = 2, .score = 0.123456f};
}

static void test_any_content_is_valid_json(void **state)
{
    (void)state;
    char options[256];
    int rc;
    if (!wr_has("python3"))
        skip();
    feed.frames = 2;
    feed.step_ns = 0;
    feed.fill = fill_hostile;
    snprintf(options, sizeof options, "path=%s", wr_at("events.jsonl"));
    run_fine(options, NULL);
    const char *python = "import json\n"
                         "lines=[json.loads(l) for l in open('events.jsonl',encoding='utf-8')]\n"
                         "assert len(lines)==2\n"
                         "for l in lines:\n"
                         "  b=l['boxes']\n"
                         "  assert len(b)==4, b\n"
                         "  assert b[0]['label']=='a \\\"quoted\\\" \\\\\\\\ \\n label', b[0]\n"
                         "  assert b[0]['x'] is None and b[0]['y'] is None\n"
                         "  assert b[1]['label']=='x'*31+'?', b[1]\n"
                         "  assert b[2]['track']==7 and 'track' not in b[3]\n"
                         "  assert b[3]['label']=='M\\u00e4dchen'\n"
                         "  p=l['points']\n"
                         "  assert p==[{'box':2,'part':5,'x':1.3,'y':2.0,'score':0.123}], p\n";
    const char *out = wr_shell(&rc, "python3 -c \"%s\"", python);
    assert_string_equal(out, "");
    assert_int_equal(rc, 0);
}

static void fill_some(weir_node *node, weir_frame *frame, int index)
{
    if (index % 3)
        attach_boxes(node, frame, index % 3 == 2);
}

static void test_frames_can_be_chosen(void **state)
{
    (void)state;
    static const struct {
        const char *frames;
        const char *lines;
    } cases[] = {{"all", "30"}, {"analysed", "20"}, {"found", "10"}};
    for (int i = 0; i < 3; i++) {
        char options[256];
        feed.frames = 30;
        feed.step_ns = 0;
        feed.fill = fill_some;
        snprintf(options, sizeof options, "path=%s frames=%s", wr_at(cases[i].frames), cases[i].frames);
        run_fine(options, NULL);
        assert_string_equal(wr_shell(NULL, "wc -l < %s", cases[i].frames), cases[i].lines);
    }
}

/* --- when lines reach the file --- */

static long long sizes[4];

static void note_size(weir_node *node, weir_frame *frame, int index)
{
    (void)node;
    (void)frame;
    sizes[index] = wr_size(wr_at("events.jsonl"));
}

static void test_lines_wait_no_longer_than_flush(void **state)
{
    (void)state;
    char options[256];
    weir_clock *clock = weir_clock_virtual_new(1000000000);
    feed.frames = 4;
    feed.step_ns = 400000000; /* frames at 0, 0.4, 0.8 and 1.2 s */
    feed.fill = note_size;
    snprintf(options, sizeof options, "path=%s flush=1s", wr_at("events.jsonl"));
    run_fine(options, clock);
    assert_int_equal(sizes[1], 0);
    assert_int_equal(sizes[2], 0);
    assert_true(sizes[3] > 0);
    assert_string_equal(wr_shell(NULL, "wc -l < events.jsonl"), "4");
    weir_clock_free(clock);
}

static void test_lines_are_added(void **state)
{
    (void)state;
    char options[256];
    feed.frames = 5;
    feed.step_ns = 0;
    feed.fill = NULL;
    snprintf(options, sizeof options, "path=%s", wr_at("events.jsonl"));
    run_fine(options, NULL);
    run_fine(options, NULL);
    assert_string_equal(wr_shell(NULL, "wc -l < events.jsonl"), "10");
}

/* --- standard output --- */

static void test_standard_output_ends_with_its_reader(void **state)
{
    (void)state;
    weir_status status;
    int ends[2], kept = dup(STDOUT_FILENO);
    feed.frames = 1000000;
    feed.step_ns = 0;
    feed.fill = NULL;
    signal(SIGPIPE, SIG_IGN);
    fflush(stdout);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    dup2(ends[1], STDOUT_FILENO);
    close(ends[1]);
    FILE *reader = popen("head -n 3 > /dev/null", "w"); /* any child: the pipe must not be inherited by it */
    pclose(reader);
    close(ends[0]);
    weir_stats *stats = run_pipeline(&status, "path=-", NULL);
    dup2(kept, STDOUT_FILENO);
    close(kept);
    assert_int_equal(status, WEIR_FAILED);
    assert_non_null(strstr(said, "cannot write to standard output: nobody reads it any more"));
    weir_stats_free(stats);
}

/* --- the file itself --- */

static void open_output(wr_output *output, const char *path, uint64_t rotate_bytes, int keep)
{
    *output = (wr_output){.path = path, .rotate_bytes = rotate_bytes, .keep = keep};
    assert_int_equal(wr_output_open(output), WEIR_OK);
}

static void test_torn_lines_are_repaired(void **state)
{
    (void)state;
    static const struct {
        const char *before, *after;
    } cases[] = {
        {"", "{}\n"},
        {"{\"a\":1}\n", "{\"a\":1}\n{}\n"},
        {"{\"a\":1}\n{\"b\":[1,2", "{\"a\":1}\n{}\n"},
        {"{\"a\":1}\n{\"b\":2}", "{\"a\":1}\n{\"b\":2}\n{}\n"},
        {"{\"torn", "{}\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        wr_output output;
        wr_write(wr_at("f"), cases[i].before);
        open_output(&output, wr_at("f"), 0, 0);
        assert_true(wr_output_line(&output, "{}\n", 3));
        assert_int_equal(wr_output_flush(&output), WEIR_OK);
        assert_int_equal(wr_output_close(&output), 0);
        char *text = wr_read(wr_at("f"), NULL);
        assert_string_equal(text, cases[i].after);
        free(text);
    }
}

static void test_other_files_are_not_touched(void **state)
{
    (void)state;
    wr_output output = {.path = wr_at("letter.txt")};
    wr_write(output.path, "Dear reader,\nno newline at the end");
    assert_int_equal(wr_output_open(&output), WEIR_BAD_DATA);
    assert_non_null(strstr(output.why, "it does not hold JSON lines"));
    char *text = wr_read(output.path, NULL);
    assert_string_equal(text, "Dear reader,\nno newline at the end");
    free(text);
}

static void test_a_file_has_one_writer(void **state)
{
    (void)state;
    wr_output first, second = {.path = wr_at("f")};
    open_output(&first, wr_at("f"), 0, 0);
    assert_int_equal(wr_output_open(&second), WEIR_IO);
    assert_non_null(strstr(second.why, "another node or program is writing it"));
    wr_output_close(&first);
    assert_int_equal(wr_output_open(&second), WEIR_OK);
    wr_output_close(&second);
}

static void test_rotation_keeps_the_newest_in_order(void **state)
{
    (void)state;
    wr_output output;
    open_output(&output, wr_at("f"), 100, 2);
    for (int i = 0; i < 100; i++) {
        char line[32];
        int bytes = snprintf(line, sizeof line, "{\"number\":%d}\n", 1000 + i);
        assert_true(wr_output_line(&output, line, (size_t)bytes));
        assert_int_equal(wr_output_flush(&output), WEIR_OK);
        assert_true(wr_size(wr_at("f")) <= 100);
    }
    wr_output_close(&output);
    assert_string_equal(wr_shell(NULL, "ls"), "f\nf.1\nf.2");
    /* 6 lines of 16 bytes fit into 100: 1084 to 1089, 1090 to 1095, 1096 to 1099. */
    assert_string_equal(wr_shell(NULL, "cat f.2 f.1 f | tr -dc '0-9\\n' | tr '\\n' ' '"),
                        "1084 1085 1086 1087 1088 1089 1090 1091 1092 1093 1094 1095 1096 1097 1098 1099 ");
}

static void write_numbers(wr_output *output, int *number, int count)
{
    for (int i = 0; i < count; i++) {
        char line[64];
        int bytes = snprintf(line, sizeof line, "{\"number\":%d,\"filling\":\"........\"}\n", *number);
        if (wr_output_line(output, line, (size_t)bytes))
            ++*number;
        wr_output_flush(output);
    }
}

static void expect_numbers(const char *path, int count)
{
    char *text = wr_read(path, NULL), *at = text;
    for (int i = 0; i < count; i++) {
        char line[64];
        snprintf(line, sizeof line, "{\"number\":%d,\"filling\":\"........\"}\n", i);
        assert_true(strncmp(at, line, strlen(line)) == 0);
        at += strlen(line);
    }
    assert_int_equal(*at, 0);
    free(text);
}

static void test_beyond_a_limit_lines_stay_whole(void **state)
{
    (void)state;
    wr_output output;
    struct rlimit limit, small;
    int number = 0;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    small = (struct rlimit){.rlim_cur = 1000, .rlim_max = limit.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    open_output(&output, wr_at("f"), 0, 0);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    write_numbers(&output, &number, 100);
    assert_int_equal(number, 100); /* what does not fit waits in memory */
    assert_int_equal(wr_output_flush(&output), WEIR_IO);
    char *text = wr_read(wr_at("f"), NULL);
    assert_true(strlen(text) > 900 && text[strlen(text) - 1] == '\n');
    free(text);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
    assert_int_equal(wr_output_flush(&output), WEIR_OK);
    wr_output_close(&output);
    expect_numbers(wr_at("f"), 100);
}

static void test_a_full_disk_loses_no_line_that_fits_in_memory(void **state)
{
    (void)state;
    wr_output output;
    int number = 0;
    if (!wr_small_disk(128 * 1024)) {
        print_message("skipped: mounting a small disk is not allowed here\n");
        skip();
    }
    open_output(&output, wr_at("disk/f"), 0, 0);
    write_numbers(&output, &number, 10);
    wr_fill_disk(wr_at("disk/ballast"));
    write_numbers(&output, &number, 500);
    assert_int_equal(number, 510);
    assert_int_equal(wr_output_flush(&output), WEIR_IO);
    assert_non_null(strstr(output.why, "No space left on device; make room there"));
    char *text = wr_read(wr_at("disk/f"), NULL);
    assert_int_equal(text[strlen(text) - 1], '\n');
    free(text);
    unlink(wr_at("disk/ballast"));
    assert_int_equal(wr_output_flush(&output), WEIR_OK);
    wr_output_close(&output);
    expect_numbers(wr_at("disk/f"), 510);
}

static void test_the_pipeline_outlives_a_full_disk(void **state)
{
    (void)state;
    weir_status status;
    char options[256];
    if (!wr_small_disk(64 * 1024)) {
        print_message("skipped: mounting a small disk is not allowed here\n");
        skip();
    }
    feed.frames = 5000;
    feed.step_ns = 0;
    feed.fill = NULL;
    wr_fill_disk(wr_at("disk/ballast"));
    snprintf(options, sizeof options, "path=%s", wr_at("disk/events.jsonl"));
    weir_stats *stats = run_pipeline(&status, options, NULL);
    assert_int_equal(status, WEIR_OK);
    assert_int_equal(stats->node[1].frames_in, 5000);
    assert_true(stats->node[1].errors >= 1 && stats->node[1].errors < 10);
    assert_int_equal(stats->node[1].lost, 5000);
    weir_stats_free(stats);
}

/* --- what is refused before the start --- */

static void test_bad_paths_are_refused(void **state)
{
    (void)state;
    weir_status status;
    char options[256];
    wr_write(wr_at("file"), "");
    feed.frames = 1;
    snprintf(options, sizeof options, "path=%s", wr_at("file/events.jsonl"));
    weir_stats_free(run_pipeline(&status, options, NULL));
    assert_true(status < 0);
    assert_non_null(strstr(said, "Not a directory; check path="));
    snprintf(options, sizeof options, "path=%s", wr_room);
    weir_stats_free(run_pipeline(&status, options, NULL));
    assert_true(status < 0);
    assert_non_null(strstr(said, "Is a directory; check path="));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, wr_enter, wr_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_lines_are_as_designed),
        TEST(test_any_content_is_valid_json),
        TEST(test_frames_can_be_chosen),
        TEST(test_lines_wait_no_longer_than_flush),
        TEST(test_lines_are_added),
        TEST(test_standard_output_ends_with_its_reader),
        TEST(test_torn_lines_are_repaired),
        TEST(test_other_files_are_not_touched),
        TEST(test_a_file_has_one_writer),
        TEST(test_rotation_keeps_the_newest_in_order),
        TEST(test_beyond_a_limit_lines_stay_whole),
        TEST(test_a_full_disk_loses_no_line_that_fits_in_memory),
        TEST(test_the_pipeline_outlives_a_full_disk),
        TEST(test_bad_paths_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
