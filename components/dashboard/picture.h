/* Picture: JPEGs of a stream, each at the width that somebody looks at it with, encoded once for all who do.
 * Thread-safety: one thread at a time. */
#ifndef WR_DASHBOARD_PICTURE_H
#define WR_DASHBOARD_PICTURE_H

#include <stddef.h>
#include <weir/picture.h>

typedef struct wr_shrinker wr_shrinker;

/* For pictures of at most so many bytes. NULL without memory. */
wr_shrinker *wr_shrinker_new(size_t picture_bytes);
/* Memory that it takes. */
size_t wr_shrinker_cost(size_t picture_bytes);
void wr_shrinker_free(wr_shrinker *shrinker);
/* Widths there are: the least that is not below what is wanted. */
unsigned wr_shrinker_width(unsigned wanted_px);
/* The picture as JPEG, at most `width_px` wide. Valid until the next call; NULL if it cannot be had. */
const unsigned char *wr_shrinker_jpeg(wr_shrinker *shrinker, const weir_picture *picture, unsigned width_px,
                                      size_t *bytes);

#endif
