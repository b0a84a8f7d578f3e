#include "describe/yaml.h"

#include "core/text.h"
#include "describe/tree.h"
#include <stdlib.h>
#include <string.h>

typedef struct yaml_reader {
    wr_description *description;
    wr_problems *problems;
    bool ok;
} yaml_reader;

#define problem(reader, at, ...)                                                                                       \
    ((reader)->ok = false, wr_problems_add((reader)->problems, (reader)->description->file, at, __VA_ARGS__))

/* What was left out because it could not be understood. */
#define broken(reader, at, ...) (problem(reader, at, __VA_ARGS__), (reader)->description->broken = true)

static const char *const kind_text[] = {"a value", "a list", "key: value pairs"};

/* --- mappings --- */

static void unknown_key(yaml_reader *reader, const wr_tree *key, const char *const *known)
{
    const char *near = wr_nearest(key->text, known);
    wr_text all = {0};
    for (size_t i = 0; known[i]; i++)
        wr_text_add(&all, "%s%s", i ? ", " : "", known[i]);
    if (!wr_may_show(key->text))
        broken(reader, key->at, "this key is unknown (a URL goes into quotes); known are: %s", all.data);
    else if (near)
        problem(reader, key->at, "%s: is unknown; did you mean %s:?", key->text, near);
    else
        problem(reader, key->at, "%s: is unknown; known are: %s", key->text, all.data);
    free(all.data);
}

/* Keys must be plain texts, each given once. */
static bool key_ok(yaml_reader *reader, const wr_tree *mapping, size_t at)
{
    const wr_tree *key = mapping->child[at];
    if (key->kind != WR_SCALAR) {
        broken(reader, key->at, "a key must be a word, this is %s", kind_text[key->kind]);
        return false;
    }
    for (size_t i = 0; i < at; i += 2) {
        const wr_tree *other = mapping->child[i];
        if (other->kind != WR_SCALAR || strcmp(other->text, key->text) != 0)
            continue;
        if (wr_may_show(key->text))
            problem(reader, key->at, "%s: is given twice, first on line %d", key->text, other->at.line);
        else
            problem(reader, key->at, "this key is given twice, first on line %d", other->at.line);
        return false;
    }
    return true;
}

static bool mapping_ok(yaml_reader *reader, const wr_tree *tree, size_t most, const char *what, const char *remedy)
{
    if (tree->kind == WR_MAPPING && tree->count / 2 <= most)
        return true;
    if (tree->kind == WR_MAPPING)
        broken(reader, tree->at, "%s has more than %zu keys", what, most);
    else
        broken(reader, tree->at, "%s should be key: value pairs, this is %s; %s", what,
               tree->kind == WR_SCALAR && tree->empty ? "empty" : kind_text[tree->kind], remedy);
    return false;
}

static const wr_tree *find(const wr_tree *mapping, const char *key)
{
    for (size_t i = 0; i < mapping->count; i += 2)
        if (mapping->child[i]->kind == WR_SCALAR && strcmp(mapping->child[i]->text, key) == 0)
            return mapping->child[i + 1];
    return NULL;
}

/* --- values --- */

/* A scalar, or a list of words, which becomes one text with commas. NULL after a problem. */
static char *value_text(yaml_reader *reader, const wr_tree *key, const wr_tree *value)
{
    if (value->kind == WR_SCALAR && !value->empty)
        return wr_must_copy(value->text);
    if (value->kind == WR_SCALAR) {
        problem(reader, value->at, "%s: has no value; write \"\" for an empty one", key->text);
        return NULL;
    }
    wr_text list = {0};
    wr_text_add(&list, "%s", "");
    bool ok = value->kind == WR_SEQUENCE;
    for (size_t i = 0; ok && i < value->count; i++) {
        const wr_tree *item = value->child[i];
        ok = item->kind == WR_SCALAR && !strchr(item->text, ',');
        wr_text_add(&list, "%s%s", i ? "," : "", ok ? item->text : "");
    }
    if (ok)
        return list.data;
    free(list.data);
    if (value->kind == WR_MAPPING)
        problem(reader, value->at,
                "%s: takes a value, these are key: value pairs; put a value with { in it into quotes", key->text);
    else
        problem(reader, value->at, "%s: takes a value, or a list of words without commas", key->text);
    return NULL;
}

static void add_setting(yaml_reader *reader, wr_settings *settings, const wr_tree *key, const wr_tree *value)
{
    if (settings->count >= WR_TEXT_SETTINGS_MAX) {
        problem(reader, key->at, "more than %d options for one component", WR_TEXT_SETTINGS_MAX);
        return;
    }
    char *text = value_text(reader, key, value);
    if (text)
        wr_settings_add(settings, key->text, key->at, text, value->at);
    free(text);
}

/* --- links --- */

/* Takes NAME or NAME.PORT apart and adds the link; NULL after a problem. */
static wr_link_text *add_link(yaml_reader *reader, const wr_node_text *node, const wr_tree *from)
{
    wr_description *description = reader->description;
    const char *dot = from->kind == WR_SCALAR ? strchr(from->text, '.') : NULL;
    const char *port = dot ? dot + 1 : "";
    wr_link_text *link = NULL;
    if (from->kind != WR_SCALAR) {
        broken(reader, from->at, "from: takes NAME or NAME.PORT of a node, this is %s", kind_text[from->kind]);
        return NULL;
    }
    if (description->links >= WR_TEXT_LINKS_MAX) {
        broken(reader, from->at, "more than %d links", WR_TEXT_LINKS_MAX);
        return NULL;
    }
    char *name = wr_must_copy_part(from->text, dot ? (size_t)(dot - from->text) : strlen(from->text));
    if (wr_name_ok(name) && (!dot || wr_name_ok(port))) {
        link = wr_description_add_link(description, name, port, node->name, "");
        link->from_at = link->to_at = from->at;
    } else {
        broken(reader, from->at, "from: takes NAME or NAME.PORT of a node");
    }
    free(name);
    return link;
}

static void link_setting(yaml_reader *reader, wr_link_text *link, const wr_tree *key, const wr_tree *value)
{
    static const char *const known[] = {"take", "max_age", "hold", "to", NULL};
    if (wr_one_of(key->text, wr_link_keys)) {
        add_setting(reader, &link->settings, key, value);
    } else if (strcmp(key->text, "to") != 0) {
        unknown_key(reader, key, known);
    } else if (value->kind != WR_SCALAR || !wr_name_ok(value->text)) {
        broken(reader, value->at, "to: takes the name of an input port of this node");
    } else {
        free(link->to_port);
        link->to_port = wr_must_copy(value->text);
        link->to_at = value->at;
    }
}

/* from: {camera: {take: every, to: left}} */
static void links_of_mapping(yaml_reader *reader, const wr_node_text *node, const wr_tree *from)
{
    if (!mapping_ok(reader, from, WR_TEXT_NODES_MAX, "from:", ""))
        return;
    for (size_t i = 0; i < from->count; i += 2) {
        const wr_tree *how = from->child[i + 1];
        wr_link_text *link = key_ok(reader, from, i) ? add_link(reader, node, from->child[i]) : NULL;
        if (!link || (how->kind == WR_SCALAR && how->empty))
            continue;
        if (!mapping_ok(reader, how, WR_TEXT_SETTINGS_MAX,
                        "what follows a name in from:", "write for example {take: latest}"))
            continue;
        for (size_t k = 0; k < how->count; k += 2)
            if (key_ok(reader, how, k))
                link_setting(reader, link, how->child[k], how->child[k + 1]);
    }
}

static void read_from(yaml_reader *reader, const wr_node_text *node, const wr_tree *from)
{
    if (from->kind == WR_MAPPING) {
        links_of_mapping(reader, node, from);
    } else if (from->kind == WR_SCALAR) {
        if (from->empty)
            broken(reader, from->at, "from: names no node; leave it out for a source");
        else
            add_link(reader, node, from);
    }
    for (size_t i = 0; from->kind == WR_SEQUENCE && i < from->count; i++) {
        if (from->child[i]->kind == WR_MAPPING)
            links_of_mapping(reader, node, from->child[i]);
        else
            add_link(reader, node, from->child[i]);
    }
}

/* take:, max_age: or hold: beside from:, which belong to the one link there. */
static void setting_of_only_link(yaml_reader *reader, bool has_from, size_t first_link, const wr_tree *key,
                                 const wr_tree *value)
{
    size_t links = reader->description->links - first_link;
    wr_link_text *link = links == 1 ? &reader->description->link[first_link] : NULL;
    if (link && !wr_settings_find(&link->settings, key->text))
        add_setting(reader, &link->settings, key, value);
    else if (link)
        problem(reader, key->at, "%s: is given twice, here and in from:", key->text);
    else if (links && reader->description->link)
        problem(reader, key->at, "%s: is meant for which of %zu links? Write from: {%s: {%s: ...}, ...}", key->text,
                links, reader->description->link[first_link].from, key->text);
    else if (!has_from)
        problem(reader, key->at, "%s: says how a link is taken, and there is no from: beside it", key->text);
}

/* --- nodes --- */

static bool node_setting_ok(yaml_reader *reader, const wr_tree *key)
{
    if (strcmp(key->text, "name") == 0)
        problem(reader, key->at, "a node's name is the key that stands above its options, not name:");
    else if (wr_name_ok(key->text))
        return true;
    else if (wr_may_show(key->text) && key->text[0])
        problem(reader, key->at, "%s cannot be the name of an option", key->text);
    else
        /* Half of a URL with a password: the other half must not be shown either. */
        broken(reader, key->at, "this cannot be the name of an option; a URL goes into quotes");
    return false;
}

static void read_settings(yaml_reader *reader, wr_node_text *node, const wr_tree *tree)
{
    size_t first_link = reader->description->links;
    const wr_tree *from = find(tree, "from");
    if (from)
        read_from(reader, node, from);
    for (size_t i = 0; i < tree->count; i += 2) {
        const wr_tree *key = tree->child[i], *value = tree->child[i + 1];
        if (!key_ok(reader, tree, i) || strcmp(key->text, "component") == 0 || strcmp(key->text, "from") == 0)
            continue;
        if (wr_one_of(key->text, wr_link_keys))
            setting_of_only_link(reader, from != NULL, first_link, key, value);
        else if (node_setting_ok(reader, key))
            add_setting(reader, &node->settings, key, value);
    }
}

static void no_component(yaml_reader *reader, const wr_tree *name, const wr_tree *tree)
{
    static const char *const known[] = {"component", NULL};
    reader->description->broken = true;
    for (size_t i = 0; i < tree->count; i += 2) {
        const wr_tree *key = tree->child[i];
        if (key->kind == WR_SCALAR && wr_may_show(key->text) && wr_nearest(key->text, known)) {
            problem(reader, key->at, "%s: is unknown; did you mean component:?", key->text);
            return;
        }
    }
    problem(reader, name->at, "%s has no component; write for example component: video", name->text);
}

static const wr_tree *component_of(yaml_reader *reader, const wr_tree *name, const wr_tree *tree)
{
    const wr_tree *component = find(tree, "component");
    if (!component)
        no_component(reader, name, tree);
    else if (component->kind != WR_SCALAR || !wr_name_ok(component->text))
        broken(reader, component->at, "component: takes the name of a component; weir components lists them");
    else
        return component;
    return NULL;
}

static void read_node(yaml_reader *reader, const wr_tree *name, const wr_tree *tree)
{
    if (!wr_name_ok(name->text)) {
        broken(reader, name->at, "a node's name consists of 1 to 63 letters, digits, - and _");
        return;
    }
    if (!mapping_ok(reader, tree, WR_TEXT_SETTINGS_MAX + 8, name->text, "write for example component: video"))
        return;
    const wr_tree *component = component_of(reader, name, tree);
    if (!component)
        return;
    wr_node_text *node = wr_description_add_node(reader->description, name->text, component->text);
    node->name_at = name->at;
    node->component_at = component->at;
    read_settings(reader, node, tree);
}

static void read_nodes(yaml_reader *reader, const wr_tree *nodes)
{
    if (!mapping_ok(reader, nodes, WR_TEXT_NODES_MAX, "nodes:", "write a name, and below it component:"))
        return;
    for (size_t i = 0; i < nodes->count; i += 2)
        if (key_ok(reader, nodes, i))
            read_node(reader, nodes->child[i], nodes->child[i + 1]);
    if (!nodes->count)
        broken(reader, nodes->at, "nodes: is empty");
}

static void read_name(yaml_reader *reader, const wr_tree *name)
{
    if (name->kind == WR_SCALAR && name->text[0] && strlen(name->text) < 64)
        wr_description_rename(reader->description, name->text);
    else
        problem(reader, name->at, "pipeline: takes a name of 1 to 63 bytes");
}

static void read_top(yaml_reader *reader, const wr_tree *top)
{
    static const char *const known[] = {"pipeline", "nodes", NULL};
    if (!mapping_ok(reader, top, WR_TEXT_SETTINGS_MAX, "a pipeline", "write nodes: and the nodes below it"))
        return;
    for (size_t i = 0; i < top->count; i += 2) {
        const wr_tree *key = top->child[i], *value = top->child[i + 1];
        if (!key_ok(reader, top, i))
            continue;
        if (strcmp(key->text, "pipeline") == 0)
            read_name(reader, value);
        else if (strcmp(key->text, "nodes") == 0)
            read_nodes(reader, value);
        else
            unknown_key(reader, key, known);
    }
    reader->description->broken |= !find(top, "nodes");
    if (!find(top, "nodes") && reader->ok)
        problem(reader, (wr_place){0}, "there is no nodes: in it");
}

bool wr_yaml_parse(wr_description *description, const char *text, size_t bytes, wr_problems *problems)
{
    yaml_reader reader = {.description = description, .problems = problems, .ok = true};
    wr_tree *tree = wr_tree_parse(text, bytes, description->file, problems);
    if (!tree) {
        description->broken = true;
        return false;
    }
    read_top(&reader, tree);
    wr_tree_free(tree);
    wr_description_sort(description);
    return reader.ok;
}
