/* Token: the secret that a page must know where not only this machine can reach it. 256 bits, in a file that its owner alone
 * may read, made when it is not there. */
#ifndef WR_DASHBOARD_TOKEN_H
#define WR_DASHBOARD_TOKEN_H

#include <stdbool.h>
#include <stddef.h>

enum { WR_TOKEN_TEXT = 65 }; /* 64 digits and the end */

/* Reads it, or makes it. *fresh: it was made now. False with a sentence in `why`. */
bool wr_token_get(const char *path, char token[WR_TOKEN_TEXT], bool *fresh, char *why, size_t why_bytes);
/* What a file holds: the digits, and a line's end at most. False if it is anything else. */
bool wr_token_parse(const char *text, size_t bytes, char token[WR_TOKEN_TEXT]);

#endif
