#include "cli.h"

#include "core/option.h"
#include "describe/dot.h"
#include "describe/yaml.h"
#include "run/pipeline.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/log.h>

static const char help_text[] =
    "usage: weir describe [--yaml|--line|--dot] FILE-or-LINE\n"
    "\n"
    "Prints a pipeline in the other form: a file as a line, a line as a file. References to secrets, ${NAME} and\n"
    "${file:PATH}, are printed as they are; a password that was typed in is printed as ***.\n"
    "\n"
    "  --yaml  as a file\n"
    "  --line  as a line\n"
    "  --dot   as a graph for Graphviz: weir describe --dot FILE | dot -Tsvg > graph.svg\n"
    "  --help  this text\n"
    "\n"
    "Exit status: 0 done, 2 the pipeline cannot be read.\n";

enum { YAML = 256, LINE, DOT, HELP };

static const struct option long_options[] = {
    {"yaml", no_argument, NULL, YAML},
    {"line", no_argument, NULL, LINE},
    {"dot", no_argument, NULL, DOT},
    {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0},
};

static bool hide(wr_settings *settings)
{
    bool hidden = false;
    for (size_t i = 0; i < settings->count; i++) {
        if (!wr_password_typed(settings->item[i].value))
            continue;
        weir_mask(settings->item[i].value);
        hidden = true;
    }
    return hidden;
}

static void hide_passwords(wr_description *description)
{
    bool hidden = false;
    for (size_t i = 0; i < description->nodes; i++)
        hidden |= hide(&description->node[i].settings);
    if (hidden)
        weir_log(WEIR_LOG_WARNING, NULL,
                 "a password was left out, see ***; write ${NAME} or ${file:PATH} in its place");
}

static int print(weir_pipeline *pipeline, int form)
{
    wr_description *description = wr_pipeline_description(pipeline);
    if (wr_pipeline_problems(pipeline)->count) {
        wr_cli_print_errors(pipeline);
        return WR_EXIT_REFUSED;
    }
    hide_passwords(description);
    char *text = form == DOT    ? wr_dot_print(description)
                 : form == YAML ? wr_yaml_print(description)
                                : wr_line_print(description);
    printf("%s%s", text, form == LINE ? "\n" : "");
    free(text);
    return WR_EXIT_DONE;
}

static bool is_file(const wr_description *description)
{
    return strcmp(description->file, "line") != 0;
}

int wr_cli_describe(int argc, char **argv)
{
    int form = 0;
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "h", long_options, NULL)) != -1;) {
        if (option == 'h' || option == HELP) {
            fputs(help_text, stdout);
            return WR_EXIT_DONE;
        }
        if (option == '?')
            return wr_cli_bad_option("describe", argv);
        form = option;
    }
    char *argument = wr_cli_argument(argc, argv);
    if (!argument)
        return WR_EXIT_REFUSED;
    weir_pipeline *pipeline = weir_pipeline_new("line");
    wr_cli_load(pipeline, argument);
    if (!form)
        form = is_file(wr_pipeline_description(pipeline)) ? LINE : YAML;
    int status = print(pipeline, form);
    weir_pipeline_free(pipeline);
    return status;
}
