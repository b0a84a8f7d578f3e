/* Viewer: one who watches. Its taps, what it was told, and what goes to it next.
 *
 * Thread-safety: the node's thread alone. */
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
    unsigned codec_told;
    bool gone_told; /* that the stream has ended */
    weir_tap *result[WR_RESULT_INPUTS];
} wr_watch;

enum { WR_NEWS_MOST = 64 };

/* First what each frame needs. */
typedef struct wr_viewer {
    void *connection; /* the server's */
    wr_watch *watch;  /* of each stream */
    uint32_t streams;
    unsigned next_stream, first_news, count_news;
    bool holds;
    bool behind;      /* something may wait beside the frame that is offered now; if not, that one is all */
    int64_t moved_ns; /* when something was last taken, or nothing waited */
    unsigned number;
    unsigned told;                       /* which version of what streams offer */
    int64_t state_every_ns, state_at_ns; /* 0: not wanted */
    weir_frame held;                     /* taken, but something must go before it */
    wr_notice *news[WR_NEWS_MOST];       /* go first */
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
