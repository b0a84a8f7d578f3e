/* Shelf: files of one kind in the order they came; the oldest go when there are too many.
 *
 * What lies there at the start comes first, by its time of modification, then
 * what is added. From then on no clock is asked: a step of the wall clock
 * removes nothing early. The newest file is never removed.
 * Thread-safety: one thread at a time.
 */
#ifndef WR_LIB_SHELF_H
#define WR_LIB_SHELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct wr_shelf_file {
    char *path;
    uint64_t bytes;
    int64_t time_ns; /* of modification, of files that were there at the start */
} wr_shelf_file;

/* Zeroed is empty. */
typedef struct wr_shelf {
    wr_shelf_file *file; /* oldest first, from `first` on */
    size_t first, end, room;
    uint64_t bytes; /* of all files */
} wr_shelf;

/* Puts the files there that a pattern of glob(3) finds, before anything is added. False without memory, as below. */
bool wr_shelf_find(wr_shelf *shelf, const char *glob);
bool wr_shelf_add(wr_shelf *shelf, const char *path, uint64_t bytes);
/* The newest has this size now. */
void wr_shelf_resize(wr_shelf *shelf, uint64_t bytes);
size_t wr_shelf_count(const wr_shelf *shelf);
/* Takes the newest off again, the file itself stays as it is. */
void wr_shelf_forget_newest(wr_shelf *shelf);
/* Removes the oldest until there are at most `keep` files of max_bytes together (0: any). Returns how many went; those
 * that could not be removed are forgotten, and `failed` (may be NULL) gets the errno of the last of them, else 0. */
size_t wr_shelf_prune(wr_shelf *shelf, size_t keep, uint64_t max_bytes, int *failed);
/* Empties it; the files stay. */
void wr_shelf_clear(wr_shelf *shelf);

#endif
