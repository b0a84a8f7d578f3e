#include "../lib/testing.h"

#include "found.h"
#include <math.h>

static wr_candidate room[8];

static wr_found found_in(size_t count)
{
    return (wr_found){.item = room, .room = count, .threshold = 0.1f, .labels = 3};
}

static const wr_fit whole = {0, 0, 100, 100};

static void add(wr_found *found, float x, float score, int32_t label)
{
    wr_found_add(found, x, 10, x + 10, 20, score, label);
}

static void test_the_best_are_kept_in_order(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed < 50; seed++) {
        wr_found found = found_in(8);
        float best[9] = {0};
        srand(seed);
        wr_found_begin(&found, whole);
        for (int i = 0; i < 100; i++) {
            float score = 0.1f + (float)(rand() % 1000) / 2000;
            add(&found, (float)(i % 80), score, 0);
            for (int k = 0; k < 8; k++)
                if (score > best[k]) {
                    memmove(best + k + 1, best + k, (size_t)(7 - k) * sizeof *best);
                    best[k] = score;
                    break;
                }
        }
        wr_found_settle(&found, 1, false, 8);
        assert_int_equal(found.count, 8);
        for (int k = 0; k < 8; k++)
            assert_true(found.item[k].score == best[k]);
    }
}

static void test_equal_scores_stay_in_their_order(void **state)
{
    (void)state;
    wr_found found = found_in(8);
    wr_found_begin(&found, whole);
    for (int i = 0; i < 20; i++)
        add(&found, (float)(4 * i), 0.5f, 0);
    wr_found_settle(&found, 1, false, 8);
    for (int i = 0; i < 8; i++)
        assert_true(found.item[i].x1 == (float)(4 * i));
}

static void test_what_is_no_candidate_stays_out(void **state)
{
    (void)state;
    static const uint8_t only_second[] = {0, 1, 0};
    wr_found found = found_in(8);
    wr_found_begin(&found, (wr_fit){0, 20, 100, 60});
    wr_found_add(&found, 10, 30, 20, 40, NAN, 0);
    wr_found_add(&found, NAN, 30, 20, 40, 0.5f, 0);
    wr_found_add(&found, 10, 30, INFINITY, 40, 0.5f, 0);
    wr_found_add(&found, 20, 30, 10, 40, 0.5f, 0);
    wr_found_add(&found, 10, 30, 20, 40, 0.09f, 0);
    wr_found_add(&found, 10, 5, 20, 20, 0.5f, 0);  /* in the letterbox's bar */
    wr_found_add(&found, 10, 80, 20, 90, 0.5f, 0); /* in the other */
    wr_found_add(&found, -20, 30, 0, 40, 0.5f, 0);
    wr_found_add(&found, 10, 30, 20, 40, 0.5f, -1);
    found.wanted = only_second;
    wr_found_add(&found, 10, 30, 20, 40, 0.5f, 0);
    wr_found_add(&found, 10, 30, 20, 40, 0.5f, 7);
    assert_int_equal(found.count, 0);
    wr_found_add(&found, 10, 30, 20, 40, 0.5f, 1);
    assert_int_equal(found.count, 1);
}

/* --- rivals --- */

static size_t settle_three(double iou, bool agnostic, int32_t third)
{
    wr_found found = found_in(8);
    wr_found_begin(&found, whole);
    add(&found, 50, 0.9f, 0);
    add(&found, 55, 0.8f, 0);     /* overlaps the first by a third */
    add(&found, 51, 0.7f, third); /* by nine elevenths */
    wr_found_settle(&found, iou, agnostic, 8);
    return found.count;
}

static void test_rivals_give_way(void **state)
{
    (void)state;
    assert_int_equal(settle_three(0.5, false, 0), 2);
    assert_int_equal(settle_three(0.33, false, 0), 1);
    assert_int_equal(settle_three(0.34, false, 0), 2);
    assert_int_equal(settle_three(0.5, false, 1), 3);
    assert_int_equal(settle_three(0.5, true, 1), 2);
    assert_int_equal(settle_three(0.82, true, 1), 3);
    assert_int_equal(settle_three(1, true, 0), 3);
}

static void test_boxes_are_clipped_to_the_picture(void **state)
{
    (void)state;
    wr_found found = found_in(8);
    wr_found_begin(&found, (wr_fit){0, 20, 100, 60});
    wr_found_add(&found, -50, 10, 150, 50, 1.2f, 2);
    weir_box box = wr_found_box(&found, 0, 1000, 600);
    assert_true(box.x == 0 && box.y == 0 && box.width == 1000 && box.height == 300);
    assert_true(box.score == 1 && box.label_id == 2 && box.track == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_best_are_kept_in_order),
        cmocka_unit_test(test_equal_scores_stay_in_their_order),
        cmocka_unit_test(test_what_is_no_candidate_stays_out),
        cmocka_unit_test(test_rivals_give_way),
        cmocka_unit_test(test_boxes_are_clipped_to_the_picture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
