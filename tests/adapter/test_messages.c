/* The host's own messages over the sockets and connections of the probes, there and back. */
#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../suite.h"
#include "player.h"
#include "stage.h"

#define INVITE(call_id)                                                                                                     \
    "INVITE sip:callee@carrier.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKhost1;rport\r\n"                 \
    "Max-Forwards: 70\r\nFrom: <sip:a@host.example>;tag=1\r\nTo: <sip:callee@carrier.example>\r\nCall-ID: " call_id         \
    "\r\nCSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n"

#define BYE                                                                                                                 \
    "BYE sip:a@host.example SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKpeer1;rport\r\nMax-Forwards: 70\r\n"        \
    "From: <sip:callee@carrier.example>;tag=2\r\nTo: <sip:a@host.example>;tag=1\r\nCall-ID: one\r\nCSeq: 1 BYE\r\n"         \
    "Content-Length: 0\r\n\r\n"

static struct stage stage;

#define OLD_US 1100000 /* a connection that was made so long ago has worked: a message may have another at once */

static const char *const transports[] = {"udp", "tcp", "tls"};

static size_t reply(const char *request, char *buf, size_t size, void *user_data)
{
    (void)user_data;

    return player_answer(request, strncmp(request, "INVITE ", 7) ? "200 OK" : "183 Session Progress", "", buf, size);
}

/** A trunk "t" over @p transport, available. */
static struct player *open_over(const char *transport, const char *more)
{
    struct player *carrier = player_start(&(struct player_options){.transport = transport, .reply = reply});
    char trunk[1024];

    snprintf(trunk, sizeof(trunk), "{'id': 't', 'sipAddress': '%s'%s%s%s%s}", player_uri(carrier),
             strcmp(transport, "tls") ? "" : ", 'tls': {'caFile': '",
             strcmp(transport, "tls") ? "" : player_certificate("ca.pem"), strcmp(transport, "tls") ? "" : "'}", more);
    stage_open(&stage, true);
    stage_load(&stage, trunk, "");
    stage_await_health(&stage, 0, "t", TRUNKHA_HEALTH_AVAILABLE, STAGE_ANY, NULL);

    return carrier;
}

static void close_all(struct player *carrier)
{
    stage_close(&stage);
    player_stop(carrier);
}

static int send_text(const struct player *carrier, const char *text)
{
    return trunkha_message_send(stage.engine, "t", player_target(carrier), text, strlen(text));
}

START_TEST(a_message_goes_where_probes_go_and_its_answer_comes_back)
{
    for (unsigned i = 0; i < 3; i++) {
        struct player *carrier = open_over(transports[i], "");
        unsigned n_connections = player_connections(carrier);
        struct stage_message message;

        ck_assert_int_eq(send_text(carrier, INVITE("one")), 0);
        message = stage_await_message(&stage, 1);
        ck_assert_ptr_eq(strstr(message.data, "SIP/2.0 183 "), message.data);
        ck_assert_str_eq(player_header(message.data, "Call-ID"), "one");
        ck_assert_str_eq(message.trunk_id, "t");
        ck_assert_str_eq(message.source, player_target(carrier));
        ck_assert(!message.has_come_back);
        ck_assert_uint_eq(player_connections(carrier), n_connections);
        ck_assert_uint_eq(stage_stats(&stage).messages_sent, 1);
        ck_assert_uint_eq(stage_stats(&stage).messages_received, 1);
        close_all(carrier);
    }
}
END_TEST

START_TEST(requests_of_the_peer_go_to_the_host_but_options_are_answered_here)
{
    static const char *const names[] = {"UDP", "TCP", "TLS"};
    char options[512];

    for (unsigned i = 0; i < 3; i++) {
        struct player *carrier = open_over(transports[i], "");
        struct stage_message message;

        snprintf(options, sizeof(options),
                 "OPTIONS sip:us SIP/2.0\r\nVia: SIP/2.0/%s 192.0.2.1;branch=z9hG4bKpeer2;rport\r\nMax-Forwards: 70\r\n"
                 "From: <sip:peer>;tag=2\r\nTo: <sip:us>\r\nCall-ID: ping\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n",
                 names[i]);
        player_say(carrier, options);
        player_say(carrier, BYE);
        message = stage_await_message(&stage, 1);
        ck_assert_str_eq(message.data, BYE);
        ck_assert_uint_eq(message.len, strlen(BYE));
        ck_assert_str_eq(message.trunk_id, "t");
        ck_assert_str_eq(message.source, player_target(carrier));
        ck_assert_uint_eq(stage_stats(&stage).requests_answered, 1);
        ck_assert_uint_eq(stage_stats(&stage).requests_rejected, 0);
        ck_assert_uint_eq(stage_n_messages(&stage), 1);
        close_all(carrier);
    }
}
END_TEST

/** "127.0.0.1:5060" as a system address. */
static struct sockaddr_in read_address(const char *text)
{
    struct sockaddr_in name = {.sin_family = AF_INET};
    const char *colon = strrchr(text, ':');
    char ip[64];

    snprintf(ip, sizeof(ip), "%.*s", (int)(colon - text), text);
    ck_assert_int_eq(inet_pton(AF_INET, ip, &name.sin_addr), 1);
    name.sin_port = htons((uint16_t)atoi(colon + 1));

    return name;
}

START_TEST(a_stranger_is_told_as_a_stranger)
{
    struct player *carrier = open_over("udp", "");
    const struct sockaddr_in there = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7f090909)};
    struct sockaddr_in to;
    struct stage_message message;
    char local[TRUNKHA_ID_SIZE];
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(trunkha_message_local(stage.engine, "t", player_target(carrier), local, sizeof(local)), 0);
    to = read_address(local);
    ck_assert_int_eq(bind(fd, (const struct sockaddr *)&there, sizeof(there)), 0);
    ck_assert_int_gt(sendto(fd, BYE, strlen(BYE), 0, (struct sockaddr *)&to, sizeof(to)), 0);
    message = stage_await_message(&stage, 1);
    ck_assert_str_eq(message.trunk_id, "");
    ck_assert_ptr_eq(strstr(message.source, "udp:127.9.9.9:"), message.source);
    ck_assert_str_eq(message.data, BYE);
    close(fd);
    close_all(carrier);
}
END_TEST

START_TEST(another_port_of_a_peer_is_still_the_peer)
{
    struct player *carrier = open_over("udp", "");
    struct sockaddr_in to;
    struct stage_message message;
    char local[TRUNKHA_ID_SIZE];
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    ck_assert_int_eq(trunkha_message_local(stage.engine, "t", player_target(carrier), local, sizeof(local)), 0);
    to = read_address(local);
    ck_assert_int_gt(sendto(fd, BYE, strlen(BYE), 0, (struct sockaddr *)&to, sizeof(to)), 0);
    message = stage_await_message(&stage, 1);
    ck_assert_str_eq(message.trunk_id, "t");
    ck_assert_str_ne(message.source, player_target(carrier));
    close(fd);
    close_all(carrier);
}
END_TEST

START_TEST(our_address_is_that_of_the_socket_or_connection)
{
    char local[TRUNKHA_ID_SIZE], via[128], request[PLAYER_MESSAGE_MAX];

    for (unsigned i = 0; i < 3; i++) {
        struct player *carrier = open_over(transports[i], "");

        player_await(carrier, 1, request);
        ck_assert_int_eq(trunkha_message_local(stage.engine, "t", player_target(carrier), local, sizeof(local)), 0);
        snprintf(via, sizeof(via), " %s;", local);
        ck_assert_ptr_nonnull(strstr(player_header(request, "Via"), via));
        ck_assert_int_eq(trunkha_message_local(stage.engine, "t", player_target(carrier), local, sizeof(local) - 1),
                         TRUNKHA_ERR_INVALID);
        close_all(carrier);
    }
}
END_TEST

START_TEST(what_cannot_be_sent_says_why)
{
    struct player *carrier = open_over("udp", "");
    const char *target = player_target(carrier);
    char local[TRUNKHA_ID_SIZE];

    ck_assert_int_eq(trunkha_message_send(stage.engine, "x", target, "X", 1), TRUNKHA_ERR_NOTFOUND);
    ck_assert_int_eq(trunkha_message_send(stage.engine, "t", "udp:192.0.2.1:5060", "X", 1), TRUNKHA_ERR_NOTFOUND);
    ck_assert_int_eq(trunkha_message_send(stage.engine, "t", "tcp:127.0.0.1:1", "X", 1), TRUNKHA_ERR_NOTFOUND);
    ck_assert_int_eq(trunkha_message_send(stage.engine, "t", target, "X", 0), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_message_send(stage.engine, "t", target, NULL, 1), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_message_send(stage.engine, "t", NULL, "X", 1), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_message_send(stage.engine, NULL, target, "X", 1), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_message_send(NULL, "t", target, "X", 1), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_message_local(stage.engine, "x", target, local, sizeof(local)), TRUNKHA_ERR_NOTFOUND);
    ck_assert_int_eq(trunkha_message_local(stage.engine, "t", target, NULL, sizeof(local)), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_engine_stop(stage.engine), 0);
    ck_assert_int_eq(trunkha_message_send(stage.engine, "t", target, "X", 1), TRUNKHA_ERR_STATE);
    ck_assert_int_eq(trunkha_message_local(stage.engine, "t", target, local, sizeof(local)), TRUNKHA_ERR_STATE);
    ck_assert_uint_eq(stage_stats(&stage).messages_sent, 0);
    close_all(carrier);
}
END_TEST

START_TEST(messages_before_a_configuration_are_out_of_place)
{
    trunkha_engine *engine = NULL;
    char local[TRUNKHA_ID_SIZE], *header = NULL;

    ck_assert_int_eq(trunkha_engine_new(NULL, &engine), 0);
    ck_assert_int_eq(trunkha_message_send(engine, "t", "udp:127.0.0.1:1", "X", 1), TRUNKHA_ERR_STATE);
    ck_assert_int_eq(trunkha_message_local(engine, "t", "udp:127.0.0.1:1", local, sizeof(local)), TRUNKHA_ERR_STATE);
    ck_assert_int_eq(trunkha_trunk_authorize(engine, "t", 401, "Digest", "INVITE", "sip:x", &header), TRUNKHA_ERR_STATE);
    ck_assert_ptr_null(header);
    trunkha_engine_unref(engine);
}
END_TEST

START_TEST(a_message_that_the_peer_refuses_comes_back)
{
    struct player *carrier = open_over("udp", ", 'keepalive': {'interval': 60}");
    char target[64];
    struct stage_message message;

    snprintf(target, sizeof(target), "%s", player_target(carrier));
    player_stop(carrier);
    ck_assert_int_eq(trunkha_message_send(stage.engine, "t", target, INVITE("one"), strlen(INVITE("one"))), 0);
    message = stage_await_message(&stage, 1);
    ck_assert(message.has_come_back);
    ck_assert_uint_gt(message.len, 0);
    ck_assert_int_eq(strncmp(message.data, INVITE("one"), strlen(message.data)), 0);
    ck_assert_str_eq(message.trunk_id, "t");
    ck_assert_str_eq(message.source, target);
    close_all(NULL);
}
END_TEST

START_TEST(the_end_of_a_connection_is_told_and_the_next_message_has_another)
{
    for (unsigned i = 1; i < 3; i++) {
        struct player *carrier = open_over(transports[i], ", 'keepalive': {'interval': 60}");
        struct stage_message message;
        int err;

        usleep(OLD_US);
        player_hang_up(carrier, i == 2);
        message = stage_await_message(&stage, 1);
        ck_assert(message.has_come_back);
        ck_assert_uint_eq(message.len, 0);
        ck_assert_str_eq(message.trunk_id, "t");
        ck_assert_str_eq(message.source, player_target(carrier));

        do { /* the carrier was well: nothing but "one is being made" until there is one */
            err = send_text(carrier, INVITE("two"));
            ck_assert_int_eq(err ? err : TRUNKHA_ERR_UNAVAILABLE, TRUNKHA_ERR_UNAVAILABLE);
        } while (err);
        message = stage_await_message(&stage, 2);
        ck_assert_str_eq(player_header(message.data, "Call-ID"), "two");
        ck_assert_uint_eq(player_connections(carrier), 2);
        close_all(carrier);
    }
}
END_TEST

START_TEST(a_trunk_without_probes_gets_its_connection_by_the_first_message)
{
    struct player *carrier = player_start(&(struct player_options){.transport = "tcp", .reply = reply});
    char trunk[256];
    int err;

    snprintf(trunk, sizeof(trunk), "{'id': 't', 'sipAddress': '%s', 'keepalive': {'enabled': false}}", player_uri(carrier));
    stage_open(&stage, true);
    stage_load(&stage, trunk, "");
    err = send_text(carrier, INVITE("one"));
    ck_assert_int_eq(err, TRUNKHA_ERR_UNAVAILABLE);
    while ((err = send_text(carrier, INVITE("one"))) == TRUNKHA_ERR_UNAVAILABLE)
        ;
    ck_assert_int_eq(err, 0);
    ck_assert_str_eq(player_header(stage_await_message(&stage, 1).data, "Call-ID"), "one");
    usleep(OLD_US);
    player_hang_up(carrier, false);
    stage_await_message(&stage, 2);
    while ((err = send_text(carrier, INVITE("two"))) == TRUNKHA_ERR_UNAVAILABLE)
        ;
    ck_assert_int_eq(err, 0);
    ck_assert_str_eq(player_header(stage_await_message(&stage, 3).data, "Call-ID"), "two");
    close_all(carrier);
}
END_TEST

START_TEST(many_segments_make_one_message_and_one_segment_many)
{
    struct player *carrier = open_over("tcp", "");
    char two[2 * sizeof(BYE) + 4], half[128];

    snprintf(two, sizeof(two), "%s\r\n\r\n%s", BYE, BYE);
    player_say(carrier, two);
    snprintf(half, sizeof(half), "%.*s", 100, BYE);
    player_say(carrier, half);
    stage_await_message(&stage, 2);
    player_say(carrier, &BYE[100]);
    ck_assert_str_eq(stage_await_message(&stage, 3).data, BYE);
    close_all(carrier);
}
END_TEST

/** A host that sends from within its own callback. */
struct echo {
    trunkha_engine *engine;
    char target[64];
    const char *config; /* loaded by the first message; NULL = none */
    int err;
};

static void on_message(const trunkha_message *message, void *user_data)
{
    struct echo *echo = user_data;

    if (message->has_come_back || !message->len)
        return;
    if (echo->config)
        echo->err = trunkha_engine_load(echo->engine, echo->config, strlen(echo->config), NULL);
    else
        echo->err = trunkha_message_send(echo->engine, message->trunk_id, message->source, message->data, message->len);
}

static void play_echo(const char *transport, const char *config)
{
    struct player *carrier = player_start(&(struct player_options){.transport = transport, .reply = reply});
    trunkha_options options = TRUNKHA_OPTIONS_INIT;
    struct echo echo = {.config = config, .err = 1};
    char json[512], request[PLAYER_MESSAGE_MAX];
    trunkha_view_info info = TRUNKHA_VIEW_INFO_INIT;
    trunkha_view *view;

    options.message_cb = on_message;
    options.message_user_data = &echo;
    ck_assert_int_eq(trunkha_engine_new(&options, &echo.engine), 0);
    snprintf(echo.target, sizeof(echo.target), "%s", player_target(carrier));
    snprintf(json, sizeof(json), "{\"trunkGroups\": [{\"id\": \"t\", \"sipAddress\": \"%s\"}]}", player_uri(carrier));
    ck_assert_int_eq(trunkha_engine_load(echo.engine, json, strlen(json), NULL), 0);
    ck_assert_int_eq(trunkha_engine_start(echo.engine), 0);
    view = trunkha_engine_view(echo.engine);
    player_await(carrier, 1, request);
    player_say(carrier, BYE);
    if (!config) {
        player_await(carrier, 2, request);
        ck_assert_str_eq(request, BYE);
    } else {
        for (unsigned i = 0; i < 10000 && info.generation < 2; i++, usleep(1000))
            trunkha_view_get_info(view, &info);
        ck_assert_uint_eq(info.generation, 2);
    }
    trunkha_view_unref(view);
    trunkha_engine_unref(echo.engine);
    ck_assert_int_eq(echo.err, 0);
    player_stop(carrier);
}

START_TEST(the_callback_may_answer_at_once)
{
    for (unsigned i = 0; i < 2; i++)
        play_echo(transports[i], NULL);
}
END_TEST

START_TEST(the_callback_may_load_another_configuration)
{
    static const char other[] = "{\"trunkGroups\": [{\"id\": \"t\", \"sipAddress\": \"192.0.2.1\"}]}";

    for (unsigned i = 0; i < 2; i++)
        play_echo(transports[i], other);
}
END_TEST

SUITE("messages", a_message_goes_where_probes_go_and_its_answer_comes_back,
      requests_of_the_peer_go_to_the_host_but_options_are_answered_here, a_stranger_is_told_as_a_stranger,
      another_port_of_a_peer_is_still_the_peer, our_address_is_that_of_the_socket_or_connection,
      what_cannot_be_sent_says_why, messages_before_a_configuration_are_out_of_place,
      a_message_that_the_peer_refuses_comes_back, the_end_of_a_connection_is_told_and_the_next_message_has_another,
      a_trunk_without_probes_gets_its_connection_by_the_first_message, many_segments_make_one_message_and_one_segment_many,
      the_callback_may_answer_at_once, the_callback_may_load_another_configuration)
