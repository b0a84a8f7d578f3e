/* Image: a still picture from a PNG or JPEG file.
 *
 * A file is read whole, looked at (its size, which way is up), then decoded to upright pixels. Transparent pixels are
 * laid over white. What is not whole is refused: half a picture is nobody's picture.
 *
 * Each function that can fail writes one sentence to `why`, which ends with the option to look at, image=.
 * Thread-safety: any thread.
 */
#ifndef WR_MOCK_CAMERA_IMAGE_H
#define WR_MOCK_CAMERA_IMAGE_H

#include "head.h"
#include <weir/picture.h>

/* WR_IMAGE_PIXELS_MAX and WR_IMAGE_FILE_MAX bound what a small file can make us allocate. */
enum { WR_IMAGE_WHY = 512, WR_IMAGE_PIXELS_MAX = 64 << 20, WR_IMAGE_FILE_MAX = 256 << 20 };

typedef struct wr_image_file {
    uint8_t *data;
    size_t bytes;
    wr_head head;
} wr_image_file;

typedef struct wr_image {
    uint8_t *pixels; /* blue, green, red, unused; rows without gaps */
    uint32_t width, height;
} wr_image;

weir_status wr_image_load(const char *path, wr_image_file *file, char why[WR_IMAGE_WHY]);
void wr_image_unload(wr_image_file *file);
/* Size of the upright picture. */
uint32_t wr_image_width(const wr_image_file *file);
uint32_t wr_image_height(const wr_image_file *file);
/* The whole file, decoded and upright. `path` is for the sentence. */
weir_status wr_image_decode(const wr_image_file *file, const char *path, wr_image *image, char why[WR_IMAGE_WHY]);
/* Writes the image, scaled to the size of `picture`, as BT.601 full range. False without memory. */
bool wr_image_convert(const wr_image *image, weir_picture *picture);
void wr_image_free(wr_image *image);
/* The most memory that all this takes beside the picture, when it ends as width x height. */
size_t wr_image_cost(const wr_image_file *file, uint32_t width, uint32_t height);

#endif
