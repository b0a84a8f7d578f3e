/* Onnxfile: a model's bytes.
 *
 * A file is read whole and compared with its checksum. That interprets nothing, so the engine's process may do it.
 * Thread-safety: any thread.
 */
#ifndef WR_DETECT_ONNXFILE_H
#define WR_DETECT_ONNXFILE_H

#include "../lib/model.h"
#include <weir/status.h>

/* The bytes of the model's file, the caller's to free(); NULL after a sentence, with *status. */
void *wr_onnxfile_read(const wr_model *model, size_t *bytes, weir_status *status, char *why, size_t why_bytes);

#endif
