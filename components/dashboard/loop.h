/* Loop: what happens on connections, dealt with by the node's own thread, so that who brings frames also sends them.
 *
 * A thread of the loop's own does nothing but sleep until something has happened, and then wakes the node; it sleeps on only
 * after a turn, so that it wakes the node once for all that came meanwhile.
 *
 * Thread-safety: the node's thread alone.
 */
#ifndef WR_DASHBOARD_LOOP_H
#define WR_DASHBOARD_LOOP_H

#include <stdbool.h>
#include <uv.h>
#include <weir/component.h>

typedef struct wr_loop wr_loop;

/* Its thread starts with wr_loop_watch(), when there is something to watch. NULL without memory or file descriptors. */
wr_loop *wr_loop_new(weir_node *node);
bool wr_loop_watch(wr_loop *loop);
/* What connections are to be added to; the loop's own. */
uv_loop_t *wr_loop_uv(wr_loop *loop);
/* Deals with what has happened, and lets be watched for what was asked for since the last time. Waits for nothing, and goes
 * on for a millisecond at most, or as long as it takes to do once what each connection wants. True: there is more; turn again
 * soon. */
bool wr_loop_turn(wr_loop *loop);
/* Ends its thread. No turn is needed any more. */
void wr_loop_unwatch(wr_loop *loop);
/* Turns until all that is closing has been closed. */
void wr_loop_settle(wr_loop *loop);
/* Nothing that was added may be left. Takes NULL. */
void wr_loop_free(WEIR_OWNED wr_loop *loop);

#endif
