/* Both forms say the same: whatever is printed in one reads back as it was, over the other form, too. */
#include "core/description.h"
#include "describe/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include <cmocka.h>

static bool same_settings(const wr_settings *a, const wr_settings *b)
{
    for (size_t i = 0; i < a->count && a->count == b->count; i++)
        if (strcmp(a->item[i].key, b->item[i].key) != 0 || strcmp(a->item[i].value, b->item[i].value) != 0)
            return false;
    return a->count == b->count;
}

static bool same_node(const wr_node_text *a, const wr_node_text *b)
{
    return strcmp(a->name, b->name) == 0 && strcmp(a->component, b->component) == 0 &&
           same_settings(&a->settings, &b->settings);
}

static bool same_link(const wr_link_text *a, const wr_link_text *b)
{
    return strcmp(a->from, b->from) == 0 && strcmp(a->from_port, b->from_port) == 0 && strcmp(a->to, b->to) == 0 &&
           strcmp(a->to_port, b->to_port) == 0 && same_settings(&a->settings, &b->settings);
}

static bool same(const wr_description *a, const wr_description *b)
{
    if (a->nodes != b->nodes || a->links != b->links)
        return false;
    for (size_t i = 0; i < a->nodes; i++)
        if (!same_node(&a->node[i], &b->node[i]))
            return false;
    for (size_t i = 0; i < a->links; i++)
        if (!same_link(&a->link[i], &b->link[i]))
            return false;
    return true;
}

/* Prints and reads again; ends the first description. */
static wr_description *through(wr_description *before, bool yaml)
{
    wr_problems problems = {0};
    wr_description *after = wr_description_new("line", "text");
    char *text = yaml ? wr_yaml_print(before) : wr_line_print(before);
    bool ok = yaml ? wr_yaml_parse(after, text, strlen(text), &problems) : wr_line_parse(after, text, &problems);
    if (!ok)
        fail_msg("%s\n%s", text, problems.text[0]);
    if (!same(before, after)) {
        char *again = yaml ? wr_yaml_print(after) : wr_line_print(after);
        fail_msg("printed:\n%s\nread as:\n%s", text, again);
    }
    free(text);
    wr_description_free(before);
    return after;
}

static void check(wr_description *description)
{
    description = through(description, true);
    description = through(description, false);
    description = through(description, true);
    wr_description_free(through(description, false));
}

/* --- a corpus: one line in a file may hold a line end within quotes, so quotes are counted --- */

static bool complete(const char *line)
{
    bool quoted = false;
    for (; *line; line++) {
        if (quoted && *line == '\\' && line[1])
            line++;
        else if (*line == '"')
            quoted = !quoted;
    }
    return !quoted;
}

static void the_corpus_goes_through(void **state)
{
    (void)state;
    FILE *in = fopen(getenv("WEIR_PIPELINES") ? getenv("WEIR_PIPELINES") : "tests/cli/pipelines.txt", "r");
    if (!in)
        fail_msg("set WEIR_PIPELINES to tests/cli/pipelines.txt");
    char part[4096], line[8192] = "";
    int count = 0;
    while (fgets(part, sizeof part, in)) {
        strcat(line, part);
        if (!complete(line))
            continue;
        wr_problems problems = {0};
        wr_description *description = wr_description_new("line", "line");
        if (!wr_line_parse(description, line, &problems))
            fail_msg("%s%s", line, problems.text[0]);
        check(description);
        line[0] = '\0';
        count++;
    }
    fclose(in);
    assert_true(count >= 40);
}

/* --- descriptions made up --- */

static uint64_t random_state = 1;

static unsigned any(unsigned below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (unsigned)((random_state >> 11) % below);
}

static const char *random_name(char buffer[64])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
    unsigned length = any(20) ? any(3) + 1 : 63;
    for (unsigned i = 0; i < length; i++)
        buffer[i] = letters[any(sizeof letters - 1)];
    buffer[length] = '\0';
    return buffer;
}

static void add_utf8(wr_text *text, unsigned code)
{
    if (code < 0x80) {
        wr_text_add_char(text, (char)code);
        return;
    }
    int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
    wr_text_add_char(text, (char)((0xff00 >> (more + 1) & 0xff) | code >> 6 * more));
    while (more-- > 0)
        wr_text_add_char(text, (char)(0x80 | (code >> 6 * more & 0x3f)));
}

static unsigned random_code(void)
{
    static const char signs[] = "\"\\ \t\n\r!;@=:#-?*&|>'%`{}[],.$~<";
    static const unsigned odd[] = {1, 0x1b, 0x7f, 0x80, 0x85, 0xa0, 0x2028, 0x2029, 0xfeff, 0xfffd, 0xfffe, 0x10ffff};
    unsigned code = 0;
    switch (any(6)) {
    case 0:
        return odd[any(sizeof odd / sizeof *odd)];
    case 1:
        do
            code = any(0x10ffff) + 1;
        while (code >= 0xd800 && code < 0xe000);
        return code;
    case 2:
        return 'a' + any(26);
    default:
        return (unsigned char)signs[any(sizeof signs - 1)];
    }
}

static void add_random_setting(wr_settings *settings, const char *key)
{
    static const wr_place nowhere = {0, 0};
    wr_text value = {0};
    wr_text_add(&value, "%s", "");
    for (unsigned left = any(8); left > 0; left--)
        add_utf8(&value, random_code());
    if (!wr_settings_find(settings, key))
        wr_settings_add(settings, key, nowhere, value.data, nowhere);
    free(value.data);
}

static bool usable_key(const char *key)
{
    static const char *const reserved[] = {"name", "from", "component", NULL};
    return !wr_one_of(key, reserved) && !wr_one_of(key, wr_link_keys);
}

static wr_description *random_description(void)
{
    char name[64], component[64], key[64];
    wr_description *d = wr_description_new("line", "made up");
    for (unsigned left = any(6) + 1; left > 0; left--) {
        bool named = any(2) && !wr_description_find(d, random_name(name));
        wr_node_text *node = wr_description_add_node(d, named ? name : NULL, random_name(component));
        for (unsigned options = any(4); options > 0; options--)
            if (usable_key(random_name(key)))
                add_random_setting(&node->settings, key);
    }
    for (unsigned left = any(8); left > 0; left--) {
        const char *from = d->node[any((unsigned)d->nodes)].name, *to = d->node[any((unsigned)d->nodes)].name;
        wr_link_text *link =
            wr_description_add_link(d, from, any(3) ? "" : random_name(name), to, any(3) ? "" : random_name(key));
        for (unsigned i = any(3); i > 0; i--)
            add_random_setting(&link->settings, wr_link_keys[any(3)]);
    }
    wr_description_sort(d);
    return d;
}

static void made_up_pipelines_go_through(void **state)
{
    (void)state;
    for (int i = 1; i <= 3000; i++) {
        random_state = (uint64_t)i * 0x9e3779b97f4a7c15u;
        check(random_description());
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_corpus_goes_through),
        cmocka_unit_test(made_up_pipelines_go_through),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
