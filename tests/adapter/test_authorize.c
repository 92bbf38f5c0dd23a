/* Credentials: of the host's calls, and of probes against carriers that challenge them. */
#include <openssl/evp.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../suite.h"
#include "player.h"
#include "stage.h"

#define AUTH ", 'outboundAuthMethod': 'DIGEST', 'outboundAuth': {'username': 'u', 'password': 'p%s'%s}"

static struct stage stage;

/* ---- What the answer must be: RFC 7616 section 3.4, worked out here ---- */

static void hash(const char *algorithm, char *hex, const char *format, const char *a, const char *b, const char *c)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    char text[512];

    snprintf(text, sizeof(text), format, a, b, c);
    ck_assert_int_eq(EVP_Digest(text, strlen(text), digest, &len, EVP_get_digestbyname(algorithm), NULL), 1);
    for (unsigned i = 0; i < len; i++)
        sprintf(hex + 2 * i, "%02x", digest[i]);
}

/** The value of a parameter of a header, without its quotes; "" = it has none. */
static const char *param(const char *header, const char *name)
{
    static char values[4][256];
    static unsigned next;
    char *value = values[next++ % 4], pattern[64];
    const char *at;

    snprintf(pattern, sizeof(pattern), " %s=", name);
    at = strstr(header, pattern);
    value[0] = '\0';
    if (at) {
        at += strlen(pattern);
        snprintf(value, sizeof(values[0]), "%.*s", (int)(*at == '"' ? strcspn(at + 1, "\"") : strcspn(at, ", ")),
                 at + (*at == '"'));
    }

    return value;
}

/** Is @p header the right answer of user "u" with @p password to what it names itself? */
static bool is_right(const char *header, const char *algorithm, const char *password, const char *method)
{
    char a1[129], a2[129], middle[256], response[129];

    hash(algorithm, a1, "u:%s:%s%s", param(header, "realm"), password, "");
    hash(algorithm, a2, "%s:%s%s", method, param(header, "uri"), "");
    if (*param(header, "qop"))
        snprintf(middle, sizeof(middle), "%s:%s:%s:auth", param(header, "nonce"), param(header, "nc"),
                 param(header, "cnonce"));
    else
        snprintf(middle, sizeof(middle), "%s", param(header, "nonce"));
    hash(algorithm, response, "%s:%s:%s", a1, middle, a2);

    return !strcmp(response, param(header, "response"));
}

/* ---- The host's calls ---- */

static void open_trunks(const char *a_more)
{
    char trunks[1024];

    snprintf(trunks, sizeof(trunks),
             "{'id': 'a', 'sipAddress': '127.0.0.1:9', 'keepalive': {'enabled': false}" AUTH "},"
             "{'id': 'b', 'sipAddress': '127.0.0.1:10', 'keepalive': {'enabled': false}}",
             "", a_more);
    stage_open(&stage, false);
    stage_load(&stage, trunks, "");
}

static char *authorize(uint32_t code, const char *challenge)
{
    char *header = NULL;

    ck_assert_int_eq(trunkha_trunk_authorize(stage.engine, "a", code, challenge, "INVITE", "sip:b@x.example", &header), 0);

    return header;
}

START_TEST(each_algorithm_is_answered)
{
    static const struct {
        const char *name, *algorithm;
    } hashes[] = {{"MD5", "md5"}, {"SHA-256", "sha256"}, {"SHA-512-256", "sha512-256"}};
    char challenge[256];

    open_trunks("");
    for (unsigned i = 0; i < 3; i++) {
        for (unsigned has_qop = 0; has_qop < 2; has_qop++) {
            char *header;

            snprintf(challenge, sizeof(challenge), "Digest realm=\"r\", nonce=\"n1\", algorithm=%s%s, opaque=\"o\"",
                     hashes[i].name, has_qop ? ", qop=\"auth,auth-int\"" : "");
            header = authorize(401, challenge);
            ck_assert_ptr_eq(strstr(header, "Authorization: Digest "), header);
            ck_assert_ptr_null(strpbrk(header, "\r\n"));
            ck_assert_str_eq(param(header, "username") ? "u" : "", "u");
            ck_assert_str_eq(param(header, "realm"), "r");
            ck_assert_str_eq(param(header, "nonce"), "n1");
            ck_assert_str_eq(param(header, "opaque"), "o");
            ck_assert_str_eq(param(header, "uri"), "sip:b@x.example");
            ck_assert_str_eq(param(header, "qop"), has_qop ? "auth" : "");
            ck_assert_str_eq(param(header, "nc"), has_qop ? "00000001" : "");
            ck_assert(is_right(header, hashes[i].algorithm, "p", "INVITE"));
            trunkha_free(header);
        }
    }
    stage_close(&stage);
}
END_TEST

START_TEST(a_proxy_is_answered_as_a_proxy)
{
    char *header;

    open_trunks("");
    header = authorize(407, "Digest realm=\"r\", nonce=\"n\"");
    ck_assert_ptr_eq(strstr(header, "Proxy-Authorization: Digest "), header);
    ck_assert(is_right(header, "md5", "p", "INVITE"));
    trunkha_free(header);
    stage_close(&stage);
}
END_TEST

START_TEST(the_strongest_of_several_challenges_is_answered)
{
    char *header;

    open_trunks("");
    header = authorize(401, "Basic realm=\"r\", Digest realm=\"r\", nonce=\"n\", algorithm=MD5, "
                            "Digest realm=\"r\", nonce=\"m\", algorithm=SHA-256, qop=\"auth\", "
                            "Digest realm=\"r\", nonce=\"k\", algorithm=WHIRLPOOL");
    ck_assert_str_eq(param(header, "algorithm"), "SHA-256");
    ck_assert(is_right(header, "sha256", "p", "INVITE"));
    trunkha_free(header);
    stage_close(&stage);
}
END_TEST

START_TEST(what_cannot_be_answered_says_why)
{
    static const char good[] = "Digest realm=\"r\", nonce=\"n\"";
    static const char *const useless[] = {"",
                                          "Basic realm=\"r\"",
                                          "Digest",
                                          "Digest realm=\"r\"",
                                          "Digest realm=\"r\", nonce=\"n\", algorithm=ROT13",
                                          "Digest realm=\"r\", nonce=\"n\", qop=\"auth-int\"",
                                          "Digest realm=\"r",
                                          ",,,,"};
    static const char kept[] = "kept";
    char *header = (char *)kept;
    trunkha_engine *engine = NULL;

    open_trunks("");
    engine = stage.engine;
    for (unsigned i = 0; i < sizeof(useless) / sizeof(useless[0]); i++)
        ck_assert_msg(trunkha_trunk_authorize(engine, "a", 401, useless[i], "INVITE", "sip:x", &header) ==
                          TRUNKHA_ERR_UNSUPPORTED,
                      "%s", useless[i]);
    ck_assert_int_eq(trunkha_trunk_authorize(engine, "x", 401, good, "INVITE", "sip:x", &header), TRUNKHA_ERR_NOTFOUND);
    ck_assert_int_eq(trunkha_trunk_authorize(engine, "b", 401, good, "INVITE", "sip:x", &header), TRUNKHA_ERR_UNAVAILABLE);
    ck_assert_int_eq(trunkha_trunk_authorize(engine, "a", 403, good, "INVITE", "sip:x", &header), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_trunk_authorize(engine, "a", 401, NULL, "INVITE", "sip:x", &header), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_trunk_authorize(engine, "a", 401, good, NULL, "sip:x", &header), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_trunk_authorize(engine, "a", 401, good, "INVITE", NULL, &header), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_trunk_authorize(engine, "a", 401, good, "INVITE", "sip:x", NULL), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_trunk_authorize(engine, NULL, 401, good, "INVITE", "sip:x", &header), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_trunk_authorize(NULL, "a", 401, good, "INVITE", "sip:x", &header), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_trunk_authorize(engine, "a", 401, good, "INVITE", "sip:x\"\r\nX: y", &header),
                     TRUNKHA_ERR_INVALID);
    ck_assert_ptr_eq(header, kept);
    stage_close(&stage);
}
END_TEST

START_TEST(a_challenge_of_another_realm_is_not_answered)
{
    char *header = NULL;

    open_trunks(", 'realm': 'mine'");
    ck_assert_int_eq(
        trunkha_trunk_authorize(stage.engine, "a", 401, "Digest realm=\"yours\", nonce=\"n\"", "INVITE", "sip:x", &header),
        TRUNKHA_ERR_UNAVAILABLE);
    header = authorize(401, "Digest realm=\"mine\", nonce=\"n\"");
    trunkha_free(header);
    stage_close(&stage);
}
END_TEST

START_TEST(a_challenge_cannot_break_out_of_the_header)
{
    char *header = NULL, challenge[4096] = "Digest realm=\"r\", nonce=\"";

    open_trunks("");
    ck_assert_int_ne(trunkha_trunk_authorize(stage.engine, "a", 401, "Digest realm=\"r\r\nX: y\", nonce=\"n\"", "INVITE",
                                             "sip:x", &header),
                     0);
    memset(challenge + strlen(challenge), 'n', 3000);
    strcat(challenge, "\"");
    ck_assert_int_ne(trunkha_trunk_authorize(stage.engine, "a", 401, challenge, "INVITE", "sip:x", &header), 0);
    ck_assert_ptr_null(header);
    stage_close(&stage);
}
END_TEST

static int authorize_once(void)
{
    char *header = NULL;
    int err = trunkha_trunk_authorize(stage.engine, "a", 401, "Digest realm=\"r\", nonce=\"n\"", "INVITE", "sip:x", &header);

    trunkha_free(header);

    return err;
}

static void *other_thread(void *arg)
{
    *(int *)arg = authorize_once();

    return NULL;
}

START_TEST(any_thread_may_ask_but_no_child)
{
    pthread_t threads[4];
    int results[4], status;
    pid_t child;

    open_trunks("");
    for (unsigned i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, other_thread, &results[i]), 0);
    for (unsigned i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_int_eq(results[i], 0);
    }
    child = fork();
    if (!child)
        _exit(authorize_once() == TRUNKHA_ERR_FORKED &&
                      trunkha_message_send(stage.engine, "a", "udp:127.0.0.1:9", "X", 1) == TRUNKHA_ERR_FORKED
                  ? 0
                  : 1);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    stage_close(&stage);
}
END_TEST

/* ---- Probes ---- */

/** A carrier that wants the password "p" for each request; `nonce_uses` answers to a nonce, then it is stale. */
struct gate {
    const char *challenge; /* header line with %u for the nonce */
    const char *status_line;
    const char *answer_name;
    const char *algorithm;
    unsigned nonce, uses, nonce_uses;
    unsigned n_challenges, n_passed;
    unsigned n_unanswered; /* requests that are left without a word at first */
};

static size_t guard(const char *request, char *buf, size_t size, void *user_data)
{
    struct gate *gate = user_data;
    const char *header = player_header(request, gate->answer_name);
    char nonce[16], line[512], copy[2048];

    if (gate->n_unanswered) {
        gate->n_unanswered--;
        return 0;
    }
    snprintf(copy, sizeof(copy), "%s", header);
    snprintf(nonce, sizeof(nonce), "%u", gate->nonce);
    if (is_right(copy, gate->algorithm, "p", "OPTIONS") && !strcmp(param(copy, "nonce"), nonce) &&
        gate->uses++ < gate->nonce_uses) {
        gate->n_passed++;
        return player_answer(request, "200 OK", "", buf, size);
    }

    gate->n_challenges++;
    gate->nonce++;
    gate->uses = 0;
    snprintf(line, sizeof(line), gate->challenge, gate->nonce);

    return player_answer(request, gate->status_line, line, buf, size);
}

static struct player *start_gate(struct gate *gate, const char *transport, const char *password)
{
    struct player *carrier =
        player_start(&(struct player_options){.transport = transport, .reply = guard, .user_data = gate});
    char trunk[512];

    snprintf(trunk, sizeof(trunk), "{'id': 't', 'sipAddress': '%s'" AUTH "}", player_uri(carrier), password, "");
    stage_open(&stage, false);
    stage_load(&stage, trunk, "");

    return carrier;
}

#define PLAIN "WWW-Authenticate: Digest realm=\"r\", nonce=\"%u\", qop=\"auth\"\r\n"

/** Of a server, MD5, whose nonces last. */
static struct gate gate_of(const char *challenge)
{
    return (struct gate){.challenge = challenge,
                         .status_line = "401 Unauthorized",
                         .answer_name = "Authorization",
                         .algorithm = "md5",
                         .nonce_uses = UINT32_MAX};
}

START_TEST(the_right_password_is_available_and_challenged_once)
{
    static struct gate gates[] = {
        {PLAIN, "401 Unauthorized", "Authorization", "md5", 0, 0, UINT32_MAX, 0, 0, 0},
        {"WWW-Authenticate: Digest realm=\"r\", nonce=\"%u\"\r\n", "401 Unauthorized", "Authorization", "md5", 0, 0,
         UINT32_MAX, 0, 0, 0},
        {"Proxy-Authenticate: Digest realm=\"r\", nonce=\"%u\", algorithm=SHA-256, qop=\"auth\"\r\n",
         "407 Proxy Authentication Required", "Proxy-Authorization", "sha256", 0, 0, UINT32_MAX, 0, 0, 0},
    };
    static const char *const transports[] = {"udp", "tcp", "udp"};

    for (unsigned i = 0; i < 3; i++) {
        struct player *carrier = start_gate(&gates[i], transports[i], "");
        char request[PLAYER_MESSAGE_MAX];

        stage_await_health(&stage, 0, "t", TRUNKHA_HEALTH_AVAILABLE, STAGE_ANY, NULL);
        player_await(carrier, 4, request); /* one without, the others with */
        ck_assert_uint_eq(stage_stats(&stage).challenges_answered, 1);
        ck_assert_uint_eq(stage_stats(&stage).late_answers + stage_stats(&stage).unknown_answers, 0);
        ck_assert_uint_eq(stage_count(&stage, TRUNKHA_EVENT_TRUNK_STATE), 1);
        stage_close(&stage);
        player_stop(carrier);
        ck_assert_uint_eq(gates[i].n_challenges, 1);
    }
}
END_TEST

START_TEST(a_nonce_that_wears_out_is_no_outage)
{
    static struct gate gate;
    struct player *carrier;
    char request[PLAYER_MESSAGE_MAX];

    gate = gate_of(PLAIN);
    gate.nonce_uses = 2;
    carrier = start_gate(&gate, "udp", "");
    player_await(carrier, 8, request);
    ck_assert_uint_eq(stage_trunk(&stage, "t").health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_uint_eq(stage_target(&stage, 0).failed_attempts, 0);
    ck_assert_uint_eq(stage_count(&stage, TRUNKHA_EVENT_TRUNK_STATE), 1);
    stage_close(&stage);
    player_stop(carrier);
    ck_assert_uint_ge(gate.n_challenges, 2);
}
END_TEST

START_TEST(the_wrong_password_is_an_auth_failure_told_once_and_no_flap)
{
    static struct gate gate;
    struct player *carrier;
    char request[PLAYER_MESSAGE_MAX];
    trunkha_event event;

    gate = gate_of(PLAIN);
    carrier = start_gate(&gate, "udp", "wrong");
    stage_await_health(&stage, 0, "t", TRUNKHA_HEALTH_DOWN, TRUNKHA_REASON_AUTH_FAILURE, &event);
    ck_assert_uint_eq(event.last_response, 401);
    ck_assert_ptr_nonnull(strstr(event.detail, "user or password refused"));
    ck_assert_ptr_nonnull(strstr(event.detail, "realm \"r\""));
    stage_await_log(&stage, "1 t: user or password refused");
    player_await(carrier, player_requests(carrier) + 8, request);
    ck_assert_uint_eq(stage_count(&stage, TRUNKHA_EVENT_TRUNK_STATE), 1);
    ck_assert_uint_eq(stage_trunk(&stage, "t").reason, TRUNKHA_REASON_AUTH_FAILURE);
    ck_assert_uint_eq(stage_count_log(&stage, "wrong"), 0);
    ck_assert_uint_eq(stage_count_log(&stage, "user or password refused"), 1); /* not with each probe */
    ck_assert_uint_eq(gate.n_passed, 0);
    ck_assert_uint_le(gate.n_challenges, player_requests(carrier)); /* no loop */

    stage_close(&stage);
    player_stop(carrier);
}
END_TEST

START_TEST(the_wrong_password_is_told_even_if_the_carrier_was_silent_before)
{
    static struct gate gate;
    struct player *carrier;

    gate = gate_of(PLAIN);
    gate.n_unanswered = 4; /* more than a probe sends in all */
    carrier = start_gate(&gate, "udp", "wrong");
    stage_await_log(&stage, "1 t: user or password refused");
    stage_await_health(&stage, 0, "t", TRUNKHA_HEALTH_DOWN, STAGE_ANY, NULL);
    ck_assert_uint_eq(stage_count_log(&stage, "user or password refused"), 1);
    stage_close(&stage);
    player_stop(carrier);
}
END_TEST

START_TEST(the_right_password_after_a_reload_brings_it_back)
{
    static struct gate gate;
    struct player *carrier;
    char trunk[512];
    unsigned n;

    gate = gate_of(PLAIN);
    carrier = start_gate(&gate, "udp", "wrong");
    n = stage_await_health(&stage, 0, "t", TRUNKHA_HEALTH_DOWN, TRUNKHA_REASON_AUTH_FAILURE, NULL);
    snprintf(trunk, sizeof(trunk), "{'id': 't', 'sipAddress': '%s'" AUTH "}", player_uri(carrier), "", "");
    stage_load(&stage, trunk, "");
    n = stage_await_health(&stage, n, "t", TRUNKHA_HEALTH_AVAILABLE, TRUNKHA_REASON_KEEPALIVE_RECOVERED, NULL);
    snprintf(trunk, sizeof(trunk), "{'id': 't', 'sipAddress': '%s'" AUTH "}", player_uri(carrier), "wrong", "");
    stage_load(&stage, trunk, "");
    stage_await_health(&stage, n, "t", TRUNKHA_HEALTH_DOWN, TRUNKHA_REASON_AUTH_FAILURE, NULL);
    stage_close(&stage);
    player_stop(carrier);
}
END_TEST

START_TEST(a_challenge_that_cannot_be_answered_is_an_auth_failure)
{
    static struct gate gate;
    struct player *carrier;
    trunkha_event event;

    gate = gate_of("WWW-Authenticate: Digest realm=\"r\", nonce=\"%u\", algorithm=ROT13\r\n");
    carrier = start_gate(&gate, "udp", "");
    stage_await_health(&stage, 0, "t", TRUNKHA_HEALTH_DOWN, TRUNKHA_REASON_AUTH_FAILURE, &event);
    ck_assert_ptr_nonnull(strstr(event.detail, "ROT13"));
    stage_close(&stage);
    player_stop(carrier);
}
END_TEST

START_TEST(a_challenge_without_credentials_is_an_answer)
{
    static struct gate gate;
    struct player *carrier;
    char trunk[128];

    gate = gate_of(PLAIN);
    carrier = player_start(&(struct player_options){.reply = guard, .user_data = &gate});
    snprintf(trunk, sizeof(trunk), "{'id': 't', 'sipAddress': '%s'}", player_uri(carrier));
    stage_open(&stage, false);
    stage_load(&stage, trunk, "");
    stage_await_health(&stage, 0, "t", TRUNKHA_HEALTH_AVAILABLE, STAGE_ANY, NULL);
    ck_assert_uint_eq(stage_target(&stage, 0).last_response, 401);
    stage_close(&stage);
    player_stop(carrier);
}
END_TEST

SUITE("authorize", each_algorithm_is_answered, a_proxy_is_answered_as_a_proxy,
      the_strongest_of_several_challenges_is_answered, what_cannot_be_answered_says_why,
      a_challenge_of_another_realm_is_not_answered, a_challenge_cannot_break_out_of_the_header,
      any_thread_may_ask_but_no_child, the_right_password_is_available_and_challenged_once,
      a_nonce_that_wears_out_is_no_outage, the_wrong_password_is_an_auth_failure_told_once_and_no_flap,
      the_wrong_password_is_told_even_if_the_carrier_was_silent_before, the_right_password_after_a_reload_brings_it_back,
      a_challenge_that_cannot_be_answered_is_an_auth_failure, a_challenge_without_credentials_is_an_answer)
