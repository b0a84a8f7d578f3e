/* What a link between processes believes of its other side: docs/notes/0005-processes.md. */
#include "core/link_inside.h"

void wr_link_break_off(wr_link *link)
{
    atomic_store_explicit(&link->broken_here, true, RELAXED);
    atomic_store(&link->shared->broken, 1);
    wr_link_cut(link);
}

/* Times of this machine's clock: whatever is made of a few of them stays within 64 bits. */
static bool is_time(int64_t time_ns)
{
    return time_ns > -(INT64_C(1) << 62) && time_ns < INT64_C(1) << 62;
}

/* Who it is, of whichever stream, no worker may say for another one's. */
static bool is_frame(const wr_link *link, const weir_frame *frame)
{
    return frame->number > 0 && frame->stream < link->config.streams &&
           (!link->carries || link->carries[frame->stream]) && is_time(frame->captured_ns) &&
           is_time(frame->offered_ns);
}

static bool carries_what_it_must(const wr_link *link, const weir_frame *frame)
{
    uint64_t missing = link->config.needs;
    for (unsigned i = 0; missing && i < frame->count; i++)
        missing &= ~(UINT64_C(1) << frame->refs[i].kind);
    return missing == 0;
}

void wr_link_receive(wr_link *link, weir_frame *frame)
{
    bool good = wr_holds_receive(&link->holds, frame) && is_frame(link, frame);
    if (good && carries_what_it_must(link, frame))
        return;
    weir_frame_drop(frame);
    link->consumer.foreign = true;
    if (!good)
        wr_link_break_off(link);
}
