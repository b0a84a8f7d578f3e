/* Ort: ONNX Runtime, found and loaded at run time, once for the process.
 *
 * Candidates, the first that can be loaded: $WEIR_ONNXRUNTIME (that one or none), libonnxruntime.so beside this module,
 * the one of the source tree where this runs from its build folder, libonnxruntime.so.1.21, .so.1, .so. The interface
 * asked for is the newest that both this build's header and the library know. Its log goes to weir's for debugging:
 * what is an error, a call says too.
 * Thread-safety: wr_ort_load() any thread; the rest after it said WEIR_OK.
 */
#ifndef WR_DETECT_ORT_H
#define WR_DETECT_ORT_H

#include <onnxruntime_c_api.h>
#include <stdbool.h>
#include <weir/status.h>

/* Loads the library and makes its environment, if that has not been done. Not OK: one sentence. */
weir_status wr_ort_load(char *why, size_t why_bytes);
const OrtApi *wr_ort_api(void);
OrtEnv *wr_ort_env(void);
/* Whether this library can compute on it ("CPUExecutionProvider"). */
bool wr_ort_has(const char *provider);
/* True if the call went well; else its message, in one line, is in why. Ends the status. */
bool wr_ort_ok(OrtStatus *status, char *why, size_t why_bytes);

#endif
