#include "core/option.h"
#include "core/text.h"
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    static const char value[] = "K3q-secret";
    char *text = wr_must_copy_part((const char *)data, bytes), why[128] = "";
    setenv("S", value, 1);
    /* Files of this machine are none of a fuzzer's business. */
    char *resolved = strchr(text, '/') ? NULL : wr_secret_resolve(text, why, sizeof why);
    if (!resolved && strstr(why, value) && !strstr(text, value))
        abort();
    if (resolved && !wr_secret_used(text) && strcmp(resolved, text) != 0)
        abort();
    if (resolved && strcmp(text, "${S}") == 0 && strcmp(resolved, value) != 0)
        abort();
    free(resolved);
    free(text);
    return 0;
}
