#include "name.h"

#include "folder.h"
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Conversions of time, the finest first. */
static const struct {
    char letter;
    int digits;
    int64_t step_ns;
} times[] = {
    {'f', 3, 1000000},
    {'S', 2, 1000000000},
    {'M', 2, 60 * INT64_C(1000000000)},
    {'H', 2, 3600 * INT64_C(1000000000)},
    {'d', 2, 86400 * INT64_C(1000000000)},
    {'m', 2, 31 * 86400 * INT64_C(1000000000)},
    {'Y', 4, 366 * 86400 * INT64_C(1000000000)},
};
enum { TIMES = sizeof times / sizeof *times };

typedef struct text {
    char *at;
    size_t room;
    bool cut;
} text;

static void put(text *to, const char *format, ...) WEIR_PRINTF(2, 3);
static void put(text *to, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(to->at, to->room, format, args);
    va_end(args);
    if (length < 0 || (size_t)length >= to->room) {
        to->cut = true;
        return;
    }
    to->at += length;
    to->room -= (size_t)length;
}

static text text_in(char *buffer, size_t bytes)
{
    if (bytes)
        *buffer = 0;
    return (text){.at = buffer, .room = bytes, .cut = bytes == 0};
}

static int find_time(char letter)
{
    int i = 0;
    while (i < TIMES && times[i].letter != letter)
        i++;
    return i;
}

bool wr_name_check(const char *pattern, char *why, size_t why_bytes)
{
    for (const char *at = strchr(pattern, '%'); at; at = strchr(at + 2, '%')) {
        if (at[1] && (strchr("Nn%", at[1]) || find_time(at[1]) < TIMES))
            continue;
        snprintf(why, why_bytes, "path=%s: %%%.1s is not known; use %%N %%n %%Y %%m %%d %%H %%M %%S %%f", pattern,
                 at + 1);
        return false;
    }
    return true;
}

bool wr_name_folder(const char *pattern, char *folder, size_t bytes)
{
    char fixed[PATH_MAX];
    text to = text_in(fixed, sizeof fixed);
    const char *at = pattern;
    for (; *at && !(*at == '%' && at[1] != '%'); at += *at == '%' ? 2 : 1)
        put(&to, "%c", *at);
    return !to.cut && wr_folder_of(fixed, folder, bytes);
}

bool wr_name_literal(const char *from, char *pattern, size_t bytes)
{
    text to = text_in(pattern, bytes);
    for (; *from; from++)
        put(&to, *from == '%' ? "%%%c" : "%c", *from);
    return !to.cut;
}

/* A stream's name in a file's name: what might be taken for a folder or a pattern is replaced. */
static void put_stream(text *to, const char *stream)
{
    for (; *stream; stream++)
        put(to, "%c", strchr("/?*[]\\", *stream) ? '_' : *stream);
}

static void split(int64_t utc_ns, struct tm *tm, int *ms)
{
    int64_t second = utc_ns / 1000000000, rest = utc_ns % 1000000000;
    if (rest < 0) {
        second--;
        rest += 1000000000;
    }
    *ms = (int)(rest / 1000000);
    gmtime_r(&(time_t){second}, tm);
}

static int value(char letter, const struct tm *tm, int ms)
{
    switch (letter) {
    case 'f':
        return ms;
    case 'S':
        return tm->tm_sec;
    case 'M':
        return tm->tm_min;
    case 'H':
        return tm->tm_hour;
    case 'd':
        return tm->tm_mday;
    case 'm':
        return tm->tm_mon + 1;
    default:
        return tm->tm_year + 1900;
    }
}

bool wr_name_path(const char *pattern, const wr_name *name, char *path, size_t bytes)
{
    text to = text_in(path, bytes);
    struct tm tm;
    int ms;
    split(name->utc_ns, &tm, &ms);
    for (const char *at = pattern; *at; at++) {
        int which = *at == '%' ? find_time(at[1]) : TIMES;
        if (which < TIMES)
            put(&to, "%0*d", times[which].digits, value(at[1], &tm, ms));
        else if (*at == '%' && at[1] == 'N')
            put_stream(&to, name->stream);
        else if (*at == '%' && at[1] == 'n')
            put(&to, "%" PRId64, name->number);
        else
            put(&to, "%c", *at);
        at += *at == '%' && at[1];
    }
    return !to.cut;
}

bool wr_name_glob(const char *pattern, const char *stream, char *glob, size_t bytes)
{
    text to = text_in(glob, bytes);
    for (const char *at = pattern; *at; at++) {
        int which = *at == '%' ? find_time(at[1]) : TIMES;
        if (which < TIMES)
            for (int i = 0; i < times[which].digits; i++)
                put(&to, "[0-9]");
        else if (*at == '%' && at[1] == 'N')
            put_stream(&to, stream);
        else if (*at == '%' && at[1] == 'n')
            put(&to, "[0-9]*");
        else
            put(&to, strchr("*?[]\\", *at) ? "\\%c" : "%c", *at);
        at += *at == '%' && at[1];
    }
    return !to.cut;
}

int64_t wr_name_step_ns(const char *pattern)
{
    for (int i = 0; i < TIMES; i++) {
        for (const char *at = strchr(pattern, '%'); at && at[1]; at = strchr(at + 2, '%')) {
            if (at[1] == times[i].letter)
                return times[i].step_ns;
        }
    }
    return 0;
}

int64_t wr_utc_of(const weir_frame *frame, int64_t now_ns)
{
    struct timespec wall;
    if (frame->utc_ns != WEIR_NO_TIME)
        return frame->utc_ns;
    clock_gettime(CLOCK_REALTIME, &wall);
    return (int64_t)wall.tv_sec * 1000000000 + wall.tv_nsec - (now_ns - frame->captured_ns);
}

const char *wr_utc_text(int64_t utc_ns, char buffer[40])
{
    text to = text_in(buffer, 40);
    struct tm tm;
    int ms;
    split(utc_ns, &tm, &ms);
    put(&to, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
        tm.tm_sec, ms);
    return buffer;
}
