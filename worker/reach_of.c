#include "reach_of.h"

#include "sandbox.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATHS_MAX = 64 };

typedef struct paths {
    const char *path[PATHS_MAX + 1];
    int count;
} paths;

static void add(paths *to, const char *path)
{
    if (path && *path && to->count < PATHS_MAX)
        to->path[to->count++] = path;
}

/* The folder that is named, or that a file, or a pattern of files (rec/%Y/%m), is in. */
static char *folder_of(const char *path)
{
    struct stat is;
    if (stat(path, &is) == 0 && S_ISDIR(is.st_mode))
        return wr_must(strdup(path));
    size_t bytes = strcspn(path, "%");
    while (bytes > 0 && path[bytes - 1] != '/')
        bytes--;
    if (bytes == 0)
        return wr_must(strdup("."));
    return wr_must(strndup(path, bytes > 1 ? bytes - 1 : 1));
}

static bool is_address(const char *text)
{
    return strstr(text, "://") != NULL;
}

/* A component that only reads has no output file: those that write are told by WEIR_WRITES. */
static void look_at_options(const weir_node *node, wr_sandbox_wish *wish, paths *reads, paths *writes)
{
    for (const weir_option *o = node->class->options; o && o->name; o++) {
        if (o->type != WEIR_TYPE_PATH && o->type != WEIR_TYPE_URL)
            continue;
        const char *text;
        memcpy(&text, (const char *)node->options + o->offset, sizeof text);
        if (!text || !*text || strcmp(text, "-") == 0)
            continue;
        if (o->type == WEIR_TYPE_URL && is_address(text))
            wish->network = true;
        else if (node->class->flags & WEIR_WRITES)
            add(writes, folder_of(text));
        else
            add(reads, text);
    }
}

/* "reads a, b" */
static void name_paths(FILE *out, const char *what, const paths *named)
{
    for (int i = 0; i < named->count; i++)
        fprintf(out, "%s%s", i ? ", " : what, named->path[i]);
}

static void describe(const wr_sandbox_wish *wish, const wr_sandbox_report *report, const paths *reads,
                     const paths *writes, char *text, size_t bytes)
{
    FILE *out = fmemopen(text, bytes, "w");
    if (!out)
        return;
    fputs(report->text, out);
    name_paths(out, "; reads ", reads);
    name_paths(out, "; writes ", writes);
    fputs(wish->network ? "; connects to the network" : "; no network", out);
    fputs(wish->datagrams ? ", UDP ports of its own" : "", out);
    fputs(wish->listens ? ", listens" : "", out);
    if (wish->memory_bytes)
        fprintf(out, "; memory %.4g MiB", (double)wish->memory_bytes / 1048576);
    if (wish->files)
        fprintf(out, "; %u files", wish->files);
    fclose(out);
    text[bytes - 1] = '\0';
}

static void add_limits(wr_sandbox_wish *wish, const wr_limits *limits)
{
    if (limits->memory_bytes > wish->memory_bytes)
        wish->memory_bytes = limits->memory_bytes;
    if (limits->files > wish->files)
        wish->files = limits->files;
}

int wr_work_enter_sandbox(wr_work *work, char *text, size_t bytes)
{
    paths reads = {0}, writes = {0};
    wr_sandbox_wish wish = {0};
    wr_sandbox_report report;
    for (int i = 0; i < work->mines; i++) {
        look_at_options(work->mine[i], &wish, &reads, &writes);
        add_limits(&wish, &work->mine[i]->limits);
        wish.datagrams |= (work->mine[i]->sockets & WEIR_MAY_BIND_UDP) != 0;
        wish.listens |= (work->mine[i]->sockets & WEIR_MAY_LISTEN) != 0;
    }
    wish.stopped = &work->desk->stopped;
    wish.read_paths = reads.path;
    wish.write_paths = writes.path;
    wr_sandbox_level level = wr_sandbox_enter(&wish, &report);
    describe(&wish, &report, &reads, &writes, text, bytes);
    return (int)level;
}
