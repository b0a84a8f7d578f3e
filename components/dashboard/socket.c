/* Viewers on their connections: WebSockets, server-sent events, and who waits for one picture. */
#include "server_inside.h"

#include "account.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <weir/weir.h>

enum { STATE_LEAST_MS = 200, STATE_MOST_MS = 60000, WATCH_MOST = 1024 };
static const int64_t stalled_ns = 10ll * 1000000000;

/* --- what a page is told --- */

static char *hello(wr_server *server, const wr_viewer *viewer, unsigned *version)
{
    json_t *streams = wr_hub_streams(server->hub, version);
    weir_stats *stats = weir_observe(server->node);
    json_t *object = json_pack("{s:s, s:s, s:s, s:o, s:I, s:o}", "type", "hello", "weir", WEIR_VERSION, "pipeline",
                               stats ? stats->pipeline : "", "now_ms",
                               json_real(wr_message_wall_ms(server->node, weir_now(server->node))), "viewer",
                               (json_int_t)viewer->number, "streams", streams);
    char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(15));
    weir_stats_free(stats);
    json_decref(object);
    return text;
}

/* Streams offer more than before, or begin to: what is watched is looked at again. */
static void tell_news(wr_server *server, wr_viewer *viewer)
{
    unsigned version = wr_hub_version(server->hub);
    if (viewer->told == version + 1)
        return;
    char *text = hello(server, viewer, &version);
    viewer->told = version + 1;
    wr_viewer_tell(viewer, wr_notice_new(text));
    free(text);
    for (uint32_t s = 0; s < viewer->streams; s++)
        if (viewer->watch[s].as != WR_AS_NOTHING)
            wr_hub_watch(server->hub, viewer, s, viewer->watch[s].as, viewer->watch[s].width_px);
}

/* One account serves all who are told in the same tick. */
static void tell_state(wr_server *server, wr_viewer *viewer)
{
    weir_stats *stats = server->state ? NULL : weir_observe(server->node);
    if (stats) {
        char *text = wr_account_state(stats);
        server->state = wr_notice_new(text);
        free(text);
    }
    weir_stats_free(stats);
    wr_viewer_tell(viewer, wr_notice_ref(server->state));
}

void wr_socket_forget_state(wr_server *server)
{
    wr_notice_drop(server->state);
    server->state = NULL;
}

bool wr_socket_joined(wr_server *server, struct lws *wsi, wr_connection *connection)
{
    connection->viewer = wr_hub_join(server->hub, wsi);
    if (!connection->viewer)
        return false;
    tell_news(server, connection->viewer);
    lws_callback_on_writable(wsi);
    return true;
}

void wr_socket_left(wr_server *server, wr_connection *connection)
{
    if (connection->viewer)
        wr_hub_leave(server->hub, connection->viewer);
    free(connection->owned);
    *connection = (wr_connection){0};
}

bool wr_socket_tick(wr_server *server, wr_connection *connection)
{
    wr_viewer *viewer = connection ? connection->viewer : NULL;
    int64_t now_ns = weir_now(server->node);
    if (!viewer)
        return true;
    if (!wr_viewer_waits(viewer))
        viewer->moved_ns = now_ns;
    if (connection->kind == WR_ONE_PICTURE)
        return true; /* it has a time of its own */
    tell_news(server, viewer);
    if (viewer->state_every_ns && now_ns >= viewer->state_at_ns) {
        tell_state(server, viewer);
        viewer->state_at_ns = now_ns + viewer->state_every_ns;
    }
    return now_ns - viewer->moved_ns < stalled_ns;
}

/* --- what a page says --- */

static wr_as as_of(const char *text)
{
    return !text                          ? WR_AS_NOTHING
           : strcmp(text, "packets") == 0 ? WR_AS_PACKETS
           : strcmp(text, "jpeg") == 0    ? WR_AS_JPEG
           : strcmp(text, "results") == 0 ? WR_AS_RESULTS
                                          : WR_AS_NOTHING;
}

static void watch(wr_server *server, wr_viewer *viewer, const json_t *streams)
{
    const json_t *wanted;
    size_t i;
    bool *named = calloc(viewer->streams + 1, sizeof *named);
    json_array_foreach(streams, i, wanted)
    {
        json_int_t id = json_integer_value(json_object_get(wanted, "id")),
                   width = json_integer_value(json_object_get(wanted, "width"));
        if (!named || i >= WATCH_MOST || id < 0 || id >= (json_int_t)viewer->streams)
            break;
        named[id] = true;
        wr_hub_watch(server->hub, viewer, (uint32_t)id, as_of(json_string_value(json_object_get(wanted, "as"))),
                     width > 0 && width < 100000 ? (unsigned)width : 640);
    }
    for (uint32_t s = 0; named && s < viewer->streams; s++)
        if (!named[s])
            wr_hub_watch(server->hub, viewer, s, WR_AS_NOTHING, 0);
    free(named);
}

static void want_state(wr_viewer *viewer, json_int_t every_ms)
{
    every_ms = every_ms <= 0               ? 0
               : every_ms < STATE_LEAST_MS ? STATE_LEAST_MS
               : every_ms > STATE_MOST_MS  ? STATE_MOST_MS
                                           : every_ms;
    viewer->state_every_ns = every_ms * 1000000;
    viewer->state_at_ns = 0;
}

int wr_socket_heard(wr_server *server, wr_connection *connection, const char *text, size_t bytes)
{
    json_t *said = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, NULL);
    const char *type = json_string_value(json_object_get(said, "type"));
    const bool known = type && (strcmp(type, "watch") == 0 || strcmp(type, "state") == 0);
    if (known && type[0] == 'w')
        watch(server, connection->viewer, json_object_get(said, "streams"));
    else if (known)
        want_state(connection->viewer, json_integer_value(json_object_get(said, "every_ms")));
    json_decref(said);
    if (known)
        lws_callback_on_writable(connection->viewer->connection);
    return known ? 0 : -1;
}

/* --- what goes out --- */

static int write_notice(struct lws *wsi, wr_notice *notice)
{
    int written = lws_write(wsi, wr_notice_text(notice), notice->bytes, LWS_WRITE_TEXT);
    return written < (int)notice->bytes ? -1 : 0;
}

static int write_message(struct lws *wsi, const weir_frame *frame)
{
    wr_message message = wr_message_of(frame);
    if (!message.data)
        return 0;
    wr_message_set_flags(&message, frame);
    int written = lws_write(wsi, message.data, message.bytes, message.text ? LWS_WRITE_TEXT : LWS_WRITE_BINARY);
    return written < (int)message.bytes ? -1 : 0;
}

int wr_socket_send(wr_server *server, struct lws *wsi, wr_connection *connection)
{
    wr_next next;
    int result = 0;
    if (!wr_hub_next(server->hub, connection->viewer, &next))
        return 0;
    connection->viewer->moved_ns = weir_now(server->node);
    if (next.notice)
        result = write_notice(wsi, next.notice);
    else
        result = write_message(wsi, &next.frame);
    wr_notice_drop(next.notice);
    weir_frame_drop(&next.frame);
    if (wr_viewer_waits(connection->viewer))
        lws_callback_on_writable(wsi);
    return result;
}

/* "data: {...}\n\n", for each result; what else a page would be told is left out. */
int wr_events_send(wr_server *server, struct lws *wsi, wr_connection *connection)
{
    wr_next next;
    int result = 0;
    if (!wr_hub_next(server->hub, connection->viewer, &next))
        return 0;
    connection->viewer->moved_ns = weir_now(server->node);
    wr_message message = wr_message_of(&next.frame);
    if (!next.notice && message.text) {
        size_t bytes = message.bytes + 8;
        unsigned char *event = malloc(LWS_PRE + bytes);
        if (event) {
            memcpy(event + LWS_PRE, "data: ", 6);
            memcpy(event + LWS_PRE + 6, message.data, message.bytes);
            memcpy(event + LWS_PRE + 6 + message.bytes, "\n\n", 2);
            result = lws_write(wsi, event + LWS_PRE, bytes, LWS_WRITE_HTTP) < (int)bytes ? -1 : 0;
        }
        free(event);
    }
    wr_notice_drop(next.notice);
    weir_frame_drop(&next.frame);
    if (wr_viewer_waits(connection->viewer))
        lws_callback_on_writable(wsi);
    return result;
}

/* The first picture that comes is the answer. */
int wr_picture_send(wr_server *server, struct lws *wsi, wr_connection *connection)
{
    wr_next next;
    if (weir_now(server->node) > connection->until_ns)
        return wr_reply(wsi, connection, 503, "text/plain", "no picture came within 3 s\n", 0, NULL);
    if (!wr_hub_next(server->hub, connection->viewer, &next))
        return 0;
    wr_message message = wr_message_of(&next.frame);
    char *copy = NULL;
    size_t bytes = 0;
    if (!next.notice && !message.text && message.bytes > WR_MESSAGE_HEADER) {
        bytes = message.bytes - WR_MESSAGE_HEADER;
        copy = malloc(bytes);
        if (copy)
            memcpy(copy, message.data + WR_MESSAGE_HEADER, bytes);
    }
    wr_notice_drop(next.notice);
    weir_frame_drop(&next.frame);
    if (!copy) {
        lws_callback_on_writable(wsi);
        return 0;
    }
    wr_hub_leave(server->hub, connection->viewer);
    connection->viewer = NULL;
    return wr_reply(wsi, connection, 200, "image/jpeg", copy, bytes, copy);
}
