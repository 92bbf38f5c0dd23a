/** @file recorder.h  The file of "run --record", which "simulate --replay" reads */
#ifndef TRUNKHA_RECORDER_H
#define TRUNKHA_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct recorder {
    const char *path;
    FILE *file;  /**< NULL = nothing is recorded */
    bool is_told; /**< that it could not be written */
};

/** Makes the file, which must not be there yet. False after telling on standard error why not. */
bool recorder_open(struct recorder *recorder, const char *path);

/** A trunkha_record_cb. @p user_data: struct recorder. */
void recorder_write_cb(const char *line, size_t len, void *user_data);

/** Brings to the file what has come meanwhile. When that fails, it is told once and nothing more is recorded. */
void recorder_flush(struct recorder *recorder);

/** Removes a file that has remained empty, because the daemon could not start: it would be in the way of the next. */
void recorder_close(struct recorder *recorder);

#endif
