/* Log: one sink for what the program says about itself.
 *
 * Lines go to standard error as text or JSON. Credentials in URLs
 * (scheme://user:password@host, ?token=...) are masked here, in every line.
 * Thread-safety: any thread, not from a signal handler.
 */
#ifndef WEIR_LOG_H
#define WEIR_LOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <weir/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weir_log_level { WEIR_LOG_ERROR, WEIR_LOG_WARNING, WEIR_LOG_INFO, WEIR_LOG_DEBUG } weir_log_level;

/* Where lines go instead of standard error. `name` is the node's, or NULL. `text` is masked already.
 * One call at a time. */
typedef void weir_log_sink(void *user, weir_log_level level, const char *name, const char *text);

WEIR_API void weir_log_set_level(weir_log_level most); /* WEIR_LOG_INFO at first */
WEIR_API void weir_log_set_json(bool json);
WEIR_API void weir_log_set_sink(weir_log_sink *sink, void *user); /* NULL: standard error */
WEIR_API void weir_log(weir_log_level level, const char *name, const char *format, ...) WEIR_PRINTF(3, 4);
WEIR_API void weir_logv(weir_log_level level, const char *name, const char *format, va_list args);
/* Masks credentials in `text` in place (the text never grows). Returns text. */
WEIR_API char *weir_mask(char *text);

#ifdef __cplusplus
}
#endif
#endif
