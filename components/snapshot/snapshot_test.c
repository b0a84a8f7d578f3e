#include "../lib/testing.h"

#include "../lib/jpeg.h"
#include "trigger.h"
#include <dirent.h>
#include <math.h>
#include <turbojpeg.h>
#include <weir/weir.h>

/* --- a source of pictures with boxes, 25 a second of media time --- */

enum { MS = 1000000, BOXES = 3 };

static const int64_t utc_ns = INT64_C(1795406400000000000); /* 2026-11-23 04:00:00 */

static struct {
    int frames;
    uint32_t width, height, matrix, full_range;
    uint32_t rgb;                                 /* left half; the right half is its negative */
    int (*boxes)(int index, weir_box box[BOXES]); /* how many; -1: not analysed */
    uint32_t claimed;                             /* count that the attachment says, if not 0 */
    void (*before)(int index);
} feed;

typedef struct feed_state {
    int sent;
} feed_state;

static weir_status feed_plan(weir_node *node)
{
    weir_plan_store(node, WEIR_KIND_BOXES, weir_boxes_bytes(BOXES), 1, 0);
    return weir_plan_store(node, WEIR_KIND_PICTURE, weir_picture_bytes(WEIR_I420, 640, 480), 1, 0);
}

static uint8_t rounded(double value)
{
    return (uint8_t)lrint(fmin(fmax(value, 0), 255));
}

/* As the standards define it. */
static void yuv_of(uint32_t rgb, uint8_t yuv[3])
{
    static const double red[] = {0.299, 0.2126, 0.2627}, blue[] = {0.114, 0.0722, 0.0593};
    double kr = red[feed.matrix], kb = blue[feed.matrix];
    double r = (rgb >> 16 & 255) / 255.0, g = (rgb >> 8 & 255) / 255.0, b = (rgb & 255) / 255.0;
    double y = kr * r + (1 - kr - kb) * g + kb * b, u = (b - y) / (2 - 2 * kb), v = (r - y) / (2 - 2 * kr);
    yuv[0] = rounded(feed.full_range ? 255 * y : 16 + 219 * y);
    yuv[1] = rounded(128 + (feed.full_range ? 255 : 224) * u);
    yuv[2] = rounded(128 + (feed.full_range ? 255 : 224) * v);
}

static void paint(weir_picture *picture)
{
    uint8_t left[3], right[3];
    yuv_of(feed.rgb, left);
    yuv_of(~feed.rgb & 0xffffff, right);
    for (int plane = 0; plane < 3; plane++) {
        uint32_t width = plane ? (picture->width + 1) / 2 : picture->width;
        uint32_t height = plane ? (picture->height + 1) / 2 : picture->height;
        for (uint32_t y = 0; y < height; y++) {
            uint8_t *row = weir_picture_plane_mutable(picture, plane) + (size_t)y * picture->stride[plane];
            memset(row, left[plane], width);
            memset(row + width / 2, right[plane], width - width / 2);
        }
    }
}

static void attach_boxes(weir_node *node, weir_frame *frame, int index)
{
    weir_box box[BOXES] = {0};
    int count = feed.boxes ? feed.boxes(index, box) : -1;
    if (count < 0)
        return;
    weir_boxes *boxes = weir_attach(node, frame, WEIR_KIND_BOXES, weir_boxes_bytes((size_t)count));
    assert_non_null(boxes);
    *boxes = (weir_boxes){.count = feed.claimed ? feed.claimed : (uint32_t)count};
    memcpy(boxes->box, box, (size_t)count * sizeof *box);
}

static weir_status feed_produce(weir_node *node)
{
    feed_state *state = weir_state(node);
    if (state->sent == feed.frames)
        return WEIR_END;
    weir_frame frame = weir_frame_new(node, weir_now(node));
    frame.pts_ns = (int64_t)state->sent * 40 * MS;
    frame.utc_ns = utc_ns + frame.pts_ns;
    weir_picture *picture =
        weir_attach(node, &frame, WEIR_KIND_PICTURE, weir_picture_bytes(WEIR_I420, feed.width, feed.height));
    assert_non_null(picture);
    weir_picture_layout(picture, WEIR_I420, feed.width, feed.height);
    picture->matrix = feed.matrix;
    picture->full_range = feed.full_range;
    paint(picture);
    attach_boxes(node, &frame, state->sent);
    if (feed.before)
        feed.before(state->sent);
    state->sent++;
    weir_send(node, 0, &frame);
    return WEIR_MORE;
}

static const weir_component_class feed_class = {
    .name = "feed",
    .summary = "pictures of the test",
    .outputs = (const weir_port[]){{.name = "out", .adds = {"weir.picture/1", "weir.boxes/1"}}, {0}},
    .state_bytes = sizeof(feed_state),
    .plan = feed_plan,
    .produce = feed_produce,
};

static int enter(void **state)
{
    memset(&feed, 0, sizeof feed);
    feed.width = 64;
    feed.height = 48;
    feed.rgb = 0xc03020;
    return wr_enter(state);
}

/* --- running it --- */

static char said[2048];
static weir_status status;
static weir_node_stats result; /* of snapshot */

static void run(const char *options)
{
    weir_pipeline *pipeline = weir_pipeline_new("test");
    weir_register(&feed_class);
    weir_pipeline_add(pipeline, "camera", "feed", NULL);
    weir_pipeline_add(pipeline, "shots", "snapshot", options);
    weir_pipeline_link(pipeline, "camera", "shots", NULL);
    weir_pipeline_runner(pipeline, "inline"); /* when a frame was sent, its picture is written */
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

/* Numbers of the frames whose pictures are in a folder, in order. */
static const char *shots_in(const char *folder)
{
    return wr_shell(NULL, "ls -A %s | sed -n 's/.*Z-\\([0-9]*\\)\\.jpg/\\1/p' | sort -n | tr '\\n' ' '", folder);
}

typedef struct shot {
    int width, height;
    uint8_t *rgb;
} shot;

static shot decode(const char *path)
{
    shot it;
    int sampling, space;
    size_t bytes;
    char *data = wr_read(path, &bytes);
    tjhandle jpeg = tjInitDecompress();
    assert_int_equal(tjDecompressHeader3(jpeg, (unsigned char *)data, bytes, &it.width, &it.height, &sampling, &space),
                     0);
    it.rgb = malloc((size_t)it.width * (size_t)it.height * 3);
    assert_non_null(it.rgb);
    assert_int_equal(tjDecompress2(jpeg, (unsigned char *)data, bytes, it.rgb, it.width, 0, it.height, TJPF_RGB, 0), 0);
    tjDestroy(jpeg);
    free(data);
    return it;
}

static void expect_rgb(const shot *it, int x, int y, uint32_t rgb, int tolerance)
{
    const uint8_t *got = it->rgb + (y * it->width + x) * 3;
    for (int i = 0; i < 3; i++)
        if (abs(got[i] - (int)(rgb >> (16 - 8 * i) & 255)) > tolerance)
            fail_msg("at %d,%d: %02x%02x%02x instead of %06x", x, y, got[0], got[1], got[2], rgb);
}

static void expect_picture(const char *path)
{
    shot it = decode(path);
    assert_int_equal(it.width, feed.width);
    assert_int_equal(it.height, feed.height);
    expect_rgb(&it, it.width / 8, it.height / 2, feed.rgb, 4);
    expect_rgb(&it, it.width - 1, it.height - 1, ~feed.rgb & 0xffffff, 4);
    free(it.rgb);
}

/* --- what is written --- */

static void test_pictures_have_the_right_size_and_colours(void **state)
{
    (void)state;
    static const uint32_t sizes[][2] = {{64, 48}, {640, 480}, {33, 17}, {16, 1}, {201, 99}};
    static const uint32_t colours[] = {0xc03020, 0x20a040, 0x2040c0, 0xf0f0f0};
    feed.frames = 1;
    for (uint32_t i = 0; i < 5; i++)
        for (feed.matrix = 0; feed.matrix <= WEIR_BT2020; feed.matrix++)
            for (feed.full_range = 0; feed.full_range <= 1; feed.full_range++) {
                feed.width = sizes[i][0];
                feed.height = sizes[i][1];
                feed.rgb = colours[(i + feed.matrix) % 4];
                run_fine("out", "quality=100");
                expect_picture(wr_at("out/camera-20261123T040000.000Z-1.jpg"));
            }
}

static void test_quality_is_as_asked(void **state)
{
    (void)state;
    feed.frames = 1;
    feed.width = 640;
    feed.height = 480;
    run_fine("low", "quality=5");
    run_fine("high", "quality=100");
    assert_true(wr_size(wr_at("low/latest.jpg")) < wr_size(wr_at("high/latest.jpg")));
}

static void test_a_picture_every_so_often(void **state)
{
    (void)state;
    feed.frames = 101; /* 0 to 4 s */
    run_fine("new/folder", "every=1s");
    assert_string_equal(wr_shell(NULL, "ls -A new/folder"),
                        "camera-20261123T040000.000Z-1.jpg\ncamera-20261123T040001.000Z-26.jpg\n"
                        "camera-20261123T040002.000Z-51.jpg\ncamera-20261123T040003.000Z-76.jpg\n"
                        "camera-20261123T040004.000Z-101.jpg\nlatest.jpg");
    assert_string_equal(wr_shell(NULL, "cmp new/folder/latest.jpg new/folder/*-101.jpg"), "");
    run_fine("other", ""); /* every 10 s */
    assert_string_equal(shots_in("other"), "1 ");
    assert_int_equal(result.lost, 0);
}

static void name_box(weir_box *box, const char *label, float score)
{
    snprintf(box->label, sizeof box->label, "%s", label);
    box->score = score;
}

/* A person from 10 to 19, flickering; again from 60 (1.6 s later) on; a car at 30; a doubtful bus at 40. */
static int street(int index, weir_box box[BOXES])
{
    int count = 0;
    int frame = index + 1;
    if ((frame >= 10 && frame < 20 && frame % 3 != 2) || frame >= 60)
        name_box(&box[count++], "person", 0.8f);
    if (frame == 30)
        name_box(&box[count++], "car", 0.9f);
    if (frame == 40)
        name_box(&box[count++], "bus", 0.2f);
    return count;
}

static void test_a_picture_when_something_appears(void **state)
{
    (void)state;
    static const struct {
        const char *options, *shots;
    } cases[] = {
        {"label=person", "10 "},
        {"label=person holdoff=1s", "10 60 "},
        {"label=person holdoff=0s", "10 12 15 18 60 "},
        {"label=\"car, person\"", "10 30 "},
        {"label=bus,car", "30 40 "},
        {"label=bus,car min_score=0.5", "30 "},
        {"label=dog", ""},
        {"label=car every=2s", "1 30 51 101 "},
    };
    feed.frames = 101;
    feed.boxes = street;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char folder[8] = {'f', (char)('0' + i), 0};
        run_fine(folder, cases[i].options);
        assert_string_equal(shots_in(folder), cases[i].shots);
        assert_int_equal(result.errors, 0);
    }
}

static void test_labels_need_a_detector(void **state)
{
    (void)state;
    feed.frames = 10;
    run_fine("out", "label=person");
    assert_string_equal(shots_in("out"), "");
    assert_int_equal(result.errors, 1); /* said once, at the end */
}

static int one_person(int index, weir_box box[BOXES])
{
    (void)index;
    memset(box[0].label, 'x', sizeof box[0].label); /* without an end */
    name_box(&box[1], "person", 0.5f);
    return 2;
}

static void test_counts_are_not_believed(void **state)
{
    (void)state;
    feed.frames = 2;
    feed.boxes = one_person;
    feed.claimed = 4000000000u;
    run_fine("out", "label=dog,person");
    assert_string_equal(shots_in("out"), "1 ");
}

static void test_only_the_newest_are_kept(void **state)
{
    (void)state;
    feed.frames = 101;
    run_fine("out", "every=200ms keep=3");
    assert_string_equal(shots_in("out"), "91 96 101 ");
    wr_shell(NULL, "touch out/letter.txt out/other-20261123T040000.000Z-1.jpg");
    feed.frames = 26; /* the same names as before would be found again: 1, 26 */
    run_fine("out", "every=1s keep=3");
    assert_string_equal(wr_shell(NULL, "ls out | grep camera | sed 's/.*Z-//' | sort -n | tr '\\n' ' '"),
                        "1.jpg 26.jpg 101.jpg ");
    assert_string_equal(wr_shell(NULL, "ls out/letter.txt out/other-*"),
                        "out/letter.txt\nout/other-20261123T040000.000Z-1.jpg");
    expect_picture(wr_at("out/latest.jpg"));
}

static void test_folders_may_be_called_anything(void **state)
{
    (void)state;
    char options[512];
    feed.frames = 1;
    snprintf(options, sizeof options, "path=\"%s\"", wr_at("100%N of [it] *"));
    run(options);
    assert_int_equal(status, WEIR_OK);
    expect_picture(wr_at("100%N of [it] */camera-20261123T040000.000Z-1.jpg"));
}

/* --- what can go wrong --- */

static void fill_at_50(int index)
{
    if (index == 49)
        wr_fill_disk(wr_at("disk/ballast"));
    if (index == 75) { /* three could not be written: nothing lies about, and the newest is still to be seen */
        assert_string_equal(wr_shell(NULL, "find disk -name '.*' -type f"), "");
        assert_string_equal(wr_shell(NULL, "cmp disk/latest.jpg disk/*-41.jpg"), "");
    }
    if (index == 79)
        unlink(wr_at("disk/ballast"));
}

static void test_a_full_disk_is_survived(void **state)
{
    (void)state;
    if (!wr_small_disk(256 * 1024)) {
        print_message("skipped: mounting a small disk is not allowed here\n");
        skip();
    }
    feed.frames = 101;
    feed.before = fill_at_50;
    run_fine("disk", "every=400ms");
    assert_string_equal(shots_in("disk"), "1 11 21 31 41 81 91 101 ");
    assert_string_equal(wr_shell(NULL, "find disk -name '.*' -type f; find disk -size 0"), "");
    assert_int_equal(result.lost, 3);   /* 51, 61, 71 */
    assert_int_equal(result.errors, 1); /* said once */
    for (int frame = 1; frame <= 101; frame += frame == 41 ? 40 : 10) {
        char path[128];
        snprintf(path, sizeof path, "disk/camera-20261123T04000%d.%d00Z-%d.jpg", (frame - 1) / 25,
                 (frame - 1) % 25 * 4 / 10, frame);
        expect_picture(wr_at(path));
    }
}

static void test_without_latest_pictures_are_kept_all_the_same(void **state)
{
    (void)state;
    feed.frames = 51;
    wr_shell(NULL, "mkdir -p out/latest.jpg/x");
    run_fine("out", "every=1s");
    assert_string_equal(shots_in("out"), "1 26 51 ");
    assert_int_equal(result.lost, 0);
    assert_int_equal(result.errors, 3);
    assert_string_equal(wr_shell(NULL, "find out -name '.*part'"), "");
}

static void test_mistakes_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"", "needs path="},
        {"path=/proc/none", "check path="},
        {"path=%s/file", "check path="},
        {"path=%s/out quality=0", "quality: 0 is below 1"},
        {"path=%s/out every=-1s", "every"},
        {"path=%s/out min_score=1.5", "min_score: 1.5 is above 1"},
        {"path=%s/out "
         "label=a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,1,2,3,4,5,6,7",
         "label= has more than 32 labels"},
    };
    feed.frames = 1;
    wr_write(wr_at("file"), "a letter");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char options[512];
        snprintf(options, sizeof options, wrong[i][0], wr_room);
        run(options);
        if (status >= 0 || status == WEIR_FAILED || !strstr(said, wrong[i][1]))
            fail_msg("%s: %d %s", options, status, said);
        assert_int_equal(access(wr_at("out"), F_OK), -1);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, wr_leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_pictures_have_the_right_size_and_colours),
        TEST(test_quality_is_as_asked),
        TEST(test_a_picture_every_so_often),
        TEST(test_a_picture_when_something_appears),
        TEST(test_labels_need_a_detector),
        TEST(test_counts_are_not_believed),
        TEST(test_only_the_newest_are_kept),
        TEST(test_folders_may_be_called_anything),
        TEST(test_a_full_disk_is_survived),
        TEST(test_without_latest_pictures_are_kept_all_the_same),
        TEST(test_mistakes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
