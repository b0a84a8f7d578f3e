/* Wish: what a page says over its WebSocket that it wants to see. Pure functions on text from outside. */
#ifndef WR_DASHBOARD_WISH_H
#define WR_DASHBOARD_WISH_H

#include <stddef.h>
#include <stdint.h>

typedef enum wr_as { WR_AS_NOTHING, WR_AS_PACKETS, WR_AS_JPEG, WR_AS_RESULTS } wr_as;

typedef struct wr_wish {
    wr_as as;
    unsigned width_px; /* of JPEGs */
} wr_wish;

/* WR_SAYS_NOTHING: what was said is not to be understood. */
typedef enum wr_says { WR_SAYS_NOTHING, WR_SAYS_WATCH, WR_SAYS_STATE } wr_says;

/* Reads a message. WR_SAYS_WATCH: the wish of each of so many streams was written, WR_AS_NOTHING where it was not named.
 * WR_SAYS_STATE: how often the state is wanted; 0: no more. */
wr_says wr_wish_read(const char *text, size_t bytes, wr_wish *wish, uint32_t streams, int64_t *state_every_ns);

#endif
