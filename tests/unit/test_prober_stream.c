#include <errno.h>
#include <netinet/tcp.h>

#include "../suite.h"
#include "adapters/prober_room.h"
#include "base/heap.h"
#include "test_prober.h"
#include "test_tls.h"

#include "test_tcp_peer.h"

#define NAME "sip.carrier.example"

static struct rig rig;
static struct tha_tls_settings tls = {.ca_file = "", .cert_file = "", .key_file = "", .server_name = "", .verify = true};
static struct tha_reach reach = {.tls = &tls, .host = NAME};

struct reach_arg {
    const struct tha_reach *reach;
    bool has_udp;
    int err;
    char error[128];
};

static void job_prepare_reach(struct rig *r, void *arg)
{
    struct reach_arg *a = arg;

    a->err = tha_prober_prepare_reach(r->prober, a->reach, a->has_udp, a->error, sizeof(a->error));
}

/** A whole load: what was prepared before is dropped. */
static void load(const struct tha_reach *wanted)
{
    struct listen_arg listen = {.n_listen = 0};
    struct reach_arg arg = {.reach = wanted};

    rig_do(&rig, job_prepare, &listen);
    rig_do(&rig, job_prepare_reach, &arg);
    ck_assert_msg(!arg.err, "%s", arg.error);
    rig_do(&rig, job_commit, NULL);
}

static void expire_after(uint32_t ms)
{
    rig_expire(&rig, tha_clock_ms() + ms);
}

static void begin(const struct tcp_peer *peer)
{
    tls = settings_of_test();
    reach = (struct tha_reach){.tls = &tls, .host = NAME};
    rig_init(&rig, 4);
    load(&reach);
    rig_set_reach(&rig, 2, peer->addr, &reach);
    rig_send_now(&rig, 2);
}

static void end(struct tcp_peer *peer)
{
    rig_done(&rig);
    tcp_peer_close(peer);
}

/** A peer that was probed once and has answered. */
static struct tcp_peer begin_answered(SSL_CTX *server)
{
    struct tcp_peer peer = tcp_peer_open(server);

    begin(&peer);
    ck_assert(tcp_peer_accept(&peer));
    tcp_peer_receive(&peer);
    tcp_peer_answer(&peer, "SIP/2.0 200 OK");
    ck_assert_uint_eq(rig_take(&rig, 2).code, 200);

    return peer;
}

/** Probes once more, on the connection that is there. */
static void probe_again(struct tcp_peer *peer)
{
    rig_send_now(&rig, 2);
    tcp_peer_receive(peer);
    tcp_peer_answer(peer, "SIP/2.0 202 OK");
    ck_assert_uint_eq(rig_take(&rig, 2).code, 202);
    ck_assert(!tcp_peer_has_connection(peer));
}

/* ---- Probes ---- */

START_TEST(connection_is_made_by_the_first_probe_and_kept)
{
    struct tcp_peer peer = tcp_peer_open(NULL);
    struct tha_evidence evidence;
    char expected[128];

    begin(&peer);
    ck_assert(tcp_peer_accept(&peer));
    tcp_peer_receive(&peer);
    snprintf(expected, sizeof(expected), "\r\nVia: SIP/2.0/TCP 127.0.0.1:%u;branch=z9hG4bK-00000002",
             ntohs(peer.from.sin_port));
    ck_assert_ptr_nonnull(strstr(peer.request, expected));
    snprintf(expected, sizeof(expected), "\r\nContact: <sip:127.0.0.1:%u;transport=tcp>\r\n", ntohs(peer.from.sin_port));
    ck_assert_ptr_nonnull(strstr(peer.request, expected));

    tcp_peer_answer(&peer, "SIP/2.0 404 Not Found");
    evidence = rig_take(&rig, 2);
    ck_assert_uint_eq(evidence.kind, THA_EVIDENCE_ANSWERED);
    ck_assert_uint_eq(evidence.code, 404);
    ck_assert_uint_gt(evidence.rtt_us, 0);
    probe_again(&peer);
    end(&peer);
}
END_TEST

START_TEST(round_trip_does_not_count_the_way_to_the_connection)
{
    struct tcp_peer peer = tcp_peer_open(server_new("server", 0));
    uint64_t start_us = tha_clock_us(), connected_us;
    struct tha_evidence evidence;

    begin(&peer);
    tcp_peer_take(&peer);
    usleep(100000); /* the handshake waits for us */
    connected_us = tha_clock_us();
    peer.ssl = SSL_new(peer.server);
    SSL_set_fd(peer.ssl, peer.fd);
    ck_assert_int_eq(SSL_accept(peer.ssl), 1);
    tcp_peer_receive(&peer);
    tcp_peer_answer(&peer, "SIP/2.0 200 OK");
    evidence = rig_take(&rig, 2);
    ck_assert_uint_ge(connected_us - start_us, 100000);
    ck_assert_uint_le(evidence.rtt_us, tha_clock_us() - connected_us);
    end(&peer);
}
END_TEST

START_TEST(nothing_is_sent_twice_over_a_connection)
{
    struct tcp_peer peer = tcp_peer_open(NULL);

    begin(&peer);
    tcp_peer_accept(&peer);
    tcp_peer_receive(&peer);
    expire_after(2000);
    tcp_peer_answer(&peer, "SIP/2.0 200 OK");
    rig_take(&rig, 2);
    ck_assert_int_eq(recv(peer.fd, peer.request, 1, MSG_DONTWAIT), -1);
    ck_assert_uint_eq(rig_stats(&rig).retransmissions, 0);
    end(&peer);
}
END_TEST

START_TEST(tls_peer_is_verified_probed_and_described)
{
    struct tcp_peer peer = begin_answered(server_new("server", 0));

    ck_assert_ptr_nonnull(strstr(peer.request, "\r\nVia: SIP/2.0/TLS 127.0.0.1:"));
    ck_assert_ptr_nonnull(strstr(peer.request, ";transport=tls>\r\n"));
    ck_assert_int_eq(rig.not_after, 0);
    probe_again(&peer);
    end(&peer);
}
END_TEST

static void job_facts(struct rig *r, void *arg)
{
    struct tha_tls_facts *facts = arg;

    if (!tha_prober_get_tls_facts(r->prober, 2, facts))
        facts->version[0] = '\0';
}

START_TEST(facts_of_a_connection_are_told_while_it_is_up)
{
    struct tcp_peer peer = begin_answered(server_new("server", 0));
    struct tha_tls_facts facts = {.is_verified = false};

    rig_do(&rig, job_facts, &facts);
    ck_assert_str_eq(facts.version, "TLSv1.3");
    ck_assert(facts.is_verified);
    rig_clear(&rig, 2);
    rig_do(&rig, job_facts, &facts);
    ck_assert_str_eq(facts.version, "");
    end(&peer);
}
END_TEST

START_TEST(certificate_that_ends_soon_is_told_with_its_connection)
{
    struct tcp_peer peer = begin_answered(server_new("soon", 0));
    int64_t left_s = rig.not_after - tha_clock_unix_ms() / 1000;

    ck_assert_int_gt(left_s, 4 * 24 * 3600);
    ck_assert_int_le(left_s, 5 * 24 * 3600);
    rig.not_after = 0;
    probe_again(&peer);
    ck_assert_int_eq(rig.not_after, 0);
    end(&peer);
}
END_TEST

/* ---- What goes wrong ---- */

START_TEST(refused_connection_is_told_at_once)
{
    struct tcp_peer peer = tcp_peer_open(NULL);
    struct tha_evidence evidence;

    close(peer.listener);
    begin(&peer);
    expire_after(0); /* it may be known before the loop turns */
    evidence = rig_take(&rig, 2);
    ck_assert_uint_eq(evidence.kind, THA_EVIDENCE_REFUSED);
    ck_assert_int_eq(evidence.system_error, ECONNREFUSED);
    ck_assert_uint_eq(rig_stats(&rig).probes_failed_to_send, 1);
    rig_done(&rig);
}
END_TEST

START_TEST(close_with_a_probe_under_way_is_refusal)
{
    struct tcp_peer peer = tcp_peer_open(NULL);

    begin(&peer);
    tcp_peer_accept(&peer);
    tcp_peer_receive(&peer);
    tcp_peer_hang_up(&peer);
    ck_assert_uint_eq(rig_take(&rig, 2).kind, THA_EVIDENCE_REFUSED);
    ck_assert_str_eq(rig.detail, "closed by the peer");
    end(&peer);
}
END_TEST

static void reset(struct tcp_peer *peer)
{
    const struct linger now = {.l_onoff = 1};

    setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    close(peer->fd);
    peer->fd = -1;
}

START_TEST(reset_with_a_probe_under_way_is_refusal)
{
    struct tcp_peer peer = tcp_peer_open(NULL);
    struct tha_evidence evidence;

    begin(&peer);
    tcp_peer_accept(&peer);
    tcp_peer_receive(&peer);
    reset(&peer);
    evidence = rig_take(&rig, 2);
    ck_assert_uint_eq(evidence.kind, THA_EVIDENCE_REFUSED);
    ck_assert_int_eq(evidence.system_error, ECONNRESET);
    end(&peer);
}
END_TEST

START_TEST(close_of_an_idle_connection_is_told_and_the_next_probe_connects_anew)
{
    struct tcp_peer peer = begin_answered(NULL);

    rig.was_closed_in_order = false;
    tcp_peer_hang_up(&peer);
    wait_for(&rig.told_more);
    ck_assert(rig.was_closed_in_order);

    rig_send_now(&rig, 2);
    ck_assert(tcp_peer_accept(&peer));
    tcp_peer_receive(&peer);
    tcp_peer_answer(&peer, "SIP/2.0 200 OK");
    ck_assert_uint_eq(rig_take(&rig, 2).code, 200);
    end(&peer);
}
END_TEST

START_TEST(reset_of_an_idle_connection_is_told_as_refusal)
{
    struct tcp_peer peer = begin_answered(NULL);

    rig.was_closed_in_order = true;
    reset(&peer);
    wait_for(&rig.told_more);
    ck_assert(!rig.was_closed_in_order);
    ck_assert_uint_eq(rig.closing.kind, THA_EVIDENCE_REFUSED);
    ck_assert_int_eq(rig.closing.system_error, ECONNRESET);
    end(&peer);
}
END_TEST

START_TEST(connection_that_is_up_but_dead_is_closed_and_made_anew)
{
    struct tcp_peer peer = begin_answered(NULL);

    rig_send_now(&rig, 2);
    tcp_peer_receive(&peer);
    expire_after(2000);
    ck_assert_uint_eq(rig.n_results, 1);
    expire_after(3000);
    ck_assert_uint_eq(rig_take(&rig, 2).kind, THA_EVIDENCE_TIMED_OUT);
    ck_assert(tcp_peer_is_hung_up(&peer));
    ck_assert_uint_eq(rig_stats(&rig).probes_timed_out, 1);
    ck_assert_uint_eq(rig.n_lost, 1); /* and with it what the host may have sent */

    rig_send_now(&rig, 2);
    ck_assert(tcp_peer_accept(&peer));
    tcp_peer_receive(&peer);
    tcp_peer_answer(&peer, "SIP/2.0 200 OK");
    rig_take(&rig, 2);
    end(&peer);
}
END_TEST

/** The answer is there, but the loop looks at the time first. */
static void job_answer_and_expire(struct rig *r, void *arg)
{
    struct tcp_peer *peer = arg;
    struct pollfd ready = {.events = POLLIN};

    tha_prober_send(r->prober, 2, tha_clock_ms());
    tha_prober_flush(r->prober);
    tcp_peer_receive(peer);
    tcp_peer_answer(peer, "SIP/2.0 200 OK");
    poll(&ready, 1, 20); /* loopback delivers in the send; this is for a machine that does not */
    tha_prober_handle_expiry(r->prober, tha_clock_ms() + 3000);
}

START_TEST(answer_that_waits_when_the_deadline_comes_has_come_in_time)
{
    struct tcp_peer peer = begin_answered(NULL);

    rig_do(&rig, job_answer_and_expire, &peer);
    ck_assert_uint_eq(rig_take(&rig, 2).kind, THA_EVIDENCE_ANSWERED);
    probe_again(&peer);
    end(&peer);
}
END_TEST

/** Its backlog is full: what comes is neither taken nor refused. */
static struct tcp_peer open_full(int *fillers, unsigned n)
{
    struct tcp_peer peer = tcp_peer_open(NULL);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(peer.addr.port)};

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(listen(peer.listener, 0), 0);
    for (unsigned i = 0; i < n; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(fillers[i], (struct sockaddr *)&to, sizeof(to));
    }

    return peer;
}

START_TEST(connection_that_is_not_made_in_time_is_told_apart_from_silence)
{
    int fillers[4];
    struct tcp_peer peer = open_full(fillers, 4);

    begin(&peer);
    expire_after(2900);
    ck_assert_uint_eq(rig.n_results, 0);
    expire_after(3000);
    ck_assert_uint_eq(rig_take(&rig, 2).kind, THA_EVIDENCE_NO_CONNECTION);
    ck_assert_str_eq(rig.detail, "no connection in 3.0 s");
    ck_assert_uint_eq(rig_stats(&rig).probes_timed_out, 1);
    for (unsigned i = 0; i < 4; i++)
        close(fillers[i]);
    end(&peer);
}
END_TEST

START_TEST(handshake_that_does_not_end_is_told)
{
    struct tcp_peer peer = tcp_peer_open(server_new("server", 0));

    begin(&peer);
    tcp_peer_take(&peer);
    ck_assert_int_eq(recv(peer.fd, peer.request, 1, 0), 1); /* it has begun */
    expire_after(3000);
    ck_assert_uint_eq(rig_take(&rig, 2).kind, THA_EVIDENCE_TLS_FAILED);
    ck_assert_str_eq(rig.detail, "no TLS handshake in 3.0 s");
    end(&peer);
}
END_TEST

START_TEST(certificate_for_another_name_is_a_failure_of_tls)
{
    struct tcp_peer peer = tcp_peer_open(server_new("wrong-name", 0));

    begin(&peer);
    tcp_peer_accept(&peer);
    ck_assert_uint_eq(rig_take(&rig, 2).kind, THA_EVIDENCE_TLS_FAILED);
    ck_assert_msg(strstr(rig.detail, "sip.other.example") != NULL, "%s", rig.detail);
    end(&peer);
}
END_TEST

START_TEST(files_that_cannot_be_read_are_refused_by_the_load)
{
    struct tha_tls_settings bad = {
        .ca_file = "/nonexistent/ca.pem", .cert_file = "", .key_file = "", .server_name = "", .verify = true};
    struct tha_reach bad_reach = {.tls = &bad, .host = NAME};
    struct reach_arg arg = {.reach = &bad_reach};
    struct listen_arg listen = {.n_listen = 0};
    struct tcp_peer peer = begin_answered(server_new("server", 0));

    rig_do(&rig, job_prepare, &listen);
    rig_do(&rig, job_prepare_reach, &arg);
    ck_assert_int_eq(arg.err, TRUNKHA_ERR_CONFIG);
    ck_assert_msg(strstr(arg.error, "/nonexistent/ca.pem") != NULL, "%s", arg.error);

    load(&reach); /* as a load that has failed is undone */
    probe_again(&peer);
    end(&peer);
}
END_TEST

/* ---- Loads ---- */

START_TEST(connection_stays_over_a_load_with_the_same_settings)
{
    struct tcp_peer peer = begin_answered(server_new("server", 0));
    struct tha_tls_settings same = tls;
    struct tha_reach again = {.tls = &same, .host = NAME};

    load(&again);
    rig_set_reach(&rig, 2, peer.addr, &again);
    probe_again(&peer);
    end(&peer);
}
END_TEST

/** @p changed takes the place of what the connection was made by. */
static void expect_new_connection(const struct tha_reach *changed)
{
    struct tcp_peer peer = begin_answered(server_new("server", 0));

    load(changed);
    rig_set_reach(&rig, 2, peer.addr, changed);
    ck_assert(tcp_peer_is_hung_up(&peer));
    ck_assert_uint_eq(rig.n_lost, 1); /* with what the host may have sent */
    ck_assert_uint_eq(rig.lost_slot, 2);
    rig_send_now(&rig, 2);
    ck_assert(tcp_peer_accept(&peer));
    tcp_peer_receive(&peer);
    tcp_peer_answer(&peer, "SIP/2.0 200 OK");
    rig_take(&rig, 2);
    end(&peer);
}

START_TEST(other_settings_name_or_address_of_ours_make_another_connection)
{
    struct tha_tls_settings other = settings_of_test(), named = settings_of_test(), same = settings_of_test();

    other.min_version = THA_TLS_1_3;
    expect_new_connection(&(struct tha_reach){.tls = &other, .host = NAME});
    named.server_name = "localhost";
    expect_new_connection(&(struct tha_reach){.tls = &named, .host = NAME});
    expect_new_connection(&(struct tha_reach){.tls = &same, .host = NAME, .local = addr_of("127.0.0.9", 0)});
}
END_TEST

START_TEST(probe_under_way_goes_on_over_the_connection_that_takes_the_place)
{
    struct tcp_peer peer = tcp_peer_open(NULL);
    struct tha_reach moved = {.tls = &tls, .host = NAME, .local = addr_of("127.0.0.9", 0)};

    begin(&peer);
    tcp_peer_accept(&peer);
    tcp_peer_receive(&peer);
    load(&moved);
    rig_set_reach(&rig, 2, peer.addr, &moved);
    rig_do(&rig, job_commit, NULL); /* flushes */
    tcp_peer_accept(&peer);
    ck_assert_uint_eq(ntohl(peer.from.sin_addr.s_addr), INADDR_LOOPBACK + 8);
    tcp_peer_receive(&peer);
    tcp_peer_answer(&peer, "SIP/2.0 200 OK");
    rig_take(&rig, 2);
    end(&peer);
}
END_TEST

START_TEST(cleared_slot_closes_its_connection)
{
    struct tcp_peer peer = begin_answered(NULL);

    rig_clear(&rig, 2);
    ck_assert(tcp_peer_is_hung_up(&peer));
    ck_assert_uint_eq(rig.n_lost, 1);
    ck_assert_uint_eq(rig.lost_slot, THA_NONE);
    rig_clear(&rig, 2);
    ck_assert_uint_eq(rig.n_lost, 1);
    end(&peer);
}
END_TEST

START_TEST(addresses_of_connections_are_not_among_those_that_are_shared)
{
    struct tcp_peer peer = begin_answered(NULL), other = tcp_peer_open(NULL);

    rig_set_reach(&rig, 3, other.addr, &reach);
    rig_send_now(&rig, 3);
    tcp_peer_accept(&other);
    tcp_peer_receive(&other);
    tcp_peer_answer(&other, "SIP/2.0 200 OK");
    ck_assert_uint_eq(rig_take(&rig, 3).code, 200);
    ck_assert_ptr_null(rig.prober->locals); /* it is looked through for each connection */
    tcp_peer_close(&other);
    end(&peer);
}
END_TEST

/* ---- What peers send ---- */

START_TEST(answer_on_the_connection_of_another_is_foreign)
{
    struct tcp_peer peer = begin_answered(NULL), other = tcp_peer_open(NULL);

    rig_set_reach(&rig, 3, other.addr, &reach);
    rig_send_now(&rig, 3);
    tcp_peer_accept(&other);
    tcp_peer_receive(&other);
    strcpy(peer.request, other.request);
    tcp_peer_answer(&peer, "SIP/2.0 200 OK");
    AWAIT(&rig, foreign_answers, 1);
    tcp_peer_answer(&other, "SIP/2.0 200 OK");
    ck_assert_uint_eq(rig_take(&rig, 3).code, 200);
    tcp_peer_close(&other);
    end(&peer);
}
END_TEST

static void ask(struct tcp_peer *peer, const char *method)
{
    char packet[512];
    int len = snprintf(packet, sizeof(packet),
                       "%s sip:us SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:%u;branch=z9hG4bKp\r\n"
                       "From: <sip:p>;tag=1\r\nTo: <sip:us>\r\nCall-ID: c\r\nCSeq: 1 %s\r\nContent-Length: 0\r\n\r\n",
                       method, peer->addr.port, method);

    tcp_peer_send(peer, packet, (size_t)len);
}

START_TEST(requests_of_the_peer_are_answered_on_its_connection)
{
    struct tcp_peer peer = begin_answered(NULL);

    ask(&peer, "OPTIONS");
    tcp_peer_receive(&peer);
    ck_assert_int_eq(strncmp(peer.request, "SIP/2.0 200 ", 12), 0);
    ask(&peer, "INVITE");
    tcp_peer_receive(&peer);
    ck_assert_int_eq(strncmp(peer.request, "SIP/2.0 405 ", 12), 0);
    ck_assert_uint_eq(rig_stats(&rig).requests_answered, 1);
    ck_assert_uint_eq(rig.requests, 1);
    end(&peer);
}
END_TEST

START_TEST(messages_for_the_host_come_with_the_slot_of_the_connection)
{
    struct tcp_peer peer = begin_answered(NULL);

    rig.wants_messages = true;
    ask(&peer, "INVITE");
    wait_for(&rig.told_more);
    ck_assert_uint_eq(rig.message_slot, 2);
    ck_assert_int_eq(strncmp(rig.message, "INVITE sip:us SIP/2.0\r\n", 23), 0);
    end(&peer);
}
END_TEST

/* ---- Messages of the host's ---- */

struct transmit_arg {
    const char *message;
    int err;
    int local_err;
    struct tha_addr local;
};

static void job_transmit(struct rig *r, void *arg)
{
    struct transmit_arg *a = arg;

    a->local_err = tha_prober_get_local(r->prober, 2, &a->local);
    a->err = tha_prober_transmit(r->prober, 2, a->message, strlen(a->message));
}

START_TEST(message_of_the_host_makes_a_connection_and_goes_over_it)
{
    struct tcp_peer peer = tcp_peer_open(NULL);
    struct transmit_arg arg = {.message = "INVITE sip:x SIP/2.0\r\n\r\n"};

    rig_init(&rig, 4);
    rig_set_reach(&rig, 2, peer.addr, &reach);
    rig_do(&rig, job_transmit, &arg);
    ck_assert_int_eq(arg.err, ENOTCONN);
    ck_assert_int_eq(arg.local_err, ENOTCONN);
    tcp_peer_accept(&peer);
    for (unsigned i = 0; arg.err == ENOTCONN && i < PATIENCE_S * 1000; i++) {
        usleep(1000);
        rig_do(&rig, job_transmit, &arg);
    }
    ck_assert_int_eq(arg.err, 0);
    ck_assert_int_eq(arg.local_err, 0);
    ck_assert_uint_eq(arg.local.port, ntohs(peer.from.sin_port));
    ck_assert_uint_eq(arg.local.transport, THA_TRANSPORT_TCP);
    tcp_peer_receive(&peer);
    ck_assert_str_eq(peer.request, arg.message);
    end(&peer);
}
END_TEST

struct pour_arg {
    char bytes[20000];
    size_t len;
    int err;
};

static void job_pour(struct rig *r, void *arg)
{
    struct pour_arg *a = arg;

    a->err = tha_prober_transmit(r->prober, 2, a->bytes, a->len);
}

/** Sends until nothing of that length has room. */
static void pour(size_t len)
{
    static struct pour_arg arg;

    arg.len = len;
    arg.err = 0;
    for (size_t sent = 0; !arg.err; sent += len) {
        ck_assert_uint_lt(sent, 64U << 20);
        rig_do(&rig, job_pour, &arg);
    }
    ck_assert_int_eq(arg.err, ENOBUFS);
}

START_TEST(connection_without_room_for_a_probe_is_made_anew)
{
    struct tcp_peer peer = begin_answered(NULL);
    struct tha_evidence evidence;

    pour(20000);
    pour(1);
    rig_send_now(&rig, 2);
    evidence = rig_take(&rig, 2);
    ck_assert_uint_eq(evidence.kind, THA_EVIDENCE_SEND_FAILED);
    ck_assert_int_eq(evidence.system_error, ENOBUFS);
    ck_assert_uint_eq(rig.n_lost, 1);

    rig_send_now(&rig, 2);
    ck_assert(tcp_peer_accept(&peer));
    tcp_peer_receive(&peer);
    tcp_peer_answer(&peer, "SIP/2.0 200 OK");
    ck_assert_uint_eq(rig_take(&rig, 2).code, 200);
    end(&peer);
}
END_TEST

START_TEST(message_to_a_peer_that_refuses_does_not_connect_over_and_over)
{
    struct tcp_peer peer = tcp_peer_open(NULL);
    struct transmit_arg arg = {.message = "x"};

    close(peer.listener);
    rig_init(&rig, 4);
    rig_set_reach(&rig, 2, peer.addr, &reach);
    rig_do(&rig, job_transmit, &arg);
    expire_after(0);
    wait_for(&rig.told_more);
    ck_assert_uint_eq(rig.closing.kind, THA_EVIDENCE_REFUSED);
    rig_do(&rig, job_transmit, &arg);
    ck_assert_int_eq(arg.err, ECONNREFUSED);
    ck_assert_uint_eq(rig_next(&rig), THA_NEVER);
    rig_done(&rig);
}
END_TEST

SUITE("prober_stream", connection_is_made_by_the_first_probe_and_kept, round_trip_does_not_count_the_way_to_the_connection,
      nothing_is_sent_twice_over_a_connection, tls_peer_is_verified_probed_and_described,
      facts_of_a_connection_are_told_while_it_is_up, certificate_that_ends_soon_is_told_with_its_connection,
      refused_connection_is_told_at_once, close_with_a_probe_under_way_is_refusal, reset_with_a_probe_under_way_is_refusal,
      close_of_an_idle_connection_is_told_and_the_next_probe_connects_anew, reset_of_an_idle_connection_is_told_as_refusal,
      connection_that_is_up_but_dead_is_closed_and_made_anew, answer_that_waits_when_the_deadline_comes_has_come_in_time,
      connection_without_room_for_a_probe_is_made_anew, connection_that_is_not_made_in_time_is_told_apart_from_silence,
      handshake_that_does_not_end_is_told, certificate_for_another_name_is_a_failure_of_tls,
      files_that_cannot_be_read_are_refused_by_the_load, connection_stays_over_a_load_with_the_same_settings,
      other_settings_name_or_address_of_ours_make_another_connection,
      probe_under_way_goes_on_over_the_connection_that_takes_the_place, cleared_slot_closes_its_connection,
      addresses_of_connections_are_not_among_those_that_are_shared, answer_on_the_connection_of_another_is_foreign,
      requests_of_the_peer_are_answered_on_its_connection, messages_for_the_host_come_with_the_slot_of_the_connection,
      message_of_the_host_makes_a_connection_and_goes_over_it, message_to_a_peer_that_refuses_does_not_connect_over_and_over)
