/* View: something made from an attachment, once per process, for all who ask.
 *
 * Two detectors with the same input size pay for one conversion: both ask for
 * the view of the same picture under the same key; the first makes it, the
 * second waits for it or finds it. Views are pooled per key and bounded.
 * Thread-safety: any thread.
 */
#ifndef WEIR_VIEW_H
#define WEIR_VIEW_H

#include <weir/component.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_view weir_view;

/* Fills `data` (64-byte aligned, `bytes` long) from the source attachment. May not ask for other views. */
typedef weir_status weir_view_maker(void *data, size_t bytes, const void *source, const void *key);

/* In plan: this node asks for views under a key of these bytes (flat, no padding, at most 64) and holds at most one
 * at a time. Counted in the bound. */
WEIR_API weir_status weir_plan_view(weir_node *node, const void *key, size_t key_bytes, size_t view_bytes);
/* The view of the frame's attachment of that kind, made if need be; NULL when the frame has none, the maker failed,
 * or the key was not planned. End with weir_view_release(). */
WEIR_API const void *weir_view_get(weir_node *node, const weir_frame *frame, weir_kind kind, const void *key,
                                   size_t key_bytes, weir_view_maker *maker, weir_view **view);
WEIR_API void weir_view_release(WEIR_OWNED weir_view *view);

#ifdef __cplusplus
}
#endif
#endif
