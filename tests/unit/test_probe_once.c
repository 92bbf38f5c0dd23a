#include "adapters/probe_once.h"

#include "../suite.h"
#include "test_prober.h"
#include "test_tls.h"

#include "test_tcp_peer.h"

static const struct tha_probe_text text = {.max_forwards = 70};

static struct tha_codes failing_codes(void)
{
    struct tha_codes codes = {{0}};

    tha_codes_put(&codes, 503, true);

    return codes;
}

static int probe_once(const struct tha_addr *addr, uint32_t timeout_ms, trunkha_probe_result *result)
{
    const struct tha_prober_target target = {*addr, "sip:x", &text, NULL, timeout_ms};
    const struct tha_codes failing = failing_codes();
    char error[128];

    return tha_probe_once(&target, &failing, result, error, sizeof(error));
}

struct answering {
    struct peer peer;
    const char *status_line; /**< NULL = stays silent */
    const char *headers;     /**< put in before Contact */
};

static void *answer_one(void *arg)
{
    struct answering *answering = arg;
    char headers[512];

    peer_receive(&answering->peer);
    snprintf(headers, sizeof(headers), "%sContact: ", answering->headers);
    if (answering->status_line)
        peer_answer(&answering->peer, answering->status_line, "Contact: ", headers);

    return NULL;
}

static trunkha_probe_result probe(struct answering *answering, uint32_t timeout_ms)
{
    trunkha_probe_result result = TRUNKHA_PROBE_RESULT_INIT;
    pthread_t thread;

    answering->peer = peer_open("127.0.0.1");
    pthread_create(&thread, NULL, answer_one, answering);
    ck_assert_int_eq(probe_once(&answering->peer.addr, timeout_ms, &result), 0);
    pthread_join(thread, NULL);
    close(answering->peer.fd);

    return result;
}

START_TEST(answer_is_told_with_phrase_and_everything_allowed)
{
    struct answering answering = {.status_line = "SIP/2.0 200 All is well",
                                  .headers = "Allow: INVITE, ACK\r\nallow:OPTIONS\r\nX-Allow: NO\r\n"};
    trunkha_probe_result result = probe(&answering, 20000);

    ck_assert_uint_eq(result.outcome, TRUNKHA_PROBE_ALIVE);
    ck_assert_uint_eq(result.code, 200);
    ck_assert_uint_gt(result.rtt_us, 0);
    ck_assert_str_eq(result.phrase, "All is well");
    ck_assert_str_eq(result.allow, "INVITE, ACK, OPTIONS");
    ck_assert_int_eq(strncmp(result.detail, "answered in ", 12), 0);
}
END_TEST

START_TEST(answer_with_a_failing_code_is_rejected)
{
    struct answering answering = {.status_line = "SIP/2.0 503 Busy\x1b[2J", .headers = ""};
    trunkha_probe_result result = probe(&answering, 20000);

    ck_assert_uint_eq(result.outcome, TRUNKHA_PROBE_REJECTED);
    ck_assert_uint_eq(result.code, 503);
    ck_assert_str_eq(result.phrase, "Busy?[2J"); /* no control of a terminal */
    ck_assert_str_eq(result.allow, "");
}
END_TEST

START_TEST(silence_is_dead_after_the_timeout)
{
    struct answering answering = {.status_line = NULL, .headers = ""};
    trunkha_probe_result result = probe(&answering, 200);

    ck_assert_uint_eq(result.outcome, TRUNKHA_PROBE_DEAD);
    ck_assert_uint_eq(result.code, 0);
    ck_assert_uint_eq(result.rtt_us, 0);
    ck_assert_str_eq(result.detail, "no answer in 0.2 s");
}
END_TEST

START_TEST(refused_port_is_dead_at_once)
{
    trunkha_probe_result result = TRUNKHA_PROBE_RESULT_INIT;
    struct peer gone = peer_open("127.0.0.1");
    uint64_t start_ms = tha_clock_ms();

    close(gone.fd);
    ck_assert_int_eq(probe_once(&gone.addr, 60000, &result), 0);
    ck_assert_uint_lt(tha_clock_ms() - start_ms, 30000); /* not by the timeout */
    ck_assert_uint_eq(result.outcome, TRUNKHA_PROBE_DEAD);
    ck_assert_str_eq(result.detail, "refused (ICMP port unreachable)");
}
END_TEST

START_TEST(target_that_cannot_be_sent_to_is_dead_with_the_cause)
{
    trunkha_probe_result result = TRUNKHA_PROBE_RESULT_INIT;
    const struct tha_addr broadcast = addr_of("255.255.255.255", 5060);

    ck_assert_int_eq(probe_once(&broadcast, 60000, &result), 0);
    ck_assert_uint_eq(result.outcome, TRUNKHA_PROBE_DEAD);
    ck_assert_int_eq(strncmp(result.detail, "could not be sent: ", 19), 0);
}
END_TEST

/* ---- More than an answer ---- */

START_TEST(answer_is_told_with_all_that_it_shows)
{
    struct answering answering = {
        .status_line = "SIP/2.0 200 OK",
        .headers = "Supported: timer, 100rel\r\nContent-Type: application/sdp\r\nVia: SIP/2.0/UDP other\r\n"};
    trunkha_probe_result result = probe(&answering, 20000);

    ck_assert_str_eq(result.supported, "timer, 100rel");
    ck_assert_int_eq(strncmp(result.local, "127.0.0.1:", 10), 0);
    ck_assert_str_eq(result.seen, "");
    ck_assert_str_eq(result.rewritten, "");
    ck_assert_str_eq(result.tls_version, "");
    ck_assert_uint_eq(result.reason, TRUNKHA_REASON_NONE);
}
END_TEST

static void *answer_through_a_nat(void *arg)
{
    static const char body[] = "v=0\r\nm=audio 1 RTP/AVP 8 0\r\n";
    struct peer *peer = arg;
    char packet[8192], *via, *length;

    peer_receive(peer);
    via = strstr(peer->request, ";rport");
    length = strstr(peer->request, "Content-Length: 0");
    snprintf(packet, sizeof(packet),
             "SIP/2.0 200 OK\r\n%.*s;rport=4711;received=203.0.113.7%.*sContent-Type: application/sdp\r\n"
             "Content-Length: %zu\r\n\r\n%s",
             (int)(via - strchr(peer->request, '\n') - 1), strchr(peer->request, '\n') + 1, (int)(length - via - 6), via + 6,
             sizeof(body) - 1, body);
    peer_send(peer, packet, strlen(packet));

    return NULL;
}

START_TEST(nat_and_codecs_are_told)
{
    trunkha_probe_result result = TRUNKHA_PROBE_RESULT_INIT;
    struct peer peer = peer_open("127.0.0.1");
    pthread_t thread;

    pthread_create(&thread, NULL, answer_through_a_nat, &peer);
    ck_assert_int_eq(probe_once(&peer.addr, 20000, &result), 0);
    pthread_join(thread, NULL);
    ck_assert_str_eq(result.seen, "203.0.113.7:4711");
    ck_assert_str_eq(result.codecs, "PCMA, PCMU");
    ck_assert_str_eq(result.rewritten, "");
    close(peer.fd);
}
END_TEST

/* ---- Over connections ---- */

static void *answer_connection(void *arg)
{
    struct tcp_peer *peer = arg;

    if (!tcp_peer_accept(peer))
        return NULL;
    tcp_peer_receive(peer);
    tcp_peer_answer(peer, "SIP/2.0 200 OK");

    return NULL;
}

/** Probes a peer over @p server (NULL = TCP), whose certificate must name @p host. */
static trunkha_probe_result probe_connection(SSL_CTX *server, const char *host)
{
    trunkha_probe_result result = TRUNKHA_PROBE_RESULT_INIT;
    struct tcp_peer peer = tcp_peer_open(server);
    const struct tha_tls_settings tls = settings_of_test();
    const struct tha_reach reach = {.tls = &tls, .host = host};
    const struct tha_prober_target target = {peer.addr, "sip:x", &text, &reach, 20000};
    const struct tha_codes failing = failing_codes();
    char error[128];
    pthread_t thread;

    pthread_create(&thread, NULL, answer_connection, &peer);
    ck_assert_int_eq(tha_probe_once(&target, &failing, &result, error, sizeof(error)), 0);
    pthread_join(thread, NULL);
    tcp_peer_close(&peer);

    return result;
}

START_TEST(peer_over_tcp_is_probed)
{
    trunkha_probe_result result = probe_connection(NULL, "x");

    ck_assert_uint_eq(result.outcome, TRUNKHA_PROBE_ALIVE);
    ck_assert_int_eq(strncmp(result.local, "127.0.0.1:", 10), 0);
    ck_assert_str_eq(result.tls_version, "");
}
END_TEST

START_TEST(peer_over_tls_is_probed_and_its_certificate_told)
{
    trunkha_probe_result result = probe_connection(server_new("server", 0), "sip.carrier.example");

    ck_assert_uint_eq(result.outcome, TRUNKHA_PROBE_ALIVE);
    ck_assert_str_eq(result.tls_version, "TLSv1.3");
    ck_assert_ptr_nonnull(strstr(result.tls_names, "sip.carrier.example"));
    ck_assert_str_eq(result.tls_issuer, "trunkha test CA");
    ck_assert_int_gt(result.tls_not_after, tha_clock_unix_ms() / 1000);
    ck_assert_uint_eq(result.tls_verified, 1);
}
END_TEST

START_TEST(certificate_that_is_not_good_is_dead_with_its_fault)
{
    trunkha_probe_result result = probe_connection(server_new("expired", 0), "expired.example");

    ck_assert_uint_eq(result.outcome, TRUNKHA_PROBE_DEAD);
    ck_assert_uint_eq(result.reason, TRUNKHA_REASON_TLS_FAILURE);
    ck_assert_msg(strstr(result.detail, "expired") != NULL, "%s", result.detail);
}
END_TEST

START_TEST(address_that_is_not_ours_is_an_error)
{
    trunkha_probe_result result = TRUNKHA_PROBE_RESULT_INIT;
    const struct tha_tls_settings tls = settings_of_test();
    const struct tha_reach reach = {.tls = &tls, .host = "x", .local = addr_of("192.0.2.1", 0)};
    const struct tha_prober_target target = {addr_of("127.0.0.1", 5060), "sip:x", &text, &reach, 20000};
    const struct tha_codes failing = failing_codes();
    char error[128] = "";

    ck_assert_int_eq(tha_probe_once(&target, &failing, &result, error, sizeof(error)), TRUNKHA_ERR_SYSTEM);
    ck_assert_int_eq(strncmp(error, "udp:192.0.2.1:0: ", 17), 0);
}
END_TEST

SUITE("probe_once", answer_is_told_with_phrase_and_everything_allowed, answer_with_a_failing_code_is_rejected,
      silence_is_dead_after_the_timeout, refused_port_is_dead_at_once, target_that_cannot_be_sent_to_is_dead_with_the_cause,
      answer_is_told_with_all_that_it_shows, nat_and_codecs_are_told, peer_over_tcp_is_probed,
      peer_over_tls_is_probed_and_its_certificate_told, certificate_that_is_not_good_is_dead_with_its_fault,
      address_that_is_not_ours_is_an_error)
