/* Views, inside: the pools, one per key. See <weir/view.h>. */
#ifndef WR_VIEW_H
#define WR_VIEW_H

#include <weir/view.h>

typedef struct wr_views wr_views;

wr_views *wr_views_new(void);
void wr_views_free(wr_views *views);
/* Bytes that all views together can hold. */
size_t wr_views_cost(const wr_views *views);

#endif
