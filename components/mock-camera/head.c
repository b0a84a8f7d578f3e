#include "head.h"

#include <string.h>

typedef struct span {
    const uint8_t *data;
    size_t bytes;
} span;

static uint32_t number(const uint8_t *at, int bytes, bool little)
{
    uint32_t value = 0;
    for (int i = 0; i < bytes; i++)
        value = value << 8 | at[little ? bytes - 1 - i : i];
    return value;
}

static uint32_t big(const uint8_t *at, int bytes)
{
    return number(at, bytes, false);
}

/* --- Exif: a TIFF whose first directory may hold an orientation --- */

enum { TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3, ENTRY_BYTES = 12 };

static int exif_orientation(span tiff)
{
    bool little = tiff.bytes >= 8 && memcmp(tiff.data, "II*\0", 4) == 0;
    if (!little && (tiff.bytes < 8 || memcmp(tiff.data, "MM\0*", 4) != 0))
        return 1;
    size_t at = number(tiff.data + 4, 4, little);
    if (at > tiff.bytes - 2)
        return 1;
    size_t entries = number(tiff.data + at, 2, little);
    for (at += 2; entries-- > 0 && at + ENTRY_BYTES <= tiff.bytes; at += ENTRY_BYTES) {
        const uint8_t *entry = tiff.data + at;
        if (number(entry, 2, little) != TAG_ORIENTATION || number(entry + 2, 2, little) != TYPE_SHORT)
            continue;
        uint32_t orientation = number(entry + 8, 2, little);
        return orientation >= 1 && orientation <= 8 ? (int)orientation : 1;
    }
    return 1;
}

/* --- PNG: chunks of length, name, data, checksum --- */

enum { PNG_START = 8, CHUNK_HEAD = 8, CHUNK_EXTRA = 12, IHDR_BYTES = 13 };

static bool parse_png(span file, wr_head *head)
{
    const uint8_t *first = file.data + PNG_START;
    if (file.bytes < PNG_START + CHUNK_EXTRA + IHDR_BYTES || memcmp(first + 4, "IHDR", 4) != 0)
        return false;
    *head = (wr_head){WR_FILE_PNG, big(first + CHUNK_HEAD, 4), big(first + CHUNK_HEAD + 4, 4), 1};
    for (size_t at = PNG_START; at + CHUNK_EXTRA <= file.bytes;) {
        size_t length = big(file.data + at, 4);
        if (length > file.bytes - at - CHUNK_EXTRA)
            break;
        if (memcmp(file.data + at + 4, "eXIf", 4) == 0)
            head->orientation = exif_orientation((span){file.data + at + CHUNK_HEAD, length});
        at += CHUNK_EXTRA + length;
    }
    return true;
}

/* --- JPEG: segments of 0xff, marker, length, data --- */

static bool is_frame_header(int marker)
{
    return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

static bool stands_alone(int marker)
{
    return marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8);
}

static bool parse_jpeg(span file, wr_head *head)
{
    static const uint8_t exif[6] = "Exif\0";
    *head = (wr_head){.format = WR_FILE_JPEG, .orientation = 1};
    for (size_t at = 2; at + 4 <= file.bytes && file.data[at] == 0xff;) {
        int marker = file.data[at + 1];
        if (marker == 0xff || stands_alone(marker)) {
            at += marker == 0xff ? 1 : 2;
            continue;
        }
        const uint8_t *data = file.data + at + 4;
        size_t length = big(file.data + at + 2, 2);
        if (length < 2 || length > file.bytes - at - 2)
            return false;
        if (marker == 0xe1 && length >= 8 && memcmp(data, exif, sizeof exif) == 0)
            head->orientation = exif_orientation((span){data + 6, length - 8});
        if (is_frame_header(marker) && length >= 7) {
            head->height = big(data + 1, 2);
            head->width = big(data + 3, 2);
            return true;
        }
        at += 2 + length;
    }
    return false;
}

bool wr_head_parse(const uint8_t *data, size_t bytes, wr_head *head)
{
    static const uint8_t png[PNG_START] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'}, jpeg[3] = {0xff, 0xd8, 0xff};
    if (bytes >= sizeof png && memcmp(data, png, sizeof png) == 0)
        return parse_png((span){data, bytes}, head);
    if (bytes >= sizeof jpeg && memcmp(data, jpeg, sizeof jpeg) == 0)
        return parse_jpeg((span){data, bytes}, head);
    return false;
}

bool wr_head_lies(const wr_head *head)
{
    return head->orientation >= 5;
}
