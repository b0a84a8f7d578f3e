/* What was found, as JSON. Each function makes a new value, the caller's; NULL without memory. Pure. */
#ifndef WR_FOUND_JSON_H
#define WR_FOUND_JSON_H

#include <jansson.h>
#include <weir/boxes.h>

/* More digits than any number here needs after rounding, fewer than show binary fractions: for json_dumps(). */
enum { WR_JSON_DIGITS = 12 };

/* Rounded to 1 / unit; null if it is no number. */
json_t *wr_json_number(double value, double unit);
/* Labels are cut to fit, perhaps within a character, and may come from another process: what is not UTF-8 is shown as
 * question marks. */
json_t *wr_json_text(const char *from, size_t bytes);
/* {"label", "score", "x", "y", "w", "h"} and "track" if it has one. */
json_t *wr_json_box(const weir_box *box);
/* The list of a frame's boxes; NULL if it carries none. */
json_t *wr_json_boxes(const weir_frame *frame);
/* What an attachment says of its count holds only as far as the attachment reaches. */
size_t wr_json_fitting(size_t count, size_t bytes, size_t head, size_t item);

#endif
