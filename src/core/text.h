/* Text: strings that grow, and what names and misspelt words need.
 *
 * For describing and reporting only: running out of memory here ends the process
 * with a message, so no caller has to.
 */
#ifndef WR_TEXT_H
#define WR_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <weir/status.h>

/* {0} is empty; data is NULL until something is added, zero-terminated after. End with free(text.data). */
typedef struct wr_text {
    char *data;
    size_t length, room;
} wr_text;

void wr_text_add(wr_text *text, const char *format, ...) WEIR_PRINTF(2, 3);
void wr_text_addv(wr_text *text, const char *format, va_list args) WEIR_PRINTF(2, 0);
void wr_text_add_char(wr_text *text, char c);

/* What separates words. */
#define WR_BLANKS " \t\n\r\v\f"

/* realloc and strdup that never return NULL. */
void *wr_must_grow(void *memory, size_t count, size_t item_bytes);
/* Makes room for one more item in an array of `count`; the array must have grown by this function alone. */
void *wr_must_append(void *array, size_t count, size_t item_bytes);
char *wr_must_copy(const char *text);
char *wr_must_copy_part(const char *text, size_t bytes);

/* Bytes of the UTF-8 character at `text` (1 to 4), 0 if it is none; and its code point. */
int wr_utf8(const char *text, unsigned *code);

#endif
