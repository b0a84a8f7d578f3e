#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include "sandbox_scene.h"

#include "os/memory.h"
#include <arpa/inet.h>
#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- the scene --- */

char scene_root[64];
static char read_path[96], write_path[96];
const char *const scene_reads[] = {read_path, NULL}, *const scene_writes[] = {write_path, NULL};
struct sockaddr_in scene_address;
int scene_memory, scene_memory_read_only;

const char *scene(const char *path)
{
    static char whole[4][160];
    static unsigned turn;
    turn = (turn + 1) % 4;
    snprintf(whole[turn], sizeof whole[turn], "%s/%s", scene_root, path);
    return whole[turn];
}

static void must(bool ok, const char *what)
{
    if (ok)
        return;
    perror(what);
    abort();
}

static void put_file(const char *path)
{
    FILE *file = fopen(scene(path), "w");
    must(file && fputs("text\n", file) >= 0 && fclose(file) == 0, path);
}

static void make_files(void)
{
    static const char *const folders[] = {"read", "write", "write/below", "outside"};
    static const char *const files[] = {"read/file", "write/file", "outside/file"};
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        must(mkdir(scene(folders[i]), 0777) == 0, folders[i]);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        put_file(files[i]);
    must(symlink(scene("outside/file"), scene("write/way-out")) == 0, "way-out");
    strcpy(read_path, scene("read"));
    strcpy(write_path, scene("write"));
}

static void make_memory(void)
{
    wr_memory memory;
    must(wr_memory_map(&memory, 4096, true), "memory");
    scene_memory = memory.fd;
    scene_memory_read_only = wr_memory_readable(&memory);
    must(scene_memory_read_only >= 0, "memory to read");
}

int scene_make(void **state)
{
    struct sockaddr *where = (struct sockaddr *)&scene_address;
    socklen_t bytes = sizeof scene_address;
    (void)state;
    strcpy(scene_root, "/tmp/weir-sandbox-XXXXXX");
    must(mkdtemp(scene_root) != NULL, scene_root);
    make_files();
    make_memory();
    scene_address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    must(bind(listener, where, bytes) == 0 && listen(listener, 8) == 0 && getsockname(listener, where, &bytes) == 0,
         "listener");
    return 0;
}

int scene_clear(void **state)
{
    char command[128];
    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", scene_root);
    return system(command);
}

void scene_not_with_tsan(void)
{
    if (!WITH_TSAN)
        return;
    print_message("left out with ThreadSanitizer\n");
    skip();
}

/* --- trying --- */

/* What a child tells, in memory that outlives it. */
typedef struct told {
    _Atomic uint32_t stopped;
    wr_sandbox_level level;
    wr_sandbox_report report;
} told;

static told *of_child;
const wr_sandbox_report *sandbox_reported;

wr_sandbox_level sandbox_level(void)
{
    return of_child->level;
}

__attribute__((noreturn)) static void run(const wr_sandbox_wish *wish, int (*before)(void), int (*inside)(void))
{
    wr_sandbox_wish mine = *wish;
    mine.stopped = &of_child->stopped;
    int result = before ? before() : 0;
    if (result == 0) {
        of_child->level = wr_sandbox_enter(&mine, &of_child->report);
        result = inside();
    }
    _exit(result);
}

int sandbox_try(const wr_sandbox_wish *wish, int (*before)(void), int (*inside)(void))
{
    if (!of_child)
        of_child = mmap(NULL, sizeof *of_child, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (of_child == MAP_FAILED)
        abort();
    *of_child = (told){0};
    sandbox_reported = &of_child->report;
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        run(wish, before, inside);
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child)
        abort();
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    if (WTERMSIG(status) == SIGSYS && atomic_load(&of_child->stopped))
        return STOPPED + (int)atomic_load(&of_child->stopped) - 1;
    return KILLED + WTERMSIG(status);
}
