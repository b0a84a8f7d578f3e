#include "describe/dot.h"

#include "core/text.h"

/* Within double quotes of the dot language. */
static void print_text(wr_text *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            wr_text_add_char(out, '\\');
        wr_text_add_char(out, *text);
    }
}

static void print_node(wr_text *out, const wr_node_text *node)
{
    wr_text_add(out, "  \"");
    print_text(out, node->name);
    wr_text_add(out, "\" [label=\"");
    print_text(out, node->name);
    wr_text_add(out, "\\n");
    print_text(out, node->component);
    wr_text_add(out, "\"];\n");
}

static void print_link(wr_text *out, const wr_link_text *link)
{
    const wr_setting *take = wr_settings_find(&link->settings, "take");
    wr_text_add(out, "  \"");
    print_text(out, link->from);
    wr_text_add(out, "\" -> \"");
    print_text(out, link->to);
    wr_text_add(out, "\" [label=\"");
    print_text(out, take ? take->value : "every");
    for (size_t i = 0; i < link->settings.count; i++) {
        const wr_setting *setting = &link->settings.item[i];
        if (setting == take)
            continue;
        wr_text_add(out, "\\n%s=", setting->key);
        print_text(out, setting->value);
    }
    wr_text_add(out, "\"");
    if (link->from_port[0])
        wr_text_add(out, ", taillabel=\"%s\"", link->from_port);
    if (link->to_port[0])
        wr_text_add(out, ", headlabel=\"%s\"", link->to_port);
    wr_text_add(out, "];\n");
}

char *wr_dot_print(const wr_description *description)
{
    wr_text out = {0};
    wr_text_add(&out, "digraph \"");
    print_text(&out, description->name);
    wr_text_add(&out, "\" {\n  rankdir=LR;\n  node [shape=box, style=rounded];\n");
    for (size_t i = 0; i < description->nodes; i++)
        print_node(&out, &description->node[i]);
    for (size_t i = 0; i < description->links; i++)
        print_link(&out, &description->link[i]);
    wr_text_add(&out, "}\n");
    return out.data;
}
