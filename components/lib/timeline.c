#include "timeline.h"

#include <weir/frame.h>

static const int64_t second_ns = 1000000000;
/* What a gap may add to the time that really passed. */
static const int64_t leap_ns = 10 * INT64_C(1000000000);
/* Times beyond that (36 years) are no times, and sums of a few stay within 64 bits. */
static const int64_t most_ns = INT64_C(1) << 60;
/* Frames of unknown decoding time come out of order by this many at most. */
static const int reorder_frames = 16;

static int64_t plausible(int64_t time_ns)
{
    return time_ns > -most_ns && time_ns < most_ns ? time_ns : WEIR_NO_TIME;
}

/* Moved behind the one before, or shifted with all that follow? A single small step back heals by itself. */
static bool is_jump(const wr_timeline *t, int64_t seen_ns, int64_t passed_ns, bool dts_known)
{
    if (seen_ns > t->last_seen_ns)
        return seen_ns - t->last_seen_ns > leap_ns + (passed_ns > 0 ? passed_ns : 0);
    if (seen_ns >= t->last_dts_ns)
        return false;
    return t->last_dts_ns - seen_ns >= second_ns || t->clamped >= (dts_known ? 1 : reorder_frames);
}

/* The frame's time on our line, shifting the line where it must be. */
static int64_t place(wr_timeline *t, int64_t from_ns, int64_t captured_ns, bool dts_known)
{
    if (!t->started)
        *t = (wr_timeline){.started = true,
                           .offset_ns = -from_ns,
                           .last_dts_ns = -WR_TIMELINE_STEP_NS,
                           .last_captured_ns = captured_ns};
    int64_t seen_ns = from_ns + t->offset_ns;
    if (is_jump(t, seen_ns, captured_ns - t->last_captured_ns, dts_known)) {
        seen_ns = t->last_seen_ns + (t->pace_ns ? t->pace_ns : second_ns / 25);
        t->offset_ns = seen_ns - from_ns;
        t->recent = 0;
        t->jumps++;
    } else if (seen_ns > t->last_seen_ns) {
        t->pace_ns = seen_ns - t->last_seen_ns;
    }
    t->last_seen_ns = seen_ns > t->last_seen_ns ? seen_ns : t->last_seen_ns;
    t->last_captured_ns = captured_ns;
    return seen_ns;
}

/* A frame without any time of the media comes as much later as it was captured later, or at the usual pace where frames
 * are read as fast as possible. */
static int64_t place_untimed(wr_timeline *t, int64_t captured_ns)
{
    int64_t passed_ns = captured_ns - t->last_captured_ns;
    if (!t->started)
        return place(t, 0, captured_ns, true);
    if (passed_ns < second_ns / 1000)
        passed_ns = t->pace_ns ? t->pace_ns : second_ns / 25;
    t->last_captured_ns = captured_ns;
    t->last_seen_ns += passed_ns;
    return t->last_seen_ns;
}

/* The least of the last few presentation times, but not long before this one: there may be a gap between. */
static int64_t guess(wr_timeline *t, int64_t seen_ns)
{
    t->recent_ns[t->recent++ % WR_TIMELINE_RECENT] = seen_ns;
    int64_t least_ns = seen_ns;
    for (unsigned i = 0; i < t->recent && i < WR_TIMELINE_RECENT; i++)
        least_ns = t->recent_ns[i] < least_ns ? t->recent_ns[i] : least_ns;
    return least_ns < seen_ns - second_ns ? seen_ns - second_ns : least_ns;
}

static int64_t decoding_time(wr_timeline *t, int64_t wanted_ns)
{
    int64_t least_ns = t->last_dts_ns + WR_TIMELINE_STEP_NS;
    t->clamped = wanted_ns >= t->last_dts_ns ? 0 : t->clamped + 1;
    t->last_dts_ns = wanted_ns >= least_ns ? wanted_ns : least_ns;
    return t->last_dts_ns;
}

wr_stamp wr_timeline_next(wr_timeline *t, int64_t pts_ns, int64_t dts_ns, int64_t captured_ns)
{
    pts_ns = plausible(pts_ns);
    dts_ns = plausible(dts_ns);
    bool dts_known = dts_ns != WEIR_NO_TIME, pts_known = pts_ns != WEIR_NO_TIME;
    int64_t seen_ns = dts_known || pts_known ? place(t, dts_known ? dts_ns : pts_ns, captured_ns, dts_known)
                                             : place_untimed(t, captured_ns);
    t->recent = dts_known ? 0 : t->recent;
    int64_t out_ns = decoding_time(t, dts_known || !pts_known ? seen_ns : guess(t, seen_ns));
    if (!pts_known)
        return (wr_stamp){out_ns, out_ns};
    int64_t shown_ns = pts_ns + t->offset_ns + t->lag_ns;
    if (shown_ns < out_ns) {
        t->lag_ns += dts_known ? 0 : out_ns - shown_ns;
        shown_ns = out_ns;
    }
    return (wr_stamp){shown_ns - out_ns > leap_ns ? out_ns : shown_ns, out_ns};
}
