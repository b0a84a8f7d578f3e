/* Timeline: times that a file can hold, made from times as they come.
 *
 * What cameras and loops say about time jumps back, jumps ahead by hours, or is
 * missing. Files need decoding times that always grow. A timeline starts at 0 and
 * follows the media's own time as long as that is plausible: ahead by no more than
 * what really passed plus ten seconds. Where it is not, the rest is shifted so
 * that it goes on at the pace there was before. A true gap (the camera was away,
 * frames were let go) stays a gap.
 *
 * Where decoding times are not known, a frame gets the least of the last few
 * presentation times: exact for pictures that are reordered by up to two.
 * Thread-safety: one thread at a time.
 */
#ifndef WR_LIB_TIMELINE_H
#define WR_LIB_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

enum { WR_TIMELINE_STEP_NS = 100000, WR_TIMELINE_RECENT = 3 };

/* Zeroed is a new one. */
typedef struct wr_timeline {
    bool started;
    int clamped;          /* how many in a row were moved ahead of the one before */
    int64_t offset_ns;    /* from the media's time to ours */
    int64_t lag_ns;       /* of presentation, where pictures are reordered by more than was thought */
    int64_t last_dts_ns;  /* ours */
    int64_t last_seen_ns; /* ours, before it was moved; the latest */
    int64_t last_captured_ns;
    int64_t pace_ns;                       /* last plausible distance of two frames */
    int64_t recent_ns[WR_TIMELINE_RECENT]; /* presentation, ours */
    unsigned recent;
    uint64_t jumps; /* how often it was shifted */
} wr_timeline;

typedef struct wr_stamp {
    int64_t pts_ns, dts_ns; /* dts grows by at least WR_TIMELINE_STEP_NS; pts is never before it */
} wr_stamp;

/* Times of the next frame in coding order; pts_ns and dts_ns may be WEIR_NO_TIME. */
wr_stamp wr_timeline_next(wr_timeline *timeline, int64_t pts_ns, int64_t dts_ns, int64_t captured_ns);

#endif
