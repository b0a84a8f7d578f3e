/* Clock: the monotonic time of a pipeline.
 *
 * The real clock is CLOCK_MONOTONIC. A virtual clock stands still while any
 * thread that takes part has something to do, and jumps to the next time that
 * one of them waits for as soon as all are waiting: a pipeline of ten minutes
 * runs in milliseconds and twice the same. It serves tests and what-if runs of
 * components that wait only through weir_wake_at() and weir_sleep().
 * Thread-safety: any thread.
 */
#ifndef WEIR_CLOCK_H
#define WEIR_CLOCK_H

#include <weir/pipeline.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_clock weir_clock;

WEIR_API weir_clock *weir_clock_virtual_new(int64_t start_ns); /* NULL without memory */
WEIR_API void weir_clock_free(WEIR_OWNED weir_clock *clock);   /* after the pipelines that use it */
WEIR_API int64_t weir_clock_now(weir_clock *clock);            /* NULL: the real clock */
/* Before the start. NULL: the real clock. The clock must outlive the pipeline. */
WEIR_API void weir_pipeline_clock(weir_pipeline *pipeline, weir_clock *clock);

#ifdef __cplusplus
}
#endif
#endif
