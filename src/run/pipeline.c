#include "run/pipeline.h"

#include "core/clock.h"
#include "run/supervisor.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct weir_pipeline {
    wr_description *description;
    wr_problems problems;
    char *error; /* the problems as one text */
    wr_graph *graph;
    bool built, good, ran;
    wr_supervisor supervisor;
};

weir_pipeline *weir_pipeline_new(const char *name)
{
    weir_pipeline *pipeline = wr_memory_lines(sizeof *pipeline);
    if (!pipeline)
        return NULL;
    pipeline->description = wr_description_new(name ? name : "pipeline", "");
    pipeline->graph = wr_graph_new();
    wr_supervisor_init(&pipeline->supervisor, pipeline->graph);
    return pipeline;
}

void weir_pipeline_free(weir_pipeline *pipeline)
{
    if (!pipeline)
        return;
    if (pipeline->supervisor.left_behind)
        return; /* a thread that did not come back still uses it */
    wr_supervisor_free(&pipeline->supervisor);
    wr_graph_free(pipeline->graph);
    wr_description_free(pipeline->description);
    wr_problems_clear(&pipeline->problems);
    free(pipeline->error);
    free(pipeline);
}

wr_description *wr_pipeline_description(weir_pipeline *pipeline)
{
    return pipeline->description;
}

wr_problems *wr_pipeline_problems(weir_pipeline *pipeline)
{
    return &pipeline->problems;
}

/* --- describing --- */

static weir_status refuse(weir_pipeline *pipeline, weir_status status, const char *format, const char *name)
{
    wr_problems_add(&pipeline->problems, "", (wr_place){0, 0}, format, name);
    return status;
}

weir_status weir_pipeline_add(weir_pipeline *pipeline, const char *name, const char *component, const char *options)
{
    if (!wr_name_ok(name))
        return refuse(pipeline, WEIR_BAD_GRAPH, "a node cannot be called \"%s\": use letters, digits, - and _", name);
    if (wr_description_find(pipeline->description, name))
        return refuse(pipeline, WEIR_BAD_GRAPH, "there are two nodes called %s; rename one", name);
    wr_node_text *node = wr_description_add_node(pipeline->description, name, component);
    node->named = true;
    if (options && !wr_line_settings(&node->settings, options, "", &pipeline->problems))
        return WEIR_BAD_OPTION;
    return WEIR_OK;
}

/* "camera.out" to "camera" and "out". */
static void split_end(const char *end, char name[64], char port[64])
{
    size_t bytes = strcspn(end, ".");
    snprintf(name, 64, "%.*s", (int)(bytes < 63 ? bytes : 63), end);
    snprintf(port, 64, "%s", end[bytes] ? end + bytes + 1 : "");
}

static void write_policy(wr_link_text *link, const weir_policy *policy)
{
    char text[32];
    const wr_place none = {0, 0};
    if (policy->take != WEIR_EVERY)
        wr_settings_add(&link->settings, "take", none, weir_policy_text(policy, text), none);
    if (policy->take == WEIR_EVERY && policy->depth) {
        snprintf(text, sizeof text, "%u", policy->depth);
        wr_settings_add(&link->settings, "hold", none, text, none);
    }
    if (policy->max_age_ns) {
        snprintf(text, sizeof text, "%.6fs", (double)policy->max_age_ns / 1e9);
        wr_settings_add(&link->settings, "max_age", none, text, none);
    }
}

weir_status weir_pipeline_link(weir_pipeline *pipeline, const char *from, const char *to, const weir_policy *policy)
{
    char from_name[64], from_port[64], to_name[64], to_port[64];
    split_end(from, from_name, from_port);
    split_end(to, to_name, to_port);
    if (!wr_description_find(pipeline->description, from_name))
        return refuse(pipeline, WEIR_BAD_GRAPH, "there is no node %s to link from; add it first", from_name);
    if (!wr_description_find(pipeline->description, to_name))
        return refuse(pipeline, WEIR_BAD_GRAPH, "there is no node %s to link to; add it first", to_name);
    wr_link_text *link = wr_description_add_link(pipeline->description, from_name, from_port, to_name, to_port);
    if (policy)
        write_policy(link, policy);
    return WEIR_OK;
}

weir_status weir_pipeline_line(weir_pipeline *pipeline, const char *line)
{
    return wr_line_parse(pipeline->description, line, &pipeline->problems) ? WEIR_OK : WEIR_BAD_OPTION;
}

static bool known_runner(const char *runner)
{
    static const char *const runners[] = {"inline", "thread", "pool", "process", NULL};
    return wr_one_of(runner, runners);
}

weir_status weir_pipeline_runner(weir_pipeline *pipeline, const char *runner)
{
    if (!known_runner(runner))
        return refuse(pipeline, WEIR_BAD_OPTION, "there is no runner %s; use inline, thread, pool or process", runner);
    pipeline->graph->runner = strcmp(runner, "process") == 0 ? "process"
                              : runner[0] == 'i'             ? "inline"
                              : runner[0] == 't'             ? "thread"
                                                             : "pool";
    return WEIR_OK;
}

weir_status wr_pipeline_force_runner(weir_pipeline *pipeline, const char *runner)
{
    weir_status status = weir_pipeline_runner(pipeline, runner);
    pipeline->graph->runner_forced = status == WEIR_OK;
    return status;
}

void weir_pipeline_isolate(weir_pipeline *pipeline)
{
    pipeline->graph->isolate = true;
}

void weir_pipeline_tell_sandbox(weir_pipeline *pipeline)
{
    pipeline->graph->sandbox_told = true;
}

void weir_pipeline_duration(weir_pipeline *pipeline, int64_t duration_ns)
{
    pipeline->supervisor.duration_ns = duration_ns;
}

void weir_pipeline_workers(weir_pipeline *pipeline, int workers)
{
    pipeline->supervisor.workers = workers;
}

void weir_pipeline_clock(weir_pipeline *pipeline, weir_clock *clock)
{
    pipeline->graph->clock = clock;
}

void weir_pipeline_spare_links(weir_pipeline *pipeline, unsigned count)
{
    pipeline->graph->spare_links = count;
}

/* --- checking and running --- */

const char *weir_pipeline_error(const weir_pipeline *pipeline)
{
    weir_pipeline *writable = (weir_pipeline *)pipeline; /* the text is made when asked for */
    size_t bytes = 1;
    free(writable->error);
    for (size_t i = 0; i < pipeline->problems.count; i++)
        bytes += strlen(pipeline->problems.text[i]) + 1;
    writable->error = wr_must(calloc(1, bytes));
    for (size_t i = 0; i < pipeline->problems.count; i++) {
        strcat(writable->error, i ? "\n" : "");
        strcat(writable->error, pipeline->problems.text[i]);
    }
    return writable->error;
}

weir_status weir_pipeline_check(weir_pipeline *pipeline)
{
    if (!pipeline->built) {
        pipeline->built = true;
        pipeline->good = !pipeline->description->broken &&
                         wr_graph_build(pipeline->graph, pipeline->description, &pipeline->problems) &&
                         pipeline->problems.count == 0;
    }
    return pipeline->good ? WEIR_OK : WEIR_BAD_GRAPH;
}

static weir_status failed(weir_pipeline *pipeline, const weir_node *node, weir_status status)
{
    wr_problems_add(&pipeline->problems, pipeline->description->file, node->at_place, "%s: %s", node->name,
                    node->error[0] ? node->error : weir_status_text(status));
    return status;
}

/* All that could not be opened, not the first alone. */
static void others_failed(weir_pipeline *pipeline, const weir_node *culprit)
{
    const wr_graph *graph = pipeline->graph;
    for (int i = 0; i < graph->nodes; i++)
        if (graph->node[i] != culprit && atomic_load(&graph->node[i]->tally->shown_phase) == WR_FAILED)
            failed(pipeline, graph->node[i], graph->node[i]->status);
}

static weir_stats *observe(void *user)
{
    return weir_pipeline_stats(user);
}

weir_status weir_pipeline_run(weir_pipeline *pipeline)
{
    weir_node *culprit = NULL;
    weir_status status = weir_pipeline_check(pipeline);
    if (status < 0 || pipeline->ran)
        return status < 0 ? status : WEIR_BAD_GRAPH;
    pipeline->ran = true;
    if (!wr_graph_allocate(pipeline->graph, &pipeline->problems))
        return WEIR_NO_MEMORY;
    pipeline->supervisor.pipeline = pipeline->description->name;
    pipeline->graph->observe = observe;
    pipeline->graph->observe_user = pipeline;
    status = wr_supervisor_prepare(&pipeline->supervisor, &culprit);
    if (status == WEIR_OK)
        status = wr_supervisor_run(&pipeline->supervisor, &culprit);
    if (status < 0 && culprit)
        failed(pipeline, culprit, status);
    if (status < 0 && culprit && atomic_load(&pipeline->supervisor.run.open_failed))
        others_failed(pipeline, culprit);
    return status;
}

void weir_pipeline_stop(weir_pipeline *pipeline)
{
    atomic_fetch_add(&pipeline->supervisor.stops, 1);
    wr_bell_ring(&pipeline->supervisor.bell);
}

char *wr_pipeline_memory_text(weir_pipeline *pipeline, bool verbose)
{
    const wr_graph *graph = pipeline->graph;
    char *text = NULL;
    size_t bytes;
    FILE *out = open_memstream(&text, &bytes);
    fprintf(out, "needs at most %.1f MiB for frames on their way (%zu bytes)\n", (double)graph->bound_bytes / 1048576,
            graph->bound_bytes);
    for (size_t i = 0; verbose && i < graph->costs; i++)
        fprintf(out, "  %12zu  %s\n", graph->cost[i].bytes, graph->cost[i].what);
    fclose(out);
    return text;
}

/* For stats.c. */
wr_supervisor *wr_pipeline_supervisor(weir_pipeline *pipeline)
{
    return &pipeline->supervisor;
}

const char *wr_pipeline_name(const weir_pipeline *pipeline)
{
    return pipeline->description->name;
}
