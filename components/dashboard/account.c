#include "account.h"

#include "describe/summary.h" /* the one account there is: what weir run --summary writes */
#include <jansson.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <weir/log.h>

/* --- what it is made of --- */

static json_t *options_of(const char *lines)
{
    json_t *options = json_object();
    while (lines && *lines) {
        size_t key = strcspn(lines, "=\n"), all = strcspn(lines, "\n");
        char *name = strndup(lines, key);
        if (name && key < all)
            json_object_set_new(options, name, json_stringn(lines + key + 1, all - key - 1));
        free(name);
        lines += all + (lines[all] == '\n');
    }
    return options;
}

static json_t *node_of(const weir_node_stats *stats)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:o}", "name", stats->name, "component", stats->component, "runner",
                     stats->runner, "help", stats->summary ? stats->summary : "", "options",
                     options_of(stats->options));
}

char *wr_account_graph(const weir_stats *stats)
{
    char take[32];
    json_t *nodes = json_array(), *links = json_array();
    for (int i = 0; i < stats->nodes; i++)
        json_array_append_new(nodes, node_of(&stats->node[i]));
    for (int i = 0; i < stats->links; i++) {
        const weir_link_stats *link = &stats->link[i];
        if (!link->tap)
            json_array_append_new(links, json_pack("{s:s, s:s, s:s, s:b}", "from", link->from, "to", link->to, "take",
                                                   weir_policy_text(&link->policy, take), "live", link->live));
    }
    json_t *graph = json_pack("{s:s, s:o, s:o}", "pipeline", stats->pipeline, "nodes", nodes, "links", links);
    char *text = json_dumps(graph, JSON_COMPACT);
    json_decref(graph);
    return text;
}

/* --- how it is --- */

/* Of many viewers each would be told of all the others, and none asks. */
static char *summary_without_viewers(const weir_stats *stats)
{
    weir_stats rest = *stats;
    rest.links = 0;
    rest.link = calloc((size_t)stats->links + 1, sizeof *rest.link);
    for (int i = 0; rest.link && i < stats->links; i++)
        if (!stats->link[i].tap)
            rest.link[rest.links++] = stats->link[i];
    char *summary = rest.link ? wr_summary_json(&rest, true) : NULL;
    free(rest.link);
    return summary;
}

char *wr_account_state(const weir_stats *stats, bool viewers)
{
    struct timespec utc;
    char *summary = viewers ? wr_summary_json(stats, true) : summary_without_viewers(stats), *text = NULL;
    clock_gettime(CLOCK_REALTIME, &utc);
    if (!summary ||
        asprintf(&text, "{\"type\":\"state\",\"now_ms\":%lld.%03ld,\"summary\":%s}",
                 (long long)utc.tv_sec * 1000 + utc.tv_nsec / 1000000, utc.tv_nsec / 1000 % 1000, summary) < 0)
        text = NULL;
    free(summary);
    return text;
}

char *wr_account_gone(const weir_stats *stats, const char *source, uint32_t stream, bool sure)
{
    char error[sizeof stats->node->error] = "";
    const char *state = "running";
    for (int i = 0; i < stats->nodes; i++)
        if (strcmp(stats->node[i].name, source) == 0) {
            state = stats->node[i].state;
            memcpy(error, stats->node[i].error, sizeof error);
        }
    const bool done = strcmp(state, "done") == 0, failed = strcmp(state, "failed") == 0 || strcmp(state, "stuck") == 0;
    if (!done && !(failed && *error) && !sure) /* why a process has failed is known a little later than that it has */
        return NULL;
    json_t *reason = failed && *error ? json_sprintf("%s: %s", state, weir_mask(error))
                                      : json_string(failed ? state
                                                    : done ? "it came to its end"
                                                           : "nothing of it leads here any more");
    json_t *object = json_pack("{s:s, s:I, s:o}", "type", "gone", "stream", (json_int_t)stream, "reason",
                               reason ? reason : json_string(state));
    char *text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    return text;
}

/* --- for Prometheus --- */

/* A label's value: backslash, quote and line end are escaped. */
static void put_value(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\\' || *text == '"')
            fputc('\\', out);
        if (*text == '\n')
            fputs("\\n", out);
        else
            fputc(*text, out);
    }
}

static void head(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_link(FILE *out, const char *name, const weir_link_stats *link, const char *more, double value)
{
    fprintf(out, "%s{from=\"", name);
    put_value(out, link->from);
    fputs("\",to=\"", out);
    put_value(out, link->to);
    fprintf(out, "\"%s} %.17g\n", more, value);
}

static void put_node(FILE *out, const char *name, const weir_node_stats *node, double value)
{
    fprintf(out, "%s{node=\"", name);
    put_value(out, node->name);
    fputs("\",component=\"", out);
    put_value(out, node->component);
    fprintf(out, "\"} %.17g\n", value);
}

typedef struct node_metric {
    const char *name, *type, *help;
    double (*of)(const weir_node_stats *node);
} node_metric;

static double frames_in(const weir_node_stats *node)
{
    return (double)node->frames_in;
}
static double frames_out(const weir_node_stats *node)
{
    return (double)node->frames_out;
}
static double errors(const weir_node_stats *node)
{
    return (double)node->errors;
}
static double restarts(const weir_node_stats *node)
{
    return (double)node->restarts;
}
static double lost(const weir_node_stats *node)
{
    return (double)node->lost;
}
static double cpu(const weir_node_stats *node)
{
    return node->cpu_s;
}
static double up(const weir_node_stats *node)
{
    return strcmp(node->state, "failed") != 0 && strcmp(node->state, "stuck") != 0;
}

static const node_metric node_metrics[] = {
    {"weir_node_frames_in_total", "counter", "Frames that a node took.", frames_in},
    {"weir_node_frames_out_total", "counter", "Frames that a node sent.", frames_out},
    {"weir_node_errors_total", "counter", "Errors that a node survived.", errors},
    {"weir_node_restarts_total", "counter", "How often the process of a node was started again.", restarts},
    {"weir_node_lost_total", "counter", "Frames that a node could not use, or had in hand when its process died.",
     lost},
    {"weir_node_cpu_seconds_total", "counter", "Processor time of a node.", cpu},
    {"weir_node_up", "gauge", "1, or 0 when a node has failed or is stuck.", up},
};

static void put_drops(FILE *out, const weir_stats *stats)
{
    char reason[64];
    head(out, "weir_link_dropped_total", "counter", "Frames that a link let go, by reason.");
    for (int i = 0; i < stats->links; i++)
        for (int r = 0; r < WEIR_REASONS; r++) {
            snprintf(reason, sizeof reason, ",reason=\"%s\"", weir_reason_name((weir_reason)r));
            put_link(out, "weir_link_dropped_total", &stats->link[i], reason, (double)stats->link[i].dropped[r]);
        }
}

static void put_histogram(FILE *out, const char *name, const char *help, const weir_stats *stats, size_t at)
{
    char series[80], bound[48];
    head(out, name, "histogram", help);
    for (int i = 0; i < stats->links; i++) {
        const weir_link_stats *link = &stats->link[i];
        const weir_spread *spread = (const weir_spread *)((const char *)link + at);
        snprintf(series, sizeof series, "%s_bucket", name);
        for (int b = 0; b < WEIR_SPREAD_BOUNDS; b++) {
            snprintf(bound, sizeof bound, ",le=\"%g\"", (double)weir_spread_bound_ns[b] / 1e9);
            put_link(out, series, link, bound, (double)spread->within[b]);
        }
        put_link(out, series, link, ",le=\"+Inf\"", (double)spread->count);
        snprintf(series, sizeof series, "%s_sum", name);
        put_link(out, series, link, "", (double)spread->sum_ns / 1e9);
        snprintf(series, sizeof series, "%s_count", name);
        put_link(out, series, link, "", (double)spread->count);
    }
}

static void put_links(FILE *out, const weir_stats *stats)
{
    head(out, "weir_link_offered_total", "counter", "Frames that were offered to a link.");
    for (int i = 0; i < stats->links; i++)
        put_link(out, "weir_link_offered_total", &stats->link[i], "", (double)stats->link[i].offered);
    head(out, "weir_link_taken_total", "counter", "Frames that a link's consumer took.");
    for (int i = 0; i < stats->links; i++)
        put_link(out, "weir_link_taken_total", &stats->link[i], "", (double)stats->link[i].taken);
    head(out, "weir_link_waiting", "gauge", "Frames that wait in a link.");
    for (int i = 0; i < stats->links; i++)
        put_link(out, "weir_link_waiting", &stats->link[i], "", (double)stats->link[i].waiting);
    put_drops(out, stats);
    put_histogram(out, "weir_link_age_seconds", "Age of frames when taken, since capture.", stats,
                  offsetof(weir_link_stats, age));
    put_histogram(out, "weir_link_wait_seconds", "Time that frames waited in a link.", stats,
                  offsetof(weir_link_stats, wait));
}

char *wr_account_metrics(const weir_stats *stats)
{
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    if (!out)
        return NULL;
    for (size_t m = 0; m < sizeof node_metrics / sizeof *node_metrics; m++) {
        head(out, node_metrics[m].name, node_metrics[m].type, node_metrics[m].help);
        for (int i = 0; i < stats->nodes; i++)
            put_node(out, node_metrics[m].name, &stats->node[i], node_metrics[m].of(&stats->node[i]));
    }
    put_links(out, stats);
    head(out, "weir_memory_bound_bytes", "gauge", "The most memory that frames can need.");
    fprintf(out, "weir_memory_bound_bytes %llu\n", (unsigned long long)stats->bound_bytes);
    head(out, "weir_memory_resident_peak_bytes", "gauge", "The most memory that the processes ever held.");
    fprintf(out, "weir_memory_resident_peak_bytes %llu\n", (unsigned long long)stats->rss_peak_bytes);
    head(out, "weir_uptime_seconds", "gauge", "Time since the pipeline was started.");
    fprintf(out, "weir_uptime_seconds %.3f\n", stats->duration_s);
    fclose(out);
    return text;
}
