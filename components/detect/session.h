/* Session: one ONNX model, ready to run.
 *
 * It is made from the file's bytes, so that ONNX Runtime opens no files, takes one picture of floats, and gives tensors
 * of floats. Running allocates nothing of ours; what ONNX Runtime takes, it keeps in its arena.
 * Thread-safety: one thread at a time; wr_session_interrupt() any thread between open and close.
 */
#ifndef WR_DETECT_SESSION_H
#define WR_DETECT_SESSION_H

#include "ort.h"
#include <stdint.h>

enum { WR_RANK_MAX = 8 };

typedef struct wr_shape {
    size_t rank;
    int64_t size[WR_RANK_MAX]; /* -1: not known before it runs */
} wr_shape;

typedef struct wr_session {
    OrtSession *session;
    OrtRunOptions *run;
    OrtMemoryInfo *memory;
    OrtValue *result;
    char input_name[128], output_name[128];
    wr_shape input, output;
} wr_session;

typedef struct wr_session_options {
    int threads;
    const char *provider; /* "cpu", or a name from wr_provider_names */
    const char *output;   /* of its outputs; "": the first */
} wr_session_options;

/* What `provider` may be, NULL-terminated; which of them there are depends on the library. */
extern const char *const wr_provider_names[];
/* OK if the library (loaded) can compute on it. */
weir_status wr_provider_check(const char *provider, char *why, size_t why_bytes);

/* Reads a model; `session` is zero. Not OK: a sentence, and the session is closed. */
weir_status wr_session_open(wr_session *session, const void *model, size_t bytes, const wr_session_options *options,
                            char *why, size_t why_bytes);
/* Runs on an input of that shape. The result is valid until the next run; NULL: why says why not. */
const float *wr_session_run(wr_session *session, const float *input, const wr_shape *shape, wr_shape *result, char *why,
                            size_t why_bytes);
/* Ends a run that is under way, and all that follow. */
void wr_session_interrupt(wr_session *session);
void wr_session_close(wr_session *session);

/* Writes a shape as "1x3x416x416", ? for what is not known, one of no dimensions in words. Returns buffer. */
const char *wr_shape_text(const wr_shape *shape, char buffer[96]);

#endif
