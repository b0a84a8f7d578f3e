#include "path.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH_USUAL = 1280, WIDTH_MOST = 16384 };

/* Prefixes end in a slash. The page's own files need no token: they hold nothing but the way to ask for one. */
static const struct {
    const char *text;
    unsigned needs;
    wr_place place;
} places[] = {
    {"/healthz", 0, WR_AT_HEALTH},
    {"/metrics", WR_NEEDS_TOKEN, WR_AT_METRICS},
    {"/api/graph", WR_NEEDS_TOKEN, WR_AT_GRAPH},
    {"/api/state", WR_NEEDS_TOKEN, WR_AT_STATE},
    {"/api/streams", WR_NEEDS_TOKEN, WR_AT_STREAMS},
    {"/api/streams/", WR_NEEDS_TOKEN, WR_AT_PICTURE},
    {"/api/events", WR_NEEDS_TOKEN, WR_AT_EVENTS},
    {"/api/openapi.json", WR_NEEDS_TOKEN, WR_AT_OPENAPI},
    {"/login", WR_NEEDS_ORIGIN | WR_NEEDS_POST, WR_AT_LOGIN},
    {"/", 0, WR_AT_PAGE},
};

static bool fits(const char *text, const char *path)
{
    const size_t bytes = strlen(text);
    return text[bytes - 1] == '/' ? strncmp(path, text, bytes) == 0 : strcmp(path, text) == 0;
}

/* NAME/picture.jpg */
static bool read_picture(const char *rest, char *name, size_t name_bytes)
{
    const size_t bytes = strcspn(rest, "/");
    if (bytes >= name_bytes || strcmp(rest + bytes, "/picture.jpg") != 0)
        return false;
    memcpy(name, rest, bytes);
    name[bytes] = '\0';
    return true;
}

void wr_path_read(const char *text, wr_path *path)
{
    *path = (wr_path){.place = WR_AT_NOTHING};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (!fits(places[i].text, text))
            continue;
        path->place = places[i].place;
        path->needs = places[i].needs;
        if (path->place == WR_AT_PICTURE &&
            !read_picture(text + strlen(places[i].text), path->stream, sizeof path->stream))
            path->place = WR_AT_NOTHING;
        return;
    }
}

unsigned wr_path_width(const char *value)
{
    const long width_px = value ? strtol(value, NULL, 10) : 0;
    return width_px > 0 && width_px < WIDTH_MOST ? (unsigned)width_px : WIDTH_USUAL;
}
