/* Font: smooth letters from a font file, each drawn once per size.
 *
 * A file is found in prepare (as the user says, else as fontconfig says), parsed
 * in open. Letters are kept, so that drawing the same text again allocates
 * nothing.
 * Thread-safety: one thread at a time.
 */
#ifndef WR_DRAW_FONT_H
#define WR_DRAW_FONT_H

#include "canvas.h"
#include <stdbool.h>
#include <stddef.h>

typedef struct wr_font wr_font;

/* Path of this system's bold sans-serif font. False if there is none. */
bool wr_font_find(char *path, size_t bytes);
/* Reads a whole file, the caller's to free(). NULL with errno. */
void *wr_font_read(const char *path, size_t *bytes);
/* `data` must outlive the font. NULL if it is not a font that can be scaled. */
wr_font *wr_font_new(const void *data, size_t bytes);
/* Height of letters in pixels. False if it cannot. */
bool wr_font_size(wr_font *font, int pixels);
int wr_font_ascent(const wr_font *font);  /* pixels above the line letters stand on */
int wr_font_descent(const wr_font *font); /* pixels below it */
/* Width of a text (UTF-8) in pixels. */
int wr_font_width(wr_font *font, const char *text);
/* Draws a text that starts at x, letters standing on the line y. */
void wr_font_draw(wr_font *font, weir_picture *picture, int x, int y, const char *text, wr_colour colour);
void wr_font_free(wr_font *font);

#endif
