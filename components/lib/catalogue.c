#include "catalogue.h"

#include "near.h"
#include "places.h"
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FOLDERS_MAX = 32 };

typedef struct folders {
    int count;
    char path[FOLDERS_MAX][PATH_MAX];
} folders;

/* --- where to look --- */

bool wr_in_source_tree(const char *name, char *path, size_t bytes)
{
    Dl_info info;
    char self[PATH_MAX], root[PATH_MAX];
    /* A program that was found on the path is known to the loader by its bare name. */
    bool placed = dladdr(wr_build_root, &info) && info.dli_fname && strchr(info.dli_fname, '/');
    if (!realpath(placed ? info.dli_fname : "/proc/self/exe", self) || !realpath(wr_build_root, root))
        return false;
    size_t length = strlen(root);
    if (strncmp(self, root, length) != 0 || self[length] != '/')
        return false;
    return snprintf(path, bytes, "%s/%s", wr_source_root, name) < (int)bytes;
}

static void add(folders *all, const char *path, size_t bytes)
{
    if (!bytes || bytes >= PATH_MAX || all->count == FOLDERS_MAX)
        return;
    memcpy(all->path[all->count], path, bytes);
    all->path[all->count++][bytes] = 0;
}

static folders *folders_new(void)
{
    char path[PATH_MAX];
    folders *all = calloc(1, sizeof *all);
    const char *list = getenv("WEIR_MODELS");
    while (all && list && *list) {
        size_t bytes = strcspn(list, ":");
        add(all, list, bytes);
        list += bytes + (list[bytes] == ':');
    }
    if (all && wr_in_source_tree("deps/models", path, sizeof path))
        add(all, path, strlen(path));
    if (all && wr_in_source_tree("models", path, sizeof path))
        add(all, path, strlen(path));
    if (all && snprintf(path, sizeof path, "%s/models", wr_share_folder) < (int)sizeof path)
        add(all, path, strlen(path));
    return all;
}

static bool is_file(const char *path, double bytes)
{
    struct stat info;
    return stat(path, &info) == 0 && S_ISREG(info.st_mode) && (bytes <= 0 || (double)info.st_size == bytes);
}

static bool join(char path[PATH_MAX], const char *folder, const char *name, const char *ending)
{
    return snprintf(path, PATH_MAX, "%s/%s%s", folder, name, ending) < PATH_MAX;
}

static void folder_of(const char *path, char folder[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    snprintf(folder, PATH_MAX, "%.*s", slash ? (int)(slash - path) : 1, slash ? path : ".");
}

/* --- the ONNX file --- */

/* A file of another size is not the one described; the one beside the description is named if there is none. */
static void find_file(const folders *all, wr_model *model)
{
    char name[WR_MODEL_TEXT_BYTES + 8], folder[PATH_MAX], path[PATH_MAX];
    snprintf(name, sizeof name, "%s%s", model->file[0] ? model->file : model->name, model->file[0] ? "" : ".onnx");
    folder_of(model->description, folder);
    if (name[0] == '/')
        snprintf(model->path, sizeof model->path, "%s", name);
    else if (!join(model->path, folder, name, ""))
        return;
    model->installed = is_file(model->path, model->size);
    for (int i = 0; i < all->count && !model->installed && name[0] != '/'; i++) {
        if (!join(path, all->path[i], name, "") || !is_file(path, model->size))
            continue;
        strcpy(model->path, path);
        model->installed = true;
    }
}

static bool read_description(wr_model *model, const char *path, char *why, size_t why_bytes)
{
    if (!wr_model_read(model, path, why, why_bytes))
        return false;
    snprintf(model->description, sizeof model->description, "%s", path);
    return true;
}

void wr_catalogue_missing(const wr_model *model, char *why, size_t why_bytes)
{
    bool other = is_file(model->path, 0);
    snprintf(why, why_bytes, "the file of model %s, %s, %s%s%s", model->name, model->path,
             other ? "has not the size that its description says" : "is not there",
             model->install[0] ? "; get it with: " : "; put it there, or see from: in ",
             model->install[0] ? model->install : model->description);
}

/* --- one model --- */

static bool ends_in(const char *text, const char *end)
{
    size_t length = strlen(text), bytes = strlen(end);
    return length > bytes && strcmp(text + length - bytes, end) == 0;
}

static weir_status find_by_onnx(const char *onnx, wr_model *model, char *why, size_t why_bytes)
{
    char path[PATH_MAX];
    size_t stem = strlen(onnx) - strlen(".onnx");
    if (stem + sizeof ".yaml" > sizeof path || !is_file(onnx, 0)) {
        snprintf(why, why_bytes, "there is no model file %s; check model=", onnx);
        return WEIR_NOT_FOUND;
    }
    memcpy(path, onnx, stem);
    strcpy(path + stem, ".yaml");
    if (!is_file(path, 0)) {
        snprintf(why, why_bytes,
                 "%s has no description; write %s beside it, with model:, input: {size: WIDTHxHEIGHT} and labels: "
                 "(see models/README.md)",
                 onnx, path);
        return WEIR_NOT_FOUND;
    }
    if (!read_description(model, path, why, why_bytes))
        return WEIR_BAD_DATA;
    snprintf(model->path, sizeof model->path, "%s", onnx);
    model->installed = is_file(onnx, model->size);
    return WEIR_OK;
}

static weir_status find_by_description(const folders *all, const char *path, wr_model *model, char *why,
                                       size_t why_bytes)
{
    if (!is_file(path, 0)) {
        snprintf(why, why_bytes, "there is no description %s; check model=", path);
        return WEIR_NOT_FOUND;
    }
    if (!read_description(model, path, why, why_bytes))
        return WEIR_BAD_DATA;
    find_file(all, model);
    return WEIR_OK;
}

typedef struct names {
    wr_near near;
    const char *wanted;
    char best[NAME_MAX + 1];
} names;

static void offer(const char *path, void *user)
{
    names *n = user;
    char name[NAME_MAX + 1];
    const char *base = strrchr(path, '/') + 1;
    wr_near near = {.word = n->wanted, .best = n->near.best, .changes = n->near.changes};
    snprintf(name, sizeof name, "%.*s", (int)(strlen(base) - 5), base);
    wr_near_offer(&near, name);
    if (near.best != name)
        return;
    strcpy(n->best, name);
    n->near = near;
    n->near.best = n->best;
}

static weir_status unknown(const char *name, char *why, size_t why_bytes)
{
    names n = {.wanted = name};
    if (!*name) {
        snprintf(why, why_bytes, "model= is empty; weir models lists those that there are");
        return WEIR_BAD_OPTION;
    }
    wr_catalogue_each(offer, &n);
    if (n.near.best)
        snprintf(why, why_bytes, "there is no model %s; did you mean %s?", name, n.near.best);
    else
        snprintf(why, why_bytes, "there is no model %s; weir models lists them, and a path with / names any other",
                 name);
    return WEIR_NOT_FOUND;
}

static weir_status find_by_name(const folders *all, const char *name, wr_model *model, char *why, size_t why_bytes)
{
    char path[PATH_MAX];
    for (int i = 0; i < all->count; i++)
        if (join(path, all->path[i], name, ".yaml") && is_file(path, 0))
            return find_by_description(all, path, model, why, why_bytes);
    return unknown(name, why, why_bytes);
}

weir_status wr_catalogue_find(const char *name, wr_model *model, char *why, size_t why_bytes)
{
    folders *all = folders_new();
    weir_status status = WEIR_NO_MEMORY;
    snprintf(why, why_bytes, "no memory to look for models");
    if (all && ends_in(name, ".onnx"))
        status = find_by_onnx(name, model, why, why_bytes);
    else if (all && (ends_in(name, ".yaml") || strchr(name, '/')))
        status = find_by_description(all, name, model, why, why_bytes);
    else if (all)
        status = find_by_name(all, name, model, why, why_bytes);
    free(all);
    return status;
}

/* --- all of them --- */

static int is_description(const struct dirent *entry)
{
    return entry->d_name[0] != '.' && ends_in(entry->d_name, ".yaml");
}

static bool hidden(const folders *all, int folder, const char *name)
{
    char path[PATH_MAX];
    for (int i = 0; i < folder; i++)
        if (join(path, all->path[i], name, "") && is_file(path, 0))
            return true;
    return false;
}

static void each_in(const folders *all, int folder, void (*each)(const char *path, void *user), void *user)
{
    struct dirent **entry;
    char path[PATH_MAX];
    int count = scandir(all->path[folder], &entry, is_description, alphasort);
    for (int i = 0; i < count; i++) {
        if (!hidden(all, folder, entry[i]->d_name) && join(path, all->path[folder], entry[i]->d_name, ""))
            each(path, user);
        free(entry[i]);
    }
    if (count >= 0)
        free(entry);
}

void wr_catalogue_each(void (*each)(const char *path, void *user), void *user)
{
    folders *all = folders_new();
    for (int i = 0; all && i < all->count; i++)
        each_in(all, i, each, user);
    free(all);
}
