#include "describe/yaml.h"

#include "core/text.h"
#include <stdlib.h>
#include <string.h>

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";

/* True if the text means itself without quotes. Within braces commas and colons are signs of their own. */
static bool is_plain(const char *text, bool in_braces)
{
    size_t length = strlen(text), plain = 0;
    while (strchr(letters, text[plain]) || strchr(in_braces ? "=+%" : "=+%:,", text[plain]))
        if (!text[plain++])
            return length > 0 && strchr(letters, text[0]) && strcmp(text, "-") != 0 && text[length - 1] != ':';
    return false;
}

static bool is_printable(unsigned code)
{
    return (code >= 0x20 && code < 0x7f) || (code >= 0xa0 && code < 0xd800 && code != 0x2028 && code != 0x2029) ||
           (code >= 0xe000 && code < 0xfffe && code != 0xfeff) || code >= 0x10000;
}

static void print_quoted(wr_text *out, const char *text)
{
    unsigned code = 0;
    wr_text_add_char(out, '"');
    for (int bytes; *text; text += bytes) {
        bytes = wr_utf8(text, &code);
        if (bytes == 0) { /* cannot be said in YAML: the parsers let no such text in */
            bytes = 1;
            wr_text_add(out, "\\uFFFD");
        } else if (code == '"' || code == '\\') {
            wr_text_add(out, "\\%c", (char)code);
        } else if (is_printable(code)) {
            wr_text_add(out, "%.*s", bytes, text);
        } else {
            wr_text_add(out, "\\u%04X", code);
        }
    }
    wr_text_add_char(out, '"');
}

static void print_value(wr_text *out, const char *text, bool in_braces)
{
    if (is_plain(text, in_braces))
        wr_text_add(out, "%s", text);
    else
        print_quoted(out, text);
}

static void print_settings(wr_text *out, const wr_settings *settings)
{
    for (size_t i = 0; i < settings->count; i++) {
        wr_text_add(out, "    ");
        print_value(out, settings->item[i].key, true);
        wr_text_add(out, ": ");
        print_value(out, settings->item[i].value, false);
        wr_text_add_char(out, '\n');
    }
}

static void print_end(wr_text *out, const wr_link_text *link)
{
    wr_text end = {0};
    wr_text_add(&end, link->from_port[0] ? "%s.%s" : "%s", link->from, link->from_port);
    print_value(out, end.data, true);
    free(end.data);
}

/* "      camera: {to: left, take: every}" */
static void print_link(wr_text *out, const char *indent, const wr_link_text *link)
{
    const char *separator = "";
    wr_text_add(out, "%s", indent);
    print_end(out, link);
    wr_text_add(out, ": {");
    if (link->to_port[0]) {
        wr_text_add(out, "to: ");
        print_value(out, link->to_port, true);
        separator = ", ";
    }
    for (size_t i = 0; i < link->settings.count; i++, separator = ", ") {
        wr_text_add(out, "%s%s: ", separator, link->settings.item[i].key);
        print_value(out, link->settings.item[i].value, true);
    }
    wr_text_add(out, "}\n");
}

static bool same_from(const wr_link_text *a, const wr_link_text *b)
{
    return strcmp(a->from, b->from) == 0 && strcmp(a->from_port, b->from_port) == 0;
}

typedef struct links_of_node {
    const wr_link_text **link;
    size_t count;
    bool bare;  /* none has settings or a port to lead to */
    bool twice; /* two come from the same place */
} links_of_node;

static links_of_node links_to(const wr_description *description, const char *name)
{
    links_of_node links = {.bare = true};
    for (size_t i = 0; i < description->links; i++) {
        const wr_link_text *link = &description->link[i];
        if (strcmp(link->to, name) != 0)
            continue;
        for (size_t k = 0; k < links.count; k++)
            links.twice |= same_from(link, links.link[k]);
        links.bare &= !link->settings.count && !link->to_port[0];
        links.link = wr_must_append(links.link, links.count, sizeof *links.link);
        links.link[links.count++] = link;
    }
    return links;
}

static void print_list(wr_text *out, const links_of_node *links)
{
    wr_text_add(out, "    from: ");
    for (size_t i = 0; i < links->count; i++) {
        wr_text_add(out, "%s", i ? ", " : links->count > 1 ? "[" : "");
        print_end(out, links->link[i]);
    }
    wr_text_add(out, links->count > 1 ? "]\n" : "\n");
}

static void print_from(wr_text *out, const links_of_node *links)
{
    bool one = links->count == 1 && !links->link[0]->to_port[0];
    if (links->count == 0)
        return;
    if (links->bare || one) {
        print_list(out, links);
        if (one)
            print_settings(out, &links->link[0]->settings);
        return;
    }
    wr_text_add(out, "    from:\n");
    for (size_t i = 0; i < links->count; i++)
        print_link(out, links->twice ? "      - " : "      ", links->link[i]);
}

char *wr_yaml_print(const wr_description *description)
{
    wr_text out = {0};
    wr_text_add(&out, "pipeline: ");
    print_value(&out, description->name, false);
    wr_text_add(&out, "\nnodes:\n");
    for (size_t i = 0; i < description->nodes; i++) {
        const wr_node_text *node = &description->node[i];
        links_of_node links = links_to(description, node->name);
        wr_text_add(&out, "  ");
        print_value(&out, node->name, true);
        wr_text_add(&out, ":\n    component: ");
        print_value(&out, node->component, true);
        wr_text_add_char(&out, '\n');
        print_from(&out, &links);
        print_settings(&out, &node->settings);
        free(links.link);
    }
    return out.data;
}
