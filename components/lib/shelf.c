#include "shelf.h"

#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool make_room(wr_shelf *shelf)
{
    if (shelf->end < shelf->room)
        return true;
    if (shelf->first > shelf->room / 2) {
        memmove(shelf->file, shelf->file + shelf->first, (shelf->end - shelf->first) * sizeof *shelf->file);
        shelf->end -= shelf->first;
        shelf->first = 0;
        return true;
    }
    size_t room = shelf->room ? shelf->room * 2 : 64;
    wr_shelf_file *file = realloc(shelf->file, room * sizeof *file);
    if (!file)
        return false;
    shelf->file = file;
    shelf->room = room;
    return true;
}

bool wr_shelf_add(wr_shelf *shelf, const char *path, uint64_t bytes)
{
    char *copy = strdup(path);
    if (!copy || !make_room(shelf)) {
        free(copy);
        return false;
    }
    shelf->file[shelf->end++] = (wr_shelf_file){.path = copy, .bytes = bytes};
    shelf->bytes += bytes;
    return true;
}

static int by_time(const void *a, const void *b)
{
    const wr_shelf_file *left = a, *right = b;
    if (left->time_ns != right->time_ns)
        return left->time_ns < right->time_ns ? -1 : 1;
    return strcmp(left->path, right->path);
}

static bool find_one(wr_shelf *shelf, const char *path)
{
    struct stat info;
    if (lstat(path, &info) != 0 || !S_ISREG(info.st_mode))
        return true;
    if (!wr_shelf_add(shelf, path, (uint64_t)info.st_size))
        return false;
    shelf->file[shelf->end - 1].time_ns = (int64_t)info.st_mtim.tv_sec * 1000000000 + info.st_mtim.tv_nsec;
    return true;
}

bool wr_shelf_find(wr_shelf *shelf, const char *pattern)
{
    glob_t found = {0};
    int rc = glob(pattern, GLOB_NOSORT, NULL, &found);
    bool fine = rc == 0 || rc == GLOB_NOMATCH || rc == GLOB_ABORTED;
    for (size_t i = 0; fine && rc == 0 && i < found.gl_pathc; i++)
        fine = find_one(shelf, found.gl_pathv[i]);
    globfree(&found);
    if (shelf->end > shelf->first)
        qsort(shelf->file + shelf->first, shelf->end - shelf->first, sizeof *shelf->file, by_time);
    return fine;
}

void wr_shelf_resize(wr_shelf *shelf, uint64_t bytes)
{
    if (shelf->end == shelf->first)
        return;
    wr_shelf_file *newest = &shelf->file[shelf->end - 1];
    shelf->bytes += bytes - newest->bytes;
    newest->bytes = bytes;
}

size_t wr_shelf_count(const wr_shelf *shelf)
{
    return shelf->end - shelf->first;
}

void wr_shelf_forget_newest(wr_shelf *shelf)
{
    if (shelf->end == shelf->first)
        return;
    wr_shelf_file *newest = &shelf->file[--shelf->end];
    shelf->bytes -= newest->bytes;
    free(newest->path);
}

size_t wr_shelf_prune(wr_shelf *shelf, size_t keep, uint64_t max_bytes, int *failed)
{
    size_t gone = 0;
    if (failed)
        *failed = 0;
    while (wr_shelf_count(shelf) > 1 &&
           ((keep && wr_shelf_count(shelf) > keep) || (max_bytes && shelf->bytes > max_bytes))) {
        wr_shelf_file *oldest = &shelf->file[shelf->first++];
        if (unlink(oldest->path) == 0)
            gone++;
        else if (failed && errno != ENOENT)
            *failed = errno;
        shelf->bytes -= oldest->bytes;
        free(oldest->path);
    }
    return gone;
}

void wr_shelf_clear(wr_shelf *shelf)
{
    for (size_t i = shelf->first; i < shelf->end; i++)
        free(shelf->file[i].path);
    free(shelf->file);
    *shelf = (wr_shelf){0};
}
