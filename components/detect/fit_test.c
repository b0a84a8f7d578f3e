#include "../lib/testing.h"

#include "fit.h"
#include <math.h>

/* --- geometry --- */

static wr_fit fit_of(int resize, uint32_t width, uint32_t height, uint32_t to_width, uint32_t to_height)
{
    wr_model_input input = {.width = to_width, .height = to_height, .resize = resize, .scale = {1, 1, 1}};
    wr_fit_key key = wr_fit_key_of(&input);
    return wr_fit_of(&key, width, height);
}

static void test_where_the_picture_lies(void **state)
{
    (void)state;
    static const struct {
        int resize;
        uint32_t width, height, to_width, to_height;
        wr_fit fit;
    } cases[] = {
        {WR_LETTERBOX, 1280, 720, 512, 512, {0, 112, 512, 288}},
        {WR_LETTERBOX, 720, 1280, 512, 512, {112, 0, 288, 512}},
        {WR_LETTERBOX, 768, 576, 416, 416, {0, 52, 416, 312}},
        {WR_LETTERBOX, 640, 480, 640, 480, {0, 0, 640, 480}},
        {WR_LETTERBOX, 100, 99, 50, 50, {0, 0, 50, 50}}, /* 49.5 rounds up */
        {WR_LETTERBOX, 1000, 331, 100, 100, {0, 33, 100, 33}},
        {WR_LETTERBOX, 331, 1000, 100, 100, {33, 0, 33, 100}},
        {WR_LETTERBOX, 16000, 2, 64, 64, {0, 31, 64, 1}},
        {WR_LETTERBOX, 10, 10, 96, 64, {16, 0, 64, 64}},
        {WR_STRETCH, 1280, 720, 352, 300, {0, 0, 352, 300}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        wr_fit fit = fit_of(cases[i].resize, cases[i].width, cases[i].height, cases[i].to_width, cases[i].to_height);
        assert_memory_equal(&fit, &cases[i].fit, sizeof fit);
    }
}

/* --- pixels --- */

typedef struct yuv {
    double y, u, v;
} yuv;

static weir_picture *picture_new(uint32_t width, uint32_t height, weir_matrix matrix, bool full)
{
    weir_picture *picture = aligned_alloc(64, (weir_picture_bytes(WEIR_I420, width, height) + 63) / 64 * 64);
    assert_non_null(picture);
    weir_picture_layout(picture, WEIR_I420, width, height);
    picture->matrix = matrix;
    picture->full_range = full;
    return picture;
}

/* Columns from x on, on all three planes. */
static void paint(weir_picture *picture, uint32_t from, uint8_t y, uint8_t u, uint8_t v)
{
    const uint8_t value[3] = {y, u, v};
    for (int i = 0; i < 3; i++) {
        uint32_t rows = i ? (picture->height + 1) / 2 : picture->height, first = i ? from / 2 : from;
        uint32_t columns = i ? (picture->width + 1) / 2 : picture->width;
        for (uint32_t row = 0; row < rows; row++)
            memset(weir_picture_plane_mutable(picture, i) + (size_t)row * picture->stride[i] + first, value[i],
                   columns - first);
    }
}

static float *make(const weir_picture *picture, const wr_model_input *input)
{
    wr_fit_key key = wr_fit_key_of(input);
    size_t bytes = wr_fit_bytes(&key);
    uint8_t *data = aligned_alloc(64, bytes);
    assert_non_null(data);
    memset(data, 0xff, bytes); /* floats that are no numbers */
    assert_int_equal(wr_fit_make(data, bytes, picture, &key), WEIR_OK);
    return (float *)data;
}

static float at(const float *floats, const wr_model_input *input, int colour, uint32_t x, uint32_t y)
{
    return input->layout == WR_NCHW ? floats[((size_t)colour * input->height + y) * input->width + x]
                                    : floats[((size_t)y * input->width + x) * 3 + (size_t)colour];
}

/* As ITU-T H.273 defines the matrices by the luma of red and blue. */
static void rgb_of(const uint8_t value[3], weir_matrix matrix, bool full, double rgb[3])
{
    static const double red[] = {0.299, 0.2126, 0.2627}, blue[] = {0.114, 0.0722, 0.0593};
    double kr = red[matrix], kb = blue[matrix], kg = 1 - kr - kb;
    double y = full ? value[0] / 255.0 : (value[0] - 16) / 219.0;
    double cb = (value[1] - 128) / (full ? 255.0 : 224.0), cr = (value[2] - 128) / (full ? 255.0 : 224.0);
    rgb[0] = y + 2 * (1 - kr) * cr;
    rgb[2] = y + 2 * (1 - kb) * cb;
    rgb[1] = (y - kr * rgb[0] - kb * rgb[2]) / kg;
    for (int i = 0; i < 3; i++)
        rgb[i] = 255 * fmin(fmax(rgb[i], 0), 1);
}

/* libyuv computes with 6 bits behind the point, and knows no factor above 2: blue of BT.709 and BT.2020 has 2.11 and
 * 2.14. */
static double allowed(int channel, const uint8_t value[3])
{
    return 2.5 + (channel == 2 ? 0.15 * abs(value[1] - 128) : 0);
}

static void test_colours_are_what_matrix_and_range_say(void **state)
{
    (void)state;
    static const uint8_t colours[][3] = {
        {81, 90, 200}, {145, 54, 34}, {100, 180, 110}, {16, 128, 128}, {180, 128, 128}};
    wr_model_input input = {.width = 32, .height = 32, .scale = {1, 1, 1}, .resize = WR_STRETCH};
    for (int matrix = WEIR_BT601; matrix <= WEIR_BT2020; matrix++)
        for (int full = 0; full < 2; full++)
            for (size_t i = 0; i < sizeof colours / sizeof *colours; i++) {
                double rgb[3];
                weir_picture *picture = picture_new(64, 48, (weir_matrix)matrix, full);
                paint(picture, 0, colours[i][0], colours[i][1], colours[i][2]);
                float *floats = make(picture, &input);
                rgb_of(colours[i], (weir_matrix)matrix, full, rgb);
                for (int c = 0; c < 3; c++)
                    if (fabs(at(floats, &input, c, 17, 9) - rgb[c]) > allowed(c, colours[i]))
                        fail_msg("matrix %d full %d colour %zu.%d: %g instead of %g", matrix, full, i, c,
                                 (double)at(floats, &input, c, 17, 9), rgb[c]);
                free(floats);
                free(picture);
            }
}

static void expect_everywhere(const wr_model_input *input, wr_fit fit, const float *floats, const float inside[3],
                              const float outside[3])
{
    for (int c = 0; c < 3; c++)
        for (uint32_t y = 0; y < input->height; y++)
            for (uint32_t x = 0; x < input->width; x++) {
                bool in =
                    (int)x >= fit.x && (int)x < fit.x + fit.width && (int)y >= fit.y && (int)y < fit.y + fit.height;
                float off = fabsf(at(floats, input, c, x, y) - (in ? inside : outside)[c]);
                /* libyuv rounds down when it scales, each plane by at most 1. */
                if (!(off <= (in ? 4.01f * (float)input->scale[c] : 1e-4f)))
                    fail_msg("colour %d of %u,%u: %g", c, x, y, (double)at(floats, input, c, x, y));
            }
}

/* White and grey are the same in every matrix: every float is known. */
static void test_every_float_is_written_in_every_layout(void **state)
{
    (void)state;
    static const uint32_t sizes[][2] = {{200, 100}, {101, 203}, {7, 5}, {96, 64}, {1, 1}, {640, 7}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int how = 0; how < 8; how++) {
            wr_model_input input = {.width = 97,
                                    .height = 63,
                                    .layout = how & 1,
                                    .colour = how >> 1 & 1,
                                    .resize = how >> 2,
                                    .pad = 10,
                                    .scale = {1, 0.5, 0.25},
                                    .mean = {5, 0, -1}};
            weir_picture *picture = picture_new(sizes[i][0], sizes[i][1], WEIR_BT601, false);
            paint(picture, 0, 235, 128, 128);
            float *floats = make(picture, &input);
            wr_fit fit = fit_of(input.resize, sizes[i][0], sizes[i][1], input.width, input.height);
            expect_everywhere(&input, fit, floats, (float[]){250, 127.5f, 64}, (float[]){5, 5, 2.75f});
            free(floats);
            free(picture);
        }
}

static void test_left_and_right_stay_apart(void **state)
{
    (void)state;
    wr_model_input input = {.width = 100, .height = 100, .scale = {1, 1, 1}, .pad = 114};
    weir_picture *picture = picture_new(400, 200, WEIR_BT709, true);
    paint(picture, 0, 0, 128, 128);
    paint(picture, 240, 255, 128, 128); /* from three fifths on */
    float *floats = make(picture, &input);
    for (uint32_t x = 0; x < 100; x++)
        for (int c = 0; c < 3; c++)
            assert_true(x == 59 || x == 60 || at(floats, &input, c, x, 50) == (x < 60 ? 0 : 255));
    free(floats);
    free(picture);
}

static void test_bgr_is_rgb_the_other_way_round(void **state)
{
    (void)state;
    wr_model_input rgb = {.width = 64, .height = 64, .scale = {1, 1, 1}}, bgr = rgb;
    bgr.colour = WR_BGR;
    bgr.layout = WR_NHWC;
    weir_picture *picture = picture_new(64, 64, WEIR_BT709, false);
    paint(picture, 0, 90, 100, 180);
    paint(picture, 30, 130, 150, 60);
    float *one = make(picture, &rgb), *other = make(picture, &bgr);
    assert_true(at(one, &rgb, 0, 5, 5) > at(one, &rgb, 2, 5, 5) + 50);
    for (uint32_t y = 0; y < 64; y++)
        for (uint32_t x = 0; x < 64; x++)
            for (int c = 0; c < 3; c++)
                assert_true(at(one, &rgb, c, x, y) == at(other, &bgr, 2 - c, x, y));
    free(one);
    free(other);
    free(picture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_where_the_picture_lies),
        cmocka_unit_test(test_colours_are_what_matrix_and_range_say),
        cmocka_unit_test(test_every_float_is_written_in_every_layout),
        cmocka_unit_test(test_left_and_right_stay_apart),
        cmocka_unit_test(test_bgr_is_rgb_the_other_way_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
