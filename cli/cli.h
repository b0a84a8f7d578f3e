/* The command: one function per subcommand, and what they share.
 *
 * Each gets argv with its own name first, as main does, and returns the exit
 * status: 0 done, 1 failed while running, 2 refused before anything started.
 * Results go to standard output, everything else to standard error.
 */
#ifndef WR_CLI_H
#define WR_CLI_H

#include "core/description.h"
#include "core/text.h"
#include <weir/pipeline.h>

enum { WR_EXIT_DONE = 0, WR_EXIT_FAILED = 1, WR_EXIT_REFUSED = 2 };

int wr_cli_bench(int argc, char **argv);
int wr_cli_run(int argc, char **argv);
int wr_cli_check(int argc, char **argv);
int wr_cli_help(int argc, char **argv);
int wr_cli_components(int argc, char **argv);
int wr_cli_describe(int argc, char **argv);
int wr_cli_models(int argc, char **argv);
int wr_cli_probe(int argc, char **argv);

/* Prints what `weir help` says. */
void wr_cli_usage(void);
/* True if there is such a command; then it has printed its --help. */
bool wr_cli_command_help(const char *name);

/* --- reading a pipeline (load.c) --- */

/* The one argument that is left behind the options: a file, a line, or "-". NULL if there is not exactly one, with a
 * sentence on standard error. */
char *wr_cli_argument(int argc, char **argv);
/* Reads it into the pipeline, mistakes too. A password in a line is overwritten in place, so that /proc/PID/cmdline
 * shows it no longer, and warned about. */
void wr_cli_load(weir_pipeline *pipeline, char *argument);
/* Overwrites a password that was typed into an argument, in place, and warns about it. */
void wr_cli_hide(char *argument);
/* Adds a value as it is written in a line. */
void wr_cli_add_quoted(wr_text *text, const char *value);
/* Prints all mistakes of a pipeline on standard error, one a line. */
void wr_cli_print_errors(const weir_pipeline *pipeline);
/* Loads what --plugin names; false with a sentence on standard error. */
bool wr_cli_plugin(const char *path);
/* getopt_long returned '?': says which option was wrong. Commands set opterr to 0 first. */
int wr_cli_bad_option(const char *command, char **argv);
/* "weir COMMAND: sentence" and how to get help, on standard error; returns WR_EXIT_REFUSED. */
int wr_cli_misused(const char *command, const char *format, ...) WEIR_PRINTF(2, 3);

#endif
