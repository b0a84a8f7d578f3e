#include "../lib/testing.h"

#include "image.h"
#include <math.h>
#include <png.h>
#include <turbojpeg.h>
#include <weir/weir.h>

/* --- a consumer that notes what comes --- */

enum { FRAMES_MAX = 100000, SHOTS = 2 };

typedef struct note {
    int64_t number, captured_ns, taken_ns, pts_ns;
} note;

static struct {
    note *frame;
    int frames;
    const void *picture; /* of the first frame */
    bool others;         /* a later frame had another one */
    int64_t sleep_ns;    /* over the frame sleep_at */
    int sleep_at;
    weir_picture *shot[SHOTS]; /* a copy of the first picture of each stream */
} seen;

static weir_status note_frame(weir_node *node, int input, const weir_frame *frame)
{
    size_t bytes;
    const weir_picture *picture = weir_frame_find(frame, WEIR_KIND_PICTURE, &bytes);
    (void)input;
    assert_non_null(picture);
    if (seen.frames < FRAMES_MAX)
        seen.frame[seen.frames++] = (note){frame->number, frame->captured_ns, weir_now(node), frame->pts_ns};
    seen.picture = seen.picture ? seen.picture : picture;
    seen.others |= picture != seen.picture;
    if (!seen.shot[frame->stream]) {
        seen.shot[frame->stream] = malloc(bytes);
        assert_non_null(seen.shot[frame->stream]);
        memcpy(seen.shot[frame->stream], picture, bytes);
    }
    if (seen.sleep_at && frame->number == seen.sleep_at)
        weir_sleep(node, seen.sleep_ns);
    return WEIR_OK;
}

static const weir_component_class notes = {
    .name = "notes",
    .summary = "notes what comes",
    .inputs = (const weir_port[]){{.name = "in", .needs = {"weir.picture/1"}, .flags = WEIR_PORT_MANY}, {0}},
    .process = note_frame,
};

static int enter(void **state)
{
    memset(&seen, 0, sizeof seen);
    seen.frame = calloc(FRAMES_MAX, sizeof *seen.frame);
    return seen.frame ? wr_enter(state) : -1;
}

static int leave(void **state)
{
    free(seen.frame);
    for (int i = 0; i < SHOTS; i++)
        free(seen.shot[i]);
    return wr_leave(state);
}

/* --- running it --- */

static char said[2048];
static weir_stats *stats;

static weir_status run(const char *first, const char *second)
{
    const int64_t begin_ns = 5000000000;
    weir_clock *clock = weir_clock_virtual_new(begin_ns);
    weir_pipeline *pipeline = weir_pipeline_new("test");
    weir_register(&notes);
    weir_pipeline_clock(pipeline, clock);
    weir_pipeline_runner(pipeline, "inline");
    weir_pipeline_add(pipeline, "one", "mock-camera", first);
    weir_pipeline_add(pipeline, "sink", "notes", second ? "runner=thread" : NULL);
    weir_pipeline_link(pipeline, "one", "sink", NULL);
    if (second) {
        weir_pipeline_add(pipeline, "two", "mock-camera", second);
        weir_pipeline_link(pipeline, "two", "sink", NULL);
    }
    weir_status status = weir_pipeline_run(pipeline);
    snprintf(said, sizeof said, "%s", weir_pipeline_error(pipeline));
    weir_stats_free(stats);
    stats = weir_pipeline_stats(pipeline);
    weir_pipeline_free(pipeline);
    weir_clock_free(clock);
    return status;
}

static const weir_picture *shoot(const char *file, const char *more)
{
    char options[512];
    snprintf(options, sizeof options, "image=%s frames=1 %s", wr_at(file), more);
    free(seen.shot[0]);
    seen.shot[0] = NULL;
    weir_status status = run(options, NULL);
    assert_string_equal(said, "");
    assert_int_equal(status, WEIR_OK);
    assert_non_null(seen.shot[0]);
    return seen.shot[0];
}

/* --- making files --- */

static void write_bytes(const char *file, const void *data, size_t bytes)
{
    FILE *out = fopen(wr_at(file), "wb");
    assert_non_null(out);
    assert_int_equal(fwrite(data, 1, bytes, out), bytes);
    assert_int_equal(fclose(out), 0);
}

typedef struct png_kind {
    int depth, colour, interlace;
    uint8_t row[2][16]; /* of two rows */
} png_kind;

static const png_color palette[] = {{200, 30, 60}, {255, 255, 255}, {0, 0, 0}, {20, 90, 240}};
static const uint8_t palette_alpha[] = {255, 255, 255, 128};

/* Pictures of two by two pixels, or of rows repeated to `width` x `height` for depth 8. */
static void write_png(const char *file, uint32_t width, uint32_t height, const png_kind *kind, const uint8_t *exif,
                      unsigned exif_bytes)
{
    FILE *out = fopen(wr_at(file), "wb");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    assert_non_null(out);
    assert_non_null(info);
    png_init_io(png, out);
    png_set_IHDR(png, info, width, height, kind->depth, kind->colour, kind->interlace, 0, 0);
    if (kind->colour == PNG_COLOR_TYPE_PALETTE) {
        png_set_PLTE(png, info, palette, 4);
        png_set_tRNS(png, info, palette_alpha, 4, NULL);
    }
    if (exif)
        png_set_eXIf_1(png, info, exif_bytes, (png_bytep)(uintptr_t)exif);
    png_write_info(png, info);
    int passes = png_set_interlace_handling(png);
    for (int pass = 0; pass < passes; pass++)
        for (uint32_t y = 0; y < height; y++)
            png_write_row(png, kind->row[y * 2 / height]);
    png_write_end(png, NULL);
    png_destroy_write_struct(&png, &info);
    assert_int_equal(fclose(out), 0);
}

/* Four quarters: red, green, blue, grey. */
static const uint32_t quarter[4] = {0xd02818, 0x18b040, 0x2048e0, 0x808080};

static uint32_t quarter_at(uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
    return quarter[(y >= (height + 1) / 2) * 2 + (x >= (width + 1) / 2)];
}

static uint8_t *quarters(uint32_t width, uint32_t height)
{
    uint8_t *pixels = malloc((size_t)width * height * 3), *at = pixels;
    assert_non_null(pixels);
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < width; x++) {
            uint32_t rgb = quarter_at(x, y, width, height);
            *at++ = (uint8_t)(rgb >> 16);
            *at++ = (uint8_t)(rgb >> 8);
            *at++ = (uint8_t)rgb;
        }
    return pixels;
}

static void write_quarters_png(const char *file, uint32_t width, uint32_t height)
{
    png_image png = {.version = PNG_IMAGE_VERSION, .width = width, .height = height, .format = PNG_FORMAT_RGB};
    uint8_t *pixels = quarters(width, height);
    assert_true(png_image_write_to_file(&png, wr_at(file), 0, pixels, 0, NULL));
    free(pixels);
}

/* orientation 0: without a word about it. */
static void write_quarters_jpeg(const char *file, int width, int height, int sampling, int orientation)
{
    uint8_t exif[] = "\xff\xe1\0\x22"
                     "Exif\0\0MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\0\0\0\0\0\0\0";
    uint8_t *pixels = quarters((uint32_t)width, (uint32_t)height);
    unsigned char *data = NULL;
    unsigned long bytes = 0;
    tjhandle jpeg = tjInitCompress();
    assert_int_equal(tjCompress2(jpeg, pixels, width, 0, height, TJPF_RGB, &data, &bytes, sampling, 100, 0), 0);
    exif[29] = (uint8_t)orientation;
    FILE *out = fopen(wr_at(file), "wb");
    fwrite(data, 1, 2, out);
    if (orientation)
        fwrite(exif, 1, 36, out);
    fwrite(data + 2, 1, bytes - 2, out);
    assert_int_equal(fclose(out), 0);
    tjFree(data);
    tjDestroy(jpeg);
    free(pixels);
}

/* --- colours --- */

typedef struct yuv {
    int y, u, v;
} yuv;

/* BT.601, full range, as its definition says. */
static yuv yuv_of(uint32_t rgb)
{
    double r = rgb >> 16 & 255, g = rgb >> 8 & 255, b = rgb & 255;
    double y = 0.299 * r + 0.587 * g + 0.114 * b;
    return (yuv){(int)lrint(y), (int)lrint(128 + (b - y) / 1.772), (int)lrint(128 + (r - y) / 1.402)};
}

static yuv yuv_at(const weir_picture *picture, uint32_t x, uint32_t y)
{
    int value[3];
    for (int plane = 0; plane < 3; plane++)
        value[plane] =
            weir_picture_plane(picture, plane)[(plane ? y / 2 : y) * picture->stride[plane] + (plane ? x / 2 : x)];
    return (yuv){value[0], value[1], value[2]};
}

static void expect_colour(const weir_picture *picture, uint32_t x, uint32_t y, uint32_t rgb, int tolerance)
{
    yuv got = yuv_at(picture, x, y), wanted = yuv_of(rgb);
    if (abs(got.y - wanted.y) > tolerance || abs(got.u - wanted.u) > tolerance || abs(got.v - wanted.v) > tolerance)
        fail_msg("at %u,%u: %d %d %d instead of %d %d %d", x, y, got.y, got.u, got.v, wanted.y, wanted.u, wanted.v);
}

static void expect_quarters(const weir_picture *picture, const int at[4], int tolerance)
{
    uint32_t width = picture->width, height = picture->height;
    assert_int_equal(picture->format, WEIR_I420);
    assert_int_equal(picture->matrix, WEIR_BT601);
    assert_int_equal(picture->full_range, 1);
    for (int i = 0; i < 4; i++)
        expect_colour(picture, width / 4 + (i & 1) * (width / 2), height / 4 + (i >> 1) * (height / 2), quarter[at[i]],
                      tolerance);
}

static const int upright[4] = {0, 1, 2, 3};

static void test_colours_come_back(void **state)
{
    (void)state;
    static const int samplings[] = {TJSAMP_444, TJSAMP_422, TJSAMP_420, TJSAMP_440, TJSAMP_411};
    write_quarters_png("a.png", 64, 48);
    expect_quarters(shoot("a.png", ""), upright, 1);
    for (size_t i = 0; i < sizeof samplings / sizeof *samplings; i++) {
        write_quarters_jpeg("a.jpg", 64, 48, samplings[i], 0);
        const weir_picture *picture = shoot("a.jpg", "");
        assert_int_equal(picture->width, 64);
        assert_int_equal(picture->height, 48);
        expect_quarters(picture, upright, 2);
    }
    write_quarters_jpeg("grey.jpg", 64, 48, TJSAMP_GRAY, 0);
    yuv got = yuv_at(shoot("grey.jpg", ""), 16, 12);
    assert_true(abs(got.y - yuv_of(quarter[0]).y) <= 2 && got.u == 128 && got.v == 128);
}

static void test_every_kind_of_png(void **state)
{
    (void)state;
    /* Two by two pixels, all of one colour in a row: chroma is shared by all four, so rows are equal in colour. */
    static const struct {
        png_kind kind;
        uint32_t rgb;
    } cases[] = {
        {{1, PNG_COLOR_TYPE_GRAY, 0, {{0xc0}, {0xc0}}}, 0xffffff},
        {{1, PNG_COLOR_TYPE_GRAY, 0, {{0}, {0}}}, 0},
        {{2, PNG_COLOR_TYPE_GRAY, 0, {{0x50}, {0x50}}}, 0x555555},
        {{4, PNG_COLOR_TYPE_GRAY, 0, {{0x77}, {0x77}}}, 0x777777},
        {{8, PNG_COLOR_TYPE_GRAY, 0, {{90, 90}, {90, 90}}}, 0x5a5a5a},
        {{16, PNG_COLOR_TYPE_GRAY, 0, {{90, 90, 90, 90}, {90, 90, 90, 90}}}, 0x5a5a5a},
        {{8, PNG_COLOR_TYPE_GRAY_ALPHA, 0, {{0, 128, 0, 128}, {0, 128, 0, 128}}}, 0x7f7f7f},
        {{8, PNG_COLOR_TYPE_RGB, 0, {{10, 200, 90, 10, 200, 90}, {10, 200, 90, 10, 200, 90}}}, 0x0ac85a},
        {{8, PNG_COLOR_TYPE_RGB, 1, {{10, 200, 90, 10, 200, 90}, {10, 200, 90, 10, 200, 90}}}, 0x0ac85a},
        {{16,
          PNG_COLOR_TYPE_RGB,
          0,
          {{10, 10, 200, 200, 90, 90, 10, 10, 200, 200, 90, 90}, {10, 10, 200, 200, 90, 90, 10, 10, 200, 200, 90, 90}}},
         0x0ac85a},
        {{8, PNG_COLOR_TYPE_RGB_ALPHA, 0, {{200, 0, 0, 0, 200, 0, 0, 0}, {200, 0, 0, 0, 200, 0, 0, 0}}}, 0xffffff},
        {{8, PNG_COLOR_TYPE_RGB_ALPHA, 0, {{255, 0, 0, 51, 255, 0, 0, 51}, {255, 0, 0, 51, 255, 0, 0, 51}}}, 0xffcccc},
        {{8, PNG_COLOR_TYPE_PALETTE, 0, {{0, 0}, {0, 0}}}, 0xc81e3c},
        {{2, PNG_COLOR_TYPE_PALETTE, 1, {{0}, {0}}}, 0xc81e3c},
        {{8, PNG_COLOR_TYPE_PALETTE, 0, {{3, 3}, {3, 3}}}, 0x89acf7},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_png("a.png", 2, 2, &cases[i].kind, NULL, 0);
        const weir_picture *picture = shoot("a.png", "");
        for (uint32_t pixel = 0; pixel < 4; pixel++)
            expect_colour(picture, pixel & 1, pixel >> 1, cases[i].rgb, 1);
    }
}

static void test_odd_sizes(void **state)
{
    (void)state;
    static const uint32_t sizes[][2] = {{1, 1}, {1, 9}, {9, 1}, {3, 5}, {17, 31}, {641, 3}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        uint32_t width = sizes[i][0], height = sizes[i][1];
        write_quarters_png("a.png", width, height);
        const weir_picture *picture = shoot("a.png", "");
        assert_int_equal(picture->width, width);
        assert_int_equal(picture->height, height);
        expect_colour(picture, 0, 0, quarter[0], width > 2 && height > 2 ? 1 : 300);
        for (uint32_t y = 0; y < height; y++)
            for (uint32_t x = 0; x < width; x++) {
                int wanted = yuv_of(quarter_at(x, y, width, height)).y;
                assert_true(abs(yuv_at(picture, x, y).y - wanted) <= 1);
            }
    }
    write_quarters_jpeg("a.jpg", 33, 17, TJSAMP_420, 0);
    assert_int_equal(shoot("a.jpg", "")->width, 33);
    expect_quarters(seen.shot[0], upright, 3);
}

static void test_pictures_are_put_upright(void **state)
{
    (void)state;
    /* For each orientation, which stored quarter is seen top left, top right, bottom left, bottom right. */
    static const int ways[9][4] = {{0, 1, 2, 3}, {0, 1, 2, 3}, {1, 0, 3, 2}, {3, 2, 1, 0}, {2, 3, 0, 1},
                                   {0, 2, 1, 3}, {2, 0, 3, 1}, {3, 1, 2, 0}, {1, 3, 0, 2}};
    static const uint8_t exif[] = "II*\0\x08\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0\0\0\0";
    for (int orientation = 0; orientation <= 8; orientation++) {
        write_quarters_jpeg("a.jpg", 64, 48, TJSAMP_444, orientation);
        const weir_picture *picture = shoot("a.jpg", "");
        assert_int_equal(picture->width, orientation >= 5 ? 48 : 64);
        expect_quarters(picture, ways[orientation], 2);
    }
    const png_kind two = {8, PNG_COLOR_TYPE_GRAY, 0, {{50, 50, 50, 50}, {200, 200, 200, 200}}};
    write_png("a.png", 4, 2, &two, exif, sizeof exif - 1);
    assert_int_equal(shoot("a.png", "")->width, 2);
    assert_int_equal(yuv_at(seen.shot[0], 0, 0).y, 200);
    assert_int_equal(yuv_at(seen.shot[0], 1, 3).y, 50);
}

static void test_pictures_are_scaled(void **state)
{
    (void)state;
    static const char *const sizes[] = {"64x32", "640x320", "33x201"};
    write_quarters_png("a.png", 100, 80);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char size[32], got[32];
        snprintf(size, sizeof size, "size=%s", sizes[i]);
        const weir_picture *picture = shoot("a.png", size);
        snprintf(got, sizeof got, "%ux%u", picture->width, picture->height);
        assert_string_equal(got, sizes[i]);
        expect_quarters(picture, upright, 3);
    }
}

/* --- pace --- */

static void test_a_hundred_thousand_frames_do_not_drift(void **state)
{
    (void)state;
    char options[512];
    write_quarters_png("a.png", 8, 8);
    snprintf(options, sizeof options, "image=%s fps=29.97 frames=%d", wr_at("a.png"), FRAMES_MAX);
    assert_int_equal(run(options, NULL), WEIR_OK);
    assert_int_equal(seen.frames, FRAMES_MAX);
    int64_t start_ns = seen.frame[0].captured_ns;
    assert_int_equal(start_ns, 5000000000);
    for (int64_t n = 0; n < FRAMES_MAX; n++) {
        const note *frame = &seen.frame[n];
        int64_t media_ns = n * 100000000000 / 2997; /* exact: n / 29.97 s */
        assert_int_equal(frame->number, n + 1);
        assert_int_equal(frame->pts_ns, media_ns);
        assert_int_equal(frame->captured_ns, start_ns + media_ns);
        assert_int_equal(frame->taken_ns, frame->captured_ns);
    }
}

static void test_late_frames_are_made_and_their_age_is_true(void **state)
{
    (void)state;
    char options[512];
    write_quarters_png("a.png", 8, 8);
    seen.sleep_at = 3;
    seen.sleep_ns = 1000000000;
    snprintf(options, sizeof options, "image=%s fps=10 frames=20", wr_at("a.png"));
    assert_int_equal(run(options, NULL), WEIR_OK);
    assert_int_equal(seen.frames, 20);
    int64_t start_ns = seen.frame[0].captured_ns;
    for (int n = 0; n < 20; n++) {
        int64_t due_ns = start_ns + n * 100000000, awake_ns = start_ns + 1200000000;
        assert_int_equal(seen.frame[n].number, n + 1);
        assert_int_equal(seen.frame[n].captured_ns, due_ns);
        assert_int_equal(seen.frame[n].taken_ns, n < 3 || due_ns > awake_ns ? due_ns : awake_ns);
    }
}

static void test_all_frames_share_one_picture(void **state)
{
    (void)state;
    char options[512];
    write_quarters_png("a.png", 320, 240);
    snprintf(options, sizeof options, "image=%s fps=1000 frames=500", wr_at("a.png"));
    assert_int_equal(run(options, NULL), WEIR_OK);
    assert_int_equal(seen.frames, 500);
    assert_false(seen.others);
    assert_in_range(stats->pool_peak_bytes, 1, weir_picture_bytes(WEIR_I420, 320, 240) + 64);
}

static void test_cameras_do_not_mind_each_other(void **state)
{
    (void)state;
    char first[512], second[512];
    write_quarters_png("a.png", 32, 32);
    write_quarters_jpeg("b.jpg", 64, 16, TJSAMP_444, 0);
    snprintf(first, sizeof first, "image=%s fps=10 frames=10", wr_at("a.png"));
    snprintf(second, sizeof second, "image=%s fps=30 frames=30", wr_at("b.jpg"));
    assert_int_equal(run(first, second), WEIR_OK);
    assert_int_equal(seen.frames, 40);
    assert_true(stats->link[0].live && stats->link[1].live);
    assert_int_equal(seen.shot[0]->width + seen.shot[1]->width, 96);
    expect_quarters(seen.shot[0], upright, 2);
    expect_quarters(seen.shot[1], upright, 2);
}

/* --- refusals --- */

static void cut(const char *from, const char *to, double share)
{
    size_t bytes;
    char *data = wr_read(wr_at(from), &bytes);
    write_bytes(to, data, (size_t)((double)bytes * share));
    free(data);
}

static void write_huge_png(const char *file, uint32_t width, uint32_t height)
{
    size_t bytes;
    write_quarters_png(file, 8, 8);
    char *data = wr_read(wr_at(file), &bytes);
    for (int i = 0; i < 4; i++) {
        data[16 + i] = (char)(width >> (24 - 8 * i));
        data[20 + i] = (char)(height >> (24 - 8 * i));
    }
    write_bytes(file, data, bytes);
    free(data);
}

static void write_cmyk(const char *file)
{
    uint8_t pixels[8 * 8 * 4] = {0};
    unsigned char *data = NULL;
    unsigned long bytes = 0;
    tjhandle jpeg = tjInitCompress();
    assert_int_equal(tjCompress2(jpeg, pixels, 8, 0, 8, TJPF_CMYK, &data, &bytes, TJSAMP_444, 90, 0), 0);
    write_bytes(file, data, bytes);
    tjFree(data);
    tjDestroy(jpeg);
}

static weir_status check(const char *options)
{
    weir_pipeline *pipeline = weir_pipeline_new("test");
    weir_register(&notes);
    weir_pipeline_add(pipeline, "one", "mock-camera", options);
    weir_pipeline_add(pipeline, "sink", "notes", NULL);
    weir_pipeline_link(pipeline, "one", "sink", NULL);
    weir_status status = weir_pipeline_check(pipeline);
    weir_pipeline_free(pipeline);
    return status;
}

static void test_what_is_no_picture_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *options, *sentence; /* %s: the folder */
        bool checked;                   /* found by check already */
    } cases[] = {
        {"", "one needs image=", true},
        {"image=%s/none.png", "none.png: No such file or directory; check image=", true},
        {"image=%s", "is no file; name a PNG or JPEG file in image=", true},
        {"image=/dev/zero", "is no file", true},
        {"image=%s/empty.png", "is no PNG or JPEG picture; check image=", true},
        {"image=%s/text.png", "is no PNG or JPEG picture; check image=", true},
        {"image=%s/huge.png", "has 16385x1 pixels", true},
        {"image=%s/bomb.png", "has 16384x16384 pixels", true},
        {"image=%s/flat.png", "has 0x8 pixels", true},
        {"image=%s/good.png size=20000x10", "size: pictures have at most 16384 pixels a side", true},
        {"image=%s/good.png fps=0", "fps: 0 is below 0.001", true},
        {"image=%s/cut.png", "is damaged or of an unusual kind", false},
        {"image=%s/cut.jpg", "is damaged or of an unusual kind", false},
        {"image=%s/cmyk.jpg", "is damaged or of an unusual kind", false},
    };
    write_quarters_png("good.png", 64, 64);
    write_quarters_jpeg("good.jpg", 64, 64, TJSAMP_420, 0);
    cut("good.png", "cut.png", 0.7);
    cut("good.jpg", "cut.jpg", 0.9);
    write_bytes("empty.png", "", 0);
    write_bytes("text.png", "just a few words", 16);
    write_huge_png("huge.png", 16385, 1);
    write_huge_png("bomb.png", 16384, 16384);
    write_huge_png("flat.png", 0, 8);
    write_cmyk("cmyk.jpg");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char options[512];
        snprintf(options, sizeof options, cases[i].options, wr_room);
        assert_int_equal(check(options) < 0, cases[i].checked);
        weir_status status = run(options, NULL);
        if (status >= 0 || status == WEIR_FAILED || !strstr(said, cases[i].sentence) || strchr(said, '\n'))
            fail_msg("%s: %d %s", options, status, said);
    }
    assert_int_equal(seen.frames, 0);
}

/* Nothing that a file holds may do harm: cut anywhere, or with any byte changed, it is refused or shown. */
static void mistreat(const char *file, bool may_show)
{
    char why[WR_IMAGE_WHY];
    wr_image image;
    wr_image_file whole;
    assert_int_equal(wr_image_load(wr_at(file), &whole, why), WEIR_OK);
    for (size_t at = 0; at < whole.bytes; at++) {
        wr_image_file part = {malloc(at + 1), at, {0}};
        assert_non_null(part.data);
        memcpy(part.data, whole.data, at);
        if (wr_head_parse(part.data, at, &part.head) && wr_image_decode(&part, file, &image, why) == WEIR_OK) {
            assert_true(may_show);
            wr_image_free(&image);
        }
        wr_image_unload(&part);
        uint8_t kept = whole.data[at];
        whole.data[at] = (uint8_t)(kept ^ (1 << at % 8));
        wr_head head = whole.head;
        if (wr_head_parse(whole.data, whole.bytes, &whole.head) &&
            (uint64_t)whole.head.width * whole.head.height < 100000 && whole.head.width && whole.head.height &&
            wr_image_decode(&whole, file, &image, why) == WEIR_OK)
            wr_image_free(&image);
        whole.head = head;
        whole.data[at] = kept;
    }
    wr_image_unload(&whole);
}

static void test_mistreated_files_do_no_harm(void **state)
{
    (void)state;
    write_quarters_png("a.png", 31, 17);
    mistreat("a.png", true); /* the last chunk says nothing but that it is the last */
    write_quarters_jpeg("a.jpg", 31, 17, TJSAMP_420, 6);
    mistreat("a.jpg", false);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_colours_come_back),
        TEST(test_every_kind_of_png),
        TEST(test_odd_sizes),
        TEST(test_pictures_are_put_upright),
        TEST(test_pictures_are_scaled),
        TEST(test_a_hundred_thousand_frames_do_not_drift),
        TEST(test_late_frames_are_made_and_their_age_is_true),
        TEST(test_all_frames_share_one_picture),
        TEST(test_cameras_do_not_mind_each_other),
        TEST(test_what_is_no_picture_is_refused),
        TEST(test_mistreated_files_do_no_harm),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    weir_stats_free(stats);
    return failed;
}
