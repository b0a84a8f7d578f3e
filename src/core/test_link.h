/* For tests of links that move both sides in one thread: a whole offer, as a node makes it. */
#ifndef WR_TEST_LINK_H
#define WR_TEST_LINK_H

#include "core/link.h"

/* Takes over the frame. */
static inline void wr_test_offer(wr_link *link, WEIR_OWNED weir_frame *frame, int64_t now_ns)
{
    bool to_ring = wr_link_publish(link, frame, now_ns);
    weir_frame_drop(frame);
    if (to_ring)
        wr_bell_fence();
    wr_link_ring(link);
}

#endif
