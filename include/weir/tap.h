/* Tap: a link of which a component is both ends, to somebody outside of the pipeline: a viewer, a client.
 *
 * A component that serves many has a tap for each: it offers every frame to all of them, and takes from each as fast as
 * that one listens. So each has a policy, a bound, counters and ages like any other link; they are listed among the links
 * of the pipeline as NAME.V, V being the viewer's number, and what those counted that were closed as NAME.gone.
 *
 * How many there may be, and how much may wait in each, is said in plan; their memory is set aside before the start. Frames
 * go through taps with the attachments of this node's own making (weir_attach()) and no others: a slow viewer holds nothing
 * of anybody else's. Packets (frames that carry weir.packet/1) are let go in whole decodable units.
 *
 * Thread-safety: of each tap one thread offers and one takes; opening and closing is for when nobody does either. Any
 * thread of the component.
 */
#ifndef WEIR_TAP_H
#define WEIR_TAP_H

#include <stdbool.h>
#include <weir/component.h>
#include <weir/policy.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_tap weir_tap;

/* At most `count` are open at a time; in each at most `depth` frames wait, and of packets at most `bytes` of data; in all
 * of them together the component sees to it that no more than `all_bytes` wait, by which the node's store of packets is
 * sized. In plan, once. */
WEIR_API void weir_plan_taps(weir_node *node, unsigned count, unsigned depth, size_t bytes, size_t all_bytes);
/* Opens one for what comes from `input`, for the viewer of that number (above 0; it may have several). The policy's depth
 * is the planned one at most, which 0 means too; nothing ever waits for a tap. NULL if all that were planned are open, or
 * there is no such input. */
WEIR_API weir_tap *weir_tap_open(weir_node *node, int input, unsigned viewer, const weir_policy *policy, bool packets);
/* Something will be offered soon: what that touches of memory begins to be fetched. For those who offer to many: several
 * taps at a time, just before they are offered to. */
WEIR_API void weir_tap_expect(const weir_tap *tap);
/* Offers the frame, which stays the caller's. Never waits, never fails. */
WEIR_API void weir_tap_offer(weir_tap *tap, const weir_frame *frame);
/* The next frame in turn, the caller's to drop; false if none waits. */
WEIR_API bool weir_tap_take(weir_tap *tap, weir_frame *frame);
/* Frames that wait. Any thread. */
WEIR_API uint64_t weir_tap_waiting(const weir_tap *tap);
/* Lets go what waits, counted as lost, and gives the tap back. */
WEIR_API void weir_tap_close(WEIR_OWNED weir_tap *tap);

#ifdef __cplusplus
}
#endif
#endif
