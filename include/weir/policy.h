/* Policy: what a link does when its consumer is slower than its producer.
 *
 * The consumer chooses it. Zero is the default: `every`, with the default hold.
 * On a stream that can wait (a file read as fast as possible), `every` makes the
 * producer wait; on a live one nothing waits, and an `every` link that is full
 * lets go what comes (counted as overflow).
 */
#ifndef WEIR_POLICY_H
#define WEIR_POLICY_H

#include <stdint.h>
#include <weir/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weir_take {
    WEIR_EVERY =
        0,       /* nothing is let go; `depth` frames may wait (0: 8 pictures, 64 frames without pixels, 256 packets) */
    WEIR_LATEST, /* the newest frame waits, older ones are let go: superseded; on packets, jumps to the newest key frame */
    WEIR_NEWEST, /* the `depth` newest wait, older ones are let go: superseded */
    WEIR_OLDEST, /* the `depth` oldest wait, newer ones are let go: overflow */
} weir_take;

typedef struct weir_policy {
    weir_take take;
    uint32_t depth;     /* frames that may wait; see weir_take; at most WEIR_DEPTH_MAX */
    int64_t max_age_ns; /* older frames are let go when taken: expired; 0: no limit */
} weir_policy;

enum { WEIR_DEPTH_MAX = 65536 };

/* Why a frame was let go. */
typedef enum weir_reason {
    WEIR_SUPERSEDED,  /* a newer one took its place */
    WEIR_OVERFLOW,    /* there was no room */
    WEIR_EXPIRED,     /* older than max_age when its turn came */
    WEIR_UNDECODABLE, /* a packet whose reference was let go before it */
    WEIR_LOST,        /* it died with its consumer, or the link was cut */
    WEIR_REASONS,
} weir_reason;

WEIR_API const char *weir_reason_name(weir_reason reason);
/* Writes a policy as it is written in a pipeline: "every", "latest", "newest=4",
 * "oldest=2". Depth of `every` and max_age are options of their own. Returns buffer. */
WEIR_API const char *weir_policy_text(const weir_policy *policy, char buffer[32]);
/* Reads what weir_policy_text() writes into take and depth; false if it is none of these. */
WEIR_API int weir_policy_parse(weir_policy *policy, const char *text);

#ifdef __cplusplus
}
#endif
#endif
