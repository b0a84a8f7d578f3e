/* External: whether a model keeps data in other files.
 *
 * ONNX Runtime would look for those files in the folder that the program happens to run in. To know it is to parse the
 * model, which is for the node's own process. Thread-safety: any thread.
 */
#ifndef WR_DETECT_EXTERNAL_H
#define WR_DETECT_EXTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <weir/status.h>

/* True if a tensor anywhere in the model says that its data is in another file. What is no model says nothing. */
bool wr_external_data(const void *model, size_t bytes);
/* WEIR_UNSUPPORTED, after a sentence, for such a model. */
weir_status wr_external_refuse(const void *model, size_t bytes, char *why, size_t why_bytes);

#endif
