#include "external.h"

#include <stdio.h>

/* A protobuf message, read from front to back. */
typedef struct message {
    const uint8_t *at, *end;
} message;

/* One field of it: a number, or bytes that may be a message. */
typedef struct entry {
    unsigned number;
    uint64_t value;
    message inside;
} entry;

/* Which fields of a message hold what: an ONNX model down to its tensors. */
enum { MODEL, GRAPH, NODE, ATTRIBUTE, TENSOR, SPARSE, FUNCTION, TRAINING, KINDS };
static const struct {
    int kind;
    unsigned field;
    int holds;
} holds[] = {
    {MODEL, 7, GRAPH},       {MODEL, 20, TRAINING},   {MODEL, 25, FUNCTION},     {TRAINING, 1, GRAPH},
    {TRAINING, 2, GRAPH},    {FUNCTION, 7, NODE},     {FUNCTION, 11, ATTRIBUTE}, {GRAPH, 1, NODE},
    {GRAPH, 5, TENSOR},      {GRAPH, 15, SPARSE},     {NODE, 5, ATTRIBUTE},      {ATTRIBUTE, 5, TENSOR},
    {ATTRIBUTE, 6, GRAPH},   {ATTRIBUTE, 10, TENSOR}, {ATTRIBUTE, 11, GRAPH},    {ATTRIBUTE, 22, SPARSE},
    {ATTRIBUTE, 23, SPARSE}, {SPARSE, 1, TENSOR},     {SPARSE, 2, TENSOR},
};
enum { EXTERNAL_DATA = 13, DATA_LOCATION = 14, DEPTH_MAX = 64 };

static bool read_varint(message *m, uint64_t *value)
{
    *value = 0;
    for (unsigned shift = 0; m->at < m->end && shift < 64; shift += 7) {
        uint8_t byte = *m->at++;
        *value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return true;
    }
    return false;
}

/* False at the end, and where it is no protobuf: ONNX Runtime will say so. */
static bool next(message *m, entry *e)
{
    uint64_t key, length = 0;
    *e = (entry){0};
    if (!read_varint(m, &key))
        return false;
    e->number = (unsigned)(key >> 3);
    switch (key & 7) {
    case 0:
        return read_varint(m, &e->value);
    case 1:
        length = 8;
        break;
    case 2:
        if (!read_varint(m, &length))
            return false;
        break;
    case 5:
        length = 4;
        break;
    default:
        return false;
    }
    if (length > (uint64_t)(m->end - m->at))
        return false;
    e->inside = (message){m->at, m->at + length};
    m->at += length;
    return true;
}

static int held(int kind, unsigned field)
{
    for (size_t i = 0; i < sizeof holds / sizeof *holds; i++)
        if (holds[i].kind == kind && holds[i].field == field)
            return holds[i].holds;
    return KINDS;
}

/* Nesting beyond any real model counts as referring: it is refused. */
static bool refers(message m, int kind, int depth)
{
    entry e;
    if (depth > DEPTH_MAX)
        return true;
    while (next(&m, &e)) {
        int inside = held(kind, e.number);
        if (kind == TENSOR && (e.number == EXTERNAL_DATA || (e.number == DATA_LOCATION && e.value != 0)))
            return true;
        if (inside != KINDS && refers(e.inside, inside, depth + 1))
            return true;
    }
    return false;
}

bool wr_external_data(const void *data, size_t bytes)
{
    return refers((message){data, (const uint8_t *)data + bytes}, MODEL, 0);
}

weir_status wr_external_refuse(const void *data, size_t bytes, char *why, size_t why_bytes)
{
    if (!wr_external_data(data, bytes))
        return WEIR_OK;
    snprintf(why, why_bytes,
             "it keeps weights in other files, which are not opened; export it with all its weights in one file");
    return WEIR_UNSUPPORTED;
}
