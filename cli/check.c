#include "cli.h"

#include "run/pipeline.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char help_text[] =
    "usage: weir check [--verbose] [--runner NAME] [--plugin FILE] FILE-or-LINE\n"
    "\n"
    "Finds every mistake in a pipeline and says where it is and what to do, one a line; says how much memory frames\n"
    "can need at most. Starts nothing: no device, camera or server is asked.\n"
    "\n"
    "  --verbose      the memory of each store and link\n"
    "  --runner NAME  as with weir run: inline, thread, pool or process\n"
    "  --plugin FILE  load components from a module first; may be repeated\n"
    "  --help         this text\n"
    "\n"
    "Exit status: 0 nothing is wrong, 2 something is.\n";

enum { VERBOSE = 256, RUNNER, PLUGIN, HELP };

static const struct option long_options[] = {
    {"verbose", no_argument, NULL, VERBOSE},
    {"runner", required_argument, NULL, RUNNER},
    {"plugin", required_argument, NULL, PLUGIN},
    {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0},
};

static int check(weir_pipeline *pipeline, char *argument, const char *runner, bool verbose)
{
    wr_cli_load(pipeline, argument);
    if (runner)
        wr_pipeline_force_runner(pipeline, runner);
    else
        weir_pipeline_isolate(pipeline);
    if (weir_pipeline_check(pipeline) < 0) {
        wr_cli_print_errors(pipeline);
        return WR_EXIT_REFUSED;
    }
    const wr_description *description = wr_pipeline_description(pipeline);
    char *memory = wr_pipeline_memory_text(pipeline, verbose);
    printf("%s: %zu nodes, %zu links, no mistakes\n%s", description->name, description->nodes, description->links,
           memory);
    free(memory);
    return WR_EXIT_DONE;
}

int wr_cli_check(int argc, char **argv)
{
    bool verbose = false;
    const char *runner = NULL;
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "h", long_options, NULL)) != -1;) {
        if (option == 'h' || option == HELP) {
            fputs(help_text, stdout);
            return WR_EXIT_DONE;
        }
        if (option == '?')
            return wr_cli_bad_option("check", argv);
        if (option == PLUGIN && !wr_cli_plugin(optarg))
            return WR_EXIT_REFUSED;
        verbose |= option == VERBOSE;
        runner = option == RUNNER ? optarg : runner;
    }
    char *argument = wr_cli_argument(argc, argv);
    if (!argument)
        return WR_EXIT_REFUSED;
    weir_pipeline *pipeline = weir_pipeline_new("line");
    int status = check(pipeline, argument, runner, verbose);
    weir_pipeline_free(pipeline);
    return status;
}
