#include "describe/summary.h"

#include "core/text.h"
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <weir/log.h>
#include <weir/weir.h>

static json_t *rounded(double value, double step)
{
    return json_real(round(value / step) * step);
}

static json_t *milliseconds(int64_t ns)
{
    return rounded((double)ns / 1e6, 0.001);
}

static json_t *count(uint64_t value)
{
    return json_integer((json_int_t)value);
}

static json_t *spread(const weir_spread *spread)
{
    return json_pack("{s:I, s:o, s:o, s:o}", "count", (json_int_t)spread->count, "p50", milliseconds(spread->p50_ns),
                     "p99", milliseconds(spread->p99_ns), "max", milliseconds(spread->max_ns));
}

/* Text that may come from outside, and hold anything. */
static json_t *text(const char *bytes)
{
    json_t *string = json_string(bytes);
    if (string)
        return string;
    wr_text safe = {0};
    unsigned code;
    wr_text_add(&safe, "%s", "");
    for (int length; *bytes; bytes += length) {
        length = wr_utf8(bytes, &code);
        wr_text_add_char(&safe, length ? bytes[0] : '?');
        for (int i = 1; i < length; i++)
            wr_text_add_char(&safe, bytes[i]);
        length = length ? length : 1;
    }
    string = json_string(safe.data);
    free(safe.data);
    return string;
}

static json_t *masked(const char *sentence)
{
    char *copy = wr_must_copy(sentence);
    json_t *string = text(weir_mask(copy));
    free(copy);
    return string;
}

static json_t *node(const weir_node_stats *stats)
{
    json_t *node = json_object();
    json_object_set_new(node, "name", text(stats->name));
    json_object_set_new(node, "component", text(stats->component));
    json_object_set_new(node, "runner", text(stats->runner));
    json_object_set_new(node, "state", text(stats->state));
    if (stats->error[0])
        json_object_set_new(node, "error", masked(stats->error));
    if (stats->sandbox) {
        json_object_set_new(node, "sandbox", text(stats->sandbox));
        json_object_set_new(node, "sandbox_holds", masked(stats->sandbox_holds));
    }
    json_object_set_new(node, "frames_in", count(stats->frames_in));
    json_object_set_new(node, "frames_out", count(stats->frames_out));
    json_object_set_new(node, "errors", count(stats->errors));
    json_object_set_new(node, "restarts", count(stats->restarts));
    json_object_set_new(node, "lost", count(stats->lost));
    json_object_set_new(node, "busy_ms", spread(&stats->busy));
    json_object_set_new(node, "cpu_s", rounded(stats->cpu_s, 0.001));
    json_object_set_new(node, "hidden_ms", milliseconds(stats->hidden_ns));
    return node;
}

static json_t *dropped(const weir_link_stats *stats)
{
    json_t *reasons = json_object();
    for (int i = 0; i < WEIR_REASONS; i++)
        json_object_set_new(reasons, weir_reason_name((weir_reason)i), count(stats->dropped[i]));
    return reasons;
}

static json_t *link_account(const weir_link_stats *stats)
{
    char take[32];
    json_t *link = json_object();
    json_object_set_new(link, "from", text(stats->from));
    json_object_set_new(link, "to", text(stats->to));
    json_object_set_new(link, "from_port", json_integer(stats->from_port));
    json_object_set_new(link, "to_port", json_integer(stats->to_port));
    json_object_set_new(link, "take", text(weir_policy_text(&stats->policy, take)));
    json_object_set_new(link, "max_age_ms", milliseconds(stats->policy.max_age_ns));
    json_object_set_new(link, "live", json_boolean(stats->live));
    json_object_set_new(link, "inline", json_boolean(stats->inline_));
    if (stats->tap)
        json_object_set_new(link, "tap", json_true());
    json_object_set_new(link, "cut", json_boolean(stats->cut));
    json_object_set_new(link, "offered", count(stats->offered));
    json_object_set_new(link, "taken", count(stats->taken));
    json_object_set_new(link, "waiting", count(stats->waiting));
    json_object_set_new(link, "waiting_max", count(stats->waiting_max));
    json_object_set_new(link, "dropped", dropped(stats));
    json_object_set_new(link, "age_ms", spread(&stats->age));
    json_object_set_new(link, "wait_ms", spread(&stats->wait));
    return link;
}

static json_t *memory(const weir_stats *stats)
{
    return json_pack("{s:I, s:I, s:I}", "bound_bytes", (json_int_t)stats->bound_bytes, "pool_peak_bytes",
                     (json_int_t)stats->pool_peak_bytes, "rss_peak_bytes", (json_int_t)stats->rss_peak_bytes);
}

char *wr_summary_json(const weir_stats *stats, bool lines)
{
    json_t *root = json_object(), *nodes = json_array(), *links = json_array();
    for (int i = 0; i < stats->nodes; i++)
        json_array_append_new(nodes, node(&stats->node[i]));
    for (int i = 0; i < stats->links; i++)
        json_array_append_new(links, link_account(&stats->link[i]));
    json_object_set_new(root, "weir", json_string(WEIR_VERSION));
    json_object_set_new(root, "pipeline", text(stats->pipeline));
    json_object_set_new(root, "duration_s", rounded(stats->duration_s, 0.001));
    json_object_set_new(root, "end", text(stats->end));
    json_object_set_new(root, "nodes", nodes);
    json_object_set_new(root, "links", links);
    json_object_set_new(root, "memory", memory(stats));
    char *json = root ? json_dumps(root, (lines ? JSON_INDENT(2) : JSON_COMPACT) | JSON_REAL_PRECISION(15)) : NULL;
    json_decref(root);
    return json;
}
