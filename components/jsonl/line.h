/* Line: a frame and what was found in it, as one line of JSON.
 *
 *     {"stream":"camera","frame":17,"order":17,"pts_s":0.566,"captured_utc":"2026-11-23T04:00:00.123Z","age_ms":41.2,
 *      "boxes":[{"label":"person","score":0.84,"x":283.1,"y":431.0,"w":56.2,"h":143.4}]}
 *
 * A frame that was not analysed has no "boxes"; one in which nothing was found
 * has an empty list. What is not known is left out. Coordinates and ages have one
 * decimal, scores and times three.
 * Thread-safety: any thread.
 */
#ifndef WR_JSONL_LINE_H
#define WR_JSONL_LINE_H

#include <stdint.h>
#include <weir/boxes.h>

/* The line with its newline, the caller's to free(); NULL without memory. */
char *wr_line_new(const weir_frame *frame, const char *stream, int64_t now_ns);

#endif
