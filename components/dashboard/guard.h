/* Guard: who may ask. Pure functions on what a request says of itself. */
#ifndef WR_DASHBOARD_GUARD_H
#define WR_DASHBOARD_GUARD_H

#include <stdbool.h>
#include <stddef.h>

typedef struct wr_guard {
    const char *host; /* that we listen at: an address or a name */
    int port;
    const char *const *more; /* further names that we are known by; NULL-terminated, or NULL */
    bool tls;
    const char *token; /* NULL: none is asked for */
} wr_guard;

/* "127.0.0.1:8080", "[::1]:8080", ":8080" (every address), "8080" (of loopback) to its parts. False if it is none of these. */
bool wr_guard_address(const char *text, char *host, size_t host_bytes, int *port);
bool wr_guard_is_loopback(const char *host);
/* The Host header names us: against pages whose name was made to lead here (DNS rebinding). With an address of the whole
 * machine (0.0.0.0, ::) every address will do, and `more` for names. */
bool wr_guard_host(const wr_guard *guard, const char *host);
/* The Origin header is of our own pages; "" (no browser sent it, or none was) is not. */
bool wr_guard_origin(const wr_guard *guard, const char *origin, const char *host);
/* "Bearer TOKEN", or the cookies. In a time that does not depend on where they differ. */
bool wr_guard_token(const wr_guard *guard, const char *authorization, const char *cookies);
bool wr_guard_same(const char *one, const char *other);
/* The cookie that carries the token: its name, and how to set it. */
#define WR_GUARD_COOKIE "weir_token"

#endif
