#include "../suite.h"
#include "base/heap.h"
#include "test_prober.h"

#define CHALLENGE "Digest realm=\"carrier.example\", nonce=\"%s\", qop=\"auth\", algorithm=MD5"

static struct rig rig;
static const struct tha_tls_settings tls = {
    .ca_file = "", .cert_file = "", .key_file = "", .server_name = "", .verify = true};
static char username[] = "u", password[] = "secret";
static const struct tha_credentials auth = {username, password, NULL};
static const struct tha_reach reach = {.tls = &tls, .auth = &auth, .host = "carrier.example"};

static struct peer begin(void)
{
    struct peer peer = peer_open("127.0.0.1");

    rig_init(&rig, 4);
    rig_set_reach(&rig, 2, peer.addr, &reach);
    rig_send_now(&rig, 2);
    peer_receive(&peer);

    return peer;
}

static void end(struct peer *peer)
{
    ck_assert(!peer_has_more(peer));
    rig_done(&rig);
    close(peer->fd);
}

/** Answers with @p code and challenge. */
static void challenge(const struct peer *peer, unsigned code, const char *value)
{
    char status[64], headers[512];

    snprintf(status, sizeof(status), "SIP/2.0 %u Who are you", code);
    snprintf(headers, sizeof(headers), "%s: %s\r\nFrom: ", code == 407 ? "Proxy-Authenticate" : "WWW-Authenticate", value);
    peer_answer(peer, status, "From: ", headers);
}

static void challenge_with_nonce(const struct peer *peer, unsigned code, const char *nonce, const char *more)
{
    char value[256];

    snprintf(value, sizeof(value), CHALLENGE "%s", nonce, more);
    challenge(peer, code, value);
}

/** The value of a header or parameter in a request. */
static const char *find(const char *request, const char *name, char *buf, size_t size)
{
    const char *start = strstr(request, name);

    ck_assert_msg(start != NULL, "%s is missing in:\n%s", name, request);
    start += strlen(name);
    snprintf(buf, size, "%.*s", (int)strcspn(start, ",;\"\r\n"), start);

    return buf;
}

static void assert_says(const struct peer *peer, const char *name, const char *expected)
{
    char value[128];

    ck_assert_str_eq(find(peer->request, name, value, sizeof(value)), expected);
}

/* ---- Answering ---- */

START_TEST(challenge_is_answered_by_the_same_request_with_another_branch_and_number)
{
    struct peer peer = begin(), before = peer;
    char old[64], new[64];
    struct tha_evidence evidence;

    ck_assert_ptr_null(strstr(peer.request, "Authorization"));
    challenge_with_nonce(&peer, 401, "n1", "");
    peer_receive(&peer);
    assert_says(&peer, "\r\nAuthorization: Digest username=\"", "u");
    assert_says(&peer, "nonce=\"", "n1");
    assert_says(&peer, " nc=", "00000001");
    assert_says(&peer, "\r\nCSeq: ", "2 OPTIONS");
    assert_says(&peer, "\r\nCall-ID: ", find(before.request, "\r\nCall-ID: ", old, sizeof(old)));
    assert_says(&peer, ">;tag=", find(before.request, ">;tag=", old, sizeof(old)));
    ck_assert_str_ne(find(before.request, "branch=", old, sizeof(old)), find(peer.request, "branch=", new, sizeof(new)));

    peer_answer(&before, "SIP/2.0 401 Once more", NULL, NULL);
    AWAIT(&rig, duplicate_answers, 1);
    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    evidence = rig_take(&rig, 2);
    ck_assert_uint_eq(evidence.kind, THA_EVIDENCE_ANSWERED);
    ck_assert_uint_eq(evidence.code, 200);
    ck_assert_uint_eq(rig_stats(&rig).probes_sent, 1);
    end(&peer);
}
END_TEST

START_TEST(proxy_is_answered_in_its_own_header)
{
    struct peer peer = begin();

    challenge_with_nonce(&peer, 407, "n1", "");
    peer_receive(&peer);
    assert_says(&peer, "\r\nProxy-Authorization: Digest username=\"", "u");
    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    rig_take(&rig, 2);
    end(&peer);
}
END_TEST

START_TEST(answer_to_a_challenge_is_retransmitted_byte_by_byte)
{
    struct peer peer = begin();
    char first[sizeof(peer.request)];

    challenge_with_nonce(&peer, 401, "n1", "");
    peer_receive(&peer);
    strcpy(first, peer.request);
    rig_expire(&rig, rig_next(&rig));
    peer_receive(&peer);
    ck_assert_str_eq(peer.request, first);
    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    rig_take(&rig, 2);
    end(&peer);
}
END_TEST

START_TEST(deadline_stays_that_of_the_probe)
{
    uint64_t start_ms = tha_clock_ms();
    struct peer peer = begin();

    challenge_with_nonce(&peer, 401, "n1", "");
    peer_receive(&peer);
    while (!rig.n_results) {
        uint64_t next_ms = rig_next(&rig);

        ck_assert_uint_le(next_ms, tha_clock_ms() + 3000);
        rig_expire(&rig, next_ms);
        start_ms = next_ms;
    }
    ck_assert_uint_eq(rig_take(&rig, 2).kind, THA_EVIDENCE_TIMED_OUT);
    ck_assert_uint_le(start_ms, tha_clock_ms() + 3000);
    while (peer_has_more(&peer))
        peer_receive(&peer);
    end(&peer);
}
END_TEST

START_TEST(next_probe_answers_without_being_asked)
{
    struct peer peer = begin();

    challenge_with_nonce(&peer, 401, "n1", "");
    peer_receive(&peer);
    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    rig_take(&rig, 2);

    rig_send_now(&rig, 2);
    peer_receive(&peer);
    assert_says(&peer, "nonce=\"", "n1");
    assert_says(&peer, " nc=", "00000002");
    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    ck_assert_uint_eq(rig_take(&rig, 2).code, 200);
    end(&peer);
}
END_TEST

START_TEST(nonce_that_is_worn_out_is_replaced_within_the_probe)
{
    static const char *const marks[] = {", stale=true", ""}; /* not everybody says it */

    for (unsigned i = 0; i < 2; i++) {
        struct peer peer = begin();

        challenge_with_nonce(&peer, 401, "n1", "");
        peer_receive(&peer);
        peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
        rig_take(&rig, 2);

        rig_send_now(&rig, 2);
        peer_receive(&peer);
        challenge_with_nonce(&peer, 401, "n2", marks[i]);
        peer_receive(&peer);
        assert_says(&peer, "nonce=\"", "n2");
        assert_says(&peer, " nc=", "00000001");
        peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
        ck_assert_uint_eq(rig_take(&rig, 2).code, 200);
        end(&peer);
    }
}
END_TEST

START_TEST(proxy_and_peer_may_both_ask_and_both_are_answered)
{
    struct peer peer = begin();

    challenge(&peer, 407, "Digest realm=\"proxy\", nonce=\"p1\", qop=\"auth\"");
    peer_receive(&peer);
    ck_assert_ptr_null(strstr(peer.request, "\r\nAuthorization"));
    challenge(&peer, 401, "Digest realm=\"peer\", nonce=\"w1\", qop=\"auth\"");
    peer_receive(&peer);
    assert_says(&peer, "\r\nAuthorization: Digest username=\"u\", realm=\"peer\", nonce=\"", "w1");
    assert_says(&peer, "\r\nProxy-Authorization: Digest username=\"u\", realm=\"proxy\", nonce=\"", "p1");
    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    ck_assert_uint_eq(rig_take(&rig, 2).kind, THA_EVIDENCE_ANSWERED);
    ck_assert_uint_eq(rig_stats(&rig).challenges_answered, 2);

    rig_send_now(&rig, 2);
    peer_receive(&peer);
    assert_says(&peer, "\r\nAuthorization: Digest username=\"u\", realm=\"", "peer");
    assert_says(&peer, "\r\nProxy-Authorization: Digest username=\"u\", realm=\"", "proxy");
    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    ck_assert_uint_eq(rig_take(&rig, 2).code, 200);
    end(&peer);
}
END_TEST

/* ---- Failing ---- */

START_TEST(who_refuses_is_named_when_two_have_asked)
{
    struct peer peer = begin();

    challenge(&peer, 407, "Digest realm=\"proxy\", nonce=\"p1\"");
    peer_receive(&peer);
    challenge(&peer, 401, "Digest realm=\"peer\", nonce=\"w1\"");
    peer_receive(&peer);
    challenge(&peer, 401, "Digest realm=\"peer\", nonce=\"w2\"");
    ck_assert_uint_eq(rig_take(&rig, 2).kind, THA_EVIDENCE_AUTH_FAILED);
    ck_assert_str_eq(rig.detail, "user or password refused: MD5, realm \"peer\"");

    rig_send_now(&rig, 2);
    peer_receive(&peer);
    ck_assert_ptr_null(strstr(peer.request, "uthorization"));
    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    rig_take(&rig, 2);
    end(&peer);
}
END_TEST

START_TEST(two_that_call_every_nonce_stale_are_given_up)
{
    struct peer peer = begin();

    for (unsigned i = 0; i < 2; i++) {
        challenge(&peer, 407, "Digest realm=\"proxy\", nonce=\"p\", stale=true");
        peer_receive(&peer);
        challenge(&peer, 401, "Digest realm=\"peer\", nonce=\"w\", stale=true");
        peer_receive(&peer);
    }
    challenge(&peer, 407, "Digest realm=\"proxy\", nonce=\"p\", stale=true");
    ck_assert_uint_eq(rig_take(&rig, 2).kind, THA_EVIDENCE_AUTH_FAILED);
    end(&peer);
}
END_TEST

START_TEST(wrong_password_is_a_failure_with_its_realm_and_no_loop)
{
    struct peer peer = begin();
    struct tha_evidence evidence;

    challenge_with_nonce(&peer, 401, "n1", "");
    peer_receive(&peer);
    challenge_with_nonce(&peer, 401, "n2", "");
    evidence = rig_take(&rig, 2);
    ck_assert_uint_eq(evidence.kind, THA_EVIDENCE_AUTH_FAILED);
    ck_assert_uint_eq(evidence.code, 401);
    ck_assert_uint_gt(evidence.rtt_us, 0);
    ck_assert_int_eq(strncmp(rig.answer, "SIP/2.0 401 Who are you\r\n", 25), 0);
    ck_assert_str_eq(rig.detail, "user or password refused: MD5, realm \"carrier.example\"");

    rig_send_now(&rig, 2);
    peer_receive(&peer);
    ck_assert_ptr_null(strstr(peer.request, "Authorization")); /* what was refused is not offered again unasked */
    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    ck_assert_uint_eq(rig_take(&rig, 2).code, 200);
    end(&peer);
}
END_TEST

START_TEST(peer_that_calls_every_nonce_stale_is_given_up)
{
    struct peer peer = begin();

    challenge_with_nonce(&peer, 401, "n1", "");
    peer_receive(&peer);
    challenge_with_nonce(&peer, 401, "n2", ", stale=true");
    peer_receive(&peer);
    challenge_with_nonce(&peer, 401, "n3", ", stale=true");
    ck_assert_uint_eq(rig_take(&rig, 2).kind, THA_EVIDENCE_AUTH_FAILED);
    end(&peer);
}
END_TEST

START_TEST(challenge_that_cannot_be_answered_is_named)
{
    struct peer peer = begin();

    challenge(&peer, 407, "Digest realm=\"r\", nonce=\"n\", algorithm=AKAv1-MD5, qop=\"auth\"");
    ck_assert_uint_eq(rig_take(&rig, 2).code, 407);
    ck_assert_uint_eq(rig.results[0].kind, THA_EVIDENCE_AUTH_FAILED);
    ck_assert_str_eq(rig.detail, "no challenge that we can answer: algorithm=AKAv1-MD5");

    rig_send_now(&rig, 2);
    peer_receive(&peer);
    challenge(&peer, 401, "Basic realm=\"r\x1b[2J\"");
    ck_assert_uint_eq(rig_take(&rig, 2).kind, THA_EVIDENCE_AUTH_FAILED);
    ck_assert_str_eq(rig.detail, "no challenge that we can answer: Basic realm=\"r?[2J\"");

    rig_send_now(&rig, 2);
    peer_receive(&peer);
    peer_answer(&peer, "SIP/2.0 401 Unauthorized", NULL, NULL);
    ck_assert_uint_eq(rig_take(&rig, 2).kind, THA_EVIDENCE_AUTH_FAILED);
    ck_assert_str_eq(rig.detail, "no challenge that we can answer: none was sent");
    end(&peer);
}
END_TEST

START_TEST(answer_that_does_not_fit_is_not_tried_for_ever)
{
    struct peer peer = begin();
    char words[1001], value[4096], headers[5000];

    memset(words, 'w', sizeof(words) - 1);
    words[sizeof(words) - 1] = '\0';
    snprintf(value, sizeof(value), "Digest realm=\"%s\", nonce=\"%s\", opaque=\"%s\"", words, words, words);
    snprintf(headers, sizeof(headers), "WWW-Authenticate: %s\r\nFrom: ", value);
    peer_answer(&peer, "SIP/2.0 401 Who are you", "From: ", headers);
    ck_assert_uint_eq(rig_take(&rig, 2).kind, THA_EVIDENCE_SEND_FAILED);

    rig_send_now(&rig, 2);
    peer_receive(&peer);
    ck_assert_ptr_null(strstr(peer.request, "Authorization"));
    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    ck_assert_uint_eq(rig_take(&rig, 2).code, 200);
    end(&peer);
}
END_TEST

START_TEST(without_credentials_a_challenge_is_an_answer)
{
    struct peer peer = begin();

    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    rig_take(&rig, 2);
    rig_set(&rig, 2, peer.addr);
    rig_send_now(&rig, 2);
    peer_receive(&peer);
    challenge_with_nonce(&peer, 401, "n1", "");
    ck_assert_uint_eq(rig_take(&rig, 2).kind, THA_EVIDENCE_ANSWERED);
    ck_assert_uint_eq(rig.results[1].code, 401);
    end(&peer);
}
END_TEST

START_TEST(credentials_that_are_taken_away_are_not_sent_any_more)
{
    struct peer peer = begin();

    challenge_with_nonce(&peer, 401, "n1", "");
    peer_receive(&peer);
    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    rig_take(&rig, 2);
    rig_set(&rig, 2, peer.addr);
    rig_send_now(&rig, 2);
    peer_receive(&peer);
    ck_assert_ptr_null(strstr(peer.request, "Authorization"));
    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    rig_take(&rig, 2);
    end(&peer);
}
END_TEST

SUITE("prober_auth", challenge_is_answered_by_the_same_request_with_another_branch_and_number,
      proxy_is_answered_in_its_own_header, answer_to_a_challenge_is_retransmitted_byte_by_byte,
      deadline_stays_that_of_the_probe, next_probe_answers_without_being_asked,
      nonce_that_is_worn_out_is_replaced_within_the_probe, proxy_and_peer_may_both_ask_and_both_are_answered,
      who_refuses_is_named_when_two_have_asked, two_that_call_every_nonce_stale_are_given_up,
      wrong_password_is_a_failure_with_its_realm_and_no_loop, peer_that_calls_every_nonce_stale_is_given_up,
      challenge_that_cannot_be_answered_is_named, answer_that_does_not_fit_is_not_tried_for_ever,
      without_credentials_a_challenge_is_an_answer, credentials_that_are_taken_away_are_not_sent_any_more)
