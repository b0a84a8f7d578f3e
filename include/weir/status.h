/* Status: how a call ended.
 *
 * Zero and above is good news, below zero is a failure whose one-sentence
 * text stands with the object that failed: weir_fail() sets it for a
 * node, weir_pipeline_error() reads it for a pipeline.
 */
#ifndef WEIR_STATUS_H
#define WEIR_STATUS_H

#ifdef __cplusplus
extern "C" {
#endif

/* Marks a parameter whose ownership moves to the callee, even if the call fails. */
#define WEIR_OWNED

#if defined(__GNUC__)
#define WEIR_PRINTF(text, rest) __attribute__((format(printf, text, rest)))
#define WEIR_API                __attribute__((visibility("default")))
#else
#define WEIR_PRINTF(text, rest)
#define WEIR_API
#endif

typedef enum weir_status {
    WEIR_OK = 0,           /* done */
    WEIR_MORE = 1,         /* done so far; call again, there is more */
    WEIR_END = 2,          /* nothing will ever follow */
    WEIR_NO_MEMORY = -1,   /* an allocation or a store was refused */
    WEIR_BAD_OPTION = -2,  /* an option is unknown, missing, or out of its range */
    WEIR_NOT_FOUND = -3,   /* a file, model, component or node is not there */
    WEIR_BAD_DATA = -4,    /* what was read is not what it should be */
    WEIR_IO = -5,          /* the system refused to read or write */
    WEIR_TIMEOUT = -6,     /* nothing came in the time allowed */
    WEIR_UNSUPPORTED = -7, /* known, but not by this build or this machine */
    WEIR_BAD_GRAPH = -8,   /* the pipeline cannot be: a cycle, a missing link, kinds that do not fit */
    WEIR_FAILED = -9,      /* a node failed while the pipeline ran */
    WEIR_STUCK = -10,      /* a node did not come back and was left behind */
} weir_status;

/* Says a status in two or three words ("bad option"). Never NULL. Thread-safety: any thread. */
WEIR_API const char *weir_status_text(weir_status status);

#ifdef __cplusplus
}
#endif
#endif
