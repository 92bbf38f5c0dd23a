#include "adapters/tls.h"

#include <openssl/err.h>
#include <time.h>

#include "../suite.h"
#include "adapters/tls_room.h"
#include "test_tls.h"

#define NAME "sip.carrier.example"

static const struct tha_addr peer_a = {.ip = {192, 0, 2, 1}, .port = 5061, .family = 4, .transport = THA_TRANSPORT_TLS};
static const struct tha_addr peer_b = {.ip = {192, 0, 2, 2}, .port = 5061, .family = 4, .transport = THA_TRANSPORT_TLS};

/** A session of ours and a server, with nothing but memory between them. */
struct pair {
    struct tha_tls_session *session;
    SSL *server;
    enum tha_tls_step step;
    bool is_byte_by_byte;
    size_t n_to_server;
};

static struct pair pair_new(struct tha_tls_context *context, SSL_CTX *server, const char *name)
{
    struct pair pair = {.server = SSL_new(server)};

    ck_assert_int_eq(tha_tls_session_new(context, name, &peer_a, &pair.session), 0);
    SSL_set_bio(pair.server, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(pair.server);

    return pair;
}

static void pair_free(struct pair *pair)
{
    tha_tls_session_free(pair->session);
    SSL_free(pair->server);
}

static void to_server(struct pair *pair)
{
    char buf[777];
    size_t n;

    while ((n = tha_tls_session_pull(pair->session, buf, sizeof(buf)))) {
        ck_assert_int_eq(BIO_write(SSL_get_rbio(pair->server), buf, (int)n), (int)n);
        pair->n_to_server += n;
    }
    ck_assert_uint_eq(tha_tls_session_waiting(pair->session), 0);
}

/** Returns whether there was anything. */
static bool to_session(struct pair *pair)
{
    char buf[4096];
    int n = BIO_read(SSL_get_wbio(pair->server), buf, sizeof(buf));

    for (int i = 0; i < n && pair->is_byte_by_byte; i++)
        pair->step = tha_tls_session_feed(pair->session, buf + i, 1);
    if (n > 0 && !pair->is_byte_by_byte)
        pair->step = tha_tls_session_feed(pair->session, buf, (size_t)n);

    return n > 0;
}

/** Carries to and fro until neither has anything to say, or the session has ended. */
static void carry(struct pair *pair)
{
    char nothing[1];

    pair->step = tha_tls_session_feed(pair->session, NULL, 0);
    do {
        to_server(pair);
        SSL_read(pair->server, nothing, 0); /* shakes hands as well */
        if (!SSL_is_init_finished(pair->server))
            SSL_do_handshake(pair->server);
        ERR_clear_error();
    } while (to_session(pair));
    to_server(pair);
}

/** What the peer's last words were, for after the handshake: in TLS 1.3 it judges our certificate then. */
static void read_nothing(struct pair *pair)
{
    char buf[16];

    ck_assert_uint_eq(tha_tls_session_read(pair->session, buf, sizeof(buf)), 0);
    pair->step = tha_tls_session_feed(pair->session, NULL, 0);
}

static void expect_exchange(struct pair *pair)
{
    char buf[64];

    ck_assert_int_eq(pair->step, THA_TLS_OPEN);
    ck_assert_int_eq(tha_tls_session_write(pair->session, "OPTIONS", 7), 0);
    to_server(pair);
    ck_assert_int_eq(SSL_read(pair->server, buf, sizeof(buf)), 7);
    ck_assert_int_eq(SSL_write(pair->server, "200 OK", 6), 6);
    ck_assert(to_session(pair));
    ck_assert_int_eq(pair->step, THA_TLS_OPEN);
    ck_assert_uint_eq(tha_tls_session_read(pair->session, buf, sizeof(buf)), 6);
    ck_assert_int_eq(memcmp(buf, "200 OK", 6), 0);
    ck_assert_uint_eq(tha_tls_session_read(pair->session, buf, sizeof(buf)), 0);
    ck_assert_int_eq(tha_tls_session_feed(pair->session, NULL, 0), THA_TLS_OPEN);
}

/** Connects with @p settings as @p name to a server that shows @p shown. */
static struct pair meet(const struct tha_tls_settings *settings, const char *name, const char *shown, int max_version)
{
    struct tha_tls_context *context = context_of(settings);
    SSL_CTX *server = server_new(shown, max_version);
    struct pair pair = pair_new(context, server, name);

    tha_tls_context_unref(context); /* the session holds it */
    SSL_CTX_free(server);
    carry(&pair);

    return pair;
}

static void expect_detail(const struct pair *pair, const char *part)
{
    const char *detail = tha_tls_session_detail(pair->session);

    ck_assert_int_eq(pair->step, THA_TLS_FAILED);
    ck_assert_msg(strstr(detail, part) != NULL, "\"%s\" is not in \"%s\"", part, detail);
    ck_assert_uint_lt(strlen(detail), THA_TLS_DETAIL_SIZE);
}

START_TEST(both_versions_are_spoken_and_verified)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    struct tha_tls_settings settings = settings_of_test();

    for (unsigned i = 0; i < 4; i++) {
        struct tha_tls_context *context = context_of(&settings);
        SSL_CTX *server = server_new("server", versions[i % 2]);
        struct pair pair = pair_new(context, server, NAME);
        struct tha_tls_facts facts;

        pair.is_byte_by_byte = i >= 2;
        carry(&pair);
        expect_exchange(&pair);
        tha_tls_session_get_facts(pair.session, &facts);
        ck_assert_str_eq(facts.version, i % 2 ? "TLSv1.3" : "TLSv1.2");
        ck_assert(strstr(facts.cipher, "AES") || strstr(facts.cipher, "CHACHA"));
        ck_assert_str_eq(facts.subject, "server.example");
        ck_assert_str_eq(facts.issuer, "trunkha test CA");
        ck_assert_str_eq(facts.names, "sip.carrier.example, localhost, 127.0.0.1, [::1]");
        ck_assert_int_gt(facts.not_after, time(NULL) + 999 * 86400);
        ck_assert_int_lt(facts.not_after, time(NULL) + 1001 * 86400);
        ck_assert(facts.is_verified);
        ck_assert(!facts.is_resumed);
        pair_free(&pair);
        SSL_CTX_free(server);
        tha_tls_context_unref(context);
    }
}
END_TEST

START_TEST(server_is_asked_for_by_name_but_never_by_address)
{
    static const char *const names[] = {NAME, "127.0.0.1", "::1", "[::1]", "LOCALHOST", NAME "."};
    struct tha_tls_settings settings = settings_of_test();

    for (unsigned i = 0; i < 6; i++) {
        struct pair pair = meet(&settings, names[i], "server", 0);
        const char *asked = SSL_get_servername(pair.server, TLSEXT_NAMETYPE_host_name);

        expect_exchange(&pair);
        if (i == 0 || i >= 4)
            ck_assert_str_eq(asked, i == 4 ? "LOCALHOST" : NAME);
        else
            ck_assert_ptr_null(asked);
        pair_free(&pair);
    }
}
END_TEST

/** What is wrong with the certificate, and the sentence for it. */
static const struct fault {
    const char *name, *shown, *detail;
} faults[] = {
    {NAME, "expired", "certificate has expired (2021-01-01)"},
    {NAME, "future", "certificate is not valid yet (from 2099-01-01)"},
    {NAME, "self-signed", "self-signed certificate \"localhost\""},
    {NAME, "stranger", "unknown issuer \"Some other CA\""},
    {NAME, "wrong-name", "certificate is for sip.other.example, sip2.other.example, not for sip.carrier.example"},
    {"192.0.2.1", "server", "certificate is for sip.carrier.example, localhost, 127.0.0.1, [::1], not for 192.0.2.1"},
    {"2001:db8::1", "server", "not for 2001:db8::1"},
    {"server.example", "server", "not for server.example"}, /* its common name does not count */
    {"a.b.carrier.example", "wildcard", "certificate is for *.carrier.example, not for a.b.carrier.example"},
    {"sip.carrier.example", "domain", "certificate is for sip:carrier.example, not for sip.carrier.example"},
    {"", "server", "no name that a certificate could have"},
};

START_TEST(every_fault_of_a_certificate_is_named)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    struct tha_tls_settings settings = settings_of_test();

    for (unsigned i = 0; i < sizeof(faults) / sizeof(*faults); i++) {
        for (unsigned v = 0; v < 2; v++) {
            struct pair pair = meet(&settings, faults[i].name, faults[i].shown, versions[v]);

            expect_detail(&pair, faults[i].detail);
            ck_assert(!SSL_is_init_finished(pair.server));
            ck_assert_int_eq(tha_tls_session_write(pair.session, "x", 1), TRUNKHA_ERR_SYSTEM);
            read_nothing(&pair);
            ck_assert_int_eq(pair.step, THA_TLS_FAILED);
            pair_free(&pair);
        }
    }
}
END_TEST

START_TEST(unverified_faults_are_facts_only)
{
    struct tha_tls_settings settings = settings_of_test();

    settings.verify = false;
    for (unsigned i = 0; i + 1 < sizeof(faults) / sizeof(*faults); i++) {
        struct pair pair = meet(&settings, faults[i].name, faults[i].shown, 0);
        struct tha_tls_facts facts;

        expect_exchange(&pair);
        tha_tls_session_get_facts(pair.session, &facts);
        ck_assert(!facts.is_verified);
        ck_assert_str_eq(tha_tls_session_detail(pair.session), "");
        pair_free(&pair);
    }
}
END_TEST

START_TEST(wildcards_domains_and_chains_are_accepted)
{
    static const char *const good[][2] = {{"sip.carrier.example", "wildcard"},
                                          {"carrier.example", "domain"},
                                          {"Carrier.Example", "domain"},
                                          {NAME, "chained"}};
    struct tha_tls_settings settings = settings_of_test();

    for (unsigned i = 0; i < 4; i++) {
        struct pair pair = meet(&settings, good[i][0], good[i][1], 0);
        struct tha_tls_facts facts;

        expect_exchange(&pair);
        tha_tls_session_get_facts(pair.session, &facts);
        ck_assert(facts.is_verified);
        pair_free(&pair);
    }
}
END_TEST

START_TEST(long_names_are_cut_so_that_both_are_seen)
{
    struct tha_tls_settings settings = settings_of_test();
    char name[201];
    struct pair pair;

    memset(name, 'w', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    for (unsigned i = 60; i < 200; i += 60)
        name[i] = '.';
    pair = meet(&settings, name, "wrong-name", 0);
    expect_detail(&pair, "certificate is for sip.other.example, sip2.o");
    expect_detail(&pair, ", not for wwwwwwwwwwwwwwwwwwwwwwwwwwwwww");
    ck_assert_uint_eq(strlen(tha_tls_session_detail(pair.session)), THA_TLS_DETAIL_SIZE - 1);
    pair_free(&pair);
}
END_TEST

START_TEST(old_versions_are_refused_and_named)
{
    struct tha_tls_settings settings = settings_of_test();
    struct pair pair = meet(&settings, NAME, "server", TLS1_1_VERSION);

    expect_detail(&pair, "peer refuses TLS 1.2 and newer (alert: protocol version)");
    pair_free(&pair);

    settings.min_version = THA_TLS_1_3;
    pair = meet(&settings, NAME, "server", TLS1_2_VERSION);
    expect_detail(&pair, "peer refuses TLS 1.3 and newer (alert: protocol version)");
    pair_free(&pair);

    pair = meet(&settings, NAME, "server", 0);
    expect_exchange(&pair);
    pair_free(&pair);
}
END_TEST

/** As some do who do not mind what we offered. */
START_TEST(server_hello_of_an_old_version_tells_which)
{
    static const unsigned char hello[] = {0x16, 3, 2, 0,  44,    /* record */
                                          2,    0, 0, 40, 3,  2, /* ServerHello of TLS 1.1 */
                                          1,    2, 3, 4,  5,  6, 7,  8,  9,  10, 11, 12, 13, 14, 15,   16,   1, 2, 3,
                                          4,    5, 6, 7,  8,  9, 10, 11, 12, 13, 14, 15, 16, 0,  0xc0, 0x13, 0, 0, 0};
    struct tha_tls_settings settings = settings_of_test();
    struct tha_tls_context *context = context_of(&settings);
    struct pair pair = {0};

    ck_assert_int_eq(tha_tls_session_new(context, NAME, NULL, &pair.session), 0);
    ck_assert_int_eq(tha_tls_session_feed(pair.session, NULL, 0), THA_TLS_MORE);
    pair.step = tha_tls_session_feed(pair.session, hello, sizeof(hello));
    expect_detail(&pair, "peer speaks TLS 1.1, at least 1.2 is wanted");
    tha_tls_session_free(pair.session);
    tha_tls_context_unref(context);
}
END_TEST

START_TEST(key_exchange_with_a_group_of_the_servers_choice_is_not_offered)
{
    struct tha_tls_settings settings = settings_of_test();
    struct pair pair = meet(&settings, NAME, "server", TLS1_2_VERSION);
    STACK_OF(SSL_CIPHER) *offered = SSL_get_client_ciphers(pair.server);
    unsigned n_ecdhe = 0, n_rsa = 0;

    for (int i = 0; i < sk_SSL_CIPHER_num(offered); i++) {
        int exchange = SSL_CIPHER_get_kx_nid(sk_SSL_CIPHER_value(offered, i));

        ck_assert_int_ne(exchange, NID_kx_dhe);
        n_ecdhe += exchange == NID_kx_ecdhe;
        n_rsa += exchange == NID_kx_rsa;
    }
    ck_assert_uint_gt(n_ecdhe, 0);
    ck_assert_uint_gt(n_rsa, 0);
    pair_free(&pair);
}
END_TEST

START_TEST(finite_fields_are_no_groups_of_ours)
{
    struct tha_tls_settings settings = settings_of_test();
    struct tha_tls_context *context = context_of(&settings);
    SSL_CTX *server = server_new("server", 0);
    struct pair pair;

    if (SSL_CTX_set1_groups_list(server, "ffdhe2048") == 1) { /* OpenSSL has them from 3.0 */
        pair = pair_new(context, server, NAME);
        carry(&pair);
        expect_detail(&pair, "handshake failure");
        pair_free(&pair);
    }
    SSL_CTX_free(server);
    tha_tls_context_unref(context);
}
END_TEST

START_TEST(cipher_that_was_not_offered_is_refused_before_its_group_comes)
{
    static const unsigned char hello[] = {0x16, 3,  3, 0,  49,      /* record */
                                          2,    0,  0, 45, 3,    3, /* ServerHello of TLS 1.2, DHE-RSA-AES128-GCM-SHA256 */
                                          1,    2,  3, 4,  5,    6, 7, 8, 9,    10, 11, 12, 13, 14, 15,
                                          16,   1,  2, 3,  4,    5, 6, 7, 8,    9,  10, 11, 12, 13, 14,
                                          15,   16, 0, 0,  0x9e, 0, 0, 5, 0xff, 1,  0,  1,  0}; /* renegotiation_info */
    struct tha_tls_settings settings = settings_of_test();
    struct tha_tls_context *context = context_of(&settings);
    struct pair pair = {0};

    ck_assert_int_eq(tha_tls_session_new(context, NAME, NULL, &pair.session), 0);
    ck_assert_int_eq(tha_tls_session_feed(pair.session, NULL, 0), THA_TLS_MORE);
    pair.step = tha_tls_session_feed(pair.session, hello, sizeof(hello));
    expect_detail(&pair, "cipher");
    tha_tls_session_free(pair.session);
    tha_tls_context_unref(context);
}
END_TEST

START_TEST(peer_that_does_not_speak_tls_is_told_of)
{
    static const char *const answers[] = {"SIP/2.0 400 Bad Request\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n\r\n",
                                          "\xff\xff\xff\xff\xff\xff"};
    struct tha_tls_settings settings = settings_of_test();
    struct tha_tls_context *context = context_of(&settings);

    for (unsigned i = 0; i < 3; i++) {
        struct pair pair = {0};

        ck_assert_int_eq(tha_tls_session_new(context, NAME, NULL, &pair.session), 0);
        tha_tls_session_feed(pair.session, NULL, 0);
        pair.step = tha_tls_session_feed(pair.session, answers[i], strlen(answers[i]));
        expect_detail(&pair, "peer does not speak TLS");
        tha_tls_session_free(pair.session);
    }
    tha_tls_context_unref(context);
}
END_TEST

/** Meets a server that wants a certificate of ours. */
static struct pair meet_strict(const struct tha_tls_settings *settings, int version)
{
    struct tha_tls_context *context = context_of(settings);
    SSL_CTX *server = server_new("server", version);
    struct pair pair;

    server_want_client(server);
    pair = pair_new(context, server, NAME);
    tha_tls_context_unref(context);
    SSL_CTX_free(server);
    carry(&pair);

    return pair;
}

START_TEST(our_certificate_is_shown_and_missed_and_rejected)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

    for (unsigned i = 0; i < 2; i++) {
        struct tha_tls_settings settings = settings_of_test();
        struct pair pair = meet_strict(&settings, versions[i]);

        if (i)
            read_nothing(&pair);
        expect_detail(&pair, "peer wants a client certificate, certFile names none (alert: ");
        pair_free(&pair);

        settings.cert_file = certificate("stranger-client.pem");
        settings.key_file = certificate("stranger-client.key");
        pair = meet_strict(&settings, versions[i]);
        if (i)
            read_nothing(&pair);
        expect_detail(&pair, "peer rejects our client certificate (alert: unknown CA)");
        pair_free(&pair);

        settings.cert_file = certificate("client.pem");
        settings.key_file = certificate("client.key");
        pair = meet_strict(&settings, versions[i]);
        expect_exchange(&pair);
        pair_free(&pair);
    }
}
END_TEST

static bool is_resumed(const struct pair *pair)
{
    struct tha_tls_facts facts;

    tha_tls_session_get_facts(pair->session, &facts);
    ck_assert(facts.is_verified);
    ck_assert_str_eq(facts.subject, "server.example");

    return facts.is_resumed;
}

START_TEST(what_was_agreed_is_resumed_with_that_name_at_that_address_alone)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    struct tha_tls_settings settings = settings_of_test();

    for (unsigned v = 0; v < 2; v++) {
        struct tha_tls_context *context = context_of(&settings);
        SSL_CTX *server = server_new("server", versions[v]);
        struct pair pair;

        for (unsigned i = 0; i < 4; i++) { /* cut off each time, without goodbyes */
            pair = pair_new(context, server, NAME);
            carry(&pair);
            expect_exchange(&pair);
            ck_assert_int_eq(is_resumed(&pair), i > 0);
            pair_free(&pair);
        }
        pair = pair_new(context, server, "localhost");
        carry(&pair);
        ck_assert(!is_resumed(&pair));
        pair_free(&pair);

        pair = pair_new(context, server, NAME);
        tha_tls_session_free(pair.session);
        ck_assert_int_eq(tha_tls_session_new(context, NAME, &peer_b, &pair.session), 0);
        carry(&pair);
        ck_assert(!is_resumed(&pair));
        pair_free(&pair);
        SSL_CTX_free(server);
        tha_tls_context_unref(context);
    }
}
END_TEST

START_TEST(failure_forgets_what_could_be_resumed)
{
    struct tha_tls_settings settings = settings_of_test();
    struct tha_tls_context *context = context_of(&settings);
    SSL_CTX *server = server_new("server", 0);
    struct pair pair = pair_new(context, server, NAME);

    carry(&pair);
    expect_exchange(&pair);
    pair_free(&pair);

    pair = pair_new(context, server, NAME);
    tha_tls_session_feed(pair.session, NULL, 0);
    ck_assert_int_eq(tha_tls_session_feed(pair.session, "nonsense", 8), THA_TLS_FAILED);
    pair_free(&pair);

    pair = pair_new(context, server, NAME);
    carry(&pair);
    expect_exchange(&pair);
    ck_assert(!is_resumed(&pair));
    pair_free(&pair);
    SSL_CTX_free(server);
    tha_tls_context_unref(context);
}
END_TEST

static void *counting_realloc(void *ptr, size_t size, void *user_data)
{
    *(long *)user_data += (size && !ptr) - (!size && ptr);

    return tha_mem_default.realloc_cb(ptr, size, NULL);
}

START_TEST(many_peers_are_remembered_but_not_without_end)
{
    long n_blocks = 0, n_before;
    const struct tha_mem mem = {counting_realloc, &n_blocks};
    struct tha_tls_settings settings = settings_of_test();
    struct tha_tls_context *context;
    struct tha_tls_session *session;

    ck_assert_int_eq(tha_tls_context_new(&mem, &settings, &context, NULL, 0), 0);
    ck_assert_int_eq(tha_tls_session_new(context, NAME, &peer_a, &session), 0);
    n_before = n_blocks;
    for (unsigned i = 0; i < 40000; i++) {
        session->peer.ip[1] = (uint8_t)(i >> 8);
        session->peer.ip[2] = (uint8_t)i;
        ck_assert(tha_tls_cache_put(&context->cache, session, SSL_SESSION_new()));
        ck_assert_int_eq(n_blocks - n_before, i < 5000 ? i + 1 : n_blocks - n_before);
    }
    ck_assert_int_le(n_blocks - n_before, 256 * THA_TLS_CHAINS);
    tha_tls_session_free(session);
    tha_tls_context_unref(context);
    ck_assert_int_eq(n_blocks, 0);
}
END_TEST

START_TEST(goodbyes_are_heard_and_said)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    struct tha_tls_settings settings = settings_of_test();

    for (unsigned i = 0; i < 2; i++) {
        struct pair pair = meet(&settings, NAME, "server", versions[i]);
        char buf[16];

        expect_exchange(&pair);
        SSL_write(pair.server, "last", 4);
        SSL_shutdown(pair.server);
        ck_assert(to_session(&pair));
        ck_assert_int_eq(pair.step, THA_TLS_OPEN);
        ck_assert_uint_eq(tha_tls_session_read(pair.session, buf, sizeof(buf)), 4);
        read_nothing(&pair);
        ck_assert_int_eq(pair.step, THA_TLS_CLOSED);
        ck_assert_int_ne(tha_tls_session_write(pair.session, "x", 1), 0);

        tha_tls_session_end(pair.session);
        to_server(&pair);
        ck_assert_int_le(SSL_read(pair.server, buf, sizeof(buf)), 0);
        ck_assert_int_eq(SSL_get_shutdown(pair.server), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        pair_free(&pair);
    }
}
END_TEST

START_TEST(large_writes_come_whole)
{
    enum { SIZE = 200000 };
    struct tha_tls_settings settings = settings_of_test();
    struct pair pair = meet(&settings, NAME, "server", 0);
    char *data = malloc(SIZE), *got = malloc(SIZE);
    size_t len = 0, n;

    for (size_t i = 0; i < SIZE; i++)
        data[i] = (char)(i * 31 >> 3);
    ck_assert_int_eq(tha_tls_session_write(pair.session, data, SIZE), 0);
    ck_assert_uint_gt(tha_tls_session_waiting(pair.session), SIZE);
    to_server(&pair);
    while (len < SIZE && SSL_read_ex(pair.server, got + len, SIZE - len, &n) == 1)
        len += n;
    ck_assert_uint_eq(len, SIZE);
    ck_assert_int_eq(memcmp(data, got, SIZE), 0);
    free(data);
    free(got);
    pair_free(&pair);
}
END_TEST

START_TEST(renegotiation_is_declined_and_the_session_goes_on)
{
    struct tha_tls_settings settings = settings_of_test();
    struct pair pair = meet(&settings, NAME, "server", TLS1_2_VERSION);
    char buf[16];

    SSL_renegotiate(pair.server);
    SSL_do_handshake(pair.server);
    ck_assert(to_session(&pair));
    ck_assert_uint_eq(tha_tls_session_read(pair.session, buf, sizeof(buf)), 0);
    ck_assert_int_eq(tha_tls_session_feed(pair.session, NULL, 0), THA_TLS_OPEN);
    ck_assert_uint_gt(tha_tls_session_waiting(pair.session), 0); /* the alert that says no */
    ck_assert_uint_lt(tha_tls_session_waiting(pair.session), 100);
    pair_free(&pair);
}
END_TEST

START_TEST(nonsense_in_an_open_session_ends_it)
{
    struct tha_tls_settings settings = settings_of_test();
    struct pair pair = meet(&settings, NAME, "server", 0);
    char buf[16];

    expect_exchange(&pair);
    ck_assert_int_eq(tha_tls_session_feed(pair.session,
                                          "\x17\x03\x03\x00\x20"
                                          "0123456789abcdef0123456789abcdef",
                                          37),
                     THA_TLS_OPEN);
    ck_assert_uint_eq(tha_tls_session_read(pair.session, buf, sizeof(buf)), 0);
    pair.step = tha_tls_session_feed(pair.session, NULL, 0);
    expect_detail(&pair, "TLS: ");
    pair_free(&pair);
}
END_TEST

/** Settings, and what is said of them. */
START_TEST(wrong_files_are_named_with_the_reason)
{
    const struct {
        const char *ca, *certificate, *key, *said;
    } cases[] = {
        {"/nonexistent/ca.pem", "", "", "caFile /nonexistent/ca.pem: No such file or directory"},
        {certificate("ca.key"), "", "", "ca.key: "},
        {"", "/nonexistent/cert.pem", "", "certFile /nonexistent/cert.pem: No such file or directory"},
        {"", certificate("client.key"), "", "certFile "},
        {"", certificate("client.pem"), "", "certFile "}, /* without a key in it */
        {"", certificate("client.pem"), "/nonexistent/key.pem", "keyFile /nonexistent/key.pem: No such file or directory"},
        {"", certificate("client.pem"), certificate("server.key"), "key values mismatch"},
    };

    for (unsigned i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
        const struct tha_tls_settings settings = {
            .ca_file = cases[i].ca, .cert_file = cases[i].certificate, .key_file = cases[i].key, .verify = true};
        struct tha_tls_context *context = NULL;
        char error[256] = "";

        ck_assert_int_eq(tha_tls_context_new(&tha_mem_default, &settings, &context, error, sizeof(error)),
                         TRUNKHA_ERR_CONFIG);
        ck_assert_msg(strstr(error, cases[i].said) != NULL, "\"%s\" is not in \"%s\"", cases[i].said, error);
        ck_assert_ptr_null(context);
        ck_assert_uint_eq(ERR_peek_error(), 0);
    }
}
END_TEST

START_TEST(encrypted_key_is_refused_without_asking_anybody)
{
    char command[512], path[128], error[256] = "";
    struct tha_tls_settings settings = settings_of_test();
    struct tha_tls_context *context = NULL;

    snprintf(path, sizeof(path), "%s", certificate("locked.key"));
    snprintf(command, sizeof(command), "openssl ec -aes128 -passout pass:secret -in %s -out %s 2>/dev/null",
             certificate("client.key"), path);
    ck_assert_int_eq(system(command), 0);
    settings.cert_file = certificate("client.pem");
    settings.key_file = path;
    ck_assert_int_eq(tha_tls_context_new(&tha_mem_default, &settings, &context, error, sizeof(error)), TRUNKHA_ERR_CONFIG);
    ck_assert_msg(strstr(error, "keyFile ") != NULL, "%s", error);
}
END_TEST

static void *failing_realloc(void *ptr, size_t size, void *user_data)
{
    unsigned *left = user_data;

    if (size && !(*left)--)
        return NULL;

    return tha_mem_default.realloc_cb(ptr, size, NULL);
}

/** One handshake and one exchange; what fails must say so. Returns whether all went well. */
static bool try_all(const struct tha_mem *mem, SSL_CTX *server)
{
    struct tha_tls_settings settings = settings_of_test();
    struct tha_tls_context *context = NULL;
    struct pair pair = {0};
    char error[64];
    bool is_good;

    if (tha_tls_context_new(mem, &settings, &context, error, sizeof(error)))
        return false;
    if (tha_tls_session_new(context, NAME, &peer_a, &pair.session)) {
        tha_tls_context_unref(context);
        return false;
    }
    pair.server = SSL_new(server);
    SSL_set_bio(pair.server, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_accept_state(pair.server);
    carry(&pair);
    is_good = pair.step == THA_TLS_OPEN && !tha_tls_session_write(pair.session, "x", 1);
    if (pair.step == THA_TLS_FAILED)
        ck_assert_str_eq(tha_tls_session_detail(pair.session), "out of memory");
    pair_free(&pair);
    tha_tls_context_unref(context);

    return is_good;
}

START_TEST(want_of_memory_is_survived_everywhere)
{
    SSL_CTX *server = server_new("server", 0);
    unsigned n = 0, left;
    const struct tha_mem mem = {failing_realloc, &left};

    do {
        left = n;
    } while (!try_all(&mem, server) && ++n < 1000);
    ck_assert_uint_gt(n, 5);
    ck_assert_uint_lt(n, 1000);
    SSL_CTX_free(server);
}
END_TEST

SUITE("tls", both_versions_are_spoken_and_verified, server_is_asked_for_by_name_but_never_by_address,
      every_fault_of_a_certificate_is_named, unverified_faults_are_facts_only, wildcards_domains_and_chains_are_accepted,
      long_names_are_cut_so_that_both_are_seen, old_versions_are_refused_and_named,
      server_hello_of_an_old_version_tells_which, key_exchange_with_a_group_of_the_servers_choice_is_not_offered,
      finite_fields_are_no_groups_of_ours, cipher_that_was_not_offered_is_refused_before_its_group_comes,
      peer_that_does_not_speak_tls_is_told_of, our_certificate_is_shown_and_missed_and_rejected,
      what_was_agreed_is_resumed_with_that_name_at_that_address_alone, failure_forgets_what_could_be_resumed,
      many_peers_are_remembered_but_not_without_end, goodbyes_are_heard_and_said, large_writes_come_whole,
      renegotiation_is_declined_and_the_session_goes_on, nonsense_in_an_open_session_ends_it,
      wrong_files_are_named_with_the_reason, encrypted_key_is_refused_without_asking_anybody,
      want_of_memory_is_survived_everywhere)
