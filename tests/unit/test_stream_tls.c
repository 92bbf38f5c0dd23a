#include "adapters/stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>

#include "../suite.h"
#include "adapters/stream_room.h"
#include "test_stream.h"
#include "test_tls.h"

#define NAME    "sip.carrier.example"
#define OPTIONS "OPTIONS sip:b SIP/2.0\r\nContent-Length: 0\r\n\r\n"
#define OK      "SIP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"

/** A stream of ours under way to a TLS server, which the test plays. */
struct scene {
    struct rig rig;
    struct talk talk;
    struct tha_tls_context *context;
    struct tha_stream_options options;
    SSL_CTX *server;
    SSL *ssl; /**< NULL = the peer has said nothing yet */
    int listener, fd;
};

static void scene_init(struct scene *scene, const struct tha_tls_settings *settings, SSL_CTX *server)
{
    signal(SIGPIPE, SIG_IGN); /* for our peers: OpenSSL's own sockets raise it */
    memset(scene, 0, sizeof(*scene));
    rig_init(&scene->rig);
    scene->context = context_of(settings);
    scene->server = server;
    scene->listener = listen_on("127.0.0.1", 200, &scene->options.addr);
    scene->options.addr.transport = THA_TRANSPORT_TLS;
    scene->options.context = scene->context;
    scene->options.server_name = NAME;
    scene->fd = -1;
}

static void scene_connect(struct scene *scene)
{
    talk_open(&scene->talk, &scene->rig, &scene->options);
    scene->fd = accept_one(scene->listener);
}

/** Returns what SSL_accept() does. */
static int scene_accept(struct scene *scene)
{
    int result;

    scene->ssl = SSL_new(scene->server);
    SSL_set_fd(scene->ssl, scene->fd);
    result = SSL_accept(scene->ssl);
    ERR_clear_error();

    return result;
}

static void scene_open(struct scene *scene)
{
    scene_connect(scene);
    ck_assert_int_eq(scene_accept(scene), 1);
    talk_expect_opened(&scene->talk);
}

/** Lets go of the connection, for another. */
static void scene_hang_up(struct scene *scene)
{
    talk_done(&scene->talk);
    SSL_free(scene->ssl);
    scene->ssl = NULL;
    if (scene->fd >= 0)
        close(scene->fd);
}

static void scene_done(struct scene *scene)
{
    scene_hang_up(scene);
    tha_tls_context_unref(scene->context);
    rig_done(&scene->rig);
    SSL_CTX_free(scene->server);
    close(scene->listener);
}

static void server_say(struct scene *scene, const char *text)
{
    ck_assert_int_eq(SSL_write(scene->ssl, text, (int)strlen(text)), (int)strlen(text));
}

static void server_expect(struct scene *scene, const char *text)
{
    size_t len = strlen(text), got = 0, n;
    char *buf = malloc(len);

    while (got < len && SSL_read_ex(scene->ssl, buf + got, len - got, &n) == 1)
        got += n;
    ck_assert_uint_eq(got, len);
    ck_assert_int_eq(memcmp(buf, text, len), 0);
    free(buf);
}

START_TEST(messages_go_out_and_come_in_sealed)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    const struct tha_tls_settings settings = settings_of_test();

    for (unsigned i = 0; i < 2; i++) {
        struct scene scene;
        struct tha_addr local;

        scene_init(&scene, &settings, server_new("server", versions[i]));
        scene_open(&scene);
        talk_say(&scene.talk, OPTIONS);
        server_expect(&scene, OPTIONS);
        server_say(&scene, OK "SIP/2.0");
        talk_expect_message(&scene.talk, 1);
        server_say(&scene, " 200 OK\r\n\r\n\r\n\r\n");
        talk_expect_message(&scene.talk, 2);
        server_expect(&scene, "\r\n");
        ck_assert_str_eq(scene.talk.text, OK "SIP/2.0 200 OK\r\n\r\n");

        ck_assert(scene.talk.has_facts);
        ck_assert_str_eq(scene.talk.facts.version, i ? "TLSv1.3" : "TLSv1.2");
        ck_assert(scene.talk.facts.is_verified);
        tha_stream_get_local(scene.talk.stream, &local);
        ck_assert_uint_eq(local.transport, THA_TRANSPORT_TLS);
        scene_done(&scene);
    }
}
END_TEST

START_TEST(longest_messages_pass_both_ways)
{
    const struct tha_tls_settings settings = settings_of_test();
    static char message[THA_STREAM_MESSAGE_MAX + 1];
    int len = sprintf(message, "SIP/2.0 200 OK\r\nContent-Length: %zu\r\n\r\n", sizeof(message) - 1 - 41);
    struct scene scene;

    ck_assert_int_eq(len, 41);
    memset(message + len, 'y', sizeof(message) - 1 - (size_t)len);
    scene_init(&scene, &settings, server_new("server", 0));
    scene_open(&scene);
    scene.talk.echoes = true;
    for (unsigned i = 1; i <= 3; i++) {
        server_say(&scene, message);
        server_expect(&scene, message);
        talk_expect_message(&scene.talk, i);
    }
    scene_done(&scene);
}
END_TEST

START_TEST(what_the_peer_does_not_read_waits_and_is_bounded)
{
    const struct tha_tls_settings settings = settings_of_test();
    static char message[10001];
    struct scene scene;
    size_t sent = 0, received = 0;

    for (size_t i = 0; i + 1 < sizeof(message); i++)
        message[i] = (char)('a' + i % 26);
    scene_init(&scene, &settings, server_new("server", 0));
    scene_open(&scene);
    while (talk_send(&scene.talk, message, sizeof(message) - 1) == 0) {
        sent += sizeof(message) - 1;
        ck_assert_uint_lt(sent, 64U << 20);
    }
    ck_assert_int_eq(talk_send(&scene.talk, message, sizeof(message) - 1), ENOBUFS);
    for (; received < sent; received += sizeof(message) - 1)
        server_expect(&scene, message);
    talk_say(&scene.talk, OPTIONS);
    server_expect(&scene, OPTIONS);
    ck_assert_ptr_null(scene.talk.stream->out.data);
    scene_done(&scene);
}
END_TEST

/** Each question of the server's is answered with a "no" that it never reads. */
START_TEST(peer_that_asks_without_end_and_reads_nothing_is_given_up)
{
    const struct tha_tls_settings settings = settings_of_test();
    int room = 4096;
    struct scene scene;
    unsigned n = 0;

    scene_init(&scene, &settings, server_new("server", TLS1_2_VERSION));
    setsockopt(scene.listener, SOL_SOCKET, SO_RCVBUF, &room, sizeof(room));
    scene_open(&scene);
    do {
        SSL_renegotiate(scene.ssl);
    } while (SSL_do_handshake(scene.ssl) == 1 && ++n < 1000000);
    ERR_clear_error();
    talk_expect_end(&scene.talk, THA_STREAM_BROKEN, ENOBUFS);
    scene_done(&scene);
}
END_TEST

START_TEST(goodbye_and_plain_close_are_both_in_order)
{
    const struct tha_tls_settings settings = settings_of_test();

    for (unsigned i = 0; i < 2; i++) {
        struct scene scene;
        char c;

        scene_init(&scene, &settings, server_new("server", 0));
        scene_open(&scene);
        if (i)
            SSL_shutdown(scene.ssl);
        shutdown(scene.fd, SHUT_WR);
        talk_expect_end(&scene.talk, THA_STREAM_CLOSED, 0);
        ck_assert_str_eq(scene.talk.detail, "closed by the peer");
        ck_assert_int_eq(SSL_read(scene.ssl, &c, 1), 0);
        ck_assert_int_eq(SSL_get_shutdown(scene.ssl) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN); /* ours was sent */
        scene_done(&scene);
    }
}
END_TEST

START_TEST(freeing_says_goodbye)
{
    const struct tha_tls_settings settings = settings_of_test();
    struct scene scene;
    char c;

    scene_init(&scene, &settings, server_new("server", 0));
    scene_open(&scene);
    talk_say(&scene.talk, OPTIONS);
    rig_do(&scene.rig, job_free, &scene.talk);
    server_expect(&scene, OPTIONS);
    ck_assert_int_eq(SSL_read(scene.ssl, &c, 1), 0);
    ck_assert_int_eq(SSL_get_shutdown(scene.ssl) & SSL_RECEIVED_SHUTDOWN, SSL_RECEIVED_SHUTDOWN);
    scene_done(&scene);
}
END_TEST

START_TEST(fault_of_the_certificate_is_told_to_both_sides)
{
    const struct tha_tls_settings settings = settings_of_test();
    struct scene scene;

    scene_init(&scene, &settings, server_new("expired", TLS1_2_VERSION));
    scene_connect(&scene);
    scene.ssl = SSL_new(scene.server);
    SSL_set_fd(scene.ssl, scene.fd);
    ck_assert_int_ne(SSL_accept(scene.ssl), 1);
    ck_assert_int_eq(ERR_GET_REASON(ERR_peek_error()), SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED);
    ERR_clear_error();
    talk_expect_end(&scene.talk, THA_STREAM_TLS, 0);
    ck_assert_str_eq(scene.talk.detail, "certificate has expired (2021-01-01)");
    ck_assert_uint_eq(scene.talk.n_opened, 0);
    scene_done(&scene);
}
END_TEST

START_TEST(peer_that_rejects_our_certificate_is_told_of_after_the_opening)
{
    struct tha_tls_settings settings = settings_of_test();
    SSL_CTX *server = server_new("server", TLS1_3_VERSION);
    struct scene scene;

    settings.cert_file = certificate("stranger-client.pem");
    settings.key_file = certificate("stranger-client.key");
    server_want_client(server);
    scene_init(&scene, &settings, server);
    scene_connect(&scene);
    ck_assert_int_ne(scene_accept(&scene), 1);
    close(scene.fd);
    scene.fd = -1;
    wait_for(&scene.talk.told); /* that it is open */
    talk_expect_end(&scene.talk, THA_STREAM_TLS, 0);
    ck_assert_uint_eq(scene.talk.n_opened, 1);
    ck_assert_str_eq(scene.talk.detail, "peer rejects our client certificate (alert: unknown CA)");
    scene_done(&scene);
}
END_TEST

START_TEST(peer_that_is_silent_in_the_handshake_times_out)
{
    const struct tha_tls_settings settings = settings_of_test();
    struct scene scene;

    scene_init(&scene, &settings, server_new("server", 0));
    scene.options.connect_timeout_ms = 200;
    scene_connect(&scene);
    talk_expect_end(&scene.talk, THA_STREAM_TLS, ETIMEDOUT);
    ck_assert_str_eq(scene.talk.detail, "no TLS handshake in 0.2 s");
    scene_done(&scene);
}
END_TEST

START_TEST(peer_that_goes_away_in_the_handshake_is_told_of)
{
    const struct tha_tls_settings settings = settings_of_test();
    struct scene scene;
    char c;

    scene_init(&scene, &settings, server_new("server", 0));
    scene_connect(&scene);
    ck_assert_int_eq(recv(scene.fd, &c, 1, MSG_PEEK), 1);
    shutdown(scene.fd, SHUT_WR);
    talk_expect_end(&scene.talk, THA_STREAM_TLS, 0);
    ck_assert_str_eq(scene.talk.detail, "closed by the peer during the TLS handshake");
    scene_hang_up(&scene);

    scene_connect(&scene);
    ck_assert_int_eq(recv(scene.fd, &c, 1, MSG_PEEK), 1);
    peer_reset(scene.fd);
    scene.fd = -1;
    talk_expect_end(&scene.talk, THA_STREAM_BROKEN, ECONNRESET);
    scene_done(&scene);
}
END_TEST

START_TEST(peer_that_does_not_speak_tls_is_told_of)
{
    const struct tha_tls_settings settings = settings_of_test();
    struct scene scene;

    scene_init(&scene, &settings, server_new("server", 0));
    scene_connect(&scene);
    peer_say(scene.fd, "SIP/2.0 400 Bad Request\r\n\r\n");
    talk_expect_end(&scene.talk, THA_STREAM_TLS, 0);
    ck_assert_int_eq(strncmp(scene.talk.detail, "peer does not speak TLS", 23), 0);
    scene_done(&scene);
}
END_TEST

START_TEST(reconnection_resumes_the_session_even_after_a_reset)
{
    static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};
    const struct tha_tls_settings settings = settings_of_test();

    for (unsigned v = 0; v < 2; v++) {
        struct scene scene;

        scene_init(&scene, &settings, server_new("server", versions[v]));
        for (unsigned i = 0; i < 3; i++) {
            scene_open(&scene);
            ck_assert_int_eq(scene.talk.facts.is_resumed, i > 0);
            ck_assert(scene.talk.facts.is_verified);
            server_say(&scene, OK);
            talk_expect_message(&scene.talk, 1);
            if (i == 1) {
                peer_reset(scene.fd);
                scene.fd = -1;
                talk_expect_end(&scene.talk, THA_STREAM_BROKEN, ECONNRESET);
            }
            scene_hang_up(&scene);
        }
        scene_open(&scene);
        scene_done(&scene);
    }
}
END_TEST

START_TEST(stream_may_be_freed_in_each_of_its_handlers)
{
    const struct tha_tls_settings settings = settings_of_test();

    for (unsigned handler = IN_OPENED; handler <= IN_CLOSED; handler <<= 1) {
        struct scene scene;
        char c;

        scene_init(&scene, &settings, server_new("server", 0));
        scene.talk.free_in = handler;
        scene_open(&scene);
        if (handler == IN_MESSAGE) {
            server_say(&scene, OK OK);
            talk_expect_message(&scene.talk, 1);
        }
        if (handler == IN_CLOSED) {
            SSL_shutdown(scene.ssl);
            talk_expect_end(&scene.talk, THA_STREAM_CLOSED, 0);
        }
        ck_assert_int_eq(SSL_read(scene.ssl, &c, 1), 0);
        ck_assert_ptr_null(scene.talk.stream);
        scene_done(&scene);
    }
}
END_TEST

START_TEST(a_hundred_streams_talk_at_once)
{
    enum { N = 100 };
    const struct tha_tls_settings settings = settings_of_test();
    static struct scene scenes[N]; /* the first one's rig serves all */
    struct rig *rig = &scenes[0].rig;

    scene_init(&scenes[0], &settings, server_new("server", 0));
    for (unsigned i = 0; i < N; i++) {
        if (i)
            scenes[i] = (struct scene){.server = scenes[0].server, .fd = -1};
        scenes[i].talk.echoes = true;
        talk_open(&scenes[i].talk, rig, &scenes[0].options);
    }
    for (unsigned i = 0; i < N; i++) {
        scenes[i].fd = accept_one(scenes[0].listener);
        ck_assert_int_eq(scene_accept(&scenes[i]), 1);
    }
    for (unsigned i = 0; i < N; i++)
        talk_expect_opened(&scenes[i].talk);
    for (unsigned i = 0; i < N; i++)
        server_say(&scenes[i], OK);
    for (unsigned i = 0; i < N; i++)
        server_expect(&scenes[i], OK);
    for (unsigned i = 0; i < N; i++)
        talk_expect_message(&scenes[i].talk, 1);
    for (unsigned i = 1; i < N; i++)
        scene_hang_up(&scenes[i]);
    scene_done(&scenes[0]);
}
END_TEST

static void *failing_realloc(void *ptr, size_t size, void *user_data)
{
    atomic_uint *left = user_data;

    if (size && atomic_fetch_sub(left, 1) == 0)
        return NULL;

    return tha_mem_default.realloc_cb(ptr, size, NULL);
}

/** One message each way with the @p nth allocation of the context and the stream failing; returns whether nothing failed. */
static bool try_all(struct scene *scene, const struct tha_mem *mem)
{
    const struct tha_tls_settings settings = settings_of_test();
    struct open_arg arg = {&scene->talk, scene->options, 0};
    bool is_good = false;
    char error[64];

    if (tha_tls_context_new(mem, &settings, &arg.options.context, error, sizeof(error)))
        return false;
    scene->talk = (struct talk){.rig = &scene->rig};
    sem_init(&scene->talk.told, 0, 0);
    arg.options.connect_timeout_ms = PATIENCE_S * 1000;
    rig_do(&scene->rig, job_open, &arg);
    tha_tls_context_unref(arg.options.context);
    if (arg.err)
        return false;

    scene->fd = accept_one(scene->listener);
    scene_accept(scene);
    wait_for(&scene->talk.told);
    if (scene->talk.n_opened) {
        SSL_write(scene->ssl, OK, sizeof(OK) - 1); /* in vain when it has ended already */
        wait_for(&scene->talk.told);
        is_good = scene->talk.n_messages == 1 && talk_send(&scene->talk, OPTIONS, sizeof(OPTIONS) - 1) == 0;
    }
    while (!sem_trywait(&scene->talk.told))
        ;
    ck_assert(is_good || scene->talk.n_closed == 1 || scene->talk.n_messages == 1);
    scene_hang_up(scene);

    return is_good;
}

START_TEST(want_of_memory_is_survived_everywhere)
{
    const struct tha_tls_settings settings = settings_of_test();
    atomic_uint left;
    unsigned n = 0;
    struct scene scene;

    atomic_store(&left, UINT32_MAX);
    scene_init(&scene, &settings, server_new("server", 0));
    scene.rig.mem = (struct tha_mem){failing_realloc, &left};
    do {
        atomic_store(&left, n);
    } while (!try_all(&scene, &scene.rig.mem) && ++n < 200);
    ck_assert_uint_gt(n, 5);
    ck_assert_uint_lt(n, 200);
    tha_tls_context_unref(scene.context);
    rig_done(&scene.rig);
    SSL_CTX_free(scene.server);
    close(scene.listener);
}
END_TEST

SUITE("stream_tls", messages_go_out_and_come_in_sealed, longest_messages_pass_both_ways,
      what_the_peer_does_not_read_waits_and_is_bounded, peer_that_asks_without_end_and_reads_nothing_is_given_up,
      goodbye_and_plain_close_are_both_in_order, freeing_says_goodbye, fault_of_the_certificate_is_told_to_both_sides,
      peer_that_rejects_our_certificate_is_told_of_after_the_opening, peer_that_is_silent_in_the_handshake_times_out,
      peer_that_goes_away_in_the_handshake_is_told_of, peer_that_does_not_speak_tls_is_told_of,
      reconnection_resumes_the_session_even_after_a_reset, stream_may_be_freed_in_each_of_its_handlers,
      a_hundred_streams_talk_at_once, want_of_memory_is_survived_everywhere)
