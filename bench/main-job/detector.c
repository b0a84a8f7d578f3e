#include "detector.h"

#include "../../components/detect/found.h"
#include <dlfcn.h>
#include <onnxruntime_c_api.h>
#include <stdlib.h>

enum { CANDIDATES = 2048, MOST = 100, ALIGN = 64 };

struct detector {
    wr_model model;
    wr_fit_key key;
    wr_found found;
    uint32_t width, height; /* of the picture looked at last */
    const OrtApi *api;
    OrtEnv *env;
    OrtSession *session;
    OrtMemoryInfo *memory;
    OrtValue *result;
    char *input_name, *output_name;
};

_Noreturn void give_up(const char *why)
{
    fprintf(stderr, "%s\n", why);
    exit(1);
}

/* --- ONNX Runtime --- */

static void check(const detector *self, OrtStatus *status)
{
    if (status)
        give_up(self->api->GetErrorMessage(status));
}

static const OrtApi *load(void)
{
    const char *path = getenv("WEIR_ONNXRUNTIME");
    void *library = dlopen(path ? path : "libonnxruntime.so", RTLD_NOW | RTLD_LOCAL);
    if (!library)
        give_up(dlerror());
    const OrtApiBase *(*base)(void);
    *(void **)&base = dlsym(library, "OrtGetApiBase");
    const OrtApi *api = base ? base()->GetApi(ORT_API_VERSION) : NULL;
    if (!api)
        give_up("this ONNX Runtime is older than its header");
    return api;
}

static void open_session(detector *self, const char *model)
{
    OrtSessionOptions *options;
    OrtAllocator *allocator;
    const OrtApi *api = self->api = load();
    check(self, api->CreateEnv(ORT_LOGGING_LEVEL_ERROR, "bench", &self->env));
    check(self, api->CreateSessionOptions(&options));
    check(self, api->SetIntraOpNumThreads(options, 1));
    check(self, api->SetInterOpNumThreads(options, 1));
    check(self, api->SetSessionGraphOptimizationLevel(options, ORT_ENABLE_ALL));
    check(self, api->CreateSession(self->env, model, options, &self->session));
    api->ReleaseSessionOptions(options);
    check(self, api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &self->memory));
    check(self, api->GetAllocatorWithDefaultOptions(&allocator));
    check(self, api->SessionGetInputName(self->session, 0, allocator, &self->input_name));
    check(self, api->SessionGetOutputName(self->session, 0, allocator, &self->output_name));
}

const float *detector_run(detector *self, const float *input, int64_t *rows)
{
    const OrtApi *api = self->api;
    const char *in[] = {self->input_name}, *out[] = {self->output_name};
    int64_t shape[] = {1, 3, self->key.height, self->key.width}, size[3];
    OrtTensorTypeAndShapeInfo *info;
    OrtValue *value = NULL;
    float *data;
    if (self->result)
        api->ReleaseValue(self->result);
    self->result = NULL;
    size_t bytes = 3 * sizeof *input * self->key.width * self->key.height;
    check(self, api->CreateTensorWithDataAsOrtValue(self->memory, (void *)input, bytes, shape, 4,
                                                    ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &value));
    check(self, api->Run(self->session, NULL, in, (const OrtValue *const *)&value, 1, out, 1, &self->result));
    api->ReleaseValue(value);
    check(self, api->GetTensorTypeAndShape(self->result, &info));
    check(self, api->GetDimensions(info, size, 3));
    api->ReleaseTensorTypeAndShapeInfo(info);
    check(self, api->GetTensorMutableData(self->result, (void **)&data));
    *rows = size[1];
    return data;
}

/* --- a picture --- */

void *detector_input_new(const detector *self)
{
    void *input = aligned_alloc(ALIGN, (wr_fit_bytes(&self->key) + ALIGN - 1) / ALIGN * ALIGN);
    if (!input)
        give_up("no memory for an input");
    return input;
}

void detector_fit(const detector *self, const weir_picture *picture, void *input)
{
    if (wr_fit_make(input, wr_fit_bytes(&self->key), picture, &self->key) != WEIR_OK)
        give_up("a picture could not be converted");
}

size_t detector_find(detector *self, const float *input, uint32_t width, uint32_t height)
{
    int64_t rows;
    const float *row = detector_run(self, input, &rows);
    self->width = width;
    self->height = height;
    wr_found_begin(&self->found, wr_fit_of(&self->key, width, height));
    for (int64_t i = 0; i < rows; i++, row += 6)
        wr_found_add(&self->found, row[0], row[1], row[2], row[3], row[4], (int32_t)row[5]);
    wr_found_settle(&self->found, self->model.nms_iou, self->model.nms_classes == WR_AGNOSTIC, MOST);
    return self->found.count;
}

void detector_print(const detector *self, int64_t frame, FILE *to)
{
    fprintf(to, "{\"frame\":%lld,\"boxes\":[", (long long)frame);
    for (size_t i = 0; i < self->found.count; i++) {
        weir_box box = wr_found_box(&self->found, i, self->width, self->height);
        fprintf(to, "%s{\"label\":\"%s\",\"score\":%.3f,\"x\":%.1f,\"y\":%.1f,\"w\":%.1f,\"h\":%.1f}", i ? "," : "",
                self->model.label[box.label_id], (double)box.score, (double)box.x, (double)box.y, (double)box.width,
                (double)box.height);
    }
    fputs("]}\n", to);
    fflush(to);
}

/* --- beginning and end --- */

detector *detector_new(const char *description, const char *model)
{
    char why[1024];
    detector *self = calloc(1, sizeof *self);
    if (!self)
        give_up("no memory for a detector");
    if (!wr_model_read(&self->model, description, why, sizeof why))
        give_up(why);
    self->key = wr_fit_key_of(&self->model.input);
    self->found = (wr_found){.item = malloc(CANDIDATES * sizeof(wr_candidate)),
                             .room = CANDIDATES,
                             .threshold = (float)self->model.threshold,
                             .labels = self->model.labels};
    if (!self->found.item)
        give_up("no memory for candidates");
    open_session(self, model);
    return self;
}

void detector_free(detector *self)
{
    if (self->result)
        self->api->ReleaseValue(self->result);
    self->api->ReleaseMemoryInfo(self->memory);
    self->api->ReleaseSession(self->session);
    self->api->ReleaseEnv(self->env);
    free(self->found.item);
    free(self);
}
