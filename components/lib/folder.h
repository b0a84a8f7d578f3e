/* Folder: may files be made there, and is it there.
 *
 * Checks change nothing and may run long before anything is written. Each
 * function writes one sentence to `why` when it does not return WEIR_OK; the
 * sentence ends with the option to look at, path=.
 * Thread-safety: any thread.
 */
#ifndef WR_LIB_FOLDER_H
#define WR_LIB_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <weir/status.h>

/* Is it a folder in which files can be made, or can it be made? */
weir_status wr_folder_check(const char *folder, char *why, size_t why_bytes);
/* Can this file be written (anew or on), its folder made if need be? */
weir_status wr_file_check(const char *path, char *why, size_t why_bytes);
/* Makes the folder and those above it; fine if they are there. */
weir_status wr_folder_make(const char *folder, char *why, size_t why_bytes);
/* Makes the folder that `path` lies in. */
weir_status wr_folder_make_for(const char *path, char *why, size_t why_bytes);
/* The folder that `path` lies in, "." if it names none. False if it does not fit. */
bool wr_folder_of(const char *path, char *folder, size_t bytes);

/* What to do about an errno that came from writing: "check path=", or "make room there". */
const char *wr_remedy(int error);

#endif
