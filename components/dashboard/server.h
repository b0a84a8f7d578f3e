/* Server: the web server of a dashboard, on libwebsockets: one thread, which has all connections.
 *
 * Thread-safety: wr_server_tick() any thread; all else the node's.
 */
#ifndef WR_DASHBOARD_SERVER_H
#define WR_DASHBOARD_SERVER_H

#include "guard.h"
#include "hub.h"

typedef struct wr_server_options {
    wr_guard guard;
    const char *certificate, *key; /* paths, for TLS; NULL: none */
    unsigned viewers;
    const char *run; /* says which run of the pipeline this is */
} wr_server_options;

typedef struct wr_server wr_server;

/* Listens, and starts its thread. `options` and what it points to must stay. NULL with a sentence in `why`. */
wr_server *wr_server_start(weir_node *node, const wr_server_options *options, char *why, size_t why_bytes);
/* Ends its thread and closes all connections. */
void wr_server_stop(wr_server *server);
/* What is told again and again is due, and who takes nothing is let go. A few times a second. */
void wr_server_tick(wr_server *server);
wr_hub *wr_server_hub(wr_server *server);
int wr_server_port(const wr_server *server);

#endif
