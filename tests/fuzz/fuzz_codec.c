/* The first byte says which codec (or that the name is the next 16 bytes) and the next how long its parameter sets are; the
 * rest are those, and a key frame. */
#include "../../components/dashboard/codec.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

static const char *const names[] = {"h264", "hevc", "vp8", "vp9", "av1", "mjpeg"};
enum { NAMES = sizeof names / sizeof *names };

/* Memory of exactly this size, so that a read beyond is seen. */
static void *exactly(const void *head, size_t head_bytes, const uint8_t *data, size_t bytes)
{
    uint8_t *copy = malloc(head_bytes + bytes ? head_bytes + bytes : 1);
    if (!copy)
        abort();
    memcpy(copy, head, head_bytes);
    if (bytes)
        memcpy(copy + head_bytes, data, bytes);
    return copy;
}

static void look(const weir_codec *codec, const uint8_t *frame, size_t bytes)
{
    char name[32];
    size_t before_bytes = 1;
    wr_codec_name(codec, name);
    if (!memchr(name, '\0', sizeof name))
        abort();
    for (const char *at = name; *at; at++)
        if (*at < '.' || *at > 'z')
            abort();
    const uint8_t *before = wr_codec_before(codec, frame, bytes, &before_bytes);
    if (before ? before != weir_codec_extradata(codec) || before_bytes != codec->extradata_bytes : before_bytes != 0)
        abort();
    if (before && wr_codec_is_avcc(codec))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    weir_codec head = {.profile = UINT32_MAX, .level = UINT32_MAX, .extradata_offset = sizeof head};
    if (bytes < 20)
        return 0;
    const uint8_t which = data[0] % (NAMES + 1), sets = data[1], *rest = data + 2;
    if (which < NAMES)
        memcpy(head.name, names[which], strlen(names[which]));
    else
        memcpy(head.name, rest, sizeof head.name); /* with no end, maybe */
    if (data[0] & 128)
        memcpy(&head.profile, rest, 2 * sizeof head.profile);
    bytes -= 2;
    head.extradata_bytes = sets < bytes ? sets : (uint32_t)bytes;
    weir_codec *codec = exactly(&head, sizeof head, rest, head.extradata_bytes);
    uint8_t *frame = exactly("", 0, rest + head.extradata_bytes, bytes - head.extradata_bytes);
    look(codec, frame, bytes - head.extradata_bytes);
    free(codec);
    free(frame);
    return 0;
}
