// Runs an ONNX model on raw tensors: run_onnx LIBRARY MODEL [threads]
//
// Reads the model's first input (the bytes of the tensor, as float) from standard input, writes all outputs one after
// the other as float to standard output, and repeats until the input ends. Open dimensions count as 1.
#include <dlfcn.h>
#include <onnxruntime_c_api.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_OUTPUTS = 16, MAX_DIMS = 8 };

static const OrtApi *ort;

static void must(OrtStatus *status)
{
    if (!status)
        return;
    fprintf(stderr, "run_onnx: %s\n", ort->GetErrorMessage(status));
    exit(1);
}

static void load_library(const char *path)
{
    void *library = dlopen(path, RTLD_NOW);
    if (!library) {
        fprintf(stderr, "run_onnx: %s\n", dlerror());
        exit(1);
    }
    const OrtApiBase *(*get_base)(void);
    *(void **)&get_base = dlsym(library, "OrtGetApiBase");
    int major = 0, minor = 0;
    if (get_base)
        sscanf(get_base()->GetVersionString(), "%d.%d", &major, &minor);
    if (get_base)
        ort = get_base()->GetApi(minor < ORT_API_VERSION ? (uint32_t)minor : ORT_API_VERSION);
    if (!ort) {
        fprintf(stderr, "run_onnx: %s is no ONNX Runtime that fits\n", path);
        exit(1);
    }
}

static size_t input_shape(OrtSession *session, int64_t dims[MAX_DIMS], size_t *rank)
{
    OrtTypeInfo *type;
    const OrtTensorTypeAndShapeInfo *shape;
    must(ort->SessionGetInputTypeInfo(session, 0, &type));
    must(ort->CastTypeInfoToTensorInfo(type, &shape));
    must(ort->GetDimensionsCount(shape, rank));
    must(ort->GetDimensions(shape, dims, *rank));
    ort->ReleaseTypeInfo(type);
    size_t count = 1;
    for (size_t i = 0; i < *rank; i++) {
        if (dims[i] < 1)
            dims[i] = 1;
        count *= (size_t)dims[i];
    }
    return count;
}

static void write_output(OrtValue *value)
{
    OrtTensorTypeAndShapeInfo *shape;
    size_t count;
    float *data;
    must(ort->GetTensorTypeAndShape(value, &shape));
    must(ort->GetTensorShapeElementCount(shape, &count));
    must(ort->GetTensorMutableData(value, (void **)&data));
    fwrite(data, sizeof *data, count, stdout);
    ort->ReleaseTensorTypeAndShapeInfo(shape);
    ort->ReleaseValue(value);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "usage: run_onnx LIBRARY MODEL [threads]\n");
        return 2;
    }
    load_library(argv[1]);
    OrtEnv *env;
    OrtSessionOptions *options;
    OrtSession *session;
    OrtAllocator *allocator;
    OrtMemoryInfo *memory;
    must(ort->CreateEnv(ORT_LOGGING_LEVEL_ERROR, "run_onnx", &env));
    must(ort->CreateSessionOptions(&options));
    must(ort->SetIntraOpNumThreads(options, argc > 3 ? atoi(argv[3]) : 1));
    must(ort->CreateSession(env, argv[2], options, &session));
    must(ort->GetAllocatorWithDefaultOptions(&allocator));
    must(ort->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &memory));

    int64_t dims[MAX_DIMS];
    size_t rank, outputs, count = input_shape(session, dims, &rank);
    char *input_name, *names[MAX_OUTPUTS];
    must(ort->SessionGetInputName(session, 0, allocator, &input_name));
    must(ort->SessionGetOutputCount(session, &outputs));
    for (size_t i = 0; i < outputs && i < MAX_OUTPUTS; i++)
        must(ort->SessionGetOutputName(session, i, allocator, &names[i]));

    float *data = malloc(count * sizeof *data);
    OrtValue *input, *results[MAX_OUTPUTS];
    must(ort->CreateTensorWithDataAsOrtValue(memory, data, count * sizeof *data, dims, rank,
                                             ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &input));
    while (fread(data, sizeof *data, count, stdin) == count) {
        for (size_t i = 0; i < outputs; i++)
            results[i] = NULL;
        must(ort->Run(session, NULL, (const char *const *)&input_name, (const OrtValue *const *)&input, 1,
                      (const char *const *)names, outputs, results));
        for (size_t i = 0; i < outputs; i++)
            write_output(results[i]);
    }
    ort->ReleaseValue(input);
    free(data);
    return 0;
}
