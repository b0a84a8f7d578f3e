/* Which paths there are, what each needs, and what it answers. */
#include "server_inside.h"

#include "account.h"
#include "openapi.h"
#include "page.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { NEEDS_TOKEN = 1, NEEDS_ORIGIN = 2, IS_POST = 4, IS_PREFIX = 8 };

typedef int answer(wr_server *server, struct lws *wsi, wr_connection *connection, const char *rest);

typedef struct route {
    const char *path;
    unsigned needs;
    answer *answer;
} route;

/* --- answering --- */

int wr_reply_head(struct lws *wsi, int status, const char *type, long long bytes, const char *more_name,
                  const char *more_value)
{
    unsigned char buffer[LWS_PRE + 2048], *start = buffer + LWS_PRE, *p = start, *end = buffer + sizeof buffer - 1;
    lws_filepos_t length = bytes < 0 ? LWS_ILLEGAL_HTTP_CONTENT_LEN : (lws_filepos_t)bytes;
    if (lws_add_http_common_headers(wsi, (unsigned)status, type, length, &p, end))
        return 1;
    if (more_name && lws_add_http_header_by_name(wsi, (const unsigned char *)more_name,
                                                 (const unsigned char *)more_value, (int)strlen(more_value), &p, end))
        return 1;
    return lws_finalize_write_http_header(wsi, start, &p, end);
}

int wr_reply(struct lws *wsi, wr_connection *connection, int status, const char *type, const char *body, size_t bytes,
             char *owned)
{
    free(connection->owned);
    connection->owned = owned;
    connection->body = body;
    connection->bytes = owned || bytes ? bytes : strlen(body);
    connection->sent = 0;
    if (wr_reply_head(wsi, status, type, (long long)connection->bytes, status == 401 ? "www-authenticate:" : NULL,
                      "Bearer"))
        return 1;
    lws_callback_on_writable(wsi);
    return 0;
}

int wr_reply_continue(struct lws *wsi, wr_connection *connection)
{
    enum { PIECE = 16384 };
    unsigned char buffer[LWS_PRE + PIECE];
    size_t rest = connection->bytes - connection->sent, piece = rest < PIECE ? rest : PIECE;
    bool last = piece == rest;
    if (!connection->body)
        return 0;
    memcpy(buffer + LWS_PRE, connection->body + connection->sent, piece);
    connection->sent += piece;
    if (lws_write(wsi, buffer + LWS_PRE, piece, last ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < (int)piece)
        return -1;
    if (!last) {
        lws_callback_on_writable(wsi);
        return 0;
    }
    free(connection->owned);
    *connection = (wr_connection){0};
    return lws_http_transaction_completed(wsi) ? -1 : 0;
}

static int say(struct lws *wsi, wr_connection *connection, int status, const char *sentence)
{
    return wr_reply(wsi, connection, status, "text/plain; charset=utf-8", sentence, 0, NULL);
}

/* --- the routes --- */

static int answer_json(struct lws *wsi, wr_connection *connection, char *text)
{
    if (!text)
        return say(wsi, connection, 503, "the account is not there yet; ask again in a moment\n");
    return wr_reply(wsi, connection, 200, "application/json", text, strlen(text), text);
}

static int graph(wr_server *server, struct lws *wsi, wr_connection *connection, const char *rest)
{
    (void)rest;
    weir_stats *stats = weir_observe(server->node);
    char *text = stats ? wr_account_graph(stats) : NULL;
    weir_stats_free(stats);
    return answer_json(wsi, connection, text);
}

static int state(wr_server *server, struct lws *wsi, wr_connection *connection, const char *rest)
{
    (void)rest;
    weir_stats *stats = weir_observe(server->node);
    char *text = stats ? wr_account_state(stats) : NULL;
    weir_stats_free(stats);
    return answer_json(wsi, connection, text);
}

static int metrics(wr_server *server, struct lws *wsi, wr_connection *connection, const char *rest)
{
    (void)rest;
    weir_stats *stats = weir_observe(server->node);
    char *text = stats ? wr_account_metrics(stats) : NULL;
    weir_stats_free(stats);
    if (!text)
        return answer_json(wsi, connection, NULL);
    return wr_reply(wsi, connection, 200, "text/plain; version=0.0.4; charset=utf-8", text, strlen(text), text);
}

static int streams(wr_server *server, struct lws *wsi, wr_connection *connection, const char *rest)
{
    unsigned version;
    (void)rest;
    json_t *list = wr_hub_streams(server->hub, &version);
    char *text = json_dumps(list, JSON_COMPACT);
    json_decref(list);
    return answer_json(wsi, connection, text);
}

static int openapi(wr_server *server, struct lws *wsi, wr_connection *connection, const char *rest)
{
    (void)server, (void)rest;
    return wr_reply(wsi, connection, 200, "application/json", wr_openapi, strlen(wr_openapi), NULL);
}

static int healthz(wr_server *server, struct lws *wsi, wr_connection *connection, const char *rest)
{
    bool well = true;
    (void)rest;
    weir_stats *stats = weir_observe(server->node);
    for (int i = 0; stats && i < stats->nodes; i++)
        well = well && strcmp(stats->node[i].state, "failed") != 0 && strcmp(stats->node[i].state, "stuck") != 0;
    weir_stats_free(stats);
    return say(wsi, connection, well ? 200 : 503, well ? "ok\n" : "a node has failed\n");
}

/* NAME/picture.jpg */
static int picture(wr_server *server, struct lws *wsi, wr_connection *connection, const char *rest)
{
    char name[128], width[32];
    const char *slash = strchr(rest, '/');
    size_t bytes = slash ? (size_t)(slash - rest) : 0;
    if (!slash || strcmp(slash, "/picture.jpg") != 0 || bytes >= sizeof name)
        return say(wsi, connection, 404, "there is no such page\n");
    memcpy(name, rest, bytes);
    name[bytes] = '\0';
    uint32_t stream = wr_hub_stream_named(server->hub, name);
    if (stream == UINT32_MAX)
        return say(wsi, connection, 404, "there is no such stream\n");
    const char *value = lws_get_urlarg_by_name(wsi, "width=", width, sizeof width);
    long width_px = value ? strtol(value, NULL, 10) : 0;
    connection->viewer = wr_hub_join(server->hub, wsi);
    if (!connection->viewer)
        return say(wsi, connection, 503, "there are as many viewers as viewers= allows\n");
    if (!wr_hub_watch(server->hub, connection->viewer, stream, WR_AS_JPEG,
                      width_px > 0 && width_px < 16384 ? (unsigned)width_px : 1280))
        return say(wsi, connection, 404, "of this stream there are no pictures; link decoded ones to the dashboard\n");
    connection->kind = WR_ONE_PICTURE;
    connection->until_ns = weir_now(server->node) + 3000000000;
    return 0;
}

static int events(wr_server *server, struct lws *wsi, wr_connection *connection, const char *rest)
{
    (void)rest;
    connection->viewer = wr_hub_join(server->hub, wsi);
    if (!connection->viewer)
        return say(wsi, connection, 503, "there are as many viewers as viewers= allows\n");
    connection->kind = WR_EVENTS;
    for (uint32_t s = 0; s < connection->viewer->streams; s++)
        wr_hub_watch(server->hub, connection->viewer, s, WR_AS_RESULTS, 0);
    lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
    return wr_reply_head(wsi, 200, "text/event-stream", -1, NULL, NULL);
}

static int login(wr_server *server, struct lws *wsi, wr_connection *connection, const char *rest)
{
    (void)server, (void)wsi, (void)rest;
    connection->login = true; /* the body comes yet */
    return 0;
}

static int page(wr_server *server, struct lws *wsi, wr_connection *connection, const char *path)
{
    (void)server;
    for (const wr_page_file *file = wr_page_files; file->path; file++)
        if (strcmp(file->path, path) == 0)
            return wr_reply(wsi, connection, 200, file->type, (const char *)file->data, file->bytes, NULL);
    return say(wsi, connection, 404, "there is no such page\n");
}

/* The first that fits. The page's own files need no token: they hold nothing but the way to ask for one. */
static const route routes[] = {
    {"/healthz", 0, healthz},
    {"/metrics", NEEDS_TOKEN, metrics},
    {"/api/graph", NEEDS_TOKEN, graph},
    {"/api/state", NEEDS_TOKEN, state},
    {"/api/streams", NEEDS_TOKEN, streams},
    {"/api/streams/", NEEDS_TOKEN | IS_PREFIX, picture},
    {"/api/events", NEEDS_TOKEN, events},
    {"/api/openapi.json", NEEDS_TOKEN, openapi},
    {"/login", NEEDS_ORIGIN | IS_POST, login},
    {"/", IS_PREFIX, page},
};

/* --- who may --- */

static const char *header(struct lws *wsi, enum lws_token_indexes which, char *text, size_t bytes)
{
    text[0] = '\0';
    if (lws_hdr_copy(wsi, text, (int)bytes, which) < 0)
        text[0] = '\0';
    return text;
}

/* 0, or the status that says why not. */
static int refusal(const wr_server *server, struct lws *wsi, unsigned needs)
{
    char host[300], origin[400], authorization[200], cookies[1024];
    header(wsi, WSI_TOKEN_HOST, host, sizeof host);
    header(wsi, WSI_TOKEN_ORIGIN, origin, sizeof origin);
    if (!wr_guard_host(&server->guard, host))
        return 421;
    if (needs & NEEDS_ORIGIN && !wr_guard_origin(&server->guard, origin, host))
        return 403;
    header(wsi, WSI_TOKEN_HTTP_AUTHORIZATION, authorization, sizeof authorization);
    header(wsi, WSI_TOKEN_HTTP_COOKIE, cookies, sizeof cookies);
    return needs & NEEDS_TOKEN && !wr_guard_token(&server->guard, authorization, cookies) ? 401 : 0;
}

int wr_routes_refuse_socket(wr_server *server, struct lws *wsi)
{
    return refusal(server, wsi, NEEDS_TOKEN | NEEDS_ORIGIN);
}

int wr_routes_answer(wr_server *server, struct lws *wsi, wr_connection *connection, const char *path)
{
    static const char *const why[] = {[0] = "this dashboard is not known by that name (Host)\n",
                                      [1] = "only its own page may ask that (Origin)\n",
                                      [2] = "say the token: Authorization: Bearer TOKEN\n"};
    const route *found = routes;
    while (found->needs & IS_PREFIX ? strncmp(path, found->path, strlen(found->path)) != 0
                                    : strcmp(path, found->path) != 0)
        if (++found == routes + sizeof routes / sizeof *routes)
            return say(wsi, connection, 404, "there is no such page\n");
    int status = refusal(server, wsi, found->needs);
    if (status && lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI) > 0) {
        connection->refused = status; /* its body comes yet */
        return 0;
    }
    if (status)
        return say(wsi, connection, status, why[status == 421 ? 0 : status == 403 ? 1 : 2]);
    bool posted = lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI) > 0,
         got = lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) > 0;
    if (found->needs & IS_POST ? !posted : !got)
        return say(wsi, connection, 405, "this page is not asked so\n");
    const char *rest = found->answer == page ? path : path + strlen(found->path);
    return found->answer(server, wsi, connection, rest);
}

/* token=... */
int wr_routes_posted(wr_server *server, struct lws *wsi, wr_connection *connection)
{
    char cookie[200];
    if (connection->refused)
        return say(wsi, connection, connection->refused, "that is not allowed\n");
    connection->posted[connection->posted_bytes] = '\0';
    bool good = connection->login && server->guard.token && strncmp(connection->posted, "token=", 6) == 0 &&
                wr_guard_same(server->guard.token, connection->posted + 6);
    explicit_bzero(connection->posted, sizeof connection->posted);
    if (!good)
        return say(wsi, connection, 401, "that is not the token\n");
    snprintf(cookie, sizeof cookie, "%s=%s; Path=/; HttpOnly; SameSite=Strict%s", WR_GUARD_COOKIE, server->guard.token,
             server->guard.tls ? "; Secure" : "");
    if (wr_reply_head(wsi, 204, "text/plain", 0, "set-cookie:", cookie))
        return 1;
    return lws_http_transaction_completed(wsi) ? -1 : 0;
}
