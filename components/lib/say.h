/* Say: one line about a frame on standard output, for people who try things.
 *
 * Lines of several nodes never mix, and each is out at once.
 * Thread-safety: any thread.
 */
#ifndef WR_LIB_SAY_H
#define WR_LIB_SAY_H

#include <weir/component.h>

/* "LABEL NUMBER", and with detail stream, age, order, gap and what was found. Fails, with a sentence, if nobody reads
 * standard output. */
weir_status wr_say(weir_node *node, const weir_frame *frame, const char *label, bool detail);

#endif
