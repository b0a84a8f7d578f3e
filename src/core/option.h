/* Options: texts to the struct of a component, by its table.
 *
 * A text goes through wr_secret_resolve() first, then through wr_option_parse().
 * Messages repeat what was written only where it cannot be a secret.
 */
#ifndef WR_OPTION_H
#define WR_OPTION_H

#include <weir/option.h>

/* Parses `text` for one option into the struct at `options`. Strings are kept by pointer: the text must live as long
 * as the struct. On failure writes a sentence without the option's name ("1.5 is above 1"), leaves the struct as it
 * was and returns false. */
bool wr_option_parse(const weir_option *option, void *options, const char *text, char *why, size_t why_bytes);
/* The same for a text that a secret was resolved into: the sentence does not repeat it. */
bool wr_option_parse_hidden(const weir_option *option, void *options, const char *text, char *why, size_t why_bytes);
/* Sets every option to its default. The defaults are part of the program: a wrong one ends it (assert). */
void wr_option_defaults(const weir_option *table, void *options);
const weir_option *wr_option_find(const weir_option *table, const char *name);
/* Writes the value as text that wr_option_parse() reads back to the same value; false if it was cut to `bytes`. */
bool wr_option_print(const weir_option *option, const void *options, char *text, size_t bytes);
/* "number from 0 to 1", "duration such as 200ms", "one of: a, b": for help and errors. */
void wr_option_describe_type(const weir_option *option, char *text, size_t bytes);

/* --- parsers that other texts share: link settings, the command line (src/core/number.c) --- */

/* Whole texts only; on failure the target is left as it was. */
bool wr_parse_duration(const char *text, int64_t *ns);  /* 0, 200ms, 1.5s, 2m, 1h; exact to the nanosecond */
bool wr_parse_bytes(const char *text, uint64_t *bytes); /* 8192, 64KiB, 1.5MiB, 1GiB */
bool wr_parse_int(const char *text, int64_t *value);    /* decimal, a sign allowed */
bool wr_parse_double(const char *text, double *value);  /* decimal, finite, the same in every locale */
void wr_print_duration(int64_t ns, char *text, size_t bytes);
void wr_print_bytes(uint64_t count, char *text, size_t bytes);
void wr_print_double(double value, char *text, size_t bytes); /* the shortest that reads back as the same */

/* --- secrets (src/core/secret.c) --- */

/* Replaces ${NAME} and ${file:PATH} in a value; the result is the caller's to free. On failure NULL and a sentence
 * that names what was not there, never what it held. A file may hold up to 64 KiB; line ends at its end are left out.
 * What a secret held is not looked through for further ones. */
char *wr_secret_resolve(const char *text, char *why, size_t why_bytes);
/* From now on weir_mask() takes this out wherever it stands, unless it is shorter than three bytes. Any thread. */
void wr_secret_remember(const char *value);
/* True if the text refers to a secret. */
bool wr_secret_used(const char *text);
/* True if weir_mask() finds a password in the text that is not brought in by a reference. */
bool wr_password_typed(const char *text);

#endif
