#include "core/option.h"

#include "core/text.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <weir/log.h>

enum { SECRET_BYTES_MAX = 64 * 1024 };

bool wr_secret_used(const char *text)
{
    return strstr(text, "${") != NULL;
}

/* Reads at most room bytes; -1 with errno. */
static ssize_t read_all(int fd, char *data, size_t room)
{
    size_t have = 0;
    while (have < room) {
        ssize_t more = read(fd, data + have, room - have);
        if (more < 0 && errno == EINTR)
            continue;
        if (more < 0)
            return -1;
        if (more == 0)
            break;
        have += (size_t)more;
    }
    return (ssize_t)have;
}

static bool add_file(wr_text *value, const char *path, char *why, size_t why_bytes)
{
    /* Not blocking: a named pipe or a terminal must not hold a check up. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    char *data = malloc(SECRET_BYTES_MAX + 1);
    ssize_t bytes = fd >= 0 && data ? read_all(fd, data, SECRET_BYTES_MAX + 1) : -1;
    bool ok = false;
    if (bytes < 0)
        snprintf(why, why_bytes, "cannot read the secret in ${file:%s}: %s", path, strerror(errno));
    else if (bytes > SECRET_BYTES_MAX)
        snprintf(why, why_bytes, "the secret in ${file:%s} is longer than 64 KiB", path);
    else if (memchr(data, '\0', (size_t)bytes))
        snprintf(why, why_bytes, "the secret in ${file:%s} is no text: it holds a zero byte", path);
    else
        ok = true;
    while (ok && bytes > 0 && (data[bytes - 1] == '\n' || data[bytes - 1] == '\r'))
        bytes--;
    if (ok) {
        data[bytes] = '\0';
        wr_secret_remember(data);
        wr_text_add(value, "%s", data);
    }
    if (data)
        explicit_bzero(data, SECRET_BYTES_MAX + 1);
    free(data);
    if (fd >= 0)
        close(fd);
    return ok;
}

static bool variable_name(const char *name)
{
    size_t length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");
    return length > 0 && name[length] == '\0' && (name[0] < '0' || name[0] > '9');
}

static bool add_secret(wr_text *value, const char *name, char *why, size_t why_bytes)
{
    if (strncmp(name, "file:", 5) == 0 && name[5])
        return add_file(value, name + 5, why, why_bytes);
    if (!variable_name(name)) {
        snprintf(why, why_bytes, "a secret is written ${NAME} or ${file:PATH}");
        return false;
    }
    const char *found = getenv(name);
    if (found) {
        wr_secret_remember(found);
        wr_text_add(value, "%s", found);
    } else
        snprintf(why, why_bytes, "the environment has no variable %s, which ${%s} asks for", name, name);
    return found != NULL;
}

char *wr_secret_resolve(const char *text, char *why, size_t why_bytes)
{
    wr_text value = {0};
    wr_text_add(&value, "%s", "");
    for (const char *start; (start = strstr(text, "${"));) {
        const char *end = strchr(start, '}');
        char *name = end ? wr_must_copy_part(start + 2, (size_t)(end - start) - 2) : NULL;
        wr_text_add(&value, "%.*s", (int)(start - text), text);
        if (!end)
            snprintf(why, why_bytes, "a ${ has no } behind it");
        bool ok = name && add_secret(&value, name, why, why_bytes);
        free(name);
        if (!ok) {
            explicit_bzero(value.data, value.length);
            free(value.data);
            return NULL;
        }
        text = end + 1;
    }
    wr_text_add(&value, "%s", text);
    return value.data;
}

/* --- what should have been a reference --- */

static char *without_references(const char *text)
{
    wr_text rest = {0};
    wr_text_add(&rest, "%s", "");
    for (; *text; text++) {
        const char *end = text[0] == '$' && text[1] == '{' ? strchr(text, '}') : NULL;
        if (end)
            text = end;
        else
            wr_text_add_char(&rest, *text);
    }
    return rest.data;
}

/* Takes "user@" and "user:@" out of URLs: no password stands there. */
static void take_out_users(char *text)
{
    for (char *at = strstr(text, "://"); at; at = strstr(at + 3, "://")) {
        char *start = at + 3, *end = start + strcspn(start, "/?#@: \t\n\"'<>");
        end += end[0] == ':' && end[1] == '@';
        if (*end == '@')
            memmove(start, end + 1, strlen(end));
    }
}

bool wr_password_typed(const char *text)
{
    char *rest = without_references(text);
    take_out_users(rest);
    char *masked = wr_must_copy(rest);
    bool typed = strcmp(weir_mask(masked), rest) != 0;
    explicit_bzero(rest, strlen(rest));
    free(rest);
    free(masked);
    return typed;
}
