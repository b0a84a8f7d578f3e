/* Summary: the final account of a run as JSON, which tests and other programs read.
 *
 * Keys are added freely and never renamed; docs/cli.md lists them. Ages and times
 * are milliseconds, durations seconds, memory bytes.
 */
#ifndef WR_SUMMARY_H
#define WR_SUMMARY_H

#include <stdbool.h>
#include <weir/stats.h>

/* The caller frees it; NULL without memory. No line end behind it. `compact`: in one line, for programs alone. */
char *wr_summary_json(const weir_stats *stats, bool compact);

#endif
