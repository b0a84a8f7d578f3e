/* Server, inside: what its files have in common. The node's thread alone. */
#ifndef WR_DASHBOARD_SERVER_INSIDE_H
#define WR_DASHBOARD_SERVER_INSIDE_H

#include "loop.h"
#include "server.h"
#include <libwebsockets.h>

struct wr_server {
    weir_node *node;
    const wr_server_options *options;
    wr_guard guard; /* with the port that it listens at */
    wr_loop *loop;
    struct lws_context *context;
    struct lws_vhost *vhost;
    wr_hub *hub;
    bool tick_due;
    unsigned ticks;
    bool asks;        /* for something of the loop, which is to turn */
    wr_notice *state; /* the account, as all are told it in one tick; NULL: nobody was yet */
    unsigned connections, most_connections, connections_limit;
};

/* What a connection is for, and what is still to be sent on it. */
typedef enum wr_kind { WR_REQUEST, WR_SOCKET, WR_EVENTS, WR_ONE_PICTURE } wr_kind;

typedef struct wr_connection {
    wr_kind kind;
    wr_viewer *viewer; /* sockets, events, a picture that is waited for */
    const char *body;  /* of an answer, from `sent` on */
    char *owned;       /* freed with it; NULL: body is constant */
    size_t bytes, sent;
    bool ignored;     /* what it says, until it has taken what it was sent */
    bool leaves;      /* it said so: the library takes its leave, and nothing else may be sent */
    int refused;      /* the status that says why; 0: it is not */
    int64_t until_ns; /* a picture is waited for no longer; of events, a sign of life is due */
} wr_connection;

wr_server *wr_server_of(struct lws *wsi);

/* routes.c: answers a request for a path. As lws callbacks: 0, or not 0 to close. */
int wr_routes_answer(wr_server *server, struct lws *wsi, wr_connection *connection, const char *path);
/* A POST is answered when all of it has come: after the other. */
int wr_routes_posted(wr_server *server, struct lws *wsi, wr_connection *connection);
/* Whether this request, or this attempt at a WebSocket, may be. 0, or the status that says why not. */
int wr_routes_refuse_socket(wr_server *server, struct lws *wsi);
/* Begins an answer, which ends watching: `owned`, which is freed with it, else `body`; `bytes` 0: that is a text. */
int wr_reply(struct lws *wsi, wr_connection *connection, int status, const char *type, const char *body, size_t bytes,
             char *owned);
int wr_reply_head(struct lws *wsi, int status, const char *type, long long bytes, const char *more_name,
                  const char *more_value);
/* Sends more of what there is. */
int wr_reply_continue(struct lws *wsi, wr_connection *connection);

/* socket.c: viewers. */
int wr_socket_heard(wr_server *server, wr_connection *connection, const char *text, size_t bytes);
/* Sends what waits, as much as is taken now; of the rest the loop will tell. */
int wr_socket_send(wr_server *server, struct lws *wsi, wr_connection *connection);
bool wr_socket_joined(wr_server *server, struct lws *wsi, wr_connection *connection);
void wr_socket_left(wr_server *server, wr_connection *connection);
/* What must be told again and again, and who does not take anything. False: close it. */
bool wr_socket_tick(wr_server *server, wr_connection *connection);
void wr_socket_forget_state(wr_server *server);
int wr_events_send(wr_server *server, struct lws *wsi, wr_connection *connection);
int wr_picture_send(wr_server *server, struct lws *wsi, wr_connection *connection);

#endif
