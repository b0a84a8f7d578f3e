#include "output.h"

#include "../lib/folder.h"
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TORN_BYTES = 1024 * 1024 };

static weir_status fail(wr_output *output, weir_status status, const char *reason)
{
    snprintf(output->why, sizeof output->why,
             "cannot write %s: %s; check path=", strcmp(output->path, "-") == 0 ? "to standard output" : output->path,
             reason);
    return status;
}

static weir_status fail_system(wr_output *output, int error)
{
    snprintf(output->why, sizeof output->why, "cannot write %s: %s; %s",
             strcmp(output->path, "-") == 0 ? "to standard output" : output->path, strerror(error), wr_remedy(error));
    return error == ENOENT ? WEIR_NOT_FOUND : WEIR_IO;
}

/* Reads what stands behind the last newline, at most TORN_BYTES of it. NULL if it is more, or cannot be read. */
static char *read_tail(int fd, uint64_t size, size_t *bytes)
{
    size_t room = size < TORN_BYTES ? (size_t)size : TORN_BYTES, have = 0;
    char *text = malloc(room + 1);
    while (text && have < room) {
        ssize_t n = pread(fd, text + have, room - have, (off_t)(size - room + have));
        if (n <= 0 && !(n < 0 && errno == EINTR)) {
            free(text);
            return NULL;
        }
        have += n > 0 ? (size_t)n : 0;
    }
    if (!text)
        return NULL;
    char *newline = memrchr(text, '\n', room);
    size_t start = newline ? (size_t)(newline - text) + 1 : 0;
    if (!newline && room < size) {
        free(text);
        return NULL;
    }
    *bytes = room - start;
    memmove(text, text + start, *bytes);
    text[*bytes] = 0;
    return text;
}

static bool is_whole(const char *text, size_t bytes)
{
    json_t *value = json_loadb(text, bytes, 0, NULL);
    json_decref(value);
    return value != NULL;
}

/* A crash may have torn the last line. */
static weir_status repair(wr_output *output)
{
    size_t bytes = 0;
    char *tail = read_tail(output->fd, output->size, &bytes);
    weir_status status = WEIR_OK;
    if (!tail || (bytes && *tail != '{'))
        status = fail(output, WEIR_BAD_DATA, "it does not hold JSON lines, and lines are only added to such files");
    else if (bytes && is_whole(tail, bytes))
        status = write(output->fd, "\n", 1) == 1 ? WEIR_OK : fail_system(output, errno);
    else if (bytes && ftruncate(output->fd, (off_t)(output->size - bytes)) != 0)
        status = fail_system(output, errno);
    free(tail);
    return status;
}

static weir_status take_size(wr_output *output)
{
    struct stat info;
    if (fstat(output->fd, &info) != 0)
        return fail_system(output, errno);
    output->regular = S_ISREG(info.st_mode);
    output->size = output->regular ? (uint64_t)info.st_size : 0;
    return WEIR_OK;
}

static weir_status open_file(wr_output *output)
{
    output->fd = open(output->path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0666);
    if (output->fd < 0)
        return fail_system(output, errno);
    weir_status status = take_size(output);
    if (status < 0 || !output->regular)
        return status;
    if (flock(output->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return fail(output, WEIR_IO, "another node or program is writing it");
    status = repair(output);
    return status < 0 ? status : take_size(output);
}

weir_status wr_output_open(wr_output *output)
{
    weir_status status = WEIR_OK;
    output->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (output->wake_fd < 0)
        return fail_system(output, errno);
    if (strcmp(output->path, "-") == 0)
        output->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    else
        status = open_file(output);
    if (status == WEIR_OK && output->fd < 0)
        status = fail_system(output, errno);
    if (status < 0) {
        if (output->fd >= 0)
            close(output->fd);
        close(output->wake_fd);
    }
    return status;
}

/* Moves path.1 to path.2 and so on, and the file itself to path.1. */
static bool shift_files(const wr_output *output)
{
    char from[PATH_MAX], to[PATH_MAX];
    for (int i = output->keep; i >= 1; i--) {
        int a = i == 1 ? snprintf(from, sizeof from, "%s", output->path)
                       : snprintf(from, sizeof from, "%s.%d", output->path, i - 1);
        int b = snprintf(to, sizeof to, "%s.%d", output->path, i);
        if (a >= (int)sizeof from || b >= (int)sizeof to || (rename(from, to) != 0 && errno != ENOENT))
            return false;
    }
    return output->keep > 0 || unlink(output->path) == 0;
}

static weir_status rotate(wr_output *output)
{
    int old = output->fd;
    if (!shift_files(output))
        return fail_system(output, errno);
    weir_status status = open_file(output);
    if (status < 0) {
        if (output->fd >= 0)
            close(output->fd);
        output->fd = old;
        take_size(output);
        return status;
    }
    close(old);
    return WEIR_OK;
}

static bool make_room(wr_output *output, size_t bytes)
{
    if (output->bytes && output->bytes + bytes > WR_OUTPUT_BYTES)
        return false;
    if (output->bytes + bytes <= output->room)
        return true;
    size_t room = bytes > WR_OUTPUT_BYTES ? bytes : WR_OUTPUT_BYTES;
    char *grown = realloc(output->gathered, room);
    if (!grown)
        return false;
    output->gathered = grown;
    output->room = room;
    return true;
}

bool wr_output_line(wr_output *output, const char *line, size_t bytes)
{
    if (!make_room(output, bytes))
        return false;
    memcpy(output->gathered + output->bytes, line, bytes);
    output->bytes += bytes;
    return true;
}

/* A reader may be slow, and for good; files never are, for poll. */
static bool wait_for_reader(wr_output *output)
{
    struct pollfd fds[] = {{.fd = output->fd, .events = POLLOUT}, {.fd = output->wake_fd, .events = POLLIN}};
    for (;;) {
        int n = poll(fds, 2, -1);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0)
            return fds[0].revents != 0;
    }
}

/* One call of write(): to a pipe no more than surely goes in at once, and if it can be, whole lines. */
static ssize_t write_some(wr_output *output, const char *data, size_t bytes)
{
    if (output->regular)
        return write(output->fd, data, bytes);
    if (bytes > PIPE_BUF) {
        const char *newline = memrchr(data, '\n', PIPE_BUF);
        bytes = newline ? (size_t)(newline - data) + 1 : PIPE_BUF;
    }
    if (!wait_for_reader(output)) {
        errno = ETIMEDOUT;
        return -1;
    }
    return write(output->fd, data, bytes);
}

static void forget(wr_output *output, size_t bytes)
{
    memmove(output->gathered, output->gathered + bytes, output->bytes - bytes);
    output->bytes -= bytes;
}

/* `done` bytes are in the file; keeps what is not, from the start of its line on. */
static weir_status end_half_way(wr_output *output, size_t done, int error)
{
    const char *newline = done ? memrchr(output->gathered, '\n', done) : NULL;
    size_t whole = newline ? (size_t)(newline - output->gathered) + 1 : 0;
    if (!output->regular) {
        forget(output, done);
        return error == EPIPE ? fail(output, WEIR_END, "nobody reads it any more") : fail_system(output, error);
    }
    output->size += whole;
    if (whole < done && ftruncate(output->fd, (off_t)output->size) != 0)
        error = errno;
    forget(output, whole);
    return fail_system(output, error);
}

weir_status wr_output_flush(wr_output *output)
{
    size_t done = 0;
    weir_status rotated = WEIR_OK;
    if (!output->bytes)
        return WEIR_OK;
    if (output->regular && output->rotate_bytes && output->size && output->size + output->bytes > output->rotate_bytes)
        rotated = rotate(output);
    while (done < output->bytes) {
        ssize_t n = write_some(output, output->gathered + done, output->bytes - done);
        if (n < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (n <= 0)
            return end_half_way(output, done, n < 0 ? errno : ENOSPC);
        done += (size_t)n;
    }
    output->size += done;
    output->bytes = 0;
    return rotated;
}

void wr_output_interrupt(wr_output *output)
{
    if (output->wake_fd > 0 && eventfd_write(output->wake_fd, 1) != 0)
        return;
}

size_t wr_output_close(wr_output *output)
{
    size_t lost = 0;
    for (size_t i = 0; i < output->bytes; i++)
        lost += output->gathered[i] == '\n';
    if (output->fd >= 0)
        close(output->fd);
    close(output->wake_fd);
    free(output->gathered);
    *output = (wr_output){.path = output->path, .fd = -1};
    return lost;
}
