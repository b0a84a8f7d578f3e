#include "testing.h"

#include "catalogue.h"
#include "model.h"
#include "near.h"

static wr_model model;
static char why[2 * PATH_MAX];

static bool parse(const char *text)
{
    why[0] = 0;
    return wr_model_parse(&model, text, strlen(text), "m.yaml", why, sizeof why);
}

#define LEAST "model: m\ninput: {size: 320x240}\nlabels: [cat]\n"

static void test_what_is_not_written_has_a_default(void **state)
{
    (void)state;
    assert_true(parse(LEAST));
    assert_string_equal(model.name, "m");
    assert_true(model.input.width == 320 && model.input.height == 240);
    assert_true(model.input.layout == WR_NCHW && model.input.colour == WR_RGB && model.input.resize == WR_LETTERBOX);
    assert_true(model.input.pad == 114 && model.input.scale[2] == 1 && model.input.mean[0] == 0);
    assert_true(model.threshold == 0.3 && model.nms_iou == 0.5 && model.nms_classes == WR_EACH);
    assert_true(!model.decoder[0] && !model.output[0] && !model.sha256[0] && !model.size && !model.install[0]);
    assert_int_equal(model.labels, 1);
    assert_string_equal(model.label[0], "cat");
}

static void test_everything_that_is_written_is_read(void **state)
{
    (void)state;
    assert_true(parse("model: all\ntitle: A title\nfile: other.onnx\nsize: 123\nlicence: MIT\nfrom: here\n"
                      "sha256: ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef0123456789\n"
                      "install: make it\n"
                      "input: {size: 64x32, layout: nhwc, colour: bgr, scale: [1, 0.5, 2.5e-1], mean: 127,\n"
                      "        resize: stretch, pad: 0}\n"
                      "output: {decoder: yolox, name: boxes}\n"
                      "threshold: 0.25\nnms: {iou: 0.7, classes: agnostic}\n"
                      "labels:\n- traffic light\n- \"no\"\n- 80\n"));
    assert_string_equal(model.title, "A title");
    assert_string_equal(model.file, "other.onnx");
    assert_string_equal(model.sha256, "abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789");
    assert_string_equal(model.install, "make it");
    assert_true(model.size == 123);
    assert_true(model.input.layout == WR_NHWC && model.input.colour == WR_BGR && model.input.resize == WR_STRETCH);
    assert_true(model.input.scale[0] == 1 && model.input.scale[1] == 0.5 && model.input.scale[2] == 0.25);
    assert_true(model.input.mean[0] == 127 && model.input.mean[2] == 127 && model.input.pad == 0);
    assert_string_equal(model.decoder, "yolox");
    assert_string_equal(model.output, "boxes");
    assert_true(model.threshold == 0.25 && model.nms_iou == 0.7 && model.nms_classes == WR_AGNOSTIC);
    assert_int_equal(model.labels, 3);
    assert_string_equal(model.label[0], "traffic light");
    assert_string_equal(model.label[2], "80");
}

static void test_mistakes_are_told_with_their_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *sentence;
    } cases[] = {
        {LEAST "treshold: 0.5\n", "m.yaml:4:1: treshold: is unknown; did you mean threshold:?"},
        {LEAST "colour: rgb\n", "m.yaml:4:1: colour: is unknown; known are: model, title, file"},
        {"model: m\ninput: {size: 320x240, color: rgb}\nlabels: [a]\n",
         "m.yaml:2:24: color: is unknown; did you mean colour:?"},
        {"model: m\ninput: {size: 320x240, layout: hwc}\nlabels: [a]\n",
         "m.yaml:2:32: layout: hwc is unknown; did you mean nhwc?"},
        {"model: m\ninput: {size: 320x240, colour: grey}\nlabels: [a]\n",
         "m.yaml:2:32: colour: grey is unknown; known are: rgb, bgr"},
        {"model: m\ninput: {size: 320}\nlabels: [a]\n", "m.yaml:2:15: size: 320 is no size; write WIDTHxHEIGHT"},
        {"model: m\ninput: {size: 0x5}\nlabels: [a]\n", "m.yaml:2:15: size: 0x5 is no size"},
        {"model: m\ninput: {size: 5000x5}\nlabels: [a]\n", "m.yaml:2:15: size: 5000x5 is no size"},
        {"model: m\ninput: {size: -5x5}\nlabels: [a]\n", "m.yaml:2:15: size: -5x5 is no size"},
        {LEAST "threshold: 1.5\n", "m.yaml:4:12: threshold: 1.5 is not within 0.001 and 1"},
        {LEAST "threshold: nan\n", "m.yaml:4:12: threshold: nan is not within"},
        {LEAST "threshold: 0,5\n", "m.yaml:4:12: threshold: 0,5 is no number"},
        {LEAST "model: n\n", "m.yaml:4:1: model: is given twice"},
        {"input: {size: 5x5}\nlabels: [a]\n", "m.yaml:1:1: model: is missing; see models/README.md"},
        {"model: m\ninput: {layout: nchw}\nlabels: [a]\n", "m.yaml:2:8: size: is missing"},
        {"model: m\ninput: {size: 5x5}\n", "m.yaml:1:1: labels: is missing"},
        {"model: m\ninput: {size: 5x5}\nlabels: []\n", "m.yaml:3:9: labels: takes a list of 1 to 2048"},
        {"model: m\ninput: {size: 5x5}\nlabels: [[a]]\n", "m.yaml:3:10: labels: takes one value, not a list"},
        {"model: m\ninput: {size: 5x5}\nlabels: [a-name-that-is-longer-than-31-bytes]\n",
         "m.yaml:3:10: labels: takes at most 31 bytes"},
        {"model: m\ninput: {size: 5x5, scale: [1, 2]}\nlabels: [a]\n", "m.yaml:2:27: scale: takes a number, or a list"},
        {"model: m\ninput: 5x5\nlabels: [a]\n", "m.yaml:2:8: input: takes key: value pairs"},
        {LEAST "sha256: 123\n", "m.yaml:4:9: sha256: takes 64 hexadecimal digits"},
        {LEAST "title:\n", "m.yaml:4:7: title: has no value"},
        {"- a\n", "m.yaml:1:1: this describes no model"},
        {"", "m.yaml:1:1: this describes no model"},
        {"model: m\ninput: {\n", "m.yaml:3:1: this is not YAML: "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_false(parse(cases[i].text));
        if (strncmp(why, cases[i].sentence, strlen(cases[i].sentence)) != 0)
            fail_msg("%s instead of %s", why, cases[i].sentence);
    }
}

static void test_the_nearest_word_is_offered(void **state)
{
    (void)state;
    static const struct {
        const char *word, *best;
    } cases[] = {{"persn", "person"}, {"cra", NULL}, {"cat", "car"}, {"elephant", NULL}, {"bicicle", "bicycle"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        wr_near near = {.word = cases[i].word};
        wr_near_offer(&near, "person");
        wr_near_offer(&near, "car");
        wr_near_offer(&near, "bicycle");
        assert_true((near.best == NULL) == (cases[i].best == NULL));
        if (near.best)
            assert_string_equal(near.best, cases[i].best);
    }
}

/* --- where models are --- */

static void describe(const char *path, const char *name, const char *more)
{
    char text[512];
    snprintf(text, sizeof text, "model: %s\ninput: {size: 8x8}\nlabels: [a]\n%s", name, more);
    wr_write(wr_at(path), text);
}

static int enter_two_folders(void **state)
{
    char list[256];
    int status = wr_enter(state);
    mkdir(wr_at("one"), 0777);
    mkdir(wr_at("two"), 0777);
    snprintf(list, sizeof list, "%s:%s", wr_at("one"), wr_at("two"));
    setenv("WEIR_MODELS", list, 1);
    return status;
}

static void found(const char *name, weir_status expected)
{
    why[0] = 0;
    if (wr_catalogue_find(name, &model, why, sizeof why) != expected)
        fail_msg("%s: %s", name, why);
}

static void test_the_file_may_lie_in_another_folder(void **state)
{
    (void)state;
    describe("one/a.yaml", "a", "size: 4\n");
    wr_write(wr_at("one/a.onnx"), "longer");
    found("a", WEIR_OK);
    assert_false(model.installed);
    wr_catalogue_missing(&model, why, sizeof why);
    assert_non_null(strstr(why, "one/a.onnx, has not the size that its description says"));
    wr_write(wr_at("two/a.onnx"), "four");
    found("a", WEIR_OK);
    assert_true(model.installed);
    assert_string_equal(model.path, wr_at("two/a.onnx"));
    assert_string_equal(model.description, wr_at("one/a.yaml"));
}

static void test_the_first_folder_wins(void **state)
{
    (void)state;
    describe("one/a.yaml", "a", "title: first\n");
    describe("two/a.yaml", "a", "title: second\n");
    found("a", WEIR_OK);
    assert_string_equal(model.title, "first");
    found(wr_at("two/a.yaml"), WEIR_OK);
    assert_string_equal(model.title, "second");
}

static void test_models_named_by_path(void **state)
{
    (void)state;
    describe("two/b.yaml", "b", "file: c.onnx\n");
    wr_write(wr_at("two/b.onnx"), "b");
    wr_write(wr_at("two/c.onnx"), "c");
    found(wr_at("two/b.onnx"), WEIR_OK);
    assert_string_equal(model.path, wr_at("two/b.onnx"));
    found(wr_at("two/b.yaml"), WEIR_OK);
    assert_string_equal(model.path, wr_at("two/c.onnx"));
    found(wr_at("two/c.onnx"), WEIR_NOT_FOUND);
    assert_non_null(strstr(why, "two/c.yaml beside it"));
}

static void test_what_is_wrong_is_said(void **state)
{
    (void)state;
    describe("one/a.yaml", "b", "");
    found("a", WEIR_BAD_DATA);
    assert_non_null(strstr(why, "one/a.yaml describes the model b; a description is called like its model"));
    found("aa", WEIR_NOT_FOUND);
    assert_string_equal(why, "there is no model aa; did you mean a?");
    found("much-too-far", WEIR_NOT_FOUND);
    assert_non_null(strstr(why, "there is no model much-too-far; weir models lists them"));
    found("", WEIR_BAD_OPTION);
    found(wr_at("none/x.yaml"), WEIR_NOT_FOUND);
    found(wr_at("none/x.onnx"), WEIR_NOT_FOUND);
}

static void note_name(const char *path, void *user)
{
    if (strstr(path, wr_room))
        snprintf((char *)user + strlen(user), 256 - strlen(user), "%s ", path + strlen(wr_room) + 1);
}

static void test_all_are_listed_once(void **state)
{
    (void)state;
    char names[256] = "";
    describe("one/b.yaml", "b", "");
    describe("one/a.yaml", "a", "");
    describe("two/a.yaml", "a", "");
    describe("two/c.yaml", "c", "");
    wr_write(wr_at("two/.hidden.yaml"), "");
    wr_write(wr_at("two/x.onnx"), "");
    wr_catalogue_each(note_name, names);
    assert_string_equal(names, "one/a.yaml one/b.yaml two/c.yaml ");
}

static void test_the_default_model_is_described_well(void **state)
{
    (void)state;
    unsetenv("WEIR_MODELS");
    found("coco", WEIR_OK);
    assert_int_equal(model.labels, 80);
    assert_string_equal(model.decoder, "centernet");
    assert_true(model.input.width == 512 && model.input.colour == WR_RGB && model.nms_classes == WR_AGNOSTIC);
}

#define IN_FOLDERS(name) cmocka_unit_test_setup_teardown(name, enter_two_folders, wr_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_not_written_has_a_default),
        cmocka_unit_test(test_everything_that_is_written_is_read),
        cmocka_unit_test(test_mistakes_are_told_with_their_place),
        cmocka_unit_test(test_the_nearest_word_is_offered),
        IN_FOLDERS(test_the_file_may_lie_in_another_folder),
        IN_FOLDERS(test_the_first_folder_wins),
        IN_FOLDERS(test_models_named_by_path),
        IN_FOLDERS(test_what_is_wrong_is_said),
        IN_FOLDERS(test_all_are_listed_once),
        cmocka_unit_test(test_the_default_model_is_described_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
