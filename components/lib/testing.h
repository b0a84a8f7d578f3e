/* Testing: what tests of components that write files have in common. For tests only. */
#ifndef WR_LIB_TESTING_H
#define WR_LIB_TESTING_H

/* cmocka wants these before itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define WR_UNUSED __attribute__((unused))

/* A folder of its own for each test; removed by wr_leave(). */
static char wr_room[64];

static WR_UNUSED int wr_enter(void **state)
{
    (void)state;
    strcpy(wr_room, "/tmp/weir-test-XXXXXX");
    return mkdtemp(wr_room) ? 0 : -1;
}

static WR_UNUSED int wr_leave(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "%s/disk", wr_room);
    umount2(command, MNT_DETACH); /* a test that failed may have left it */
    snprintf(command, sizeof command, "rm -rf %s", wr_room);
    return system(command);
}

/* A path in that folder; a few may be in use at a time. */
static WR_UNUSED const char *wr_at(const char *name)
{
    static char path[8][512];
    static unsigned next;
    char *to = path[next++ % 8];
    snprintf(to, sizeof *path, "%s/%s", wr_room, name);
    return to;
}

/* Runs a command of the shell in that folder and returns what it said on both outputs, without the last newline; valid
 * until the next call. `rc` may be NULL. */
static WR_UNUSED const char *wr_shell(int *rc, const char *format, ...)
{
    static char said[65536];
    char command[4096];
    va_list args;
    int at = snprintf(command, sizeof command, "cd %s && { ", wr_room);
    va_start(args, format);
    at += vsnprintf(command + at, sizeof command - (size_t)at, format, args);
    va_end(args);
    snprintf(command + at, sizeof command - (size_t)at, "\n} 2>&1");
    FILE *pipe = popen(command, "r");
    assert_non_null(pipe);
    size_t have = fread(said, 1, sizeof said - 1, pipe);
    said[have] = 0;
    while (have && said[have - 1] == '\n')
        said[--have] = 0;
    int status = pclose(pipe);
    if (rc)
        *rc = status;
    return said;
}

static WR_UNUSED bool wr_has(const char *program)
{
    char command[256];
    snprintf(command, sizeof command, "command -v %s >/dev/null 2>&1", program);
    return system(command) == 0;
}

/* A whole file, zero-terminated, the caller's to free(). */
static WR_UNUSED char *wr_read(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = NULL;
    size_t have = 0, n;
    do {
        text = realloc(text, have + 65537);
        assert_non_null(text);
        n = fread(text + have, 1, 65536, file);
        have += n;
    } while (n);
    fclose(file);
    text[have] = 0;
    if (bytes)
        *bytes = have;
    return text;
}

static WR_UNUSED void wr_write(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, strlen(text), file), strlen(text));
    assert_int_equal(fclose(file), 0);
}

static WR_UNUSED long long wr_size(const char *path)
{
    struct stat info;
    return stat(path, &info) == 0 ? (long long)info.st_size : -1;
}

/* Makes a small disk of the folder "disk", seen by this process only. False where that is not allowed. */
static WR_UNUSED bool wr_small_disk(size_t bytes)
{
    char options[64];
    const char *folder = wr_at("disk");
    snprintf(options, sizeof options, "size=%zu", bytes);
    if (mkdir(folder, 0777) != 0 && errno != EEXIST)
        return false;
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return false;
    return mount("tmpfs", folder, "tmpfs", 0, options) == 0;
}

/* Takes all room on a disk, or gives it back. */
static WR_UNUSED void wr_fill_disk(const char *ballast)
{
    static const char block[4096] = {0};
    int fd = open(ballast, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    while (write(fd, block, sizeof block) > 0)
        ;
    assert_int_equal(errno, ENOSPC);
    close(fd);
}

#endif
