#include "adapters/loop.h"

#include <errno.h>
#include <sys/random.h>
#include <time.h>

static uint64_t read_us(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);

    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

uint64_t tha_clock_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

uint64_t tha_clock_ms(void)
{
    return read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t tha_clock_unix_ms(void)
{
    return (int64_t)(read_us(CLOCK_REALTIME) / 1000);
}

void tha_random(void *buf, size_t size)
{
    unsigned char *p = buf;

    while (size) {
        ssize_t n = getrandom(p, size, 0);

        if (n > 0) {
            p += n;
            size -= (size_t)n;
        } else if (errno != EINTR) {
            return; /* a sandbox forbids it: ids are then guessable, and still unlike each other by slot and CSeq */
        }
    }
}
