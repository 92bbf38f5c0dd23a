#include "outlet.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ENOUGH (1U << 20) /* bytes kept for a slow reader; the library keeps the events that follow, and counts the lost */

void outlet_init(struct outlet *outlet, int fd)
{
    *outlet = (struct outlet){.fd = fd};
}

void outlet_done(struct outlet *outlet)
{
    free(outlet->data);
    outlet_init(outlet, -1);
}

bool outlet_has_room(const struct outlet *outlet)
{
    return outlet->len < ENOUGH;
}

static void fail(struct outlet *outlet, int error)
{
    if (!outlet->is_failing)
        fprintf(stderr, "trunkha run: events are not printed: %s; probing goes on\n", strerror(error));
    outlet->is_failing = true;
    outlet->is_closed = error == EPIPE || error == EBADF;
    outlet->len = 0;
}

static bool make_room(struct outlet *outlet, size_t more)
{
    size_t room = 2 * (outlet->len + more);
    char *data;

    if (outlet->len + more <= outlet->room)
        return true;
    data = realloc(outlet->data, room);
    if (!data)
        return false;
    outlet->data = data;
    outlet->room = room;

    return true;
}

void outlet_add(struct outlet *outlet, const char *line)
{
    size_t len = strlen(line);

    if (outlet->is_closed)
        return;
    if (!make_room(outlet, len + 2)) {
        fail(outlet, ENOMEM);
        return;
    }
    if (outlet->is_cut && !outlet->len)
        outlet->data[outlet->len++] = '\n';
    memcpy(outlet->data + outlet->len, line, len);
    outlet->data[outlet->len + len] = '\n';
    outlet->len += len + 1;
}

void outlet_write(struct outlet *outlet)
{
    /* a pipe that polls writable takes PIPE_BUF bytes without waiting, see pipe(7) */
    ssize_t n = write(outlet->fd, outlet->data, outlet->len < PIPE_BUF ? outlet->len : PIPE_BUF);

    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n < 0) {
        fail(outlet, errno);
        return;
    }
    if (n > 0) {
        outlet->is_failing = false;
        outlet->is_cut = outlet->data[n - 1] != '\n';
    }
    outlet->len -= (size_t)n;
    memmove(outlet->data, outlet->data + n, outlet->len);
}

void outlet_finish(struct outlet *outlet, int timeout_ms)
{
    struct pollfd fd = {outlet->fd, POLLOUT, 0};

    while (outlet->len && poll(&fd, 1, timeout_ms) > 0)
        outlet_write(outlet);
}
