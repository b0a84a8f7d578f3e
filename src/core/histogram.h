/* Histogram of times: 32 buckets an octave, so a percentile is exact to 1.6 %.
 * One thread adds, any thread reads. */
#ifndef WR_HISTOGRAM_H
#define WR_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>
#include <weir/stats.h>

enum {
    WR_HISTOGRAM_FINE = 5,
    WR_HISTOGRAM_OCTAVES = 38,
    WR_HISTOGRAM_BUCKETS = (WR_HISTOGRAM_OCTAVES + 1) << WR_HISTOGRAM_FINE
};

typedef struct wr_histogram {
    _Atomic int64_t max_ns;
    _Atomic uint32_t bucket[WR_HISTOGRAM_BUCKETS];
} wr_histogram;

/* Negative times count as 0, times over 2.4 h as the last bucket. */
void wr_histogram_add(wr_histogram *histogram, int64_t time_ns);
weir_spread wr_histogram_spread(const wr_histogram *histogram);

#endif
