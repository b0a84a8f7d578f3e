#include "core/log.h"
#include "core/option.h"
#include <weir/log.h>

#include <ctype.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TEXT_MOST = 1024 };

static const char *const level_name[] = {"error", "warning", "info", "debug"};

static _Atomic int most = WEIR_LOG_INFO;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static bool as_json;        /* under lock */
static uint64_t unwritten;  /* under lock: lines that nobody read */
static weir_log_sink *sink; /* under lock */
static void *sink_user;     /* under lock */

void weir_log_set_level(weir_log_level level)
{
    atomic_store(&most, (int)level);
}

weir_log_level wr_log_level(void)
{
    return (weir_log_level)atomic_load(&most);
}

void weir_log_set_json(bool json)
{
    pthread_mutex_lock(&lock);
    as_json = json;
    pthread_mutex_unlock(&lock);
}

void weir_log_set_sink(weir_log_sink *new_sink, void *user)
{
    pthread_mutex_lock(&lock);
    sink = new_sink;
    sink_user = user;
    pthread_mutex_unlock(&lock);
}

/* --- masking --- */

static void cut_out(char *from, const char *to, const char *mark)
{
    size_t room = (size_t)(to - from), mark_bytes = strlen(mark);
    if (mark_bytes > room)
        mark_bytes = room;
    memcpy(from, mark, mark_bytes);
    memmove(from + mark_bytes, to, strlen(to) + 1);
}

/* scheme://user:password@host: what stands between :// and the last @ before the host's end. */
/* An address in quotes, or one that is all of a value, goes on over blanks. */
static bool in_quotes(const char *text, const char *colon)
{
    while (colon > text && isalnum((unsigned char)colon[-1]))
        colon--;
    return colon == text || colon[-1] == '"';
}

static void mask_userinfo(char *text)
{
    for (char *at = strstr(text, "://"); at; at = strstr(at + 3, "://")) {
        const char *ends = in_quotes(text, at) ? "/?#\n\"<>" : "/?# \t\n\"'<>";
        char *start = at + 3, *end = start + strcspn(start, ends), *sign = NULL;
        for (char *c = start; c < end; c++)
            if (*c == '@')
                sign = c;
        /* A password may itself contain a slash: look on for an @ that ends it, within the same word. */
        if (!sign && memchr(start, ':', (size_t)(end - start))) {
            char *word_end = start + strcspn(start, " \t\n\"'<>");
            char *far_sign = memchr(start, '@', (size_t)(word_end - start));
            const char *colon = memchr(start, ':', (size_t)(end - start));
            if (far_sign && strspn(colon + 1, "0123456789") != (size_t)(end - colon - 1))
                sign = far_sign;
        }
        if (sign)
            cut_out(start, sign, "***");
    }
}

/* A key of a query whose value nobody should see: one of these words, or one that ends in it (access_token). */
static bool is_secret_key(const char *end, const char *text)
{
    static const char *const keys[] = {"token", "password", "passwd", "passphrase", "pwd",  "pass",      "secret",
                                       "key",   "auth",     "sig",    "signature",  "code", "credential"};
    const char *start = end;
    while (start > text && (isalnum((unsigned char)start[-1]) || start[-1] == '_' || start[-1] == '-'))
        start--;
    if (start == text || !strchr("?&;", start[-1]))
        return false;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        size_t bytes = strlen(keys[i]);
        if ((size_t)(end - start) >= bytes && strncasecmp(end - bytes, keys[i], bytes) == 0)
            return true;
    }
    return false;
}

static void mask_query(char *text)
{
    for (char *sign = strchr(text, '='); sign; sign = strchr(sign + 1, '=')) {
        char *end = sign + 1 + strcspn(sign + 1, "&; \t\n\"'<>");
        if (end > sign + 1 && is_secret_key(sign, text))
            cut_out(sign + 1, end, "***");
    }
}

/* --- what was brought in by reference is known, and nowhere shown --- */

enum { SECRETS_MAX = 256, SECRET_LEAST = 3 };
static pthread_mutex_t secrets_lock = PTHREAD_MUTEX_INITIALIZER;
static char *secret[SECRETS_MAX]; /* under secrets_lock */
static int secrets;               /* under secrets_lock */

void wr_secret_remember(const char *value)
{
    pthread_mutex_lock(&secrets_lock);
    bool known = strlen(value) < SECRET_LEAST || secrets == SECRETS_MAX;
    for (int i = 0; i < secrets && !known; i++)
        known = strcmp(secret[i], value) == 0;
    if (!known && (secret[secrets] = strdup(value)))
        secrets++;
    pthread_mutex_unlock(&secrets_lock);
}

static void mask_known(char *text)
{
    pthread_mutex_lock(&secrets_lock);
    for (int i = 0; i < secrets; i++)
        for (char *at = strstr(text, secret[i]); at; at = strstr(at + 3, secret[i]))
            cut_out(at, at + strlen(secret[i]), "***");
    pthread_mutex_unlock(&secrets_lock);
}

char *weir_mask(char *text)
{
    mask_known(text);
    mask_userinfo(text);
    mask_query(text);
    return text;
}

/* --- lines --- */

static void print_json_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', out);
        if ((unsigned char)*text < 0x20)
            fprintf(out, "\\u%04x", *text);
        else
            fputc(*text, out);
    }
    fputc('"', out);
}

static void print_json(FILE *out, weir_log_level level, const char *name, const char *text)
{
    char when[32];
    struct timespec now;
    struct tm utc;
    clock_gettime(CLOCK_REALTIME, &now);
    strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%S", gmtime_r(&now.tv_sec, &utc));
    fprintf(out, "{\"time\":\"%s.%03ldZ\",\"level\":\"%s\"", when, now.tv_nsec / 1000000, level_name[level]);
    if (name) {
        fputs(",\"node\":", out);
        print_json_string(out, name);
    }
    fputs(",\"text\":", out);
    print_json_string(out, text);
    fputs("}\n", out);
}

static void print_text(FILE *out, weir_log_level level, const char *name, const char *text)
{
    fprintf(out, "weir: %s%s%s%s%s\n", level == WEIR_LOG_INFO ? "" : level_name[level],
            level == WEIR_LOG_INFO ? "" : ": ", name ? name : "", name ? ": " : "", text);
}

/* A pipe that is writable takes PIPE_BUF bytes at once, and a line is no longer than that unless most of it had to be escaped. */
static bool write_locked(weir_log_level level, const char *name, const char *text)
{
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
    char *line = NULL;
    size_t bytes = 0;
    bool ready = poll(&out, 1, 0) > 0 && !(out.revents & (POLLERR | POLLNVAL));
    FILE *memory = ready ? open_memstream(&line, &bytes) : NULL;
    if (!memory)
        return false;
    (as_json ? print_json : print_text)(memory, level, name, text);
    fclose(memory);
    ready = write(STDERR_FILENO, line, bytes) == (ssize_t)bytes;
    free(line);
    return ready;
}

/* Nobody waits for who reads the log: what finds no room is left out, and that it was is said. */
static void print_locked(weir_log_level level, const char *name, const char *text)
{
    char missing[80];
    if (unwritten > 0) {
        snprintf(missing, sizeof missing, "%llu lines of the log were left out: nobody read them",
                 (unsigned long long)unwritten);
        if (write_locked(WEIR_LOG_WARNING, NULL, missing))
            unwritten = 0;
    }
    if (unwritten > 0 || !write_locked(level, name, text))
        unwritten++;
}

void weir_logv(weir_log_level level, const char *name, const char *format, va_list args)
{
    char *text = NULL;
    if ((int)level > atomic_load(&most))
        return;
    /* Masked before it is cut: half a URL may hold a password that no longer looks like one. */
    if (vasprintf(&text, format, args) < 0)
        return;
    weir_mask(text);
    if (strlen(text) > TEXT_MOST)
        strcpy(text + TEXT_MOST - 3, "...");
    pthread_mutex_lock(&lock);
    if (sink)
        sink(sink_user, level, name, text);
    else
        print_locked(level, name, text);
    pthread_mutex_unlock(&lock);
    free(text);
}

void weir_log(weir_log_level level, const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    weir_logv(level, name, format, args);
    va_end(args);
}
