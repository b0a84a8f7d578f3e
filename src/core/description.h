/* Description: a pipeline as text says it, before anything is checked.
 *
 * Both forms, the YAML file and the line, and the calls of <weir/pipeline.h> end
 * up here; wr_graph_build() reads it. Values are kept as written, secrets
 * (${NAME}, ${file:PATH}) unresolved, so that printing a description never shows
 * one. Every part remembers its place, so that an error found much later can
 * point at it.
 *
 * A description may be wrong in every way that a graph can be: links may name
 * nodes that do not exist. What a parser could not understand at all it leaves
 * out, and sets `broken`: then a graph built from the rest would complain about
 * what is not wrong.
 */
#ifndef WR_DESCRIPTION_H
#define WR_DESCRIPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <weir/policy.h>

typedef struct wr_place {
    int line, column; /* from 1; 0: no place. Columns count characters */
} wr_place;

typedef struct wr_setting {
    char *key, *value;
    wr_place key_at, value_at;
} wr_setting;

/* Grows by wr_settings_add(). */
typedef struct wr_settings {
    wr_setting *item;
    size_t count;
} wr_settings;

typedef struct wr_node_text {
    char *name, *component;
    wr_place name_at, component_at;
    bool named;           /* a name was written; else it was made from the component's name */
    wr_settings settings; /* the component's own, and those of wr_node_keys */
} wr_node_text;

typedef struct wr_link_text {
    char *from, *from_port; /* port "" if not written */
    char *to, *to_port;
    wr_place from_at, to_at;
    wr_settings settings; /* take, max_age, hold */
} wr_link_text;

typedef struct wr_description {
    char *name; /* of the pipeline */
    char *file; /* what messages call it: "street.yaml", "line" */
    wr_node_text *node;
    size_t nodes;
    wr_link_text *link;
    size_t links;
    bool broken; /* something was left out, see above */
} wr_description;

/* Problems: mistakes found, one sentence each, in the order of their places. */
typedef struct wr_problems {
    char **text;  /* "street.yaml:7:12: detect.score: 1.5 is above 1" */
    wr_place *at; /* of each */
    size_t count;
} wr_problems;

/* More than these is refused: a text of a few MiB must not cost minutes. */
enum { WR_TEXT_NODES_MAX = 4096, WR_TEXT_LINKS_MAX = 16384, WR_TEXT_SETTINGS_MAX = 256, WR_PROBLEMS_MAX = 100 };

/* These end the process with a message when memory is out: descriptions are made before anything runs. */
wr_description *wr_description_new(const char *name, const char *file);
void wr_description_free(wr_description *description);
void wr_description_rename(wr_description *description, const char *name);
/* name NULL: made from the component's name, "debugger", "debugger-2". The pointers stay valid until the next add. */
wr_node_text *wr_description_add_node(wr_description *description, const char *name, const char *component);
wr_node_text *wr_description_find(const wr_description *description, const char *name);
wr_link_text *wr_description_add_link(wr_description *description, const char *from, const char *from_port,
                                      const char *to, const char *to_port);
/* Puts the links in the order of their consumers, each consumer's as they are: so both forms of a pipeline number a
 * node's inputs alike. The parsers end with it. */
void wr_description_sort(wr_description *description);
/* The nodes' names, NULL-terminated, for wr_nearest(). The caller frees the array alone. */
const char **wr_description_names(const wr_description *description);

void wr_settings_add(wr_settings *settings, const char *key, wr_place key_at, const char *value, wr_place value_at);
const wr_setting *wr_settings_find(const wr_settings *settings, const char *key);
void wr_settings_clear(wr_settings *settings);

/* Adds "file:line:column: sentence"; parts of the place that are 0 are left out. The text is masked (weir_mask), and
 * control characters in it become '?'. The first problem at a place counts, later ones there are left out, and so is what comes after WR_PROBLEMS_MAX. */
void wr_problems_add(wr_problems *problems, const char *file, wr_place at, const char *format, ...) WEIR_PRINTF(4, 5);
/* Adds all of `more`. */
void wr_problems_merge(wr_problems *problems, const wr_problems *more);
void wr_problems_clear(wr_problems *problems);

/* True for [A-Za-z0-9_-]{1,63}: nodes, ports, components and keys. */
bool wr_name_ok(const char *name);
/* True if a message may repeat this text: it is short, and cannot be a piece of a URL with a password in it. */
bool wr_may_show(const char *text);
/* The one of `words` (NULL-terminated) nearest to a misspelt word, NULL if none is near. */
const char *wr_nearest(const char *word, const char *const *words);
/* Keys that belong to a link (NULL-terminated), and those that belong to every node. */
extern const char *const wr_link_keys[];
extern const char *const wr_node_keys[];
bool wr_one_of(const char *word, const char *const *words);

/* --- the one-line form (src/core/line.c); true if no problem was added --- */

bool wr_line_parse(wr_description *description, const char *line, wr_problems *problems);
/* Splits "key=value key=\"a value\"" into settings: the item part of the grammar. */
bool wr_line_settings(wr_settings *settings, const char *text, const char *file, wr_problems *problems);
/* The line that says this description; parsing it gives the same description again. The caller frees it. */
char *wr_line_print(const wr_description *description);

#endif
