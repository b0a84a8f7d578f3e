/* The first byte chooses the option, the rest is its text. What is accepted prints to what is accepted as the same. */
#include "core/option.h"
#include "core/text.h"
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

typedef struct all_types {
    int threads;
    int64_t frames;
    double score;
    bool loop;
    weir_string title;
    weir_path image;
    weir_url url;
    weir_duration delay;
    weir_bytes room;
    weir_size size;
    weir_choice pace;
    weir_list classes;
    double fps;
} all_types;

static const char *const paces[] = {"fast", "live", NULL};

static const weir_option table[] = {
    WEIR_OPTION(all_types, threads, "", .min = 1, .max = 8),
    WEIR_OPTION(all_types, frames, ""),
    WEIR_OPTION(all_types, score, "", .min = 0, .max = 1),
    WEIR_OPTION(all_types, loop, ""),
    WEIR_OPTION(all_types, title, ""),
    WEIR_OPTION(all_types, image, ""),
    WEIR_OPTION(all_types, url, ""),
    WEIR_OPTION(all_types, delay, "", .min = 0.001, .max = 3600),
    WEIR_OPTION(all_types, room, ""),
    WEIR_OPTION(all_types, size, ""),
    WEIR_OPTION(all_types, pace, "", .choices = paces),
    WEIR_OPTION(all_types, classes, ""),
    WEIR_OPTION(all_types, fps, ""),
};

static void check_accepted(const weir_option *option, const all_types *values, size_t bytes)
{
    char why[64], *printed = wr_must_grow(NULL, bytes + 128, 1), *again = wr_must_grow(NULL, bytes + 128, 1);
    all_types second;
    wr_option_defaults((const weir_option[]){*option, {0}}, &second);
    if (!wr_option_print(option, values, printed, bytes + 128) ||
        !wr_option_parse(option, &second, printed, why, sizeof why) ||
        !wr_option_print(option, &second, again, bytes + 128) || strcmp(printed, again) != 0)
        abort();
    free(printed);
    free(again);
}

static void walk_list(const char *text)
{
    char word[16];
    while ((text = weir_list_next(text, word, sizeof word)))
        ;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    if (bytes == 0)
        return 0;
    const weir_option *option = &table[data[0] % (sizeof table / sizeof *table)];
    char *text = wr_must_copy_part((const char *)data + 1, bytes - 1), why[64] = "";
    all_types values, before;
    memset(&values, 0, sizeof values);
    before = values;
    if (wr_option_parse(option, &values, text, why, sizeof why))
        check_accepted(option, &values, bytes);
    else if (!why[0] || memcmp(&values, &before, sizeof values) != 0)
        abort();
    wr_option_parse_hidden(option, &values, text, why, sizeof why);
    walk_list(text);
    free(text);
    return 0;
}
