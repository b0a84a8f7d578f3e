#include "os/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static size_t whole_pages(size_t bytes)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (bytes + page - 1) / page * page;
}

bool wr_memory_map(wr_memory *memory, size_t bytes, bool shared)
{
    *memory = (wr_memory){.bytes = whole_pages(bytes ? bytes : 1), .fd = -1};
    int flags = MAP_PRIVATE | MAP_ANONYMOUS;
    if (shared) {
        memory->fd = memfd_create("weir", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        /* Sealed: nobody can take pages away from under others. Of a mode that lets nobody open it for writing: who was
         * given it to read cannot come by more through /proc. */
        if (memory->fd < 0 || ftruncate(memory->fd, (off_t)memory->bytes) < 0 || fchmod(memory->fd, S_IRUSR) < 0 ||
            fcntl(memory->fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) < 0)
            goto failed;
        flags = MAP_SHARED;
    }
    memory->data = mmap(NULL, memory->bytes, PROT_READ | PROT_WRITE, flags, memory->fd, 0);
    if (memory->data != MAP_FAILED)
        return true;
failed:
    if (memory->fd >= 0)
        close(memory->fd);
    *memory = (wr_memory){.fd = -1};
    return false;
}

bool wr_memory_join(wr_memory *memory, int fd, size_t bytes, bool writable)
{
    struct stat is;
    *memory = (wr_memory){.bytes = whole_pages(bytes ? bytes : 1), .fd = -1};
    if (fstat(fd, &is) < 0)
        return false;
    if ((size_t)is.st_size < memory->bytes) {
        errno = EINVAL;
        return false;
    }
    void *data = mmap(NULL, memory->bytes, writable ? PROT_READ | PROT_WRITE : PROT_READ, MAP_SHARED, fd, 0);
    memory->data = data == MAP_FAILED ? NULL : data;
    return memory->data != NULL;
}

int wr_memory_readable(const wr_memory *memory)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", memory->fd);
    return open(path, O_RDONLY | O_CLOEXEC);
}

void wr_memory_unmap(wr_memory *memory)
{
    if (memory->data)
        munmap(memory->data, memory->bytes);
    if (memory->fd >= 0)
        close(memory->fd);
    *memory = (wr_memory){.fd = -1};
}

void *wr_memory_lines(size_t bytes)
{
    size_t whole = (bytes / WR_MEMORY_LINE + 1) * WR_MEMORY_LINE;
    void *memory = aligned_alloc(WR_MEMORY_LINE, whole);
    return memory ? memset(memory, 0, whole) : NULL;
}

size_t wr_memory_peak(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (size_t)usage.ru_maxrss * 1024;
}

size_t wr_memory_own(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file || fscanf(file, "%*u %*u %*u %*u %*u %lu", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}
