/* Notice: a text that viewers are told beside messages. It is made once, with room for the server's framing, and serves all
 * who are told the same; the last who drops it frees it.
 * Thread-safety: the node's thread alone.
 */
#ifndef WR_DASHBOARD_NOTICE_H
#define WR_DASHBOARD_NOTICE_H

#include <stddef.h>
#include <weir/component.h>

typedef struct wr_notice {
    unsigned refs;
    size_t bytes;
    unsigned char data[]; /* room for the framing, the text */
} wr_notice;

/* A copy. NULL without memory, or without a text. */
wr_notice *wr_notice_new(const char *text);
/* Both take NULL as well. */
wr_notice *wr_notice_ref(wr_notice *notice);
void wr_notice_drop(WEIR_OWNED wr_notice *notice);
unsigned char *wr_notice_text(wr_notice *notice);

#endif
