#include "sockets.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "carrier.h"

#define BUFFER_BYTES  (64 * 1024 * 1024)
#define PORT_ATTEMPTS 100

/* Room for a burst of all targets; without privilege the system's limit has to do. */
static void enlarge_buffers(int fd)
{
    int bytes = BUFFER_BYTES;

    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof(bytes));
    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes)))
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
}

static int open_socket(uint32_t address, uint16_t port)
{
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address), .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int on = 1;

    if (fd < 0)
        return -errno;

    enlarge_buffers(fd);
    setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof(on));
    if (bind(fd, (const struct sockaddr *)&local, sizeof(local))) {
        int err = -errno;

        close(fd);
        return err;
    }

    return fd;
}

static void close_sockets(struct carrier *carrier)
{
    for (; carrier->n_sockets; carrier->n_sockets--)
        close(carrier->sockets[carrier->n_sockets - 1]);
}

static int open_sockets(struct carrier *carrier, uint32_t count, uint16_t port)
{
    uint32_t address = carrier->is_by_address ? INADDR_ANY : INADDR_LOOPBACK;

    for (uint32_t i = 0; i < count; i++) {
        int fd = open_socket(address, (uint16_t)(port + i));

        if (fd < 0) {
            close_sockets(carrier);
            return fd;
        }
        carrier->sockets[carrier->n_sockets++] = fd;
    }
    carrier->port = port;

    return 0;
}

/* Below the ephemeral ports, so that nobody's outgoing socket sits in the middle of the row. */
static uint16_t random_port(uint32_t count)
{
    return (uint16_t)(10000 + (uint32_t)random() % (22000 - count));
}

int sockets_open(struct carrier *carrier)
{
    uint32_t count = carrier->is_by_address ? 1 : carrier->n_targets;
    int err = -EADDRINUSE;

    carrier->sockets = calloc(count, sizeof(*carrier->sockets));
    if (!carrier->sockets)
        return -ENOMEM;

    carrier->wrong_socket = open_socket(INADDR_ANY, 0);
    if (carrier->wrong_socket < 0)
        return carrier->wrong_socket;
    if (carrier->port)
        return open_sockets(carrier, count, carrier->port);

    for (int i = 0; i < PORT_ATTEMPTS && err == -EADDRINUSE; i++)
        err = open_sockets(carrier, count, random_port(count));

    return err;
}

void sockets_close(struct carrier *carrier)
{
    close_sockets(carrier);
    if (carrier->wrong_socket > 0)
        close(carrier->wrong_socket);
    free(carrier->sockets);
}
