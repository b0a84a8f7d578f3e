/* Canvas: a few shapes, drawn straight into the planes of an I420 picture.
 *
 * A colour sample there covers two by two pixels. Areas are therefore widened
 * to even edges, which keeps colours sharp and leaves every pixel outside them
 * as it was; masks (letters, dots) are blended smoothly in both planes.
 * Everything is clipped to the picture.
 * Thread-safety: one thread per picture.
 */
#ifndef WR_DRAW_CANVAS_H
#define WR_DRAW_CANVAS_H

#include <stdint.h>
#include <weir/picture.h>

typedef struct wr_colour {
    uint8_t y, u, v;
} wr_colour;

/* right and bottom are the first pixels outside. */
typedef struct wr_area {
    int left, top, right, bottom;
} wr_area;

/* How much of each pixel something covers, 0 to 255. */
typedef struct wr_mask {
    const uint8_t *cover;
    int width, height, stride;
} wr_mask;

/* A colour 0xRRGGBB as this picture codes it. */
wr_colour wr_colour_of(uint32_t rgb, const weir_picture *picture);
/* Copies pixels between two pictures of the same size. */
void wr_canvas_copy(weir_picture *to, const weir_picture *from);
/* opacity: 0 to 255. */
void wr_canvas_fill(weir_picture *picture, wr_area area, wr_colour colour, int opacity);
/* A frame of this thickness (even), inside the area. */
void wr_canvas_outline(weir_picture *picture, wr_area area, int thickness, wr_colour colour);
/* The mask's top left corner is at x, y. */
void wr_canvas_mask(weir_picture *picture, const wr_mask *mask, int x, int y, wr_colour colour);
/* Writes the mask of a disc, which must have room for size * size: a diameter of `size` pixels. */
void wr_canvas_disc(uint8_t *cover, int size);

#endif
