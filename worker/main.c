/* weir-worker: runs nodes of a pipeline in a process of their own. Started by the engine (src/run/keeper.c), which talks to
 * it over descriptor 3; of no use by hand.
 *
 * It begins the sandbox, hears what it is to do, loads the libraries that its nodes need (prepare), enters the sandbox,
 * and only then opens them: whatever parses what comes from outside, does so inside. Then its threads move its nodes, as
 * the engine's would; the main thread beats, hears the engine, and says what happens. */
#include "core/clock.h"
#include "core/log.h"
#include "core/registry.h"
#include "last_words.h"
#include "reach_of.h"
#include "run/runner.h"
#include "run/spawn.h"
#include "sandbox.h"
#include "work.h"
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { CHANNEL = WR_SPAWN_CHANNEL };

static wr_work work;
static int woken_fd; /* written to when a node has failed or ended */
static wr_bell bell;
static bool told_opened, told_to_start;
static bool *told_broken; /* of each of its nodes */
/* The call that a node was last seen in, and what its thread had used by then. */
typedef struct wr_overdue {
    int64_t began_ns, cpu_ns;
} wr_overdue;
static wr_overdue *overdue; /* of each of its nodes */
static int64_t born_ns;

static void woken(wr_bell *rung)
{
    uint64_t one = 1;
    (void)rung;
    if (write(woken_fd, &one, sizeof one) < 0)
        return; /* it is full: then it is readable too */
}

/* --- to the engine --- */

static void say(wr_word what, int node, int number, int status, const char *text)
{
    wr_say said = {.word = what, .node = node, .number = number, .status = status};
    snprintf(said.text, sizeof said.text, "%s", text);
    /* What happens to its nodes waits until it is heard; a line of the log does not. */
    wr_channel_say(CHANNEL, &said, sizeof said, NULL, 0, what != WR_LOGGED);
}

static void log_line(void *user, weir_log_level level, const char *name, const char *text)
{
    int node = -1;
    (void)user;
    for (int i = 0; name && i < work.mines; i++)
        if (strcmp(work.mine[i]->name, name) == 0)
            node = wr_work_number(&work, work.mine[i]);
    say(WR_LOGGED, node, 0, (int)level, text);
}

/* Ends, for another to be started. */
static _Noreturn void make_room(int node, const char *text)
{
    say(WR_WHY, node, 0, 0, text);
    _exit(1);
}

static _Noreturn void give_up(int node, weir_status status, const char *text)
{
    say(WR_BROKE, node, 1, (int)status, text);
    _exit(1);
}

/* --- what happens --- */

static void say_broken(void)
{
    for (int i = 0; i < work.mines; i++) {
        weir_node *node = work.mine[i];
        if (told_broken[i] || atomic_load(&node->tally->shown_phase) != WR_FAILED)
            continue;
        told_broken[i] = true;
        pthread_mutex_lock(&node->error_lock);
        say(WR_BROKE, wr_work_number(&work, node), 0, (int)node->status, node->error);
        pthread_mutex_unlock(&node->error_lock);
    }
}

static void look_around(void)
{
    bool open_failed = atomic_load(&work.run.open_failed); /* looked at first: a node fails before that is set */
    say_broken();
    if (open_failed)
        _exit(1); /* what it could not do was said */
    if (!told_opened && atomic_load(&work.run.to_open) == (told_to_start ? 0 : 1)) {
        told_opened = true;
        say(WR_OPENED, -1, (int)((weir_clock_now(NULL) - born_ns) / 1000000), 0,
            ""); /* ms that preparing and opening took */
    }
}

static void ring_all(void)
{
    for (int i = 0; i < work.run.strands; i++)
        if (work.run.strand[i].nodes)
            wr_bell_ring(&work.run.strand[i].bell);
}

static void hear(void)
{
    static union {
        wr_say say;
        wr_say_link link;
    } message;
    int fds[WR_CHANNEL_FDS];
    long bytes;
    while ((bytes = wr_channel_hear(CHANNEL, &message, sizeof message, fds, false)) > 0) {
        const wr_say said = message.say;
        if ((said.word == WR_CARRIES || said.word == WR_LINK) && !wr_work_hear_more(&work, &message, fds[0]))
            give_up(-1, WEIR_FAILED, work.error);
        if (said.word == WR_LINK)
            say(WR_HEARD, -1, said.number, 0, "");
        for (int i = 0; i < WR_CHANNEL_FDS; i++)
            if (fds[i] >= 0)
                close(fds[i]);
        if (said.word == WR_START && !told_to_start) {
            told_to_start = true; /* a successor is told at once, before it is open or after */
            atomic_fetch_sub(&work.run.to_open, 1);
        } else if (said.word == WR_DRAIN)
            wr_node_drain(work.node[said.node]);
        else if (said.word == WR_STOP) {
            atomic_store(&work.run.stop_now, true);
            for (int i = 0; i < work.mines; i++)
                wr_node_interrupt(work.mine[i]);
        }
        ring_all();
    }
    if (bytes == 0 || errno != EAGAIN)
        _exit(1); /* the engine is gone */
}

static int64_t cpu_of(const wr_strand *strand)
{
    clockid_t clock;
    struct timespec cpu;
    int64_t cpu_ns = atomic_load(&strand->cpu_ns); /* once it is over */
    if (!cpu_ns && pthread_getcpuclockid(strand->thread, &clock) == 0 && clock_gettime(clock, &cpu) == 0)
        cpu_ns = (int64_t)cpu.tv_sec * 1000000000 + cpu.tv_nsec;
    return cpu_ns;
}

/* Whether the call that it is in has used up its processor time, counted from when we first saw it there. */
static bool is_overdue(weir_node *node, int64_t cpu_ns)
{
    wr_overdue *seen = &overdue[node->tally - work.desk->tally];
    int64_t began_ns = atomic_load(&node->tally->call_began_ns);
    if (began_ns != seen->began_ns)
        *seen = (wr_overdue){.began_ns = began_ns, .cpu_ns = cpu_ns};
    return began_ns && node->limits.deadline_ns && cpu_ns - seen->cpu_ns > node->limits.deadline_ns;
}

static void look_at_strand(const wr_strand *strand)
{
    char text[160];
    int64_t cpu_ns = cpu_of(strand);
    atomic_store(&strand->node[strand->nodes - 1]->tally->cpu_ns, cpu_ns);
    for (int i = 0; i < strand->nodes; i++) {
        weir_node *node = strand->node[i];
        if (!is_overdue(node, cpu_ns))
            continue;
        snprintf(text, sizeof text,
                 "it used more than %.3g s of processor time in one call, its deadline, and was ended; raise deadline= "
                 "if it "
                 "may",
                 (double)node->limits.deadline_ns / 1e9);
        make_room(wr_work_number(&work, node), text);
    }
}

static void beat(void)
{
    uint64_t own_bytes = wr_memory_own();
    atomic_store(&work.desk->beat_ns, weir_clock_now(NULL));
    atomic_store(&work.desk->rss_bytes, wr_memory_peak());
    if (own_bytes > atomic_load(&work.desk->own_bytes))
        atomic_store(&work.desk->own_bytes, own_bytes);
    for (int i = 0; i < work.run.strands; i++)
        if (work.run.strand[i].has_thread)
            look_at_strand(&work.run.strand[i]);
}

/* Often enough to notice a deadline that has passed. */
static int beat_ms(void)
{
    int64_t least_ns = WR_BEAT_NS;
    for (int i = 0; i < work.mines; i++) {
        int64_t deadline_ns = work.mine[i]->limits.deadline_ns;
        if (deadline_ns && deadline_ns / 2 < least_ns)
            least_ns = deadline_ns / 2;
    }
    return least_ns < 10000000 ? 10 : (int)(least_ns / 1000000);
}

static int own_strands(void)
{
    int own = 0;
    for (int i = 0; i < work.run.strands; i++)
        own += !wr_strand_is_elsewhere(&work.run.strand[i]);
    return own;
}

/* --- the course of it --- */

static void prepare(void)
{
    for (int i = 0; i < work.mines; i++) {
        weir_node *node = work.mine[i];
        weir_status status = node->class->prepare ? node->class->prepare(node) : WEIR_OK;
        if (status < 0)
            give_up(wr_work_number(&work, node), status, node->error[0] ? node->error : weir_status_text(status));
    }
}

static void start(void)
{
    bell.rung = woken;
    wr_work_make_strands(&work, &bell);
    atomic_store(&work.run.alive, own_strands());
    atomic_fetch_add(&work.run.to_open, 1); /* for WR_START */
    overdue = wr_must(calloc((size_t)work.mines + 1, sizeof *overdue));
    told_broken = wr_must(calloc((size_t)work.mines + 1, sizeof *told_broken));
    for (int i = 0; i < work.run.strands; i++) {
        wr_strand *strand = &work.run.strand[i];
        if (!wr_strand_is_elsewhere(strand) && !wr_thread_start(strand))
            give_up(-1, WEIR_NO_MEMORY, "cannot start a thread");
    }
}

static void keep_going(void)
{
    const int pause_ms = beat_ms();
    while (atomic_load(&work.run.alive) > 0) {
        struct pollfd watched[] = {{.fd = CHANNEL, .events = POLLIN}, {.fd = woken_fd, .events = POLLIN}};
        wr_bell_arm(&bell);
        look_around();
        beat();
        wr_work_return(&work);
        if (atomic_load(&work.run.alive) > 0)
            poll(watched, 2, pause_ms);
        wr_bell_disarm(&bell);
        uint64_t count;
        if (watched[1].revents && read(woken_fd, &count, sizeof count) < 0)
            continue;
        hear();
    }
    look_around();
    beat();
    for (int i = 0; i < work.run.strands; i++)
        if (work.run.strand[i].has_thread)
            pthread_join(work.run.strand[i].thread, NULL);
}

int main(int argc, char **argv)
{
    static const int keep[] = {STDOUT_FILENO, STDERR_FILENO, CHANNEL};
    static const char *const environment[] = {
        "WEIR_COMPONENTS", "WEIR_MODELS", "WEIR_ONNXRUNTIME", "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS", NULL};
    if (argc != 3) {
        fputs("weir-worker is started by weir, for nodes with runner: process\n", stderr);
        return 2;
    }
    if (!wr_sandbox_begin((pid_t)atoi(argv[1]), keep, 3, environment)) {
        fprintf(stderr, "weir-worker: cannot begin: %s\n", strerror(errno));
        return 1;
    }
    woken_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!wr_work_hear(&work, CHANNEL))
        give_up(-1, WEIR_FAILED, work.error);
    weir_log_set_sink(log_line, NULL);
    born_ns = weir_clock_now(NULL);
    wr_last_words_prepare(work.desk);
    prepare();
    char inside[sizeof(((wr_say *)0)->text)];
    int level = wr_work_enter_sandbox(&work, inside, sizeof inside);
    say(WR_INSIDE, -1, level, 0, inside);
    start();
    keep_going();
    say(WR_OVER, -1, 0, 0, "");
    _exit(0);
}
