#include "token.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECRET_BYTES = 32 };

static bool wrong(char *why, size_t bytes, const char *path, const char *what)
{
    snprintf(why, bytes, "the token file %s %s; check token=", path, what);
    return false;
}

static bool make(const char *path, char token[WR_TOKEN_TEXT], char *why, size_t why_bytes)
{
    unsigned char secret[SECRET_BYTES];
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return wrong(why, why_bytes, path, strerror(errno));
    bool good = getrandom(secret, sizeof secret, 0) == (ssize_t)sizeof secret;
    for (int i = 0; i < SECRET_BYTES; i++)
        sprintf(token + 2 * i, "%02x", secret[i]);
    explicit_bzero(secret, sizeof secret);
    good = good && write(fd, token, WR_TOKEN_TEXT - 1) == WR_TOKEN_TEXT - 1 && write(fd, "\n", 1) == 1;
    good = close(fd) == 0 && good;
    if (good)
        return true;
    unlink(path);
    return wrong(why, why_bytes, path, "cannot be written");
}

bool wr_token_parse(const char *text, size_t bytes, char token[WR_TOKEN_TEXT])
{
    if (bytes > 0 && text[bytes - 1] == '\n')
        bytes--;
    if (bytes != WR_TOKEN_TEXT - 1)
        return false;
    for (size_t i = 0; i < bytes; i++)
        if (text[i] == '\0' || !strchr("0123456789abcdef", text[i]))
            return false;
    memcpy(token, text, bytes);
    token[bytes] = '\0';
    return true;
}

static bool take(int fd, const char *path, char token[WR_TOKEN_TEXT], char *why, size_t why_bytes)
{
    struct stat about;
    char text[WR_TOKEN_TEXT + 1]; /* one more than there may be */
    if (fstat(fd, &about) != 0 || !S_ISREG(about.st_mode))
        return wrong(why, why_bytes, path, "is no file");
    if (about.st_mode & 077)
        return wrong(why, why_bytes, path, "can be read by others (chmod 600 it, and change the token if they did)");
    ssize_t bytes = read(fd, text, sizeof text);
    const bool good = bytes > 0 && wr_token_parse(text, (size_t)bytes, token);
    explicit_bzero(text, sizeof text);
    return good || wrong(why, why_bytes, path, "does not hold 64 hexadecimal digits (remove it, and another is made)");
}

bool wr_token_get(const char *path, char token[WR_TOKEN_TEXT], bool *fresh, char *why, size_t why_bytes)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    *fresh = fd < 0 && errno == ENOENT;
    if (*fresh)
        return make(path, token, why, why_bytes);
    if (fd < 0)
        return wrong(why, why_bytes, path, strerror(errno));
    bool good = take(fd, path, token, why, why_bytes);
    close(fd);
    return good;
}
