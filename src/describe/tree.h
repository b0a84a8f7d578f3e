/* Tree: a YAML text as scalars, sequences and mappings, each with its place.
 *
 * What a pipeline file has no use for is refused here: aliases and anchors, tags,
 * a second document, nesting without end. So whoever walks the tree meets texts of
 * a bounded number and depth.
 */
#ifndef WR_TREE_H
#define WR_TREE_H

#include "core/description.h"
#include <stdbool.h>
#include <stddef.h>

typedef enum wr_tree_kind { WR_SCALAR, WR_SEQUENCE, WR_MAPPING } wr_tree_kind;

typedef struct wr_tree {
    wr_tree_kind kind;
    wr_place at;
    char *text;             /* scalar; no zero byte inside */
    bool empty;             /* scalar: nothing was written at all, as in "key:" */
    struct wr_tree **child; /* sequence: the items; mapping: key, value, key, value ... */
    size_t count;           /* of child */
} wr_tree;

enum { WR_TREE_DEPTH = 16, WR_TREE_NODES = 200000 };

/* NULL if the text is no such YAML, after one problem with its place. */
wr_tree *wr_tree_parse(const char *text, size_t bytes, const char *file, wr_problems *problems);
void wr_tree_free(wr_tree *tree);

#endif
