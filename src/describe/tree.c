#include "describe/tree.h"

#include "core/text.h"
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

typedef struct tree_builder {
    yaml_parser_t parser;
    const char *text;
    size_t bytes;
    const char *file;
    wr_problems *problems;
    size_t nodes;
} tree_builder;

static wr_place place(yaml_mark_t mark)
{
    return (wr_place){(int)mark.line + 1, (int)mark.column + 1};
}

static void refuse(tree_builder *builder, yaml_mark_t mark, const char *sentence)
{
    wr_problems_add(builder->problems, builder->file, place(mark), "%s", sentence);
}

/* libyaml gives what it could not decode as an offset only. */
static wr_place place_of_offset(const tree_builder *builder, size_t offset)
{
    wr_place at = {1, 1};
    for (size_t i = 0; i < offset && i < builder->bytes; i++) {
        at.column += ((unsigned char)builder->text[i] & 0xc0) != 0x80;
        if (builder->text[i] == '\n')
            at = (wr_place){at.line + 1, 1};
    }
    return at;
}

static void not_yaml(tree_builder *builder)
{
    const yaml_parser_t *parser = &builder->parser;
    const char *problem = parser->problem ? parser->problem : "it cannot be read";
    if (parser->error == YAML_READER_ERROR) {
        wr_problems_add(builder->problems, builder->file, place_of_offset(builder, parser->problem_offset),
                        "this is no text in UTF-8: %s; save the file as UTF-8", problem);
        return;
    }
    size_t index = parser->problem_mark.index;
    bool tab = builder->bytes > index && builder->text[index] == '\t';
    wr_problems_add(builder->problems, builder->file, place(parser->problem_mark), "this is not YAML: %s%s%s%s",
                    problem, parser->context ? ", " : "", parser->context ? parser->context : "",
                    tab ? "; indent with blanks, not with tabs" : "");
}

static wr_tree *new_node(wr_tree_kind kind, const yaml_event_t *event)
{
    wr_tree *tree = wr_must_grow(NULL, 1, sizeof *tree);
    *tree = (wr_tree){.kind = kind, .at = place(event->start_mark)};
    return tree;
}

void wr_tree_free(wr_tree *tree)
{
    if (!tree)
        return;
    for (size_t i = 0; i < tree->count; i++)
        wr_tree_free(tree->child[i]);
    free(tree->child);
    free(tree->text);
    free(tree);
}

static bool decorated(const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return event->data.scalar.anchor || event->data.scalar.tag;
    case YAML_SEQUENCE_START_EVENT:
        return event->data.sequence_start.anchor || event->data.sequence_start.tag;
    case YAML_MAPPING_START_EVENT:
        return event->data.mapping_start.anchor || event->data.mapping_start.tag;
    default:
        return false;
    }
}

static bool acceptable(tree_builder *builder, const yaml_event_t *event, int depth)
{
    if (event->type == YAML_ALIAS_EVENT || decorated(event))
        refuse(builder, event->start_mark,
               "aliases (*x), anchors (&x) and tags (!x) are not used here; write the value out, or quote it");
    else if (depth > WR_TREE_DEPTH)
        refuse(builder, event->start_mark, "this is nested too deeply for a pipeline");
    else if (++builder->nodes > WR_TREE_NODES)
        refuse(builder, event->start_mark, "this is too long for a pipeline");
    else
        return true;
    return false;
}

static wr_tree *scalar(tree_builder *builder, const yaml_event_t *event)
{
    const char *value = (const char *)event->data.scalar.value;
    size_t length = event->data.scalar.length;
    if (memchr(value, '\0', length)) {
        refuse(builder, event->start_mark, "a value cannot hold a zero byte");
        return NULL;
    }
    wr_tree *tree = new_node(WR_SCALAR, event);
    tree->text = wr_must_copy_part(value, length);
    tree->empty = length == 0 && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    return tree;
}

static bool next(tree_builder *builder, yaml_event_t *event)
{
    if (yaml_parser_parse(&builder->parser, event))
        return true;
    not_yaml(builder);
    return false;
}

static wr_tree *build(tree_builder *builder, yaml_event_t *event, int depth);

/* Depth is bounded by acceptable(). */
static wr_tree *collection(tree_builder *builder, const yaml_event_t *start, int depth)
{
    bool mapping = start->type == YAML_MAPPING_START_EVENT;
    yaml_event_type_t end = mapping ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT;
    wr_tree *tree = new_node(mapping ? WR_MAPPING : WR_SEQUENCE, start);
    yaml_event_t event;
    while (next(builder, &event)) {
        bool over = event.type == end;
        wr_tree *child = over ? NULL : build(builder, &event, depth + 1);
        yaml_event_delete(&event);
        if (over)
            return tree;
        if (!child)
            break;
        tree->child = wr_must_append(tree->child, tree->count, sizeof *tree->child);
        tree->child[tree->count++] = child;
    }
    wr_tree_free(tree);
    return NULL;
}

static wr_tree *build(tree_builder *builder, yaml_event_t *event, int depth)
{
    if (!acceptable(builder, event, depth))
        return NULL;
    if (event->type == YAML_SCALAR_EVENT)
        return scalar(builder, event);
    return collection(builder, event, depth);
}

static bool skip(tree_builder *builder, yaml_event_type_t expected)
{
    yaml_event_t event;
    if (!next(builder, &event))
        return false;
    bool ok = event.type == expected;
    if (!ok && expected == YAML_STREAM_END_EVENT)
        refuse(builder, event.start_mark, "a second document begins here; a file holds one pipeline");
    else if (!ok)
        wr_problems_add(builder->problems, builder->file, (wr_place){0}, "this file is empty; it should hold nodes:");
    yaml_event_delete(&event);
    return ok;
}

static wr_tree *document(tree_builder *builder)
{
    yaml_event_t event;
    if (!skip(builder, YAML_STREAM_START_EVENT) || !skip(builder, YAML_DOCUMENT_START_EVENT) || !next(builder, &event))
        return NULL;
    wr_tree *tree = build(builder, &event, 0);
    yaml_event_delete(&event);
    if (tree && skip(builder, YAML_DOCUMENT_END_EVENT) && skip(builder, YAML_STREAM_END_EVENT))
        return tree;
    wr_tree_free(tree);
    return NULL;
}

wr_tree *wr_tree_parse(const char *text, size_t bytes, const char *file, wr_problems *problems)
{
    tree_builder builder = {.text = text, .bytes = bytes, .file = file, .problems = problems};
    if (!yaml_parser_initialize(&builder.parser)) {
        wr_problems_add(problems, file, (wr_place){0}, "out of memory");
        return NULL;
    }
    yaml_parser_set_encoding(&builder.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&builder.parser, (const unsigned char *)text, bytes);
    wr_tree *tree = document(&builder);
    yaml_parser_delete(&builder.parser);
    return tree;
}
