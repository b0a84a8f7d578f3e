#include "../../components/dashboard/token.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* What a file of a token may hold is 64 digits, and they come out. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    char token[WR_TOKEN_TEXT] = "as it was", *text = malloc(bytes ? bytes : 1);
    if (!text)
        abort();
    if (bytes)
        memcpy(text, data, bytes);
    const bool good = wr_token_parse(text, bytes, token);
    if (good ? memcmp(token, text, 64) != 0 || strlen(token) != 64 || bytes > 65 : strcmp(token, "as it was") != 0)
        abort();
    if (good && strspn(token, "0123456789abcdef") != 64)
        abort();
    free(text);
    return 0;
}
