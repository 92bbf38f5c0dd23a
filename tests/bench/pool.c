#include "pool.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define HEADER      12U /* RFC 1035 section 4.1.1 */
#define MESSAGE_MAX 512U
#define TYPE_A      1U

struct pool {
    pid_t pid;
    uint16_t port;
};

struct plan {
    uint32_t names, ttl_s;
};

/* An answer with the address of target @p number; @p at: behind the question. Returns the end. */
static uint8_t *put_address(uint8_t *at, uint32_t ttl_s, uint32_t number)
{
    const uint32_t ttl = htonl(ttl_s), address = htonl(0x7f010001U + number);

    memcpy(at, "\xc0\x0c\0\1\0\1", 6); /* the name of the question, A, IN */
    memcpy(at + 6, &ttl, 4);
    memcpy(at + 10, "\0\4", 2);
    memcpy(at + 12, &address, 4);

    return at + 16;
}

/* Turns a question into its answer; returns its length, 0 = it is no question of ours. */
static size_t answer(const struct plan *plan, uint8_t *message, size_t len)
{
    size_t name = HEADER;
    uint32_t number;
    bool is_known;
    uint8_t *end;

    while (name < len && message[name])
        name += message[name] + 1U;
    if (name + 5 > len)
        return 0;

    number = (uint32_t)strtoul((const char *)message + HEADER + 2, NULL, 10); /* "\2t7": ends at the next label's length */
    is_known = number < plan->names && message[name + 1] == 0 && message[name + 2] == TYPE_A;
    memcpy(message + 2, "\x84\0\0\1\0\0\0\0\0\0", 10); /* an authoritative answer to one question */
    message[7] = is_known;
    end = message + name + 5;
    if (is_known)
        end = put_address(end, plan->ttl_s, number);

    return (size_t)(end - message);
}

static void serve(const struct plan *plan, int fd)
{
    uint8_t message[MESSAGE_MAX + 16];

    for (;;) {
        struct sockaddr_in from;
        socklen_t from_len = sizeof(from);
        ssize_t n = recvfrom(fd, message, MESSAGE_MAX, 0, (struct sockaddr *)&from, &from_len);
        size_t len = n > (ssize_t)HEADER ? answer(plan, message, (size_t)n) : 0;

        if (len)
            sendto(fd, message, len, 0, (struct sockaddr *)&from, from_len);
    }
}

struct pool *pool_start(uint32_t names, uint32_t ttl_s, uint32_t seconds)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    const struct plan plan = {names, ttl_s};
    struct pool *pool = calloc(1, sizeof(*pool));
    socklen_t len = sizeof(name);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (!pool || fd < 0 || bind(fd, (struct sockaddr *)&name, len) || getsockname(fd, (struct sockaddr *)&name, &len)) {
        free(pool);
        return NULL;
    }

    pool->port = ntohs(name.sin_port);
    pool->pid = fork();
    if (!pool->pid) {
        alarm(seconds);
        serve(&plan, fd);
    }
    close(fd);

    return pool;
}

struct pool *pool_stop(struct pool *pool)
{
    if (!pool)
        return NULL;

    kill(pool->pid, SIGTERM);
    waitpid(pool->pid, NULL, 0);
    free(pool);

    return NULL;
}

uint16_t pool_port(const struct pool *pool)
{
    return pool->port;
}
