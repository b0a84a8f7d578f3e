/* Onnxfile: a model's bytes, and what they ask for.
 *
 * A file is read whole and compared with its checksum. A model may say that its weights lie in other files; such a model
 * is refused here, before ONNX Runtime would look for those files in the folder that the program happens to run in.
 * Thread-safety: any thread.
 */
#ifndef WR_DETECT_ONNXFILE_H
#define WR_DETECT_ONNXFILE_H

#include "../lib/model.h"
#include <weir/status.h>

/* The bytes of the model's file, the caller's to free(); NULL after a sentence, with *status. */
void *wr_onnxfile_read(const wr_model *model, size_t *bytes, weir_status *status, char *why, size_t why_bytes);
/* True if a tensor anywhere in the model says that its data is in another file. */
bool wr_onnxfile_refers(const void *data, size_t bytes);

#endif
