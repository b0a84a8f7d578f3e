/* Frame: an identity with attachments.
 *
 * A frame is a small value. Its identity (stream, number, order, times) is
 * given once, at the source, and never changes; its attachments are references
 * to immutable, flat data in stores. Copying a frame means copying its 64
 * bytes and taking one more reference to each attachment: weir_frame_fork().
 * Because it holds no pointer, a frame crosses a link by being copied into it,
 * within a thread, between threads, or between processes.
 *
 * A frame variable owns its references. Whoever owns it ends it with exactly
 * one weir_send() or weir_frame_drop(); both leave the variable empty, so
 * dropping twice is harmless. A `const weir_frame *` is borrowed.
 *
 * Thread-safety: a frame variable belongs to one thread at a time; what it
 * refers to may be read by any number of threads.
 */
#ifndef WEIR_FRAME_H
#define WEIR_FRAME_H

#include <stddef.h>
#include <stdint.h>
#include <weir/status.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Kind of attachment. The first ones are fixed; weir_kind_id() numbers the others. */
typedef uint16_t weir_kind;
enum {
    WEIR_KIND_PACKET,  /* "weir.packet/1"  <weir/packet.h>: one compressed access unit */
    WEIR_KIND_CODEC,   /* "weir.codec/1"   <weir/packet.h>: what a decoder must know first */
    WEIR_KIND_PICTURE, /* "weir.picture/1" <weir/picture.h> */
    WEIR_KIND_BOXES,   /* "weir.boxes/1"   <weir/boxes.h>: what was found */
    WEIR_KIND_POINTS,  /* "weir.points/1"  <weir/boxes.h>: keypoints of the boxes */
    WEIR_KIND_READING, /* "weir.reading/1": one value of a sensor */
    WEIR_KIND_EVENT,   /* "weir.event/1": something that happened */
    WEIR_KINDS_BUILTIN,
    WEIR_KINDS_MAX = 64,
};

/* Returns the number of a kind by its name ("vendor.kind/1"), making one up the
 * first time; WEIR_KINDS_MAX when 64 kinds are known already. Any thread. */
WEIR_API weir_kind weir_kind_id(const char *name);
/* Name of a kind, "?" if there is none. Any thread. */
WEIR_API const char *weir_kind_name(weir_kind kind);

enum {
    WEIR_FRAME_GAP = 1,         /* something of this stream was let go upstream just before */
    WEIR_FRAME_KEY = 2,         /* decoding can start here */
    WEIR_FRAME_DISCARDABLE = 4, /* no other frame needs this one to be decoded */
    WEIR_FRAME_FLUSH = 8,       /* the source was reopened: forget what came before */
};

#define WEIR_NO_TIME   INT64_MIN /* for pts_ns and utc_ns: not known */
#define WEIR_WHEN_SENT INT64_MIN /* for captured_ns: weir_send() fills in the time, which it reads anyway */
#define WEIR_NO_ORDER  INT64_MIN /* for order: a packet, not decoded yet */
enum { WEIR_FRAME_REFS = 8 };

/* Reference to one attachment. Opaque; `kind` and `bytes` may be read. */
typedef struct weir_ref {
    weir_kind kind;
    uint16_t store;
    uint32_t slot;
    uint32_t generation;
    uint32_t bytes;
} weir_ref;

typedef struct weir_frame {
    int64_t number;      /* counts access units of the stream in coding order, from 1 */
    int64_t order;       /* rank on display, from 1; WEIR_NO_ORDER on packets */
    int64_t captured_ns; /* monotonic clock, see weir_now() */
    int64_t pts_ns;      /* the media's own time, or WEIR_NO_TIME */
    int64_t utc_ns;      /* best estimate of the wall clock at capture since 1970, or WEIR_NO_TIME */
    int64_t offered_ns;  /* set by links: when it was offered to the link it came from */
    int64_t reserved;
    uint32_t stream; /* number of the source within the pipeline */
    uint16_t flags;  /* WEIR_FRAME_... */
    uint16_t count;  /* of refs in use */
    weir_ref refs[WEIR_FRAME_REFS];
} weir_frame;

/* Returns a frame of the same identity, sharing all attachments. The caller owns it. */
WEIR_API weir_frame weir_frame_fork(const weir_frame *frame);
/* Gives up what the frame refers to and empties it. */
WEIR_API void weir_frame_drop(weir_frame *frame);
/* Gives up the attachments of one kind; nothing happens if there is none. */
WEIR_API void weir_frame_detach(weir_frame *frame, weir_kind kind);
/* Adds to `frame` the attachments of `other` whose kind it lacks (each shared, not
 * copied). False when `frame` is full; what fitted has been added. */
WEIR_API int weir_frame_merge(weir_frame *frame, const weir_frame *other);
/* Data of the first attachment of a kind, `*bytes` (may be NULL) its size; NULL if
 * there is none. Borrowed: valid as long as the frame, 64-byte aligned.
 *
 * What came from a node in another process has been checked if it is of a kind that
 * is fixed (above), and what of it was checked does not change: headers, counts,
 * boxes and points. Kinds of your own are read as they lie in memory that the other
 * process can write to at any time, and which it may have been taken over to do:
 * copy what you decide by (counts, sizes, offsets), then check the copy against
 * `*bytes`, then use the copy. */
WEIR_API const void *weir_frame_find(const weir_frame *frame, weir_kind kind, size_t *bytes);

#ifdef __cplusplus
}
#endif
#endif
