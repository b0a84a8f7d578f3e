/* Results: what was found in a frame, as viewers are told of it (docs/notes/0006-dashboard.md). */
#ifndef WR_DASHBOARD_RESULTS_H
#define WR_DASHBOARD_RESULTS_H

#include <weir/component.h>

/* The caller frees it; NULL without memory, or boxes. */
char *wr_results_text(weir_node *node, int input, const weir_frame *frame);

#endif
