/* Avlog: what FFmpeg's libraries say, as lines of our log: masked, and quiet unless asked for.
 * Thread-safety: any thread; may be set up more than once. */
#ifndef WR_LIB_AVLOG_H
#define WR_LIB_AVLOG_H

void wr_avlog_set_up(void);

#endif
