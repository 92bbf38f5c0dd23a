#include "adapters/stream.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/resource.h>

#include "../suite.h"
#include "adapters/stream_room.h"
#include "test_stream.h"

#define OPTIONS   "OPTIONS sip:b SIP/2.0\r\nVia: SIP/2.0/TCP a;branch=z9hG4bK1\r\nContent-Length: 0\r\n\r\n"
#define OK        "SIP/2.0 200 OK\r\nVia: SIP/2.0/TCP a;branch=z9hG4bK1\r\nContent-Length: 0\r\n\r\n"
#define WITH_BODY "SIP/2.0 200 OK\r\nl: 11\r\n\r\nv=0\r\n\r\nSIP/"

/** A stream that is open, and the socket of its peer. */
struct scene {
    struct rig rig;
    struct talk talk;
    struct tha_addr addr;
    int listener, fd;
};

static void scene_init(struct scene *scene, const char *ip, bool is_time_still)
{
    struct tha_stream_options options = {.connect_timeout_ms = 0};

    memset(scene, 0, sizeof(*scene));
    rig_init(&scene->rig);
    scene->rig.is_time_still = is_time_still;
    scene->listener = listen_on(ip, 5, &scene->addr);
    options.addr = scene->addr;
    talk_open(&scene->talk, &scene->rig, &options);
    scene->fd = accept_one(scene->listener);
    talk_expect_opened(&scene->talk);
}

static void scene_done(struct scene *scene)
{
    talk_done(&scene->talk);
    rig_done(&scene->rig);
    close(scene->listener);
    close(scene->fd);
}

START_TEST(messages_go_out_and_come_in_over_both_families)
{
    static const char *const ips[] = {"127.0.0.1", "::1"};

    for (unsigned i = 0; i < 2; i++) {
        struct scene scene;
        struct tha_addr local, ip;

        scene_init(&scene, ips[i], false);
        talk_say(&scene.talk, OPTIONS);
        peer_expect(scene.fd, OPTIONS);
        peer_say(scene.fd, OK);
        talk_expect_message(&scene.talk, 1);
        ck_assert_str_eq(scene.talk.text, OK);
        ck_assert(!scene.talk.has_facts);

        tha_stream_get_local(scene.talk.stream, &local);
        tha_addr_parse_ip(&ip, ips[i], strlen(ips[i]));
        ck_assert(tha_addr_is_same_ip(&local, &ip));
        ck_assert_uint_ne(local.port, 0);
        ck_assert_uint_eq(local.transport, THA_TRANSPORT_TCP);
        scene_done(&scene);
    }
}
END_TEST

START_TEST(socket_is_close_on_exec_and_sends_without_delay)
{
    struct scene scene;
    int fd, no_delay = 0;
    socklen_t len = sizeof(no_delay);

    scene_init(&scene, "127.0.0.1", false);
    fd = scene.talk.stream->fd;
    ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    ck_assert_int_eq(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    ck_assert_int_eq(getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &len), 0);
    ck_assert_int_ne(no_delay, 0);
    scene_done(&scene);
}
END_TEST

START_TEST(message_in_pieces_is_one_message)
{
    struct scene scene;

    scene_init(&scene, "127.0.0.1", false);
    for (const char *c = WITH_BODY; *c; c++) {
        ck_assert_uint_eq(scene.talk.n_messages, 0);
        ck_assert_int_eq(send(scene.fd, c, 1, MSG_NOSIGNAL), 1);
        usleep(100); /* so that most of them come alone; it holds however they come */
    }
    talk_expect_message(&scene.talk, 1);
    ck_assert_str_eq(scene.talk.text, WITH_BODY);
    scene_done(&scene);
}
END_TEST

static unsigned draw(unsigned *seed)
{
    *seed = *seed * 1664525U + 1013904223U;

    return *seed >> 8;
}

START_TEST(any_segmentation_gives_the_same_messages)
{
    enum { N = 400 };
    static const char *const messages[] = {OK, WITH_BODY, OPTIONS};
    static char said[N * sizeof(OPTIONS) + N * 4], expected[sizeof(said)];
    struct scene scene;
    unsigned seed = 7;

    for (unsigned i = 0; i < N; i++) {
        const char *message = messages[draw(&seed) % 3];

        strcat(strcat(said, draw(&seed) % 4 ? "" : "\r\n\r\n"), message);
        strcat(expected, message);
    }
    scene_init(&scene, "127.0.0.1", false);
    for (size_t at = 0, n; at < strlen(said); at += n) {
        n = draw(&seed) % 8 ? draw(&seed) % 100 + 1 : draw(&seed) % 4000 + 1;
        n = n < strlen(said) - at ? n : strlen(said) - at;
        ck_assert_int_eq(send(scene.fd, said + at, n, MSG_NOSIGNAL), (ssize_t)n);
    }
    for (unsigned i = 0; i < N; i++)
        wait_for(&scene.talk.told);
    ck_assert_uint_eq(scene.talk.n_messages, N);
    ck_assert_str_eq(scene.talk.text, expected);
    scene_done(&scene);
}
END_TEST

START_TEST(messages_in_one_piece_are_many)
{
    struct scene scene;

    scene_init(&scene, "127.0.0.1", false);
    peer_say(scene.fd, OK WITH_BODY OPTIONS "\r\n\r\n" OK "SIP/2.0 2");
    for (unsigned i = 0; i < 4; i++)
        wait_for(&scene.talk.told);
    ck_assert_str_eq(scene.talk.text, OK WITH_BODY OPTIONS OK);
    peer_expect(scene.fd, "\r\n");
    peer_say(scene.fd, "00 OK\r\n\r\n");
    wait_for(&scene.talk.told);
    ck_assert_uint_eq(scene.talk.n_messages, 5);
    ck_assert_str_eq(scene.talk.text + scene.talk.text_len - 18, "SIP/2.0 200 OK\r\n\r\n");
    scene_done(&scene);
}
END_TEST

START_TEST(refused_connection_is_told_at_once)
{
    struct rig rig;
    struct talk talk = {0};
    struct tha_stream_options options = {.connect_timeout_ms = 0};
    uint64_t start_ms;

    rig_init(&rig);
    close(listen_on("127.0.0.1", 1, &options.addr));
    start_ms = tha_clock_ms();
    talk_open(&talk, &rig, &options);
    talk_expect_end(&talk, THA_STREAM_BROKEN, ECONNREFUSED);
    ck_assert_uint_lt(tha_clock_ms() - start_ms, PATIENCE_S * 1000 / 2); /* not by its deadline */
    talk_done(&talk);
    rig_done(&rig);
}
END_TEST

START_TEST(unreachable_peer_is_told_of_later_never_from_within)
{
    struct rig rig;
    struct talk talk = {0};
    const struct tha_stream_options options = {.addr = {.ip = {255, 255, 255, 255}, .family = 4, .port = 5060}};

    rig_init(&rig);
    talk_open(&talk, &rig, &options);
    talk_expect_end(&talk, THA_STREAM_BROKEN, ENETUNREACH);
    talk_done(&talk);
    rig_done(&rig);
}
END_TEST

START_TEST(connection_that_nobody_accepts_times_out)
{
    struct rig rig;
    struct talk talks[4] = {0};
    struct tha_stream_options options = {.connect_timeout_ms = 300};
    int listener = listen_on("127.0.0.1", 0, &options.addr);
    unsigned n_timed_out = 0;

    rig_init(&rig);
    for (unsigned i = 0; i < 4; i++)
        talk_open(&talks[i], &rig, &options);
    for (unsigned i = 0; i < 4; i++) {
        wait_for(&talks[i].told);
        if (talks[i].n_opened)
            continue;
        n_timed_out++;
        ck_assert_uint_eq(talks[i].end.kind, THA_STREAM_TIMED_OUT);
        ck_assert_int_eq(talks[i].end.system_error, ETIMEDOUT);
        ck_assert_str_eq(talks[i].detail, "no connection in 0.3 s");
    }
    ck_assert_uint_gt(n_timed_out, 0);
    for (unsigned i = 0; i < 4; i++)
        talk_done(&talks[i]);
    rig_done(&rig);
    close(listener);
}
END_TEST

START_TEST(orderly_close_is_told_as_such)
{
    struct scene scene;

    scene_init(&scene, "127.0.0.1", false);
    shutdown(scene.fd, SHUT_WR);
    talk_expect_end(&scene.talk, THA_STREAM_CLOSED, 0);
    ck_assert_str_eq(scene.talk.detail, "closed by the peer");
    peer_expect_end(scene.fd);
    scene_done(&scene);
}
END_TEST

START_TEST(what_was_said_before_the_close_is_told_before_it)
{
    struct scene scene;

    scene_init(&scene, "127.0.0.1", false);
    peer_say(scene.fd, OK "SIP/2.0 200");
    close(scene.fd);
    wait_for(&scene.talk.told);
    wait_for(&scene.talk.told);
    ck_assert_str_eq(scene.talk.text, OK);
    ck_assert_uint_eq(scene.talk.end.kind, THA_STREAM_CLOSED);
    ck_assert_str_eq(scene.talk.detail, "closed by the peer in the middle of a message");
    scene.fd = dup(scene.listener);
    scene_done(&scene);
}
END_TEST

START_TEST(reset_is_told_as_such)
{
    struct scene scene;

    scene_init(&scene, "127.0.0.1", false);
    peer_reset(scene.fd);
    talk_expect_end(&scene.talk, THA_STREAM_BROKEN, ECONNRESET);
    scene.fd = dup(scene.listener);
    scene_done(&scene);
}
END_TEST

/** The reset has come, and the loop has not looked yet. */
static void job_send_to_nobody(struct rig *rig, void *arg)
{
    struct scene *scene = arg;

    (void)rig;
    peer_reset(scene->fd);
    for (unsigned i = 0; i < 3; i++)
        ck_assert_int_eq(tha_stream_send(scene->talk.stream, OPTIONS, sizeof(OPTIONS) - 1), i ? ENOTCONN : 0);
    ck_assert(!tha_stream_is_open(scene->talk.stream));
    ck_assert_uint_eq(scene->talk.n_closed, 0);
}

START_TEST(failure_to_send_is_told_later_and_raises_no_signal)
{
    struct scene scene;

    scene_init(&scene, "127.0.0.1", false);
    rig_do(&scene.rig, job_send_to_nobody, &scene);
    talk_expect_end(&scene.talk, THA_STREAM_BROKEN, ECONNRESET);
    scene.fd = dup(scene.listener);
    scene_done(&scene);
}
END_TEST

START_TEST(freeing_closes_in_order_and_tells_nothing)
{
    struct scene scene;

    scene_init(&scene, "127.0.0.1", false);
    peer_say(scene.fd, "half a mess"); /* nobody reads it: no reset for that */
    talk_say(&scene.talk, OPTIONS);
    talk_done(&scene.talk);
    peer_expect(scene.fd, OPTIONS);
    peer_expect_end(scene.fd);
    scene.talk = (struct talk){.rig = &scene.rig};
    sem_init(&scene.talk.told, 0, 0);
    scene_done(&scene);
}
END_TEST

START_TEST(stream_may_be_freed_in_each_of_its_handlers)
{
    for (unsigned handler = IN_OPENED; handler <= IN_CLOSED; handler <<= 1) {
        struct rig rig;
        struct talk talk = {.free_in = handler};
        struct tha_stream_options options = {.connect_timeout_ms = 0};
        int listener = listen_on("127.0.0.1", 5, &options.addr), fd;

        rig_init(&rig);
        talk_open(&talk, &rig, &options);
        fd = accept_one(listener);
        talk_expect_opened(&talk);
        if (handler == IN_MESSAGE) {
            peer_say(fd, "SIP/2.0 200 OK\r\nl: 2\r\n\r\na");
            usleep(1000);
            peer_say(fd, "b" OK);
            talk_expect_message(&talk, 1);
        }
        if (handler == IN_CLOSED) {
            shutdown(fd, SHUT_WR);
            talk_expect_end(&talk, THA_STREAM_CLOSED, 0);
        }
        peer_expect_end(fd);
        ck_assert_ptr_null(talk.stream);
        ck_assert_uint_eq(talk.n_closed, handler == IN_CLOSED);
        talk_done(&talk);
        rig_done(&rig);
        close(fd);
        close(listener);
    }
}
END_TEST

/** What ends a connection, and what is said of it. */
static const struct nonsense {
    const char *said, *detail;
} nonsense[] = {
    {"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "peer does not speak SIP: \"HTTP/1.1 400 Bad Request?\""},
    {"SSH-2.0-OpenSSH_9.2\r\n\r\n", "peer does not speak SIP: \"SSH-2.0-OpenSSH_9.2?\""},
    {"\x16\x03\x01", "peer does not speak SIP: \"???\""},
    {"SIP/2.0 200 OK\r\nContent-Length: 65536\r\n\r\n", "a message too long, or without a good Content-Length"},
    {"SIP/2.0 200 OK\r\nl: 1\r\nl: 2\r\n\r\n", "a message too long, or without a good Content-Length"},
};

START_TEST(nonsense_ends_the_connection)
{
    for (unsigned i = 0; i < sizeof(nonsense) / sizeof(*nonsense); i++) {
        struct scene scene;

        scene_init(&scene, "127.0.0.1", false);
        peer_say(scene.fd, nonsense[i].said);
        talk_expect_end(&scene.talk, THA_STREAM_NONSENSE, 0);
        ck_assert_str_eq(scene.talk.detail, nonsense[i].detail);
        peer_expect_end(scene.fd);
        scene_done(&scene);
    }
}
END_TEST

START_TEST(nonsense_behind_messages_ends_the_connection_after_them)
{
    for (unsigned is_late = 0; is_late < 2; is_late++) {
        struct scene scene;

        scene_init(&scene, "127.0.0.1", false);
        if (is_late) { /* so that the beginning of a message is held already */
            peer_say(scene.fd, OK "SIP/2.0 200");
            talk_expect_message(&scene.talk, 1);
        }
        peer_say(scene.fd, is_late ? " OK\r\n\r\n\x01" : OK OPTIONS "\x01");
        if (!is_late)
            wait_for(&scene.talk.told);
        wait_for(&scene.talk.told);
        talk_expect_end(&scene.talk, THA_STREAM_NONSENSE, 0);
        ck_assert_uint_eq(scene.talk.n_messages, 2);
        scene_done(&scene);
    }
}
END_TEST

START_TEST(longest_message_is_taken_and_a_longer_one_is_not)
{
    static const char format[] = "SIP/2.0 200 OK\r\nContent-Length: %05zu\r\n\r\n";
    char headers[64];
    size_t header_len = (size_t)snprintf(headers, sizeof(headers), format, (size_t)0);

    for (size_t size = THA_STREAM_MESSAGE_MAX; size <= THA_STREAM_MESSAGE_MAX + 1; size++) {
        char *message = malloc(size + 1);
        struct scene scene;

        scene_init(&scene, "127.0.0.1", false);
        memset(message, 'x', size);
        message[size] = '\0';
        snprintf(headers, sizeof(headers), format, size - header_len);
        memcpy(message, headers, header_len);
        peer_say(scene.fd, message);
        if (size > THA_STREAM_MESSAGE_MAX) {
            talk_expect_end(&scene.talk, THA_STREAM_NONSENSE, 0);
        } else {
            talk_expect_message(&scene.talk, 1);
            ck_assert_uint_eq(scene.talk.text_len, size);
        }
        scene_done(&scene);
        free(message);
    }
}
END_TEST

START_TEST(what_the_peer_does_not_read_waits_and_is_bounded)
{
    static char message[10000];
    struct scene scene;
    size_t sent = 0, received = 0;
    char *got = malloc(sizeof(message));

    for (size_t i = 0; i < sizeof(message); i++)
        message[i] = (char)('a' + i % 26);
    scene_init(&scene, "127.0.0.1", false);
    while (talk_send(&scene.talk, message, sizeof(message)) == 0) {
        sent += sizeof(message);
        ck_assert_uint_lt(sent, 64U << 20);
    }
    ck_assert_int_eq(talk_send(&scene.talk, message, sizeof(message)), ENOBUFS);
    ck_assert_int_eq(talk_send(&scene.talk, message, THA_STREAM_QUEUE_MAX + 1), ENOBUFS);
    ck_assert_uint_gt(sent, THA_STREAM_QUEUE_MAX - sizeof(message));

    for (; received < sent; received += sizeof(message)) {
        ck_assert_int_eq(recv(scene.fd, got, sizeof(message), MSG_WAITALL), sizeof(message));
        ck_assert_int_eq(memcmp(got, message, sizeof(message)), 0);
    }
    talk_say(&scene.talk, OPTIONS);
    peer_expect(scene.fd, OPTIONS);
    ck_assert_ptr_null(scene.talk.stream->out.data); /* an idle one holds nothing */
    ck_assert_ptr_null(scene.talk.stream->in.data);
    free(got);
    scene_done(&scene);
}
END_TEST

/* ---- Keep-alive ---- */

START_TEST(ping_of_the_peer_is_answered_even_in_pieces)
{
    struct scene scene;

    scene_init(&scene, "127.0.0.1", false);
    peer_say(scene.fd, "\r\n\r\n");
    peer_expect(scene.fd, "\r\n");
    for (const char *c = "\r\n\r\n"; *c; c++) {
        ck_assert_int_eq(send(scene.fd, c, 1, MSG_NOSIGNAL), 1);
        usleep(1000);
    }
    peer_expect(scene.fd, "\r\n");
    peer_say(scene.fd, "\r\n" OK);
    talk_expect_message(&scene.talk, 1);
    scene_done(&scene);
}
END_TEST

START_TEST(flood_of_pings_is_not_answered_by_a_flood)
{
    struct scene scene;
    char pings[4 * 4000 + 1] = "";
    char buf[2];
    unsigned n_pongs = 0;

    scene_init(&scene, "127.0.0.1", false);
    for (size_t i = 0; i < sizeof(pings) - 1; i++)
        pings[i] = i % 2 ? '\n' : '\r';
    peer_say(scene.fd, pings);
    peer_say(scene.fd, OK);
    talk_expect_message(&scene.talk, 1);
    peer_expect(scene.fd, "\r\n");
    talk_say(&scene.talk, OPTIONS);
    while (recv(scene.fd, buf, 2, MSG_WAITALL) == 2 && buf[0] == '\r')
        ck_assert_uint_lt(++n_pongs, 100);
    scene_done(&scene);
}
END_TEST

static void expect_nothing(int fd)
{
    char c;

    ck_assert_int_eq(recv(fd, &c, 1, MSG_DONTWAIT), -1);
    ck_assert_int_eq(errno, EAGAIN);
}

START_TEST(ping_is_sent_when_nothing_else_was_for_25_seconds)
{
    struct scene scene;
    uint64_t start_ms = tha_clock_ms(), opened_ms;

    scene_init(&scene, "127.0.0.1", true);
    opened_ms = scene.talk.stream->sent_ms;
    ck_assert_uint_ge(opened_ms, start_ms);
    rig_expire(&scene.rig, opened_ms + 24999);
    expect_nothing(scene.fd);
    rig_expire(&scene.rig, opened_ms + 25000);
    peer_expect(scene.fd, "\r\n\r\n");
    scene_done(&scene);

    scene_init(&scene, "127.0.0.1", true);
    opened_ms = scene.talk.stream->sent_ms;
    usleep(3000);
    talk_say(&scene.talk, OPTIONS);
    peer_expect(scene.fd, OPTIONS);
    rig_expire(&scene.rig, opened_ms + 25000);
    expect_nothing(scene.fd);
    rig_expire(&scene.rig, scene.talk.stream->sent_ms + 25000);
    peer_expect(scene.fd, "\r\n\r\n");
    scene_done(&scene);
}
END_TEST

/** Waits until the stream knows of an answer, or has seen what is behind it. */
static void talk_pong(struct scene *scene, unsigned n)
{
    peer_say(scene->fd, "\r\n");
    peer_say(scene->fd, OK);
    talk_expect_message(&scene->talk, n);
}

START_TEST(peer_that_stops_answering_pings_is_gone_ten_seconds_later)
{
    struct scene scene;
    uint64_t ping_ms;

    scene_init(&scene, "127.0.0.1", true);
    ping_ms = scene.talk.stream->sent_ms + 25000;
    rig_expire(&scene.rig, ping_ms);
    peer_expect(scene.fd, "\r\n\r\n");
    talk_pong(&scene, 1);
    rig_expire(&scene.rig, ping_ms + 10000);
    ck_assert(tha_stream_is_open(scene.talk.stream));

    ping_ms += 60000;
    rig_expire(&scene.rig, ping_ms);
    peer_expect(scene.fd, "\r\n\r\n");
    rig_expire(&scene.rig, ping_ms + 9999);
    ck_assert(tha_stream_is_open(scene.talk.stream));
    rig_expire(&scene.rig, ping_ms + 10000);
    talk_expect_end(&scene.talk, THA_STREAM_BROKEN, ETIMEDOUT);
    ck_assert_str_eq(scene.talk.detail, "no answer to a keep-alive");
    scene_done(&scene);
}
END_TEST

/** The answer is there, but the loop looks at the time first. */
static void job_pong_and_expire(struct rig *rig, void *arg)
{
    struct scene *scene = arg;
    uint64_t ping_ms = scene->talk.stream->sent_ms + 60000;

    tha_streams_handle_expiry(rig->streams, ping_ms);
    peer_expect(scene->fd, "\r\n\r\n");
    peer_say(scene->fd, "\r\n");
    tha_streams_handle_expiry(rig->streams, ping_ms + 10000);
    ck_assert(tha_stream_is_open(scene->talk.stream));
}

START_TEST(answer_to_a_ping_that_waits_when_its_time_is_over_counts)
{
    struct scene scene;

    scene_init(&scene, "127.0.0.1", true);
    rig_expire(&scene.rig, scene.talk.stream->sent_ms + 25000);
    peer_expect(scene.fd, "\r\n\r\n");
    talk_pong(&scene, 1);
    rig_expire(&scene.rig, scene.talk.stream->sent_ms + 10000);
    rig_do(&scene.rig, job_pong_and_expire, &scene);
    scene_done(&scene);
}
END_TEST

START_TEST(peer_that_never_answered_a_ping_is_not_blamed_for_it)
{
    struct scene scene;
    uint64_t now_ms;

    scene_init(&scene, "127.0.0.1", true);
    now_ms = scene.talk.stream->sent_ms;
    for (unsigned i = 0; i < 5; i++) {
        now_ms += 36000;
        rig_expire(&scene.rig, now_ms);
        peer_expect(scene.fd, "\r\n\r\n");
        rig_expire(&scene.rig, now_ms + 10000);
        ck_assert(tha_stream_is_open(scene.talk.stream));
        now_ms += 10000;
    }
    scene_done(&scene);
}
END_TEST

/* ---- Our end ---- */

START_TEST(connection_leaves_from_the_address_and_port_that_it_was_given)
{
    struct rig rig;
    struct tha_stream_options options = {.local = {.ip = {127, 0, 0, 9}, .family = 4}};
    struct talk talks[3] = {0};
    struct tha_addr locals[3];
    int listeners[3], fds[3];

    rig_init(&rig);
    for (unsigned i = 0; i < 3; i++) { /* the third leaves from where the second does */
        listeners[i] = listen_on("127.0.0.1", 5, &options.addr);
        options.local.port = i ? locals[i - 1].port : 0;
        if (i == 1) { /* a port that is given may be in use without SO_REUSEADDR: take one that is free */
            close(listen_on("127.0.0.9", 1, &locals[1]));
            options.local.port = locals[1].port;
        }
        talk_open(&talks[i], &rig, &options);
        fds[i] = accept_one(listeners[i]);
        talk_expect_opened(&talks[i]);
        tha_stream_get_local(talks[i].stream, &locals[i]);
        ck_assert_uint_eq(locals[i].ip[3], 9);
        ck_assert_uint_ne(locals[i].port, 0);
        ck_assert(i == 0 || locals[i].port == options.local.port);
    }
    for (unsigned i = 0; i < 3; i++) {
        talk_done(&talks[i]);
        close(fds[i]);
        close(listeners[i]);
    }
    rig_done(&rig);
}
END_TEST

START_TEST(connection_that_meets_itself_is_refused)
{
    struct rig rig;
    struct tha_stream_options options = {.local = {.family = 0}};
    struct talk talk = {0};

    rig_init(&rig);
    close(listen_on("127.0.0.1", 1, &options.addr));
    options.local = options.addr; /* as the system may choose it where nobody listens */
    talk_open(&talk, &rig, &options);
    talk_expect_end(&talk, THA_STREAM_BROKEN, ECONNREFUSED);
    talk_done(&talk);
    rig_done(&rig);
}
END_TEST

START_TEST(address_that_is_not_ours_is_told_of)
{
    struct rig rig;
    struct talk talk = {0};
    struct tha_stream_options options = {.local = {.ip = {192, 0, 2, 1}, .family = 4}};
    int listener = listen_on("127.0.0.1", 5, &options.addr);

    rig_init(&rig);
    talk_open(&talk, &rig, &options);
    talk_expect_end(&talk, THA_STREAM_BROKEN, EADDRNOTAVAIL);
    talk_done(&talk);
    rig_done(&rig);
    close(listener);
}
END_TEST

/* ---- Many ---- */

#define MANY 500

static void let_descriptors_be_many(void)
{
    struct rlimit limit;

    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

START_TEST(five_hundred_streams_talk_at_once_on_high_descriptors)
{
    static struct talk talks[MANY];
    static int fds[MANY];
    struct rig rig;
    struct tha_stream_options options = {.connect_timeout_ms = 0};
    int listener = listen_on("127.0.0.1", MANY, &options.addr);
    static int fillers[6000];
    unsigned n_fillers = 0;

    let_descriptors_be_many();
    rig_init(&rig);
    while (n_fillers < 6000 && (fillers[n_fillers] = dup(listener)) >= 0)
        n_fillers++;
    for (unsigned i = n_fillers < 6000 ? n_fillers - 2 * MANY - 50 : 6000; i < n_fillers; i++)
        close(fillers[i]); /* a low limit: only as far as it goes */

    for (unsigned i = 0; i < MANY; i++) {
        talks[i].echoes = true;
        talk_open(&talks[i], &rig, &options);
    }
    for (unsigned i = 0; i < MANY; i++)
        fds[i] = accept_one(listener);
    for (unsigned i = 0; i < MANY; i++)
        talk_expect_opened(&talks[i]);
    for (unsigned round = 0; round < 5; round++) {
        for (unsigned i = 0; i < MANY; i++)
            peer_say(fds[i], OPTIONS);
        for (unsigned i = 0; i < MANY; i++)
            peer_expect(fds[i], OPTIONS);
    }
    for (unsigned i = 0; i < MANY; i += 2)
        close(fds[i]);
    for (unsigned i = 0; i < MANY; i++) {
        for (unsigned round = 0; round < 5; round++)
            wait_for(&talks[i].told);
        if (i % 2 == 0)
            talk_expect_end(&talks[i], THA_STREAM_CLOSED, 0);
        talk_done(&talks[i]);
        if (i % 2)
            close(fds[i]);
    }
    rig_done(&rig);
    for (unsigned i = 0; i < (n_fillers < 6000 ? n_fillers - 2 * MANY - 50 : 6000); i++)
        close(fillers[i]);
    close(listener);
}
END_TEST

START_TEST(peer_that_never_stops_talking_leaves_the_others_their_turn)
{
    struct scene scene;
    struct talk other = {0};
    struct tha_stream_options options = {.connect_timeout_ms = 0};
    static char flood[sizeof(OK) * 20000];
    size_t sent = 0;
    int fd;

    for (size_t i = 0; i < 20000; i++)
        memcpy(flood + i * (sizeof(OK) - 1), OK, sizeof(OK) - 1);
    scene_init(&scene, "127.0.0.1", false);
    scene.talk.only_counts = true;
    fcntl(scene.fd, F_SETFL, O_NONBLOCK);
    options.addr = scene.addr;
    for (unsigned i = 0; i < 5; i++) {
        ssize_t n;

        while ((n = send(scene.fd, flood + sent, (sizeof(OK) - 1) * 20000 - sent, MSG_NOSIGNAL)) > 0)
            sent += (size_t)n;
        other = (struct talk){.rig = NULL};
        talk_open(&other, &scene.rig, &options);
        fd = accept_one(scene.listener);
        talk_expect_opened(&other);
        talk_done(&other);
        close(fd);
    }
    ck_assert_uint_lt(tha_loop_longest_stall_us(scene.rig.loop), 1000000);
    for (size_t i = 0; i < sent / (sizeof(OK) - 1); i++)
        wait_for(&scene.talk.told);
    ck_assert_uint_eq(scene.talk.n_messages, sent / (sizeof(OK) - 1));
    scene_done(&scene);
}
END_TEST

/* ---- Without memory ---- */

static void *failing_realloc(void *ptr, size_t size, void *user_data)
{
    atomic_uint *left = user_data;

    if (size && atomic_fetch_sub(left, 1) == 0)
        return NULL;

    return tha_mem_default.realloc_cb(ptr, size, NULL);
}

/** One message each way; returns whether nothing failed. */
static bool try_all(struct rig *rig)
{
    struct talk talk = {0};
    struct open_arg arg = {&talk, {.connect_timeout_ms = PATIENCE_S * 1000}, 0};
    int listener = listen_on("127.0.0.1", 5, &arg.options.addr), fd = -1;
    bool is_good;

    talk.rig = rig;
    sem_init(&talk.told, 0, 0);
    rig_do(rig, job_open, &arg);
    if (arg.err) {
        ck_assert_int_eq(arg.err, TRUNKHA_ERR_NOMEM);
        ck_assert_ptr_null(talk.stream);
        close(listener);
        return false;
    }
    wait_for(&talk.told);
    if (talk.n_opened) {
        fd = accept_one(listener);
        peer_say(fd, "SIP/2.0 200 OK\r\nl: 1\r\n\r\n");
        usleep(2000);
        send(fd, "x", 1, MSG_NOSIGNAL);
        wait_for(&talk.told);
    }
    is_good = talk.n_messages == 1;
    if (!is_good) {
        ck_assert_uint_eq(talk.n_closed, 1);
        ck_assert_uint_eq(talk.end.kind, THA_STREAM_BROKEN);
        ck_assert_int_eq(talk.end.system_error, ENOMEM);
    }
    talk_done(&talk);
    close(listener);
    if (fd >= 0)
        close(fd);

    return is_good;
}

START_TEST(want_of_memory_is_survived_everywhere)
{
    atomic_uint left;
    unsigned n = 0;
    bool is_good = false;

    for (; !is_good && n < 100; n++) {
        const struct tha_loop_handlers handlers = {rig_on_start, rig_on_expiry, rig_on_doorbell, rig_on_end, NULL};
        struct tha_loop_handlers mine = handlers;
        struct rig rig = {.mem = {failing_realloc, &left}};

        mine.user_data = &rig;
        sem_init(&rig.job_done, 0, 0);
        atomic_store(&left, n);
        if (tha_loop_new(&rig.mem, &rig.log, &mine, &rig.loop))
            continue;
        is_good = try_all(&rig);
        rig_done(&rig);
    }
    ck_assert(is_good);
    ck_assert_uint_gt(n, 5);
}
END_TEST

SUITE("stream", messages_go_out_and_come_in_over_both_families, socket_is_close_on_exec_and_sends_without_delay,
      message_in_pieces_is_one_message, any_segmentation_gives_the_same_messages, messages_in_one_piece_are_many,
      refused_connection_is_told_at_once, unreachable_peer_is_told_of_later_never_from_within,
      connection_that_nobody_accepts_times_out, orderly_close_is_told_as_such,
      what_was_said_before_the_close_is_told_before_it, reset_is_told_as_such,
      failure_to_send_is_told_later_and_raises_no_signal, freeing_closes_in_order_and_tells_nothing,
      stream_may_be_freed_in_each_of_its_handlers, nonsense_ends_the_connection,
      nonsense_behind_messages_ends_the_connection_after_them, longest_message_is_taken_and_a_longer_one_is_not,
      what_the_peer_does_not_read_waits_and_is_bounded, ping_of_the_peer_is_answered_even_in_pieces,
      flood_of_pings_is_not_answered_by_a_flood, ping_is_sent_when_nothing_else_was_for_25_seconds,
      peer_that_stops_answering_pings_is_gone_ten_seconds_later, answer_to_a_ping_that_waits_when_its_time_is_over_counts,
      peer_that_never_answered_a_ping_is_not_blamed_for_it, connection_leaves_from_the_address_and_port_that_it_was_given,
      connection_that_meets_itself_is_refused, address_that_is_not_ours_is_told_of,
      five_hundred_streams_talk_at_once_on_high_descriptors, peer_that_never_stops_talking_leaves_the_others_their_turn,
      want_of_memory_is_survived_everywhere)
