#include "core/description.h"

#include "core/text.h"
#include <stdlib.h>
#include <string.h>

static void print_value(wr_text *line, const char *value)
{
    if (value[0] && value[0] != '"' && !strpbrk(value, WR_BLANKS)) {
        wr_text_add(line, "%s", value);
        return;
    }
    wr_text_add_char(line, '"');
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            wr_text_add_char(line, '\\');
        wr_text_add_char(line, *value);
    }
    wr_text_add_char(line, '"');
}

static void print_settings(wr_text *line, const wr_settings *settings)
{
    for (size_t i = 0; i < settings->count; i++) {
        wr_text_add(line, " %s=", settings->item[i].key);
        print_value(line, settings->item[i].value);
    }
}

static void print_end(wr_text *line, const char *name, const char *port)
{
    wr_text_add(line, port[0] ? "@%s.%s" : "@%s", name, port);
}

typedef struct printed_link {
    const wr_link_text *text;
    bool done;
} printed_link;

typedef struct line_printer {
    wr_text line;
    wr_description *said; /* the nodes printed so far, for the names that they get without name= */
    printed_link *link;   /* those that can be printed, by consumer */
    size_t links;
    const char *last; /* the item that a "!" would continue, NULL if none */
} line_printer;

static void collect_links(line_printer *printer, const wr_description *description)
{
    printer->link = wr_must_grow(NULL, description->links, sizeof *printer->link);
    for (size_t n = 0; n < description->nodes; n++) {
        for (size_t i = 0; i < description->links; i++) {
            const wr_link_text *link = &description->link[i];
            if (strcmp(link->to, description->node[n].name) == 0 && wr_description_find(description, link->from))
                printer->link[printer->links++] = (printed_link){.text = link};
        }
    }
}

static void print_source(line_printer *printer, const wr_link_text *link)
{
    if (!printer->last || strcmp(printer->last, link->from) != 0 || link->from_port[0]) {
        wr_text_add(&printer->line, printer->line.length ? " ; " : "");
        print_end(&printer->line, link->from, link->from_port);
    }
    wr_text_add(&printer->line, " ! ");
}

/* The first link that leads to a node, if it can be printed with the node itself. */
static const wr_link_text *leading_link(line_printer *printer, const wr_node_text *node)
{
    printed_link *link = printer->link, *end = link + printer->links;
    while (link < end && strcmp(link->text->to, node->name) != 0)
        link++;
    if (link == end || link->text->to_port[0] || !wr_description_find(printer->said, link->text->from))
        return NULL;
    link->done = true;
    return link->text;
}

static void print_name(line_printer *printer, const wr_node_text *node)
{
    wr_node_text *said = wr_description_add_node(printer->said, NULL, node->component);
    if (strcmp(said->name, node->name) == 0)
        return;
    wr_text_add(&printer->line, " name=%s", node->name);
    free(said->name);
    said->name = wr_must_copy(node->name);
}

static void print_node(line_printer *printer, const wr_node_text *node)
{
    const wr_link_text *link = leading_link(printer, node);
    if (link)
        print_source(printer, link);
    else
        wr_text_add(&printer->line, printer->line.length ? " ; " : "");
    wr_text_add(&printer->line, "%s", node->component);
    print_settings(&printer->line, &node->settings);
    print_name(printer, node);
    if (link)
        print_settings(&printer->line, &link->settings);
    printer->last = node->name;
}

/* The links that are left, each consumer's in their order, as soon as both ends are named. */
static void print_links(line_printer *printer)
{
    const char *waiting = "";
    for (printed_link *link = printer->link; link < printer->link + printer->links; link++) {
        const wr_link_text *text = link->text;
        if (link->done || strcmp(waiting, text->to) == 0)
            continue;
        if (!wr_description_find(printer->said, text->from) || !wr_description_find(printer->said, text->to)) {
            waiting = text->to;
            continue;
        }
        print_source(printer, text);
        print_end(&printer->line, text->to, text->to_port);
        print_settings(&printer->line, &text->settings);
        link->done = true;
        /* What would follow a port here reads as if it left from that port. */
        printer->last = text->to_port[0] ? NULL : text->to;
    }
}

char *wr_line_print(const wr_description *description)
{
    line_printer printer = {.said = wr_description_new("", "")};
    collect_links(&printer, description);
    wr_text_add(&printer.line, "%s", "");
    for (size_t i = 0; i < description->nodes; i++) {
        print_node(&printer, &description->node[i]);
        print_links(&printer);
    }
    free(printer.link);
    wr_description_free(printer.said);
    return printer.line.data;
}
