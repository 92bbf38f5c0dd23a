/** @file test_stream.h  Streams on their loop, driven from the test's thread, which plays the peers on loopback */
#ifndef TEST_STREAM_H
#define TEST_STREAM_H

#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "adapters/stream.h"
#include "base/heap.h"

#define PATIENCE_S 20 /* for what must come */

struct rig {
    struct tha_mem mem;
    struct tha_log log;
    struct tha_loop *loop;
    struct tha_streams *streams;
    void (*job)(struct rig *rig, void *arg); /**< done on the loop's thread, by the doorbell */
    void *job_arg;
    sem_t job_done;
    bool is_time_still; /**< nothing expires by itself */
};

/** What one stream has told; written on the loop's thread before `told` is posted. */
struct talk {
    struct rig *rig;
    struct tha_stream *stream;
    sem_t told; /**< posted by every handler */
    unsigned n_opened, n_messages, n_closed;
    char *text; /**< of all messages */
    size_t text_len;
    struct tha_stream_end end;
    char detail[THA_TLS_DETAIL_SIZE];
    struct tha_tls_facts facts;
    bool has_facts;
    unsigned free_in; /**< the handlers in which it is freed */
    bool echoes;
    bool only_counts; /**< keeps no text */
};

enum { IN_OPENED = 1, IN_MESSAGE = 2, IN_CLOSED = 4 };

/** The message is read after the stream is freed: it is borrowed for the call. */
static inline void talk_free_in(struct talk *talk, unsigned handler)
{
    if (talk->free_in & handler)
        talk->stream = tha_stream_free(talk->stream);
}

static inline void on_opened(struct tha_stream *stream, void *user_data)
{
    struct talk *talk = user_data;

    ck_assert(tha_loop_is_own_thread(talk->rig->loop));
    ck_assert(tha_stream_is_open(stream));
    talk->n_opened++;
    talk->has_facts = tha_stream_get_tls_facts(stream, &talk->facts);
    talk_free_in(talk, IN_OPENED);
    sem_post(&talk->told);
}

static inline void on_message(struct tha_stream *stream, const char *message, size_t len, void *user_data)
{
    struct talk *talk = user_data;

    if (talk->echoes)
        ck_assert_int_eq(tha_stream_send(stream, message, len), 0);
    talk_free_in(talk, IN_MESSAGE);
    talk->n_messages++;
    if (!talk->only_counts) {
        talk->text = realloc(talk->text, talk->text_len + len + 1);
        memcpy(talk->text + talk->text_len, message, len);
        talk->text_len += len;
        talk->text[talk->text_len] = '\0';
    }
    sem_post(&talk->told);
}

static inline void on_closed(struct tha_stream *stream, const struct tha_stream_end *end, void *user_data)
{
    struct talk *talk = user_data;

    ck_assert(!tha_stream_is_open(stream));
    ck_assert_int_eq(tha_stream_send(stream, "x", 1), ENOTCONN);
    talk->n_closed++;
    talk->end = *end;
    snprintf(talk->detail, sizeof(talk->detail), "%s", end->detail);
    talk->end.detail = talk->detail;
    talk_free_in(talk, IN_CLOSED);
    sem_post(&talk->told);
}

static inline void rig_wake(struct rig *rig)
{
    if (!rig->is_time_still)
        tha_loop_wake_at(rig->loop, tha_streams_next_expiry(rig->streams));
}

static inline int rig_on_start(struct tha_loop *loop, void *user_data)
{
    struct rig *rig = user_data;

    rig->loop = loop;

    return tha_streams_new(loop, &rig->mem, &rig->log, &rig->streams);
}

static inline void rig_on_expiry(uint64_t now_ms, void *user_data)
{
    struct rig *rig = user_data;

    tha_streams_handle_expiry(rig->streams, now_ms);
    rig_wake(rig);
}

static inline void rig_on_doorbell(void *user_data)
{
    struct rig *rig = user_data;

    rig->job(rig, rig->job_arg);
    rig_wake(rig);
    sem_post(&rig->job_done);
}

static inline void rig_on_end(void *user_data)
{
    struct rig *rig = user_data;

    rig->streams = tha_streams_free(rig->streams);
}

static inline void wait_for(sem_t *semaphore)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    ck_assert_msg(!sem_timedwait(semaphore, &until), "waited in vain");
}

/** Does @p job on the loop's thread and waits for its end. */
static inline void rig_do(struct rig *rig, void (*job)(struct rig *, void *), void *arg)
{
    rig->job = job;
    rig->job_arg = arg;
    tha_loop_ring(rig->loop);
    wait_for(&rig->job_done);
}

static inline void rig_init(struct rig *rig)
{
    const struct tha_loop_handlers handlers = {rig_on_start, rig_on_expiry, rig_on_doorbell, rig_on_end, rig};

    *rig = (struct rig){.mem = tha_mem_default};
    sem_init(&rig->job_done, 0, 0);
    ck_assert_int_eq(tha_loop_new(&rig->mem, &rig->log, &handlers, &rig->loop), 0);
}

static inline void rig_done(struct rig *rig)
{
    rig->loop = tha_loop_free(rig->loop);
}

/* ---- One stream ---- */

struct open_arg {
    struct talk *talk;
    struct tha_stream_options options;
    int err;
};

static inline void job_open(struct rig *rig, void *arg)
{
    struct open_arg *a = arg;
    const struct tha_stream_handlers handlers = {on_opened, on_message, on_closed, a->talk};

    a->err = tha_stream_open(rig->streams, &a->options, &handlers, &a->talk->stream);
    ck_assert_uint_eq(a->talk->n_closed, 0); /* nothing is told from within */
}

static inline void talk_open(struct talk *talk, struct rig *rig, const struct tha_stream_options *options)
{
    struct open_arg arg = {talk, *options, 0};

    *talk = (struct talk){.rig = rig, .echoes = talk->echoes, .free_in = talk->free_in, .only_counts = talk->only_counts};
    sem_init(&talk->told, 0, 0);
    if (!arg.options.connect_timeout_ms)
        arg.options.connect_timeout_ms = PATIENCE_S * 1000;
    rig_do(rig, job_open, &arg);
    ck_assert_int_eq(arg.err, 0);
}

static inline void job_free(struct rig *rig, void *arg)
{
    struct talk *talk = arg;

    (void)rig;
    talk->stream = tha_stream_free(talk->stream);
}

/** Frees it, and sees to it that nothing was told that the test did not wait for. */
static inline void talk_done(struct talk *talk)
{
    rig_do(talk->rig, job_free, talk);
    ck_assert_int_ne(sem_trywait(&talk->told), 0);
    free(talk->text);
}

struct send_arg {
    struct talk *talk;
    const void *data;
    size_t len;
    int err;
};

static inline void job_send(struct rig *rig, void *arg)
{
    struct send_arg *a = arg;

    (void)rig;
    a->err = tha_stream_send(a->talk->stream, a->data, a->len);
}

static inline int talk_send(struct talk *talk, const void *data, size_t len)
{
    struct send_arg arg = {talk, data, len, 0};

    rig_do(talk->rig, job_send, &arg);

    return arg.err;
}

static inline void talk_say(struct talk *talk, const char *text)
{
    ck_assert_int_eq(talk_send(talk, text, strlen(text)), 0);
}

static inline void talk_expect_opened(struct talk *talk)
{
    wait_for(&talk->told);
    ck_assert_msg(talk->n_opened == 1 && !talk->n_closed, "%s", talk->detail);
}

static inline void talk_expect_message(struct talk *talk, unsigned n)
{
    wait_for(&talk->told);
    ck_assert_msg(talk->n_messages == n && !talk->n_closed, "%u messages, %s", talk->n_messages, talk->detail);
}

static inline void talk_expect_end(struct talk *talk, uint32_t kind, int system_error)
{
    wait_for(&talk->told);
    ck_assert_uint_eq(talk->n_closed, 1);
    ck_assert_msg(talk->end.kind == kind, "kind %u: %s", talk->end.kind, talk->detail);
    ck_assert_int_eq(talk->end.system_error, system_error);
    ck_assert_uint_gt(strlen(talk->detail), 0);
}

static inline void job_expire(struct rig *rig, void *arg)
{
    tha_streams_handle_expiry(rig->streams, *(uint64_t *)arg);
}

static inline void rig_expire(struct rig *rig, uint64_t now_ms)
{
    rig_do(rig, job_expire, &now_ms);
}

/* ---- Its peer ---- */

/** A socket that listens on loopback with room for @p backlog. */
static inline int listen_on(const char *ip, int backlog, struct tha_addr *ret_addr)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    bool is_v6 = strchr(ip, ':') != NULL;
    struct sockaddr *name = is_v6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
    socklen_t len = is_v6 ? sizeof(v6) : sizeof(v4);
    int fd = socket(name->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    ck_assert(tha_addr_parse_ip(ret_addr, ip, strlen(ip)));
    memcpy(&v4.sin_addr, ret_addr->ip, sizeof(v4.sin_addr));
    memcpy(&v6.sin6_addr, ret_addr->ip, sizeof(v6.sin6_addr));
    ck_assert_int_eq(bind(fd, name, len), 0);
    ck_assert_int_eq(listen(fd, backlog), 0);
    ck_assert_int_eq(getsockname(fd, name, &len), 0);
    ret_addr->port = ntohs(is_v6 ? v6.sin6_port : v4.sin_port);
    ret_addr->transport = THA_TRANSPORT_TCP;

    return fd;
}

/** Whatever the peer waits for comes in time, or the test fails. */
static inline int accept_one(int listener)
{
    const struct timeval patience = {.tv_sec = PATIENCE_S};
    struct pollfd ready = {.fd = listener, .events = POLLIN};
    int fd;

    ck_assert_msg(poll(&ready, 1, PATIENCE_S * 1000) == 1, "nobody connects");
    fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));

    return fd;
}

static inline void peer_say(int fd, const char *text)
{
    ck_assert_int_eq(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

/** Receives exactly @p text. */
static inline void peer_expect(int fd, const char *text)
{
    char buf[4096];
    size_t len = strlen(text);

    ck_assert_uint_lt(len, sizeof(buf));
    ck_assert_int_eq(recv(fd, buf, len, MSG_WAITALL), (ssize_t)len);
    ck_assert_int_eq(memcmp(buf, text, len), 0);
}

static inline void peer_expect_end(int fd)
{
    char c;

    ck_assert_int_eq(recv(fd, &c, 1, 0), 0);
}

/** Closes with a reset. */
static inline void peer_reset(int fd)
{
    const struct linger now = {1, 0};

    ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
    close(fd);
}

#endif
