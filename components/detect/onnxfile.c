#include "onnxfile.h"

#include "../lib/catalogue.h"
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- data in other files --- */

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

bool wr_onnxfile_refers(const void *data, size_t bytes)
{
    return refers((message){data, (const uint8_t *)data + bytes}, MODEL, 0);
}

/* --- the file --- */

static void *read_all(int fd, size_t bytes)
{
    char *data = malloc(bytes + 1);
    size_t have = 0;
    while (data && have < bytes) {
        ssize_t n = read(fd, data + have, bytes - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            free(data);
            return NULL;
        }
        have += (size_t)n;
    }
    return data;
}

static bool checksum_is(const void *data, size_t bytes, const char *wanted)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    char text[65] = "";
    unsigned length = 0;
    if (!EVP_Digest(data, bytes, digest, &length, EVP_sha256(), NULL) || length != 32)
        return false;
    for (unsigned i = 0; i < length; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    return strcmp(text, wanted) == 0;
}

static weir_status check(const wr_model *model, const void *data, size_t bytes, char *why, size_t why_bytes)
{
    if (model->sha256[0] && !checksum_is(data, bytes, model->sha256)) {
        snprintf(why, why_bytes, "%s has not the sha256 that %s says: it is damaged or another model%s%s", model->path,
                 model->description, model->install[0] ? "; get it with: " : "", model->install);
        return WEIR_BAD_DATA;
    }
    if (wr_onnxfile_refers(data, bytes)) {
        snprintf(why, why_bytes,
                 "%s keeps weights in other files, which are not opened; export the model with all its weights in one "
                 "file",
                 model->path);
        return WEIR_UNSUPPORTED;
    }
    return WEIR_OK;
}

static void *read_file(const char *path, size_t *bytes)
{
    struct stat info;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    void *data = NULL;
    if (fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0 && info.st_size <= INT_MAX) {
        *bytes = (size_t)info.st_size;
        data = read_all(fd, *bytes);
    }
    if (fd >= 0)
        close(fd);
    return data;
}

void *wr_onnxfile_read(const wr_model *model, size_t *bytes, weir_status *status, char *why, size_t why_bytes)
{
    *status = WEIR_NOT_FOUND;
    if (!model->installed) {
        wr_catalogue_missing(model, why, why_bytes);
        return NULL;
    }
    errno = 0;
    void *data = read_file(model->path, bytes);
    if (!data) {
        snprintf(why, why_bytes, "cannot read the model %s: %s", model->path,
                 errno ? strerror(errno) : "it is empty, larger than 2 GiB, or no file");
        *status = WEIR_IO;
        return NULL;
    }
    *status = check(model, data, *bytes, why, why_bytes);
    if (*status == WEIR_OK)
        return data;
    free(data);
    return NULL;
}
