/** @file log.h  The log hook: the library itself never prints */
#ifndef THA_BASE_LOG_H
#define THA_BASE_LOG_H

#include "text.h"
#include "trunkha.h"

struct tha_log {
    trunkha_log_cb log_cb; /**< NULL = silent */
    void *user_data;
};

void tha_log_print(const struct tha_log *log, int level, const char *format, ...) THA_PRINTF(3, 4);

#endif
