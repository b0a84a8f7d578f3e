/* What each path answers, and to whom. */
#include "server_inside.h"

#include "account.h"
#include "openapi.h"
#include "page.h"
#include "path.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* `name`: of the stream, or of the page's file. */
typedef int answer(wr_server *server, struct lws *wsi, wr_connection *connection, const char *name);

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
    if (connection->viewer)
        wr_hub_leave(wr_server_of(wsi)->hub, connection->viewer);
    connection->viewer = NULL;
    free(connection->owned);
    connection->owned = owned;
    connection->body = owned ? owned : body;
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

static const char *header(struct lws *wsi, enum lws_token_indexes which, char *text, size_t bytes)
{
    text[0] = '\0';
    if (lws_hdr_copy(wsi, text, (int)bytes, which) < 0)
        text[0] = '\0';
    return text;
}

static int answer_json(struct lws *wsi, wr_connection *connection, char *text)
{
    if (!text)
        return say(wsi, connection, 503, "the account is not there yet; ask again in a moment\n");
    return wr_reply(wsi, connection, 200, "application/json", NULL, strlen(text), text);
}

static int graph(wr_server *server, struct lws *wsi, wr_connection *connection, const char *name)
{
    (void)name;
    weir_stats *stats = weir_observe(server->node);
    char *text = stats ? wr_account_graph(stats) : NULL;
    weir_stats_free(stats);
    return answer_json(wsi, connection, text);
}

static int state(wr_server *server, struct lws *wsi, wr_connection *connection, const char *name)
{
    (void)name;
    weir_stats *stats = weir_observe(server->node);
    char *text = stats ? wr_account_state(stats, true) : NULL;
    weir_stats_free(stats);
    return answer_json(wsi, connection, text);
}

static int metrics(wr_server *server, struct lws *wsi, wr_connection *connection, const char *name)
{
    (void)name;
    weir_stats *stats = weir_observe(server->node);
    char *text = stats ? wr_account_metrics(stats) : NULL;
    weir_stats_free(stats);
    if (!text)
        return answer_json(wsi, connection, NULL);
    return wr_reply(wsi, connection, 200, "text/plain; version=0.0.4; charset=utf-8", NULL, strlen(text), text);
}

static int streams(wr_server *server, struct lws *wsi, wr_connection *connection, const char *name)
{
    unsigned version;
    (void)name;
    json_t *list = wr_hub_streams(server->hub, &version);
    char *text = json_dumps(list, JSON_COMPACT);
    json_decref(list);
    return answer_json(wsi, connection, text);
}

static int openapi(wr_server *server, struct lws *wsi, wr_connection *connection, const char *name)
{
    (void)server, (void)name;
    return wr_reply(wsi, connection, 200, "application/json", wr_openapi, strlen(wr_openapi), NULL);
}

static int healthz(wr_server *server, struct lws *wsi, wr_connection *connection, const char *name)
{
    bool well = true;
    (void)name;
    weir_stats *stats = weir_observe(server->node);
    for (int i = 0; stats && i < stats->nodes; i++)
        well = well && strcmp(stats->node[i].state, "failed") != 0 && strcmp(stats->node[i].state, "stuck") != 0;
    weir_stats_free(stats);
    return say(wsi, connection, well ? 200 : 503, well ? "ok\n" : "a node has failed\n");
}

static int nothing(wr_server *server, struct lws *wsi, wr_connection *connection, const char *name)
{
    (void)server, (void)name;
    return say(wsi, connection, 404, "there is no such page\n");
}

static int picture(wr_server *server, struct lws *wsi, wr_connection *connection, const char *name)
{
    char width[32];
    const uint32_t stream = wr_hub_stream_named(server->hub, name);
    if (stream == UINT32_MAX)
        return say(wsi, connection, 404, "there is no such stream\n");
    const unsigned width_px = wr_path_width(lws_get_urlarg_by_name(wsi, "width=", width, sizeof width));
    connection->viewer = wr_hub_join(server->hub, wsi);
    if (!connection->viewer)
        return say(wsi, connection, 503, "there are as many viewers as viewers= allows\n");
    if (!wr_hub_watch(server->hub, connection->viewer, stream, WR_AS_JPEG, width_px))
        return say(wsi, connection, 404, "of this stream there are no pictures; link decoded ones to the dashboard\n");
    connection->kind = WR_ONE_PICTURE;
    connection->until_ns = weir_now(server->node) + 3000000000;
    return 0;
}

static int events(wr_server *server, struct lws *wsi, wr_connection *connection, const char *name)
{
    (void)name;
    connection->viewer = wr_hub_join(server->hub, wsi);
    if (!connection->viewer)
        return say(wsi, connection, 503, "there are as many viewers as viewers= allows\n");
    connection->kind = WR_EVENTS;
    for (uint32_t s = 0; s < connection->viewer->streams; s++)
        wr_hub_watch(server->hub, connection->viewer, s, WR_AS_RESULTS, 0);
    lws_set_timeout(wsi, NO_PENDING_TIMEOUT, 0);
    return wr_reply_head(wsi, 200, "text/event-stream", -1, NULL, NULL);
}

/* Who says the token as programs do is given the cookie that pages say it with. */
static int login(wr_server *server, struct lws *wsi, wr_connection *connection, const char *name)
{
    char authorization[200];
    (void)name;
    header(wsi, WSI_TOKEN_HTTP_AUTHORIZATION, authorization, sizeof authorization);
    connection->refused = wr_guard_token(&server->guard, authorization, "") ? 0 : 401;
    return 0; /* wr_routes_posted() answers */
}

static int page(wr_server *server, struct lws *wsi, wr_connection *connection, const char *name)
{
    for (const wr_page_file *file = wr_page_files; file->path; file++)
        if (strcmp(file->path, name) == 0)
            return wr_reply(wsi, connection, 200, file->type, (const char *)file->data, file->bytes, NULL);
    return nothing(server, wsi, connection, name);
}

static answer *const answers[WR_PLACES] = {
    [WR_AT_NOTHING] = nothing, [WR_AT_HEALTH] = healthz,  [WR_AT_METRICS] = metrics, [WR_AT_GRAPH] = graph,
    [WR_AT_STATE] = state,     [WR_AT_STREAMS] = streams, [WR_AT_PICTURE] = picture, [WR_AT_EVENTS] = events,
    [WR_AT_OPENAPI] = openapi, [WR_AT_LOGIN] = login,     [WR_AT_PAGE] = page,
};

/* --- who may --- */

/* 0, or the status that says why not. */
static int refusal(const wr_server *server, struct lws *wsi, unsigned needs)
{
    char host[300], origin[400], authorization[200], cookies[1024];
    header(wsi, WSI_TOKEN_HOST, host, sizeof host);
    header(wsi, WSI_TOKEN_ORIGIN, origin, sizeof origin);
    if (!wr_guard_host(&server->guard, host))
        return 421;
    if (needs & WR_NEEDS_ORIGIN && !wr_guard_origin(&server->guard, origin, host))
        return 403;
    header(wsi, WSI_TOKEN_HTTP_AUTHORIZATION, authorization, sizeof authorization);
    header(wsi, WSI_TOKEN_HTTP_COOKIE, cookies, sizeof cookies);
    return needs & WR_NEEDS_TOKEN && !wr_guard_token(&server->guard, authorization, cookies) ? 401 : 0;
}

int wr_routes_refuse_socket(wr_server *server, struct lws *wsi)
{
    char path[8]; /* what is longer is another */
    if (strcmp(header(wsi, WSI_TOKEN_GET_URI, path, sizeof path), "/ws") != 0)
        return 404;
    return refusal(server, wsi, WR_NEEDS_TOKEN | WR_NEEDS_ORIGIN);
}

/* Nothing here is asked with a body, and the library is easily confused by one, as by methods that may have it. */
static bool has_body(struct lws *wsi)
{
    char length[32];
    const bool zero = strcmp(header(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH, length, sizeof length), "0") == 0;
    const bool given = lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH) > 0;
    if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) > 0)
        return true;
    return lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) > 0 ? given && !zero : !zero;
}

static const char *why(int status)
{
    return status == 421   ? "this dashboard is not known by that name (Host)\n"
           : status == 403 ? "only its own page may ask that (Origin)\n"
           : status == 405 ? "this page is not asked so\n"
                           : "say the token: Authorization: Bearer TOKEN\n";
}

int wr_routes_answer(wr_server *server, struct lws *wsi, wr_connection *connection, const char *text)
{
    wr_path path;
    wr_path_read(text, &path);
    const bool posted = lws_hdr_total_length(wsi, WSI_TOKEN_POST_URI) > 0,
               got = lws_hdr_total_length(wsi, WSI_TOKEN_GET_URI) > 0;
    if (has_body(wsi)) {
        lws_return_http_status(wsi, got || posted ? 413 : 405, NULL);
        return -1;
    }
    int status = refusal(server, wsi, path.needs);
    if (!status && (path.needs & WR_NEEDS_POST ? !posted : !got))
        status = 405;
    connection->refused = status;
    if (status)
        return posted ? 0 : say(wsi, connection, status, why(status));
    return answers[path.place](server, wsi, connection, path.place == WR_AT_PICTURE ? path.stream : text);
}

int wr_routes_posted(wr_server *server, struct lws *wsi, wr_connection *connection)
{
    char cookie[200];
    const char *token = server->guard.token;
    if (connection->refused)
        return say(wsi, connection, connection->refused, why(connection->refused));
    snprintf(cookie, sizeof cookie, "%s=%s; Path=/; HttpOnly; SameSite=Strict%s", WR_GUARD_COOKIE, token ? token : "",
             server->guard.tls ? "; Secure" : "");
    if (wr_reply_head(wsi, 204, "text/plain", 0, token ? "set-cookie:" : NULL, cookie))
        return 1;
    return lws_http_transaction_completed(wsi) ? -1 : 0;
}
