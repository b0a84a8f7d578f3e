#include "cli.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <weir/weir.h>

typedef struct cli_command {
    const char *name, *arguments, *summary;
    int (*run)(int argc, char **argv);
} cli_command;

static const cli_command commands[] = {
    {"run", "FILE-or-LINE", "run a pipeline until it ends, or Ctrl-C", wr_cli_run},
    {"check", "FILE-or-LINE", "find every mistake and the memory needed; start nothing", wr_cli_check},
    {"describe", "FILE-or-LINE", "print a pipeline in the other form, or as a graph", wr_cli_describe},
    {"components", "", "list the components", wr_cli_components},
    {"help", "[COMPONENT]", "say what a component or a command does, with its options", wr_cli_help},
    {"models", "[NAME]", "list the models known, and where they come from", wr_cli_models},
    {"probe", "URL", "say whether a source can be read, and what it sends", wr_cli_probe},
    {"bench", "[NAME...]", "measure this machine, and say how many cameras it can watch", wr_cli_bench},
};
enum { COMMANDS = sizeof commands / sizeof *commands };

static const cli_command *find(const char *name)
{
    for (int i = 0; i < COMMANDS; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

void wr_cli_usage(void)
{
    printf("weir runs video analysis that stays live, and proves it.\n\n"
           "usage: weir COMMAND [OPTION...] [ARGUMENT]\n\n");
    for (int i = 0; i < COMMANDS; i++)
        printf("  %-10s %-13s %s\n", commands[i].name, commands[i].arguments, commands[i].summary);
    printf("\nEach has its own --help. weir --version says the version.\n\n"
           "A pipeline is a .yaml file, or a line such as\n"
           "  weir run 'test-source rate=30 name=cam ! debugger ; @cam ! slow-consumer delay=1s take=latest'\n\n"
           "Exit status: 0 done, 1 failed while running, 2 refused before anything started.\n");
}

bool wr_cli_command_help(const char *name)
{
    const cli_command *command = find(name);
    char help[] = "--help", *argv[] = {(char *)name, help, NULL};
    if (!command)
        return false;
    optind = 0; /* getopt starts anew */
    command->run(2, argv);
    return true;
}

static int unknown(const char *name)
{
    const char *names[COMMANDS + 1] = {NULL};
    for (int i = 0; i < COMMANDS; i++)
        names[i] = commands[i].name;
    const char *near = wr_nearest(name, names);
    if (!wr_may_show(name))
        fprintf(stderr, "weir: this is no command; write weir run and then the pipeline\n");
    else if (near)
        fprintf(stderr, "weir: there is no command %s; did you mean %s?\n", name, near);
    else
        fprintf(stderr, "weir: there is no command %s; weir help lists them\n", name);
    return WR_EXIT_REFUSED;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    const char *name = argc > 1 ? argv[1] : "--help";
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0) {
        wr_cli_usage();
        return argc > 1 ? WR_EXIT_DONE : WR_EXIT_REFUSED;
    }
    if (strcmp(name, "--version") == 0) {
        printf("weir %s\n", WEIR_VERSION);
        return WR_EXIT_DONE;
    }
    const cli_command *command = find(name);
    int status = command ? command->run(argc - 1, argv + 1) : unknown(name);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    if (status == WR_EXIT_DONE)
        fprintf(stderr, "weir: cannot write to standard output: %s\n", strerror(errno));
    return status == WR_EXIT_DONE ? WR_EXIT_FAILED : status;
}
