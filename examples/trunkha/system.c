#include "system.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
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

/** What a new file may be read by. */
static mode_t usual_mode(void)
{
    mode_t mask = umask(0);

    umask(mask);

    return 0666 & ~mask;
}

static int write_beside(const char *path, mode_t mode, int (*write)(const char *path, void *user_data), void *user_data)
{
    char *beside = NULL;
    int fd, error = 0;

    if (asprintf(&beside, "%s.XXXXXX", path) < 0)
        return ENOMEM;
    fd = mkstemp(beside);
    if (fd < 0 || fchmod(fd, mode))
        error = errno;
    if (!error)
        error = write(beside, user_data);
    if (!error && rename(beside, path))
        error = errno;
    if (fd >= 0)
        close(fd);
    if (error && fd >= 0)
        unlink(beside);
    free(beside);

    return error;
}

int file_replace(const char *path, int (*write)(const char *path, void *user_data), void *user_data)
{
    char *real = realpath(path, NULL); /* a link remains one */
    struct stat old;
    int error;

    if (!real || stat(real, &old))
        error = write_beside(path, usual_mode(), write, user_data);
    else if (!S_ISREG(old.st_mode))
        error = write(path, user_data);
    else if (access(real, W_OK))
        error = errno;
    else
        error = write_beside(real, old.st_mode & 0777, write, user_data);
    free(real);

    return error;
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
