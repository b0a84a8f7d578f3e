/* Last words: what a worker that crashes leaves on its desk, for the engine to know why.
 * Thread-safety: the main thread, once, before it enters the sandbox. */
#ifndef WR_WORKER_LAST_WORDS_H
#define WR_WORKER_LAST_WORDS_H

#include "run/share.h"

/* When the process crashes, what memory it had by then is noted: libraries that get none abort, or follow a null pointer.
 * Nothing where a sanitizer sees to crashes itself. */
void wr_last_words_prepare(wr_desk *desk);

#endif
