/* Hub: between the pipeline, which brings frames, and the server, which has viewers. It makes one message of a frame and
 * offers it to the taps of all who watch that stream; JPEGs only where somebody looks, once for each width.
 *
 * Thread-safety: the node's thread alone.
 */
#ifndef WR_DASHBOARD_HUB_H
#define WR_DASHBOARD_HUB_H

#include "viewer.h"

typedef struct wr_hub wr_hub;

/* In plan: taps, the store of messages, memory. */
weir_status wr_hub_plan(weir_node *node, unsigned viewers);
/* In open. NULL without memory. `feed` is called from within wr_hub_frame() for a viewer that was offered something: to take
 * it at once, while it is at hand. No viewer may leave meanwhile. */
typedef void wr_feed(void *user, wr_viewer *viewer);
wr_hub *wr_hub_new(weir_node *node, unsigned viewers, wr_feed *feed, void *user);
void wr_hub_free(wr_hub *hub);
void wr_hub_frame(wr_hub *hub, int input, const weir_frame *frame);
/* Nothing comes by that input any more. */
void wr_hub_ended(wr_hub *hub, int input);

/* NULL if there are as many as may be, or no memory. */
wr_viewer *wr_hub_join(wr_hub *hub, void *connection);
void wr_hub_leave(wr_hub *hub, WEIR_OWNED wr_viewer *viewer);
/* Watches a stream so from now on; the packets since the last key frame come at once. False: no such stream, or no tap. */
bool wr_hub_watch(wr_hub *hub, wr_viewer *viewer, uint32_t stream, wr_as as, unsigned width_px);
/* As wr_viewer_next(). */
bool wr_hub_next(wr_hub *hub, wr_viewer *viewer, wr_next *next);
/* Number `i` of those there are; NULL after the last. Who joins comes last; where one leaves, the last comes. */
wr_viewer *wr_hub_viewer(const wr_hub *hub, unsigned i);
/* What streams offer, as a list of JSON, the caller's; and how often that has changed. */
struct json_t *wr_hub_streams(wr_hub *hub, unsigned *version);
/* When a stream's last input ended; 0: it can come. */
int64_t wr_hub_stream_ended(wr_hub *hub, uint32_t stream);
unsigned wr_hub_version(wr_hub *hub);
uint32_t wr_hub_stream_named(wr_hub *hub, const char *name); /* UINT32_MAX: none */

#endif
