/* Pipeline: nodes and links, described once, checked before anything starts, then run.
 *
 *     weir_pipeline *p = weir_pipeline_new("street");
 *     weir_pipeline_add(p, "camera", "mock-camera", "image=pepsi.png fps=10");
 *     weir_pipeline_add(p, "slow", "slow-consumer", "delay=1s");
 *     weir_pipeline_link(p, "camera", "slow", &(weir_policy){.take = WEIR_LATEST});
 *     if (weir_pipeline_run(p) < 0) fprintf(stderr, "%s\n", weir_pipeline_error(p));
 *     weir_pipeline_free(p);
 *
 * Names of nodes match [A-Za-z0-9_-]{1,63}; an end of a link is NAME or NAME.PORT.
 * Strings handed in are copied. Thread-safety: one thread at a time, except where said.
 */
#ifndef WEIR_PIPELINE_H
#define WEIR_PIPELINE_H

#include <weir/component.h>
#include <weir/policy.h>
#include <weir/stats.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_pipeline weir_pipeline;

/* --- describing --- */

WEIR_API weir_pipeline *weir_pipeline_new(const char *name); /* NULL without memory; end with weir_pipeline_free() */
/* Adds a node. options: "key=value key=\"a value\"", may be NULL; also runner=, group=, replicas=, as in a file.
 * Fails with WEIR_BAD_OPTION if the text cannot be split into keys and values, WEIR_BAD_GRAPH if the name is bad or
 * taken; everything else is found by weir_pipeline_check(). */
WEIR_API weir_status weir_pipeline_add(weir_pipeline *pipeline, const char *name, const char *component,
                                       const char *options);
/* Adds a link. policy NULL: the default. WEIR_BAD_GRAPH as above. */
WEIR_API weir_status weir_pipeline_link(weir_pipeline *pipeline, const char *from, const char *to,
                                        const weir_policy *policy);
/* Adds all that a line says (the one-line form of docs/pipelines.md). WEIR_BAD_OPTION with place and sentence. */
WEIR_API weir_status weir_pipeline_line(weir_pipeline *pipeline, const char *line);
/* Runner of all nodes that do not name one: "inline", "thread" (the default), "pool", "process". */
WEIR_API weir_status weir_pipeline_runner(weir_pipeline *pipeline, const char *runner);
/* Nodes that parse what comes from outside (WEIR_EXPOSED: video, decode, detect, mock-camera, dashboard) run in processes of
 * their own where neither they nor weir_pipeline_runner() name a runner: what a hostile camera or a broken model does to
 * them, it does to nobody else. `weir run` does so. */
WEIR_API void weir_pipeline_isolate(weir_pipeline *pipeline);
/* Logs at the start what the sandbox of each process holds. */
WEIR_API void weir_pipeline_tell_sandbox(weir_pipeline *pipeline);
/* Threads of the pool; 0: as many as there are cores, at least 2. */
WEIR_API void weir_pipeline_workers(weir_pipeline *pipeline, int workers);
/* Stops by itself after that long; 0: never. */
WEIR_API void weir_pipeline_duration(weir_pipeline *pipeline, int64_t duration_ns);

/* --- running --- */

/* Finds every mistake, starts nothing. weir_pipeline_error() then holds one line per mistake. */
WEIR_API weir_status weir_pipeline_check(weir_pipeline *pipeline);
/* Checks, starts, and returns after the end: WEIR_OK (end of stream, stop, duration), WEIR_FAILED (a node failed),
 * WEIR_STUCK (a node did not come back; its thread and memory are left behind and the process should end soon),
 * or what check or prepare said, in which case nothing ran. Once per pipeline. */
WEIR_API weir_status weir_pipeline_run(weir_pipeline *pipeline);
/* First call: sources end, what is under way is finished. Second call: everything is interrupted, what waits is left.
 * Any thread, and signal handlers. */
WEIR_API void weir_pipeline_stop(weir_pipeline *pipeline);
/* What went wrong, one sentence a line; "" if nothing did. Valid until the next call. */
WEIR_API const char *weir_pipeline_error(const weir_pipeline *pipeline);
WEIR_API void weir_pipeline_free(WEIR_OWNED weir_pipeline *pipeline);

/* --- watching and changing while it runs: any thread --- */

/* A snapshot, the caller's to free with weir_stats_free(); NULL without memory. Valid after weir_pipeline_run() too,
 * but not after weir_pipeline_free(). */
WEIR_API weir_stats *weir_pipeline_stats(weir_pipeline *pipeline);
/* Links two running nodes; the budget is set before the start with weir_pipeline_spare_links(). The number of the
 * link (0 or above), or WEIR_NOT_FOUND (a node or port), WEIR_BAD_GRAPH (the consumer needs what the producer does
 * not carry, takes one link only, is a join, or one of
 * the two runs in a process of its own), WEIR_NO_MEMORY (the budget is used up). The consumer sees frames from
 * the next one (packets: from the next key frame). */
WEIR_API int weir_pipeline_attach(weir_pipeline *pipeline, const char *from, const char *to, const weir_policy *policy);
/* Takes such a link away again; what waits in it is let go (lost). */
WEIR_API weir_status weir_pipeline_detach(weir_pipeline *pipeline, int link);
/* Before the start: how many links may be attached at a time. Their memory is set aside. */
WEIR_API void weir_pipeline_spare_links(weir_pipeline *pipeline, unsigned count);

/* --- components of the program itself --- */

/* Makes a class known in this process, so that pipelines can name it. The class must stay valid. */
WEIR_API weir_status weir_register(const weir_component_class *component);
/* Loads a module by its path. The sentence that says why not is written to error (may be NULL). */
WEIR_API weir_status weir_plugin_load(const char *path, char *error, size_t error_bytes);
/* Finds a class: registered, built in, or in a module named after it. NULL if there is none. */
WEIR_API const weir_component_class *weir_component_find(const char *name);

#ifdef __cplusplus
}
#endif
#endif
