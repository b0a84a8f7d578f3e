/* Histograms: percentiles against sorted values, and the edges of the buckets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "core/histogram.h"
#include <cmocka.h>

static wr_histogram *empty(void)
{
    static wr_histogram histogram;
    histogram = (wr_histogram){0};
    return &histogram;
}

static void expect(const wr_histogram *histogram, uint64_t count, int64_t p50, int64_t p99, int64_t max)
{
    weir_spread spread = wr_histogram_spread(histogram);
    assert_int_equal(spread.count, count);
    assert_int_equal(spread.p50_ns, p50);
    assert_int_equal(spread.p99_ns, p99);
    assert_int_equal(spread.max_ns, max);
}

static void test_nothing_is_all_zero(void **state)
{
    (void)state;
    expect(empty(), 0, 0, 0, 0);
}

static void test_small_values_are_exact(void **state)
{
    (void)state;
    wr_histogram *h = empty();
    for (int64_t v = 0; v < 32; v++)
        wr_histogram_add(h, v);
    expect(h, 32, 16, 31, 31);
}

static void test_negative_times_count_as_none(void **state)
{
    (void)state;
    wr_histogram *h = empty();
    wr_histogram_add(h, -5);
    wr_histogram_add(h, INT64_MIN);
    expect(h, 2, 0, 0, 0);
}

static void test_very_long_times(void **state)
{
    (void)state;
    wr_histogram *h = empty();
    wr_histogram_add(h, INT64_MAX);
    weir_spread spread = wr_histogram_spread(h);
    assert_int_equal(spread.count, 1);
    assert_int_equal(spread.max_ns, INT64_MAX);
    assert_in_range(spread.p50_ns, INT64_C(8640000000000), INT64_C(9000000000000)); /* the last bucket: 2.4 h */
}

/* Every value alone: what comes back is within 1.6 %, and never above the largest. */
static void test_every_octave(void **state)
{
    (void)state;
    for (int64_t v = 1; v < INT64_C(8000000000000); v += v / 37 + 1) {
        wr_histogram *h = empty();
        wr_histogram_add(h, v);
        wr_histogram_add(h, v);
        wr_histogram_add(h, INT64_C(8500000000000));
        weir_spread spread = wr_histogram_spread(h);
        assert_true((double)llabs(spread.p50_ns - v) <= 0.016 * (double)v);
        h = empty();
        wr_histogram_add(h, v);
        spread = wr_histogram_spread(h);
        assert_int_equal(spread.max_ns, v);
        assert_true(spread.p50_ns <= v && (double)(v - spread.p50_ns) <= 0.016 * (double)v);
    }
}

static int by_value(const void *one, const void *other)
{
    int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
    return (a > b) - (a < b);
}

static void test_percentiles_of_many(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    static int64_t value[COUNT];
    wr_histogram *h = empty();
    uint32_t random = 3;
    for (int i = 0; i < COUNT; i++) {
        random = random * 1664525u + 1013904223u;
        value[i] = (int64_t)(random >> 8) << (random % 13);
        wr_histogram_add(h, value[i]);
    }
    qsort(value, COUNT, sizeof *value, by_value);
    weir_spread spread = wr_histogram_spread(h);
    assert_int_equal(spread.count, COUNT);
    assert_int_equal(spread.max_ns, value[COUNT - 1]);
    double p50 = (double)value[COUNT / 2], p99 = (double)value[COUNT - 1 - COUNT / 100];
    assert_true((double)spread.p50_ns > 0.984 * p50 && (double)spread.p50_ns < 1.016 * p50);
    assert_true((double)spread.p99_ns > 0.984 * p99 && (double)spread.p99_ns < 1.016 * p99);
}

static void test_one_in_a_hundred_is_not_p99(void **state)
{
    (void)state;
    wr_histogram *h = empty();
    for (int i = 0; i < 99; i++)
        wr_histogram_add(h, 7);
    wr_histogram_add(h, 30);
    expect(h, 100, 7, 7, 30);
    wr_histogram_add(h, 30);
    wr_histogram_add(h, 30);
    expect(h, 102, 7, 30, 30);
}

static void test_a_coarse_histogram(void **state)
{
    const int64_t ms = 1000000;
    (void)state;
    wr_histogram *h = empty();
    for (int i = 0; i < 10; i++)
        wr_histogram_add(h, 7 * ms);
    wr_histogram_add(h, 700 * ms);
    weir_spread spread = wr_histogram_spread(h);
    for (int b = 0; b < WEIR_SPREAD_BOUNDS; b++)
        assert_int_equal(spread.within[b], weir_spread_bound_ns[b] < 7 * ms     ? 0
                                           : weir_spread_bound_ns[b] < 700 * ms ? 10
                                                                                : 11);
    assert_in_range(spread.sum_ns, 757 * ms, 783 * ms); /* 770 ms within 1.6 % */
}

/* What a histogram in shared memory may hold when somebody else wrote into it. */
static void test_any_content_can_be_read(void **state)
{
    (void)state;
    wr_histogram *h = empty();
    for (unsigned i = 0; i < WR_HISTOGRAM_BUCKETS; i++)
        atomic_store(&h->bucket[i], UINT32_MAX);
    weir_spread spread = wr_histogram_spread(h);
    assert_int_equal(spread.count, (uint64_t)WR_HISTOGRAM_BUCKETS * UINT32_MAX);
    assert_int_equal(spread.sum_ns, INT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_is_all_zero),
        cmocka_unit_test(test_small_values_are_exact),
        cmocka_unit_test(test_negative_times_count_as_none),
        cmocka_unit_test(test_very_long_times),
        cmocka_unit_test(test_every_octave),
        cmocka_unit_test(test_percentiles_of_many),
        cmocka_unit_test(test_one_in_a_hundred_is_not_p99),
        cmocka_unit_test(test_a_coarse_histogram),
        cmocka_unit_test(test_any_content_can_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
