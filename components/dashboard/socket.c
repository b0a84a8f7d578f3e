/* Viewers on their connections: WebSockets, server-sent events, and who waits for one picture. */
#include "server_inside.h"

#include "account.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <weir/weir.h>

static const int64_t stalled_ns = 10000000000, sign_of_life_ns = 5000000000;
static const int64_t settling_ns = 2000000000; /* so long after its end a source has said in the account how it ended */

/* --- what a page is told --- */

static char *hello(wr_server *server, const wr_viewer *viewer, unsigned *version)
{
    json_t *streams = wr_hub_streams(server->hub, version);
    weir_stats *stats = weir_observe(server->node);
    json_t *object = json_pack("{s:s, s:s, s:s, s:s, s:o, s:I, s:o}", "type", "hello", "weir", WEIR_VERSION, "run",
                               server->options->run, "pipeline", stats ? stats->pipeline : "", "now_ms",
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
    for (uint32_t s = 0; s < viewer->streams; s++) {
        viewer->watch[s].gone_told = false;
        if (viewer->watch[s].as != WR_AS_NOTHING)
            wr_hub_watch(server->hub, viewer, s, viewer->watch[s].as, viewer->watch[s].width_px);
    }
}

/* Streams that have ended, once all of them that waits for this viewer was taken. */
static void tell_gone(wr_server *server, wr_viewer *viewer, int64_t now_ns)
{
    for (uint32_t s = 0; s < viewer->streams; s++) {
        wr_watch *watch = &viewer->watch[s];
        const int64_t ended_ns = watch->gone_told ? 0 : wr_hub_stream_ended(server->hub, s);
        weir_stats *stats = ended_ns && !wr_viewer_waits_for(viewer, s) ? weir_observe(server->node) : NULL;
        const bool sure = now_ns - ended_ns > settling_ns;
        char *text = stats ? wr_account_gone(stats, weir_stream_name(server->node, s), s, sure) : NULL;
        watch->gone_told |= text != NULL;
        wr_viewer_tell(viewer, wr_notice_new(text));
        free(text);
        weir_stats_free(stats);
    }
}

/* One account serves all who are told in the same tick. */
static void tell_state(wr_server *server, wr_viewer *viewer)
{
    weir_stats *stats = server->state ? NULL : weir_observe(server->node);
    if (stats) {
        char *text = wr_account_state(stats, false);
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
    tell_gone(server, viewer, now_ns);
    if (viewer->state_every_ns && now_ns >= viewer->state_at_ns) {
        tell_state(server, viewer);
        viewer->state_at_ns =
            (now_ns / viewer->state_every_ns + 1) * viewer->state_every_ns; /* many at the same time */
    }
    return now_ns - viewer->moved_ns < stalled_ns;
}

/* --- what a page says --- */

int wr_socket_heard(wr_server *server, wr_connection *connection, const char *text, size_t bytes)
{
    wr_viewer *viewer = connection->viewer;
    int64_t every_ns;
    wr_wish *wish = calloc(viewer->streams + 1, sizeof *wish);
    const wr_says says = wish ? wr_wish_read(text, bytes, wish, viewer->streams, &every_ns) : WR_SAYS_NOTHING;
    for (uint32_t s = 0; says == WR_SAYS_WATCH && s < viewer->streams; s++)
        wr_hub_watch(server->hub, viewer, s, wish[s].as, wish[s].width_px);
    if (says == WR_SAYS_STATE) {
        viewer->state_every_ns = every_ns;
        viewer->state_at_ns = 0;
    }
    free(wish);
    if (says == WR_SAYS_NOTHING)
        return -1;
    lws_callback_on_writable(viewer->connection);
    return 0;
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

/* A viewer is not listened to while it takes only part of what is sent: the library (version 4.1) goes round for ever, and
 * serves nobody, over one that leaves just then. Called when all was taken, and after sending. */
static void listen_if_taken(struct lws *wsi, wr_connection *connection)
{
    const bool ignored = lws_partial_buffered(wsi);
    if (ignored != connection->ignored)
        lws_rx_flow_control(wsi, !ignored);
    connection->ignored = ignored;
}

int wr_socket_send(wr_server *server, struct lws *wsi, wr_connection *connection)
{
    wr_next next;
    int result = 0;
    wr_viewer *viewer = connection->viewer;
    bool more = true;
    while (more) {
        if (!wr_hub_next(server->hub, viewer, &next)) {
            viewer->behind = viewer->holds; /* without memory to say what must go before it */
            break;
        }
        result = next.notice ? write_notice(wsi, next.notice) : write_message(wsi, &next.frame);
        wr_notice_drop(next.notice);
        weir_frame_drop(&next.frame);
        viewer->moved_ns = weir_now(server->node);
        more = result == 0 && !lws_partial_buffered(wsi) && viewer->behind;
    }
    listen_if_taken(wsi, connection);
    return result;
}

static int write_event(struct lws *wsi, wr_connection *connection, int64_t now_ns, const char *before,
                       const unsigned char *data, size_t bytes)
{
    const size_t before_bytes = strlen(before), all = before_bytes + bytes + 2;
    unsigned char *event = malloc(LWS_PRE + all);
    if (!event)
        return 0;
    memcpy(event + LWS_PRE, before, before_bytes);
    memcpy(event + LWS_PRE + before_bytes, data, bytes);
    memcpy(event + LWS_PRE + before_bytes + bytes, "\n\n", 2);
    const int written = lws_write(wsi, event + LWS_PRE, all, LWS_WRITE_HTTP);
    free(event);
    connection->until_ns = now_ns + sign_of_life_ns;
    return written < (int)all ? -1 : 0;
}

/* "data: {...}\n\n", for each result; what else a page would be told is left out. Where nothing is found a comment goes out
 * now and then: only who is written to is seen to be gone. */
int wr_events_send(wr_server *server, struct lws *wsi, wr_connection *connection)
{
    wr_next next;
    int result = 0;
    const int64_t now_ns = weir_now(server->node);
    if (!wr_hub_next(server->hub, connection->viewer, &next))
        return now_ns < connection->until_ns ? 0 : write_event(wsi, connection, now_ns, ":", (unsigned char *)"", 0);
    connection->viewer->moved_ns = now_ns;
    const wr_message message = wr_message_of(&next.frame);
    if (!next.notice && message.text)
        result = write_event(wsi, connection, now_ns, "data: ", message.data, message.bytes);
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
    return wr_reply(wsi, connection, 200, "image/jpeg", NULL, bytes, copy);
}
