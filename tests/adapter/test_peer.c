/* A peer asks us how we are: OPTIONS answered 200, 503 while draining; and packets that prove nothing change nothing. */
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../suite.h"
#include "world.h"

#define OPTIONS                                                                                                             \
    "OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKpeer;rport\r\nMax-Forwards: 70\r\n"        \
    "From: <sip:peer@127.0.0.1>;tag=peer\r\nTo: <sip:127.0.0.1>\r\nCall-ID: peer-1\r\nCSeq: 7 OPTIONS\r\n"                  \
    "Content-Length: 0\r\n\r\n"

/** A socket of @p host connected to @p port of 127.0.0.1. */
static int peer_at(const char *host, uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = inet_addr(host)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);

    return fd;
}

static int peer_of(uint16_t port)
{
    return peer_at("127.0.0.1", port);
}

/** Sends @p text until it is answered; the answer in @p buf. */
static void ask(int fd, const char *text, char *buf, size_t size)
{
    for (int i = 0; i < 30; i++) {
        struct pollfd ready = {.fd = fd, .events = POLLIN};

        ck_assert_int_eq(send(fd, text, strlen(text), 0), (ssize_t)strlen(text));
        if (poll(&ready, 1, 1000) == 1) {
            ssize_t len = recv(fd, buf, size - 1, 0);

            ck_assert_int_gt(len, 0);
            buf[len] = '\0';
            return;
        }
    }
    ck_abort_msg("no answer");
}

static uint16_t listen_text(char *buf, size_t size)
{
    uint16_t port = (uint16_t)(30000 + getpid() % 20000);

    snprintf(buf, size, "udp:127.0.0.1:%u", port);

    return port;
}

START_TEST(options_from_a_peer_is_answered_200_and_503_while_draining)
{
    struct world world;
    char listen[64], answer[4096];
    uint16_t port = listen_text(listen, sizeof(listen));
    int fd;

    world_open(&world, NULL, listen);
    ck_assert_int_eq(trunkha_engine_start(world.engine), 0);
    fd = peer_of(port);
    ask(fd, OPTIONS, answer, sizeof(answer));
    ck_assert_ptr_eq(strstr(answer, "SIP/2.0 200 "), answer);
    ck_assert_ptr_nonnull(strstr(answer, "branch=z9hG4bKpeer"));
    ck_assert_ptr_nonnull(strstr(answer, "received=127.0.0.1"));
    ck_assert_ptr_nonnull(strstr(answer, "Call-ID: peer-1\r\n"));
    ck_assert_ptr_nonnull(strstr(answer, "CSeq: 7 OPTIONS\r\n"));

    trunkha_trunk_set_admin(world.engine, "a1", TRUNKHA_ADMIN_DRAINING, 0, NULL, 0);
    ask(fd, OPTIONS, answer, sizeof(answer));
    ck_assert_ptr_eq(strstr(answer, "SIP/2.0 200 "), answer); /* b1 still takes calls */
    trunkha_trunk_set_admin(world.engine, "b1", TRUNKHA_ADMIN_DRAINING, 0, NULL, 0);
    ask(fd, OPTIONS, answer, sizeof(answer));
    ck_assert_ptr_eq(strstr(answer, "SIP/2.0 503 "), answer);
    ck_assert_ptr_nonnull(strstr(answer, "\r\nRetry-After: "));
    close(fd);
    world_close(&world);
}
END_TEST

START_TEST(packets_that_prove_nothing_are_counted_and_change_nothing)
{
    static const char forged[] =
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK-0000000000000000000000000\r\n"
        "From: <sip:a@b>;tag=1\r\nTo: <sip:c@d>;tag=2\r\nCall-ID: x\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n";
    struct world world;
    trunkha_stats stats = TRUNKHA_STATS_INIT;
    char listen[64], nonsense[8000];
    uint16_t port = listen_text(listen, sizeof(listen));
    int fd;

    for (size_t i = 0; i < sizeof(nonsense); i++)
        nonsense[i] = i % 2 ? ' ' : 'a';
    world_open(&world, NULL, listen);
    ck_assert_int_eq(mock_tell(world.carriers, "set all mode=silent"), 0);
    ck_assert_int_eq(trunkha_engine_start(world.engine), 0);
    fd = peer_of(port);
    for (int i = 0; i < 100; i++) {
        ck_assert_int_gt(send(fd, forged, sizeof(forged) - 1, 0), 0);
        ck_assert_int_gt(send(fd, nonsense, sizeof(nonsense), 0), 0);
        world_nap();
    }
    for (int i = 0; i < WORLD_NAPS && stats.malformed_packets < 100; i++, world_nap())
        ck_assert_int_eq(trunkha_engine_stats(world.engine, &stats), 0);
    ck_assert_uint_eq(stats.malformed_packets, 100);
    ck_assert_uint_eq(stats.unknown_answers + stats.foreign_answers, 100);
    ck_assert_uint_eq(stats.probes_answered, 0);
    ck_assert(world_wait_health(&world, "a1", TRUNKHA_HEALTH_DOWN));
    close(fd);
    world_close(&world);
}
END_TEST

#define TWO_INBOUND                                                                                                         \
    "{'trunkGroups': [{'id': 'in', 'trunks': [{'id': 'a1', 'sipAddress': '127.0.0.2', 'direction': 'inbound'},"             \
    "{'id': 'b1', 'sipAddress': '127.0.0.3', 'direction': 'inbound'}]}], 'keepalive': {'enabled': false},"                  \
    "'sip': {'listen': ['%s']}}"

static void load_two_inbound(trunkha_engine *engine, const char *listen)
{
    char json[512];

    snprintf(json, sizeof(json), TWO_INBOUND, listen);
    for (char *c = json; *c; c++) {
        if (*c == '\'')
            *c = '"';
    }
    ck_assert_int_eq(trunkha_engine_load(engine, json, strlen(json), NULL), 0);
}

START_TEST(a_peer_is_heard_however_often_another_one_asks)
{
    struct world world;
    char listen[64];
    uint16_t port = listen_text(listen, sizeof(listen));
    int busy, quiet;

    world_open(&world, NULL, listen);
    load_two_inbound(world.engine, listen);
    ck_assert_int_eq(trunkha_engine_start(world.engine), 0);
    busy = peer_at("127.0.0.2", port);
    quiet = peer_at("127.0.0.3", port);
    for (int i = 0; i < 200 && world_trunk(&world, "b1").health != TRUNKHA_HEALTH_AVAILABLE; i++, world_nap()) {
        ck_assert_int_gt(send(busy, OPTIONS, strlen(OPTIONS), 0), 0);
        ck_assert_int_gt(send(quiet, OPTIONS, strlen(OPTIONS), 0), 0);
    }
    ck_assert_uint_eq(world_trunk(&world, "a1").health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_uint_eq(world_trunk(&world, "b1").health, TRUNKHA_HEALTH_AVAILABLE);
    close(quiet);
    close(busy);
    world_close(&world);
}
END_TEST

START_TEST(a_provisional_answer_is_none_and_a_late_one_credits_nothing)
{
    struct world world;
    trunkha_stats stats = TRUNKHA_STATS_INIT;

    world_open(&world, NULL, NULL);
    ck_assert_int_eq(mock_tell(world.carriers, "set 0 mode=provisional"), 0);
    ck_assert_int_eq(mock_tell(world.carriers, "set 1 delay=700"), 0); /* the time-out is 500 ms */
    ck_assert_int_eq(trunkha_engine_start(world.engine), 0);
    ck_assert(world_wait_health(&world, "a1", TRUNKHA_HEALTH_DOWN));
    ck_assert(world_wait_health(&world, "b1", TRUNKHA_HEALTH_DOWN));
    for (int i = 0; i < WORLD_NAPS && !stats.late_answers; i++, world_nap())
        trunkha_engine_stats(world.engine, &stats);
    ck_assert_uint_gt(stats.late_answers, 0);
    ck_assert_uint_gt(stats.provisional_answers, 0);
    ck_assert_uint_eq(stats.probes_answered, 0);
    world_close(&world);
}
END_TEST

START_TEST(one_probe_of_anything)
{
    struct world world;
    trunkha_probe_result result = TRUNKHA_PROBE_RESULT_INIT;
    trunkha_probe_options options = TRUNKHA_PROBE_OPTIONS_INIT;
    trunkha_diag diag = TRUNKHA_DIAG_INIT;

    world_open(&world, NULL, NULL);
    ck_assert_int_eq(trunkha_probe_uri(world.a, NULL, &result, NULL), 0);
    ck_assert_uint_eq(result.outcome, TRUNKHA_PROBE_ALIVE);
    ck_assert_uint_eq(result.code, 200);
    ck_assert_uint_gt(result.rtt_us, 0);
    ck_assert_int_eq(mock_tell(world.carriers, "set 0 code=503"), 0);
    ck_assert_int_eq(trunkha_probe_uri(world.a, NULL, &result, NULL), 0);
    ck_assert_uint_eq(result.outcome, TRUNKHA_PROBE_REJECTED);
    ck_assert_uint_eq(result.code, 503);
    ck_assert_int_eq(mock_tell(world.carriers, "set 0 mode=silent"), 0);
    options.timeout_ms = 300;
    ck_assert_int_eq(trunkha_probe_uri(world.a, &options, &result, NULL), 0);
    ck_assert_uint_eq(result.outcome, TRUNKHA_PROBE_DEAD);
    ck_assert_uint_eq(result.code, 0);

    ck_assert_int_eq(trunkha_probe_uri("http://192.0.2.1", NULL, &result, &diag), TRUNKHA_ERR_INVALID);
    ck_assert_ptr_nonnull(strstr(diag.message, "http"));
    options.from_uri = "sip:x@y\r\nEvil: yes";
    ck_assert_int_eq(trunkha_probe_uri(world.a, &options, &result, NULL), TRUNKHA_ERR_INVALID);
    world_close(&world);
}
END_TEST

SUITE("peer", options_from_a_peer_is_answered_200_and_503_while_draining,
      packets_that_prove_nothing_are_counted_and_change_nothing, a_peer_is_heard_however_often_another_one_asks,
      a_provisional_answer_is_none_and_a_late_one_credits_nothing, one_probe_of_anything)
