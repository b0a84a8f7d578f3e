#include "core/histogram.h"

enum { MS = 1000000 };
const int64_t weir_spread_bound_ns[WEIR_SPREAD_BOUNDS] = {1 * MS,    2 * MS,      5 * MS,       10 * MS,     20 * MS,
                                                          50 * MS,   100 * MS,    200 * MS,     500 * MS,    1000 * MS,
                                                          2000 * MS, 5000ll * MS, 10000ll * MS, 60000ll * MS};

static unsigned bucket_of(uint64_t value)
{
    const unsigned fine = WR_HISTOGRAM_FINE;
    if (value < 1u << fine)
        return (unsigned)value;
    unsigned octave = 63 - (unsigned)__builtin_clzll(value) - fine;
    unsigned bucket = ((octave + 1) << fine) + (unsigned)(value >> octave & ((1u << fine) - 1));
    return bucket < WR_HISTOGRAM_BUCKETS ? bucket : WR_HISTOGRAM_BUCKETS - 1;
}

static int64_t middle_of(unsigned bucket)
{
    const unsigned fine = WR_HISTOGRAM_FINE;
    if (bucket < 1u << fine)
        return bucket;
    unsigned octave = (bucket >> fine) - 1;
    uint64_t low = (uint64_t)((bucket & ((1u << fine) - 1)) | 1u << fine) << octave;
    return (int64_t)(low + ((1ull << octave) >> 1));
}

void wr_histogram_add(wr_histogram *histogram, int64_t time_ns)
{
    _Atomic uint32_t *bucket = &histogram->bucket[bucket_of(time_ns > 0 ? (uint64_t)time_ns : 0)];
    atomic_store_explicit(bucket, atomic_load_explicit(bucket, memory_order_relaxed) + 1, memory_order_relaxed);
    if (time_ns > atomic_load_explicit(&histogram->max_ns, memory_order_relaxed))
        atomic_store_explicit(&histogram->max_ns, time_ns, memory_order_relaxed);
}

static int64_t at_rank(const uint32_t *bucket, uint64_t rank)
{
    uint64_t seen = 0;
    for (unsigned i = 0; i < WR_HISTOGRAM_BUCKETS; i++) {
        seen += bucket[i];
        if (seen > rank)
            return middle_of(i);
    }
    return 0;
}

/* sum + time_ns * times, or INT64_MAX where that doesn't fit: buckets may lie in memory that others write. */
static int64_t plus_times(int64_t sum, int64_t time_ns, uint32_t times)
{
    int64_t product;
    return __builtin_mul_overflow(time_ns, times, &product) || __builtin_add_overflow(sum, product, &sum) ? INT64_MAX
                                                                                                          : sum;
}

static void coarsen(const uint32_t *bucket, weir_spread *spread)
{
    uint64_t so_far = 0;
    unsigned bound = 0;
    for (unsigned i = 0; i < WR_HISTOGRAM_BUCKETS; i++) {
        for (; bound < WEIR_SPREAD_BOUNDS && middle_of(i) > weir_spread_bound_ns[bound]; bound++)
            spread->within[bound] = so_far;
        so_far += bucket[i];
        spread->sum_ns = plus_times(spread->sum_ns, middle_of(i), bucket[i]);
    }
}

weir_spread wr_histogram_spread(const wr_histogram *histogram)
{
    uint32_t bucket[WR_HISTOGRAM_BUCKETS];
    weir_spread spread = {.max_ns = atomic_load_explicit(&histogram->max_ns, memory_order_relaxed)};
    for (unsigned i = 0; i < WR_HISTOGRAM_BUCKETS; i++) {
        bucket[i] = atomic_load_explicit(&histogram->bucket[i], memory_order_relaxed);
        spread.count += bucket[i];
    }
    if (spread.count == 0)
        return (weir_spread){0};
    coarsen(bucket, &spread);
    spread.p50_ns = at_rank(bucket, spread.count / 2);
    spread.p99_ns = at_rank(bucket, spread.count - 1 - spread.count / 100);
    if (spread.p50_ns > spread.max_ns)
        spread.p50_ns = spread.max_ns;
    if (spread.p99_ns > spread.max_ns)
        spread.p99_ns = spread.max_ns;
    return spread;
}
