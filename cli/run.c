#include "cli.h"

#include "core/option.h"
#include "describe/summary.h"
#include "run/pipeline.h"
#include "watch.h"
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <weir/clock.h>
#include <weir/log.h>

static const char help_text[] =
    "usage: weir run [OPTION...] FILE-or-LINE\n"
    "\n"
    "Runs a pipeline: a .yaml file, a line in quotes, or - for standard input. Ctrl-C ends the sources and finishes\n"
    "what is under way; a second Ctrl-C stops at once.\n"
    "\n"
    "  --duration TIME   stop after that long: 30s, 5m\n"
    "  --summary FILE    write the final account as JSON; - is standard output\n"
    "  --runner NAME     how nodes run: inline, thread, pool or process, whatever the pipeline says. Without it,\n"
    "                    video, decode, detect, mock-camera and dashboard run in sandboxed processes of their\n"
    "                    own, all others in threads\n"
    "  --sandbox report  say at the start what the sandbox of each process holds, and what this kernel cannot bind\n"
    "  --plugin FILE     load components from a module first; may be repeated\n"
    "  --clock CLOCK     real, or virtual: time jumps to the next thing to do, for tests\n"
    "  --log-level LEVEL error, warning, info or debug\n"
    "  --log-json        log lines as JSON\n"
    "  --quiet           no table and no progress lines, and of the log only warnings and errors\n"
    "  --help            this text\n"
    "\n"
    "On a terminal one table shows frames per second, ages and drops, live; elsewhere a line every 5 s does.\n"
    "Exit status: 0 done, 1 failed while running, 2 refused before anything started.\n";

typedef struct run_options {
    const char *summary, *runner;
    int64_t duration_ns;
    bool quiet, log_json, virtual_clock, sandbox_told, help;
    int level; /* -1: not given */
} run_options;

enum { SUMMARY = 256, DURATION, RUNNER, SANDBOX, PLUGIN, CLOCK, LOG_LEVEL, LOG_JSON, QUIET, HELP };

static const struct option long_options[] = {
    {"summary", required_argument, NULL, SUMMARY},
    {"duration", required_argument, NULL, DURATION},
    {"runner", required_argument, NULL, RUNNER},
    {"sandbox", required_argument, NULL, SANDBOX},
    {"plugin", required_argument, NULL, PLUGIN},
    {"clock", required_argument, NULL, CLOCK},
    {"log-level", required_argument, NULL, LOG_LEVEL},
    {"log-json", no_argument, NULL, LOG_JSON},
    {"quiet", no_argument, NULL, QUIET},
    {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0},
};

/* --- options --- */

static int word_index(const char *word, const char *const *words)
{
    for (int i = 0; words[i]; i++)
        if (strcmp(word, words[i]) == 0)
            return i;
    return -1;
}

/* 0, or the exit status. */
static int set_valued(run_options *options, int option, const char *value)
{
    static const char *const runners[] = {"inline", "thread", "pool", "process", NULL};
    static const char *const clocks[] = {"real", "virtual", NULL};
    static const char *const levels[] = {"error", "warning", "info", "debug", NULL};
    if (option == SUMMARY) {
        options->summary = value;
    } else if (option == DURATION) {
        if (!wr_parse_duration(value, &options->duration_ns) || options->duration_ns == 0)
            return wr_cli_misused("run", "--duration takes a time such as 30s or 5m");
    } else if (option == RUNNER) {
        options->runner = value;
        if (word_index(value, runners) < 0)
            return wr_cli_misused("run", "--runner takes inline, thread, pool or process");
    } else if (option == SANDBOX) {
        options->sandbox_told = strcmp(value, "report") == 0;
        if (!options->sandbox_told)
            return wr_cli_misused("run", "--sandbox takes report");
    } else if (option == CLOCK) {
        options->virtual_clock = word_index(value, clocks) == 1;
        if (word_index(value, clocks) < 0)
            return wr_cli_misused("run", "--clock takes real or virtual");
    } else {
        options->level = word_index(value, levels);
        if (options->level < 0)
            return wr_cli_misused("run", "--log-level takes error, warning, info or debug");
    }
    return 0;
}

static int parse_options(int argc, char **argv, run_options *options)
{
    *options = (run_options){.level = -1};
    opterr = 0;
    int option, status = 0;
    while (status == 0 && (option = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
        switch (option) {
        case '?':
            return wr_cli_bad_option("run", argv);
        case 'h':
        case HELP:
            options->help = true;
            return 0;
        case LOG_JSON:
            options->log_json = true;
            break;
        case QUIET:
            options->quiet = true;
            break;
        case PLUGIN:
            status = wr_cli_plugin(optarg) ? 0 : WR_EXIT_REFUSED;
            break;
        default:
            status = set_valued(options, option, optarg);
        }
    }
    return status;
}

static void set_log(const run_options *options)
{
    weir_log_set_json(options->log_json);
    if (options->level >= 0)
        weir_log_set_level((weir_log_level)options->level);
    else if (options->quiet)
        weir_log_set_level(WEIR_LOG_WARNING);
}

/* --- the summary --- */

/* Opened before the start, so that a path that cannot be written is refused then. NULL after a sentence. */
static FILE *open_summary(const char *path)
{
    FILE *out = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    if (!out)
        fprintf(stderr, "weir: cannot write %s: %s; check --summary\n", path, strerror(errno));
    return out;
}

/* Nothing ran, so there is no account: no empty file is left in its place. */
static void forget_summary(const char *path, FILE *out)
{
    struct stat file;
    if (out != stdout && fstat(fileno(out), &file) == 0 && S_ISREG(file.st_mode))
        unlink(path);
}

static bool write_summary(weir_pipeline *pipeline, const char *path, FILE *out)
{
    weir_stats *stats = weir_pipeline_stats(pipeline);
    char *json = stats ? wr_summary_json(stats, false) : NULL;
    bool ok = json && fputs(json, out) >= 0 && fputc('\n', out) >= 0 && fflush(out) == 0;
    if (!ok)
        fprintf(stderr, "weir: cannot write the summary to %s: %s\n", path, json ? strerror(errno) : "out of memory");
    free(json);
    weir_stats_free(stats);
    return ok;
}

/* --- running --- */

static _Atomic(weir_pipeline *) stopping;

static void on_signal(int number)
{
    (void)number;
    int saved = errno;
    weir_pipeline *pipeline = atomic_load(&stopping);
    if (pipeline)
        weir_pipeline_stop(pipeline);
    errno = saved;
}

static void catch_signals(weir_pipeline *pipeline)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    atomic_store(&stopping, pipeline);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
}

static int exit_status(weir_status status)
{
    if (status >= 0)
        return WR_EXIT_DONE;
    return status == WEIR_FAILED || status == WEIR_STUCK ? WR_EXIT_FAILED : WR_EXIT_REFUSED;
}

static int run(weir_pipeline *pipeline, const run_options *options)
{
    /* A pipeline with mistakes leaves no empty summary. */
    if (weir_pipeline_check(pipeline) < 0) {
        wr_cli_print_errors(pipeline);
        return WR_EXIT_REFUSED;
    }
    FILE *summary = options->summary ? open_summary(options->summary) : NULL;
    if (options->summary && !summary)
        return WR_EXIT_REFUSED;
    wr_watch *watch = options->quiet || options->virtual_clock ? NULL : wr_watch_start(pipeline, options->log_json);
    weir_status status = weir_pipeline_run(pipeline);
    int result = exit_status(status);
    wr_watch_end(watch, result != WR_EXIT_REFUSED);
    if (result == WR_EXIT_REFUSED) /* what failed later has been logged when it did */
        wr_cli_print_errors(pipeline);
    if (summary && result == WR_EXIT_REFUSED)
        forget_summary(options->summary, summary);
    else if (summary && !write_summary(pipeline, options->summary, summary))
        result = WR_EXIT_FAILED;
    if (fflush(stdout) != 0 && result == WR_EXIT_DONE) {
        fprintf(stderr, "weir: cannot write to standard output: %s\n", strerror(errno));
        result = WR_EXIT_FAILED;
    }
    /* The node left behind may still use everything: nothing of the process may be taken apart. */
    if (status == WEIR_STUCK)
        _exit(WR_EXIT_FAILED);
    if (summary && summary != stdout)
        fclose(summary);
    atomic_store(&stopping, NULL);
    return result;
}

int wr_cli_run(int argc, char **argv)
{
    run_options options;
    int status = parse_options(argc, argv, &options);
    if (status == 0 && options.help) {
        fputs(help_text, stdout);
        return WR_EXIT_DONE;
    }
    char *argument = status == 0 ? wr_cli_argument(argc, argv) : NULL;
    if (!argument)
        return WR_EXIT_REFUSED;
    set_log(&options);
    /* Lines reach whoever reads them at once, as on a terminal. */
    setvbuf(stdout, NULL, _IOLBF, 0);
    weir_clock *clock = options.virtual_clock ? weir_clock_virtual_new(0) : NULL;
    weir_pipeline *pipeline = weir_pipeline_new("line");
    catch_signals(pipeline); /* from the first moment: whatever comes ends in an account */
    if (clock)
        weir_pipeline_clock(pipeline, clock);
    wr_cli_load(pipeline, argument);
    if (options.runner)
        wr_pipeline_force_runner(pipeline, options.runner);
    else if (!clock) /* which no other process knows */
        weir_pipeline_isolate(pipeline);
    if (options.sandbox_told)
        weir_pipeline_tell_sandbox(pipeline);
    weir_pipeline_duration(pipeline, options.duration_ns);
    status = run(pipeline, &options);
    weir_pipeline_free(pipeline);
    weir_clock_free(clock);
    return status;
}
