/* Output: complete lines into a file, whatever happens.
 *
 * Lines gather in memory and leave by wr_output_flush(), in one write where the
 * system allows. When a write fails half-way (a full disk) the file is cut back
 * to its last complete line; what did not fit stays in memory and is tried again,
 * up to WR_OUTPUT_BYTES, and what comes then is refused. A line that a crash tore
 * is repaired on opening: ended when it is whole, else cut off. A file that does
 * not hold JSON lines is refused rather than cut.
 *
 * A file is locked while it is open, so that nobody else repairs or rotates it.
 * "-" is standard output.
 * Thread-safety: one thread at a time; wr_output_interrupt() any thread.
 */
#ifndef WR_JSONL_OUTPUT_H
#define WR_JSONL_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <weir/status.h>

enum { WR_OUTPUT_BYTES = 64 * 1024 };

typedef struct wr_output {
    const char *path;
    uint64_t rotate_bytes; /* 0: never */
    int keep;              /* older files beside it: path.1 is the newest of them */
    int fd, wake_fd;
    bool regular;
    uint64_t size; /* end of the last complete line */
    char *gathered;
    size_t bytes, room;
    char why[256]; /* of the last failure */
} wr_output;

/* path, rotate_bytes and keep are set, the rest is zero. */
weir_status wr_output_open(wr_output *output);
/* False: there is no room for it now. */
bool wr_output_line(wr_output *output, const char *line, size_t bytes);
/* WEIR_IO: may work later. WEIR_END: nobody will ever read it. */
weir_status wr_output_flush(wr_output *output);
/* Ends a flush that waits for a slow reader, and all that follow. */
void wr_output_interrupt(wr_output *output);
/* Closes; lines that are still in memory are lost, their number is returned. */
size_t wr_output_close(wr_output *output);

#endif
