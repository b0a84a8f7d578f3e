#include "reach_of.h"

#include "sandbox.h"
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

void wr_work_enter_sandbox(wr_work *work)
{
    paths reads = {0}, writes = {0};
    wr_sandbox_wish wish = {0};
    wr_sandbox_report report;
    for (int i = 0; i < work->mines; i++) {
        look_at_options(work->mine[i], &wish, &reads, &writes);
        wish.datagrams |= (work->mine[i]->sockets & WEIR_MAY_BIND_UDP) != 0;
        wish.listens |= (work->mine[i]->sockets & WEIR_MAY_LISTEN) != 0;
    }
    wish.stopped = &work->desk->stopped;
    wish.read_paths = reads.path;
    wish.write_paths = writes.path;
    if (wr_sandbox_enter(&wish, &report) != WR_SANDBOX_FULL)
        weir_log(WEIR_LOG_WARNING, work->mine[0]->name, "its sandbox is not whole: %s", report.text);
}
