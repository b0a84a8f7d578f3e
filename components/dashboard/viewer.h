/* Viewer: one who watches. Its taps, what it was told, and what goes to it next.
 *
 * Thread-safety: the server's thread alone, but for what the hub does under its lock: it offers to the taps, which are opened
 * and closed under that lock too. */
#ifndef WR_DASHBOARD_VIEWER_H
#define WR_DASHBOARD_VIEWER_H

#include "notice.h"
#include "stream.h"
#include "wish.h"
#include <weir/tap.h>

typedef struct wr_watch {
    wr_as as;
    unsigned width_px; /* of JPEGs */
    weir_tap *media;
    weir_tap *result[WR_RESULT_INPUTS];
    unsigned codec_told;
    bool gone_told; /* that the stream has ended */
} wr_watch;

enum { WR_NEWS_MOST = 64 };

typedef struct wr_viewer {
    struct wr_viewer *next;
    void *connection; /* the server's */
    unsigned number;
    wr_watch *watch; /* of each stream */
    uint32_t streams;
    wr_notice *news[WR_NEWS_MOST]; /* go first */
    unsigned first_news, count_news;
    unsigned next_stream;
    weir_frame held; /* taken, but something must go before it */
    bool holds;
    int64_t state_every_ns, state_at_ns; /* 0: not wanted */
    int64_t moved_ns;                    /* when something was last taken, or nothing waited */
    unsigned told;                       /* which version of what streams offer */
} wr_viewer;

/* NULL without memory. */
wr_viewer *wr_viewer_new(unsigned number, uint32_t streams);
/* Its taps must be closed. */
void wr_viewer_free(wr_viewer *viewer);
/* Appends a notice, or nothing for NULL. The oldest goes if nobody reads. */
void wr_viewer_tell(wr_viewer *viewer, WEIR_OWNED wr_notice *notice);
/* What goes next: a notice, the caller's to drop; or a frame with a message, the caller's to drop. False if nothing waits. */
typedef struct wr_next {
    wr_notice *notice;
    weir_frame frame;
} wr_next;
bool wr_viewer_next(wr_viewer *viewer, const wr_stream *stream, wr_next *next);
bool wr_viewer_waits(const wr_viewer *viewer);
bool wr_viewer_waits_for(const wr_viewer *viewer, uint32_t stream);

#endif
