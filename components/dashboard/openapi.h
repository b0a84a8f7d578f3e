/* OpenAPI: the HTTP interface of a dashboard, for programs. From openapi.json. */
#ifndef WR_DASHBOARD_OPENAPI_H
#define WR_DASHBOARD_OPENAPI_H

extern const char wr_openapi[];

#endif
