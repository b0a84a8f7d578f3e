#include "probe.h"

#include "cli.h"
#include "core/option.h"
#include "core/text.h"
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/clock.h>
#include <weir/log.h>

static const char help_text[] =
    "usage: weir probe [--json] [--timeout TIME] [--transport tcp|udp] URL\n"
    "\n"
    "Says whether a source can be read, and what it sends: a file, rtsp://, http:// or https:// address. It is read "
    "and\n"
    "decoded as weir run would, until key frames have come a few times.\n"
    "\n"
    "  --json            the same for programs\n"
    "  --timeout TIME    look no longer than that, and wait no longer for an answer; 10s unless given\n"
    "  --transport NAME  of RTSP: tcp or udp\n"
    "  --help            this text\n"
    "\n"
    "Exit status: 0 it can be read, 1 reading failed after it had begun, or no picture could be decoded, 2 it cannot "
    "be\n"
    "read.\n";

enum { JSON = 256, TIMEOUT, TRANSPORT, HELP };

static const struct option long_options[] = {
    {"json", no_argument, NULL, JSON},
    {"timeout", required_argument, NULL, TIMEOUT},
    {"transport", required_argument, NULL, TRANSPORT},
    {"help", no_argument, NULL, HELP},
    {NULL, 0, NULL, 0},
};

typedef struct probe_options {
    bool json, help;
    int64_t timeout_ns;
    const char *transport;
} probe_options;

static int set(probe_options *options, int option, char **argv)
{
    const int64_t least_ns = 100000000, most_ns = 600 * INT64_C(1000000000);
    switch (option) {
    case 'h':
    case HELP:
        options->help = true;
        return 0;
    case JSON:
        options->json = true;
        return 0;
    case TIMEOUT:
        if (wr_parse_duration(optarg, &options->timeout_ns) && options->timeout_ns >= least_ns &&
            options->timeout_ns <= most_ns)
            return 0;
        return wr_cli_misused("probe", "--timeout takes a time from 100ms to 10m");
    case TRANSPORT:
        options->transport = optarg;
        if (strcmp(optarg, "tcp") == 0 || strcmp(optarg, "udp") == 0)
            return 0;
        return wr_cli_misused("probe", "--transport takes tcp or udp");
    default:
        return wr_cli_bad_option("probe", argv);
    }
}

/* --- running --- */

/* Nothing waits for us in a camera, so nothing here may let go: pace=fast. */
static void describe(weir_pipeline *pipeline, const char *url, const probe_options *options)
{
    wr_text text = {0};
    wr_text_add(&text, "pace=fast retry=false max_size=4096x4096 timeout=%lldms transport=%s url=",
                (long long)(options->timeout_ns / 1000000), options->transport);
    wr_cli_add_quoted(&text, url);
    weir_pipeline_add(pipeline, "source", "video", text.data);
    weir_pipeline_add(pipeline, "packets", WR_PROBE_PACKETS, NULL);
    weir_pipeline_add(pipeline, "pictures", WR_PROBE_PICTURES, NULL);
    weir_pipeline_link(pipeline, "source", "packets", NULL);
    weir_pipeline_link(pipeline, "source", "pictures", &(weir_policy){.depth = 1});
    explicit_bzero(text.data, strlen(text.data));
    free(text.data);
}

/* What a node says of its options is said of the command here. */
static void keep_error(wr_probe *probe, const char *sentence)
{
    char *end;
    snprintf(probe->error, sizeof probe->error, "%.*s", (int)strcspn(sentence, "\n"), sentence);
    if ((end = strstr(probe->error, "; check url=")))
        *end = '\0';
}

static void read_account(wr_probe *probe)
{
    weir_stats *stats = weir_pipeline_stats(probe->pipeline);
    for (int i = 0; stats && i < stats->nodes; i++) {
        const weir_node_stats *node = &stats->node[i];
        if (node->error[0] && !probe->error[0])
            keep_error(probe, node->error);
        if (strcmp(node->component, "decode") == 0)
            probe->undecoded = node->lost;
    }
    weir_stats_free(stats);
}

static void silent(void *user, weir_log_level level, const char *name, const char *text)
{
    (void)user;
    (void)level;
    (void)name;
    (void)text;
}

static void run(wr_probe *probe)
{
    static const char before[] = "source: ";
    weir_log_set_sink(silent, NULL); /* the report says it */
    weir_status status = weir_pipeline_check(probe->pipeline);
    if (status < 0) {
        const char *sentence = weir_pipeline_error(probe->pipeline), *place = strstr(sentence, before);
        keep_error(probe, place ? place + strlen(before) : sentence);
    } else {
        probe->started_ns = weir_clock_now(NULL);
        weir_pipeline_run(probe->pipeline);
        read_account(probe);
    }
    weir_log_set_sink(NULL, NULL);
}

/* --- the end --- */

static int verdict(wr_probe *probe)
{
    if (!probe->packets.count) {
        if (!probe->error[0])
            snprintf(probe->error, sizeof probe->error, "nothing came");
        return WR_EXIT_REFUSED;
    }
    if (!probe->pictures.count && !probe->error[0])
        snprintf(probe->error, sizeof probe->error, "no picture could be decoded");
    return probe->error[0] ? WR_EXIT_FAILED : WR_EXIT_DONE;
}

static int report(wr_probe *probe, const probe_options *options)
{
    int status = verdict(probe);
    char *text = options->json ? wr_probe_json(probe) : probe->packets.count ? wr_probe_text(probe) : NULL;
    if (text)
        printf("%s%s", text, options->json ? "\n" : "");
    free(text);
    if (probe->error[0])
        fprintf(stderr, "weir probe: %s\n", probe->error);
    return status;
}

static int probe_url(char *argument, const probe_options *options)
{
    char *url = wr_must_copy(argument), *shown = weir_mask(wr_must_copy(argument));
    wr_probe probe = {.url = shown, .limit_ns = options->timeout_ns};
    wr_cli_hide(argument);
    wr_probe_register(&probe);
    probe.pipeline = weir_pipeline_new("probe");
    describe(probe.pipeline, url, options);
    run(&probe);
    int status = report(&probe, options);
    weir_pipeline_free(probe.pipeline);
    explicit_bzero(url, strlen(url));
    free(url);
    free(shown);
    return status;
}

int wr_cli_probe(int argc, char **argv)
{
    probe_options options = {.timeout_ns = 10 * INT64_C(1000000000), .transport = "tcp"};
    opterr = 0;
    for (int option; (option = getopt_long(argc, argv, "h", long_options, NULL)) != -1;) {
        int status = set(&options, option, argv);
        if (status != 0)
            return status;
        if (options.help) {
            fputs(help_text, stdout);
            return WR_EXIT_DONE;
        }
    }
    if (argc - optind != 1)
        return wr_cli_misused("probe", argc == optind ? "an address is missing: a file, rtsp://, http:// or https://"
                                                      : "one address is looked at, not more");
    return probe_url(argv[optind], &options);
}
