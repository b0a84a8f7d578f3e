#include "server_inside.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum {
    OBSERVE_EVERY = 4, /* ticks; the engine writes on for longer than that */
    REQUESTS_BESIDE = 4096,
    FURTHER_FILES = 16, /* that the process may open, connections aside */
    HEADER_BYTES = 4096,
    TIMEOUT_S = 10,
    SEND_BYTES = 64 << 10,
    UNSENT_BYTES = 16 << 10,
    WRITE_MOST = 1 << 30
};

wr_server *wr_server_of(struct lws *wsi)
{
    return lws_context_user(lws_get_context(wsi));
}

/* --- sockets --- */

/* What the kernel keeps for a slow client is not waiting in its tap, where it would be seen, and let go. */
static void keep_little(struct lws *wsi)
{
    const int send_bytes = SEND_BYTES, unsent_bytes = UNSENT_BYTES, fd = lws_get_socket_fd(wsi);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &send_bytes, sizeof send_bytes);
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent_bytes, sizeof unsent_bytes);
}

static int on_socket(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t bytes)
{
    wr_connection *connection = user;
    wr_server *server = wr_server_of(wsi);
    switch (reason) {
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return wr_routes_refuse_socket(server, wsi);
    case LWS_CALLBACK_ESTABLISHED:
        *connection = (wr_connection){.kind = WR_SOCKET};
        keep_little(wsi);
        return wr_socket_joined(server, wsi, connection) ? 0 : -1;
    case LWS_CALLBACK_RECEIVE:
        if (!lws_is_first_fragment(wsi) || !lws_is_final_fragment(wsi) || lws_frame_is_binary(wsi))
            return -1; /* what a page says is short */
        return wr_socket_heard(server, connection, in, bytes);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        connection->leaves = true;
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return wr_socket_send(server, wsi, connection);
    case LWS_CALLBACK_CLOSED:
        wr_socket_left(server, connection);
        return 0;
    default:
        return 0;
    }
}

/* --- requests --- */

static int on_writeable(wr_server *server, struct lws *wsi, wr_connection *connection)
{
    if (connection->kind == WR_EVENTS)
        return wr_events_send(server, wsi, connection);
    if (connection->kind == WR_ONE_PICTURE && !connection->body)
        return wr_picture_send(server, wsi, connection);
    return wr_reply_continue(wsi, connection);
}

/* --- what is due --- */

/* It takes nothing any more, or something went wrong with it. */
static void let_go(struct lws *wsi)
{
    lws_set_timeout(wsi, PENDING_TIMEOUT_HTTP_CONTENT, LWS_TO_KILL_ASYNC);
    lws_cancel_service(lws_get_context(wsi)); /* else that is seen when the loop happens to have something else */
}

/* Sends what waits for a viewer, if that takes it now. */
static void feed(void *user, wr_viewer *viewer)
{
    wr_server *server = user;
    struct lws *wsi = viewer->connection;
    wr_connection *connection = lws_wsi_user(wsi);
    if (connection->kind != WR_SOCKET) {
        lws_callback_on_writable(wsi);
        server->asks = true;
    } else if (connection->leaves || lws_partial_buffered(wsi)) {
        viewer->behind = true;
    } else {
        const bool was_ignored = connection->ignored; /* it is listened to again, which only a turn tells the kernel */
        if (wr_socket_send(server, wsi, connection) != 0)
            let_go(wsi);
        server->asks |= was_ignored || lws_partial_buffered(wsi);
    }
}

/* What many connections needed is not kept for ever after they went. */
static void give_back_memory(wr_server *server)
{
    enum { MANY = 64 };
    if (server->connections > server->most_connections)
        server->most_connections = server->connections;
    if (server->most_connections - server->connections < MANY)
        return;
    malloc_trim(0);
    server->most_connections = server->connections;
}

static void tick(wr_server *server)
{
    give_back_memory(server);
    if (server->ticks++ % OBSERVE_EVERY == 0)
        weir_stats_free(weir_observe(server->node)); /* so that there is always a fresh one to be had */
    wr_viewer *v;
    for (unsigned i = 0; (v = wr_hub_viewer(server->hub, i)); i++) {
        struct lws *wsi = v->connection;
        wr_connection *connection = lws_wsi_user(wsi);
        const bool has_time = connection && (connection->kind == WR_ONE_PICTURE || connection->kind == WR_EVENTS);
        if (!wr_socket_tick(server, connection))
            let_go(wsi);
        else if (has_time) /* which may be up */
            lws_callback_on_writable(wsi);
    }
    wr_socket_forget_state(server);
}

static void woken(wr_server *server)
{
    if (!server->tick_due)
        return;
    server->tick_due = false;
    tick(server);
    wr_viewer *v;
    for (unsigned i = 0; (v = wr_hub_viewer(server->hub, i)); i++)
        if (v->count_news)
            feed(server, v);
}

static int on_request(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t bytes)
{
    wr_connection *connection = user;
    wr_server *server = wr_server_of(wsi);
    switch (reason) {
    case LWS_CALLBACK_FILTER_NETWORK_CONNECTION:
        return server->connections > server->connections_limit;
    case LWS_CALLBACK_WSI_CREATE:
        server->connections++;
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        server->connections--;
        return 0;
    case LWS_CALLBACK_HTTP_CONFIRM_UPGRADE:
        return strcmp(in, "websocket") == 0 ? 0 : -1;
    case LWS_CALLBACK_FILTER_PROTOCOL_CONNECTION:
        return -1; /* a WebSocket that names no protocol is none of ours */
    case LWS_CALLBACK_HTTP:
        *connection = (wr_connection){.kind = WR_REQUEST};
        return wr_routes_answer(server, wsi, connection, in);
    case LWS_CALLBACK_HTTP_BODY:
        return bytes ? -1 : 0; /* none was announced */
    case LWS_CALLBACK_HTTP_BODY_COMPLETION:
        return wr_routes_posted(server, wsi, connection); /* its length was 0 */
    case LWS_CALLBACK_HTTP_WRITEABLE:
        return on_writeable(server, wsi, connection);
    case LWS_CALLBACK_CLOSED_HTTP:
        if (connection)
            wr_socket_left(server, connection);
        return 0;
    case LWS_CALLBACK_EVENT_WAIT_CANCELLED:
        woken(server);
        return 0;
    default:
        return lws_callback_http_dummy(wsi, reason, user, in, bytes);
    }
}

static const struct lws_protocols protocols[] = {
    {.name = "http", .callback = on_request, .per_session_data_size = sizeof(wr_connection)},
    {.name = "weir.1",
     .callback = on_socket,
     .per_session_data_size = sizeof(wr_connection),
     .rx_buffer_size = 4096,
     .tx_packet_size = WRITE_MOST}, /* else a message goes out in pieces of rx_buffer_size, each with a wake-up */
    {0},
};

/* --- what the node is called for --- */

void wr_server_frame(wr_server *server, int input, const weir_frame *frame)
{
    server->asks = false;
    wr_hub_frame(server->hub, input, frame);
    if (server->asks && wr_loop_turn(server->loop))
        weir_wake(server->node);
}

void wr_server_ended(wr_server *server, int input)
{
    wr_hub_ended(server->hub, input);
}

bool wr_server_turn(wr_server *server)
{
    return wr_loop_turn(server->loop);
}

/* By way of the library, which looks what time it is whenever it is called. */
void wr_server_tick(wr_server *server)
{
    server->tick_due = true;
    lws_cancel_service(server->context);
}

/* --- starting --- */

/* Everything that a page may do is named; nothing comes from elsewhere. */
static const struct lws_protocol_vhost_options headers[] = {
    {&headers[1], NULL, "content-security-policy:",
     "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
     "manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"},
    {&headers[2], NULL, "x-content-type-options:", "nosniff"},
    {&headers[3], NULL, "referrer-policy:", "no-referrer"},
    {&headers[4], NULL, "x-frame-options:", "DENY"},
    {&headers[5], NULL, "cross-origin-resource-policy:", "same-origin"},
    {&headers[6], NULL, "cross-origin-opener-policy:", "same-origin"},
    {NULL, NULL, "cache-control:", "no-store"},
};

static void quiet(int level, const char *line)
{
    (void)level, (void)line;
}

/* What the context and the one virtual host in it are made with. */
static struct lws_context_creation_info info_of(const wr_server *server)
{
    const wr_server_options *options = server->options;
    const char *host = options->guard.host;
    struct lws_context_creation_info info = {
        .port = options->guard.port,
        .iface = *host && strcmp(host, "0.0.0.0") != 0 && strcmp(host, "::") != 0 ? host : NULL,
        .protocols = protocols,
        .user = (void *)server,
        .headers = headers,
        .vhost_name = "weir",
        .server_string = "weir",
        .timeout_secs = TIMEOUT_S,
        .keepalive_timeout = 5,
        .max_http_header_data = HEADER_BYTES,
        .max_http_header_pool = REQUESTS_BESIDE, /* made as they are needed: who is slow takes nobody else's */
        .options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_VALIDATE_UTF8 |
                   LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND,
        .alpn = "http/1.1",
    };
    if (inet_pton(AF_INET, host, &(struct in_addr){0}) == 1) /* else it is served by way of IPv6 */
        info.options |= LWS_SERVER_OPTION_DISABLE_IPV6;
    if (options->certificate) {
        info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
        info.ssl_cert_filepath = options->certificate;
        info.ssl_private_key_filepath = options->key;
    }
    return info;
}

/* The library looks for its part that knows libuv among all libraries of the system, which a sandbox forbids. */
wr_server *wr_server_new(weir_node *node, const wr_server_options *options, char *why, size_t why_bytes)
{
    wr_server *server = calloc(1, sizeof *server);
    snprintf(why, why_bytes, "there is no memory left to serve pages");
    if (!server)
        return NULL;
    *server = (wr_server){.node = node, .options = options, .guard = options->guard, .loop = wr_loop_new(node)};
    if (server->loop) {
        void *loops[] = {wr_loop_uv(server->loop)};
        struct lws_context_creation_info info = info_of(server);
        info.foreign_loops = loops;
        info.pcontext = &server->context;
        lws_set_log_level(LLL_ERR, quiet);
        server->context = lws_create_context(&info);
        snprintf(why, why_bytes, "libwebsockets does not start; install its part for libuv, libwebsockets-evlib-uv");
    }
    if (server->context)
        return server;
    wr_server_stop(server);
    return NULL;
}

static unsigned open_files(void)
{
    unsigned count = 0;
    DIR *folder = opendir("/proc/self/fd");
    while (folder && readdir(folder))
        count++;
    if (folder)
        closedir(folder);
    return count;
}

/* So many that there are always descriptors left: the library would go round and round over who cannot be accepted. */
static unsigned connections_that_may_be(const wr_server *server)
{
    struct rlimit files;
    const unsigned wanted = server->options->viewers + REQUESTS_BESIDE, others = open_files() + FURTHER_FILES;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur > wanted + others)
        return wanted;
    return files.rlim_cur > others ? (unsigned)files.rlim_cur - others : 1;
}

bool wr_server_listen(wr_server *server, char *why, size_t why_bytes)
{
    const wr_server_options *options = server->options;
    const struct lws_context_creation_info info = info_of(server);
    server->connections_limit = connections_that_may_be(server);
    server->hub = wr_hub_new(server->node, options->viewers, feed, server);
    snprintf(why, why_bytes, "there is no memory left to serve pages");
    errno = 0;
    server->vhost = server->hub ? lws_create_vhost(server->context, &info) : NULL;
    if (server->vhost) {
        server->guard.port = lws_get_vhost_listen_port(server->vhost);
        return wr_loop_watch(server->loop);
    }
    if (server->hub && options->certificate && errno != EADDRINUSE && errno != EACCES)
        snprintf(why, why_bytes, "cannot serve TLS with %s and %s; check certificate= and key=", options->certificate,
                 options->key);
    else if (server->hub)
        snprintf(why, why_bytes, "cannot listen at %s:%d: %s; choose another listen=", options->guard.host,
                 options->guard.port, errno ? strerror(errno) : "the address is not to be had");
    return false;
}

void wr_server_stop(wr_server *server)
{
    if (!server)
        return;
    wr_loop_unwatch(server->loop);
    for (int calls = 0; server->context && calls < 2; calls++) { /* closes; frees when all is closed, then it is NULL */
        lws_context_destroy(server->context);
        wr_loop_settle(server->loop);
    }
    wr_loop_free(server->loop);
    wr_hub_free(server->hub);
    free(server);
}

int wr_server_port(const wr_server *server)
{
    return server->guard.port;
}
