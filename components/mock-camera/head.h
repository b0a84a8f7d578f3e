/* Head: what the first bytes of an image file say of it.
 *
 * Read by our own few lines, so that a check can know a picture's size without decoding anything.
 * Thread-safety: any thread.
 */
#ifndef WR_MOCK_CAMERA_HEAD_H
#define WR_MOCK_CAMERA_HEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum wr_file_format { WR_FILE_PNG = 1, WR_FILE_JPEG } wr_file_format;

typedef struct wr_head {
    wr_file_format format;
    uint32_t width, height; /* pixels as stored */
    int orientation;        /* as Exif counts: 1 upright, 3 upside down, 6 and 8 lying, the others mirrored */
} wr_head;

/* False if it is neither PNG nor JPEG, or ends before it says its size. */
bool wr_head_parse(const uint8_t *data, size_t bytes, wr_head *head);
/* True if width and height change places when the picture is put upright. */
bool wr_head_lies(const wr_head *head);

#endif
