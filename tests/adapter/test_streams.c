/* Trunks over TCP and TLS: each way in which a connection fails, and what is told of it. */
#include <openssl/ssl.h>
#include <stdio.h>

#include "../suite.h"
#include "player.h"
#include "stage.h"

static struct stage stage;

static const char *trunk_at(const struct player *carrier, const char *more)
{
    static char text[1024];

    snprintf(text, sizeof(text), "{'id': 't', 'sipAddress': '%s'%s}", player_uri(carrier), more);

    return text;
}

/** A TLS trunk that trusts @p ca. */
static const char *tls_trunk_at(const struct player *carrier, const char *ca, const char *more)
{
    char tls[512];

    snprintf(tls, sizeof(tls), ", 'tls': {'caFile': '%s'%s}", player_certificate(ca), more);

    return trunk_at(carrier, tls);
}

static struct player *start(const char *transport, const char *certificate)
{
    return player_start(&(struct player_options){.transport = transport, .certificate = certificate});
}

static unsigned await_up(unsigned after)
{
    return stage_await_health(&stage, after, "t", TRUNKHA_HEALTH_AVAILABLE, STAGE_ANY, NULL);
}

/* ---- TCP ---- */

START_TEST(a_connection_is_made_once_and_kept)
{
    struct player *carrier = start("tcp", NULL);
    char request[PLAYER_MESSAGE_MAX];

    stage_open(&stage, false);
    stage_load(&stage, trunk_at(carrier, ""), "");
    await_up(0);
    player_await(carrier, 3, request);
    ck_assert_uint_eq(player_connections(carrier), 1);
    ck_assert_ptr_eq(strstr(player_header(request, "Via"), "SIP/2.0/TCP 127.0.0.1:"), player_header(request, "Via"));
    ck_assert_ptr_nonnull(strstr(player_header(request, "Contact"), ";transport=tcp"));
    ck_assert_uint_eq(stage_stats(&stage).connections_opened, 1);
    ck_assert_uint_eq(stage_stats(&stage).connections_lost, 0);
    ck_assert_str_eq(stage_target(&stage, 0).target, player_target(carrier));
    stage_close(&stage);
    player_stop(carrier);
}
END_TEST

START_TEST(a_refused_connection_is_a_network_error_and_a_carrier_that_comes_is_found)
{
    struct player *carrier = start("tcp", NULL);
    uint16_t port = player_port(carrier);
    trunkha_event event;
    unsigned n;

    stage_open(&stage, false);
    stage_load(&stage, trunk_at(carrier, ""), "");
    n = await_up(0);
    player_stop(carrier);
    n = stage_await_health(&stage, n, "t", TRUNKHA_HEALTH_DOWN, TRUNKHA_REASON_NETWORK_ERROR, &event);
    ck_assert_ptr_nonnull(strstr(event.detail, "refused"));
    ck_assert_uint_eq(stage_stats(&stage).connections_opened, 1);
    ck_assert_uint_ge(stage_stats(&stage).connections_lost, 3);
    carrier = player_start(&(struct player_options){.transport = "tcp", .port = port});
    stage_await_health(&stage, n, "t", TRUNKHA_HEALTH_AVAILABLE, TRUNKHA_REASON_KEEPALIVE_RECOVERED, NULL);
    stage_close(&stage);
    player_stop(carrier);
}
END_TEST

static size_t say_nothing(const char *request, char *buf, size_t size, void *user_data)
{
    (void)request;
    (void)buf;
    (void)size;
    (void)user_data;

    return 0;
}

START_TEST(a_probe_whose_connection_is_reset_fails_at_once)
{
    struct player *carrier = player_start(&(struct player_options){.transport = "tcp", .reply = say_nothing});
    char request[PLAYER_MESSAGE_MAX];
    trunkha_event event;

    stage_open(&stage, false);
    stage_load(&stage, trunk_at(carrier, ", 'keepalive': {'timeout': 20, 'suspectInterval': 0.5}"), "");
    for (unsigned i = 1; i <= 3; i++) {
        player_await(carrier, i, request);
        player_hang_up(carrier, true);
    }
    stage_await_health(&stage, 0, "t", TRUNKHA_HEALTH_DOWN, TRUNKHA_REASON_NETWORK_ERROR, &event);
    ck_assert_uint_eq(event.failed_attempts, 3);
    ck_assert_ptr_nonnull(strstr(event.detail, "reset"));
    stage_close(&stage);
    player_stop(carrier);
}
END_TEST

START_TEST(a_probe_whose_connection_is_closed_fails_at_once)
{
    struct player *carrier = player_start(&(struct player_options){.transport = "tcp", .reply = say_nothing});
    char request[PLAYER_MESSAGE_MAX];
    trunkha_event event;

    stage_open(&stage, false);
    stage_load(&stage, trunk_at(carrier, ", 'keepalive': {'timeout': 20, 'suspectInterval': 0.5}"), "");
    for (unsigned i = 1; i <= 3; i++) {
        player_await(carrier, i, request);
        player_hang_up(carrier, false);
    }
    stage_await_health(&stage, 0, "t", TRUNKHA_HEALTH_DOWN, TRUNKHA_REASON_NETWORK_ERROR, &event);
    ck_assert_ptr_nonnull(strstr(event.detail, "closed by the peer"));
    stage_close(&stage);
    player_stop(carrier);
}
END_TEST

START_TEST(a_connection_closed_while_idle_is_made_anew_at_once_and_is_no_outage)
{
    struct player *carrier = start("tcp", NULL);
    char request[PLAYER_MESSAGE_MAX];
    unsigned n;

    stage_open(&stage, false);
    stage_load(&stage, trunk_at(carrier, ", 'keepalive': {'interval': 60, 'suspectInterval': 0.5}"), "");
    await_up(0);
    n = player_requests(carrier);
    player_hang_up(carrier, false);
    player_await(carrier, n + 1, request); /* long before its interval is over */
    ck_assert_uint_eq(player_connections(carrier), 2);
    player_hang_up(carrier, true);
    player_await(carrier, n + 2, request);
    ck_assert_uint_eq(stage_trunk(&stage, "t").health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_uint_eq(stage_count(&stage, TRUNKHA_EVENT_TRUNK_STATE), 1);
    stage_close(&stage);
    player_stop(carrier);
}
END_TEST

START_TEST(a_connection_that_is_up_but_dead_is_found_by_probes_and_made_anew)
{
    struct player *carrier = start("tcp", NULL);
    unsigned n;

    stage_open(&stage, false);
    stage_load(&stage, trunk_at(carrier, ""), "");
    n = await_up(0);
    player_hush(carrier, true);
    n = stage_await_health(&stage, n, "t", TRUNKHA_HEALTH_DOWN, TRUNKHA_REASON_KEEPALIVE_FAILURE, NULL);
    player_hush(carrier, false);
    stage_await_health(&stage, n, "t", TRUNKHA_HEALTH_AVAILABLE, TRUNKHA_REASON_KEEPALIVE_RECOVERED, NULL);
    ck_assert_uint_gt(player_connections(carrier), 1);
    stage_close(&stage);
    player_stop(carrier);
}
END_TEST

/* ---- TLS ---- */

START_TEST(a_verified_carrier_is_available_and_asked_over_one_connection)
{
    struct player *carrier = start("tls", NULL);
    char request[PLAYER_MESSAGE_MAX];

    stage_open(&stage, false);
    stage_load(&stage, tls_trunk_at(carrier, "ca.pem", ""), "");
    await_up(0);
    player_await(carrier, 3, request);
    ck_assert_uint_eq(player_connections(carrier), 1);
    ck_assert_ptr_eq(strstr(player_header(request, "Via"), "SIP/2.0/TLS 127.0.0.1:"), player_header(request, "Via"));
    ck_assert_str_eq(stage_target(&stage, 0).target, player_target(carrier));
    ck_assert_uint_eq(stage_count(&stage, TRUNKHA_EVENT_CERTIFICATE_EXPIRY), 0);
    stage_close(&stage);
    player_stop(carrier);
}
END_TEST

/** What is wrong with a carrier, and words that must stand in the event. */
struct fault {
    const char *certificate, *ca, *more;
    int max_version;
    bool wants_client;
    const char *words;
};

static const struct fault faults[] = {
    {"expired", "ca.pem", "", 0, false, "certificate has expired (2021-01-01)"},
    {"future", "ca.pem", "", 0, false, "certificate is not valid yet (from 2099-01-01)"},
    {"self-signed", "ca.pem", "", 0, false, "self-signed certificate"},
    {"wrong-name", "ca.pem", "", 0, false, "certificate is for sip.other.example, sip2.other.example, not for 127.0.0.1"},
    {"stranger", "ca.pem", "", 0, false, "unknown issuer \"Some other CA\""},
    {"server", "other-ca.pem", "", 0, false, "unknown issuer \"trunkha test CA\""},
    {"server", "ca.pem", ", 'serverName': 'sip.elsewhere.example'", 0, false, "not for sip.elsewhere.example"},
    {"server", "ca.pem", "", TLS1_1_VERSION, false, "TLS 1.2"},
    {"server", "ca.pem", ", 'minVersion': '1.3'", TLS1_2_VERSION, false, "TLS 1.3"},
    {"server", "ca.pem", "", TLS1_2_VERSION, true, "client certificate"},
};

#define FAULTS (sizeof(faults) / sizeof(faults[0]))

static struct player *start_faulty(const struct fault *fault)
{
    return player_start(&(struct player_options){.transport = "tls",
                                                 .certificate = fault->certificate,
                                                 .max_version = fault->max_version,
                                                 .wants_client = fault->wants_client});
}

/** @p id: of its trunk. */
static void check_fault(const struct fault *fault, const char *id, struct player *carrier)
{
    trunkha_event event;

    stage_await_health(&stage, 0, id, TRUNKHA_HEALTH_DOWN, TRUNKHA_REASON_TLS_FAILURE, &event);
    ck_assert_msg(strstr(event.detail, fault->words), "\"%s\" is not in \"%s\"", fault->words, event.detail);
    ck_assert_str_eq(event.target, player_target(carrier));
    ck_assert_uint_eq(player_requests(carrier), 0); /* nothing is said to who has not shown who he is */
    ck_assert_uint_eq(stage_trunk(&stage, id).reason, TRUNKHA_REASON_TLS_FAILURE);
}

START_TEST(each_fault_of_tls_is_named)
{
    struct player *carriers[FAULTS];
    char trunks[4096] = "", id[16];

    for (size_t i = 0; i < FAULTS; i++) {
        size_t used = strlen(trunks);

        carriers[i] = start_faulty(&faults[i]);
        snprintf(trunks + used, sizeof(trunks) - used, "%s{'id': 't%zu', 'sipAddress': '%s', 'tls': {'caFile': '%s'%s}}",
                 i ? ", " : "", i, player_uri(carriers[i]), player_certificate(faults[i].ca), faults[i].more);
    }
    stage_open(&stage, false);
    stage_load(&stage, trunks, "");
    for (size_t i = 0; i < FAULTS; i++) {
        snprintf(id, sizeof(id), "t%zu", i);
        check_fault(&faults[i], id, carriers[i]);
    }
    stage_close(&stage);
    for (size_t i = 0; i < FAULTS; i++)
        player_stop(carriers[i]);
}
END_TEST

START_TEST(a_client_certificate_is_shown_to_who_wants_it)
{
    struct player *carrier = player_start(&(struct player_options){.transport = "tls", .wants_client = true});
    char more[320];

    snprintf(more, sizeof(more), ", 'certFile': '%s', 'keyFile': '%s'", player_certificate("client.pem"),
             player_certificate("client.key"));
    stage_open(&stage, false);
    stage_load(&stage, tls_trunk_at(carrier, "ca.pem", more), "");
    await_up(0);
    stage_close(&stage);
    player_stop(carrier);
}
END_TEST

START_TEST(a_carrier_that_does_not_shake_hands_is_down_and_comes_back)
{
    struct player *carrier = start("tls", NULL);
    trunkha_event event;
    unsigned n;

    player_hush(carrier, true);
    stage_open(&stage, false);
    stage_load(&stage, tls_trunk_at(carrier, "ca.pem", ""), "");
    n = stage_await_health(&stage, 0, "t", TRUNKHA_HEALTH_DOWN, STAGE_ANY, &event);
    ck_assert_ptr_nonnull(strstr(event.detail, "no TLS handshake"));
    player_hush(carrier, false);
    await_up(n);
    stage_close(&stage);
    player_stop(carrier);
}
END_TEST

START_TEST(a_carrier_without_tls_is_a_failure_of_tls)
{
    struct player *plain = start("tcp", NULL);
    char trunk[256];

    snprintf(trunk, sizeof(trunk), "{'id': 't', 'sipAddress': 'sip:127.0.0.1:%u;transport=tls'}", player_port(plain));
    stage_open(&stage, false);
    stage_load(&stage, trunk, "");
    stage_await_health(&stage, 0, "t", TRUNKHA_HEALTH_DOWN, STAGE_ANY, NULL);
    ck_assert_uint_eq(player_requests(plain), 0);
    stage_close(&stage);
    player_stop(plain);
}
END_TEST

START_TEST(a_certificate_that_ends_soon_is_told_of_once)
{
    struct player *carrier = start("tls", "soon");
    char request[PLAYER_MESSAGE_MAX];
    trunkha_event event;

    stage_open(&stage, false);
    stage_load(&stage, tls_trunk_at(carrier, "ca.pem", ""), "");
    stage_await(&stage, 0, TRUNKHA_EVENT_CERTIFICATE_EXPIRY, "t", STAGE_ANY, &event);
    ck_assert_ptr_nonnull(strstr(event.detail, "ends in 4 days"));
    await_up(0);
    for (unsigned i = 2; i < 5; i++) { /* a new connection is no news of its certificate */
        unsigned n = player_requests(carrier);

        player_hang_up(carrier, i == 2);
        player_await(carrier, n + 1, request);
    }
    ck_assert_uint_ge(player_connections(carrier), 4);
    ck_assert_uint_eq(stage_count(&stage, TRUNKHA_EVENT_CERTIFICATE_EXPIRY), 1);
    ck_assert_uint_eq(stage_count_log(&stage, "ends in 4 days"), 1);
    stage_close(&stage);
    player_stop(carrier);
}
END_TEST

START_TEST(a_reload_with_other_tls_settings_has_the_connection_made_anew)
{
    struct player *carrier = start("tls", NULL);
    char request[PLAYER_MESSAGE_MAX];
    unsigned n;

    stage_open(&stage, false);
    stage_load(&stage, tls_trunk_at(carrier, "ca.pem", ""), "");
    n = await_up(0);
    stage_load(&stage, tls_trunk_at(carrier, "ca.pem", ""), "");
    stage_load(&stage, tls_trunk_at(carrier, "ca.pem", ", 'serverName': 'localhost'"), "");
    player_await(carrier, player_requests(carrier) + 1, request);
    ck_assert_uint_eq(player_connections(carrier), 2); /* the same settings: the same connection */

    stage_load(&stage, tls_trunk_at(carrier, "other-ca.pem", ""), "");
    n = stage_await_health(&stage, n, "t", TRUNKHA_HEALTH_DOWN, TRUNKHA_REASON_TLS_FAILURE, NULL);
    stage_load(&stage, tls_trunk_at(carrier, "ca.pem", ""), "");
    n = await_up(n);
    stage_refuse(&stage, tls_trunk_at(carrier, "none.pem", ""), "", TRUNKHA_ERR_CONFIG);
    stage_refuse(&stage, tls_trunk_at(carrier, "server.key", ""), "", TRUNKHA_ERR_CONFIG);
    player_await(carrier, player_requests(carrier) + 2, request);
    ck_assert_uint_eq(stage_n_events(&stage), n + 1); /* activeChange: nothing since */
    ck_assert_uint_eq(stage_trunk(&stage, "t").health, TRUNKHA_HEALTH_AVAILABLE);
    stage_close(&stage);
    player_stop(carrier);
}
END_TEST

START_TEST(no_other_transport_takes_the_place_of_one_that_fails)
{
    struct player *udp = player_start(NULL);
    const char *const transports[] = {"tcp", "tls"};
    char trunk[256];
    unsigned n;

    for (unsigned i = 0; i < 2; i++) {
        snprintf(trunk, sizeof(trunk), "{'id': 't', 'sipAddress': 'sip:127.0.0.1:%u;transport=%s'}", player_port(udp),
                 transports[i]);
        stage_open(&stage, false);
        stage_load(&stage, trunk, "");
        n = stage_await_health(&stage, 0, "t", TRUNKHA_HEALTH_DOWN, TRUNKHA_REASON_NETWORK_ERROR, NULL);
        stage_await(&stage, 0, TRUNKHA_EVENT_TARGET_STATE, NULL, STAGE_ANY, NULL);
        ck_assert_uint_gt(n, 0);
        ck_assert_uint_eq(player_requests(udp), 0);
        stage_close(&stage);
    }
    player_stop(udp);
}
END_TEST

START_TEST(ipv6_carriers_are_reached_over_each_transport)
{
    static const char *const transports[] = {"udp", "tcp", "tls"};

    for (unsigned i = 0; i < 3; i++) {
        struct player *carrier = player_start(&(struct player_options){.transport = transports[i], .ip = "::1"});
        char request[PLAYER_MESSAGE_MAX];

        stage_open(&stage, false);
        stage_load(&stage, i < 2 ? trunk_at(carrier, "") : tls_trunk_at(carrier, "ca.pem", ""),
                   ", 'sip': {'listen': ['udp:[::1]:0']}");
        await_up(0);
        player_await(carrier, 1, request);
        ck_assert_ptr_nonnull(strstr(player_header(request, "Via"), " [::1]:"));
        ck_assert_str_eq(stage_target(&stage, 0).target, player_target(carrier));
        stage_close(&stage);
        player_stop(carrier);
    }
}
END_TEST

SUITE("streams", a_connection_is_made_once_and_kept,
      a_refused_connection_is_a_network_error_and_a_carrier_that_comes_is_found,
      a_probe_whose_connection_is_reset_fails_at_once, a_probe_whose_connection_is_closed_fails_at_once,
      a_connection_closed_while_idle_is_made_anew_at_once_and_is_no_outage,
      a_connection_that_is_up_but_dead_is_found_by_probes_and_made_anew,
      a_verified_carrier_is_available_and_asked_over_one_connection, each_fault_of_tls_is_named,
      a_client_certificate_is_shown_to_who_wants_it, a_carrier_that_does_not_shake_hands_is_down_and_comes_back,
      a_carrier_without_tls_is_a_failure_of_tls, a_certificate_that_ends_soon_is_told_of_once,
      a_reload_with_other_tls_settings_has_the_connection_made_anew, no_other_transport_takes_the_place_of_one_that_fails,
      ipv6_carriers_are_reached_over_each_transport)
