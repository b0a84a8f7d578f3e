/* Found: what one run of a model may have found.
 *
 * Candidates enter by add, in pixels of the model's input; those below the threshold, of unwanted classes, outside of the
 * picture or not a number stay out, and of the others the best `room` are kept. wr_found_settle() puts them in order,
 * best first, and lets those go that overlap a better one.
 * Thread-safety: one thread at a time.
 */
#ifndef WR_DETECT_FOUND_H
#define WR_DETECT_FOUND_H

#include "fit.h"
#include <weir/boxes.h>

typedef struct wr_candidate {
    float x1, y1, x2, y2, score;
    int32_t label;
    uint32_t rank; /* when it came: what decides between equal scores */
} wr_candidate;

typedef struct wr_found {
    wr_candidate *item;
    size_t count, room;
    uint32_t seen;
    float threshold;
    const uint8_t *wanted; /* a byte for each of `labels`; NULL: all */
    uint32_t labels;
    wr_fit fit; /* where the picture is */
} wr_found;

/* Empties it for the next picture, which lies there. */
void wr_found_begin(wr_found *found, wr_fit fit);
void wr_found_add(wr_found *found, float x1, float y1, float x2, float y2, float score, int32_t label);
/* What overlaps a better one (of its class, or `agnostic`: of any) by more than iou goes; at most `most` stay. */
void wr_found_settle(wr_found *found, double iou, bool agnostic, size_t most);
/* A candidate in pixels of a picture of that size, clipped to it; without its label. */
weir_box wr_found_box(const wr_found *found, size_t i, uint32_t width, uint32_t height);

#endif
