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
    if (!model->sha256[0] || checksum_is(data, bytes, model->sha256))
        return WEIR_OK;
    snprintf(why, why_bytes, "%s has not the sha256 that %s says: it is damaged or another model%s%s", model->path,
             model->description, model->install[0] ? "; get it with: " : "", model->install);
    return WEIR_BAD_DATA;
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
