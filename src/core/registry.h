/* Registry: which component classes there are. See weir_component_find() in <weir/pipeline.h>. */
#ifndef WR_REGISTRY_H
#define WR_REGISTRY_H

#include <weir/pipeline.h>

/* All of them: registered, built in, and those of every module that can be found and loaded, by name. The array is
 * the caller's to free. Thread-safety: one thread at a time with other calls of the registry excluded by a lock. */
const weir_component_class **wr_component_list(size_t *count);
/* Where another process finds the class: the path of a module, "" if it is built in; NULL: it is this program's own. Valid
 * for as long as the process. */
const char *wr_component_origin(const weir_component_class *component);

#endif
