/* Path: which page a request's path is, and what that page needs. Pure functions on text from outside. */
#ifndef WR_DASHBOARD_PATH_H
#define WR_DASHBOARD_PATH_H

/* WR_AT_NOTHING: there is none such. WR_AT_PAGE: a file of the page, if there is one of that name. */
typedef enum wr_place {
    WR_AT_NOTHING,
    WR_AT_HEALTH,
    WR_AT_METRICS,
    WR_AT_GRAPH,
    WR_AT_STATE,
    WR_AT_STREAMS,
    WR_AT_PICTURE,
    WR_AT_EVENTS,
    WR_AT_OPENAPI,
    WR_AT_LOGIN,
    WR_AT_PAGE,
    WR_PLACES
} wr_place;

enum { WR_NEEDS_TOKEN = 1, WR_NEEDS_ORIGIN = 2, WR_NEEDS_POST = 4 };

typedef struct wr_path {
    wr_place place;
    unsigned needs;   /* WR_NEEDS_...; known for WR_AT_NOTHING too, so that who has no token learns nothing */
    char stream[128]; /* WR_AT_PICTURE: whose */
} wr_path;

void wr_path_read(const char *text, wr_path *path);
/* width= of a picture, in pixels; NULL, or no width that pictures may have: a usual one. */
unsigned wr_path_width(const char *value);

#endif
