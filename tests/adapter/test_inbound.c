/* Who is it, and is it still there? Packets and requests from the peers, and trunks that only they prove. */
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../suite.h"
#include "dns_server.h"
#include "player.h"
#include "stage.h"

static struct stage stage;

/* ---- Addresses ---- */

struct source {
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
        struct sockaddr_un un;
    };
};

static struct source source_of(const char *ip, uint16_t port)
{
    struct source source = {.v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)}};

    if (strchr(ip, ':')) {
        ck_assert_int_eq(inet_pton(AF_INET6, ip, &source.v6.sin6_addr), 1);
        return source;
    }
    source.v4 = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(port)};
    ck_assert_int_eq(inet_pton(AF_INET, ip, &source.v4.sin_addr), 1);

    return source;
}

/** The trunk whose address it is; "" = nobody's. */
static const char *trunk_of(const char *ip, uint16_t port)
{
    static trunkha_source found;
    struct source source = source_of(ip, port);
    int err;

    found = (trunkha_source)TRUNKHA_SOURCE_INIT;
    err = trunkha_trunk_of_source(stage.view, &source.any, &found);
    ck_assert_int_eq(err, found.trunk_id[0] ? 0 : TRUNKHA_ERR_NOTFOUND);

    return found.trunk_id;
}

static int note(const char *ip)
{
    struct source source = source_of(ip, 0);

    return trunkha_trunk_note_request(stage.view, &source.any);
}

static void load(const char *trunks, const char *more)
{
    stage_open(&stage, false);
    stage_load(&stage, trunks, more);
}

static void nap(void)
{
    usleep(5000);
}

#define WAIT_UNTIL(condition)                                                                                               \
    for (unsigned naps = 0; !(condition); nap())                                                                            \
    ck_assert_msg(naps++ < 6000, "waited in vain until " #condition)

/* ---- Whose address is it? ---- */

#define QUIET ", 'keepalive': {'enabled': false}"

START_TEST(every_kind_of_address_is_known)
{
    load("{'id': 'four', 'sipAddress': '127.0.1.1:5070'" QUIET "}, {'id': 'six', 'sipAddress': '[2001:db8::6]:5070'" QUIET
         "},"
         "{'id': 'tcp', 'sipAddress': 'sip:127.0.1.2:5072;transport=tcp'" QUIET "}",
         "");
    ck_assert_str_eq(trunk_of("127.0.1.1", 5070), "four");
    ck_assert_str_eq(trunk_of("127.0.1.1", 0), "four");
    ck_assert_str_eq(trunk_of("127.0.1.1", 40000), "four"); /* from another port than the one it listens on */
    ck_assert_str_eq(trunk_of("::ffff:127.0.1.1", 5070), "four");
    ck_assert_str_eq(trunk_of("2001:db8::6", 5070), "six");
    ck_assert_str_eq(trunk_of("2001:db8::6", 9), "six");
    ck_assert_str_eq(trunk_of("127.0.1.2", 34567), "tcp");
    ck_assert_str_eq(trunk_of("127.0.1.3", 5070), "");
    ck_assert_str_eq(trunk_of("2001:db8::7", 5070), "");
    ck_assert_str_eq(trunk_of("0.0.0.0", 0), "");
    ck_assert_str_eq(trunk_of("::", 0), "");
    stage_close(&stage);
}
END_TEST

START_TEST(of_several_trunks_the_one_with_the_port_is_meant_and_then_the_inbound_one)
{
    trunkha_source found = TRUNKHA_SOURCE_INIT;
    struct source source = source_of("127.0.1.1", 9);

    load("{'id': 'out', 'sipAddress': '127.0.1.1:1', 'direction': 'outbound'" QUIET "},"
         "{'id': 'both', 'sipAddress': '127.0.1.1:2'" QUIET "},"
         "{'id': 'in', 'sipAddress': '127.0.1.1:3', 'direction': 'inbound'" QUIET "},"
         "{'id': 'in2', 'sipAddress': '127.0.1.1:4', 'direction': 'inbound'" QUIET "}",
         "");
    ck_assert_str_eq(trunk_of("127.0.1.1", 1), "out");
    ck_assert_str_eq(trunk_of("127.0.1.1", 2), "both");
    ck_assert_str_eq(trunk_of("127.0.1.1", 3), "in");
    ck_assert_str_eq(trunk_of("127.0.1.1", 4), "in2");
    ck_assert_int_eq(trunkha_trunk_of_source(stage.view, &source.any, &found), 0);
    ck_assert_str_eq(found.trunk_id, "in");
    ck_assert_str_eq(found.trunk_group_id, "g");
    ck_assert_uint_eq(found.direction, TRUNKHA_DIRECTION_INBOUND);
    ck_assert_uint_eq(found.trunks, 4);
    stage_close(&stage);
}
END_TEST

START_TEST(the_addresses_of_a_name_are_known_while_they_are_its)
{
    struct dns_server *dns = dns_server_start("127.0.0.1", 0);
    char more[160];

    dns_server_tell(dns, "add host.example 1 A 127.0.2.1");
    dns_server_tell(dns, "add host.example 1 A 127.0.2.2");
    dns_server_tell(dns, "add host.example 1 AAAA 2001:db8::9");
    snprintf(more, sizeof(more), ", 'dns': {'servers': ['127.0.0.1:%u'], 'minTtl': 1}", dns_server_port(dns));
    load("{'id': 'named', 'sipAddress': 'sip:host.example:5060'" QUIET "}", more);
    WAIT_UNTIL(*trunk_of("127.0.2.1", 0));
    ck_assert_str_eq(trunk_of("127.0.2.1", 7), "named");
    ck_assert_str_eq(trunk_of("127.0.2.2", 7), "named");
    ck_assert_str_eq(trunk_of("2001:db8::9", 7), "named");

    dns_server_tell(dns, "remove host.example");
    dns_server_tell(dns, "add host.example 1 A 127.0.2.3");
    WAIT_UNTIL(*trunk_of("127.0.2.3", 0));
    WAIT_UNTIL(!*trunk_of("127.0.2.1", 0));
    ck_assert_str_eq(trunk_of("127.0.2.2", 0), "");
    ck_assert_str_eq(trunk_of("2001:db8::9", 0), "");
    stage_close(&stage);
    dns_server_stop(dns);
}
END_TEST

START_TEST(what_is_no_address_and_who_is_nobody_is_said)
{
    struct source there = source_of("127.0.1.1", 1), stranger = source_of("127.0.1.2", 1),
                  un = {.un = {.sun_family = AF_UNIX}};
    trunkha_source found = TRUNKHA_SOURCE_INIT, before = found;

    stage_open(&stage, false);
    ck_assert_int_eq(trunkha_trunk_of_source(stage.view, &there.any, &found), TRUNKHA_ERR_STATE);
    ck_assert_int_eq(trunkha_trunk_note_request(stage.view, &there.any), TRUNKHA_ERR_STATE);
    stage_load(&stage, "{'id': 't', 'sipAddress': '127.0.1.1'" QUIET "}", "");
    ck_assert_int_eq(trunkha_trunk_of_source(stage.view, &stranger.any, &found), TRUNKHA_ERR_NOTFOUND);
    ck_assert_int_eq(trunkha_trunk_note_request(stage.view, &stranger.any), TRUNKHA_ERR_NOTFOUND);
    ck_assert_int_eq(trunkha_trunk_of_source(stage.view, &un.any, &found), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_trunk_note_request(stage.view, &un.any), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_trunk_of_source(NULL, &there.any, &found), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_trunk_of_source(stage.view, NULL, &found), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_trunk_of_source(stage.view, &there.any, NULL), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_trunk_note_request(NULL, &there.any), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_trunk_note_request(stage.view, NULL), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(memcmp(&found, &before, sizeof(found)), 0);
    ck_assert_int_eq(trunkha_trunk_note_request(stage.view, &there.any), 0); /* one of ours, if no inbound trunk */
    ck_assert_uint_eq(stage_trunk(&stage, "t").health, TRUNKHA_HEALTH_UNKNOWN);
    stage_close(&stage);
}
END_TEST

/* ---- Inbound trunks ---- */

#define INBOUND(id, ip, more) "{'id': '" id "', 'sipAddress': '" ip "', 'direction': 'inbound'" more "}"

START_TEST(a_request_proves_an_inbound_trunk_and_silence_makes_it_unknown_again)
{
    trunkha_event event;
    unsigned n;

    load(INBOUND("in", "127.0.1.1:5070", QUIET), "");
    ck_assert_uint_eq(stage_trunk(&stage, "in").health, TRUNKHA_HEALTH_UNKNOWN);
    ck_assert_int_eq(note("127.0.1.1"), 0);
    n = stage_await_health(&stage, 0, "in", TRUNKHA_HEALTH_AVAILABLE, TRUNKHA_REASON_STARTUP, &event);
    ck_assert_ptr_nonnull(strstr(event.detail, "request"));
    n = stage_await_health(&stage, n, "in", TRUNKHA_HEALTH_UNKNOWN, STAGE_ANY, &event);
    ck_assert_ptr_nonnull(strstr(event.detail, "no request"));
    ck_assert_int_eq(note("127.0.1.1"), 0);
    stage_await_health(&stage, n, "in", TRUNKHA_HEALTH_AVAILABLE, STAGE_ANY, NULL);
    stage_close(&stage);
}
END_TEST

START_TEST(a_reload_keeps_what_was_heard_and_for_how_long)
{
    unsigned n;

    load(INBOUND("in", "127.0.1.1:5070", QUIET), "");
    ck_assert_int_eq(note("127.0.1.1"), 0);
    n = stage_await_health(&stage, 0, "in", TRUNKHA_HEALTH_AVAILABLE, STAGE_ANY, NULL);
    stage_load(&stage, INBOUND("in", "127.0.1.1:5070", ", 'weight': 5" QUIET), "");
    ck_assert_uint_eq(stage_trunk(&stage, "in").health, TRUNKHA_HEALTH_AVAILABLE);
    stage_await_health(&stage, n, "in", TRUNKHA_HEALTH_UNKNOWN, STAGE_ANY, NULL);
    stage_close(&stage);
}
END_TEST

START_TEST(an_inbound_trunk_is_never_selected)
{
    trunkha_candidate to[4];
    size_t n = 4;

    load(INBOUND("in", "127.0.1.1:5070", QUIET) ", {'id': 'out', 'sipAddress': '127.0.1.2', 'direction': 'outbound'" QUIET
                                                "}",
         "");
    ck_assert_int_eq(note("127.0.1.1"), 0);
    stage_await_health(&stage, 0, "in", TRUNKHA_HEALTH_AVAILABLE, STAGE_ANY, NULL);
    ck_assert_int_eq(trunkha_view_select(stage.view, "g", to, &n), 0);
    ck_assert_uint_eq(n, 1);
    ck_assert_str_eq(to[0].trunk_id, "out");
    n = 4;
    ck_assert_int_eq(trunkha_view_explain(stage.view, "g", to, &n), 0);
    ck_assert_uint_eq(n, 2);
    ck_assert_str_eq(to[1].trunk_id, "in");
    ck_assert_uint_eq(to[1].why, TRUNKHA_WHY_INBOUND);
    stage_close(&stage);
}
END_TEST

START_TEST(a_group_of_inbound_trunks_has_nobody_to_call)
{
    trunkha_candidate to[2];
    size_t n = 2;

    load(INBOUND("in", "127.0.1.1:5070", QUIET), "");
    ck_assert_int_eq(trunkha_view_select(stage.view, "g", to, &n), TRUNKHA_ERR_UNAVAILABLE);
    stage_close(&stage);
}
END_TEST

/* ---- OPTIONS from the peer ---- */

static uint16_t free_port(void)
{
    struct source name = source_of("127.0.0.1", 0);
    socklen_t len = sizeof(name.v4);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(bind(fd, &name.any, len), 0);
    ck_assert_int_eq(getsockname(fd, &name.any, &len), 0);
    close(fd);

    return ntohs(name.v4.sin_port);
}

static int socket_at(const char *ip)
{
    struct source name = source_of(ip, 0);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(bind(fd, &name.any, sizeof(name.v4)), 0);

    return fd;
}

static void ask(int fd, uint16_t port, const char *method)
{
    struct source to = source_of("127.0.0.1", port);
    char text[512];

    snprintf(text, sizeof(text),
             "%s sip:us SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKpeer;rport\r\nMax-Forwards: 70\r\n"
             "From: <sip:peer>;tag=1\r\nTo: <sip:us>\r\nCall-ID: ping\r\nCSeq: 1 %s\r\nContent-Length: 0\r\n\r\n",
             method, method);
    ck_assert_int_gt(sendto(fd, text, strlen(text), 0, &to.any, sizeof(to.v4)), 0);
}

static uint16_t load_listening(const char *trunks)
{
    uint16_t port = free_port();
    char more[96];

    snprintf(more, sizeof(more), ", 'sip': {'listen': ['udp:127.0.0.1:%u']}", port);
    load(trunks, more);

    return port;
}

START_TEST(options_that_are_answered_here_prove_the_trunks_they_come_from)
{
    int a, b;
    uint16_t port = load_listening(INBOUND("a", "127.0.1.1:5070", QUIET) "," INBOUND("b", "127.0.1.2:5070", QUIET));

    a = socket_at("127.0.1.1");
    b = socket_at("127.0.1.2");
    ask(a, port, "OPTIONS"); /* one just behind the other */
    ask(b, port, "OPTIONS");
    stage_await_health(&stage, 0, "a", TRUNKHA_HEALTH_AVAILABLE, TRUNKHA_REASON_STARTUP, NULL);
    stage_await_health(&stage, 0, "b", TRUNKHA_HEALTH_AVAILABLE, TRUNKHA_REASON_STARTUP, NULL);
    close(a);
    close(b);
    stage_close(&stage);
}
END_TEST

START_TEST(all_inbound_trunks_of_an_address_are_proven)
{
    uint16_t port = load_listening(INBOUND("a", "127.0.1.1:5070", QUIET) "," INBOUND("b", "127.0.1.1:5071", QUIET));
    int fd = socket_at("127.0.1.1");
    unsigned n;

    ask(fd, port, "OPTIONS");
    stage_await_health(&stage, 0, "a", TRUNKHA_HEALTH_AVAILABLE, STAGE_ANY, NULL);
    stage_await_health(&stage, 0, "b", TRUNKHA_HEALTH_AVAILABLE, STAGE_ANY, NULL);
    n = stage_await_health(&stage, 0, "a", TRUNKHA_HEALTH_UNKNOWN, STAGE_ANY, NULL);
    stage_await_health(&stage, 0, "b", TRUNKHA_HEALTH_UNKNOWN, STAGE_ANY, NULL);
    ck_assert_int_eq(note("127.0.1.1"), 0);
    stage_await_health(&stage, n, "a", TRUNKHA_HEALTH_AVAILABLE, STAGE_ANY, NULL);
    stage_await_health(&stage, n, "b", TRUNKHA_HEALTH_AVAILABLE, STAGE_ANY, NULL);
    close(fd);
    stage_close(&stage);
}
END_TEST

START_TEST(a_stranger_proves_nothing)
{
    uint16_t port = load_listening(INBOUND("a", "127.0.1.1:5070", QUIET));
    int stranger = socket_at("127.0.1.9"), peer = socket_at("127.0.1.1");
    char answer[1024];

    ask(stranger, port, "OPTIONS");
    ck_assert_int_gt(recv(stranger, answer, sizeof(answer), 0), 0);
    ck_assert_uint_eq(stage_trunk(&stage, "a").health, TRUNKHA_HEALTH_UNKNOWN);
    ask(peer, port, "OPTIONS");
    stage_await_health(&stage, 0, "a", TRUNKHA_HEALTH_AVAILABLE, STAGE_ANY, NULL);
    close(stranger);
    close(peer);
    stage_close(&stage);
}
END_TEST

START_TEST(options_on_its_connection_prove_an_inbound_trunk)
{
    struct player *carrier = player_start(&(struct player_options){.transport = "tcp", .ip = "127.0.1.1"});
    char trunk[256], request[PLAYER_MESSAGE_MAX];
    trunkha_target_status target;

    snprintf(trunk, sizeof(trunk), "{'id': 'in', 'sipAddress': '%s', 'direction': 'inbound'}", player_uri(carrier));
    load(trunk, "");
    player_await(carrier, 1, request); /* it is probed as well */
    stage_await_health(&stage, 0, "in", TRUNKHA_HEALTH_AVAILABLE, STAGE_ANY, NULL);
    player_say(carrier,
               "OPTIONS sip:us SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bKpeer\r\nMax-Forwards: 70\r\n"
               "From: <sip:peer>;tag=1\r\nTo: <sip:us>\r\nCall-ID: ping\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n");
    WAIT_UNTIL(stage_stats(&stage).requests_answered == 1);
    target = stage_target(&stage, 0);
    ck_assert_uint_eq(target.health, TRUNKHA_HEALTH_AVAILABLE);
    stage_close(&stage);
    player_stop(carrier);
}
END_TEST

START_TEST(a_peer_that_is_down_and_asks_us_is_probed_at_once)
{
    struct player *carrier = player_start(&(struct player_options){.ip = "127.0.1.1"});
    char trunk[256], request[PLAYER_MESSAGE_MAX];
    uint16_t port;
    int fd;
    unsigned n;

    player_hush(carrier, true);
    snprintf(trunk, sizeof(trunk),
             "{'id': 't', 'sipAddress': '%s', 'keepalive': {'downInterval': 600, 'timeout': 0.5, 'recoveryAttempts': 1}}",
             player_uri(carrier));
    port = load_listening(trunk);
    n = stage_await_health(&stage, 0, "t", TRUNKHA_HEALTH_DOWN, TRUNKHA_REASON_KEEPALIVE_FAILURE, NULL);
    player_hush(carrier, false);
    player_await(carrier, 1, request); /* what waited in its socket: too late */
    fd = socket_at("127.0.1.1");
    ask(fd, port, "OPTIONS");
    stage_await_health(&stage, n, "t", TRUNKHA_HEALTH_AVAILABLE, TRUNKHA_REASON_KEEPALIVE_RECOVERED, NULL);
    close(fd);
    stage_close(&stage);
    player_stop(carrier);
}
END_TEST

/* ---- Pairs ---- */

START_TEST(the_halves_of_a_pair_know_of_each_other)
{
    struct player *carrier = player_start(NULL);
    char trunks[512];
    unsigned n;

    snprintf(trunks, sizeof(trunks),
             "{'id': 'out', 'sipAddress': '%s', 'direction': 'outbound', 'pairedTrunkId': 'in'}," INBOUND(
                 "in", "127.0.1.1:5070", QUIET),
             player_uri(carrier));
    load(trunks, "");
    n = stage_await_health(&stage, 0, "out", TRUNKHA_HEALTH_AVAILABLE, STAGE_ANY, NULL);
    ck_assert_str_eq(stage_trunk(&stage, "out").paired_trunk_id, "in");
    ck_assert_str_eq(stage_trunk(&stage, "in").paired_trunk_id, "out"); /* one of the two has said so */
    ck_assert_uint_eq(stage_trunk(&stage, "out").direction, TRUNKHA_DIRECTION_OUTBOUND);
    ck_assert_uint_eq(stage_trunk(&stage, "in").direction, TRUNKHA_DIRECTION_INBOUND);
    ck_assert_uint_eq(stage_trunk(&stage, "in").paired_health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_uint_eq(stage_trunk(&stage, "out").paired_health, TRUNKHA_HEALTH_UNKNOWN);

    ck_assert_int_eq(note("127.0.1.1"), 0);
    stage_await_health(&stage, 0, "in", TRUNKHA_HEALTH_AVAILABLE, STAGE_ANY, NULL);
    ck_assert_uint_eq(stage_trunk(&stage, "out").paired_health, TRUNKHA_HEALTH_AVAILABLE);
    player_stop(carrier);
    stage_await_health(&stage, n, "out", TRUNKHA_HEALTH_DOWN, TRUNKHA_REASON_NETWORK_ERROR, NULL);
    ck_assert_uint_eq(stage_trunk(&stage, "in").paired_health, TRUNKHA_HEALTH_DOWN);
    stage_close(&stage);
}
END_TEST

START_TEST(disabled_means_not_listened_to)
{
    unsigned n;

    load(INBOUND("in", "127.0.1.1:5070", QUIET), "");
    ck_assert_int_eq(trunkha_trunk_set_admin(stage.engine, "in", TRUNKHA_ADMIN_DISABLED, 0, NULL, 0), 0);
    n = stage_await_health(&stage, 0, "in", TRUNKHA_HEALTH_DOWN, TRUNKHA_REASON_ADMIN_DISABLED, NULL);
    ck_assert_int_eq(note("127.0.1.1"), 0);
    ck_assert_int_eq(trunkha_trunk_set_admin(stage.engine, "in", TRUNKHA_ADMIN_ENABLED, 0, NULL, 0), 0);
    n = stage_await_health(&stage, n, "in", TRUNKHA_HEALTH_UNKNOWN, TRUNKHA_REASON_ADMIN_ENABLED, NULL);
    WAIT_UNTIL(!note("127.0.1.1") && stage_trunk(&stage, "in").health == TRUNKHA_HEALTH_AVAILABLE);
    stage_close(&stage);
}
END_TEST

SUITE("inbound", every_kind_of_address_is_known, of_several_trunks_the_one_with_the_port_is_meant_and_then_the_inbound_one,
      the_addresses_of_a_name_are_known_while_they_are_its, what_is_no_address_and_who_is_nobody_is_said,
      a_request_proves_an_inbound_trunk_and_silence_makes_it_unknown_again, a_reload_keeps_what_was_heard_and_for_how_long,
      an_inbound_trunk_is_never_selected, a_group_of_inbound_trunks_has_nobody_to_call,
      options_that_are_answered_here_prove_the_trunks_they_come_from, all_inbound_trunks_of_an_address_are_proven,
      a_stranger_proves_nothing, options_on_its_connection_prove_an_inbound_trunk,
      a_peer_that_is_down_and_asks_us_is_probed_at_once, the_halves_of_a_pair_know_of_each_other,
      disabled_means_not_listened_to)
