#include "cli.h"

#include "core/option.h"
#include "core/registry.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help_text[] =
    "usage: weir help [--plugin FILE] [COMPONENT or COMMAND]\n"
    "\n"
    "Says what a component does, what its ports carry, and what options it has. Without a name: the commands.\n";

static const char components_text[] =
    "usage: weir components [--plugin FILE]\n"
    "\n"
    "Lists all components, built in and in modules, with what they do. weir help COMPONENT says more.\n"
    "Modules are looked for where weir is installed, and in the folders of WEIR_COMPONENTS.\n";

enum { PLUGIN = 256, HELP };

static const struct option long_options[] = {
    {"plugin", required_argument, NULL, PLUGIN}, {"help", no_argument, NULL, HELP}, {NULL, 0, NULL, 0}};

/* -1: go on; else the exit status. */
static int parse_options(int argc, char **argv, const char *text)
{
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "h", long_options, NULL)) != -1;) {
        if (option == 'h' || option == HELP) {
            fputs(text, stdout);
            return WR_EXIT_DONE;
        }
        if (option == '?')
            return wr_cli_bad_option(argv[0], argv);
        if (!wr_cli_plugin(optarg))
            return WR_EXIT_REFUSED;
    }
    return -1;
}

/* --- one component --- */

static int longest_option(const weir_option *option)
{
    int longest = 0;
    for (; option && option->name; option++)
        if ((int)strlen(option->name) > longest)
            longest = (int)strlen(option->name);
    return longest;
}

static void print_option(const weir_option *option, int width)
{
    char type[512];
    wr_option_describe_type(option, type, sizeof type);
    printf("  %-*s  %s\n", width, option->name, option->help);
    printf("  %-*s  %s", width, "", type);
    if (option->unit)
        printf(", in %s", option->unit);
    if (option->required)
        printf("; must be given");
    else if (option->text && option->text[0])
        printf("; default %s", option->text);
    if (option->secret)
        printf("; a secret: write ${NAME} or ${file:PATH}");
    printf("\n");
}

static void print_kinds(const char *verb, const char *const kinds[5])
{
    for (int i = 0; i < 5 && kinds[i]; i++)
        printf("%s %s", i ? "," : verb, strcmp(kinds[i], "*") == 0 ? "everything" : kinds[i]);
}

static void print_port(const char *direction, const weir_port *port)
{
    printf("  %-6s  %s", direction, port->name);
    print_kinds("; needs", port->needs);
    print_kinds("; takes", port->wants);
    print_kinds("; adds", port->adds);
    if (port->flags & WEIR_PORT_FRESH)
        printf("; new frames, without what the input carried");
    if (port->flags & WEIR_PORT_MANY)
        printf("; any number of links");
    if (port->flags & WEIR_PORT_OPTIONAL)
        printf("; may stay unlinked");
    printf("\n");
}

static void print_ports(const weir_component_class *component)
{
    printf("\nports\n");
    for (const weir_port *port = component->inputs; port && port->name; port++)
        print_port("input", port);
    for (const weir_port *port = component->outputs; port && port->name; port++)
        print_port("output", port);
}

static int print_component(const weir_component_class *component)
{
    int width = longest_option(component->options);
    printf("%s: %s\n", component->name, component->summary);
    if (component->flags & WEIR_STATELESS)
        printf("May have replicas=N: copies that work in parallel.\n");
    print_ports(component);
    if (width)
        printf("\noptions\n");
    for (const weir_option *option = component->options; option && option->name; option++)
        print_option(option, width);
    printf("\nEvery node also takes name");
    for (int i = 0; wr_node_keys[i]; i++)
        printf(", %s", wr_node_keys[i]);
    printf(", and its links take, max_age, hold.\n");
    return WR_EXIT_DONE;
}

/* --- the list --- */

static int unknown(const char *name)
{
    size_t count;
    const weir_component_class **all = wr_component_list(&count);
    const char **names = calloc(count + 1, sizeof *names);
    for (size_t i = 0; names && i < count; i++)
        names[i] = all[i]->name;
    const char *near = names && wr_may_show(name) ? wr_nearest(name, names) : NULL;
    fprintf(stderr, "weir: there is no component or command %s; %s%s%s\n", wr_may_show(name) ? name : "of that name",
            near ? "did you mean " : "weir components lists them", near ? near : "", near ? "?" : "");
    free(names);
    free(all);
    return WR_EXIT_REFUSED;
}

int wr_cli_help(int argc, char **argv)
{
    int status = parse_options(argc, argv, help_text);
    if (status >= 0)
        return status;
    if (optind == argc) {
        wr_cli_usage();
        return WR_EXIT_DONE;
    }
    const char *name = argv[optind];
    const weir_component_class *component = wr_name_ok(name) ? weir_component_find(name) : NULL;
    if (component)
        return print_component(component);
    return wr_cli_command_help(name) ? WR_EXIT_DONE : unknown(name);
}

int wr_cli_components(int argc, char **argv)
{
    int status = parse_options(argc, argv, components_text);
    if (status >= 0)
        return status;
    size_t count;
    int width = 0;
    const weir_component_class **all = wr_component_list(&count);
    for (size_t i = 0; i < count; i++)
        if ((int)strlen(all[i]->name) > width)
            width = (int)strlen(all[i]->name);
    for (size_t i = 0; i < count; i++)
        printf("%-*s  %s\n", width, all[i]->name, all[i]->summary);
    free(all);
    return WR_EXIT_DONE;
}
