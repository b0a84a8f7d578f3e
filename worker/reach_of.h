/* What a worker may reach: from the options of its nodes. */
#ifndef WR_WORKER_REACH_OF_H
#define WR_WORKER_REACH_OF_H

#include "work.h"

/* Enters the sandbox; what it holds, a wr_sandbox_level, and in words. */
int wr_work_enter_sandbox(wr_work *work, char *text, size_t bytes);

#endif
