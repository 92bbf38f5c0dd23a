/** @file system.h  Files, clocks and signals */
#ifndef TRUNKHA_SYSTEM_H
#define TRUNKHA_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Larger configurations are refused, by the library too. */
#define FILE_MAX (64U << 20)

/** Reads a whole file of at most FILE_MAX, "-" = standard input. Returns its bytes, to be freed, or NULL with errno set. */
char *file_read(const char *path, size_t *ret_len);

/** The same of at most @p max bytes. */
char *file_read_large(const char *path, size_t max, size_t *ret_len);

/** Lets @p write make the file that takes the place of @p path: beside it first, so that the old one goes only when the new one
 *  is whole. What is no regular file, such as /dev/stdout, is written as it is. @p write returns 0 or an errno, and so does
 *  this. */
int file_replace(const char *path, int (*write)(const char *path, void *user_data), void *user_data);

/** Milliseconds on CLOCK_MONOTONIC. */
uint64_t clock_ms(void);

/** Milliseconds since 1970. */
int64_t clock_unix_ms(void);

/** Blocks SIGINT, SIGTERM and, @p with_hangup, SIGHUP. Returns a descriptor that polls readable when one of them
 *  arrives, or -1 with errno set. */
int signals_open(bool with_hangup);

/** The signal that arrived, 0 = none. */
int signals_read(int fd);

/** Waits for a signal, at most @p timeout_ms; returns it, 0 = none came. */
int signals_wait(int fd, uint32_t timeout_ms);

#endif
