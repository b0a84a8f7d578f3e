/* Succession: what becomes of the links of a worker that died, so that another can take its place. See
 * docs/notes/0005-processes.md. Thread-safety: the keeper's thread alone. */
#ifndef WR_SUCCESSION_H
#define WR_SUCCESSION_H

#include "run/keeper_inside.h"

/* Rings that it took from go on, others come in the place of those that it sent by. False without memory. */
bool wr_succession_prepare(wr_keeper *keeper, wr_worker *dead);
/* Old links whose consumers have gone over and hold nothing more: their accounts are closed, and added up. */
void wr_succession_retire(wr_keeper *keeper, wr_edge *edge);

#endif
