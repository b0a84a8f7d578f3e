/* Page: the files of the dashboard's page, which are part of the component. */
#ifndef WR_DASHBOARD_PAGE_H
#define WR_DASHBOARD_PAGE_H

#include <stddef.h>

typedef struct wr_page_file {
    const char *path; /* "/app.js" */
    const char *type; /* "text/javascript; charset=utf-8" */
    const unsigned char *data;
    size_t bytes;
} wr_page_file;

extern const wr_page_file wr_page_files[]; /* ends with path NULL; the first is the page itself */

#endif
