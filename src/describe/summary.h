/* Summary: the final account of a run as JSON, which tests and other programs read.
 *
 * Keys are added freely and never renamed; docs/cli.md lists them. Ages and times
 * are milliseconds, durations seconds, memory bytes.
 */
#ifndef WR_SUMMARY_H
#define WR_SUMMARY_H

#include <weir/stats.h>

/* The caller frees it; NULL without memory. `lines`: for people to read, else as short as can be. No line end behind it. */
char *wr_summary_json(const weir_stats *stats, bool lines);

#endif
