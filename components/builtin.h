/* Builtin: the components that are part of libweir, because they need the C library only. */
#ifndef WR_BUILTIN_H
#define WR_BUILTIN_H

#include <weir/component.h>

/* NULL-terminated. */
extern const weir_component_class *const wr_builtin_classes[];

#endif
