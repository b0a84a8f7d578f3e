/* Merge: the parts of one frame that came from several branches become one frame again.
 *
 * Attachments are shared, not copied; where several parts carry the same kind, the
 * first part's counts. What was found is an exception: boxes of all parts are put
 * together, best first, and the points of boxes follow them.
 * Thread-safety: one thread at a time.
 */
#ifndef WR_JOIN_MERGE_H
#define WR_JOIN_MERGE_H

#include <weir/component.h>

typedef struct wr_merge {
    bool boxes, points; /* come from more than one branch, so that they are put together */
    int parts;
    uint32_t *taken; /* of each part: boxes put into the result so far */
    uint32_t *place; /* of each part's boxes, in the result */
    size_t places;   /* room for a part's boxes in `place` */
} wr_merge;

/* In plan: looks at what the node's inputs bring, and plans the stores. */
weir_status wr_merge_plan(wr_merge *merge, weir_node *node);
weir_status wr_merge_open(wr_merge *merge, weir_node *node);
void wr_merge_close(wr_merge *merge);
/* Makes `frame` of the parts that are there (count > 0 or number > 0), in the order given; they are taken over. False
 * when the store was full: then boxes are missing. */
bool wr_merge_parts(wr_merge *merge, weir_node *node, WEIR_OWNED weir_frame *part, const int *order, weir_frame *frame);

#endif
