#include "adapters/dns_room.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "adapters/sock_name.h"

/* One read or write a readiness: the loop comes again for the rest, and the try may be gone after it. */

#define DATAGRAM_MAX 4096 /* no one may send more than 512 without being asked (RFC 1035 section 4.2.1), but some do */
#define LENGTH_SIZE  2    /* before a message over TCP */
#define MESSAGE_MIN  12   /* a header */
#define TC_BIT       0x02 /* in its third byte */

static bool is_passing(int error)
{
    return error == EAGAIN || error == EINTR;
}

void tha_dns_try_end(struct tha_dns_try *try)
{
    if (try->state == THA_DNS_TRY_UDP || try->state == THA_DNS_TRY_TCP) {
        try->watch = tha_watch_free(try->watch);
        close(try->fd);
        try->stream = tha_mem_free(try->mem, try->stream);
    }
    try->state = THA_DNS_TRY_ENDED;
}

/* -- opening -- */

static bool connect_to(int fd, const struct tha_addr *server)
{
    union tha_sock_name name;
    socklen_t len = tha_sock_name_set(&name, server);

    return !connect(fd, &name.any, len) || errno == EINPROGRESS;
}

/** The system chooses a port at random for each socket, and lets in only what the server sends from its own. */
static bool open_socket(struct tha_dns_try *try, enum tha_dns_try_state state, unsigned what, tha_ready_cb ready)
{
    int type = state == THA_DNS_TRY_UDP ? SOCK_DGRAM : SOCK_STREAM;

    try->fd = socket(try->server.family == 6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (try->fd < 0)
        return false;
    if (!connect_to(try->fd, &try->server) || tha_watch_new(try->loop, try->fd, what, ready, try, &try->watch)) {
        close(try->fd);
        return false;
    }
    try->state = state;

    return true;
}

/* -- UDP -- */

/** One that is longer than our room for it is cut, and says so. */
static void read_datagram(unsigned what, void *user_data)
{
    struct tha_dns_try *try = user_data;
    uint8_t message[DATAGRAM_MAX];
    ssize_t len = recv(try->fd, message, sizeof(message), MSG_TRUNC);

    (void)what;
    if (len > (ssize_t)sizeof(message)) {
        message[2] |= TC_BIT;
        len = sizeof(message);
    }
    if (len >= 0)
        try->handlers->message(try, message, (size_t)len);
    else if (!is_passing(errno))
        try->handlers->broken(try);
}

bool tha_dns_try_send(struct tha_dns_try *try, const struct tha_dns_query *query)
{
    if (try->state == THA_DNS_TRY_FRESH && !open_socket(try, THA_DNS_TRY_UDP, THA_LOOP_READ, read_datagram))
        return false;

    return send(try->fd, query->bytes, query->len, MSG_NOSIGNAL) >= 0 || is_passing(errno);
}

/* -- TCP -- */

static size_t length_of(const uint8_t *bytes)
{
    return (size_t)bytes[0] << 8 | bytes[1];
}

/** The room for what is to come: its length at first, later all of it. */
static bool make_room(struct tha_dns_try *try, size_t size)
{
    uint8_t *stream = tha_mem_resize(try->mem, try->stream, size, 1);

    if (!stream)
        return false;
    try->stream = stream;
    try->size = size;

    return true;
}

/** True when all of the query has been sent. */
static bool send_some(struct tha_dns_try *try, bool *ret_is_broken)
{
    ssize_t n = send(try->fd, try->stream + try->used, try->size - try->used, MSG_NOSIGNAL);

    if (n > 0)
        try->used += (size_t)n;
    *ret_is_broken = n < 0 && !is_passing(errno);

    return try->used == try->size;
}

/** True when all of an answer is there. */
static bool receive_some(struct tha_dns_try *try, bool *ret_is_broken)
{
    ssize_t n = recv(try->fd, try->stream + try->used, try->size - try->used, 0);

    if (n > 0)
        try->used += (size_t)n;
    *ret_is_broken = n == 0 || (n < 0 && !is_passing(errno));
    if (try->used != try->size)
        return false;
    if (try->size > LENGTH_SIZE)
        return true;

    *ret_is_broken = length_of(try->stream) < MESSAGE_MIN || !make_room(try, LENGTH_SIZE + length_of(try->stream));

    return false;
}

static void start_to_receive(struct tha_dns_try *try, bool *ret_is_broken)
{
    try->used = 0;
    try->size = LENGTH_SIZE;
    try->is_receiving = true;
    *ret_is_broken = tha_watch_set(try->watch, THA_LOOP_READ);
}

static void go_on(unsigned what, void *user_data)
{
    struct tha_dns_try *try = user_data;
    bool is_broken = false;

    (void)what;
    if (try->is_receiving) {
        if (receive_some(try, &is_broken)) {
            try->handlers->message(try, try->stream + LENGTH_SIZE, try->size - LENGTH_SIZE);
            return;
        }
    } else if (send_some(try, &is_broken)) {
        start_to_receive(try, &is_broken);
    }
    if (is_broken)
        try->handlers->broken(try);
}

bool tha_dns_try_connect(struct tha_dns_try *try, const struct tha_dns_query *query)
{
    tha_dns_try_end(try);
    try->used = 0;
    try->is_receiving = false;
    if (!make_room(try, LENGTH_SIZE + query->len))
        return false;

    try->stream[0] = (uint8_t)(query->len >> 8);
    try->stream[1] = (uint8_t)query->len;
    memcpy(try->stream + LENGTH_SIZE, query->bytes, query->len);
    if (open_socket(try, THA_DNS_TRY_TCP, THA_LOOP_WRITE, go_on))
        return true;
    try->stream = tha_mem_free(try->mem, try->stream);

    return false;
}
