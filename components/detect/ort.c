#include "ort.h"

#include "../lib/catalogue.h"
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/log.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
/* Set once, under lock. The library stays loaded: its threads and exit handlers do not bear unloading. */
static const OrtApi *api;
static OrtEnv *env;

const OrtApi *wr_ort_api(void)
{
    return api;
}

OrtEnv *wr_ort_env(void)
{
    return env;
}

/* --- finding the library --- */

static bool beside_module(char path[PATH_MAX])
{
    Dl_info info;
    const char *slash = dladdr(&lock, &info) && info.dli_fname ? strrchr(info.dli_fname, '/') : NULL;
    return slash && snprintf(path, PATH_MAX, "%.*s/onnxruntime/libonnxruntime.so", (int)(slash - info.dli_fname),
                             info.dli_fname) < PATH_MAX;
}

static void *open_candidate(void)
{
    static const char *const names[] = {"libonnxruntime.so.1.21", "libonnxruntime.so.1", "libonnxruntime.so"};
    char path[PATH_MAX];
    void *library = beside_module(path) ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
    if (!library && wr_in_source_tree("deps/onnxruntime/lib/libonnxruntime.so", path, sizeof path))
        library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    for (size_t i = 0; i < sizeof names / sizeof *names && !library; i++)
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    return library;
}

static void *open_library(char *why, size_t why_bytes)
{
    const char *wanted = getenv("WEIR_ONNXRUNTIME");
    if (!wanted || !*wanted) {
        void *library = open_candidate();
        if (!library)
            snprintf(why, why_bytes,
                     "ONNX Runtime is not here; install libonnxruntime, run scripts/setup.sh onnxruntime, or give the "
                     "path of libonnxruntime.so in WEIR_ONNXRUNTIME");
        return library;
    }
    void *library = dlopen(wanted, RTLD_NOW | RTLD_LOCAL);
    if (!library)
        snprintf(why, why_bytes, "cannot load ONNX Runtime: %s; check WEIR_ONNXRUNTIME", dlerror());
    return library;
}

/* --- taking it into use --- */

/* Asking for an interface that is too new makes the library print to standard error, so its version is read first. */
static const OrtApi *best_api(void *library)
{
    const OrtApiBase *(*base)(void);
    *(void **)&base = dlsym(library, "OrtGetApiBase");
    unsigned major = 0, minor = 0;
    if (!base || sscanf(base()->GetVersionString(), "%u.%u", &major, &minor) != 2 || major != 1)
        return NULL;
    return base()->GetApi(minor < ORT_API_VERSION ? minor : ORT_API_VERSION);
}

static void ORT_API_CALL log_line(void *user, OrtLoggingLevel level, const char *category, const char *session,
                                  const char *where, const char *text)
{
    (void)user;
    (void)category;
    (void)session;
    (void)where;
    weir_log(level >= ORT_LOGGING_LEVEL_ERROR ? WEIR_LOG_ERROR : WEIR_LOG_DEBUG, NULL, "ONNX Runtime: %s", text);
}

/* What is said, without the place in ONNX Runtime's source and the number and name of the kind of error. */
static const char *message(const OrtStatus *status)
{
    static const char mark[] = "[ONNXRuntimeError]";
    const char *all = api->GetErrorMessage(status), *at = strstr(all, mark);
    for (int i = 0; at && i < 3; i++) {
        at = strstr(at, " : ");
        at = at ? at + 3 : NULL;
    }
    return at ? at : all;
}

bool wr_ort_ok(OrtStatus *status, char *why, size_t why_bytes)
{
    if (!status)
        return true;
    snprintf(why, why_bytes, "%s", message(status));
    for (char *at = why; *at; at++)
        if ((unsigned char)*at < ' ')
            *at = ' ';
    api->ReleaseStatus(status);
    return false;
}

static weir_status load_locked(char *why, size_t why_bytes)
{
    if (env)
        return WEIR_OK;
    void *library = open_library(why, why_bytes);
    if (!library)
        return WEIR_NOT_FOUND;
    api = best_api(library);
    if (!api) {
        snprintf(why, why_bytes, "the library found is no ONNX Runtime of version 1; set WEIR_ONNXRUNTIME to another");
        dlclose(library);
        return WEIR_UNSUPPORTED;
    }
    OrtStatus *status = api->CreateEnvWithCustomLogger(log_line, NULL, ORT_LOGGING_LEVEL_ERROR, "weir", &env);
    return wr_ort_ok(status, why, why_bytes) ? WEIR_OK : WEIR_UNSUPPORTED;
}

weir_status wr_ort_load(char *why, size_t why_bytes)
{
    pthread_mutex_lock(&lock);
    weir_status status = load_locked(why, why_bytes);
    pthread_mutex_unlock(&lock);
    return status;
}

bool wr_ort_has(const char *provider)
{
    char **names;
    int count;
    char why[8];
    bool found = false;
    if (!wr_ort_ok(api->GetAvailableProviders(&names, &count), why, sizeof why))
        return false;
    for (int i = 0; i < count; i++)
        found = found || strcmp(names[i], provider) == 0;
    return wr_ort_ok(api->ReleaseAvailableProviders(names, count), why, sizeof why) && found;
}
