/* Watch: what a running pipeline shows of itself on standard error.
 *
 * On a terminal, one table, redrawn in place once a second; log lines, and what
 * components write to standard output when that is the same terminal, scroll by
 * above it. Elsewhere, one line every 5 s, through the log. All of it from a
 * thread of its own, which only reads snapshots.
 */
#ifndef WR_WATCH_H
#define WR_WATCH_H

#include <stdbool.h>
#include <weir/pipeline.h>

typedef struct wr_watch wr_watch;

/* The pipeline must outlive it. NULL without memory; the run goes on without then. */
wr_watch *wr_watch_start(weir_pipeline *pipeline, bool log_json);
/* Shows the last state if the pipeline did run, and ends; NULL is allowed. */
void wr_watch_end(wr_watch *watch, bool did_run);

#endif
