#include "cli.h"

#include "core/option.h"
#include "core/text.h"
#include "describe/yaml.h"
#include "run/pipeline.h"
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/log.h>

enum { PIPELINE_BYTES_MAX = 4 << 20 };

int wr_cli_misused(const char *command, const char *format, ...)
{
    va_list args;
    fprintf(stderr, "weir %s: ", command);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, " (see weir %s --help)\n", command);
    return WR_EXIT_REFUSED;
}

int wr_cli_bad_option(const char *command, char **argv)
{
    const char *word = argv[optind > 1 ? optind - 1 : 1];
    if (optopt && optopt < 128)
        return wr_cli_misused(command, "there is no option -%c", optopt);
    return wr_cli_misused(command,
                          wr_may_show(word) ? "%s: no such option, or its value is missing or too much"
                                            : "there is no such option",
                          word);
}

char *wr_cli_argument(int argc, char **argv)
{
    if (argc - optind == 1)
        return argv[optind];
    if (argc == optind)
        wr_cli_misused(argv[0], "a pipeline is missing: a .yaml file, a line in quotes, or - for standard input");
    else
        wr_cli_misused(argv[0], "there are %d arguments where one pipeline belongs; put a line into single quotes",
                       argc - optind);
    return NULL;
}

bool wr_cli_plugin(const char *path)
{
    char why[512] = "";
    if (weir_plugin_load(path, why, sizeof why) >= 0)
        return true;
    fprintf(stderr, "weir: %s\n", weir_mask(why));
    return false;
}

/* --- texts --- */

void wr_cli_add_quoted(wr_text *text, const char *value)
{
    wr_text_add(text, "\"");
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            wr_text_add_char(text, '\\');
        wr_text_add_char(text, *value);
    }
    wr_text_add(text, "\"");
}

static bool ends_in(const char *text, const char *end)
{
    size_t length = strlen(text), bytes = strlen(end);
    return length > bytes && strcmp(text + length - bytes, end) == 0;
}

static char *read_stream(FILE *in, size_t *bytes)
{
    char *text = wr_must_grow(NULL, PIPELINE_BYTES_MAX + 2, 1);
    *bytes = fread(text, 1, PIPELINE_BYTES_MAX + 1, in);
    text[*bytes] = '\0';
    return text;
}

static char *read_text(const char *path, size_t *bytes, wr_problems *problems)
{
    bool is_stdin = strcmp(path, "-") == 0;
    const char *shown = is_stdin ? "standard input" : path;
    FILE *in = is_stdin ? stdin : fopen(path, "re");
    errno = in ? 0 : errno;
    char *text = in ? read_stream(in, bytes) : NULL;
    if (!in || ferror(in))
        wr_problems_add(problems, NULL, (wr_place){0}, "cannot read %s: %s; check the path", shown, strerror(errno));
    else if (*bytes > PIPELINE_BYTES_MAX)
        wr_problems_add(problems, NULL, (wr_place){0}, "%s is longer than 4 MiB: it is no pipeline", shown);
    else if (strlen(text) != *bytes)
        wr_problems_add(problems, NULL, (wr_place){0}, "%s holds zero bytes: it is no pipeline", shown);
    if (in && !is_stdin)
        fclose(in);
    return text;
}

/* A line begins with the name of a component or with @name, which no YAML file does: its first word is a key and
 * ends in a colon. */
static bool is_line(const char *text)
{
    const char *word = text + strspn(text, WR_BLANKS);
    size_t length = strcspn(word, WR_BLANKS);
    char *first = wr_must_copy_part(word, length);
    bool line = first[0] == '@' || (wr_name_ok(first) && strcmp(first, "---") != 0);
    free(first);
    return line;
}

static void call_it(wr_description *description, const char *file)
{
    free(description->file);
    description->file = wr_must_copy(file);
}

/* "dir/street.yaml" is the pipeline street, unless it says another name itself. */
static void name_after(wr_description *description, const char *path)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    const char *dot = strrchr(base, '.');
    char *name = wr_must_copy_part(base, dot ? (size_t)(dot - base) : strlen(base));
    wr_description_rename(description, name);
    free(name);
}

static void load_file(wr_description *description, const char *path, wr_problems *problems)
{
    size_t bytes = 0, before = problems->count;
    bool is_stdin = strcmp(path, "-") == 0;
    char *text = read_text(path, &bytes, problems);
    call_it(description, is_stdin ? "stdin" : path);
    if (is_stdin)
        wr_description_rename(description, "stdin");
    else
        name_after(description, path);
    if (problems->count != before)
        description->broken = true;
    else if (is_stdin && is_line(text))
        wr_line_parse(description, text, problems);
    else
        wr_yaml_parse(description, text, bytes, problems);
    if (text)
        explicit_bzero(text, bytes);
    free(text);
}

/* --- passwords on the command line --- */

void wr_cli_hide(char *argument)
{
    size_t length = strlen(argument);
    if (!wr_password_typed(argument))
        return;
    weir_mask(argument);
    explicit_bzero(argument + strlen(argument), length - strlen(argument));
    weir_log(WEIR_LOG_WARNING, NULL,
             "a password was typed on the command line, where others can read it; write "
             "${NAME} or ${file:PATH} in its place");
}

void wr_cli_load(weir_pipeline *pipeline, char *argument)
{
    wr_description *description = wr_pipeline_description(pipeline);
    wr_problems *problems = wr_pipeline_problems(pipeline);
    if (strcmp(argument, "-") == 0 || ends_in(argument, ".yaml") || ends_in(argument, ".yml")) {
        load_file(description, argument, problems);
        return;
    }
    char *line = wr_must_copy(argument);
    wr_cli_hide(argument);
    call_it(description, "line");
    wr_line_parse(description, line, problems);
    explicit_bzero(line, strlen(line));
    free(line);
}

void wr_cli_print_errors(const weir_pipeline *pipeline)
{
    const char *text = weir_pipeline_error(pipeline);
    if (text[0])
        fprintf(stderr, "%s\n", text);
}
