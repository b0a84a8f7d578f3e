#include "session.h"

#include <stdio.h>
#include <string.h>

/* --- what to compute on --- */

/* As we name them, as ONNX Runtime lists them, and as it wants them named when asked for. */
static const struct {
    const char *listed, *asked;
} providers[] = {
    {"CPUExecutionProvider", NULL},
    {"CUDAExecutionProvider", NULL},
    {"OpenVINOExecutionProvider", "OpenVINO"},
    {"XnnpackExecutionProvider", "XNNPACK"},
};
const char *const wr_provider_names[] = {"cpu", "cuda", "openvino", "xnnpack", NULL};
enum { CPU, CUDA };

static int find_provider(const char *name)
{
    for (int i = 0; wr_provider_names[i]; i++)
        if (strcmp(wr_provider_names[i], name) == 0)
            return i;
    return CPU;
}

weir_status wr_provider_check(const char *provider, char *why, size_t why_bytes)
{
    int which = find_provider(provider);
    if (which == CPU || wr_ort_has(providers[which].listed))
        return WEIR_OK;
    snprintf(why, why_bytes,
             "provider=%s is not in this ONNX Runtime; use provider=cpu, or set WEIR_ONNXRUNTIME to a library that has "
             "it",
             provider);
    return WEIR_UNSUPPORTED;
}

static bool add_cuda(OrtSessionOptions *options, char *why, size_t why_bytes)
{
    const OrtApi *api = wr_ort_api();
    OrtCUDAProviderOptionsV2 *cuda;
    if (!wr_ort_ok(api->CreateCUDAProviderOptions(&cuda), why, why_bytes))
        return false;
    bool ok = wr_ort_ok(api->SessionOptionsAppendExecutionProvider_CUDA_V2(options, cuda), why, why_bytes);
    api->ReleaseCUDAProviderOptions(cuda);
    return ok;
}

static bool add_known(OrtSessionOptions *options, int which, char *why, size_t why_bytes)
{
    const OrtApi *api = wr_ort_api();
    if (which == CPU)
        return true;
    if (which == CUDA)
        return add_cuda(options, why, why_bytes);
    return wr_ort_ok(api->SessionOptionsAppendExecutionProvider(options, providers[which].asked, NULL, NULL, 0), why,
                     why_bytes);
}

static bool add_provider(OrtSessionOptions *options, const char *name, char *why, size_t why_bytes)
{
    char reason[256];
    bool ok = add_known(options, find_provider(name), reason, sizeof reason);
    if (!ok)
        snprintf(why, why_bytes, "provider=%s does not work here, use provider=cpu: %s", name, reason);
    return ok;
}

/* --- opening --- */

/* Threads that wait by spinning would take the cores from the rest of the pipeline. */
static bool set_options(OrtSessionOptions *options, const wr_session_options *wanted, char *why, size_t why_bytes)
{
    const OrtApi *api = wr_ort_api();
    return wr_ort_ok(api->SetIntraOpNumThreads(options, wanted->threads), why, why_bytes) &&
           wr_ort_ok(api->SetInterOpNumThreads(options, 1), why, why_bytes) &&
           wr_ort_ok(api->AddSessionConfigEntry(options, "session.intra_op.allow_spinning", "0"), why, why_bytes) &&
           wr_ort_ok(api->SetSessionGraphOptimizationLevel(options, ORT_ENABLE_ALL), why, why_bytes) &&
           add_provider(options, wanted->provider, why, why_bytes);
}

static bool create(wr_session *session, const void *model, size_t bytes, const wr_session_options *wanted, char *why,
                   size_t why_bytes)
{
    const OrtApi *api = wr_ort_api();
    OrtSessionOptions *options;
    if (!wr_ort_ok(api->CreateSessionOptions(&options), why, why_bytes))
        return false;
    bool ok =
        set_options(options, wanted, why, why_bytes) &&
        wr_ort_ok(api->CreateSessionFromArray(wr_ort_env(), model, bytes, options, &session->session), why,
                  why_bytes) &&
        wr_ort_ok(api->CreateRunOptions(&session->run), why, why_bytes) &&
        wr_ort_ok(api->CreateCpuMemoryInfo(OrtArenaAllocator, OrtMemTypeDefault, &session->memory), why, why_bytes);
    api->ReleaseSessionOptions(options);
    return ok;
}

static bool read_shape(const OrtTensorTypeAndShapeInfo *info, wr_shape *shape, char *why, size_t why_bytes)
{
    const OrtApi *api = wr_ort_api();
    ONNXTensorElementDataType type;
    if (!wr_ort_ok(api->GetTensorElementType(info, &type), why, why_bytes) ||
        !wr_ort_ok(api->GetDimensionsCount(info, &shape->rank), why, why_bytes))
        return false;
    if (type != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT || shape->rank > WR_RANK_MAX) {
        snprintf(why, why_bytes, "its input and output must be tensors of 32-bit floats; export it so");
        return false;
    }
    return wr_ort_ok(api->GetDimensions(info, shape->size, shape->rank), why, why_bytes);
}

static bool read_type(OrtTypeInfo *type, wr_shape *shape, char *why, size_t why_bytes)
{
    const OrtApi *api = wr_ort_api();
    const OrtTensorTypeAndShapeInfo *info = NULL;
    bool ok = wr_ort_ok(api->CastTypeInfoToTensorInfo(type, &info), why, why_bytes);
    if (ok && !info) {
        snprintf(why, why_bytes, "its input and output must be tensors of 32-bit floats; export it so");
        ok = false;
    }
    ok = ok && read_shape(info, shape, why, why_bytes);
    api->ReleaseTypeInfo(type);
    return ok;
}

static bool keep_name(OrtStatus *status, OrtAllocator *allocator, char *name, char to[128], char *why, size_t why_bytes)
{
    if (!wr_ort_ok(status, why, why_bytes))
        return false;
    bool fits = strlen(name) < 128;
    if (fits)
        strcpy(to, name);
    else
        snprintf(why, why_bytes, "the name of its input or output is longer than 127 bytes");
    return wr_ort_ok(wr_ort_api()->AllocatorFree(allocator, name), why, why_bytes) && fits;
}

static bool learn_input(wr_session *session, OrtAllocator *allocator, char *why, size_t why_bytes)
{
    const OrtApi *api = wr_ort_api();
    size_t count;
    char *name = NULL;
    OrtTypeInfo *type;
    if (!wr_ort_ok(api->SessionGetInputCount(session->session, &count), why, why_bytes))
        return false;
    if (count != 1) {
        snprintf(why, why_bytes, "it has %zu inputs; a detector has one, the picture", count);
        return false;
    }
    OrtStatus *status = api->SessionGetInputName(session->session, 0, allocator, &name);
    return keep_name(status, allocator, name, session->input_name, why, why_bytes) &&
           wr_ort_ok(api->SessionGetInputTypeInfo(session->session, 0, &type), why, why_bytes) &&
           read_type(type, &session->input, why, why_bytes);
}

static bool learn_output(wr_session *session, OrtAllocator *allocator, const char *wanted, char *why, size_t why_bytes)
{
    const OrtApi *api = wr_ort_api();
    size_t count, which = 0;
    OrtTypeInfo *type;
    if (!wr_ort_ok(api->SessionGetOutputCount(session->session, &count), why, why_bytes))
        return false;
    for (; which < count; which++) {
        char *name = NULL;
        OrtStatus *status = api->SessionGetOutputName(session->session, which, allocator, &name);
        if (!keep_name(status, allocator, name, session->output_name, why, why_bytes))
            return false;
        if (!*wanted || strcmp(session->output_name, wanted) == 0)
            break;
    }
    if (which == count) {
        snprintf(why, why_bytes, "it has no output %s; correct output: {name: ...} in its description", wanted);
        return false;
    }
    return wr_ort_ok(api->SessionGetOutputTypeInfo(session->session, which, &type), why, why_bytes) &&
           read_type(type, &session->output, why, why_bytes);
}

weir_status wr_session_open(wr_session *session, const void *model, size_t bytes, const wr_session_options *options,
                            char *why, size_t why_bytes)
{
    OrtAllocator *allocator;
    bool ok = create(session, model, bytes, options, why, why_bytes) &&
              wr_ort_ok(wr_ort_api()->GetAllocatorWithDefaultOptions(&allocator), why, why_bytes) &&
              learn_input(session, allocator, why, why_bytes) &&
              learn_output(session, allocator, options->output, why, why_bytes);
    if (!ok)
        wr_session_close(session);
    return ok ? WEIR_OK : WEIR_BAD_DATA;
}

/* --- running --- */

static void release(OrtValue **value)
{
    if (*value)
        wr_ort_api()->ReleaseValue(*value);
    *value = NULL;
}

static bool run(wr_session *session, const float *input, const wr_shape *shape, char *why, size_t why_bytes)
{
    const OrtApi *api = wr_ort_api();
    const char *in[] = {session->input_name}, *out[] = {session->output_name};
    OrtValue *value = NULL;
    size_t bytes = sizeof *input;
    for (size_t i = 0; i < shape->rank; i++)
        bytes *= (size_t)shape->size[i];
    /* The tensor is only read, whatever the prototype says. */
    bool ok = wr_ort_ok(api->CreateTensorWithDataAsOrtValue(session->memory, (void *)input, bytes, shape->size,
                                                            shape->rank, ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &value),
                        why, why_bytes) &&
              wr_ort_ok(api->Run(session->session, session->run, in, (const OrtValue *const *)&value, 1, out, 1,
                                 &session->result),
                        why, why_bytes);
    release(&value);
    return ok;
}

static bool result_shape(const wr_session *session, wr_shape *shape, char *why, size_t why_bytes)
{
    const OrtApi *api = wr_ort_api();
    OrtTensorTypeAndShapeInfo *info;
    if (!wr_ort_ok(api->GetTensorTypeAndShape(session->result, &info), why, why_bytes))
        return false;
    bool ok = read_shape(info, shape, why, why_bytes);
    api->ReleaseTensorTypeAndShapeInfo(info);
    return ok;
}

const float *wr_session_run(wr_session *session, const float *input, const wr_shape *shape, wr_shape *result, char *why,
                            size_t why_bytes)
{
    static const float none = 0;
    float *data = NULL;
    release(&session->result);
    if (!run(session, input, shape, why, why_bytes) || !result_shape(session, result, why, why_bytes) ||
        !wr_ort_ok(wr_ort_api()->GetTensorMutableData(session->result, (void **)&data), why, why_bytes))
        return NULL;
    return data ? data : &none; /* a result without elements may have no address */
}

void wr_session_interrupt(wr_session *session)
{
    char why[64];
    if (session->run)
        wr_ort_ok(wr_ort_api()->RunOptionsSetTerminate(session->run), why, sizeof why);
}

void wr_session_close(wr_session *session)
{
    const OrtApi *api = wr_ort_api();
    release(&session->result);
    if (session->memory)
        api->ReleaseMemoryInfo(session->memory);
    if (session->run)
        api->ReleaseRunOptions(session->run);
    if (session->session)
        api->ReleaseSession(session->session);
    *session = (wr_session){0};
}

const char *wr_shape_text(const wr_shape *shape, char buffer[96])
{
    size_t at = (size_t)snprintf(buffer, 96, "%s", shape->rank ? "" : "a single number");
    for (size_t i = 0; i < shape->rank && at < 96; i++) {
        int n = shape->size[i] < 0 ? snprintf(buffer + at, 96 - at, "%s?", i ? "x" : "")
                                   : snprintf(buffer + at, 96 - at, "%s%lld", i ? "x" : "", (long long)shape->size[i]);
        at += n > 0 ? (size_t)n : 0;
    }
    return buffer;
}
