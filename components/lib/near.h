/* Near: which of several words a misspelt one was meant to be.
 *
 *     wr_near near = {.word = "persn"};
 *     for each word known: wr_near_offer(&near, known);
 *     near.best is "person"; NULL if none is near
 *
 * Thread-safety: one thread at a time.
 */
#ifndef WR_LIB_NEAR_H
#define WR_LIB_NEAR_H

typedef struct wr_near {
    const char *word; /* as written */
    const char *best; /* of those offered, which must outlive this */
    unsigned changes; /* letters between the two */
} wr_near;

void wr_near_offer(wr_near *near, const char *known);

#endif
