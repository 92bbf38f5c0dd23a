#include "system.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#define READ_STEP 65536U

static char *read_stream(FILE *file, size_t max, size_t *ret_len)
{
    char *data = NULL;
    size_t len = 0;

    do {
        char *larger = len < max ? realloc(data, len + READ_STEP) : NULL;

        if (!larger) {
            free(data);
            errno = len < max ? ENOMEM : EFBIG;
            return NULL;
        }
        data = larger;
        len += fread(data + len, 1, READ_STEP, file);
    } while (!feof(file) && !ferror(file));

    if (ferror(file)) {
        free(data);
        return NULL;
    }
    *ret_len = len;

    return data;
}

char *file_read(const char *path, size_t *ret_len)
{
    return file_read_large(path, FILE_MAX, ret_len);
}

char *file_read_large(const char *path, size_t max, size_t *ret_len)
{
    FILE *file = !strcmp(path, "-") ? stdin : fopen(path, "re");
    char *data;
    int error;

    if (!file)
        return NULL;
    data = read_stream(file, max, ret_len);
    error = errno;
    if (file != stdin)
        fclose(file);
    errno = error;

    return data;
}

uint64_t clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);

    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int64_t clock_unix_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_REALTIME, &now);

    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int signals_open(bool with_hangup)
{
    sigset_t set;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    if (with_hangup)
        sigaddset(&set, SIGHUP);
    if (sigprocmask(SIG_BLOCK, &set, NULL))
        return -1;

    return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int signals_read(int fd)
{
    struct signalfd_siginfo info;

    return read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info) ? (int)info.ssi_signo : 0;
}

int signals_wait(int fd, uint32_t timeout_ms)
{
    struct pollfd poll_fd = {fd, POLLIN, 0};

    return poll(&poll_fd, 1, (int)timeout_ms) > 0 ? signals_read(fd) : 0;
}
