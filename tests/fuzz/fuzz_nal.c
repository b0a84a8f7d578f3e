/* The first byte says which codec and how much of the rest is the header that decoders get; the rest is a packet. */
#include "../../components/video/nal.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* Memory of exactly this size, so that a read beyond is seen. */
static uint8_t *exactly(const uint8_t *data, size_t bytes)
{
    uint8_t *copy = malloc(bytes ? bytes : 1);
    if (!copy)
        abort();
    memcpy(copy, data, bytes);
    return copy;
}

static void look(wr_nal_form form, const uint8_t *data, size_t bytes)
{
    wr_nal_kind kind = wr_nal_look(&form, data, bytes), again = wr_nal_look(&form, data, bytes);
    if ((kind.key && kind.discardable) || again.key != kind.key)
        abort();
    if (form.codec == WR_NAL_OTHER && (kind.key || kind.discardable))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    if (bytes == 0)
        return 0;
    wr_nal_codec codec = (wr_nal_codec)(data[0] % 3);
    size_t head = data[0] / 3 < bytes - 1 ? data[0] / 3 : bytes - 1;
    uint8_t *extradata = exactly(data + 1, head), *packet = exactly(data + 1 + head, bytes - 1 - head);
    wr_nal_form form = wr_nal_form_of(codec, extradata, head);
    if (form.length_bytes == 3 || form.length_bytes > 4)
        abort();
    look(form, packet, bytes - 1 - head);
    free(extradata);
    free(packet);
    return 0;
}
