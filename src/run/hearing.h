/* Hearing: what workers say of themselves, over their channels. Nothing in it is believed.
 * Thread-safety: the keeper's thread alone. */
#ifndef WR_HEARING_H
#define WR_HEARING_H

#include "run/keeper_inside.h"

/* Hears what a worker has said by now, or a part of it. False once there is nothing more. */
bool wr_hear(wr_keeper *keeper, wr_worker *worker);
/* Nothing of this node goes on, and why. */
void wr_hearing_failed(weir_node *node, weir_status status, const char *text);
/* A worker has opened its nodes, or will not: the others need not wait for it any more. */
void wr_hearing_opened(wr_keeper *keeper, wr_worker *worker);

#endif
