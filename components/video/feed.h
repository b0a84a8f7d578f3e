/* Feed: reads a camera on a thread of its own, stamps what arrives, and comes back by itself when it goes away.
 *
 * The thread does nothing but read and stamp, so age counts from arrival. Packets wait in a bounded queue; when nobody
 * takes them, everything up to the next key frame is let go and counted as lost; so is what still waits at the end. Retries: at most one a second for the
 * first 30 s of an outage, then at most 12 a minute, each with 20 % of chance in it, so that a hundred cameras do not
 * come back in step.
 * Thread-safety: one thread takes, the feed's own gives; stop from any.
 */
#ifndef WR_VIDEO_FEED_H
#define WR_VIDEO_FEED_H

#include "reader.h"
#include <pthread.h>
#include <weir/component.h>

enum { WR_FEED_ITEMS = 512, WR_FEED_BYTES = 16 << 20 };

typedef struct wr_arrival {
    AVPacket *packet;
    int64_t arrived_ns; /* on the node's clock */
    int64_t utc_ns;     /* WEIR_NO_TIME: unknown */
    int64_t pts_ns, dts_ns, duration_ns;
    bool untimed; /* see wr_reader_untimed() */
    wr_nal_kind kind;
    weir_codec *codec;  /* with the first packet after (re)opening, and where it changes: the taker's to free() */
    weir_source source; /* with a codec */
    bool reopened;      /* the first packet of a connection that is not the first */
    bool gap;           /* something was let go before it */
} wr_arrival;

typedef struct wr_feed {
    weir_node *node;
    const char *url, *transport;
    int64_t timeout_ns;
    bool retry;
    _Atomic bool stop;
    pthread_t thread;
    bool started;
    bool connected; /* at least once */
    pthread_mutex_t lock;
    pthread_cond_t stopped;         /* under lock: stop was set */
    wr_arrival item[WR_FEED_ITEMS]; /* under lock */
    unsigned first, count;          /* under lock */
    size_t bytes;                   /* under lock: in the queue */
    bool over;                      /* under lock: nothing will follow */
    weir_status status;             /* under lock: why */
    char why[256];                  /* under lock */
} wr_feed;

weir_status wr_feed_start(wr_feed *feed);
/* False when nothing waits; then *over says whether anything will follow. */
bool wr_feed_take(wr_feed *feed, wr_arrival *arrival, bool *over);
void wr_feed_stop(wr_feed *feed); /* ends what waits; any thread */
void wr_feed_join(wr_feed *feed);

#endif
