/* Memory: mapped zeroed pages that can be handed to another process. */
#ifndef WR_MEMORY_H
#define WR_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

enum { WR_MEMORY_LINE = 64 };

typedef struct wr_memory {
    void *data;
    size_t bytes; /* rounded up to whole pages */
    int fd;       /* memfd, or -1 when not shared */
} wr_memory;

/* Maps `bytes`; shared: backed by a memfd that can be passed on. Pages cost nothing until touched. False with errno. */
bool wr_memory_map(wr_memory *memory, size_t bytes, bool shared);
/* Maps memory of another process, or of this one again; the descriptor stays the caller's. `bytes` as it was made with.
 * False with errno, EINVAL if there is less. */
bool wr_memory_join(wr_memory *memory, int fd, size_t bytes, bool writable);
/* A descriptor that maps read-only, the caller's to close; -1 with errno. Whoever it is handed to cannot make it writable,
 * unless it is root with CAP_DAC_OVERRIDE, or may change modes. */
int wr_memory_readable(const wr_memory *memory);
void wr_memory_unmap(wr_memory *memory);

/* Zeroed memory on cache lines of its own, so that no neighbour slows its owner down; free() it. NULL without memory. */
void *wr_memory_lines(size_t bytes);

/* Most memory this process ever held at once, as the kernel counts it. */
size_t wr_memory_peak(void);
/* What this process has for itself now, touched or not: heap, stacks, what libraries write to. 0: not known. */
size_t wr_memory_own(void);

#endif
