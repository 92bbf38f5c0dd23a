#include "adapters/probe_once.h"

#include "../suite.h"
#include "test_prober.h"

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

SUITE("probe_once", answer_is_told_with_phrase_and_everything_allowed, answer_with_a_failing_code_is_rejected,
      silence_is_dead_after_the_timeout, refused_port_is_dead_at_once, target_that_cannot_be_sent_to_is_dead_with_the_cause)
