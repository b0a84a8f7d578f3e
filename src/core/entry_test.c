/* What comes from another process: let in where it makes sense, and read from a copy that nobody else can write to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/entry.h"
#include "core/store.h"
#include <cmocka.h>
#include <weir/boxes.h>
#include <weir/packet.h>
#include <weir/picture.h>

/* --- an attachment and its copy --- */

static _Alignas(64) uint8_t there[16384], here[16384];

static bool enters(weir_kind kind, size_t bytes)
{
    return wr_entry_copy(kind, here, there, (uint32_t)bytes);
}

static weir_picture *lay_out(uint32_t width, uint32_t height, size_t *bytes)
{
    weir_picture *picture = (weir_picture *)there;
    *bytes = weir_picture_bytes(WEIR_I420, width, height);
    assert_true(*bytes <= sizeof there);
    weir_picture_layout(picture, WEIR_I420, width, height);
    return picture;
}

static void test_a_pictures_copy_leads_to_its_planes(void **state)
{
    (void)state;
    size_t bytes;
    const weir_picture *picture = lay_out(33, 17, &bytes), *copy = (const weir_picture *)here;
    assert_true(enters(WEIR_KIND_PICTURE, bytes));
    assert_int_equal(copy->width, 33);
    for (int i = 0; i < 3; i++)
        assert_ptr_equal(weir_picture_plane(copy, i), weir_picture_plane(picture, i));
}

/* As a decoder shows a part of what it decoded. */
static void test_a_cropped_picture_enters(void **state)
{
    (void)state;
    size_t bytes;
    weir_picture *picture = lay_out(128, 16, &bytes);
    picture->width = 64;
    picture->offset[0] += 64;
    assert_true(enters(WEIR_KIND_PICTURE, bytes));
}

static void test_a_picture_that_makes_no_sense_is_refused(void **state)
{
    (void)state;
    enum {
        FORMAT,
        PLANES,
        NO_WIDTH,
        WIDE,
        NO_HEIGHT,
        HIGH,
        STRIDE,
        STRIDE_ODD,
        STRIDE_HUGE,
        OFFSET_ODD,
        OFFSET_FAR,
        OFFSET_WRAPS,
        LAST_PLANE,
        BYTES,
        HEAD,
        LIES
    };
    for (int lie = 0; lie <= LIES; lie++) {
        size_t bytes;
        weir_picture *picture = lay_out(64, 64, &bytes);
        picture->format += lie == FORMAT;
        picture->planes += lie == PLANES;
        picture->width = lie == NO_WIDTH ? 0 : lie == WIDE ? 16385 : 64;
        picture->height = lie == NO_HEIGHT ? 0 : lie == HIGH ? 65 : 64;
        picture->stride[0] = lie == STRIDE ? 0 : lie == STRIDE_ODD ? 65 : lie == STRIDE_HUGE ? 0xffffffc0 : 64;
        picture->offset[1] += lie == OFFSET_ODD     ? 1
                              : lie == OFFSET_FAR   ? 1 << 20
                              : lie == OFFSET_WRAPS ? (uint64_t)-8192
                                                    : 0;
        picture->offset[2] += lie == LAST_PLANE ? 64 : 0;
        bytes = lie == BYTES ? bytes - 65 : lie == HEAD ? sizeof *picture - 1 : bytes;
        assert_int_equal(enters(WEIR_KIND_PICTURE, bytes), lie == LIES);
    }
}

static void test_packets(void **state)
{
    (void)state;
    enum { OFFSET, OFFSET_ODD, OFFSET_WRAPS, LONG, LONGEST, BYTES, HEAD, LIES };
    for (int lie = 0; lie <= LIES; lie++) {
        weir_packet *packet = (weir_packet *)there;
        size_t bytes = weir_packet_bytes(100);
        *packet = (weir_packet){.bytes = 100, .offset = sizeof *packet};
        packet->offset += lie == OFFSET ? 64 : lie == OFFSET_ODD ? 1 : lie == OFFSET_WRAPS ? (uint64_t)-4096 : 0;
        packet->bytes = lie == LONG ? 101 : lie == LONGEST ? UINT32_MAX : 100;
        bytes = lie == BYTES ? bytes - 1 : lie == HEAD ? sizeof *packet - 1 : bytes;
        assert_int_equal(enters(WEIR_KIND_PACKET, bytes), lie == LIES);
    }
    assert_ptr_equal(weir_packet_data((weir_packet *)here), there + sizeof(weir_packet));
}

static void test_codecs(void **state)
{
    (void)state;
    enum { OFFSET, EXTRADATA, EXTRADATA_WRAPS, WIDTH, RATE, ROTATION, TURN, HEAD, LIES };
    for (int lie = 0; lie <= LIES; lie++) {
        weir_codec *codec = (weir_codec *)there;
        *codec = (weir_codec){.extradata_bytes = 10, .extradata_offset = sizeof *codec, .rotation = 270};
        memset(codec->name, 'x', sizeof codec->name);
        codec->name[1] = '\x1b';
        codec->extradata_offset += lie == OFFSET ? (uint64_t)-4096 : 0;
        codec->extradata_bytes = lie == EXTRADATA ? 11 : lie == EXTRADATA_WRAPS ? UINT32_MAX - 63 : 10;
        codec->width = lie == WIDTH ? UINT32_MAX : 0;
        codec->rate_den = lie == RATE ? UINT32_MAX : 0;
        codec->rotation = lie == ROTATION ? 45 : lie == TURN ? 360 : 270;
        size_t bytes = lie == HEAD ? sizeof *codec - 1 : sizeof *codec + 10;
        assert_int_equal(enters(WEIR_KIND_CODEC, bytes), lie == LIES);
    }
    const weir_codec *copy = (const weir_codec *)here;
    assert_string_equal(copy->name, "x?xxxxxxxxxxxxx"); /* it ends */
    assert_ptr_equal(weir_codec_extradata(copy), there + sizeof *copy);
}

static void test_boxes_and_points(void **state)
{
    (void)state;
    weir_boxes *boxes = (weir_boxes *)there;
    *boxes = (weir_boxes){.count = 2};
    memset(boxes->box, 0, 2 * sizeof *boxes->box);
    strcpy(boxes->box[0].label, "a\xc2\x9b"
                                "b\xc3\xa4");
    memset(boxes->box[1].label, 'y', sizeof boxes->box[1].label);
    assert_true(enters(WEIR_KIND_BOXES, weir_boxes_bytes(2)));
    const weir_boxes *copy = (const weir_boxes *)here;
    assert_string_equal(copy->box[0].label, "a?\x9b"
                                            "b\xc3\xa4");
    assert_int_equal(strlen(copy->box[1].label), WEIR_LABEL_BYTES - 1);
    assert_false(enters(WEIR_KIND_BOXES, weir_boxes_bytes(2) - 1));
    assert_false(enters(WEIR_KIND_BOXES, sizeof *boxes - 1));
    boxes->count = UINT32_MAX;
    assert_false(enters(WEIR_KIND_BOXES, weir_boxes_bytes(2)));
    weir_points *points = (weir_points *)there;
    points->count = 3;
    assert_true(enters(WEIR_KIND_POINTS, sizeof *points + 3 * sizeof *points->point));
    assert_false(enters(WEIR_KIND_POINTS, sizeof *points + 3 * sizeof *points->point - 1));
    assert_false(enters(WEIR_KIND_POINTS, 4));
    assert_true(enters(WEIR_KIND_EVENT, 0));
}

/* --- in a store of another process --- */

typedef struct pair {
    wr_store *owner, *import;
    _Atomic uint32_t returned[4];
} pair;

static void make(pair *p, weir_kind kind, size_t item_bytes)
{
    memset(p, 0, sizeof *p);
    p->owner = wr_store_new(kind, 4, item_bytes, 16384);
    assert_non_null(p->owner);
    p->owner->shared_id = 5;
    p->import = wr_store_import(5, kind, 4, &p->owner->data_memory, p->returned);
    assert_non_null(p->import);
}

static void clear(pair *p)
{
    assert_int_equal(wr_store_held(p->import), 0);
    wr_store_free(p->import);
    wr_store_free(p->owner);
}

static weir_ref filled(pair *p, size_t bytes, const void *with, size_t with_bytes)
{
    weir_ref ref;
    assert_true(wr_store_take(p->owner, bytes, &ref));
    memcpy(wr_ref_data(&ref), with, with_bytes);
    return ref;
}

static weir_frame received(pair *p, const weir_ref *ref)
{
    weir_frame frame = {.count = 1, .refs[0] = wr_ref_crossing(ref)};
    assert_true(wr_store_receive(p->import, &frame.refs[0]));
    return frame;
}

static void test_what_was_checked_does_not_change(void **state)
{
    (void)state;
    pair p;
    weir_picture picture;
    size_t bytes = weir_picture_bytes(WEIR_I420, 64, 64);
    make(&p, WEIR_KIND_PICTURE, bytes);
    weir_picture_layout(&picture, WEIR_I420, 64, 64);
    weir_ref ref = filled(&p, bytes, &picture, sizeof picture);
    weir_picture *theirs = wr_ref_data(&ref);
    weir_frame frame = received(&p, &ref);
    theirs->width = theirs->stride[0] = UINT32_MAX;
    const weir_picture *ours = weir_frame_picture(&frame);
    assert_int_equal(ours->width, 64);
    assert_ptr_equal(weir_picture_plane(ours, 2), (uint8_t *)theirs + picture.offset[2]);
    weir_frame again = received(&p, &ref); /* held already: it stays what it was */
    assert_int_equal(weir_frame_picture(&again)->width, 64);
    weir_ref onwards = wr_ref_crossing(&frame.refs[0]), before = wr_ref_crossing(&ref);
    assert_int_equal(onwards.generation, before.generation); /* to the owner's place, not to the copy */
    assert_int_equal(onwards.store, 5);
    weir_frame_drop(&frame);
    weir_frame_drop(&again);
    weir_ref lie = before;
    assert_false(wr_store_receive(p.import, &lie)); /* now it is looked at anew */
    assert_int_equal(atomic_load(&p.returned[ref.slot]), 3);
    wr_ref_release(&ref);
    clear(&p);
}

static void test_what_is_copied_whole_has_room_of_its_own(void **state)
{
    (void)state;
    pair p;
    weir_boxes none = {.count = 0};
    make(&p, WEIR_KIND_BOXES, 0);
    weir_ref one = filled(&p, weir_boxes_bytes(2), &none, sizeof none), other = filled(&p, 64, &none, sizeof none);
    weir_frame frame = received(&p, &one), second = received(&p, &other);
    assert_ptr_not_equal(weir_frame_boxes(&frame), wr_ref_data(&one));
    ((weir_boxes *)wr_ref_data(&one))->count = 2;
    assert_int_equal(weir_frame_boxes(&frame)->count, 0);
    weir_ref lie = wr_ref_crossing(&one); /* another slot, in the same place */
    lie.slot = 3;
    assert_false(wr_store_receive(p.import, &lie));
    weir_frame_drop(&frame);
    lie = wr_ref_crossing(&one);
    lie.slot = 3;
    assert_true(wr_store_receive(p.import, &lie));
    wr_ref_release(&lie);
    weir_frame_drop(&second);
    wr_ref_release(&one);
    wr_ref_release(&other);
    clear(&p);
}

static void test_other_kinds_are_passed_as_they_lie(void **state)
{
    (void)state;
    pair p;
    make(&p, WEIR_KINDS_BUILTIN + 3, 64);
    weir_ref ref = filled(&p, 8, "whatever", 8);
    weir_frame frame = received(&p, &ref);
    assert_ptr_equal(weir_frame_find(&frame, WEIR_KINDS_BUILTIN + 3, NULL), wr_ref_data(&ref));
    weir_frame_drop(&frame);
    wr_ref_release(&ref);
    clear(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_pictures_copy_leads_to_its_planes),
        cmocka_unit_test(test_a_cropped_picture_enters),
        cmocka_unit_test(test_a_picture_that_makes_no_sense_is_refused),
        cmocka_unit_test(test_packets),
        cmocka_unit_test(test_codecs),
        cmocka_unit_test(test_boxes_and_points),
        cmocka_unit_test(test_what_was_checked_does_not_change),
        cmocka_unit_test(test_what_is_copied_whole_has_room_of_its_own),
        cmocka_unit_test(test_other_kinds_are_passed_as_they_lie),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
