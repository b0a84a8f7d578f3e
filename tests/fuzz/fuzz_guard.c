/* What a request says of itself, a line each: an address to listen at, Host, Origin, Authorization, Cookie. The first byte
 * says how the server is set up. */
#include "../../components/dashboard/guard.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static const char secret[] = "5e0f";
static const char *const more[] = {"cameras.example", NULL};
static const wr_guard guards[] = {
    {.host = "127.0.0.1", .port = 8080},
    {.host = "10.0.0.7", .port = 443, .tls = true, .token = secret},
    {.host = "cam.lan", .port = 80, .more = more, .token = secret},
    {.host = "", .port = 8080, .more = more, .token = secret},
};

/* The next line, in memory of its own. */
static char *line(const uint8_t **data, const uint8_t *end)
{
    const uint8_t *stop = *data < end ? memchr(*data, '\n', (size_t)(end - *data)) : NULL;
    char *text = strndup((const char *)*data, (size_t)((stop ? stop : end) - *data));
    if (!text)
        abort();
    *data = stop ? stop + 1 : end;
    return text;
}

static bool begins(const char *text, const char *with)
{
    return strncasecmp(text, with, strlen(with)) == 0;
}

/* Whether a guard may take that for its own name, looked at as simply as can be. */
static bool may_be_ours(const wr_guard *guard, const char *header)
{
    char host[300];
    snprintf(host, sizeof host, "%s", header + (*header == '['));
    char *stop = *header == '[' ? strchr(host, ']') : strrchr(host, ':');
    if (stop)
        *stop = '\0';
    const bool address = host[strspn(host, ":.0123456789abcdefABCDEF")] == '\0', local = !strcasecmp(host, "localhost");
    if (guard->more && strcasecmp(host, guard->more[0]) == 0)
        return true;
    if (!*guard->host)
        return address || local;
    if (strcmp(guard->host, "127.0.0.1") == 0)
        return local || (address && (begins(host, "127.") || host[0] == ':' || host[0] == '0'));
    return strcasecmp(host, guard->host) == 0;
}

static void look_at_names(const wr_guard *guard, const char *listen, const char *host, const char *origin)
{
    char name[16];
    int port;
    if (wr_guard_address(listen, name, sizeof name, &port) &&
        (port < 0 || port > 65535 || !memchr(name, '\0', sizeof name)))
        abort();
    const bool known = wr_guard_host(guard, host);
    if (known && !may_be_ours(guard, host))
        abort();
    if (!wr_guard_origin(guard, origin, host))
        return;
    if (!known || !begins(origin, guard->tls ? "https://" : "http://") || strlen(origin) < strlen(host) ||
        strcasecmp(origin + strlen(origin) - strlen(host), host) != 0)
        abort();
}

static void look_at_tokens(const wr_guard *guard, const char *authorization, const char *cookies)
{
    if (wr_guard_same(authorization, cookies) != (strcmp(authorization, cookies) == 0))
        abort();
    if (wr_guard_token(guard, authorization, cookies) && guard->token && !strstr(authorization, secret) &&
        !strstr(cookies, secret))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char *lines[5];
    const uint8_t *end = data + bytes;
    if (bytes == 0)
        return 0;
    const wr_guard *guard = &guards[*data++ % (sizeof guards / sizeof *guards)];
    for (size_t i = 0; i < 5; i++)
        lines[i] = line(&data, end);
    look_at_names(guard, lines[0], lines[1], lines[2]);
    look_at_tokens(guard, lines[3], lines[4]);
    for (size_t i = 0; i < 5; i++)
        free(lines[i]);
    return 0;
}
