/* The n-th allocation fails, n = 0, 1, 2 ... until none does: each time the probe ends somehow, the next one is answered,
 * and nothing is left behind. */
#include <limits.h>

#include "../suite.h"
#include "test_prober.h"
#include "test_tls.h"

#include "test_tcp_peer.h"

struct scarce {
    int left;    /**< allocations that succeed */
    int balance; /**< blocks that are not given back */
};

static void *scarce_realloc(void *ptr, size_t size, void *user_data)
{
    struct scarce *scarce = user_data;
    void *fresh;

    if (!size) {
        scarce->balance -= ptr != NULL;
        free(ptr);
        return NULL;
    }
    if (scarce->left-- <= 0)
        return NULL;
    fresh = realloc(ptr, size);
    scarce->balance += !ptr;

    return fresh;
}

static struct rig rig;
static struct scarce scarce;
static char username[] = "u", password[] = "secret";
static const struct tha_credentials auth = {username, password, NULL};
static struct tha_tls_settings tls;

struct load_arg {
    const struct tha_reach *reach;
    int left;
    int err;
};

/** A load, with so many allocations at hand. */
static void job_load(struct rig *r, void *arg)
{
    struct load_arg *a = arg;
    char error[128];

    scarce.left = a->left;
    a->err = tha_prober_prepare_listen(r->prober, NULL, 0, error, sizeof(error));
    if (!a->err)
        a->err = tha_prober_prepare_reach(r->prober, a->reach, true, error, sizeof(error));
    scarce.left = INT_MAX;
    if (!a->err)
        tha_prober_commit_listen(r->prober);
}

static void job_allow(struct rig *r, void *arg)
{
    (void)r;
    scarce.left = *(int *)arg;
}

static void allow(int n)
{
    rig_do(&rig, job_allow, &n);
}

static void begin(void)
{
    const struct tha_loop_handlers handlers = {rig_on_start, rig_on_expiry, rig_on_doorbell, rig_on_end, &rig};
    uint32_t n_slots = 4;

    scarce = (struct scarce){.left = INT_MAX};
    rig = (struct rig){.mem = {scarce_realloc, &scarce}, .again_slot = THA_NONE};
    sem_init(&rig.job_done, 0, 0);
    sem_init(&rig.told, 0, 0);
    sem_init(&rig.told_more, 0, 0);
    ck_assert_int_eq(tha_loop_new(&rig.mem, &rig.log, &handlers, &rig.loop), 0);
    rig_do(&rig, job_reserve, &n_slots);
}

static void load(const struct tha_reach *reach, int left, int *ret_err)
{
    struct load_arg arg = {reach, left, 0};

    rig_do(&rig, job_load, &arg);
    ck_assert(!arg.err || arg.err == TRUNKHA_ERR_NOMEM || arg.err == TRUNKHA_ERR_SYSTEM);
    *ret_err = arg.err;
}

/** Lets timers that are due at once run, and the peer have its turn. */
static void wait_a_little(void)
{
    rig_expire(&rig, tha_clock_ms());
    usleep(1000);
}

/** Challenges what comes without credentials, answers the rest, until the probe has ended. */
static uint32_t play_udp(struct peer *peer)
{
    unsigned n_results = rig.n_taken;

    while (*(volatile unsigned *)&rig.n_results == n_results) {
        wait_a_little();
        if (!peer_has_more(peer))
            continue;
        peer_receive(peer);
        if (strstr(peer->request, "Authorization"))
            peer_answer(peer, "SIP/2.0 200 OK", ";rport", ";rport=4711;received=203.0.113.7");
        else
            peer_answer(peer, "SIP/2.0 401 Who",
                        "From: ", "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\nFrom: ");
    }

    return rig_take(&rig, 2).code;
}

START_TEST(probe_with_credentials_and_an_address_of_ours)
{
    const struct tha_reach reach = {.tls = &tls, .auth = &auth, .host = "h", .local = addr_of("127.0.0.9", 0)};
    bool has_failed = true;
    int err;

    tls = settings_of_test();
    for (int n = 0; has_failed; n++) {
        struct peer peer = peer_open("127.0.0.1");

        ck_assert_int_lt(n, 60);
        begin();
        load(&reach, n, &err);
        has_failed = err;
        if (err)
            load(&reach, INT_MAX, &err);
        ck_assert_int_eq(err, 0);

        rig_set_reach(&rig, 2, peer.addr, &reach);
        allow(n);
        rig_send_now(&rig, 2);
        has_failed = play_udp(&peer) != 200 || has_failed;
        allow(INT_MAX);
        rig_send_now(&rig, 2);
        ck_assert_uint_eq(play_udp(&peer), 200);
        ck_assert_uint_eq(rig.way.seen.port, 4711); /* told by now, whatever failed before */
        rig_done(&rig);
        ck_assert_int_eq(scarce.balance, 0);
        close(peer.fd);
    }
}
END_TEST

static uint32_t play_tls(struct tcp_peer *peer)
{
    unsigned n_results = rig.n_taken;

    while (*(volatile unsigned *)&rig.n_results == n_results) {
        struct pollfd ready = {.fd = peer->fd, .events = POLLIN};

        wait_a_little();
        if (tcp_peer_has_connection(peer) && !tcp_peer_accept(peer))
            continue;
        if (peer->fd >= 0 && (poll(&ready, 1, 0) == 1 || SSL_pending(peer->ssl))) {
            if (SSL_peek(peer->ssl, peer->request, 1) <= 0) {
                tcp_peer_hang_up(peer);
                continue;
            }
            tcp_peer_receive(peer);
            if (!tcp_peer_try_to_answer(peer, "SIP/2.0 200 OK")) /* no memory for the tickets that followed the handshake */
                tcp_peer_hang_up(peer);
        }
    }

    return rig_take(&rig, 2).code;
}

START_TEST(probe_over_tls)
{
    const struct tha_reach reach = {.tls = &tls, .host = "sip.carrier.example"};
    bool has_failed = true;
    int err;

    tls = settings_of_test();
    for (int n = 0; has_failed; n++) {
        struct tcp_peer peer = tcp_peer_open(server_new("server", 0));

        ck_assert_int_lt(n, 60);
        begin();
        load(&reach, INT_MAX, &err);
        ck_assert_int_eq(err, 0);
        rig_set_reach(&rig, 2, peer.addr, &reach);
        allow(n);
        rig_send_now(&rig, 2);
        has_failed = play_tls(&peer) != 200;
        allow(INT_MAX);
        rig_send_now(&rig, 2);
        ck_assert_uint_eq(play_tls(&peer), 200);
        rig_done(&rig);
        ck_assert_int_eq(scarce.balance, 0);
        tcp_peer_close(&peer);
    }
}
END_TEST

SUITE("prober_memory", probe_with_credentials_and_an_address_of_ours, probe_over_tls)
