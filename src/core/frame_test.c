/* Frames: who owns which reference, and how pictures and codecs are laid out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/store.h"
#include <cmocka.h>
#include <weir/packet.h>
#include <weir/picture.h>

static wr_store *store_of(weir_kind kind)
{
    wr_store *store = wr_store_new(kind, 16, 64, 0);
    assert_non_null(store);
    return store;
}

static void attach(weir_frame *frame, wr_store *store, const char *text)
{
    assert_true(wr_store_take(store, strlen(text) + 1, &frame->refs[frame->count]));
    strcpy(wr_ref_data(&frame->refs[frame->count++]), text);
}

static uint32_t refs(wr_store *store, const weir_ref *ref)
{
    return atomic_load(&store->slot[ref->slot].refs);
}

static void test_kinds(void **state)
{
    (void)state;
    assert_int_equal(weir_kind_id("weir.packet/1"), WEIR_KIND_PACKET);
    assert_int_equal(weir_kind_id("weir.event/1"), WEIR_KIND_EVENT);
    weir_kind mine = weir_kind_id("mine.heat/1");
    assert_int_equal(mine, WEIR_KINDS_BUILTIN);
    assert_int_equal(weir_kind_id("mine.heat/1"), mine);
    assert_string_equal(weir_kind_name(mine), "mine.heat/1");
    assert_string_equal(weir_kind_name((weir_kind)(mine + 1)), "?");
    assert_string_equal(weir_kind_name(WEIR_KINDS_MAX), "?");
    for (int i = mine + 1; i < WEIR_KINDS_MAX; i++) {
        char name[32];
        snprintf(name, sizeof name, "mine.k%d/1", i);
        assert_int_equal(weir_kind_id(name), i);
    }
    assert_int_equal(weir_kind_id("one.too-many/1"), WEIR_KINDS_MAX);
    assert_int_equal(weir_kind_id("mine.heat/1"), mine);
}

static void test_fork_and_drop(void **state)
{
    (void)state;
    wr_store *store = store_of(WEIR_KIND_BOXES);
    weir_frame frame = {.number = 7, .stream = 3};
    attach(&frame, store, "a");
    weir_ref ref = frame.refs[0];
    weir_frame fork = weir_frame_fork(&frame);
    assert_int_equal(fork.number, 7);
    assert_int_equal(fork.stream, 3);
    assert_int_equal(refs(store, &ref), 2);
    weir_frame_drop(&frame);
    assert_int_equal(frame.count, 0);
    weir_frame_drop(&frame); /* harmless */
    assert_int_equal(refs(store, &ref), 1);
    assert_string_equal(weir_frame_find(&fork, WEIR_KIND_BOXES, NULL), "a");
    weir_frame_drop(&fork);
    assert_int_equal(refs(store, &ref), 0);
    wr_store_free(store);
}

static void test_find(void **state)
{
    (void)state;
    wr_store *boxes = store_of(WEIR_KIND_BOXES), *events = store_of(WEIR_KIND_EVENT);
    weir_frame frame = {0};
    size_t bytes = 99;
    assert_null(weir_frame_find(&frame, WEIR_KIND_BOXES, &bytes));
    assert_int_equal(bytes, 99);
    attach(&frame, events, "event");
    attach(&frame, boxes, "first");
    attach(&frame, boxes, "second box");
    assert_string_equal(weir_frame_find(&frame, WEIR_KIND_BOXES, &bytes), "first");
    assert_int_equal(bytes, 6);
    assert_null(weir_frame_find(&frame, WEIR_KIND_PACKET, NULL));
    weir_frame_drop(&frame);
    wr_store_free(boxes);
    wr_store_free(events);
}

static void test_detach(void **state)
{
    (void)state;
    wr_store *boxes = store_of(WEIR_KIND_BOXES), *events = store_of(WEIR_KIND_EVENT);
    weir_frame frame = {0};
    attach(&frame, boxes, "1");
    attach(&frame, events, "2");
    attach(&frame, boxes, "3");
    weir_frame_detach(&frame, WEIR_KIND_PICTURE);
    assert_int_equal(frame.count, 3);
    weir_frame_detach(&frame, WEIR_KIND_BOXES);
    assert_int_equal(frame.count, 1);
    assert_string_equal(weir_frame_find(&frame, WEIR_KIND_EVENT, NULL), "2");
    assert_int_equal(atomic_load(&boxes->in_use_bytes), 0);
    weir_frame_drop(&frame);
    wr_store_free(boxes);
    wr_store_free(events);
}

static void test_merge(void **state)
{
    (void)state;
    wr_store *boxes = store_of(WEIR_KIND_BOXES), *events = store_of(WEIR_KIND_EVENT);
    weir_frame one = {0}, other = {0};
    attach(&one, boxes, "mine");
    attach(&other, boxes, "yours");
    attach(&other, events, "event");
    assert_true(weir_frame_merge(&one, &other));
    assert_int_equal(one.count, 2);
    assert_string_equal(weir_frame_find(&one, WEIR_KIND_BOXES, NULL), "mine");
    assert_string_equal(weir_frame_find(&one, WEIR_KIND_EVENT, NULL), "event");
    assert_int_equal(refs(events, &other.refs[1]), 2);
    assert_int_equal(refs(boxes, &other.refs[0]), 1);
    weir_frame full = {0};
    while (full.count < WEIR_FRAME_REFS)
        attach(&full, boxes, "b");
    assert_false(weir_frame_merge(&full, &other));
    assert_int_equal(full.count, WEIR_FRAME_REFS);
    assert_int_equal(refs(events, &other.refs[1]), 2);
    weir_frame_drop(&one), weir_frame_drop(&other), weir_frame_drop(&full);
    assert_int_equal(atomic_load(&boxes->in_use_bytes) + atomic_load(&events->in_use_bytes), 0);
    wr_store_free(boxes);
    wr_store_free(events);
}

static void test_pictures(void **state)
{
    (void)state;
    static const uint32_t sides[][2] = {{1, 1},   {2, 2},     {63, 3},      {64, 64},
                                        {65, 65}, {767, 575}, {1920, 1080}, {16384, 1}};
    for (unsigned i = 0; i < sizeof sides / sizeof *sides; i++) {
        uint32_t width = sides[i][0], height = sides[i][1];
        weir_picture p;
        weir_picture_layout(&p, WEIR_I420, width, height);
        size_t bytes = weir_picture_bytes(WEIR_I420, width, height);
        assert_int_equal(p.planes, 3);
        assert_true(p.width == width && p.height == height && p.format == WEIR_I420);
        assert_true(p.stride[0] >= width && p.stride[1] >= (width + 1) / 2 && p.stride[2] == p.stride[1]);
        assert_true(p.offset[0] >= sizeof p);
        assert_true(p.offset[1] >= p.offset[0] + (uint64_t)p.stride[0] * height);
        assert_true(p.offset[2] >= p.offset[1] + (uint64_t)p.stride[1] * ((height + 1) / 2));
        assert_true(bytes >= p.offset[2] + (uint64_t)p.stride[2] * ((height + 1) / 2));
        assert_true(bytes <= 2 * ((uint64_t)width + 63) * (height + 1) + 1024);
        for (int plane = 0; plane < 3; plane++) {
            assert_int_equal(p.stride[plane] % 64, 0);
            assert_int_equal(p.offset[plane] % 64, 0);
            assert_ptr_equal(weir_picture_plane(&p, plane), (uint8_t *)&p + p.offset[plane]);
        }
    }
    assert_int_equal(weir_picture_bytes(WEIR_I420, 0, 5), 0);
    assert_int_equal(weir_picture_bytes(WEIR_I420, 5, 0), 0);
    assert_int_equal(weir_picture_bytes(WEIR_I420, 16385, 5), 0);
    assert_int_equal(weir_picture_bytes(WEIR_I420, 5, 16385), 0);
    assert_true(weir_picture_bytes(WEIR_I420, 16384, 16384) > 16384ull * 16384 * 3 / 2);
}

static void test_codecs(void **state)
{
    (void)state;
    struct {
        weir_codec codec;
        uint8_t extra[4];
    } one = {{.name = "h264", .width = 4, .height = 2, .extradata_bytes = 4, .extradata_offset = sizeof(weir_codec)},
             {1, 2, 3, 4}},
      other = one;
    assert_false(weir_codec_differs(&one.codec, &other.codec));
    assert_false(weir_codec_differs(NULL, NULL));
    assert_true(weir_codec_differs(&one.codec, NULL));
    assert_true(weir_codec_differs(NULL, &one.codec));
    other.codec.rate_num = 25; /* no reason to start anew */
    assert_false(weir_codec_differs(&one.codec, &other.codec));
    other.extra[3] = 5;
    assert_true(weir_codec_differs(&one.codec, &other.codec));
    other = one, other.codec.rotation = 90;
    assert_true(weir_codec_differs(&one.codec, &other.codec));
    other = one, other.codec.width = 5;
    assert_true(weir_codec_differs(&one.codec, &other.codec));
    other = one, other.codec.height = 5;
    assert_true(weir_codec_differs(&one.codec, &other.codec));
    other = one, other.codec.extradata_bytes = 3;
    assert_true(weir_codec_differs(&one.codec, &other.codec));
    other = one, strcpy(other.codec.name, "hevc");
    assert_true(weir_codec_differs(&one.codec, &other.codec));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),  cmocka_unit_test(test_fork_and_drop), cmocka_unit_test(test_find),
        cmocka_unit_test(test_detach), cmocka_unit_test(test_merge),         cmocka_unit_test(test_pictures),
        cmocka_unit_test(test_codecs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
