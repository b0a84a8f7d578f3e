#include "core/description.h"

#include "core/text.h"
#include <stdlib.h>
#include <string.h>

typedef struct line_reader {
    const char *at;
    wr_place place;
    const char *file;
    wr_problems *problems;
    bool ok;
    wr_description *description; /* NULL when only settings are read */
} line_reader;

/* One word: an operator, @name, a component, or key=value (then value is not NULL). */
typedef struct line_word {
    char *text, *value;
    wr_place at, value_at;
    bool quoted;
    bool bad; /* a problem with it was reported */
} line_word;

/* An end that the next "!" starts from; name NULL: what stood there was not understood. */
typedef struct line_item {
    char *name, *port;
    wr_place at;
} line_item;

/* --- words --- */

#define problem(reader, at, ...)                                                                                       \
    ((reader)->ok = false, wr_problems_add((reader)->problems, (reader)->file, at, __VA_ARGS__))

static void step(line_reader *reader)
{
    unsigned code;
    int bytes = wr_utf8(reader->at, &code);
    if (bytes == 0) {
        problem(reader, reader->place, "byte 0x%02x is not UTF-8; save the text as UTF-8", (unsigned char)*reader->at);
        bytes = 1;
    }
    if (*reader->at == '\n')
        reader->place = (wr_place){reader->place.line + 1, 1};
    else
        reader->place.column++;
    reader->at += bytes;
}

static bool at_blank(const line_reader *reader)
{
    return strchr(WR_BLANKS, *reader->at) != NULL; /* true at the end, too */
}

static char *quoted(line_reader *reader, line_word *word)
{
    wr_text value = {0};
    wr_text_add(&value, "%s", "");
    step(reader);
    while (*reader->at && *reader->at != '"') {
        if (*reader->at == '\\') {
            if (reader->at[1] != '"' && reader->at[1] != '\\' && !word->bad) {
                problem(reader, reader->place,
                        "\\ in a quoted value stands before \" or \\ only; write \\\\ for one \\");
                word->bad = true;
            } else {
                step(reader);
            }
        }
        const char *from = reader->at;
        if (*from)
            step(reader);
        while (from < reader->at)
            wr_text_add_char(&value, *from++);
    }
    if (*reader->at) {
        step(reader);
    } else {
        problem(reader, word->value_at, "this quote has no end; put a \" behind the value");
        word->bad = true;
    }
    if (!at_blank(reader)) {
        problem(reader, reader->place,
                "a quoted value ends at its second \"; put a blank behind it, or \\\" inside it");
        word->bad = true;
        while (!at_blank(reader))
            step(reader);
    }
    return value.data;
}

static char *bare(line_reader *reader, const char *stop)
{
    const char *from = reader->at;
    while (!at_blank(reader) && !strchr(stop, *reader->at))
        step(reader);
    return wr_must_copy_part(from, (size_t)(reader->at - from));
}

static bool next_word(line_reader *reader, line_word *word)
{
    while (*reader->at && at_blank(reader))
        step(reader);
    *word = (line_word){.at = reader->place};
    if (!*reader->at)
        return false;
    word->text = bare(reader, "=");
    if (*reader->at == '=') {
        step(reader);
        word->value_at = reader->place;
        word->quoted = *reader->at == '"';
        word->value = word->quoted ? quoted(reader, word) : bare(reader, "");
    }
    return true;
}

static void word_free(line_word *word)
{
    free(word->text);
    free(word->value);
    *word = (line_word){0};
}

static bool is_operator(const line_word *word)
{
    return word->text && !word->value && (strcmp(word->text, "!") == 0 || strcmp(word->text, ";") == 0);
}

static bool is(const line_word *word, char operator)
{
    return is_operator(word) && word->text[0] == operator;
}

/* --- settings --- */

static void bad_word(line_reader *reader, const line_word *word)
{
    size_t length = strlen(word->text);
    bool refers = word->text[0] == '@';
    if (!wr_may_show(word->text + refers))
        problem(reader, word->at, "this is neither an option (key=value) nor an operator (! or ;)");
    else if (refers)
        problem(reader, word->at, "%s stands behind a ! or a ; only", word->text);
    else if (length > 1 && strchr("!;", word->text[length - 1]))
        problem(reader, word->at, "put a blank before the %c of %s", word->text[length - 1], word->text);
    else if (length > 1 && strchr("!;", word->text[0]))
        problem(reader, word->at, "put a blank behind the %c of %s", word->text[0], word->text);
    else
        problem(reader, word->at,
                "%s is neither an option (key=value) nor an operator (! or ;); a value with blanks "
                "in it goes into double quotes",
                word->text);
}

static bool setting_ok(line_reader *reader, const line_word *word, const wr_settings *settings)
{
    if (word->bad)
        return false;
    if (!word->value)
        bad_word(reader, word);
    else if (!wr_name_ok(word->text) && wr_may_show(word->text) && word->text[0])
        problem(reader, word->at, "%s cannot be the name of an option", word->text);
    else if (!wr_name_ok(word->text))
        problem(reader, word->at, "what stands before the first = is not the name of an option; write key=value");
    else if (!word->value[0] && !word->quoted)
        problem(reader, word->value_at, "%s has no value; write %s=\"\" for an empty one", word->text, word->text);
    else if (wr_settings_find(settings, word->text))
        problem(reader, word->at, "%s is given twice", word->text);
    else if (settings->count >= WR_TEXT_SETTINGS_MAX)
        problem(reader, word->at, "more than %d options for one component", WR_TEXT_SETTINGS_MAX);
    else
        return true;
    return false;
}

static void add_setting(wr_settings *settings, const line_word *word)
{
    wr_settings_add(settings, word->text, word->at, word->value, word->value_at);
}

bool wr_line_settings(wr_settings *settings, const char *text, const char *file, wr_problems *problems)
{
    line_reader reader = {.at = text, .place = {1, 1}, .file = file, .problems = problems, .ok = true};
    for (line_word word; next_word(&reader, &word); word_free(&word))
        if (setting_ok(&reader, &word, settings))
            add_setting(settings, &word);
    return reader.ok;
}

/* --- items --- */

static void no_item(line_reader *reader, const line_word *word, const char *before)
{
    reader->description->broken = true;
    if (before)
        problem(reader, word->at, "a component or @name is missing behind the %s", before);
    else if (word->text)
        problem(reader, word->at, "nothing stands before the %s; begin with a component or @name", word->text);
    else
        problem(reader, word->at, "there is no component; write for example: test-source ! debugger");
}

static void not_a_component(line_reader *reader, const line_word *word)
{
    size_t length = strlen(word->text);
    if (!wr_may_show(word->text) || (word->value && !wr_name_ok(word->text)))
        problem(reader, word->at, "this is no component; an item begins with a component or @name");
    else if (word->value)
        problem(reader, word->at, "%s= stands where a component should be; put the component first", word->text);
    else if (length > 1 && strchr("!;", word->text[length - 1]))
        problem(reader, word->at, "put a blank before the %c of %s", word->text[length - 1], word->text);
    else
        problem(reader, word->at, "%s cannot be the name of a component", word->text);
}

/* Takes "@name" or "@name.port" apart. */
static bool reference(line_reader *reader, const line_word *word, line_item *item)
{
    const char *dot = strchr(word->text, '.');
    size_t length = dot ? (size_t)(dot - word->text) - 1 : strlen(word->text) - 1;
    char *name = wr_must_copy_part(word->text + 1, length);
    if (word->value || !wr_name_ok(name) || (dot && !wr_name_ok(dot + 1))) {
        problem(reader, word->at, "behind an @ stands the name of a component, or name.port");
        free(name);
        return false;
    }
    if (!wr_description_find(reader->description, name)) {
        const char **names = wr_description_names(reader->description);
        const char *near = wr_nearest(name, names);
        problem(reader, word->at, "no component before this one is named %s%s%s", name,
                near ? "; did you mean @" : "; name one with name=", near ? near : name);
        free(names);
    }
    *item = (line_item){.name = name, .port = wr_must_copy(dot ? dot + 1 : ""), .at = word->at};
    return true;
}

static void reserved(line_reader *reader, const line_word *word)
{
    if (strcmp(word->text, "from") == 0)
        problem(reader, word->at, "from= is for files; on one line a ! makes the link");
    else
        problem(reader, word->at, "component= is for files; on one line the component is the first word");
}

/* Settings up to the next operator, which is left in `word`. */
static void settings(line_reader *reader, line_word *word, bool first, wr_settings *own, wr_settings *link)
{
    static const char *const files_only[] = {"from", "component", NULL};
    for (; word->text && !is_operator(word); word_free(word), next_word(reader, word)) {
        bool links = wr_one_of(word->text, wr_link_keys);
        wr_settings *into = links ? link : own;
        if (word->value && !links && !own)
            problem(reader, word->at,
                    "behind @name stands only how the link is taken (take, max_age, hold); options belong where "
                    "the component is named");
        else if (!setting_ok(reader, word, into))
            reader->description->broken |= !word->value || word->bad;
        else if (links && first)
            problem(reader, word->at, "%s= says how a link is taken, and no ! stands before this item", word->text);
        else if (wr_one_of(word->text, files_only))
            reserved(reader, word);
        else
            add_setting(into, word);
    }
}

static char *chosen_name(line_reader *reader, wr_settings *settings, wr_place *at)
{
    for (size_t i = 0; i < settings->count; i++) {
        wr_setting *setting = &settings->item[i];
        if (strcmp(setting->key, "name") != 0)
            continue;
        char *name = setting->value;
        *at = setting->value_at;
        free(setting->key);
        memmove(setting, setting + 1, (--settings->count - i) * sizeof *setting);
        if (wr_name_ok(name))
            return name;
        problem(reader, *at, "a name consists of 1 to 63 letters, digits, - and _");
        free(name);
        return NULL;
    }
    return NULL;
}

static bool add_node(line_reader *reader, const line_word *component, wr_settings *settings, line_item *item)
{
    wr_description *description = reader->description;
    *item = (line_item){.at = component->at};
    char *name = chosen_name(reader, settings, &item->at);
    if (name && wr_description_find(description, name)) {
        problem(reader, item->at, "the name %s is taken already; give this one another", name);
        free(name);
        name = NULL;
    }
    if (description->nodes >= WR_TEXT_NODES_MAX) {
        problem(reader, component->at, "more than %d components", WR_TEXT_NODES_MAX);
        free(name);
        return false;
    }
    wr_node_text *node = wr_description_add_node(description, name, component->text);
    free(name);
    node->name_at = item->at;
    node->component_at = component->at;
    node->settings = *settings;
    *settings = (wr_settings){0};
    item->name = wr_must_copy(node->name);
    item->port = wr_must_copy("");
    return true;
}

static void add_link(line_reader *reader, const line_item *from, const line_item *to, wr_settings *settings)
{
    wr_description *description = reader->description;
    if (description->links >= WR_TEXT_LINKS_MAX) {
        problem(reader, to->at, "more than %d links", WR_TEXT_LINKS_MAX);
        return;
    }
    wr_link_text *link = wr_description_add_link(description, from->name, from->port, to->name, to->port);
    link->from_at = from->at;
    link->to_at = to->at;
    link->settings = *settings;
    *settings = (wr_settings){0};
}

static void item_free(line_item *item)
{
    free(item->name);
    free(item->port);
    *item = (line_item){0};
}

/* Reads one item, from its first word on; leaves the operator behind it in `word`, and the item in `previous`. */
static void read_item(line_reader *reader, line_word *word, line_item *previous, bool first)
{
    line_word head = *word;
    line_item item = {0};
    wr_settings own = {0}, link = {0};
    bool refers = head.text[0] == '@', understood = false;
    if (refers)
        understood = reference(reader, &head, &item);
    else if (head.value || !wr_name_ok(head.text))
        not_a_component(reader, &head);
    else
        understood = true;
    next_word(reader, word);
    settings(reader, word, first, refers ? NULL : &own, &link);
    if (understood && !refers)
        understood = add_node(reader, &head, &own, &item);
    if (understood && previous->name)
        add_link(reader, previous, &item, &link);
    if (!understood)
        reader->description->broken = true;
    wr_settings_clear(&own);
    wr_settings_clear(&link);
    word_free(&head);
    item_free(previous);
    /* A port behind a ! is where the link leads in; what leaves from the item leaves from its usual output. */
    if (!first && item.port)
        item.port[0] = '\0';
    *previous = item;
}

bool wr_line_parse(wr_description *description, const char *line, wr_problems *problems)
{
    line_reader reader = {.at = line,
                          .place = {1, 1},
                          .file = description->file,
                          .problems = problems,
                          .ok = true,
                          .description = description};
    line_word word;
    line_item previous = {0};
    const char *before = NULL;
    for (next_word(&reader, &word);; next_word(&reader, &word)) {
        bool first = !before || before[0] == ';';
        if (first)
            item_free(&previous);
        if (word.text && !is_operator(&word)) {
            read_item(&reader, &word, &previous, first);
        } else {
            no_item(&reader, &word, before);
            item_free(&previous);
        }
        if (!word.text)
            break;
        before = is(&word, '!') ? "!" : ";";
        word_free(&word);
    }
    item_free(&previous);
    wr_description_sort(description);
    return reader.ok;
}
