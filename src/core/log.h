/* Log, inside. See <weir/log.h>. */
#ifndef WR_LOG_H
#define WR_LOG_H

#include <weir/log.h>

/* The least important level that is still shown. Any thread. */
weir_log_level wr_log_level(void);

#endif
