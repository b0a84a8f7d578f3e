/* Paint: what was found, drawn over a picture.
 *
 * Frames first, then dots, then labels, so that no label is crossed by another's
 * frame; the surest on top. A line at the top left says which frame this is, how
 * old it is, and how many of each were found. Sizes follow the picture's.
 * Thread-safety: one thread at a time.
 */
#ifndef WR_DRAW_PAINT_H
#define WR_DRAW_PAINT_H

#include "font.h"
#include <stdbool.h>
#include <weir/boxes.h>

typedef struct wr_paint {
    bool boxes, labels, scores, points, number, age, count;
    const char *classes; /* labels to draw, with commas between; "": all */
    float min_score;
    int thickness; /* of lines, pixels; 0: by the picture's size */
    wr_font *font; /* NULL: no text */
} wr_paint;

/* Draws what the frame carries into `picture`, a copy of the frame's. */
void wr_paint_frame(const wr_paint *paint, weir_picture *picture, const weir_frame *frame, int64_t now_ns);

#endif
