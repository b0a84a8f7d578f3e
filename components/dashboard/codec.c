#include "codec.h"

#include <stdio.h>
#include <string.h>

enum { SPS = 7 }; /* type of a NAL unit of H.264 */

static bool is(const weir_codec *codec, const char *name)
{
    return strncmp(codec->name, name, sizeof codec->name) == 0;
}

bool wr_codec_is_avcc(const weir_codec *codec)
{
    return (is(codec, "h264") || is(codec, "hevc")) && codec->extradata_bytes > 6 &&
           weir_codec_extradata(codec)[0] == 1;
}

/* What follows the start code of the first unit of that type; NULL if there is none. At least `least` bytes of it. */
static const uint8_t *find_unit(const uint8_t *data, size_t bytes, int type, size_t least)
{
    for (size_t i = 0; i + 3 + least <= bytes; i++)
        if (data[i] == 0 && data[i + 1] == 0 && data[i + 2] == 1 && (data[i + 3] & 31) == type)
            return data + i + 3;
    return NULL;
}

static void name_avc(const weir_codec *codec, char name[32])
{
    const uint8_t *data = weir_codec_extradata(codec);
    const uint8_t *level = wr_codec_is_avcc(codec) ? data + 1 : NULL;
    if (!level) {
        const uint8_t *sps = find_unit(data, codec->extradata_bytes, SPS, 4);
        level = sps ? sps + 1 : NULL;
    }
    if (level)
        snprintf(name, 32, "avc1.%02x%02x%02x", level[0], level[1], level[2]);
    else if (codec->profile <= 255 && codec->level <= 255)
        snprintf(name, 32, "avc1.%02x00%02x", codec->profile, codec->level);
    else
        snprintf(name, 32, "avc1.640028");
}

void wr_codec_name(const weir_codec *codec, char name[32])
{
    name[0] = '\0';
    if (is(codec, "h264"))
        name_avc(codec, name);
    else if (is(codec, "hevc")) /* main profile; the browser looks closer at the parameter sets */
        snprintf(name, 32, "%s.1.6.L%u.B0", wr_codec_is_avcc(codec) ? "hvc1" : "hev1",
                 codec->level <= 255 ? codec->level : 120);
    else if (is(codec, "vp8"))
        snprintf(name, 32, "vp8");
    else if (is(codec, "vp9"))
        snprintf(name, 32, "vp09.00.40.08");
    else if (is(codec, "av1"))
        snprintf(name, 32, "av01.0.08M.08");
}

const uint8_t *wr_codec_before(const weir_codec *codec, const uint8_t *data, size_t bytes, size_t *before_bytes)
{
    enum { LOOK = 512 };
    bool has = wr_codec_is_avcc(codec) || !is(codec, "h264") || codec->extradata_bytes == 0 ||
               find_unit(data, bytes < LOOK ? bytes : LOOK, SPS, 1);
    *before_bytes = has ? 0 : codec->extradata_bytes;
    return has ? NULL : weir_codec_extradata(codec);
}
