/* Code: a frame number written into a picture so that it can be read back from the pixels.
 *
 * 32 bits of the number and 4 bits of check, each a black or white square, stand in two rows at the top left. Squares
 * are at least 8 pixels wide, and their middle is read, so the code survives lossy compression and scaling by known
 * factors. Thread-safety: any thread.
 */
#ifndef WR_CODE_H
#define WR_CODE_H

#include <stdbool.h>
#include <stdint.h>

/* Smallest picture that a code fits in. */
enum { WR_CODE_WIDTH_MIN = 144, WR_CODE_HEIGHT_MIN = 16 };

/* Writes the lower 32 bits of a number; false if the picture is too small. */
bool wr_code_write(uint8_t *luma, int stride, int width, int height, int64_t number);
/* Reads it back; false if the picture is too small or the check fails. */
bool wr_code_read(const uint8_t *luma, int stride, int width, int height, int64_t *number);

#endif
