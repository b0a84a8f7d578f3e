/* A model, in which data may be said to be in other files. */
#include "../../components/detect/external.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char why[256] = "";
    uint8_t *model = malloc(bytes ? bytes : 1); /* exactly this size, so that a read beyond is seen */
    if (!model)
        abort();
    memcpy(model, data, bytes);
    bool refers = wr_external_data(model, bytes);
    weir_status status = wr_external_refuse(model, bytes, why, sizeof why);
    if (refers != (status == WEIR_UNSUPPORTED) || refers != (why[0] != '\0'))
        abort();
    free(model);
    return 0;
}
