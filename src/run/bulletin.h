/* Bulletin: the account of the whole pipeline, written by the engine for workers whose nodes observe it.
 *
 * A page that the engine writes and workers read. The account is written flat: numbers as they are, and what they point
 * to as offsets. A worker says on its desk when it asked last; while somebody asks, the engine writes anew with each beat.
 *
 * Thread-safety: the keeper's thread writes; any thread of a worker reads.
 */
#ifndef WR_BULLETIN_H
#define WR_BULLETIN_H

#include "os/memory.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <weir/stats.h>

typedef struct wr_bulletin {
    _Atomic uint64_t turn; /* odd while it is written; 0: nothing was yet */
    _Atomic uint64_t bytes;
    _Atomic uint64_t word[]; /* the account, flat */
} wr_bulletin;

/* Room for an account of so many nodes and links. */
size_t wr_bulletin_bytes(int nodes, int links);
/* False if it does not fit: then the page is as it was. */
bool wr_bulletin_write(wr_bulletin *page, size_t page_bytes, const weir_stats *stats);
/* The caller's, to be freed by weir_stats_free(). NULL if there is nothing to read, or no memory. */
weir_stats *wr_bulletin_read(const wr_bulletin *page, size_t page_bytes);

#endif
