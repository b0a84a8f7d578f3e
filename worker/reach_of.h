/* What a worker may reach: from the options of its nodes. */
#ifndef WR_WORKER_REACH_OF_H
#define WR_WORKER_REACH_OF_H

#include "work.h"

/* Enters the sandbox, and tells the engine (WR_LOGGED) if it is not whole. */
void wr_work_enter_sandbox(wr_work *work);

#endif
