/* A PNG or JPEG file, of which the engine looks at the size. */
#include "../../components/mock-camera/head.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    wr_head head = {0};
    uint8_t *file = malloc(bytes ? bytes : 1); /* exactly this size, so that a read beyond is seen */
    if (!file)
        abort();
    memcpy(file, data, bytes);
    if (wr_head_parse(file, bytes, &head) &&
        (head.orientation < 1 || head.orientation > 8 || wr_head_lies(&head) != (head.orientation > 4)))
        abort();
    free(file);
    return 0;
}
