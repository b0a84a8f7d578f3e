#include "merge.h"

#include <stdlib.h>

static size_t box_room(size_t bytes)
{
    return bytes > sizeof(weir_boxes) ? (bytes - sizeof(weir_boxes)) / sizeof(weir_box) : 0;
}

/* True if more than one input brings this kind; *bytes is then what all can bring together. */
static bool several_bring(weir_node *node, weir_kind kind, size_t *bytes, size_t *most)
{
    int inputs = 0;
    *bytes = *most = 0;
    for (int i = 0; i < weir_inputs(node); i++) {
        size_t item = weir_input_item_bytes(node, i, kind);
        inputs += item > 0;
        *bytes += item;
        *most = item > *most ? item : *most;
    }
    return inputs > 1;
}

weir_status wr_merge_plan(wr_merge *merge, weir_node *node)
{
    size_t bytes, most;
    weir_status status = WEIR_OK;
    merge->parts = weir_inputs(node);
    merge->points = several_bring(node, WEIR_KIND_POINTS, &bytes, &most);
    if (merge->points)
        status = weir_plan_store(node, WEIR_KIND_POINTS, bytes, 1, 0);
    merge->boxes = several_bring(node, WEIR_KIND_BOXES, &bytes, &most);
    if (merge->boxes && status == WEIR_OK)
        status = weir_plan_store(node, WEIR_KIND_BOXES, bytes, 1, 0);
    merge->places = merge->boxes ? box_room(most) : 0;
    weir_plan_memory(node, (size_t)merge->parts * (merge->places + 1) * sizeof(uint32_t));
    return status;
}

weir_status wr_merge_open(wr_merge *merge, weir_node *node)
{
    merge->taken = calloc((size_t)merge->parts + 1, sizeof *merge->taken);
    merge->place = calloc((size_t)merge->parts * merge->places + 1, sizeof *merge->place);
    return merge->taken && merge->place ? WEIR_OK : weir_fail(node, WEIR_NO_MEMORY, "no memory to put boxes together");
}

void wr_merge_close(wr_merge *merge)
{
    free(merge->taken);
    free(merge->place);
    merge->taken = merge->place = NULL;
}

/* --- boxes --- */

static uint32_t boxes_of(const wr_merge *merge, const weir_frame *part)
{
    const weir_boxes *boxes = weir_frame_boxes(part);
    return !boxes ? 0 : boxes->count < merge->places ? boxes->count : (uint32_t)merge->places;
}

/* The part whose next box scores best; -1 when all are taken. */
static int best_part(const wr_merge *merge, const weir_frame *part, const int *order)
{
    int best = -1;
    float score = 0;
    for (int i = 0; i < merge->parts; i++) {
        int p = order[i];
        if (merge->taken[p] >= boxes_of(merge, &part[p]))
            continue;
        float next = weir_frame_boxes(&part[p])->box[merge->taken[p]].score;
        if (best >= 0 && next <= score)
            continue;
        best = p;
        score = next;
    }
    return best;
}

static bool put_boxes_together(wr_merge *merge, weir_node *node, const weir_frame *part, const int *order,
                               weir_frame *frame)
{
    uint32_t count = 0;
    const weir_boxes *first = NULL;
    for (int i = 0; i < merge->parts; i++) {
        const weir_boxes *boxes = weir_frame_boxes(&part[order[i]]);
        first = first ? first : boxes;
        count += boxes_of(merge, &part[order[i]]);
        merge->taken[i] = 0;
    }
    weir_boxes *all = first ? weir_attach(node, frame, WEIR_KIND_BOXES, weir_boxes_bytes(count)) : NULL;
    if (!all)
        return !first;
    *all = (weir_boxes){.picture_width = first->picture_width, .picture_height = first->picture_height};
    for (int p; (p = best_part(merge, part, order)) >= 0; all->count++) {
        all->box[all->count] = weir_frame_boxes(&part[p])->box[merge->taken[p]];
        merge->place[(size_t)p * merge->places + merge->taken[p]++] = all->count;
    }
    return true;
}

/* --- points --- */

static bool put_points_together(wr_merge *merge, weir_node *node, const weir_frame *part, const int *order,
                                weir_frame *frame)
{
    uint32_t count = 0;
    for (int i = 0; i < merge->parts; i++)
        count += weir_frame_points(&part[i]) ? weir_frame_points(&part[i])->count : 0;
    weir_points *all =
        count ? weir_attach(node, frame, WEIR_KIND_POINTS, sizeof *all + count * sizeof(weir_point)) : NULL;
    if (!all)
        return !count;
    *all = (weir_points){.count = 0};
    for (int i = 0; i < merge->parts; i++) {
        const weir_points *points = weir_frame_points(&part[order[i]]);
        for (uint32_t k = 0; points && k < points->count; k++) {
            weir_point point = points->point[k];
            if (merge->boxes && point.box < merge->taken[order[i]])
                point.box = merge->place[(size_t)order[i] * merge->places + point.box];
            all->point[all->count++] = point;
        }
    }
    return true;
}

bool wr_merge_parts(wr_merge *merge, weir_node *node, weir_frame *part, const int *order, weir_frame *frame)
{
    bool whole = true, begun = false;
    if (merge->boxes)
        whole &= put_boxes_together(merge, node, part, order, frame);
    if (merge->points)
        whole &= put_points_together(merge, node, part, order, frame);
    for (int i = 0; i < merge->parts; i++) {
        weir_frame *one = &part[order[i]];
        if (one->number == 0)
            continue;
        if (merge->boxes)
            weir_frame_detach(one, WEIR_KIND_BOXES);
        if (merge->points)
            weir_frame_detach(one, WEIR_KIND_POINTS);
        if (!begun) { /* who the frame is; what was put together stays */
            weir_frame made = *frame;
            *frame = *one;
            frame->count = made.count;
            for (unsigned k = 0; k < made.count; k++)
                frame->refs[k] = made.refs[k];
            whole &= weir_frame_merge(frame, one) != 0;
            begun = true;
        } else {
            frame->flags |= one->flags & WEIR_FRAME_GAP;
            whole &= weir_frame_merge(frame, one) != 0;
        }
        weir_frame_drop(one);
        *one = (weir_frame){.number = 0};
    }
    return whole;
}
