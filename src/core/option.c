#include "core/option.h"

#include "core/description.h"
#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What a parser is given: where to put the value, where to say what is wrong. */
typedef struct parsing {
    const weir_option *option;
    void *field;
    const char *text;  /* what is parsed */
    const char *shown; /* what messages repeat */
    char *why;
    size_t why_bytes;
} parsing;

static bool refuse(const parsing *p, const char *says)
{
    snprintf(p->why, p->why_bytes, "%s %s", p->shown, says);
    return false;
}

static bool mistyped(const parsing *p)
{
    char type[256];
    wr_option_describe_type(p->option, type, sizeof type);
    snprintf(p->why, p->why_bytes, "%s is not what is wanted: %s", p->shown, type);
    return false;
}

static bool bounded(const weir_option *option)
{
    return option->max > option->min;
}

/* `print` writes a bound as a user would write the value. */
static bool in_range(const parsing *p, double value, void (*print)(double, char *, size_t))
{
    const weir_option *option = p->option;
    if (!bounded(option) || (value >= option->min && value <= option->max))
        return true;
    char bound[48];
    print(value < option->min ? option->min : option->max, bound, sizeof bound);
    snprintf(p->why, p->why_bytes, "%s is %s %s", p->shown, value < option->min ? "below" : "above", bound);
    return false;
}

static void print_seconds(double seconds, char *text, size_t bytes)
{
    wr_print_duration((int64_t)(seconds * 1e9 + 0.5), text, bytes);
}

static void print_count(double count, char *text, size_t bytes)
{
    wr_print_bytes((uint64_t)count, text, bytes);
}

static void (*bound_printer(weir_type type))(double, char *, size_t)
{
    return type == WEIR_TYPE_DURATION ? print_seconds : type == WEIR_TYPE_BYTES ? print_count : wr_print_double;
}

/* --- one parser and one printer for each type --- */

static bool parse_int64(const parsing *p)
{
    int64_t value;
    if (!wr_parse_int(p->text, &value))
        return mistyped(p);
    if (!in_range(p, (double)value, wr_print_double))
        return false;
    *(int64_t *)p->field = value;
    return true;
}

static bool parse_int(const parsing *p)
{
    int64_t value;
    if (!wr_parse_int(p->text, &value))
        return mistyped(p);
    if (!in_range(p, (double)value, wr_print_double))
        return false;
    if (value < INT_MIN || value > INT_MAX)
        return refuse(p, "is too large");
    *(int *)p->field = (int)value;
    return true;
}

static bool parse_double(const parsing *p)
{
    double value;
    if (!wr_parse_double(p->text, &value))
        return mistyped(p);
    if (!in_range(p, value, wr_print_double))
        return false;
    *(double *)p->field = value;
    return true;
}

static bool parse_bool(const parsing *p)
{
    static const char *const yes[] = {"yes", "true", "on", "1", NULL};
    static const char *const no[] = {"no", "false", "off", "0", NULL};
    bool value = wr_one_of(p->text, yes);
    if (!value && !wr_one_of(p->text, no))
        return mistyped(p);
    *(bool *)p->field = value;
    return true;
}

/* The four kinds of string are alike: a struct with the pointer alone. */
static bool parse_string(const parsing *p)
{
    *(weir_string *)p->field = (weir_string){p->text};
    return true;
}

static bool parse_duration(const parsing *p)
{
    weir_duration value;
    int64_t number;
    if (!wr_parse_duration(p->text, &value.ns)) {
        if (!wr_parse_int(p->text, &number) || number < 0)
            return mistyped(p);
        snprintf(p->why, p->why_bytes, "%s has no unit; write %sms or %ss", p->shown, p->shown, p->shown);
        return false;
    }
    if (!in_range(p, (double)value.ns / 1e9, print_seconds))
        return false;
    *(weir_duration *)p->field = value;
    return true;
}

static bool parse_bytes(const parsing *p)
{
    weir_bytes value;
    if (!wr_parse_bytes(p->text, &value.count))
        return mistyped(p);
    if (!in_range(p, (double)value.count, print_count))
        return false;
    *(weir_bytes *)p->field = value;
    return true;
}

static bool parse_size(const parsing *p)
{
    char width[24], height[24];
    const char *x = strchr(p->text, 'x');
    int64_t w, h;
    if (!x || x - p->text >= (int)sizeof width || strlen(x + 1) >= sizeof height)
        return mistyped(p);
    snprintf(width, sizeof width, "%.*s", (int)(x - p->text), p->text);
    snprintf(height, sizeof height, "%s", x + 1);
    if (!wr_parse_int(width, &w) || !wr_parse_int(height, &h) || w < 0 || h < 0)
        return mistyped(p);
    if (w > UINT16_MAX || h > UINT16_MAX)
        return refuse(p, "is too large; a side has at most 65535 pixels");
    *(weir_size *)p->field = (weir_size){.width = (uint32_t)w, .height = (uint32_t)h};
    return true;
}

static bool parse_choice(const parsing *p)
{
    const char *const *choices = p->option->choices;
    for (int i = 0; choices && choices[i]; i++) {
        if (strcmp(choices[i], p->text) == 0) {
            *(weir_choice *)p->field = (weir_choice){i};
            return true;
        }
    }
    const char *near = choices ? wr_nearest(p->text, choices) : NULL;
    if (!near)
        return mistyped(p);
    snprintf(p->why, p->why_bytes, "%s is unknown; did you mean %s?", p->shown, near);
    return false;
}

static bool (*const parsers[])(const parsing *) = {
    [WEIR_TYPE_INT] = parse_int,    [WEIR_TYPE_INT64] = parse_int64,       [WEIR_TYPE_DOUBLE] = parse_double,
    [WEIR_TYPE_BOOL] = parse_bool,  [WEIR_TYPE_STRING] = parse_string,     [WEIR_TYPE_PATH] = parse_string,
    [WEIR_TYPE_URL] = parse_string, [WEIR_TYPE_DURATION] = parse_duration, [WEIR_TYPE_BYTES] = parse_bytes,
    [WEIR_TYPE_SIZE] = parse_size,  [WEIR_TYPE_CHOICE] = parse_choice,     [WEIR_TYPE_LIST] = parse_string,
};

static bool parse(const weir_option *option, void *options, const char *text, bool hidden, char *why, size_t why_bytes)
{
    bool show = !hidden && !option->secret && text[0] && wr_may_show(text);
    parsing p = {.option = option,
                 .field = (char *)options + option->offset,
                 .text = text,
                 .shown = show      ? text
                          : text[0] ? "this value"
                                    : "an empty value",
                 .why = why,
                 .why_bytes = why_bytes};
    return parsers[option->type](&p);
}

bool wr_option_parse(const weir_option *option, void *options, const char *text, char *why, size_t why_bytes)
{
    return parse(option, options, text, false, why, why_bytes);
}

bool wr_option_parse_hidden(const weir_option *option, void *options, const char *text, char *why, size_t why_bytes)
{
    return parse(option, options, text, true, why, why_bytes);
}

bool wr_option_print(const weir_option *option, const void *options, char *text, size_t bytes)
{
    const void *field = (const char *)options + option->offset;
    const weir_size *size = field;
    const char *string = NULL;
    char number[64] = "";
    switch (option->type) {
    case WEIR_TYPE_INT:
        snprintf(number, sizeof number, "%d", *(const int *)field);
        break;
    case WEIR_TYPE_INT64:
        snprintf(number, sizeof number, "%" PRId64, *(const int64_t *)field);
        break;
    case WEIR_TYPE_DOUBLE:
        wr_print_double(*(const double *)field, number, sizeof number);
        break;
    case WEIR_TYPE_BOOL:
        string = *(const bool *)field ? "yes" : "no";
        break;
    case WEIR_TYPE_DURATION:
        wr_print_duration(((const weir_duration *)field)->ns, number, sizeof number);
        break;
    case WEIR_TYPE_BYTES:
        wr_print_bytes(((const weir_bytes *)field)->count, number, sizeof number);
        break;
    case WEIR_TYPE_SIZE:
        snprintf(number, sizeof number, "%" PRIu32 "x%" PRIu32, size->width, size->height);
        break;
    case WEIR_TYPE_CHOICE:
        string = option->choices[((const weir_choice *)field)->index];
        break;
    default:
        string = ((const weir_string *)field)->text;
    }
    return (size_t)snprintf(text, bytes, "%s", string ? string : number) < bytes;
}

static void set_zero(const weir_option *option, void *options)
{
    static const size_t field_bytes[] = {
        [WEIR_TYPE_INT] = sizeof(int),
        [WEIR_TYPE_INT64] = sizeof(int64_t),
        [WEIR_TYPE_DOUBLE] = sizeof(double),
        [WEIR_TYPE_BOOL] = sizeof(bool),
        [WEIR_TYPE_DURATION] = sizeof(weir_duration),
        [WEIR_TYPE_BYTES] = sizeof(weir_bytes),
        [WEIR_TYPE_SIZE] = sizeof(weir_size),
        [WEIR_TYPE_CHOICE] = sizeof(weir_choice),
        [WEIR_TYPE_LIST] = 0,
    };
    memset((char *)options + option->offset, 0, field_bytes[option->type]);
}

void wr_option_defaults(const weir_option *table, void *options)
{
    for (const weir_option *option = table; option && option->name; option++) {
        bool string = parsers[option->type] == parse_string;
        char why[256];
        if (!option->text && !string)
            set_zero(option, options);
        else if (!wr_option_parse(option, options, option->text ? option->text : "", why, sizeof why))
            assert(!"the default of an option is wrong");
    }
}

const weir_option *wr_option_find(const weir_option *table, const char *name)
{
    for (; table && table->name; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

/* --- what a type is called --- */

static const char *const type_text[] = {
    [WEIR_TYPE_INT] = "whole number",
    [WEIR_TYPE_INT64] = "whole number",
    [WEIR_TYPE_DOUBLE] = "number",
    [WEIR_TYPE_BOOL] = "yes or no",
    [WEIR_TYPE_STRING] = "text",
    [WEIR_TYPE_PATH] = "file or folder",
    [WEIR_TYPE_URL] = "file or URL",
    [WEIR_TYPE_DURATION] = "duration such as 200ms",
    [WEIR_TYPE_BYTES] = "bytes such as 8MiB",
    [WEIR_TYPE_SIZE] = "pixels such as 1920x1080",
    [WEIR_TYPE_CHOICE] = "one of: ",
    [WEIR_TYPE_LIST] = "words separated by commas",
};

static void add(char *text, size_t bytes, const char *more)
{
    size_t length = strlen(text);
    snprintf(text + length, bytes - length, "%s", more);
}

static void add_words(char *text, size_t bytes, const char *const *words)
{
    for (int i = 0; words[i]; i++) {
        add(text, bytes, i ? ", " : "");
        add(text, bytes, words[i]);
    }
}

void wr_option_describe_type(const weir_option *option, char *text, size_t bytes)
{
    snprintf(text, bytes, "%s", type_text[option->type]);
    if (option->choices && option->type != WEIR_TYPE_CHOICE)
        add(text, bytes, ", for example ");
    if (option->choices)
        add_words(text, bytes, option->choices);
    if (!bounded(option))
        return;
    char least[48], most[48], range[112];
    bound_printer(option->type)(option->min, least, sizeof least);
    bound_printer(option->type)(option->max, most, sizeof most);
    snprintf(range, sizeof range, "%s from %s to %s", option->type >= WEIR_TYPE_DURATION ? "," : "", least, most);
    add(text, bytes, range);
}

const char *weir_list_next(const char *at, char *word, size_t bytes)
{
    static const char blanks[] = " \t\n\r\v\f";
    at += strspn(at, " \t\n\r\v\f,");
    if (!*at)
        return NULL;
    size_t length = strcspn(at, ","), kept = length;
    while (kept > 0 && strchr(blanks, at[kept - 1]))
        kept--;
    snprintf(word, bytes, "%.*s", (int)(kept < INT_MAX ? kept : INT_MAX), at);
    return at + length;
}
