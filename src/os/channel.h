/* Channel: whole messages with descriptors between two processes, over a pair of sockets (SOCK_SEQPACKET).
 * Thread-safety: any thread may say, one at a time listens. */
#ifndef WR_CHANNEL_H
#define WR_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>

enum { WR_CHANNEL_BYTES = 16384, WR_CHANNEL_FDS = 4 };

/* Both ends, not inherited over exec. False with errno. */
bool wr_channel_pair(int ends[2]);
/* Sends one message of at most WR_CHANNEL_BYTES with at most WR_CHANNEL_FDS descriptors, which stay the caller's. False with
 * errno: EPIPE if the other is gone, EAGAIN if it does not listen: now, or with
 * `wait` for five seconds. */
bool wr_channel_say(int end, const void *message, size_t bytes, const int *fds, int count, bool wait);
/* Receives one message; descriptors (not inherited over exec) are the caller's to close, those not sent are -1. Its size; 0: the
 * other has closed; -1 with errno, EAGAIN if there is none (`wait` false), EMSGSIZE if it was too long. */
long wr_channel_hear(int end, void *message, size_t room, int fds[WR_CHANNEL_FDS], bool wait);

#endif
