#include "core/text.h"

#include "core/description.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *wr_must_grow(void *memory, size_t count, size_t item_bytes)
{
    void *grown = reallocarray(memory, count ? count : 1, item_bytes);
    if (!grown) {
        fputs("weir: out of memory\n", stderr);
        abort();
    }
    return grown;
}

void *wr_must_append(void *array, size_t count, size_t item_bytes)
{
    /* Room doubles whenever the count reaches a power of two, so it need not be remembered. */
    return (count & (count - 1)) == 0 ? wr_must_grow(array, count * 2, item_bytes) : array;
}

char *wr_must_copy_part(const char *text, size_t bytes)
{
    char *copy = wr_must_grow(NULL, bytes + 1, 1);
    memcpy(copy, text, bytes);
    copy[bytes] = '\0';
    return copy;
}

char *wr_must_copy(const char *text)
{
    return wr_must_copy_part(text, strlen(text));
}

static void make_room(wr_text *text, size_t more)
{
    size_t need = text->length + more + 1;
    if (need <= text->room)
        return;
    text->room = need < 64 ? 64 : need * 2;
    text->data = wr_must_grow(text->data, text->room, 1);
}

void wr_text_addv(wr_text *text, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int bytes = vsnprintf(NULL, 0, format, args);
    make_room(text, bytes > 0 ? (size_t)bytes : 0);
    text->data[text->length] = '\0';
    if (bytes > 0)
        vsnprintf(text->data + text->length, (size_t)bytes + 1, format, again);
    text->length += bytes > 0 ? (size_t)bytes : 0;
    va_end(again);
}

void wr_text_add(wr_text *text, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    wr_text_addv(text, format, args);
    va_end(args);
}

void wr_text_add_char(wr_text *text, char c)
{
    make_room(text, 1);
    text->data[text->length++] = c;
    text->data[text->length] = '\0';
}

int wr_utf8(const char *text, unsigned *code)
{
    static const unsigned smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *at = (const unsigned char *)text;
    int bytes = at[0] < 0x80 ? 1 : at[0] < 0xc2 ? 0 : at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : at[0] < 0xf5 ? 4 : 0;
    unsigned value = bytes < 2 ? at[0] : at[0] & (0x7fu >> bytes);
    for (int i = 1; i < bytes; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        value = value << 6 | (at[i] & 0x3f);
    }
    if (bytes > 1 && (value < smallest[bytes] || (value >= 0xd800 && value < 0xe000) || value > 0x10ffff))
        return 0;
    *code = value;
    return bytes;
}

/* --- names --- */

bool wr_name_ok(const char *name)
{
    size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
    return length > 0 && length < 64 && name[length] == '\0';
}

bool wr_may_show(const char *text)
{
    return strlen(text) <= 64 && !strchr(text, '@') && !strstr(text, "//");
}

bool wr_one_of(const char *word, const char *const *words)
{
    while (*words && strcmp(*words, word) != 0)
        words++;
    return *words != NULL;
}

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* '-' and '_' are easily mistaken for each other, and so are capitals. */
static char plain(char c)
{
    return c == '_' ? '-' : c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* How many letters must be put in, taken out, replaced or swapped with their neighbour. */
static unsigned distance(const char *a, const char *b)
{
    enum { LONGEST = 64 };
    unsigned rows[3][LONGEST + 1];
    size_t a_length = strlen(a), b_length = strlen(b);
    if (a_length > LONGEST || b_length > LONGEST)
        return UINT32_MAX;
    unsigned *above2 = rows[0], *above = rows[1], *row = rows[2];
    for (unsigned j = 0; j <= b_length; j++)
        above[j] = j;
    for (size_t i = 1; i <= a_length; i++) {
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b_length; j++) {
            unsigned same = plain(a[i - 1]) == plain(b[j - 1]) ? 0 : 1;
            row[j] = least(above[j - 1] + same, least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && plain(a[i - 1]) == plain(b[j - 2]) && plain(a[i - 2]) == plain(b[j - 1]))
                row[j] = least(row[j], above2[j - 2] + 1);
        }
        unsigned *spare = above2;
        above2 = above;
        above = row;
        row = spare;
    }
    return above[b_length];
}

const char *wr_nearest(const char *word, const char *const *words)
{
    const char *nearest = NULL;
    unsigned limit = ((unsigned)strlen(word) + 2) / 3 + 1;
    for (; *words; words++) {
        unsigned far = distance(word, *words);
        if (far < limit && far < strlen(*words)) {
            limit = far;
            nearest = *words;
        }
    }
    return nearest;
}
