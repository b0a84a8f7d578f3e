#include "watch.h"

#include "core/text.h"
#include "table.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <weir/log.h>

enum { TABLE_SECONDS = 1, LINE_SECONDS = 5 };

struct wr_watch {
    weir_pipeline *pipeline;
    bool terminal;
    pthread_t thread, pump;
    pthread_mutex_t lock;
    pthread_cond_t ended;
    bool ending; /* under lock */
    int lines;   /* of the table on the screen; under lock */
    char *table; /* under lock */
    weir_stats *before;
    int output; /* the real standard output while its lines come through `from_pump`, else -1 */
    int from_pump;
};

static void write_all(int fd, const char *data, size_t bytes)
{
    while (bytes > 0) {
        ssize_t written = write(fd, data, bytes);
        if (written < 0 && errno != EINTR)
            return;
        if (written > 0) {
            data += written;
            bytes -= (size_t)written;
        }
    }
}

/* --- the table on the screen --- */

static void erase_locked(wr_watch *watch)
{
    char codes[32];
    if (watch->lines > 0)
        write_all(STDERR_FILENO, codes, (size_t)snprintf(codes, sizeof codes, "\x1b[%dA\r\x1b[J", watch->lines));
    watch->lines = 0;
}

static int count_lines(const char *text)
{
    int lines = 0;
    for (; *text; text++)
        lines += *text == '\n';
    return lines;
}

static void draw_locked(wr_watch *watch)
{
    if (!watch->table)
        return;
    write_all(STDERR_FILENO, watch->table, strlen(watch->table));
    watch->lines = count_lines(watch->table);
}

static void write_above(wr_watch *watch, int fd, const char *data, size_t bytes)
{
    pthread_mutex_lock(&watch->lock);
    erase_locked(watch);
    write_all(fd, data, bytes);
    draw_locked(watch);
    pthread_mutex_unlock(&watch->lock);
}

static void log_above(void *user, weir_log_level level, const char *name, const char *text)
{
    wr_text line = {0};
    wr_text_add(&line, "weir: %s%s%s%s\n",
                level == WEIR_LOG_ERROR     ? "error: "
                : level == WEIR_LOG_WARNING ? "warning: "
                                            : "",
                name ? name : "", name ? ": " : "", text);
    write_above(user, STDERR_FILENO, line.data, line.length);
    free(line.data);
}

static void redraw(wr_watch *watch, weir_stats *now, bool last)
{
    struct winsize size = {0};
    int lines;
    ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
    /* A line as wide as the screen, or a table as high, would scroll, and could not be found again. */
    int width = size.ws_col > 1 ? size.ws_col - 1 : 0, height = size.ws_row > 2 ? size.ws_row - 1 : 0;
    char *table = wr_table_text(now, last ? NULL : watch->before, width, last ? 0 : height, &lines);
    pthread_mutex_lock(&watch->lock);
    erase_locked(watch);
    free(watch->table);
    watch->table = table;
    draw_locked(watch);
    pthread_mutex_unlock(&watch->lock);
}

static void report(wr_watch *watch, bool last)
{
    weir_stats *now = weir_pipeline_stats(watch->pipeline);
    if (!now)
        return;
    if (watch->terminal) {
        redraw(watch, now, last);
    } else if (!last || now->duration_s > LINE_SECONDS) {
        char *line = wr_table_line(now, last ? NULL : watch->before);
        weir_log(WEIR_LOG_INFO, NULL, "%s", line);
        free(line);
    }
    weir_stats_free(watch->before);
    watch->before = now;
}

/* --- standard output on the same terminal --- */

static void *pump_lines(void *argument)
{
    wr_watch *watch = argument;
    wr_text line = {0};
    char data[4096];
    for (ssize_t bytes; (bytes = read(watch->from_pump, data, sizeof data)) > 0 || (bytes < 0 && errno == EINTR);) {
        for (ssize_t i = 0; i < bytes; i++)
            wr_text_add_char(&line, data[i]);
        char *end = line.length ? memrchr(line.data, '\n', line.length) : NULL;
        if (!end)
            continue;
        size_t whole = (size_t)(end - line.data) + 1;
        write_above(watch, watch->output, line.data, whole);
        memmove(line.data, line.data + whole, line.length - whole);
        line.length -= whole;
    }
    if (line.length)
        write_above(watch, watch->output, line.data, line.length);
    free(line.data);
    return NULL;
}

static bool same_terminal(void)
{
    struct stat out, err;
    return isatty(STDOUT_FILENO) && fstat(STDOUT_FILENO, &out) == 0 && fstat(STDERR_FILENO, &err) == 0 &&
           out.st_rdev == err.st_rdev;
}

/* What is written to standard output goes through a pipe, so that it can be put above the table. */
static void start_pump(wr_watch *watch)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0)
        return;
    fflush(stdout);
    watch->output = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    watch->from_pump = ends[0];
    if (watch->output < 0 || dup2(ends[1], STDOUT_FILENO) < 0 ||
        pthread_create(&watch->pump, NULL, pump_lines, watch) != 0) {
        if (watch->output >= 0) {
            dup2(watch->output, STDOUT_FILENO);
            close(watch->output);
        }
        watch->output = -1;
        close(ends[0]);
    }
    close(ends[1]);
}

static void end_pump(wr_watch *watch)
{
    if (watch->output < 0)
        return;
    /* A node that was left behind may hold the lock for good. */
    if (ftrylockfile(stdout) == 0) {
        fflush(stdout);
        funlockfile(stdout);
    }
    dup2(watch->output, STDOUT_FILENO); /* closes the pipe, on which the pump ends */
    pthread_join(watch->pump, NULL);
    close(watch->from_pump);
    close(watch->output);
}

/* --- the thread --- */

static bool wait_locked(wr_watch *watch, int seconds)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += seconds;
    while (!watch->ending && pthread_cond_timedwait(&watch->ended, &watch->lock, &until) != ETIMEDOUT)
        ;
    return !watch->ending;
}

static void *watch_pipeline(void *argument)
{
    wr_watch *watch = argument;
    int seconds = watch->terminal ? TABLE_SECONDS : LINE_SECONDS;
    pthread_mutex_lock(&watch->lock);
    while (wait_locked(watch, seconds)) {
        pthread_mutex_unlock(&watch->lock);
        report(watch, false);
        pthread_mutex_lock(&watch->lock);
    }
    pthread_mutex_unlock(&watch->lock);
    return NULL;
}

static bool can_redraw(void)
{
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

static void init(wr_watch *watch, weir_pipeline *pipeline, bool log_json)
{
    pthread_condattr_t monotonic;
    *watch = (wr_watch){.pipeline = pipeline, .terminal = !log_json && can_redraw(), .output = -1};
    pthread_mutex_init(&watch->lock, NULL);
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_cond_init(&watch->ended, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

wr_watch *wr_watch_start(weir_pipeline *pipeline, bool log_json)
{
    wr_watch *watch = wr_must_grow(NULL, 1, sizeof *watch);
    init(watch, pipeline, log_json);
    if (pthread_create(&watch->thread, NULL, watch_pipeline, watch) != 0) {
        free(watch);
        return NULL;
    }
    if (watch->terminal)
        weir_log_set_sink(log_above, watch);
    if (watch->terminal && same_terminal())
        start_pump(watch);
    return watch;
}

void wr_watch_end(wr_watch *watch, bool did_run)
{
    if (!watch)
        return;
    pthread_mutex_lock(&watch->lock);
    watch->ending = true;
    pthread_cond_signal(&watch->ended);
    pthread_mutex_unlock(&watch->lock);
    pthread_join(watch->thread, NULL);
    end_pump(watch);
    if (did_run)
        report(watch, true);
    weir_log_set_sink(NULL, NULL);
    weir_stats_free(watch->before);
    free(watch->table);
    pthread_cond_destroy(&watch->ended);
    pthread_mutex_destroy(&watch->lock);
    free(watch);
}
