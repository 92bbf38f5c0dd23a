/** @file test_prober.h  A prober on its loop, driven step by step, and a peer on loopback to answer it or not
 *
 *  The prober's time is what a test says it is: nothing expires by itself. */
#ifndef TEST_PROBER_H
#define TEST_PROBER_H

#include <check.h>
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

#include "adapters/prober.h"

#define RESULTS_MAX 16
#define PATIENCE_S  20 /* for what must come */

struct rig {
    struct tha_mem mem;
    struct tha_log log;
    struct tha_loop *loop;
    struct tha_prober *prober;
    void (*job)(struct rig *rig, void *arg); /**< done on the loop's thread, by the doorbell */
    void *job_arg;
    sem_t job_done;
    sem_t told; /**< posted for every result */
    uint32_t slots[RESULTS_MAX];
    struct tha_evidence results[RESULTS_MAX];
    unsigned n_results; /**< written on the loop's thread before `told` is posted */
    unsigned n_taken;
    uint32_t again_slot; /**< probed again by its result, once; THA_NONE = none */
    atomic_bool is_draining;
    atomic_uint batch_ends;
    atomic_uint requests; /* of peers, that were told */
    char answer[2048];
    /* The last of what is told now and then; each posts `told_more`. */
    sem_t told_more;
    struct tha_way way;
    struct tha_abilities abilities;
    atomic_uint n_abilities;
    int64_t not_after;
    bool was_closed_in_order;
    struct tha_evidence closing;
    char detail[128]; /* of the last result or closing */
    uint32_t message_slot;
    char message[2048];
    bool wants_messages;
    unsigned n_lost; /* connections, with what the host has sent on them */
    uint32_t lost_slot;
};

static inline void rig_result(uint32_t slot, const struct tha_evidence *evidence, void *user_data)
{
    struct rig *rig = user_data;

    ck_assert_uint_lt(rig->n_results, RESULTS_MAX);
    rig->slots[rig->n_results] = slot;
    rig->results[rig->n_results++] = *evidence;
    snprintf(rig->detail, sizeof(rig->detail), "%s", evidence->detail ? evidence->detail : "");
    if (rig->again_slot == slot) {
        rig->again_slot = THA_NONE;
        tha_prober_send(rig->prober, slot, 0);
    }
    sem_post(&rig->told);
}

static inline void rig_answer(uint32_t slot, const char *packet, size_t len, void *user_data)
{
    struct rig *rig = user_data;

    (void)slot;
    snprintf(rig->answer, sizeof(rig->answer), "%.*s", (int)len, packet);
}

static inline bool rig_is_draining(void *user_data)
{
    return atomic_load(&((struct rig *)user_data)->is_draining);
}

static inline void rig_request(const struct tha_addr *from, void *user_data)
{
    struct rig *rig = user_data;

    atomic_fetch_add(&rig->requests, from->family ? 1U : 0U);
}

static inline void rig_closed(uint32_t slot, const struct tha_evidence *evidence, void *user_data)
{
    struct rig *rig = user_data;

    (void)slot;
    rig->was_closed_in_order = !evidence;
    if (evidence) {
        rig->closing = *evidence;
        snprintf(rig->detail, sizeof(rig->detail), "%s", evidence->detail);
    }
    sem_post(&rig->told_more);
}

static inline void rig_way(uint32_t slot, const struct tha_way *way, void *user_data)
{
    struct rig *rig = user_data;

    (void)slot;
    rig->way = *way;
    sem_post(&rig->told_more);
}

static inline void rig_abilities(uint32_t slot, const struct tha_abilities *abilities, void *user_data)
{
    struct rig *rig = user_data;

    (void)slot;
    rig->abilities = *abilities;
    atomic_fetch_add(&rig->n_abilities, 1);
}

static inline void rig_certificate(uint32_t slot, int64_t not_after, void *user_data)
{
    (void)slot;
    ((struct rig *)user_data)->not_after = not_after;
}

static inline bool rig_message(uint32_t slot, const struct tha_addr *from, const char *message, size_t len, void *user_data)
{
    struct rig *rig = user_data;

    (void)from;
    if (!rig->wants_messages)
        return false;
    rig->message_slot = slot;
    snprintf(rig->message, sizeof(rig->message), "%.*s", (int)len, message);
    sem_post(&rig->told_more);

    return true;
}

static inline void rig_returned(uint32_t slot, const struct tha_addr *to, const char *message, size_t len, void *user_data)
{
    struct rig *rig = user_data;

    (void)to;
    (void)message;
    rig->n_lost += !len;
    rig->lost_slot = slot;
}

static inline void rig_batch_end(void *user_data)
{
    atomic_fetch_add(&((struct rig *)user_data)->batch_ends, 1);
}

static inline int rig_on_start(struct tha_loop *loop, void *user_data)
{
    struct rig *rig = user_data;
    const struct tha_prober_handlers handlers = {
        .result = rig_result,
        .answer = rig_answer,
        .is_draining = rig_is_draining,
        .request = rig_request,
        .closed = rig_closed,
        .abilities = rig_abilities,
        .way = rig_way,
        .certificate = rig_certificate,
        .message = rig_message,
        .returned = rig_returned,
        .batch_end = rig_batch_end,
        .user_data = rig,
    };

    return tha_prober_new(loop, &rig->mem, &rig->log, &handlers, &rig->prober);
}

static inline void rig_on_expiry(uint64_t now_ms, void *user_data)
{
    (void)now_ms;
    (void)user_data;
}

static inline void rig_on_doorbell(void *user_data)
{
    struct rig *rig = user_data;

    rig->job(rig, rig->job_arg);
    sem_post(&rig->job_done);
}

static inline void rig_on_end(void *user_data)
{
    struct rig *rig = user_data;

    rig->prober = tha_prober_free(rig->prober);
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

static inline struct tha_addr addr_of(const char *ip, uint16_t port)
{
    struct tha_addr addr;

    ck_assert(tha_addr_parse_ip(&addr, ip, strlen(ip)));
    addr.port = port;

    return addr;
}

struct listen_arg {
    struct tha_addr listen[4];
    uint32_t n_listen;
    int err;
    char error[128];
};

static inline void job_prepare(struct rig *rig, void *arg)
{
    struct listen_arg *a = arg;

    a->err = tha_prober_prepare_listen(rig->prober, a->listen, a->n_listen, a->error, sizeof(a->error));
}

static inline void job_commit(struct rig *rig, void *arg)
{
    (void)arg;
    tha_prober_commit_listen(rig->prober);
    tha_prober_flush(rig->prober);
}

static inline void job_reserve(struct rig *rig, void *arg)
{
    ck_assert_int_eq(tha_prober_reserve(rig->prober, *(uint32_t *)arg), 0);
}

static inline void rig_listen(struct rig *rig, const char *ip, uint16_t port)
{
    struct listen_arg arg = {.n_listen = ip != NULL};

    if (ip)
        arg.listen[0] = addr_of(ip, port);
    rig_do(rig, job_prepare, &arg);
    ck_assert_msg(!arg.err, "%s", arg.error);
    rig_do(rig, job_commit, NULL);
}

/** A prober with @p n_slots empty slots and sockets on any address. */
static inline void rig_init(struct rig *rig, uint32_t n_slots)
{
    const struct tha_loop_handlers handlers = {rig_on_start, rig_on_expiry, rig_on_doorbell, rig_on_end, rig};

    *rig = (struct rig){.mem = tha_mem_default, .again_slot = THA_NONE};
    sem_init(&rig->job_done, 0, 0);
    sem_init(&rig->told, 0, 0);
    sem_init(&rig->told_more, 0, 0);
    ck_assert_int_eq(tha_loop_new(&rig->mem, &rig->log, &handlers, &rig->loop), 0);
    rig_do(rig, job_reserve, &n_slots);
    rig_listen(rig, NULL, 0);
}

static inline void rig_done(struct rig *rig)
{
    tha_loop_free(rig->loop);
    ck_assert_uint_eq(rig->n_results, rig->n_taken); /* nothing was told that the test did not know of */
}

static inline struct tha_evidence rig_take(struct rig *rig, uint32_t slot)
{
    wait_for(&rig->told);
    ck_assert_uint_eq(rig->slots[rig->n_taken], slot);

    return rig->results[rig->n_taken++];
}

struct target_arg {
    uint32_t slot;
    struct tha_prober_target target;
    bool is_clear;
};

static inline void job_set(struct rig *rig, void *arg)
{
    struct target_arg *a = arg;

    tha_prober_set_target(rig->prober, a->slot, a->is_clear ? NULL : &a->target);
}

/** Timeout 3000 ms. */
static inline void rig_set_reach(struct rig *rig, uint32_t slot, struct tha_addr addr, const struct tha_reach *reach)
{
    static const struct tha_probe_text text = {.max_forwards = 70};
    struct target_arg arg = {slot, {addr, "sip:carrier.example", &text, reach, 3000}, false};

    rig_do(rig, job_set, &arg);
}

static inline void rig_set(struct rig *rig, uint32_t slot, struct tha_addr addr)
{
    rig_set_reach(rig, slot, addr, NULL);
}

static inline void rig_clear(struct rig *rig, uint32_t slot)
{
    struct target_arg arg = {slot, {{{0}, 0, 0, 0}, NULL, NULL, NULL, 0}, true};

    rig_do(rig, job_set, &arg);
}

static inline void job_send(struct rig *rig, void *arg)
{
    tha_prober_send(rig->prober, *(uint32_t *)arg, 0);
    tha_prober_flush(rig->prober);
}

/** Probes @p slot at time 0. */
static inline void rig_send(struct rig *rig, uint32_t slot)
{
    rig_do(rig, job_send, &slot);
}

static inline void job_send_now(struct rig *rig, void *arg)
{
    tha_prober_send(rig->prober, *(uint32_t *)arg, tha_clock_ms());
    tha_prober_flush(rig->prober);
}

/** Probes @p slot by the clock: where a probe has several requests, or a connection. */
static inline void rig_send_now(struct rig *rig, uint32_t slot)
{
    rig_do(rig, job_send_now, &slot);
}

static inline void job_expire(struct rig *rig, void *arg)
{
    tha_prober_handle_expiry(rig->prober, *(uint64_t *)arg);
}

static inline void rig_expire(struct rig *rig, uint64_t now_ms)
{
    rig_do(rig, job_expire, &now_ms);
}

static inline void job_next(struct rig *rig, void *arg)
{
    *(uint64_t *)arg = tha_prober_next_expiry(rig->prober);
}

static inline uint64_t rig_next(struct rig *rig)
{
    uint64_t next_ms;

    rig_do(rig, job_next, &next_ms);

    return next_ms;
}

static inline trunkha_stats rig_stats(struct rig *rig)
{
    trunkha_stats stats = TRUNKHA_STATS_INIT;

    tha_prober_get_stats(rig->prober, &stats);

    return stats;
}

/** Waits until @p counter of the prober, at @p offset in trunkha_stats, has come to @p value. */
static inline void rig_await(struct rig *rig, size_t offset, uint64_t value)
{
    for (unsigned i = 0; i < PATIENCE_S * 1000; i++) {
        trunkha_stats stats = rig_stats(rig);
        uint64_t now;

        memcpy(&now, (const char *)&stats + offset, sizeof(now));
        ck_assert_uint_le(now, value);
        if (now == value)
            return;
        usleep(1000);
    }
    ck_abort_msg("waited in vain for a counter");
}

#define AWAIT(rig, counter, value) rig_await(rig, offsetof(trunkha_stats, counter), value)

/** A UDP socket on loopback. */
struct peer {
    int fd;
    struct tha_addr addr;
    char request[4096]; /**< the last one received */
    struct sockaddr_storage from;
    socklen_t from_len;
};

static inline struct peer peer_open(const char *ip)
{
    struct peer peer = {.fd = socket(strchr(ip, ':') ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
    struct tha_addr addr = addr_of(ip, 0);
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr *name = addr.family == 6 ? (struct sockaddr *)&v6 : (struct sockaddr *)&v4;
    socklen_t len = addr.family == 6 ? sizeof(v6) : sizeof(v4);

    memcpy(&v6.sin6_addr, addr.ip, sizeof(v6.sin6_addr));
    memcpy(&v4.sin_addr, addr.ip, sizeof(v4.sin_addr));
    ck_assert_int_eq(bind(peer.fd, name, len), 0);
    ck_assert_int_eq(getsockname(peer.fd, name, &len), 0);
    peer.addr = addr;
    peer.addr.port = ntohs(addr.family == 6 ? v6.sin6_port : v4.sin_port);

    return peer;
}

static inline void peer_receive(struct peer *peer)
{
    struct pollfd ready = {.fd = peer->fd, .events = POLLIN};
    ssize_t n;

    ck_assert_msg(poll(&ready, 1, PATIENCE_S * 1000) == 1, "nothing was received");
    peer->from_len = sizeof(peer->from);
    n = recvfrom(peer->fd, peer->request, sizeof(peer->request) - 1, 0, (struct sockaddr *)&peer->from, &peer->from_len);
    ck_assert_int_ge(n, 0);
    peer->request[n] = '\0';
}

/** Whether something waits that was sent before; loopback delivers while the sender is in its system call. */
static inline bool peer_has_more(const struct peer *peer)
{
    struct pollfd ready = {.fd = peer->fd, .events = POLLIN};

    return poll(&ready, 1, 0) == 1;
}

static inline void peer_send(const struct peer *peer, const char *data, size_t len)
{
    ck_assert_int_eq(sendto(peer->fd, data, len, 0, (const struct sockaddr *)&peer->from, peer->from_len), (ssize_t)len);
}

/** Answers the last request with @p status_line, after the first @p old was replaced by @p new; both may be NULL. */
static inline void peer_answer(const struct peer *peer, const char *status_line, const char *old, const char *new)
{
    const char *headers = strchr(peer->request, '\n') + 1;
    const char *at = old ? strstr(headers, old) : NULL;
    char packet[8192];
    int len;

    ck_assert_msg(!old || at, "%s is not there", old);
    if (at)
        len = snprintf(packet, sizeof(packet), "%s\r\n%.*s%s%s", status_line, (int)(at - headers), headers, new,
                       at + strlen(old));
    else
        len = snprintf(packet, sizeof(packet), "%s\r\n%s", status_line, headers);
    peer_send(peer, packet, (size_t)len);
}

#endif
