#include "avlog.h"

#include <libavutil/log.h>
#include <stdio.h>
#include <string.h>
#include <weir/log.h>

/* Damaged streams make FFmpeg talk without end: what matters is counted by our components, so this is for debugging. */
static void to_our_log(void *object, int level, const char *format, va_list args)
{
    char line[1024];
    (void)object;
    if (level > AV_LOG_WARNING)
        return;
    vsnprintf(line, sizeof line, format, args);
    line[strcspn(line, "\n")] = '\0';
    if (*line)
        weir_log(WEIR_LOG_DEBUG, "ffmpeg", "%s", line);
}

void wr_avlog_set_up(void)
{
    av_log_set_callback(to_our_log);
}
