/* JPEG: a picture as a file holds it.
 *
 * JPEG knows one way to code colours (BT.601, full range); pictures in weir come
 * in several. They are converted, exactly, so that a snapshot looks like the
 * video.
 * Thread-safety: one thread at a time.
 */
#ifndef WR_JPEG_H
#define WR_JPEG_H

#include <stddef.h>
#include <weir/picture.h>

typedef struct wr_jpeg wr_jpeg;

wr_jpeg *wr_jpeg_new(void); /* NULL without memory */
/* Memory that it takes for pictures of so many bytes. */
size_t wr_jpeg_cost(size_t picture_bytes);
/* Data valid until the next call; NULL if there is no memory or the picture is not fit for it. */
const unsigned char *wr_jpeg_encode(wr_jpeg *jpeg, const weir_picture *picture, int quality, size_t *bytes);
void wr_jpeg_free(wr_jpeg *jpeg);

#endif
