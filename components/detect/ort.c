#include "ort.h"

#include "../lib/catalogue.h"
#include <ctype.h>
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

/* --- what it says --- */

static void leave_out(char *from, const char *to)
{
    memmove(from, to, strlen(to) + 1);
}

static bool says_nothing(const char *text)
{
    return text[strspn(text, " \n")] == '\0';
}

/* "[ONNXRuntimeError] : 10 : INVALID_GRAPH : "; but the last word is all there is where nothing follows. */
static void leave_out_marks(char *text)
{
    for (char *mark; (mark = strstr(text, "[ONNXRuntimeError]"));) {
        char *number = strstr(mark, " : "), *word = number ? strstr(number + 3, " : ") : NULL;
        char *end = word ? strstr(word + 3, " : ") : NULL;
        if (!end) {
            leave_out(mark, mark + strlen("[ONNXRuntimeError]"));
            continue;
        }
        if (says_nothing(end + 3))
            *end = '\0';
        leave_out(mark, *end ? end + 3 : word + 3);
    }
}

static bool is_of_path(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '/' || c == '-' || c == '+';
}

/* The colon behind the name of a source file: "graph.cc:1337 ". */
static bool ends_a_file(const char *text, const char *colon)
{
    size_t digits = strspn(colon + 1, "0123456789");
    return digits && colon[1 + digits] == ' ' &&
           ((colon - text > 3 && memcmp(colon - 3, ".cc", 3) == 0) ||
            (colon - text > 2 && memcmp(colon - 2, ".h", 2) == 0));
}

/* Behind a function's name and arguments, or the name alone, that `at` begins with. */
static const char *behind_function(const char *at, bool arguments)
{
    const char *begin = at;
    int depth = 0;
    for (; *at; at++) {
        depth += (*at == '(') - (*at == ')');
        if (depth == 0 && at[1] == ' ' && (!arguments || *at == ')'))
            break;
    }
    if (!*at)
        return begin;
    at += 2;
    at += strncmp(at, "const ", 6) == 0 ? 6 : 0;
    const char *with = strncmp(at, "[with ", 6) == 0 ? strstr(at, "] ") : NULL;
    return with ? with + 2 : at;
}

/* "/src/core/graph.cc:1337 void onnxruntime::Graph::Load(int) const ", or "slice.cc:196 Fill ". */
static void leave_out_places(char *text)
{
    for (char *colon = strchr(text, ':'); colon; colon = strchr(colon, ':')) {
        if (!ends_a_file(text, colon)) {
            colon++;
            continue;
        }
        char *from = colon - (colon[-1] == 'h' ? 2 : 3);
        while (from > text && is_of_path(from[-1]))
            from--;
        const char *to = behind_function(strchr(colon, ' ') + 1, memchr(from, '/', (size_t)(colon - from)) != NULL);
        if (from > text && from[-1] != ' ')
            *from++ = ' ';
        leave_out(from, to);
        colon = from;
    }
}

/* One line, without the places in ONNX Runtime's source and the numbers and names of kinds of errors. */
static void tidy(char *text)
{
    leave_out_marks(text);
    leave_out_places(text);
    for (char *at = text; *at; at++)
        if ((unsigned char)*at < ' ')
            *at = ' ';
    for (size_t end = strlen(text); end && text[end - 1] == ' '; end--)
        text[end - 1] = '\0';
}

/* What is an error comes back as one from the call as well, and is said there, with the node's name. */
static void ORT_API_CALL log_line(void *user, OrtLoggingLevel level, const char *category, const char *session,
                                  const char *where, const char *text)
{
    char *line = strdup(text);
    (void)user;
    (void)category;
    (void)session;
    (void)where;
    if (line)
        tidy(line);
    weir_log(level >= ORT_LOGGING_LEVEL_FATAL ? WEIR_LOG_ERROR : WEIR_LOG_DEBUG, NULL, "ONNX Runtime: %s",
             line ? line : text);
    free(line);
}

bool wr_ort_ok(OrtStatus *status, char *why, size_t why_bytes)
{
    if (!status)
        return true;
    char *line = strdup(api->GetErrorMessage(status));
    if (line)
        tidy(line);
    snprintf(why, why_bytes, "%s", line && *line ? line : "ONNX Runtime does not say why");
    free(line);
    api->ReleaseStatus(status);
    return false;
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
    char why[64];
    bool found = false;
    if (!wr_ort_ok(api->GetAvailableProviders(&names, &count), why, sizeof why))
        return false;
    for (int i = 0; i < count; i++)
        found = found || strcmp(names[i], provider) == 0;
    return wr_ort_ok(api->ReleaseAvailableProviders(names, count), why, sizeof why) && found;
}
