/* YAML: a pipeline file to a description, and back. Built on libyaml. */
#ifndef WR_YAML_H
#define WR_YAML_H

#include "core/description.h"
#include <stddef.h>

/* Reads a whole file's text. Every mistake with its place is added to problems, unknown keys with a suggestion
 * (a key that contains '@' is never repeated: it may be half of a URL with a password). True if none was. */
bool wr_yaml_parse(wr_description *description, const char *text, size_t bytes, wr_problems *problems);
/* The file that says this description; parsing it gives the same description again. The caller frees it. */
char *wr_yaml_print(const wr_description *description);

#endif
