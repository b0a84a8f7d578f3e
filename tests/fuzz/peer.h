/* Peer: what the files of fuzz_peer have in common. */
#ifndef WR_FUZZ_PEER_H
#define WR_FUZZ_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <weir/frame.h>

enum { WR_PEER_SIDE = 16 }; /* pixels, of its pictures */

/* Ends the process with the text on standard error if it is not so. */
void wr_peer_must(bool good, const char *what);
/* The next bytes of the input as a number; 0 once it has ended. */
uint64_t wr_peer_next(unsigned bytes);
/* An attachment as an honest producer makes it. */
void wr_peer_fill(weir_kind kind, void *data, size_t bytes);
/* The successor of an owner that was taken over: its table of places is what the input says. */
void wr_peer_inherit(void);

#endif
