#include "bench.h"

#include "../components/lib/catalogue.h"
#include "cli.h"
#include "core/option.h"
#include <errno.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char help_text[] =
    "usage: weir bench [OPTION...] [NAME...]\n"
    "\n"
    "Measures this machine by running pipelines, and says how many cameras it can watch. Without NAME, everything:\n"
    "\n"
    "  link              frames from one thread to another, every one and the latest\n"
    "  wake-up           how soon a sleeping consumer has a frame, 1000 times a second\n"
    "  decode            a video, on one core\n"
    "  inference         a model: on one thread, on all cores for one picture, and with a picture on each core\n"
    "  job               a video decoded and every frame of it analysed, on all cores\n"
    "\n"
    "  --model NAME      as detect takes it: a name (weir models lists them) or a path; coco unless given\n"
    "  --video FILE      in place of the sample clip\n"
    "  --seconds N       that each of the eight measurements takes, from 0.05 to 600; 2 unless given\n"
    "  --fps N           frames/s that a camera sends; 25 unless given\n"
    "  --analyse N       frames/s of each camera that are to be analysed at least; 4 unless given\n"
    "  --json [FILE]     for programs: in place of the text, or into a file (its name has a dot or a slash in it)\n"
    "  --help            this text\n"
    "\n"
    "Nothing else should run meanwhile. What a missing video or model would be needed for is left out, and said.\n"
    "Exit status: 0 done, 1 a measurement failed, 2 refused before anything was measured.\n";

typedef struct bench_options {
    const char *model, *video, *json; /* json: a file, "-", or NULL */
    double seconds, fps, analyse;
    bool help;
} bench_options;

enum { MODEL = 256, VIDEO, SECONDS, FPS, ANALYSE, JSON, HELP };

static const struct option long_options[] = {
    {"model", required_argument, NULL, MODEL},
    {"video", required_argument, NULL, VIDEO},
    {"seconds", required_argument, NULL, SECONDS},
    {"fps", required_argument, NULL, FPS},
    {"analyse", required_argument, NULL, ANALYSE},
    {"json", optional_argument, NULL, JSON},
    {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0},
};

/* --- options --- */

static int set_number(const char *name, double *number, double least, double most)
{
    double value;
    if (!wr_parse_double(optarg, &value) || value < least || value > most)
        return wr_cli_misused("bench", "--%s takes a number from %g to %g", name, least, most);
    *number = value;
    return 0;
}

/* --json=FILE, or --json FILE where the next word can only be a file. */
static const char *json_file(int argc, char **argv)
{
    if (optarg)
        return optarg;
    const char *next = optind < argc ? argv[optind] : "";
    bool is_file = strcmp(next, "-") == 0 || (next[0] != '-' && strpbrk(next, "./"));
    if (is_file)
        optind++;
    return is_file ? next : "-";
}

/* 0, or the exit status. */
static int set(bench_options *options, int option, int argc, char **argv)
{
    switch (option) {
    case 'h':
    case HELP:
        options->help = true;
        return 0;
    case MODEL:
        options->model = optarg;
        return 0;
    case VIDEO:
        options->video = optarg;
        return strstr(optarg, "://")
                   ? wr_cli_misused("bench", "--video takes a file, which can be read again and again")
                   : 0;
    case SECONDS:
        return set_number("seconds", &options->seconds, 0.05, 600);
    case FPS:
        return set_number("fps", &options->fps, 0.1, 1000);
    case ANALYSE:
        return set_number("analyse", &options->analyse, 0.01, 1000);
    case JSON:
        options->json = json_file(argc, argv);
        return 0;
    default:
        return wr_cli_bad_option("bench", argv);
    }
}

/* 0, or the exit status. */
static int choose(wr_bench *bench, const char *name)
{
    const char *names[WR_BENCH_TOPICS + 1] = {NULL};
    for (int i = 0; i < WR_BENCH_TOPICS; i++) {
        names[i] = wr_bench_topic_name((wr_bench_topic)i);
        if (strcmp(name, names[i]) == 0) {
            bench->wanted[i] = true;
            return 0;
        }
    }
    const char *near = wr_may_show(name) ? wr_nearest(name, names) : NULL;
    if (near)
        return wr_cli_misused("bench", "nothing to measure is called %s; did you mean %s?", name, near);
    return wr_cli_misused("bench", "what can be measured is link, wake-up, decode, inference and job");
}

static int choose_all(wr_bench *bench, int argc, char **argv)
{
    int status = 0;
    for (int i = optind; i < argc && status == 0; i++)
        status = choose(bench, argv[i]);
    for (int i = 0; i < WR_BENCH_TOPICS && optind == argc; i++)
        bench->wanted[i] = true;
    return status;
}

/* --- what there is to measure with --- */

static const char sample[] = "deps/clips/street.mp4";

/* 0, or the exit status: a video that was named must be there. */
static int find_video(wr_bench *bench, const char *named, char path[PATH_MAX])
{
    char why[PATH_MAX];
    bool in_tree = !named && wr_in_source_tree(sample, path, PATH_MAX) && access(path, R_OK) == 0;
    const char *video = named ? named : in_tree ? path : NULL;
    bench->width = 1920;
    bench->height = 1080;
    if (!video) {
        snprintf(bench->missing_video, sizeof bench->missing_video,
                 "the sample clip is not here; name a video of your own with --video FILE%s",
                 wr_in_source_tree(sample, path, PATH_MAX) ? ", or run scripts/setup.sh clip" : "");
        return 0;
    }
    uint32_t width, height;
    if (!wr_bench_look(video, &width, &height, why, sizeof why)) {
        snprintf(bench->missing_video, sizeof bench->missing_video, "%s", why);
        return named ? WR_EXIT_REFUSED : 0;
    }
    bench->video = video;
    bench->width = width;
    bench->height = height;
    return 0;
}

/* 0, or the exit status: a model that was named must be there. */
static int find_model(wr_bench *bench, const char *named)
{
    wr_model *model = wr_must_grow(NULL, 1, sizeof *model);
    const char *name = named ? named : "coco";
    char *why = bench->missing_model;
    if (wr_catalogue_find(name, model, why, sizeof bench->missing_model) >= 0) {
        bench->model = model->installed ? name : NULL;
        why[0] = '\0';
        if (!model->installed)
            wr_catalogue_missing(model, why, sizeof bench->missing_model);
        else if (!wr_bench_fit(bench, why, sizeof bench->missing_model))
            bench->model = NULL;
    }
    free(model);
    return named && !bench->model ? WR_EXIT_REFUSED : 0;
}

static bool wants_video(const wr_bench *bench)
{
    return bench->wanted[WR_BENCH_DECODE] || bench->wanted[WR_BENCH_JOB] || bench->wanted[WR_BENCH_INFERENCE];
}

static bool wants_model(const wr_bench *bench)
{
    return bench->wanted[WR_BENCH_INFERENCE] || bench->wanted[WR_BENCH_JOB];
}

static bool needs_video(const wr_bench *bench)
{
    return bench->wanted[WR_BENCH_DECODE] || bench->wanted[WR_BENCH_JOB];
}

static void say(const char *sentence)
{
    if (sentence[0])
        fprintf(stderr, "weir bench: %s\n", sentence);
}

/* 0, or the exit status. */
static int find(wr_bench *bench, const bench_options *options, char path[PATH_MAX])
{
    int status = wants_video(bench) || options->video ? find_video(bench, options->video, path) : 0;
    if (status == 0 && (wants_model(bench) || options->model))
        status = find_model(bench, options->model);
    if (status == 0 && !needs_video(bench))
        bench->missing_video[0] = '\0';
    say(bench->missing_video);
    say(bench->missing_model);
    int runs = 0;
    for (int i = 0; i < WR_BENCH_TOPICS; i++)
        runs += wr_bench_runs(bench, (wr_bench_topic)i);
    return status ? status : runs ? 0 : WR_EXIT_REFUSED;
}

static int usable_cores(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : (int)sysconf(_SC_NPROCESSORS_ONLN);
}

/* --- the end --- */

static int write_json(const wr_bench *bench, const char *path, FILE *out)
{
    char *json = wr_bench_json(bench);
    bool good = fprintf(out, "%s\n", json) > 0 && fflush(out) == 0;
    if (!good)
        fprintf(stderr, "weir bench: cannot write %s: %s\n", path, strerror(errno));
    free(json);
    return good ? WR_EXIT_DONE : WR_EXIT_FAILED;
}

static int report(const wr_bench *bench, const char *path, FILE *json)
{
    int status = json ? write_json(bench, path, json) : WR_EXIT_DONE;
    if (json != stdout) {
        char *text = wr_bench_text(bench);
        fputs(text, stdout);
        free(text);
    }
    for (int i = 0; i < WR_BENCH_RUNS; i++) {
        say(bench->run[i].error);
        if (bench->run[i].error[0])
            status = WR_EXIT_FAILED;
    }
    if (wr_bench_interrupted())
        say("stopped before all was measured");
    return wr_bench_interrupted() ? WR_EXIT_FAILED : status;
}

static void on_signal(int number)
{
    (void)number;
    wr_bench_interrupt();
}

static int measure(wr_bench *bench, const char *path)
{
    FILE *json = !path ? NULL : strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
    if (path && !json) {
        fprintf(stderr, "weir bench: cannot write %s: %s; check --json\n", path, strerror(errno));
        return WR_EXIT_REFUSED;
    }
    signal(SIGINT, on_signal);
    signal(SIGTERM, on_signal);
    bool came_back = wr_bench_all(bench);
    int status = report(bench, path, json);
    if (json && json != stdout)
        fclose(json);
    fflush(stdout);
    if (!came_back) /* what is left behind may still use everything */
        _exit(WR_EXIT_FAILED);
    return status;
}

int wr_cli_bench(int argc, char **argv)
{
    static wr_bench bench;
    char path[PATH_MAX];
    bench_options options = {.seconds = 2, .fps = 25, .analyse = 4};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "h", long_options, NULL)) != -1;) {
        int status = set(&options, option, argc, argv);
        if (status != 0)
            return status;
        if (options.help) {
            fputs(help_text, stdout);
            return WR_EXIT_DONE;
        }
    }
    bench = (wr_bench){.seconds = options.seconds, .fps = options.fps, .analyse = options.analyse};
    bench.cores = bench.replicas = usable_cores();
    getloadavg(&bench.load, 1);
    int status = choose_all(&bench, argc, argv);
    if (status == 0)
        status = find(&bench, &options, path);
    return status == 0 ? measure(&bench, options.json) : status;
}
