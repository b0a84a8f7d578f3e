#include "notice.h"

#include <libwebsockets.h>
#include <stdlib.h>
#include <string.h>

wr_notice *wr_notice_new(const char *text)
{
    size_t bytes = text ? strlen(text) : 0;
    wr_notice *notice = text ? malloc(sizeof *notice + LWS_PRE + bytes) : NULL;
    if (!notice)
        return NULL;
    notice->refs = 1;
    notice->bytes = bytes;
    memcpy(wr_notice_text(notice), text, bytes);
    return notice;
}

wr_notice *wr_notice_ref(wr_notice *notice)
{
    if (notice)
        notice->refs++;
    return notice;
}

void wr_notice_drop(wr_notice *notice)
{
    if (notice && --notice->refs == 0)
        free(notice);
}

unsigned char *wr_notice_text(wr_notice *notice)
{
    return notice->data + LWS_PRE;
}
