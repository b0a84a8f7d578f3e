#include "core/description.h"

#include "core/text.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/log.h>

const char *const wr_link_keys[] = {"take", "max_age", "hold", NULL};
const char *const wr_node_keys[] = {"runner", "group", "replicas", "stall", "memory", "files", "deadline", NULL};

wr_description *wr_description_new(const char *name, const char *file)
{
    wr_description *description = wr_must_grow(NULL, 1, sizeof *description);
    *description = (wr_description){.name = wr_must_copy(name), .file = wr_must_copy(file)};
    return description;
}

void wr_description_free(wr_description *description)
{
    if (!description)
        return;
    for (size_t i = 0; i < description->nodes; i++) {
        free(description->node[i].name);
        free(description->node[i].component);
        wr_settings_clear(&description->node[i].settings);
    }
    for (size_t i = 0; i < description->links; i++) {
        free(description->link[i].from);
        free(description->link[i].from_port);
        free(description->link[i].to);
        free(description->link[i].to_port);
        wr_settings_clear(&description->link[i].settings);
    }
    free(description->node);
    free(description->link);
    free(description->name);
    free(description->file);
    free(description);
}

void wr_description_rename(wr_description *description, const char *name)
{
    char *copy = wr_must_copy(name);
    free(description->name);
    description->name = copy;
}

wr_node_text *wr_description_find(const wr_description *description, const char *name)
{
    for (size_t i = 0; i < description->nodes; i++)
        if (strcmp(description->node[i].name, name) == 0)
            return &description->node[i];
    return NULL;
}

static size_t count_of(const wr_description *description, const char *component)
{
    size_t count = 0;
    for (size_t i = 0; i < description->nodes; i++)
        count += strcmp(description->node[i].component, component) == 0;
    return count;
}

static char *made_name(const wr_description *description, const char *component)
{
    if (!wr_description_find(description, component))
        return wr_must_copy(component);
    char name[96];
    size_t number = count_of(description, component) + 1;
    do
        snprintf(name, sizeof name, "%.56s-%zu", component, number < 2 ? 2 : number);
    while (number++, wr_description_find(description, name));
    return wr_must_copy(name);
}

wr_node_text *wr_description_add_node(wr_description *description, const char *name, const char *component)
{
    wr_node_text node = {.named = name != NULL, .component = wr_must_copy(component)};
    node.name = name ? wr_must_copy(name) : made_name(description, component);
    description->node = wr_must_append(description->node, description->nodes, sizeof node);
    description->node[description->nodes] = node;
    return &description->node[description->nodes++];
}

wr_link_text *wr_description_add_link(wr_description *description, const char *from, const char *from_port,
                                      const char *to, const char *to_port)
{
    wr_link_text link = {.from = wr_must_copy(from),
                         .from_port = wr_must_copy(from_port ? from_port : ""),
                         .to = wr_must_copy(to),
                         .to_port = wr_must_copy(to_port ? to_port : "")};
    description->link = wr_must_append(description->link, description->links, sizeof link);
    description->link[description->links] = link;
    return &description->link[description->links++];
}

void wr_description_sort(wr_description *description)
{
    wr_link_text *sorted = wr_must_grow(NULL, description->links, sizeof *sorted);
    size_t count = 0;
    for (size_t n = 0; n < description->nodes; n++) {
        for (size_t i = 0; i < description->links; i++) {
            wr_link_text *link = &description->link[i];
            if (link->to && strcmp(link->to, description->node[n].name) == 0) {
                sorted[count++] = *link;
                link->to = NULL;
            }
        }
    }
    for (size_t i = 0; i < description->links; i++)
        if (description->link[i].to)
            sorted[count++] = description->link[i];
    if (count)
        memcpy(description->link, sorted, count * sizeof *sorted);
    free(sorted);
}

const char **wr_description_names(const wr_description *description)
{
    const char **names = wr_must_grow(NULL, description->nodes + 1, sizeof *names);
    for (size_t i = 0; i < description->nodes; i++)
        names[i] = description->node[i].name;
    names[description->nodes] = NULL;
    return names;
}

void wr_settings_add(wr_settings *settings, const char *key, wr_place key_at, const char *value, wr_place value_at)
{
    wr_setting setting = {
        .key = wr_must_copy(key), .value = wr_must_copy(value), .key_at = key_at, .value_at = value_at};
    settings->item = wr_must_append(settings->item, settings->count, sizeof setting);
    settings->item[settings->count++] = setting;
}

const wr_setting *wr_settings_find(const wr_settings *settings, const char *key)
{
    for (size_t i = 0; i < settings->count; i++)
        if (strcmp(settings->item[i].key, key) == 0)
            return &settings->item[i];
    return NULL;
}

void wr_settings_clear(wr_settings *settings)
{
    for (size_t i = 0; i < settings->count; i++) {
        free(settings->item[i].key);
        free(settings->item[i].value);
    }
    free(settings->item);
    *settings = (wr_settings){0};
}

/* --- problems --- */

static bool before(wr_place a, wr_place b)
{
    return a.line < b.line || (a.line == b.line && a.column < b.column);
}

/* What has no place comes last: it is about the whole. */
static size_t position(const wr_problems *problems, wr_place at)
{
    size_t i = problems->count;
    while (at.line && i > 0 && (!problems->at[i - 1].line || before(at, problems->at[i - 1])))
        i--;
    return i;
}

static bool is_new(const wr_problems *problems, wr_place at, const char *text)
{
    for (size_t i = 0; i < problems->count; i++) {
        wr_place other = problems->at[i];
        if (strcmp(problems->text[i], text) == 0 ||
            (at.line && at.column && at.line == other.line && at.column == other.column))
            return false;
    }
    return true;
}

static void insert(wr_problems *problems, wr_place at, char *text)
{
    if (problems->count >= WR_PROBLEMS_MAX || !is_new(problems, at, text)) {
        free(text);
        return;
    }
    size_t i = position(problems, at);
    problems->text = wr_must_append(problems->text, problems->count, sizeof *problems->text);
    problems->at = wr_must_append(problems->at, problems->count, sizeof *problems->at);
    memmove(&problems->text[i + 1], &problems->text[i], (problems->count - i) * sizeof *problems->text);
    memmove(&problems->at[i + 1], &problems->at[i], (problems->count - i) * sizeof *problems->at);
    problems->text[i] = text;
    problems->at[i] = at;
    problems->count++;
}

void wr_problems_add(wr_problems *problems, const char *file, wr_place at, const char *format, ...)
{
    wr_text text = {0};
    if (file && file[0])
        wr_text_add(&text, "%s:", file);
    if (at.line)
        wr_text_add(&text, "%d:", at.line);
    if (at.column)
        wr_text_add(&text, "%d:", at.column);
    if (text.length)
        wr_text_add(&text, " ");
    va_list args;
    va_start(args, format);
    wr_text_addv(&text, format, args);
    va_end(args);
    for (char *c = text.data; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            *c = '?';
    insert(problems, at, weir_mask(text.data));
}

void wr_problems_merge(wr_problems *problems, const wr_problems *more)
{
    for (size_t i = 0; i < more->count; i++)
        insert(problems, more->at[i], wr_must_copy(more->text[i]));
}

void wr_problems_clear(wr_problems *problems)
{
    for (size_t i = 0; i < problems->count; i++)
        free(problems->text[i]);
    free(problems->text);
    free(problems->at);
    *problems = (wr_problems){0};
}
