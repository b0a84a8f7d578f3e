/* Tap, inside: where taps lie, and reading their accounts.
 *
 * A node's taps lie in one piece of memory, which the engine has mapped too where the node runs elsewhere. Nothing in it is
 * believed by whoever reads accounts there.
 */
#ifndef WR_TAP_H
#define WR_TAP_H

#include "core/link.h"
#include <weir/tap.h>

enum { WR_TAP_INPUTS = 64 }; /* whose closed taps are added up one by one */

typedef struct wr_tap_plan {
    unsigned count;
    uint32_t depth;
    size_t bytes, all_bytes; /* of packets, that may wait in each, and in all */
} wr_tap_plan;

typedef struct wr_taps wr_taps;

/* Memory that they need. */
size_t wr_taps_bytes(const wr_tap_plan *plan);
/* Of the node, in that memory, which stays the caller's. If a process before used it, what it left open counts as gone.
 * NULL without memory. */
wr_taps *wr_taps_new(weir_node *node, const wr_tap_plan *plan, void *memory);
void wr_taps_free(wr_taps *taps);

/* Accounts, from any process that has the memory. The input's number is checked to be one below `inputs`. */
typedef struct wr_tap_seen {
    int input;
    unsigned viewer; /* 0: those that are gone */
    weir_link_stats stats;
} wr_tap_seen;
/* The one in that place: taps from 0 on, then what is gone of each input. False if there is none. Under the graph's edges_lock. */
bool wr_taps_read(const wr_tap_plan *plan, const void *memory, unsigned place, int inputs, wr_tap_seen *seen);
unsigned wr_taps_places(const wr_tap_plan *plan);

#endif
