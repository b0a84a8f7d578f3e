#include "nal.h"

#include "../lib/testing.h"

/* --- units by hand --- */

enum { IDR = 0x65, I_NEEDED = 0x41, B_NEEDED = 0x21, B_FREE = 0x01, SPS = 0x67, PPS = 0x68, SEI = 0x06, AUD = 0x09 };

/* H.265: two bytes, the type and the temporal layer (from 0). */
#define H265(type, layer) (uint8_t)((type) << 1), (uint8_t)((layer) + 1)
enum {
    TRAIL_N = 0,
    TRAIL_R = 1,
    TSA_N = 2,
    RASL_N = 8,
    BLA = 16,
    IDR_N_LP = 20,
    CRA = 21,
    H265_SPS = 33,
    H265_AUD = 35
};

static wr_nal_form start_codes(wr_nal_codec codec)
{
    return wr_nal_form_of(codec, NULL, 0);
}

/* Memory of exactly this size, so that a sanitizer sees a read beyond. */
static wr_nal_kind look(wr_nal_form form, const uint8_t *data, size_t bytes)
{
    uint8_t *copy = malloc(bytes ? bytes : 1);
    memcpy(copy, data, bytes);
    wr_nal_kind kind = wr_nal_look(&form, bytes ? copy : NULL, bytes);
    free(copy);
    return kind;
}

#define EXPECT(form, is_key, is_discardable, ...)                                                                      \
    do {                                                                                                               \
        const uint8_t bytes_[] = {__VA_ARGS__};                                                                        \
        wr_nal_kind kind_ = look(form, bytes_, sizeof bytes_);                                                         \
        assert_int_equal(kind_.key, is_key);                                                                           \
        assert_int_equal(kind_.discardable, is_discardable);                                                           \
    } while (0)

static void test_h264_between_start_codes(void **state)
{
    (void)state;
    wr_nal_form form = start_codes(WR_NAL_H264);
    EXPECT(form, true, false, 0, 0, 0, 1, AUD, 0xf0, 0, 0, 1, SPS, 66, 0, 0, 1, PPS, 1, 0, 0, 1, IDR, 0x88);
    EXPECT(form, false, false, 0, 0, 1, I_NEEDED, 0x9a);
    EXPECT(form, false, false, 0, 0, 1, B_NEEDED, 0x9a);
    EXPECT(form, false, true, 0, 0, 1, B_FREE, 0x9a);
    EXPECT(form, false, true, 0, 0, 0, 1, SEI, 5, 0, 0, 1, B_FREE, 0x9a, 0, 0, 1, B_FREE, 0x9a);
    /* One slice that is needed makes the picture needed. */
    EXPECT(form, false, false, 0, 0, 1, B_FREE, 0x9a, 0, 0, 1, B_NEEDED, 0x9a);
    EXPECT(form, false, false, 0, 0, 1, B_NEEDED, 0x9a, 0, 0, 1, B_FREE, 0x9a);
    /* No picture in it: nothing to do without. */
    EXPECT(form, false, false, 0, 0, 1, SEI, 5, 0, 0, 1, AUD, 0x10);
    /* A unit of its header alone is still one; bytes that look like a header outside of a unit are none. */
    EXPECT(form, true, false, 0, 0, 1, IDR);
    EXPECT(form, false, false, IDR, IDR, 0, 0, 2, IDR);
}

static void test_h264_with_lengths(void **state)
{
    (void)state;
    static const unsigned lengths[] = {1, 2, 4};
    for (unsigned i = 0; i < 3; i++) {
        const uint8_t avcc[] = {1, 66, 0, 30, (uint8_t)(0xfc | (lengths[i] - 1)), 0xe1, 0};
        wr_nal_form form = wr_nal_form_of(WR_NAL_H264, avcc, sizeof avcc);
        assert_int_equal(form.length_bytes, lengths[i]);
    }
    const uint8_t one[] = {1, 66, 0, 30, 0xfc}, four[] = {1, 66, 0, 30, 0xff}, three[] = {1, 66, 0, 30, 0xfe};
    wr_nal_form form = wr_nal_form_of(WR_NAL_H264, four, sizeof four);
    EXPECT(form, true, false, 0, 0, 0, 2, SPS, 66, 0, 0, 0, 2, IDR, 0x88);
    EXPECT(form, false, true, 0, 0, 0, 2, SEI, 1, 0, 0, 0, 2, B_FREE, 0x88);
    EXPECT(form, false, false, 0, 0, 0, 2, B_FREE, 1, 0, 0, 0, 2, B_NEEDED, 0x88);
    /* A length of 1 looks like a start code and is none. */
    EXPECT(form, true, false, 0, 0, 0, 1, AUD, 0, 0, 0, 2, IDR, 0x88);
    /* Start codes do not count within a unit. */
    EXPECT(form, false, true, 0, 0, 0, 5, B_FREE, 0, 0, 1, IDR);
    form = wr_nal_form_of(WR_NAL_H264, one, sizeof one);
    EXPECT(form, true, false, 1, SPS, 2, IDR, 0x88);
    assert_int_equal(wr_nal_form_of(WR_NAL_H264, three, sizeof three).length_bytes, 0);
    assert_int_equal(wr_nal_form_of(WR_NAL_H264, four, 4).length_bytes, 0);
}

static wr_nal_form hvcc(unsigned layers)
{
    uint8_t header[23] = {1};
    header[21] = (uint8_t)(layers << 3 | 3);
    return wr_nal_form_of(WR_NAL_H265, header, sizeof header);
}

static void test_h265_with_lengths(void **state)
{
    (void)state;
    wr_nal_form form = hvcc(1);
    assert_int_equal(form.length_bytes, 4);
    EXPECT(form, true, false, 0, 0, 0, 3, H265(IDR_N_LP, 0), 1);
    EXPECT(form, true, false, 0, 0, 0, 3, H265(CRA, 0), 1);
    EXPECT(form, true, false, 0, 0, 0, 3, H265(BLA, 0), 1);
    EXPECT(form, false, false, 0, 0, 0, 3, H265(TRAIL_R, 0), 1);
    EXPECT(form, false, true, 0, 0, 0, 3, H265(TRAIL_N, 0), 1);
    EXPECT(form, false, true, 0, 0, 0, 3, H265(RASL_N, 0), 1);
    EXPECT(form, false, true, 0, 0, 0, 3, H265(H265_AUD, 0), 1, 0, 0, 0, 3, H265(TRAIL_N, 0), 1);
    EXPECT(form, false, false, 0, 0, 0, 3, H265(TRAIL_N, 0), 1, 0, 0, 0, 3, H265(TRAIL_R, 0), 1);
    EXPECT(form, false, false, 0, 0, 0, 3, H265(H265_AUD, 0), 1);
    /* A header cut in two is none. */
    EXPECT(form, false, false, 0, 0, 0, 1, CRA << 1);
}

static void test_h265_layers(void **state)
{
    (void)state;
    /* With two layers, what the lower does not need the upper may. */
    wr_nal_form two = hvcc(2);
    EXPECT(two, false, false, 0, 0, 0, 3, H265(TRAIL_N, 0), 1);
    EXPECT(two, false, true, 0, 0, 0, 3, H265(TSA_N, 1), 1);
    /* How many there are is learnt from parameter sets in the stream; before that, nothing can be done without. */
    wr_nal_form form = start_codes(WR_NAL_H265);
    const uint8_t free_one[] = {0, 0, 1, H265(TRAIL_N, 0), 1}, sets[] = {0, 0, 1, H265(H265_SPS, 0), 0x01};
    assert_false(wr_nal_look(&form, free_one, sizeof free_one).discardable);
    assert_false(wr_nal_look(&form, sets, sizeof sets).discardable);
    assert_true(wr_nal_look(&form, free_one, sizeof free_one).discardable);
    form = wr_nal_form_of(WR_NAL_H265, sets, sizeof sets);
    assert_int_equal(form.length_bytes, 0);
    assert_true(wr_nal_look(&form, free_one, sizeof free_one).discardable);
    /* Units of another space of layers are none of ours. */
    EXPECT(form, false, true, 0, 0, 1, H265(TRAIL_N, 0), 1, 0, 0, 1, TRAIL_R << 1, 8 | 1, 1);
    EXPECT(form, false, false, 0, 0, 1, IDR_N_LP << 1, 8 | 1, 1);
}

/* --- units as encoders write them, against what FFmpeg finds --- */

static void need_tools(void)
{
    if (wr_has("ffmpeg") && wr_has("ffprobe"))
        return;
    print_message("skipped: needs ffmpeg and ffprobe\n");
    skip();
}

typedef struct tally {
    int packets, keys, discardable;
} tally;

/* Cuts a raw stream into pictures at their delimiters (type 9 or 35) and counts. */
static tally tally_of(wr_nal_codec codec, const char *file)
{
    size_t bytes, from = 0;
    uint8_t *data = (uint8_t *)wr_read(file, &bytes);
    wr_nal_form form = start_codes(codec);
    tally sum = {0, 0, 0};
    for (size_t at = 3; at + 3 < bytes + 1; at++) {
        unsigned head = at + 3 < bytes ? data[at + 3] : 0;
        bool cut = at + 3 >= bytes || (data[at] == 0 && data[at + 1] == 0 && data[at + 2] == 1 &&
                                       (codec == WR_NAL_H264 ? (head & 31) == 9 : head >> 1 == H265_AUD));
        if (!cut)
            continue;
        wr_nal_kind kind = wr_nal_look(&form, data + from, (at + 3 >= bytes ? bytes : at) - from);
        sum.packets++;
        sum.keys += kind.key;
        sum.discardable += kind.discardable;
        from = at;
    }
    free(data);
    return sum;
}

static void test_encoders_are_understood(void **state)
{
    (void)state;
    need_tools();
    assert_string_equal(wr_shell(NULL,
                                 "ffmpeg -v error -nostdin -f lavfi -i testsrc2=s=320x240:r=25:d=4 -pix_fmt yuv420p "
                                 "-c:v libx264 -preset veryfast -bf 3 -g 25 -x264-params aud=1:scenecut=0 out.h264"),
                        "");
    tally h264 = tally_of(WR_NAL_H264, wr_at("out.h264"));
    assert_int_equal(h264.packets, 100);
    assert_int_equal(h264.keys, 4);
    /* x264 refers to no B-frame but the middle ones of its pyramid; ffprobe names the types. */
    int b = atoi(wr_shell(NULL, "ffprobe -v error -show_entries frame=pict_type -of csv=p=0 out.h264 | grep -c B"));
    assert_true(b >= 40);
    if (h264.discardable < b / 2 || h264.discardable > b)
        fail_msg("%d of %d B-frames can be let go", h264.discardable, b);
    if (!strstr(wr_shell(NULL, "ffmpeg -v error -encoders"), "libx265"))
        return;
    assert_string_equal(wr_shell(NULL,
                                 "ffmpeg -v error -nostdin -f lavfi -i testsrc2=s=320x240:r=25:d=2 -pix_fmt yuv420p "
                                 "-c:v libx265 -preset ultrafast -x265-params "
                                 "bframes=3:keyint=25:aud=1:log-level=none:scenecut=0 out.h265"),
                        "");
    tally h265 = tally_of(WR_NAL_H265, wr_at("out.h265"));
    assert_int_equal(h265.packets, 50);
    assert_int_equal(h265.keys, 2);
    assert_true(h265.discardable >= 15 && h265.discardable < 45);
}

/* --- garbage --- */

static void test_garbage_is_survived(void **state)
{
    (void)state;
    const uint8_t four[] = {1, 66, 0, 30, 0xff};
    uint32_t random = 1;
    uint8_t data[64];
    EXPECT(start_codes(WR_NAL_OTHER), false, false, 0, 0, 1, IDR, 0x88);
    for (int i = 0; i < 20000; i++) {
        for (size_t k = 0; k < sizeof data; k++) {
            random = random * 1664525 + 1013904223;
            data[k] = random >> 28 < 9 ? (uint8_t)(random >> 24 & 1) : (uint8_t)(random >> 16);
        }
        size_t bytes = (random >> 8) % (sizeof data + 1);
        uint8_t *header = malloc(bytes ? bytes : 1); /* of exactly this size */
        memcpy(header, data, bytes);
        wr_nal_form forms[] = {start_codes(WR_NAL_H264),
                               start_codes(WR_NAL_H265),
                               hvcc(1),
                               wr_nal_form_of(WR_NAL_H264, four, sizeof four),
                               wr_nal_form_of(WR_NAL_H264, header, bytes),
                               wr_nal_form_of(WR_NAL_H265, header, bytes)};
        free(header);
        for (size_t f = 0; f < sizeof forms / sizeof *forms; f++) {
            assert_true(forms[f].length_bytes <= 4 && forms[f].length_bytes != 3);
            wr_nal_kind kind = look(forms[f], data, bytes);
            assert_false(kind.key && kind.discardable);
        }
    }
}

static void test_cut_anywhere(void **state)
{
    (void)state;
    static const uint8_t packet[] = {0, 0, 0, 1, AUD, 0xf0, 0, 0, 1, SPS, 66, 0, 30, 0, 0, 1, IDR, 0x88, 0x84};
    for (size_t bytes = 0; bytes <= sizeof packet; bytes++)
        assert_int_equal(look(start_codes(WR_NAL_H264), packet, bytes).key, bytes >= 17);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_h264_between_start_codes),
        cmocka_unit_test(test_h264_with_lengths),
        cmocka_unit_test(test_h265_with_lengths),
        cmocka_unit_test(test_h265_layers),
        cmocka_unit_test_setup_teardown(test_encoders_are_understood, wr_enter, wr_leave),
        cmocka_unit_test(test_garbage_is_survived),
        cmocka_unit_test(test_cut_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
