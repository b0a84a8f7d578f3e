/* Entry: how an attachment that came from another process is let in.
 *
 * Its owner may have been taken over, and can write to it at any time: between a look at a count and its use as much as
 * before. So what decides where memory is touched is copied to memory of this process, once, when a frame that refers to
 * the attachment is received, and checked there; everybody reads the copy. Of pictures, packets and codecs that is what
 * they begin with: their data stay where they are, and the copy's offsets lead there. Boxes, points, readings and events
 * are copied whole. Attachments of other kinds stay as they lie: nobody here knows what is in them.
 *
 * What does not decide where memory is touched is not checked: pixels, coordinates, and what a picture's colours mean may
 * be anything, and pixels and packet data may change while they are read.
 *
 * Thread-safety: any thread; the copy is written by one before others see it.
 */
#ifndef WR_ENTRY_H
#define WR_ENTRY_H

#include <stdbool.h>
#include <weir/frame.h>

/* The longest of what a picture, a packet or a codec begins with, on cache lines of its own. */
enum { WR_ENTRY_HEAD_BYTES = 128 };

typedef enum wr_entry { WR_ENTRY_AS_IT_LIES, WR_ENTRY_HEAD, WR_ENTRY_WHOLE } wr_entry;

wr_entry wr_entry_of(weir_kind kind);
/* Copies `from` to `to`, WR_ENTRY_HEAD_BYTES or `bytes` long, and checks it against the attachment's bytes. False if it
 * points beyond them, or is none of its kind; then nobody may read the copy. */
bool wr_entry_copy(weir_kind kind, void *to, const void *from, uint32_t bytes);

#endif
