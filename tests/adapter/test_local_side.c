/* Our side: where requests leave from, what they say of it, and what the answers show of the way. */
#include <arpa/inet.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../suite.h"
#include "player.h"
#include "stage.h"

#define HELLO "MESSAGE sip:x SIP/2.0\r\nCall-ID: hello\r\nContent-Length: 0\r\n\r\n"

static struct stage stage;

static const char *const transports[] = {"udp", "tcp", "tls"};

/** What the carrier's answers have in place of what they should say; NULL = nothing. */
static _Atomic(const char *) old_words, new_words;

static size_t reply(const char *request, char *buf, size_t size, void *user_data)
{
    const char *old = atomic_load(&old_words), *new = atomic_load(&new_words);
    size_t len = player_answer(request, "200 OK", "", buf, size);

    (void)user_data;

    return old ? player_replace(buf, len, size, old, new) : len;
}

/** What is changed first is `new`: between the two nothing is. */
static void rewrite(const char *old, const char *new)
{
    atomic_store(&old_words, NULL);
    atomic_store(&new_words, new);
    atomic_store(&old_words, old);
}

static const char *trunk_at(const struct player *carrier, const char *more)
{
    static char text[1024];
    bool is_tls = strstr(player_uri(carrier), "tls");

    snprintf(text, sizeof(text), "{'id': 't', 'sipAddress': '%s'%s%s%s%s}", player_uri(carrier),
             is_tls ? ", 'tls': {'caFile': '" : "", is_tls ? player_certificate("ca.pem") : "", is_tls ? "'}" : "", more);

    return text;
}

static struct player *open_over(const char *transport, const char *more)
{
    struct player *carrier = player_start(&(struct player_options){.transport = transport, .reply = reply});

    stage_open(&stage, false);
    stage_load(&stage, trunk_at(carrier, more), "");

    return carrier;
}

static void close_all(struct player *carrier)
{
    stage_close(&stage);
    player_stop(carrier);
    rewrite(NULL, NULL);
}

/** A request that left after whatever was done before, and where it came from: the next one may have been on its way. */
static void await_next(struct player *carrier, char request[PLAYER_MESSAGE_MAX], char source[64])
{
    player_await(carrier, player_requests(carrier) + 2, request);
    player_source(carrier, source);
}

static void expect_via(const char *request, const char *local)
{
    char wanted[96];

    snprintf(wanted, sizeof(wanted), " %s;branch=", local);
    ck_assert_msg(strstr(player_header(request, "Via"), wanted) != NULL, "%s is not in %s", local,
                  player_header(request, "Via"));
}

static uint16_t free_port(const char *ip)
{
    struct sockaddr_in name = {.sin_family = AF_INET};
    socklen_t len = sizeof(name);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(inet_pton(AF_INET, ip, &name.sin_addr), 1);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&name, len), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&name, &len), 0);
    close(fd);

    return ntohs(name.sin_port);
}

/* ---- localAddress ---- */

START_TEST(requests_leave_from_the_address_of_the_trunk_over_each_transport)
{
    char request[PLAYER_MESSAGE_MAX], source[64], local[TRUNKHA_ID_SIZE];

    for (unsigned i = 0; i < 3; i++) {
        struct player *carrier = open_over(transports[i], ", 'localAddress': '127.0.0.5'");

        stage_await_health(&stage, 0, "t", TRUNKHA_HEALTH_AVAILABLE, STAGE_ANY, NULL);
        player_await(carrier, 1, request);
        player_source(carrier, source);
        ck_assert_ptr_eq(strstr(source, "127.0.0.5:"), source);
        expect_via(request, source);
        ck_assert_ptr_nonnull(strstr(player_header(request, "Contact"), source));
        ck_assert_int_eq(trunkha_message_local(stage.engine, "t", player_target(carrier), local, sizeof(local)), 0);
        ck_assert_str_eq(local, source);
        ck_assert_int_eq(trunkha_message_send(stage.engine, "t", player_target(carrier), HELLO, strlen(HELLO)), 0);
        while (strcmp(request, HELLO))
            player_await(carrier, player_requests(carrier), request);
        player_source(carrier, source);
        ck_assert_str_eq(local, source);
        close_all(carrier);
    }
}
END_TEST

START_TEST(two_trunks_share_an_address_and_port)
{
    struct player *a = player_start(NULL), *b = player_start(NULL);
    char trunks[512], request[PLAYER_MESSAGE_MAX], source[64], local[64];

    snprintf(local, sizeof(local), "127.0.0.6:%u", free_port("127.0.0.6"));
    snprintf(trunks, sizeof(trunks),
             "{'id': 'a', 'sipAddress': '%s', 'localAddress': '%s'}, {'id': 'b', 'sipAddress': '%s', 'localAddress': '%s'}",
             player_uri(a), local, player_uri(b), local);
    stage_open(&stage, false);
    stage_load(&stage, trunks, "");
    await_next(a, request, source);
    ck_assert_str_eq(source, local);
    expect_via(request, local);
    await_next(b, request, source);
    ck_assert_str_eq(source, local);
    stage_close(&stage);
    player_stop(a);
    player_stop(b);
}
END_TEST

START_TEST(a_reload_moves_it_and_keeps_the_health)
{
    char request[PLAYER_MESSAGE_MAX], source[64], before[64];

    for (unsigned i = 0; i < 3; i += 2) {
        struct player *carrier = open_over(transports[i], ", 'localAddress': '127.0.0.5'");

        stage_await_health(&stage, 0, "t", TRUNKHA_HEALTH_AVAILABLE, STAGE_ANY, NULL);
        player_await(carrier, 1, request);
        player_source(carrier, before);
        stage_load(&stage, trunk_at(carrier, ", 'localAddress': '127.0.0.5', 'weight': 7"), "");
        await_next(carrier, request, source);
        ck_assert_str_eq(source, before); /* the port, too: RFC 5626 flows and pinholes stay */
        stage_load(&stage, trunk_at(carrier, ", 'localAddress': '127.0.0.7'"), "");
        await_next(carrier, request, source);
        ck_assert_ptr_eq(strstr(source, "127.0.0.7:"), source);
        expect_via(request, source);
        stage_load(&stage, trunk_at(carrier, ""), "");
        await_next(carrier, request, source);
        ck_assert_ptr_eq(strstr(source, "127.0.0.1:"), source);
        expect_via(request, source);
        ck_assert_uint_eq(stage_trunk(&stage, "t").health, TRUNKHA_HEALTH_AVAILABLE);
        ck_assert_uint_eq(stage_count(&stage, TRUNKHA_EVENT_TRUNK_STATE), 1);
        close_all(carrier);
    }
}
END_TEST

START_TEST(an_address_that_is_not_ours_is_refused_or_a_network_error)
{
    struct player *udp = player_start(NULL), *tcp = player_start(&(struct player_options){.transport = "tcp"});
    char request[PLAYER_MESSAGE_MAX];
    unsigned n;

    stage_open(&stage, false);
    stage_load(&stage, trunk_at(udp, ""), "");
    n = stage_await_health(&stage, 0, "t", TRUNKHA_HEALTH_AVAILABLE, STAGE_ANY, NULL);
    stage_refuse(&stage, trunk_at(udp, ", 'localAddress': '192.0.2.77'"), "", TRUNKHA_ERR_SYSTEM);
    player_await(udp, player_requests(udp) + 2, request); /* what ran goes on */
    ck_assert_uint_eq(stage_trunk(&stage, "t").health, TRUNKHA_HEALTH_AVAILABLE);

    stage_load(&stage, trunk_at(tcp, ", 'localAddress': '192.0.2.77'"), "");
    stage_await_health(&stage, n, "t", TRUNKHA_HEALTH_DOWN, TRUNKHA_REASON_NETWORK_ERROR, NULL);
    ck_assert_uint_eq(player_connections(tcp), 0);
    stage_close(&stage);
    player_stop(udp);
    player_stop(tcp);
}
END_TEST

/* ---- nat.publicAddress ---- */

START_TEST(the_public_address_stands_in_via_and_contact)
{
    char request[PLAYER_MESSAGE_MAX], source[64], local[TRUNKHA_ID_SIZE], expected[64];

    for (unsigned i = 0; i < 3; i += 2) {
        struct player *carrier = open_over(transports[i], ", 'nat': {'enabled': true, 'publicAddress': '198.51.100.9'}");

        await_next(carrier, request, source);
        snprintf(expected, sizeof(expected), "198.51.100.9%s", strrchr(source, ':'));
        expect_via(request, expected);
        ck_assert_ptr_nonnull(strstr(player_header(request, "Contact"), expected));
        ck_assert_int_eq(trunkha_message_local(stage.engine, "t", player_target(carrier), local, sizeof(local)), 0);
        ck_assert_str_eq(local, expected);

        stage_load(&stage, trunk_at(carrier, ", 'nat': {'enabled': true, 'publicAddress': '198.51.100.9:5099'}"), "");
        await_next(carrier, request, source);
        expect_via(request, "198.51.100.9:5099");
        stage_load(&stage, trunk_at(carrier, ", 'nat': {'enabled': false, 'publicAddress': '198.51.100.9:5099'}"), "");
        await_next(carrier, request, source);
        expect_via(request, source);
        ck_assert_uint_eq(stage_count(&stage, TRUNKHA_EVENT_NAT_DETECTED), 0);
        close_all(carrier);
    }
}
END_TEST

START_TEST(another_address_in_received_is_told_once_and_again_when_it_changes)
{
    char request[PLAYER_MESSAGE_MAX], source[64];

    for (unsigned i = 0; i < 2; i++) {
        struct player *carrier;
        trunkha_event event;
        unsigned n;

        rewrite(";rport", ";received=203.0.113.9;rport=41000");
        carrier = open_over(transports[i], "");
        n = stage_await(&stage, 0, TRUNKHA_EVENT_NAT_DETECTED, "t", STAGE_ANY, &event);
        ck_assert_ptr_nonnull(strstr(event.detail, "203.0.113.9:41000, not at "));
        ck_assert_str_eq(event.target, player_target(carrier));
        await_next(carrier, request, source);
        ck_assert_uint_eq(stage_count(&stage, TRUNKHA_EVENT_NAT_DETECTED), 1);

        rewrite(";rport", ";received=203.0.113.10;rport=41000");
        n = stage_await(&stage, n, TRUNKHA_EVENT_NAT_DETECTED, "t", STAGE_ANY, &event);
        ck_assert_ptr_nonnull(strstr(event.detail, "203.0.113.10:41000, no longer at "));
        ck_assert_uint_eq(stage_trunk(&stage, "t").health, TRUNKHA_HEALTH_AVAILABLE);
        close_all(carrier);
    }
}
END_TEST

START_TEST(who_is_seen_where_he_says_he_is_has_no_nat)
{
    char request[PLAYER_MESSAGE_MAX], source[64];
    struct player *carrier;

    rewrite(";rport", ";received=203.0.113.9;rport=41000");
    carrier =
        open_over("udp", ", 'nat': {'enabled': true, 'publicAddress': '203.0.113.9:41000'}, 'localAddress': '127.0.0.5'");
    await_next(carrier, request, source);
    ck_assert_uint_eq(stage_count(&stage, TRUNKHA_EVENT_NAT_DETECTED), 0);
    close_all(carrier);
}
END_TEST

/* ---- Who rewrites messages on the way ---- */

struct rewriting {
    const char *old, *new, *name;
};

START_TEST(a_header_that_was_rewritten_is_named)
{
    static const struct rewriting rewritings[] = {
        {"<sip:ping@127.0.0.1>", "<sip:ping@198.51.100.1>", "From"},
        {"To: <sip:127.0.0.1", "To: <sip:198.51.100.1", "To"},
        {"Via: SIP/2.0/UDP 127.0.0.1", "Via: SIP/2.0/UDP 198.51.100.1", "Via"},
        {"Call-ID: ", "Call-ID: 0", "Call-ID"},
        {"Content-Length: 0", "Content-Length: 9", "Content-Length"},
    };

    for (unsigned i = 0; i < sizeof(rewritings) / sizeof(rewritings[0]); i++) {
        struct player *carrier;
        char expected[96];
        trunkha_event event;

        rewrite(rewritings[i].old, rewritings[i].new);
        carrier = open_over("udp", "");
        stage_await(&stage, 0, TRUNKHA_EVENT_NAT_DETECTED, "t", STAGE_ANY, &event);
        snprintf(expected, sizeof(expected), "%s came back changed: a SIP ALG on the way", rewritings[i].name);
        ck_assert_msg(strstr(event.detail, expected) == event.detail, "%s: %s", rewritings[i].name, event.detail);
        close_all(carrier);
    }
}
END_TEST

START_TEST(a_gateway_that_rewrites_is_told_once)
{
    struct player *carrier;
    char request[PLAYER_MESSAGE_MAX], source[64];

    rewrite("<sip:ping@127.0.0.1>", "<sip:ping@198.51.100.1>");
    carrier = open_over("udp", "");
    stage_await(&stage, 0, TRUNKHA_EVENT_NAT_DETECTED, "t", STAGE_ANY, NULL);
    await_next(carrier, request, source);
    ck_assert_uint_eq(stage_count(&stage, TRUNKHA_EVENT_NAT_DETECTED), 1);
    close_all(carrier);
}
END_TEST

SUITE("local side", requests_leave_from_the_address_of_the_trunk_over_each_transport, two_trunks_share_an_address_and_port,
      a_reload_moves_it_and_keeps_the_health, an_address_that_is_not_ours_is_refused_or_a_network_error,
      the_public_address_stands_in_via_and_contact, another_address_in_received_is_told_once_and_again_when_it_changes,
      who_is_seen_where_he_says_he_is_has_no_nat, a_header_that_was_rewritten_is_named, a_gateway_that_rewrites_is_told_once)
