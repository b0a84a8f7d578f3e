#include "../lib/testing.h"

#include "fit.h"
#include <math.h>
#include <sys/wait.h>
#include <weir/view.h>
#include <weir/weir.h>

/* Models with known outputs, and what is in them, made once by layouts.py. */
static char models[64];

/* --- a source of one colour, a sink that notes boxes --- */

static struct {
    uint32_t width, height;
    uint8_t yuv[3];
    int frames;
} feed;

typedef struct feed_state {
    int sent;
} feed_state;

static weir_status feed_plan(weir_node *node)
{
    return weir_plan_store(node, WEIR_KIND_PICTURE, weir_picture_bytes(WEIR_I420, feed.width, feed.height), 1, 0);
}

static weir_status feed_produce(weir_node *node)
{
    feed_state *state = weir_state(node);
    if (state->sent++ == feed.frames)
        return WEIR_END;
    weir_frame frame = weir_frame_new(node, weir_now(node));
    size_t bytes = weir_picture_bytes(WEIR_I420, feed.width, feed.height);
    weir_picture *picture = weir_attach(node, &frame, WEIR_KIND_PICTURE, bytes);
    assert_non_null(picture);
    weir_picture_layout(picture, WEIR_I420, feed.width, feed.height);
    for (int i = 0; i < 3; i++)
        memset(weir_picture_plane_mutable(picture, i), feed.yuv[i],
               (size_t)picture->stride[i] * (i ? (feed.height + 1) / 2 : feed.height));
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

enum { BOXES = 1000 };

static struct {
    int frames, count;
    uint32_t width, height;
    weir_box box[BOXES];
} seen;

static weir_status note_process(weir_node *node, int input, const weir_frame *frame)
{
    (void)node;
    (void)input;
    const weir_boxes *boxes = weir_frame_boxes(frame);
    assert_non_null(boxes);
    assert_true(boxes->count <= BOXES);
    seen.frames++;
    seen.count = (int)boxes->count;
    seen.width = boxes->picture_width;
    seen.height = boxes->picture_height;
    memcpy(seen.box, boxes->box, boxes->count * sizeof *boxes->box);
    return WEIR_OK;
}

static const weir_component_class note_class = {
    .name = "note",
    .summary = "notes boxes",
    .inputs = (const weir_port[]){{.name = "in", .needs = {"weir.boxes/1"}}, {0}},
    .process = note_process,
};

/* --- running --- */

static char said[4096];

static weir_status run_line(const char *line, bool check_only)
{
    weir_pipeline *pipeline = weir_pipeline_new("test");
    assert_int_equal(weir_register(&feed_class), WEIR_OK);
    assert_int_equal(weir_register(&note_class), WEIR_OK);
    assert_int_equal(weir_pipeline_line(pipeline, line), WEIR_OK);
    seen.frames = seen.count = 0;
    weir_status status = check_only ? weir_pipeline_check(pipeline) : weir_pipeline_run(pipeline);
    snprintf(said, sizeof said, "%s", weir_pipeline_error(pipeline));
    weir_pipeline_free(pipeline);
    return status;
}

static void run_model(const char *model, const char *options)
{
    char line[512];
    snprintf(line, sizeof line, "feed ! detect model=%s/%s.onnx %s ! note", models, model, options);
    weir_status status = run_line(line, false);
    assert_string_equal(said, "");
    assert_int_equal(status, WEIR_OK);
}

static int set_up(void **state)
{
    (void)state;
    feed.width = 200;
    feed.height = 100;
    memset(feed.yuv, 128, sizeof feed.yuv);
    feed.frames = 1;
    if (models[0])
        return 0;
    char command[512];
    strcpy(models, "/tmp/weir-test-XXXXXX");
    assert_non_null(mkdtemp(models));
    snprintf(command, sizeof command, "python3 -B %s %s %s", LAYOUTS, TOOLS, models);
    return system(command);
}

static int tear_down_all(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", models);
    return models[0] ? system(command) : 0;
}

/* --- layouts --- */

static const char *const labels[] = {"red", "green", "traffic light"};

static void expect_boxes(const char *model)
{
    char path[128];
    int label, count = 0;
    float x, y, width, height, score;
    snprintf(path, sizeof path, "%s/%s.txt", models, model);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    for (; fscanf(file, "%d %f %f %f %f %f", &label, &x, &y, &width, &height, &score) == 6; count++) {
        const weir_box *box = &seen.box[count];
        assert_true(count < seen.count);
        assert_int_equal(box->label_id, label);
        assert_string_equal(box->label, labels[label]);
        assert_true(fabsf(box->x - x) < 0.01f && fabsf(box->y - y) < 0.01f);
        assert_true(fabsf(box->width - width) < 0.01f && fabsf(box->height - height) < 0.01f);
        assert_true(fabsf(box->score - score) < 1e-4f);
        assert_int_equal(box->track, 0);
    }
    fclose(file);
    assert_int_equal(count, seen.count);
    assert_true(count > 20);
    assert_true(seen.width == feed.width && seen.height == feed.height);
}

static void test_every_layout_gives_the_boxes_that_are_in_it(void **state)
{
    (void)state;
    static const char *const layouts[] = {"centernet", "stretched", "agnostic",   "yolox",
                                          "yolov5",    "yolov8",    "yolov8-open"};
    for (size_t i = 0; i < sizeof layouts / sizeof *layouts; i++) {
        run_model(layouts[i], "max_boxes=1000");
        expect_boxes(layouts[i]);
    }
}

static void test_a_result_without_rows_is_no_box(void **state)
{
    (void)state;
    feed.frames = 3;
    run_model("nothing", "");
    assert_int_equal(seen.frames, 3);
    assert_int_equal(seen.count, 0);
}

static void test_replicas_find_the_same_in_every_frame(void **state)
{
    (void)state;
    feed.frames = 20;
    run_model("yolox", "max_boxes=1000 replicas=3");
    expect_boxes("yolox");
    assert_int_equal(seen.frames, 20);
}

static void test_many_streams_share_one_detector(void **state)
{
    (void)state;
    char line[512];
    feed.frames = 5;
    for (int replicas = 1; replicas <= 2; replicas++) {
        snprintf(line, sizeof line,
                 "feed ! detect name=d model=%s/yolox.onnx max_boxes=1000 replicas=%d ! note ; feed ! @d ; feed ! @d",
                 models, replicas);
        assert_int_equal(run_line(line, false), WEIR_OK);
        assert_string_equal(said, "");
        assert_int_equal(seen.frames, 15);
        expect_boxes("yolox");
    }
}

/* --- options --- */

static void test_the_best_boxes_stay(void **state)
{
    (void)state;
    run_model("centernet", "max_boxes=7");
    assert_int_equal(seen.count, 7);
    float seventh = seen.box[6].score;
    run_model("centernet", "max_boxes=1000");
    assert_true(seen.box[6].score == seventh);
}

static void test_threshold(void **state)
{
    (void)state;
    run_model("centernet", "threshold=0.9");
    assert_true(seen.count > 2 && seen.count < 20);
    assert_true(seen.box[seen.count - 1].score >= 0.9f);
    run_model("centernet", "threshold=0.001 nms=off max_boxes=1000");
    assert_true(seen.box[seen.count - 1].score < 0.3f);
}

static float overlap(const weir_box *a, const weir_box *b)
{
    float wide = fminf(a->x + a->width, b->x + b->width) - fmaxf(a->x, b->x);
    float high = fminf(a->y + a->height, b->y + b->height) - fmaxf(a->y, b->y);
    return wide <= 0 || high <= 0 ? 0 : wide * high / (a->width * a->height + b->width * b->height - wide * high);
}

/* Pairs that overlap by more than that, within a class and across. */
static void count_rivals(float iou, int *within, int *across)
{
    *within = *across = 0;
    for (int i = 0; i < seen.count; i++)
        for (int k = 0; k < i; k++)
            if (overlap(&seen.box[i], &seen.box[k]) > iou)
                ++*(seen.box[i].label_id == seen.box[k].label_id ? within : across);
}

/* Boxes that reach out of the picture overlap otherwise once they are clipped, so the bar here is a little off the one in
 * the options. */
static void test_nms_is_chosen(void **state)
{
    (void)state;
    int within, across;
    run_model("centernet", "max_boxes=1000 nms=off");
    count_rivals(0.5f, &within, &across);
    assert_true(within > 0 && across > 0);
    int all = seen.count;
    run_model("centernet", "max_boxes=1000 nms=each nms_iou=0.2");
    int each = seen.count;
    count_rivals(0.5f, &within, &across);
    assert_true(within == 0 && across > 0 && each < all);
    run_model("centernet", "max_boxes=1000 nms=agnostic nms_iou=0.2");
    count_rivals(0.5f, &within, &across);
    assert_true(within == 0 && across == 0 && seen.count < each);
}

static void test_classes_are_chosen(void **state)
{
    (void)state;
    int of[3] = {0};
    run_model("centernet", "max_boxes=1000 classes=\"traffic light,green\" nms=off");
    for (int i = 0; i < seen.count; i++)
        of[seen.box[i].label_id]++;
    assert_true(of[0] == 0 && of[1] > 0 && of[2] > 0);
}

static void test_colours_reach_the_model(void **state)
{
    (void)state;
    memcpy(feed.yuv, (uint8_t[]){81, 90, 240}, 3); /* red */
    run_model("rgb", "");
    assert_int_equal(seen.count, 1);
    assert_true(seen.box[0].score > 0.98f);
    assert_true(fabsf(seen.box[0].x - 8 * 200.0f / 96) < 0.01f && fabsf(seen.box[0].height - 32 * 100.0f / 64) < 0.01f);
    run_model("bgr", "");
    assert_true(seen.count == 0 || seen.box[0].score < 0.02f);
    memcpy(feed.yuv, (uint8_t[]){41, 240, 110}, 3); /* blue */
    run_model("bgr", "");
    assert_true(seen.count == 1 && seen.box[0].score > 0.98f);
}

/* --- views --- */

static int made;
static wr_fit_key probe_key;

static weir_status count_make(void *data, size_t bytes, const void *source, const void *key)
{
    made++;
    return wr_fit_make(data, bytes, source, key);
}

static weir_status probe_plan(weir_node *node)
{
    return weir_plan_view(node, &probe_key, sizeof probe_key, wr_fit_bytes(&probe_key));
}

static weir_status probe_process(weir_node *node, int input, const weir_frame *frame)
{
    (void)input;
    weir_view *view;
    assert_non_null(weir_view_get(node, frame, WEIR_KIND_PICTURE, &probe_key, sizeof probe_key, count_make, &view));
    weir_view_release(view);
    weir_frame out = weir_frame_fork(frame);
    weir_send(node, 0, &out);
    return WEIR_OK;
}

static const weir_component_class probe_class = {
    .name = "probe",
    .summary = "asks for the input of a detector",
    .inputs = (const weir_port[]){{.name = "in", .needs = {"weir.picture/1"}}, {0}},
    .outputs = (const weir_port[]){{.name = "out"}, {0}},
    .plan = probe_plan,
    .process = probe_process,
};

static void run_probe(const char *first, const char *second)
{
    char line[512];
    assert_int_equal(weir_register(&probe_class), WEIR_OK);
    made = 0;
    feed.frames = 10;
    snprintf(line, sizeof line,
             "feed ! detect model=%s/%s.onnx runner=inline ! detect model=%s/%s.onnx runner=inline ! probe "
             "runner=inline ! note",
             models, first, models, second);
    assert_int_equal(run_line(line, false), WEIR_OK);
    assert_int_equal(seen.frames, 10);
}

/* Whoever asks behind a detector finds what it made, unless its model wants something else. */
static void test_the_same_input_is_converted_once(void **state)
{
    (void)state;
    probe_key = wr_fit_key_of(
        &(wr_model_input){.width = 96, .height = 64, .pad = 114, .scale = {1, 1, 1}, .resize = WR_LETTERBOX});
    run_probe("yolox", "centernet");
    assert_int_equal(made, 0);
    run_probe("stretched", "stretched");
    assert_int_equal(made, 10);
}

/* --- what is refused --- */

static void refused(bool by_check, const char *model, const char *options, const char *sentence)
{
    char line[512];
    snprintf(line, sizeof line, "feed ! detect model=%s %s ! note", model, options);
    weir_status status = run_line(line, by_check);
    if (!strstr(said, sentence))
        print_error("said: %s\n", said);
    assert_true(status < 0 && status != WEIR_FAILED);
    assert_non_null(strstr(said, sentence));
    assert_null(strchr(said, '\n'));
    assert_null(strstr(said, ".cc:"));
    assert_int_equal(seen.frames, 0);
}

static void test_what_is_wrong_is_found_by_check(void **state)
{
    (void)state;
    char path[9][128];
    static const struct {
        const char *file, *options, *sentence;
    } cases[] = {
        {"good.onnx", "", "has not the sha256 that"},
        {"nowhere.yaml", "", "nowhere.onnx, is not there; get it with: make nowhere"},
        {"none.onnx", "", "there is no model file"},
        {"none.yaml", "", "there is no description"},
        {"alone.onnx", "", "has no description; write"},
        {"misnamed.onnx", "", "names the decoder yolow, which is unknown; did you mean yolox?"},
        {"yolox.onnx", "classes=grean", "yolox has no class grean; did you mean green?"},
        {"yolox.onnx", "classes=elephant", "yolox has no class elephant; weir models yolox lists them"},
        {"yolox.onnx", "provider=openvino", "provider=openvino is not in this ONNX Runtime; use provider=cpu"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(path[i], sizeof path[i], "%s/%s", models, cases[i].file);
        refused(true, path[i], cases[i].options, cases[i].sentence);
    }
    refused(true, "coccco", "", "there is no model coccco; did you mean coco?");
    refused(true, "elephants", "", "there is no model elephants; weir models lists them");
}

static void test_models_that_do_not_fit_are_refused_before_the_start(void **state)
{
    (void)state;
    char path[128];
    static const struct {
        const char *file, *sentence;
    } cases[] = {
        {"corrupt", "corrupt.onnx cannot be used: "},
        {"outside", "outside.onnx cannot be used: it keeps weights in other files"},
        {"wide", "it takes 1x3x64x96, but its description says 1x3x64x192; correct size: or layout: there"},
        {"bytes", "its input and output must be tensors of 32-bit floats"},
        {"two", "it has 2 inputs; a detector has one, the picture"},
        {"strange", "its output is 1x7x7x7, which no decoder takes with 3 labels and an input of 96x64"},
        {"scalar", "its output is a single number, which no decoder takes"},
        {"doubt", "its output is 1x126x8, which may be yolox or yolov5; write output: {decoder: NAME}"},
        {"endless",
         "cannot be used: Failed to load model with error: This is an invalid model. Graph output (nothing) does "
         "not exist in the graph."},
        {"torn", "cannot be used: Exception during initialization: source and destination buffer size mismatch"},
        {"unfit", "its output is 1x126x8, but decoder yolov8 with 3 labels and an input of 96x64 takes 1x7x?"},
    };
    weir_log_set_level(WEIR_LOG_ERROR);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        snprintf(path, sizeof path, "%s/%s.onnx", models, cases[i].file);
        refused(false, path, "", cases[i].sentence);
    }
}

static void test_another_onnxruntime_can_be_named(void **state)
{
    (void)state;
    char path[128];
    /* In a child: what is loaded stays loaded. */
    snprintf(path, sizeof path, "%s/yolox.onnx", models);
    pid_t child = fork();
    if (child == 0) {
        setenv("WEIR_ONNXRUNTIME", "/nowhere/libonnxruntime.so", 1);
        char line[256];
        snprintf(line, sizeof line, "feed ! detect model=%s ! note", path);
        bool ok = run_line(line, false) == WEIR_NOT_FOUND && strstr(said, "cannot load ONNX Runtime: /nowhere/") &&
                  strstr(said, "check WEIR_ONNXRUNTIME");
        _exit(ok ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    if (!wr_has("python3")) {
        fprintf(stderr, "skipped: python3 makes the models\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        TEST(test_another_onnxruntime_can_be_named), /* before any is loaded */
        TEST(test_every_layout_gives_the_boxes_that_are_in_it),
        TEST(test_a_result_without_rows_is_no_box),
        TEST(test_replicas_find_the_same_in_every_frame),
        TEST(test_many_streams_share_one_detector),
        TEST(test_the_best_boxes_stay),
        TEST(test_threshold),
        TEST(test_nms_is_chosen),
        TEST(test_classes_are_chosen),
        TEST(test_colours_reach_the_model),
        TEST(test_the_same_input_is_converted_once),
        TEST(test_what_is_wrong_is_found_by_check),
        TEST(test_models_that_do_not_fit_are_refused_before_the_start),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down_all);
}
