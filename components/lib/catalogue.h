/* Catalogue: which models there are, and where.
 *
 * A model is known by a description NAME.yaml in one of these folders, the first that has it:
 *
 *     those of $WEIR_MODELS, separated by colons
 *     deps/models and models of the source tree, where this runs from its build folder
 *     share/weir/models where weir was installed
 *
 * Its ONNX file lies beside the description, or in any of the folders. Or it is named by a path: of a description, or of
 * an ONNX file with a description of the same name beside it.
 * Thread-safety: any thread, each with a model of its own.
 */
#ifndef WR_LIB_CATALOGUE_H
#define WR_LIB_CATALOGUE_H

#include "model.h"
#include <weir/status.h>

/* Finds a model by name or path, and reads its description. Not OK: one sentence that says what to do. Whether the ONNX
 * file is there is told by model->installed. */
weir_status wr_catalogue_find(const char *name, wr_model *model, char *why, size_t why_bytes);
/* The one sentence about a model that is not installed, with how to get it. */
void wr_catalogue_missing(const wr_model *model, char *why, size_t why_bytes);

/* Calls `each` with the path of every description, by folder, in alphabetical order; those that are hidden by one of the
 * same name in an earlier folder are left out. */
void wr_catalogue_each(void (*each)(const char *path, void *user), void *user);
/* True if the code that this is part of lies in the build folder that it was made in; `path` is then that of `name`
 * within the source tree. */
bool wr_in_source_tree(const char *name, char *path, size_t bytes);

#endif
