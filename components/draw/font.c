#include "font.h"

#include <errno.h>
#include <fontconfig/fontconfig.h>
#include <ft2build.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include FT_FREETYPE_H

/* Letters kept at a time; when there are more, all are forgotten. A power of two. */
enum { GLYPHS = 512 };

struct glyph {
    uint32_t letter; /* 0: unused */
    int left, top, advance;
    wr_mask mask;
    uint8_t *cover;
};

struct wr_font {
    FT_Library library;
    FT_Face face;
    int pixels, glyphs;
    struct glyph glyph[GLYPHS];
};

bool wr_font_find(char *path, size_t bytes)
{
    FcConfig *config = FcInitLoadConfigAndFonts();
    FcPattern *wanted = config ? FcNameParse((const FcChar8 *)"sans-serif:bold:scalable=true") : NULL;
    FcPattern *found = NULL;
    FcChar8 *file = NULL;
    FcResult result;
    if (wanted && FcConfigSubstitute(config, wanted, FcMatchPattern)) {
        FcDefaultSubstitute(wanted);
        found = FcFontMatch(config, wanted, &result);
    }
    bool fine = found && FcPatternGetString(found, FC_FILE, 0, &file) == FcResultMatch &&
                snprintf(path, bytes, "%s", (const char *)file) < (int)bytes;
    if (found)
        FcPatternDestroy(found);
    if (wanted)
        FcPatternDestroy(wanted);
    if (config)
        FcConfigDestroy(config);
    return fine;
}

void *wr_font_read(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rbe");
    if (!file)
        return NULL;
    void *data = NULL;
    errno = EINVAL; /* an empty file */
    long length = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    if (length > 0 && fseek(file, 0, SEEK_SET) == 0 && (data = malloc((size_t)length)) &&
        fread(data, 1, (size_t)length, file) != (size_t)length) {
        free(data);
        data = NULL;
        errno = EIO;
    }
    fclose(file);
    *bytes = data ? (size_t)length : 0;
    return data;
}

wr_font *wr_font_new(const void *data, size_t bytes)
{
    wr_font *font = calloc(1, sizeof *font);
    if (!font)
        return NULL;
    if (FT_Init_FreeType(&font->library) != 0 ||
        FT_New_Memory_Face(font->library, data, (FT_Long)bytes, 0, &font->face) != 0 || !FT_IS_SCALABLE(font->face)) {
        wr_font_free(font);
        return NULL;
    }
    return font;
}

static void forget_glyphs(wr_font *font)
{
    for (int i = 0; i < GLYPHS; i++)
        free(font->glyph[i].cover);
    memset(font->glyph, 0, sizeof font->glyph);
    font->glyphs = 0;
}

bool wr_font_size(wr_font *font, int pixels)
{
    if (font->pixels == pixels)
        return true;
    forget_glyphs(font);
    font->pixels = FT_Set_Pixel_Sizes(font->face, 0, (FT_UInt)pixels) == 0 ? pixels : 0;
    return font->pixels == pixels;
}

int wr_font_ascent(const wr_font *font)
{
    return (int)((font->face->size->metrics.ascender + 63) >> 6);
}

int wr_font_descent(const wr_font *font)
{
    return (int)((-font->face->size->metrics.descender + 63) >> 6);
}

static bool render(wr_font *font, struct glyph *to, uint32_t letter)
{
    if (FT_Load_Char(font->face, letter, FT_LOAD_RENDER | FT_LOAD_TARGET_LIGHT) != 0)
        return false;
    const FT_GlyphSlot slot = font->face->glyph;
    const FT_Bitmap *bitmap = &slot->bitmap;
    bool smooth = bitmap->pixel_mode == FT_PIXEL_MODE_GRAY;
    int width = smooth ? (int)bitmap->width : 0, height = smooth ? (int)bitmap->rows : 0;
    uint8_t *cover = malloc((size_t)width * (size_t)height + 1);
    if (!cover)
        return false;
    for (int y = 0; y < height; y++)
        memcpy(cover + y * width, bitmap->buffer + y * bitmap->pitch, (size_t)width);
    *to = (struct glyph){.letter = letter,
                         .left = slot->bitmap_left,
                         .top = slot->bitmap_top,
                         .advance = (int)((slot->advance.x + 32) >> 6),
                         .mask = {cover, width, height, width},
                         .cover = cover};
    return true;
}

static const struct glyph *find_glyph(wr_font *font, uint32_t letter)
{
    uint32_t at = letter * 2654435761u >> 16 & (GLYPHS - 1);
    while (font->glyph[at].letter && font->glyph[at].letter != letter)
        at = (at + 1) & (GLYPHS - 1);
    if (font->glyph[at].letter == letter)
        return &font->glyph[at];
    if (font->glyphs > GLYPHS / 2) {
        forget_glyphs(font);
        return find_glyph(font, letter);
    }
    if (!render(font, &font->glyph[at], letter))
        return NULL;
    font->glyphs++;
    return &font->glyph[at];
}

/* Takes one letter off a text; what is not UTF-8 is one question mark a byte. */
static uint32_t next_letter(const char **text)
{
    const uint8_t *at = (const uint8_t *)*text;
    int more = at[0] < 0x80 ? 0 : at[0] >= 0xf0 ? 3 : at[0] >= 0xe0 ? 2 : at[0] >= 0xc2 ? 1 : -1;
    uint32_t letter = more <= 0 ? at[0] : at[0] & (0x3fu >> more);
    for (int i = 1; i <= more; i++) {
        if ((at[i] & 0xc0) != 0x80)
            more = -1;
        else
            letter = letter << 6 | (at[i] & 0x3f);
    }
    *text += more < 0 ? 1 : more + 1;
    return more < 0 ? '?' : letter;
}

int wr_font_width(wr_font *font, const char *text)
{
    int width = 0;
    while (*text) {
        const struct glyph *glyph = find_glyph(font, next_letter(&text));
        width += glyph ? glyph->advance : 0;
    }
    return width;
}

void wr_font_draw(wr_font *font, weir_picture *picture, int x, int y, const char *text, wr_colour colour)
{
    while (*text) {
        const struct glyph *glyph = find_glyph(font, next_letter(&text));
        if (!glyph)
            continue;
        wr_canvas_mask(picture, &glyph->mask, x + glyph->left, y - glyph->top, colour);
        x += glyph->advance;
    }
}

void wr_font_free(wr_font *font)
{
    if (!font)
        return;
    forget_glyphs(font);
    if (font->face)
        FT_Done_Face(font->face);
    if (font->library)
        FT_Done_FreeType(font->library);
    free(font);
}
