#include "guard.h"

#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* --- addresses --- */

static bool port_of(const char *text, int *port)
{
    char *end;
    long value = strtol(text, &end, 10);
    *port = (int)value;
    return *text >= '0' && *text <= '9' && *end == '\0' && value >= 0 && value <= 65535;
}

/* "host:port" to its parts; the host of "[::1]:8080" is ::1. Without a port, *port is -1. */
static bool split(const char *text, char *host, size_t host_bytes, int *port)
{
    const bool bracketed = *text == '[';
    const char *begin = text + bracketed, *end = bracketed ? strchr(text, ']') : strrchr(text, ':');
    const char *rest = end ? end + bracketed : text + strlen(text);
    end = end ? end : rest;
    if ((size_t)(end - begin) >= host_bytes || (bracketed && !strchr(text, ']')))
        return false;
    memcpy(host, begin, (size_t)(end - begin));
    host[end - begin] = '\0';
    *port = -1;
    return *rest == '\0' || (*rest == ':' && port_of(rest + 1, port));
}

bool wr_guard_address(const char *text, char *host, size_t host_bytes, int *port)
{
    if (port_of(text, port)) {
        snprintf(host, host_bytes, "127.0.0.1");
        return true;
    }
    return split(text, host, host_bytes, port) && *port >= 0;
}

static bool is_address(const char *host)
{
    struct in6_addr six;
    struct in_addr four;
    return inet_pton(AF_INET, host, &four) == 1 || inet_pton(AF_INET6, host, &six) == 1;
}

bool wr_guard_is_loopback(const char *host)
{
    struct in6_addr six;
    struct in_addr four;
    if (inet_pton(AF_INET, host, &four) == 1)
        return ntohl(four.s_addr) >> 24 == 127;
    if (inet_pton(AF_INET6, host, &six) == 1)
        return IN6_IS_ADDR_LOOPBACK(&six);
    return strcasecmp(host, "localhost") == 0;
}

static bool is_every_address(const char *host)
{
    return host[0] == '\0' || strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0;
}

/* --- headers --- */

bool wr_guard_host(const wr_guard *guard, const char *header)
{
    char host[256];
    int port;
    if (!split(header, host, sizeof host, &port))
        return false;
    const int usual = guard->tls ? 443 : 80;
    if ((port < 0 ? usual : port) != guard->port)
        return false;
    for (const char *const *name = guard->more; name && *name; name++)
        if (strcasecmp(host, *name) == 0)
            return true;
    if (is_every_address(guard->host))
        return is_address(host) || strcasecmp(host, "localhost") == 0;
    if (wr_guard_is_loopback(guard->host) && wr_guard_is_loopback(host))
        return true;
    return strcasecmp(host, guard->host) == 0;
}

bool wr_guard_origin(const wr_guard *guard, const char *origin, const char *host)
{
    const char *scheme = guard->tls ? "https://" : "http://";
    size_t bytes = strlen(scheme);
    return strncmp(origin, scheme, bytes) == 0 && strcasecmp(origin + bytes, host) == 0 && wr_guard_host(guard, host);
}

/* --- the token --- */

bool wr_guard_same(const char *one, const char *other)
{
    size_t bytes = strlen(one), given = strlen(other);
    unsigned char differ = bytes != given;
    for (size_t i = 0; i < bytes; i++)
        differ |= (unsigned char)(one[i] ^ other[given ? i % given : 0]);
    return differ == 0;
}

/* The value of a cookie, copied; "" if it is not there. */
static void cookie_of(const char *cookies, const char *name, char *value, size_t value_bytes)
{
    size_t bytes = strlen(name);
    value[0] = '\0';
    for (const char *at = cookies; at && *at;) {
        at += strspn(at, "; ");
        size_t length = strcspn(at, ";");
        if (length > bytes && strncmp(at, name, bytes) == 0 && at[bytes] == '=' && length - bytes - 1 < value_bytes) {
            memcpy(value, at + bytes + 1, length - bytes - 1);
            value[length - bytes - 1] = '\0';
            return;
        }
        at += length;
    }
}

bool wr_guard_token(const wr_guard *guard, const char *authorization, const char *cookies)
{
    char cookie[128];
    if (!guard->token)
        return true;
    if (strncasecmp(authorization, "Bearer ", 7) == 0)
        return wr_guard_same(guard->token, authorization + 7);
    cookie_of(cookies, WR_GUARD_COOKIE, cookie, sizeof cookie);
    return wr_guard_same(guard->token, cookie);
}
