#include "log.h"

void tha_log_print(const struct tha_log *log, int level, const char *format, ...)
{
    char line[512];
    va_list ap;

    if (!log->log_cb)
        return;

    va_start(ap, format);
    tha_text_vprint(line, sizeof(line), format, ap);
    va_end(ap);
    log->log_cb(level, line, log->user_data);
}
