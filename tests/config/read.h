/** @file read.h  Reads a good configuration out of a format string */
#ifndef TESTS_CONFIG_READ_H
#define TESTS_CONFIG_READ_H

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"

static inline void fail_on_finding(const trunkha_finding *finding, void *user_data)
{
    ck_abort_msg("%s %s in %s", finding->pointer, finding->message, (const char *)user_data);
}

/** New: tha_model_free(). Any finding, a warning included, fails the test. */
__attribute__((format(printf, 1, 2))) static inline struct tha_model *read_model(const char *format, ...)
{
    struct tha_model *model = NULL;
    char json[4096];
    va_list ap;
    int len;

    va_start(ap, format);
    len = vsnprintf(json, sizeof(json), format, ap);
    va_end(ap);
    ck_assert_int_lt(len, (int)sizeof(json));
    ck_assert_int_eq(tha_config_read(&tha_mem_default, json, strlen(json), fail_on_finding, json, &model), 0);

    return model;
}

#endif
