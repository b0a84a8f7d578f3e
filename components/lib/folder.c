#include "folder.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *wr_remedy(int error)
{
    return error == ENOSPC || error == EDQUOT ? "make room there" : "check path=";
}

static weir_status refuse(int error, const char *what, const char *path, char *why, size_t why_bytes)
{
    snprintf(why, why_bytes, "cannot %s %s: %s; %s", what, path, strerror(error), wr_remedy(error));
    return error == ENOENT ? WEIR_NOT_FOUND : WEIR_IO;
}

bool wr_folder_of(const char *path, char *folder, size_t bytes)
{
    const char *slash = strrchr(path, '/');
    size_t length = !slash ? 1 : slash == path ? 1 : (size_t)(slash - path);
    if (length >= bytes)
        return false;
    memcpy(folder, slash ? path : ".", length);
    folder[length] = 0;
    return true;
}

static weir_status check_existing(const char *folder, const struct stat *info, const char *wanted, char *why,
                                  size_t why_bytes)
{
    if (!S_ISDIR(info->st_mode))
        return refuse(ENOTDIR, "write to", folder, why, why_bytes);
    if (faccessat(AT_FDCWD, folder, W_OK | X_OK, AT_EACCESS) != 0)
        return refuse(errno, strcmp(folder, wanted) == 0 ? "write to" : "make folders in", folder, why, why_bytes);
    return WEIR_OK;
}

weir_status wr_folder_check(const char *folder, char *why, size_t why_bytes)
{
    char at[PATH_MAX], above[PATH_MAX];
    if (!*folder)
        return refuse(ENOENT, "write to", "a folder without a name", why, why_bytes);
    if (snprintf(at, sizeof at, "%s", folder) >= (int)sizeof at)
        return refuse(ENAMETOOLONG, "write to", folder, why, why_bytes);
    for (;;) {
        struct stat info;
        if (stat(at, &info) == 0)
            return check_existing(at, &info, folder, why, why_bytes);
        if (errno != ENOENT)
            return refuse(errno, "write to", folder, why, why_bytes);
        size_t length = strlen(at);
        while (length > 1 && at[length - 1] == '/')
            at[--length] = 0;
        wr_folder_of(at, above, sizeof above);
        if (strcmp(above, at) == 0)
            return refuse(ENOENT, "write to", folder, why, why_bytes);
        memcpy(at, above, sizeof at);
    }
}

weir_status wr_file_check(const char *path, char *why, size_t why_bytes)
{
    struct stat info;
    char folder[PATH_MAX];
    size_t length = strlen(path);
    if (!length)
        return refuse(ENOENT, "write", "a file without a name", why, why_bytes);
    if (path[length - 1] == '/')
        return refuse(EISDIR, "write", path, why, why_bytes);
    if (stat(path, &info) == 0) {
        if (S_ISDIR(info.st_mode))
            return refuse(EISDIR, "write", path, why, why_bytes);
        return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0 ? WEIR_OK
                                                                : refuse(errno, "write", path, why, why_bytes);
    }
    if (!wr_folder_of(path, folder, sizeof folder))
        return refuse(ENAMETOOLONG, "write", path, why, why_bytes);
    return wr_folder_check(folder, why, why_bytes);
}

weir_status wr_folder_make(const char *folder, char *why, size_t why_bytes)
{
    char at[PATH_MAX];
    if (snprintf(at, sizeof at, "%s", folder) >= (int)sizeof at)
        return refuse(ENAMETOOLONG, "make the folder", folder, why, why_bytes);
    for (char *slash = at + 1; *at; slash++) {
        if (*slash && *slash != '/')
            continue;
        char kept = *slash;
        struct stat info;
        *slash = 0;
        /* Asked first: above a folder that is there may be some that only others may write to. */
        if (stat(at, &info) != 0 && mkdir(at, 0777) != 0 && errno != EEXIST)
            return refuse(errno, "make the folder", at, why, why_bytes);
        if (!kept)
            break;
        *slash = kept;
    }
    struct stat info;
    if (stat(folder, &info) != 0 || !S_ISDIR(info.st_mode))
        return refuse(ENOTDIR, "write to", folder, why, why_bytes);
    return WEIR_OK;
}

weir_status wr_folder_make_for(const char *path, char *why, size_t why_bytes)
{
    char folder[PATH_MAX];
    if (!wr_folder_of(path, folder, sizeof folder))
        return refuse(ENAMETOOLONG, "write", path, why, why_bytes);
    return wr_folder_make(folder, why, why_bytes);
}
