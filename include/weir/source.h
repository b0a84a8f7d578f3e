/* Source: what a container or connection says about itself, beside the codec.
 *
 * An attachment of kind "weir.source/1", which `video` adds to packets for those
 * who ask for it. Shared by all frames of one file or connection.
 */
#ifndef WEIR_SOURCE_H
#define WEIR_SOURCE_H

#include <weir/frame.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_source {
    char container[32];  /* as FFmpeg names it ("mov,mp4,m4a,3gp,3g2,mj2", "rtsp"), cut to fit, zero-terminated */
    int64_t duration_ns; /* 0 if unknown, as with cameras */
    uint64_t reserved[3];
} weir_source;

#ifdef __cplusplus
}
#endif
#endif
