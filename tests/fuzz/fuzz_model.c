#include "../../components/lib/model.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* Whatever is read is within what model.h promises; whatever is refused has a sentence with a place. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static wr_model model;
    char why[512] = "";
    bool ok = wr_model_parse(&model, (const char *)data, bytes, "f.yaml", why, sizeof why);
    if (!ok && strncmp(why, "f.yaml:", 7) != 0)
        abort();
    if (ok && (why[0] || !model.name[0] || !model.input.width || model.input.width > WR_MODEL_SIDE_MAX ||
               !model.input.height || model.input.height > WR_MODEL_SIDE_MAX || !model.labels ||
               model.labels > WR_MODEL_LABELS || !(model.threshold > 0 && model.threshold <= 1) ||
               !(model.nms_iou > 0 && model.nms_iou <= 1)))
        abort();
    for (uint32_t i = 0; ok && i < model.labels; i++)
        if (!memchr(model.label[i], 0, WR_MODEL_LABEL_BYTES))
            abort();
    return 0;
}
