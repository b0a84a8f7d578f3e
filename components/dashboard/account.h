/* Account: the pipeline as other programs read it: what it is made of, how it is, and for Prometheus.
 * Each function makes a text, the caller's; NULL while nothing is known yet, or without memory. */
#ifndef WR_DASHBOARD_ACCOUNT_H
#define WR_DASHBOARD_ACCOUNT_H

#include <stdbool.h>
#include <stdint.h>
#include <weir/stats.h>

/* {"pipeline", "nodes": [{"name", "component", "runner", "help", "options": {}}], "links": [{"from", "to", "take", "live"}]} */
char *wr_account_graph(const weir_stats *stats);
/* {"type": "state", "now_ms", "summary"}; the summary with or without the links of viewers. */
char *wr_account_state(const weir_stats *stats, bool viewers);
/* {"type": "gone", "stream", "reason"}: why nothing comes of a source any more. NULL while it seems to go on, unless `sure`. */
char *wr_account_gone(const weir_stats *stats, const char *source, uint32_t stream, bool sure);
/* Prometheus' text format, version 0.0.4. */
char *wr_account_metrics(const weir_stats *stats);

#endif
