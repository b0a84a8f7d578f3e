/* Name: what files are called.
 *
 * A pattern becomes a path by putting in what its conversions stand for:
 *
 *     %N  name of the stream      %Y %m %d %H %M %S  when the frame was captured, UTC
 *     %n  number of the frame     %f                 milliseconds of it, three digits
 *     %%  a percent sign
 *
 * and becomes a pattern of glob(3) that finds the files once made from it, and
 * hardly any other.
 * Thread-safety: any thread.
 */
#ifndef WR_LIB_NAME_H
#define WR_LIB_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <weir/frame.h>

typedef struct wr_name {
    const char *stream;
    int64_t utc_ns; /* since 1970 */
    int64_t number;
} wr_name;

/* Does it hold known conversions only? If not, one sentence about path= is written to `why`. */
bool wr_name_check(const char *pattern, char *why, size_t why_bytes);
/* The folder of a pattern, as far as it does not depend on a frame: what must be there before any file. */
bool wr_name_folder(const char *pattern, char *folder, size_t bytes);
/* Writes a text so that it stands for itself in a pattern. False if it does not fit, as below. */
bool wr_name_literal(const char *text, char *pattern, size_t bytes);
bool wr_name_path(const char *pattern, const wr_name *name, char *path, size_t bytes);
bool wr_name_glob(const char *pattern, const char *stream, char *glob, size_t bytes);
/* Time that must pass for another name: 1 ms with %f, else that of the finest conversion of time; 0 without any. */
int64_t wr_name_step_ns(const char *pattern);

/* When a frame was captured, by the wall clock: as its source says, else by its age. */
int64_t wr_utc_of(const weir_frame *frame, int64_t now_ns);
/* "2026-11-23T04:00:00.123Z". Returns text. */
const char *wr_utc_text(int64_t utc_ns, char text[40]);

#endif
