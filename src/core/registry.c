#include "core/registry.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Built in: the components that need the C library only (components/builtin.c), and those of the core itself. */
extern const weir_component_class *const wr_builtin_classes[];

enum { CLASSES_MAX = 256, PATH_BYTES = 1024 };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const weir_component_class *known[CLASSES_MAX]; /* under lock; only ever appended to */
static char *origin[CLASSES_MAX];                      /* of each: its module, NULL for the program's own */
static size_t count;

static const weir_component_class *find_known_locked(const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(known[i]->name, name) == 0)
            return known[i];
    for (size_t i = 0; wr_builtin_classes[i]; i++)
        if (strcmp(wr_builtin_classes[i]->name, name) == 0)
            return wr_builtin_classes[i];
    return NULL;
}

static weir_status register_locked(const weir_component_class *class, const char *module)
{
    if (find_known_locked(class->name) == class)
        return WEIR_OK;
    if (count == CLASSES_MAX)
        return WEIR_NO_MEMORY;
    memmove(&known[1], &known[0], count * sizeof *known); /* the newest of a name wins */
    memmove(&origin[1], &origin[0], count * sizeof *origin);
    known[0] = class;
    origin[0] = module ? realpath(module, NULL) : NULL;
    count++;
    return WEIR_OK;
}

weir_status weir_register(const weir_component_class *class)
{
    if (!class->name || !(class->inputs ? class->process != NULL : class->produce != NULL))
        return WEIR_BAD_OPTION;
    pthread_mutex_lock(&lock);
    weir_status status = register_locked(class, NULL);
    pthread_mutex_unlock(&lock);
    return status;
}

static weir_status load_locked(const char *path, char *error, size_t error_bytes)
{
    weir_status status = WEIR_OK;
    /* Modules stay loaded: their classes are pointed to from everywhere. */
    void *module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    const weir_plugin_info *info = module ? dlsym(module, "weir_plugin") : NULL;
    if (!module)
        snprintf(error, error_bytes, "cannot load %s: %s", path, dlerror());
    else if (!info)
        snprintf(error, error_bytes, "%s is no weir component: it exports no weir_plugin; see WEIR_PLUGIN()", path);
    else if (info->abi != WEIR_ABI)
        snprintf(error, error_bytes, "%s was built for another version of weir (ABI %u, this is %u): rebuild it", path,
                 info->abi, WEIR_ABI);
    else
        for (size_t i = 0; info->classes[i] && status == WEIR_OK; i++)
            status = register_locked(info->classes[i], path);
    return module && info && info->abi == WEIR_ABI ? status : WEIR_NOT_FOUND;
}

weir_status weir_plugin_load(const char *path, char *error, size_t error_bytes)
{
    char full[PATH_BYTES], ignored[8];
    /* Without a slash, dlopen would search the system's folders. */
    snprintf(full, sizeof full, "%s%s", strchr(path, '/') ? "" : "./", path);
    pthread_mutex_lock(&lock);
    weir_status status = load_locked(full, error ? error : ignored, error ? error_bytes : sizeof ignored);
    pthread_mutex_unlock(&lock);
    return status;
}

/* --- where modules are --- */

/* Calls `each` with every folder of modules until it returns true: $WEIR_COMPONENTS, beside the file that this code is
 * in (a build folder, then an installed one), the folder chosen when this was built. */
static bool in_folders(bool (*each)(const char *folder, void *user), void *user)
{
    char folder[PATH_BYTES], self[PATH_BYTES] = "";
    const char *list = getenv("WEIR_COMPONENTS");
    while (list && *list) {
        size_t bytes = strcspn(list, ":");
        snprintf(folder, sizeof folder, "%.*s", (int)bytes, list);
        if (each(folder, user))
            return true;
        list += bytes + (list[bytes] == ':');
    }
    Dl_info info;
    /* A program that was found on the path is known to the loader by its bare name. */
    bool placed = dladdr(known, &info) && info.dli_fname && strchr(info.dli_fname, '/');
    if (realpath(placed ? info.dli_fname : "/proc/self/exe", self)) {
        *strrchr(self, '/') = '\0';
        snprintf(folder, sizeof folder, "%.1000s/components", self);
        if (each(folder, user))
            return true;
        snprintf(folder, sizeof folder, "%.1000s/weir", self);
        if (each(folder, user))
            return true;
    }
    return each(WEIR_COMPONENTS_DIR, user);
}

static bool load_named(const char *folder, void *user)
{
    static const char *const pattern[] = {"%s/%s.so", "%s/%s/%s.so"};
    const char *name = user;
    char path[PATH_BYTES + 256], error[512];
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, pattern[i], folder, name, name);
        if (access(path, R_OK) != 0)
            continue;
        if (load_locked(path, error, sizeof error) == WEIR_OK)
            return true;
        weir_log(WEIR_LOG_WARNING, NULL, "%s", error);
    }
    return false;
}

static bool plain_name(const char *name)
{
    return *name && strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == strlen(name);
}

const weir_component_class *weir_component_find(const char *name)
{
    char copy[64];
    pthread_mutex_lock(&lock);
    const weir_component_class *class = find_known_locked(name);
    if (!class && plain_name(name) && strlen(name) < sizeof copy) {
        strcpy(copy, name);
        in_folders(load_named, copy);
        class = find_known_locked(name);
    }
    pthread_mutex_unlock(&lock);
    return class;
}

static bool load_all(const char *folder, void *user)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    (void)user;
    while (dir && (entry = readdir(dir))) {
        char name[64];
        size_t bytes = strlen(entry->d_name);
        if (bytes >= sizeof name)
            continue;
        strcpy(name, entry->d_name);
        if (bytes > 3 && strcmp(name + bytes - 3, ".so") == 0)
            name[bytes - 3] = '\0';
        if (plain_name(name) && !find_known_locked(name))
            load_named(folder, name);
    }
    if (dir)
        closedir(dir);
    return false;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const weir_component_class *const *)a)->name, (*(const weir_component_class *const *)b)->name);
}

const weir_component_class **wr_component_list(size_t *total)
{
    pthread_mutex_lock(&lock);
    in_folders(load_all, NULL);
    size_t built_in = 0, kept = 0;
    while (wr_builtin_classes[built_in])
        built_in++;
    const weir_component_class **list = calloc(count + built_in + 1, sizeof *list);
    for (size_t i = 0; list && i < count + built_in; i++) {
        const weir_component_class *class = i < count ? known[i] : wr_builtin_classes[i - count];
        if (find_known_locked(class->name) == class)
            list[kept++] = class;
    }
    pthread_mutex_unlock(&lock);
    if (list)
        qsort(list, kept, sizeof *list, by_name);
    *total = list ? kept : 0;
    return list;
}

const char *wr_component_origin(const weir_component_class *class)
{
    const char *found = NULL;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < count; i++)
        if (known[i] == class)
            found = origin[i];
    for (size_t i = 0; !found && wr_builtin_classes[i]; i++)
        if (wr_builtin_classes[i] == class)
            found = "";
    pthread_mutex_unlock(&lock);
    return found;
}
