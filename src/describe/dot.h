/* Dot: a pipeline as a graph for Graphviz: nodes with their components, links with their policies. */
#ifndef WR_DOT_H
#define WR_DOT_H

#include "core/description.h"

/* The caller frees it. */
char *wr_dot_print(const wr_description *description);

#endif
