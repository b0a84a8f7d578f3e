#include "model.h"

#include "near.h"
#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/status.h>
#include <yaml.h>

enum { DESCRIPTION_BYTES_MAX = 1 << 20 };

typedef struct reader {
    wr_model *model;
    yaml_document_t document;
    const char *file;
    char *why;
    size_t why_bytes;
} reader;

/* One key: who reads its value, into which field of the model. */
typedef struct field {
    const char *key;
    bool (*read)(reader *, const struct field *, const yaml_node_t *);
    size_t offset, bytes; /* texts: room in the model */
    double min, max;      /* numbers, inclusive */
    const char *const *words;
    const struct field *fields; /* of a mapping, ended by a key of NULL */
    bool required;
} field;

static bool refuse_at(reader *r, const yaml_mark_t *at, const char *format, ...) WEIR_PRINTF(3, 4);
static bool refuse_at(reader *r, const yaml_mark_t *at, const char *format, ...)
{
    char sentence[640];
    va_list args;
    va_start(args, format);
    vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    snprintf(r->why, r->why_bytes, "%s:%zu:%zu: %s", r->file, at->line + 1, at->column + 1, sentence);
    return false;
}
#define refuse(reader, node, ...) refuse_at(reader, &(node)->start_mark, __VA_ARGS__)

static void *place(reader *r, const field *f)
{
    return (char *)r->model + f->offset;
}

/* --- scalars --- */

/* The text of a scalar, NULL after a problem. */
static const char *text_of(reader *r, const char *key, const yaml_node_t *value)
{
    if (value->type != YAML_SCALAR_NODE) {
        refuse(r, value, "%s: takes one value, not a list or key: value pairs", key);
        return NULL;
    }
    const char *text = (const char *)value->data.scalar.value;
    if (strlen(text) == value->data.scalar.length && *text)
        return text;
    refuse(r, value, "%s: has no value, or a zero byte in it", key);
    return NULL;
}

static bool copy_text(reader *r, const char *key, const yaml_node_t *value, char *to, size_t bytes)
{
    const char *text = text_of(r, key, value);
    if (text && strlen(text) >= bytes)
        return refuse(r, value, "%s: takes at most %zu bytes", key, bytes - 1);
    if (text)
        strcpy(to, text);
    return text != NULL;
}

static bool read_text(reader *r, const field *f, const yaml_node_t *value)
{
    return copy_text(r, f->key, value, place(r, f), f->bytes);
}

/* A dot is the decimal point whatever the program's locale. */
static bool parse_number(const char *text, double *number)
{
    char *end;
    locale_t c = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    *number = c ? strtod_l(text, &end, c) : strtod(text, &end);
    if (c)
        freelocale(c);
    return end != text && !*end;
}

static bool number_of(reader *r, const field *f, const yaml_node_t *value, double *number)
{
    const char *text = text_of(r, f->key, value);
    if (!text)
        return false;
    if (!parse_number(text, number))
        return refuse(r, value, "%s: %.40s is no number", f->key, text);
    if (!(*number >= f->min && *number <= f->max))
        return refuse(r, value, "%s: %.40s is not within %g and %g", f->key, text, f->min, f->max);
    return true;
}

static bool read_number(reader *r, const field *f, const yaml_node_t *value)
{
    return number_of(r, f, value, place(r, f));
}

static bool read_word(reader *r, const field *f, const yaml_node_t *value)
{
    char all[128] = "";
    const char *text = text_of(r, f->key, value);
    wr_near near = {.word = text};
    if (!text)
        return false;
    for (int i = 0; f->words[i]; i++) {
        if (strcmp(text, f->words[i]) == 0) {
            *(int *)place(r, f) = i;
            return true;
        }
        wr_near_offer(&near, f->words[i]);
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", i ? ", " : "", f->words[i]);
    }
    if (near.best)
        return refuse(r, value, "%s: %.40s is unknown; did you mean %s?", f->key, text, near.best);
    return refuse(r, value, "%s: %.40s is unknown; known are: %s", f->key, text, all);
}

static bool read_size(reader *r, const field *f, const yaml_node_t *value)
{
    unsigned width, height;
    int length = 0;
    const char *text = text_of(r, f->key, value);
    wr_model_input *input = place(r, f);
    if (!text)
        return false;
    if (strlen(text) > 9 || sscanf(text, "%4ux%4u%n", &width, &height, &length) != 2 || text[length] ||
        !isdigit((unsigned char)*text) || !width || !height || width > WR_MODEL_SIDE_MAX || height > WR_MODEL_SIDE_MAX)
        return refuse(r, value, "%s: %.40s is no size; write WIDTHxHEIGHT in pixels, each at most %d", f->key, text,
                      WR_MODEL_SIDE_MAX);
    input->width = width;
    input->height = height;
    return true;
}

static bool read_sha256(reader *r, const field *f, const yaml_node_t *value)
{
    const char *text = text_of(r, f->key, value);
    char *to = place(r, f);
    if (!text)
        return false;
    if (strlen(text) != 64 || strspn(text, "0123456789abcdefABCDEF") != 64)
        return refuse(r, value, "%s: takes 64 hexadecimal digits, as sha256sum prints them", f->key);
    for (int i = 0; i <= 64; i++)
        to[i] = (char)tolower((unsigned char)text[i]);
    return true;
}

/* --- lists --- */

static size_t items(const yaml_node_t *list)
{
    return (size_t)(list->data.sequence.items.top - list->data.sequence.items.start);
}

static const yaml_node_t *item(reader *r, const yaml_node_t *list, size_t i)
{
    return yaml_document_get_node(&r->document, list->data.sequence.items.start[i]);
}

/* One number for all three colours, or a list of three. */
static bool read_colours(reader *r, const field *f, const yaml_node_t *value)
{
    double *to = place(r, f);
    if (value->type == YAML_SCALAR_NODE) {
        bool ok = number_of(r, f, value, &to[0]);
        to[1] = to[2] = to[0];
        return ok;
    }
    if (value->type != YAML_SEQUENCE_NODE || items(value) != 3)
        return refuse(r, value, "%s: takes a number, or a list of three, one for each colour", f->key);
    for (size_t i = 0; i < 3; i++)
        if (!number_of(r, f, item(r, value, i), &to[i]))
            return false;
    return true;
}

static bool read_labels(reader *r, const field *f, const yaml_node_t *value)
{
    wr_model *model = r->model;
    if (value->type != YAML_SEQUENCE_NODE || items(value) == 0 || items(value) > WR_MODEL_LABELS)
        return refuse(r, value, "%s: takes a list of 1 to %d names of classes, in the model's order", f->key,
                      WR_MODEL_LABELS);
    for (size_t i = 0; i < items(value); i++)
        if (!copy_text(r, f->key, item(r, value, i), model->label[i], WR_MODEL_LABEL_BYTES))
            return false;
    model->labels = (uint32_t)items(value);
    return true;
}

/* --- mappings --- */

static bool unknown_key(reader *r, const field *fields, const yaml_node_t *key, const char *text)
{
    wr_near near = {.word = text};
    char all[512] = "";
    for (const field *f = fields; f->key; f++) {
        wr_near_offer(&near, f->key);
        snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", f == fields ? "" : ", ", f->key);
    }
    if (near.best)
        return refuse(r, key, "%.40s: is unknown; did you mean %s:?", text, near.best);
    return refuse(r, key, "%.40s: is unknown; known are: %s", text, all);
}

static bool read_pair(reader *r, const field *fields, const yaml_node_pair_t *pair, uint64_t *seen)
{
    const yaml_node_t *key = yaml_document_get_node(&r->document, pair->key);
    const yaml_node_t *value = yaml_document_get_node(&r->document, pair->value);
    const char *text = text_of(r, "a key", key);
    if (!text)
        return false;
    for (const field *f = fields; f->key; f++) {
        if (strcmp(f->key, text) != 0)
            continue;
        uint64_t bit = UINT64_C(1) << (f - fields);
        if (*seen & bit)
            return refuse(r, key, "%s: is given twice", text);
        *seen |= bit;
        return f->read(r, f, value);
    }
    return unknown_key(r, fields, key, text);
}

static bool read_fields(reader *r, const field *fields, const yaml_node_t *mapping)
{
    uint64_t seen = 0;
    const yaml_node_pair_t *pair = mapping->data.mapping.pairs.start;
    for (; pair < mapping->data.mapping.pairs.top; pair++)
        if (!read_pair(r, fields, pair, &seen))
            return false;
    for (const field *f = fields; f->key; f++)
        if (f->required && !(seen & UINT64_C(1) << (f - fields)))
            return refuse(r, mapping, "%s: is missing; see models/README.md", f->key);
    return true;
}

static bool read_mapping(reader *r, const field *f, const yaml_node_t *value)
{
    if (value->type != YAML_MAPPING_NODE)
        return refuse(r, value, "%s: takes key: value pairs", f->key);
    return read_fields(r, f->fields, value);
}

/* --- the keys --- */

#define AT(member)   .offset = offsetof(wr_model, member)
#define TEXT(member) .read = read_text, AT(member), .bytes = sizeof((wr_model *)0)->member

static const char *const layouts[] = {"nchw", "nhwc", NULL};
static const char *const colours[] = {"rgb", "bgr", NULL};
static const char *const resizes[] = {"letterbox", "stretch", NULL};
static const char *const rivals[] = {"each", "agnostic", NULL};

static const field input_fields[] = {
    {.key = "size", .read = read_size, AT(input), .required = true},
    {.key = "layout", .read = read_word, AT(input.layout), .words = layouts},
    {.key = "colour", .read = read_word, AT(input.colour), .words = colours},
    {.key = "scale", .read = read_colours, AT(input.scale), .min = -1e6, .max = 1e6},
    {.key = "mean", .read = read_colours, AT(input.mean), .min = -1e6, .max = 1e6},
    {.key = "resize", .read = read_word, AT(input.resize), .words = resizes},
    {.key = "pad", .read = read_number, AT(input.pad), .min = 0, .max = 255},
    {.key = NULL},
};

static const field output_fields[] = {
    {.key = "decoder", TEXT(decoder)},
    {.key = "name", TEXT(output)},
    {.key = NULL},
};

static const field nms_fields[] = {
    {.key = "iou", .read = read_number, AT(nms_iou), .min = 0.01, .max = 1},
    {.key = "classes", .read = read_word, AT(nms_classes), .words = rivals},
    {.key = NULL},
};

static const field top_fields[] = {
    {.key = "model", TEXT(name), .required = true},
    {.key = "title", TEXT(title)},
    {.key = "file", TEXT(file)},
    {.key = "sha256", .read = read_sha256, AT(sha256)},
    {.key = "size", .read = read_number, AT(size), .min = 1, .max = 2147483647},
    {.key = "licence", TEXT(licence)},
    {.key = "from", TEXT(from)},
    {.key = "install", TEXT(install)},
    {.key = "input", .read = read_mapping, .fields = input_fields, .required = true},
    {.key = "output", .read = read_mapping, .fields = output_fields},
    {.key = "threshold", .read = read_number, AT(threshold), .min = 0.001, .max = 1},
    {.key = "nms", .read = read_mapping, .fields = nms_fields},
    {.key = "labels", .read = read_labels, .required = true},
    {.key = NULL},
};

static void set_defaults(wr_model *model)
{
    memset(model, 0, sizeof *model);
    model->input.pad = 114;
    for (int i = 0; i < 3; i++)
        model->input.scale[i] = 1;
    model->threshold = 0.3;
    model->nms_iou = 0.5;
}

/* --- texts and files --- */

static bool read_document(reader *r)
{
    const yaml_node_t *root = yaml_document_get_root_node(&r->document);
    if (root && root->type == YAML_MAPPING_NODE)
        return read_fields(r, top_fields, root);
    snprintf(r->why, r->why_bytes, "%s:1:1: this describes no model: it should hold key: value pairs", r->file);
    return false;
}

bool wr_model_parse(wr_model *model, const char *text, size_t bytes, const char *file, char *why, size_t why_bytes)
{
    yaml_parser_t parser;
    reader r = {.model = model, .file = file, .why = why, .why_bytes = why_bytes};
    set_defaults(model);
    if (!yaml_parser_initialize(&parser)) {
        snprintf(why, why_bytes, "%s: no memory to read it", file);
        return false;
    }
    yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, bytes);
    bool ok = yaml_parser_load(&parser, &r.document);
    if (ok) {
        ok = read_document(&r);
        yaml_document_delete(&r.document);
    } else {
        refuse_at(&r, &parser.problem_mark, "this is not YAML: %s", parser.problem ? parser.problem : "no memory");
    }
    yaml_parser_delete(&parser);
    return ok;
}

static bool called_like_its_file(const wr_model *model, const char *path, char *why, size_t why_bytes)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    size_t length = strlen(model->name);
    if (strncmp(base, model->name, length) == 0 && strcmp(base + length, ".yaml") == 0)
        return true;
    snprintf(why, why_bytes, "%s describes the model %s; a description is called like its model: rename it to %s.yaml",
             path, model->name, model->name);
    return false;
}

bool wr_model_read(wr_model *model, const char *path, char *why, size_t why_bytes)
{
    FILE *in = fopen(path, "re");
    char *text = in ? malloc(DESCRIPTION_BYTES_MAX + 1) : NULL;
    size_t bytes = text ? fread(text, 1, DESCRIPTION_BYTES_MAX + 1, in) : 0;
    bool ok = text && !ferror(in) && bytes <= DESCRIPTION_BYTES_MAX;
    if (!ok)
        snprintf(why, why_bytes, "cannot read %s: %s", path,
                 bytes > DESCRIPTION_BYTES_MAX ? "it is longer than 1 MiB, so it describes no model" : strerror(errno));
    ok = ok && wr_model_parse(model, text, bytes, path, why, why_bytes) &&
         called_like_its_file(model, path, why, why_bytes);
    free(text);
    if (in)
        fclose(in);
    return ok;
}
