#include "builtin.h"

extern const weir_component_class wr_class_debugger, wr_class_join, wr_class_null, wr_class_rate,
    wr_class_slow_consumer, wr_class_test_source;

const weir_component_class *const wr_builtin_classes[] = {
    &wr_class_debugger,      &wr_class_join,        &wr_class_null, &wr_class_rate,
    &wr_class_slow_consumer, &wr_class_test_source, NULL,
};
