/* dashboard: a web server with a page that shows every stream live, what was found in it, and how the pipeline is.
 * docs/notes/0006-dashboard.md says how it is made up. */
#include "server.h"
#include "token.h"
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <weir/component.h>

typedef struct dashboard_options {
    weir_string listen, hosts;
    int viewers;
    weir_path token, certificate, key;
} dashboard_options;

static const int64_t tick_ns = 250000000, slack_ns = 100000000;
enum { HOSTS_MOST = 16, FILES_MOST = 8192 };

typedef struct dashboard_state {
    char host[256], secret[WR_TOKEN_TEXT], hosts[1024];
    const char *names[HOSTS_MOST + 1];
    bool open_to_others; /* not only this machine can reach it */
    bool fresh;          /* the token was made now */
    char run[17];
    int64_t tick_at_ns;
    wr_server_options server_options;
    wr_server *server;
} dashboard_state;

static bool given(const weir_path *path)
{
    return path->text && *path->text;
}

static weir_status plan(weir_node *node)
{
    const dashboard_options *options = weir_options(node);
    dashboard_state *state = weir_state(node);
    int port;
    if (!wr_guard_address(options->listen.text, state->host, sizeof state->host, &port))
        return weir_fail(node, WEIR_BAD_OPTION,
                         "listen=%s is no address; write 127.0.0.1:8080, or :8080 for all addresses",
                         options->listen.text);
    if (given(&options->certificate) != given(&options->key))
        return weir_fail(node, WEIR_BAD_OPTION, "certificate= and key= belong together; give both");
    state->open_to_others = !wr_guard_is_loopback(state->host);
    state->server_options =
        (wr_server_options){.guard = {.host = state->host,
                                      .port = port,
                                      .more = state->names,
                                      .tls = given(&options->certificate),
                                      .token = state->open_to_others ? state->secret : NULL},
                            .certificate = given(&options->certificate) ? options->certificate.text : NULL,
                            .key = options->key.text,
                            .viewers = (unsigned)options->viewers,
                            .run = state->run};
    snprintf(state->hosts, sizeof state->hosts, "%s", options->hosts.text);
    int names = 0;
    for (char *rest = state->hosts, *name; names < HOSTS_MOST && (name = strsep(&rest, ", "));)
        if (*name)
            state->names[names++] = name;
    state->names[names] = NULL;
    weir_plan_sockets(node, WEIR_MAY_LISTEN);
    return wr_hub_plan(node, (unsigned)options->viewers);
}

/* As many connections as the system lets us have. */
static void raise_limit(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max < FILES_MOST ? files.rlim_max : FILES_MOST;
    setrlimit(RLIMIT_NOFILE, &files);
}

/* A number for this run of the pipeline, the same in each process of it: frames go on where they were, or do not. */
static void name_run(weir_node *node, char run[17])
{
    int64_t number = weir_bookmark(node);
    if (number == 0 && getrandom(&number, sizeof number, 0) != (ssize_t)sizeof number)
        number = weir_now(node);
    weir_set_bookmark(node, number);
    snprintf(run, 17, "%016llx", (unsigned long long)number);
}

/* Who is not on this machine must say a token. */
static weir_status guard(weir_node *node)
{
    char why[PATH_MAX + 200];
    const dashboard_options *options = weir_options(node);
    dashboard_state *state = weir_state(node);
    if (!wr_token_get(options->token.text, state->secret, &state->fresh, why, sizeof why))
        return weir_fail(node, WEIR_IO, "%s", why);
    if (!state->server_options.guard.tls)
        weir_note(
            node, WEIR_LOG_WARNING,
            "pages and the token go over the network as they are; give certificate= and key=, or put a proxy in front");
    return WEIR_OK;
}

static weir_status prepare(weir_node *node)
{
    char why[200];
    dashboard_state *state = weir_state(node);
    raise_limit();
    name_run(node, state->run);
    const weir_status status = state->open_to_others ? guard(node) : WEIR_OK;
    if (status < 0)
        return status;
    state->server = wr_server_new(node, &state->server_options, why, sizeof why);
    return state->server ? WEIR_OK : weir_fail(node, WEIR_IO, "%s", why);
}

/* Where it is. The only time that the token is shown, it goes with the address, behind #, which no server is sent; and not
 * into the log. */
static void tell_address(weir_node *node, const dashboard_state *state)
{
    char address[300];
    const bool six = strchr(state->host, ':') != NULL, every = !*state->host;
    const dashboard_options *options = weir_options(node);
    snprintf(address, sizeof address, "%s://%s%s%s:%d/", state->server_options.guard.tls ? "https" : "http",
             six ? "[" : "", every ? "0.0.0.0" : state->host, six ? "]" : "", wr_server_port(state->server));
    if (state->fresh && weir_restarts(node) == 0)
        fprintf(stderr, "weir: %s: %s#token=%s (the token is kept in %s)\n", weir_name(node), address, state->secret,
                options->token.text);
    else
        weir_note(node, WEIR_LOG_INFO, "%s", address);
}

static weir_status open_dashboard(weir_node *node)
{
    char why[512];
    dashboard_state *state = weir_state(node);
    if (!wr_server_listen(state->server, why, sizeof why)) {
        wr_server_stop(state->server);
        state->server = NULL;
        return weir_fail(node, WEIR_IO, "%s", why);
    }
    weir_wake_at(node, 0);
    tell_address(node, state);
    return WEIR_OK;
}

/* Woken because something happened on a connection, or since it is time; mostly a frame comes before, and then for it. */
static weir_status tick(weir_node *node)
{
    dashboard_state *state = weir_state(node);
    const int64_t now_ns = weir_now(node);
    if (now_ns >= state->tick_at_ns) {
        wr_server_tick(state->server);
        state->tick_at_ns = now_ns + tick_ns;
    }
    weir_wake_at(node, state->tick_at_ns + slack_ns);
    return wr_server_turn(state->server) ? WEIR_MORE : WEIR_OK;
}

static weir_status process(weir_node *node, int input, const weir_frame *frame)
{
    dashboard_state *state = weir_state(node);
    wr_server_frame(state->server, input, frame);
    if (weir_now(node) >= state->tick_at_ns && tick(node) == WEIR_MORE)
        weir_wake(node);
    return WEIR_OK;
}

static weir_status finish(weir_node *node, int input)
{
    dashboard_state *state = weir_state(node);
    wr_server_ended(state->server, input);
    return WEIR_OK;
}

static void close_dashboard(weir_node *node)
{
    dashboard_state *state = weir_state(node);
    wr_server_stop(state->server);
    explicit_bzero(state->secret, sizeof state->secret);
}

static const weir_option options[] = {
    WEIR_OPTION(dashboard_options, listen, "address and port; any but this machine's own asks for a token",
                .text = "127.0.0.1:8080"),
    WEIR_OPTION(dashboard_options, viewers, "that may watch at a time", .text = "64", .min = 1, .max = 1024),
    WEIR_OPTION(dashboard_options, token, "file with the token; made if it is not there", .text = "weir-token"),
    WEIR_OPTION(dashboard_options, certificate, "PEM file, for https"),
    WEIR_OPTION(dashboard_options, key, "PEM file that belongs to it"),
    WEIR_OPTION(dashboard_options, hosts, "further names that browsers may know it by, with commas between"),
    {0},
};

static const weir_port inputs[] = {
    {.name = "in",
     .wants = {"weir.packet/1", "weir.codec/1", "weir.picture/1", "weir.boxes/1", "weir.points/1"},
     .flags = WEIR_PORT_MANY},
    {0},
};

static const weir_component_class dashboard = {
    .name = "dashboard",
    .summary = "shows every stream live in a browser, with what was found, and how the pipeline is",
    .inputs = inputs,
    .options = options,
    .options_bytes = sizeof(dashboard_options),
    .state_bytes = sizeof(dashboard_state),
    .flags = WEIR_EXPOSED | WEIR_OBSERVES,
    .plan = plan,
    .prepare = prepare,
    .open = open_dashboard,
    .process = process,
    .finish = finish,
    .tick = tick,
    .close = close_dashboard,
};

WEIR_PLUGIN(&dashboard);
