/* A path and, behind the first line's end, the value of width=. */
#include "../../components/dashboard/path.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes);

/* What only the token gives: all that is not a page's file, the way to log in, or a health check. */
static void look(const char *text, const wr_path *path)
{
    char again[sizeof path->stream + 40];
    const int open = path->place == WR_AT_PAGE || path->place == WR_AT_LOGIN || path->place == WR_AT_HEALTH;
    if ((unsigned)path->place >= WR_PLACES || !memchr(path->stream, '\0', sizeof path->stream))
        abort();
    if (!open && path->place != WR_AT_NOTHING && !(path->needs & WR_NEEDS_TOKEN))
        abort();
    if ((path->place == WR_AT_LOGIN) != (strcmp(text, "/login") == 0) ||
        (path->place == WR_AT_LOGIN) != ((path->needs & WR_NEEDS_POST) != 0))
        abort();
    if (path->place == WR_AT_PAGE && text[0] != '/')
        abort();
    snprintf(again, sizeof again, "/api/streams/%s/picture.jpg", path->stream);
    if (path->place == WR_AT_PICTURE ? strcmp(again, text) != 0 || strchr(path->stream, '/') : path->stream[0] != 0)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t bytes)
{
    wr_path path;
    char *text = strndup((const char *)data, bytes);
    if (!text)
        abort();
    char *width = strchr(text, '\n');
    if (width)
        *width++ = '\0';
    wr_path_read(text, &path);
    look(text, &path);
    const unsigned width_px = wr_path_width(width);
    if (width_px == 0 || width_px >= 16384)
        abort();
    free(text);
    return 0;
}
