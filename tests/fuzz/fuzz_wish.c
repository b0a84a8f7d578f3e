/* The first byte says how many streams there are; the rest is a message that a page sent. */
#include "../../components/dashboard/wish.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static void look(wr_says says, const wr_wish *wish, uint32_t streams, int64_t every_ns)
{
    for (uint32_t s = 0; s < streams; s++) {
        const int written = says == WR_SAYS_WATCH, named = wish[s].as != WR_AS_NOTHING || wish[s].width_px;
        if (!written && (wish[s].as != WR_AS_RESULTS || wish[s].width_px != 7))
            abort();
        if (written && named && (wish[s].as > WR_AS_RESULTS || wish[s].width_px == 0 || wish[s].width_px >= 100000))
            abort();
    }
    if (says == WR_SAYS_STATE ? every_ns != 0 && (every_ns < 200000000 || every_ns > 60000000000) : every_ns != -7)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    if (bytes == 0)
        return 0;
    int64_t every_ns = -7;
    const uint32_t streams = data[0] % 8;
    wr_wish *wish = malloc(streams ? streams * sizeof *wish : 1);
    char *text = malloc(bytes);
    if (!wish || !text)
        abort();
    for (uint32_t s = 0; s < streams; s++)
        wish[s] = (wr_wish){.as = WR_AS_RESULTS, .width_px = 7};
    memcpy(text, data + 1, bytes - 1);
    look(wr_wish_read(text, bytes - 1, wish, streams, &every_ns), wish, streams, every_ns);
    free(text);
    free(wish);
    return 0;
}
