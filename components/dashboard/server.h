/* Server: the web server of a dashboard, on libwebsockets. The node's thread has all connections: a frame that comes is sent
 * before that thread sleeps again.
 *
 * Thread-safety: the node's thread alone.
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

/* In prepare: loads what libwebsockets loads. `options` and what it points to must stay. NULL with a sentence in `why`. */
wr_server *wr_server_new(weir_node *node, const wr_server_options *options, char *why, size_t why_bytes);
/* In open: listens. False with a sentence in `why`; then stop it. */
bool wr_server_listen(wr_server *server, char *why, size_t why_bytes);
/* Closes all connections. Takes NULL. */
void wr_server_stop(wr_server *server);
/* Makes messages of a frame, and sends them to who takes them now. */
void wr_server_frame(wr_server *server, int input, const weir_frame *frame);
/* Nothing comes by that input any more. */
void wr_server_ended(wr_server *server, int input);
/* What is told again and again is due, and who takes nothing is let go. A few times a second. */
void wr_server_tick(wr_server *server);
/* Deals with what happened on connections; for when the node is woken. True: there is more, call it again. */
bool wr_server_turn(wr_server *server);
int wr_server_port(const wr_server *server);

#endif
