#include <errno.h>

#include "../suite.h"
#include "base/heap.h"
#include "test_prober.h"

static struct rig rig;
static const struct tha_tls_settings tls = {
    .ca_file = "", .cert_file = "", .key_file = "", .server_name = "", .verify = true};

struct reach_arg {
    const struct tha_reach *reach;
    int err;
    char error[128];
};

static void job_prepare_reach(struct rig *r, void *arg)
{
    struct reach_arg *a = arg;

    a->err = tha_prober_prepare_reach(r->prober, a->reach, true, a->error, sizeof(a->error));
}

/** A load with one address to listen at (NULL = none) and one reach (NULL = none). */
static void load(const struct tha_addr *listen, const struct tha_reach *reach)
{
    struct listen_arg arg = {.n_listen = listen != NULL};
    struct reach_arg wanted = {.reach = reach};

    if (listen)
        arg.listen[0] = *listen;
    rig_do(&rig, job_prepare, &arg);
    ck_assert_msg(!arg.err, "%s", arg.error);
    if (reach)
        rig_do(&rig, job_prepare_reach, &wanted);
    ck_assert_msg(!wanted.err, "%s", wanted.error);
    rig_do(&rig, job_commit, NULL);
}

static void probe(struct peer *peer, uint32_t slot)
{
    rig_send(&rig, slot);
    peer_receive(peer);
}

static void expect_answer(const struct peer *peer, const char *old, const char *new)
{
    peer_answer(peer, "SIP/2.0 200 OK", old, new);
    rig_take(&rig, 2);
}

static struct peer begin(const struct tha_reach *reach)
{
    struct peer peer = peer_open("127.0.0.1");

    rig_init(&rig, 4);
    load(NULL, reach);
    rig_set_reach(&rig, 2, peer.addr, reach);
    probe(&peer, 2);

    return peer;
}

static void end(struct peer *peer)
{
    rig_done(&rig);
    close(peer->fd);
}

static struct sockaddr_in source_of(const struct peer *peer)
{
    return *(const struct sockaddr_in *)&peer->from;
}

static void assert_says(const struct peer *peer, const char *format, unsigned port)
{
    char expected[128];

    snprintf(expected, sizeof(expected), format, port);
    ck_assert_msg(strstr(peer->request, expected) != NULL, "\"%s\" is missing in:\n%s", expected, peer->request);
}

/* ---- Our own address ---- */

START_TEST(probes_leave_from_the_address_of_the_trunk_and_keep_their_port_over_loads)
{
    struct tha_reach reach = {.tls = &tls, .local = addr_of("127.0.0.9", 0)}, again = reach;
    struct peer peer = begin(&reach);
    struct sockaddr_in first = source_of(&peer), second;

    ck_assert_uint_eq(ntohl(first.sin_addr.s_addr), INADDR_LOOPBACK + 8);
    assert_says(&peer, "\r\nVia: SIP/2.0/UDP 127.0.0.9:%u;branch=", ntohs(first.sin_port));
    expect_answer(&peer, NULL, NULL);

    load(NULL, &again);
    rig_set_reach(&rig, 2, peer.addr, &again);
    probe(&peer, 2);
    second = source_of(&peer);
    ck_assert_int_eq(memcmp(&first, &second, sizeof(first)), 0);
    expect_answer(&peer, NULL, NULL);
    end(&peer);
}
END_TEST

START_TEST(trunks_with_the_same_address_share_its_socket)
{
    struct tha_reach reach = {.tls = &tls, .local = addr_of("127.0.0.9", 0)}, other = reach;
    struct peer peer = begin(&reach);
    struct sockaddr_in first = source_of(&peer), second;

    rig_set_reach(&rig, 3, peer.addr, &other);
    probe(&peer, 3);
    second = source_of(&peer);
    ck_assert_int_eq(memcmp(&first, &second, sizeof(first)), 0);
    end(&peer);
}
END_TEST

START_TEST(socket_that_listens_at_the_same_address_is_used)
{
    struct tha_reach reach = {.tls = &tls, .local = addr_of("127.0.0.9", 0)};
    struct peer peer = peer_open("127.0.0.1");
    struct sockaddr_in first, second;

    rig_init(&rig, 4);
    load(&reach.local, &reach);
    rig_set(&rig, 1, peer.addr); /* from where we listen */
    probe(&peer, 1);
    first = source_of(&peer);
    rig_set_reach(&rig, 2, peer.addr, &reach);
    probe(&peer, 2);
    second = source_of(&peer);
    ck_assert_int_eq(memcmp(&first, &second, sizeof(first)), 0);
    end(&peer);
}
END_TEST

START_TEST(socket_that_listens_at_the_same_port_of_any_address_is_used)
{
    struct peer peer = peer_open("127.0.0.1"), free_port = peer_open("127.0.0.1");
    struct tha_addr any = addr_of("0.0.0.0", free_port.addr.port);
    struct tha_reach reach = {.tls = &tls, .local = addr_of("127.0.0.9", free_port.addr.port)};

    close(free_port.fd);
    rig_init(&rig, 4);
    load(&any, &reach);
    rig_set_reach(&rig, 2, peer.addr, &reach);
    probe(&peer, 2);
    ck_assert_uint_eq(ntohl(source_of(&peer).sin_addr.s_addr), INADDR_LOOPBACK + 8);
    ck_assert_uint_eq(ntohs(source_of(&peer).sin_port), any.port);
    assert_says(&peer, "\r\nVia: SIP/2.0/UDP 127.0.0.9:%u;branch=", any.port);
    expect_answer(&peer, NULL, NULL);
    end(&peer);
}
END_TEST

struct move_arg {
    struct target_arg target;
    struct reach_arg reach;
};

/** All of a load at once, as the engine does it: nothing is sent before all targets are set. */
static void job_move(struct rig *r, void *arg)
{
    struct move_arg *a = arg;
    struct listen_arg listen = {.n_listen = 0};

    job_prepare(r, &listen);
    if (a->reach.reach)
        job_prepare_reach(r, &a->reach);
    tha_prober_commit_listen(r->prober);
    job_set(r, &a->target);
    tha_prober_flush(r->prober);
}

static void move(const struct peer *peer, const struct tha_reach *reach)
{
    static const struct tha_probe_text text = {.max_forwards = 70};
    struct move_arg arg = {{2, {peer->addr, "sip:carrier.example", &text, reach, 3000}, false}, {.reach = reach}};

    rig_do(&rig, job_move, &arg);
    ck_assert_int_eq(arg.reach.err, 0);
}

START_TEST(probe_under_way_moves_to_the_socket_that_its_trunk_has_now)
{
    struct tha_reach reach = {.tls = &tls, .local = addr_of("127.0.0.9", 0)};
    struct tha_reach moved = {.tls = &tls, .local = addr_of("127.0.0.10", 0)};
    struct peer peer = begin(&reach);

    move(&peer, &moved);
    peer_receive(&peer);
    ck_assert_uint_eq(ntohl(source_of(&peer).sin_addr.s_addr), INADDR_LOOPBACK + 9);
    move(&peer, NULL);
    peer_receive(&peer);
    ck_assert_uint_eq(ntohl(source_of(&peer).sin_addr.s_addr), INADDR_LOOPBACK);
    expect_answer(&peer, NULL, NULL);
    end(&peer);
}
END_TEST

START_TEST(address_that_is_not_ours_is_refused_and_changes_nothing)
{
    struct tha_reach reach = {.tls = &tls, .local = addr_of("127.0.0.9", 0)};
    struct tha_reach foreign = {.tls = &tls, .local = addr_of("192.0.2.1", 5070)};
    struct reach_arg arg = {.reach = &foreign};
    struct listen_arg listen = {.n_listen = 0};
    struct peer peer = begin(&reach);

    rig_do(&rig, job_prepare, &listen);
    rig_do(&rig, job_prepare_reach, &arg);
    ck_assert_int_eq(arg.err, TRUNKHA_ERR_SYSTEM);
    ck_assert_int_eq(strncmp(arg.error, "udp:192.0.2.1:5070: ", 20), 0);
    load(NULL, &reach); /* as a load that has failed is undone */
    expect_answer(&peer, NULL, NULL);
    end(&peer);
}
END_TEST

START_TEST(public_address_stands_in_via_contact_and_from)
{
    struct tha_reach reach = {.tls = &tls, .public_addr = addr_of("203.0.113.7", 0)};
    struct tha_reach with_port = {.tls = &tls, .public_addr = addr_of("203.0.113.7", 5080)};
    struct peer peer = begin(&reach);

    assert_says(&peer, "\r\nVia: SIP/2.0/UDP 203.0.113.7:%u;branch=", ntohs(source_of(&peer).sin_port));
    assert_says(&peer, "\r\nContact: <sip:203.0.113.7:%u>\r\n", ntohs(source_of(&peer).sin_port));
    assert_says(&peer, "\r\nFrom: <sip:ping@203.0.113.7>", 0);
    expect_answer(&peer, NULL, NULL);

    rig_set_reach(&rig, 2, peer.addr, &with_port);
    probe(&peer, 2);
    assert_says(&peer, "\r\nVia: SIP/2.0/UDP 203.0.113.7:%u;branch=", 5080);
    expect_answer(&peer, NULL, NULL);
    end(&peer);
}
END_TEST

/* ---- Where the peer saw us ---- */

/** Answers as a peer that saw us at @p seen, such as ";rport=4711;received=203.0.113.7". */
static void answer_as_seen(const struct peer *peer, const char *seen)
{
    expect_answer(peer, ";rport", seen);
}

static void assert_way(const char *seen, const char *previous, uint32_t rewritten)
{
    char text[THA_ADDR_TEXT_SIZE];

    wait_for(&rig.told_more);
    ck_assert_str_eq(tha_addr_text(&rig.way.seen, text, sizeof(text)), seen);
    if (previous)
        ck_assert_str_eq(tha_addr_text(&rig.way.previous, text, sizeof(text)), previous);
    else
        ck_assert_uint_eq(rig.way.previous.family, 0);
    ck_assert_uint_eq(rig.way.rewritten, rewritten);
}

static void assert_no_way(void)
{
    ck_assert_int_eq(sem_trywait(&rig.told_more), -1);
}

START_TEST(being_seen_where_we_are_is_no_news)
{
    struct peer peer = begin(NULL);
    char seen[64];

    snprintf(seen, sizeof(seen), ";rport=%u;received=127.0.0.1", ntohs(source_of(&peer).sin_port));
    answer_as_seen(&peer, seen);
    probe(&peer, 2);
    expect_answer(&peer, NULL, NULL); /* nothing said */
    assert_no_way();
    end(&peer);
}
END_TEST

START_TEST(being_seen_elsewhere_is_told_once_and_again_when_it_changes)
{
    struct peer peer = begin(NULL);

    answer_as_seen(&peer, ";rport=4711;received=203.0.113.7");
    assert_way("udp:203.0.113.7:4711", NULL, 0);
    ck_assert_uint_eq(rig.way.sent.port, ntohs(source_of(&peer).sin_port));

    for (unsigned i = 0; i < 40; i++) {
        rig.n_results = rig.n_taken = 0;
        probe(&peer, 2);
        answer_as_seen(&peer, ";rport=4711;received=203.0.113.7");
    }
    assert_no_way();

    probe(&peer, 2);
    answer_as_seen(&peer, ";received=203.0.113.7;rport=4712");
    assert_way("udp:203.0.113.7:4712", "udp:203.0.113.7:4711", 0);
    end(&peer);
}
END_TEST

START_TEST(public_address_that_is_right_is_no_news)
{
    struct tha_reach reach = {.tls = &tls, .public_addr = addr_of("203.0.113.7", 5080)};
    struct peer peer = begin(&reach);

    answer_as_seen(&peer, ";rport=5080;received=203.0.113.7");
    assert_no_way();
    end(&peer);
}
END_TEST

START_TEST(nonsense_about_where_we_are_is_ignored)
{
    static const char *const seen[] = {";rport=99999", ";rport=x", ";received=", ";received=a.example",
                                       ";received=[;rport="};
    struct peer peer = begin(NULL);

    for (size_t i = 0; i < sizeof(seen) / sizeof(seen[0]); i++) {
        answer_as_seen(&peer, seen[i]);
        probe(&peer, 2);
    }
    assert_no_way();
    end(&peer);
}
END_TEST

/* ---- What was rewritten ---- */

START_TEST(words_that_come_back_otherwise_are_named)
{
    static const struct {
        const char *old, *new;
        uint32_t bit;
    } cases[] = {
        {"<sip:ping@127.0.0.1>", "<sip:ping@203.0.113.7>", THA_REWRITTEN_FROM},
        {"To: <sip:carrier.example>", "To: \"C\" <sip:carrier.invalid>;tag=1", THA_REWRITTEN_TO},
        {"SIP/2.0/UDP 127.0.0.1", "SIP/2.0/UDP 203.0.113.7", THA_REWRITTEN_VIA},
        {"SIP/2.0/UDP", "SIP/2.0/TCP", THA_REWRITTEN_VIA},
        {"Content-Length: 0\r\n\r\n", "Content-Length: 3\r\n\r\nv=0\r\n", THA_REWRITTEN_CONTENT_LENGTH},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct peer peer = begin(NULL);

        expect_answer(&peer, cases[i].old, cases[i].new);
        wait_for(&rig.told_more);
        ck_assert_uint_eq(rig.way.rewritten, cases[i].bit);
        assert_no_way();
        end(&peer);
    }
}
END_TEST

START_TEST(what_a_peer_may_add_is_not_rewriting)
{
    static const struct {
        const char *old, *new;
    } cases[] = {
        {"To: <sip:carrier.example>", "t:  \"Carrier\" <sip:carrier.example>;tag=4711"},
        {"Via: SIP/2.0/UDP ", "v: SIP / 2.0 / UDP  "},
        {"Content-Length: 0\r\n", "l: 0\r\n"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct peer peer = begin(NULL);

        expect_answer(&peer, cases[i].old, cases[i].new);
        assert_no_way();
        end(&peer);
    }
}
END_TEST

/** Answers with the last hex digit of what follows @p name changed. */
static void answer_with_wrong(struct peer *peer, const char *name, size_t digits)
{
    char old[80], new[80];

    snprintf(old, sizeof(old), "%.*s", (int)(strlen(name) + digits), strstr(peer->request, name));
    strcpy(new, old);
    new[strlen(new) - 1] = new[strlen(new) - 1] == '0' ? '1' : '0';
    peer_answer(peer, "SIP/2.0 200 OK", old, new);
}

START_TEST(answer_that_rewriting_made_unknown_is_no_answer_but_told)
{
    struct peer peer = begin(NULL);

    answer_with_wrong(&peer, "Call-ID: ", 16);
    AWAIT(&rig, unknown_answers, 1);
    wait_for(&rig.told_more);
    ck_assert_uint_eq(rig.way.rewritten, THA_REWRITTEN_CALL_ID);
    answer_with_wrong(&peer, ">;tag=", 8);
    AWAIT(&rig, unknown_answers, 2);
    wait_for(&rig.told_more);
    ck_assert_uint_eq(rig.way.rewritten, THA_REWRITTEN_FROM);

    peer_answer(&peer, "SIP/2.0 200 OK", "Content-Length: 0", "Content-Length: 9");
    AWAIT(&rig, malformed_packets, 1);
    wait_for(&rig.told_more);
    ck_assert_uint_eq(rig.way.rewritten, THA_REWRITTEN_CONTENT_LENGTH);
    ck_assert_uint_eq(rig.n_results, 0);
    end(&peer);
}
END_TEST

START_TEST(stranger_with_our_branch_from_elsewhere_tells_nothing)
{
    struct peer peer = begin(NULL), stranger = peer_open("127.0.0.2");
    int own_fd = peer.fd;

    peer.fd = stranger.fd;
    answer_with_wrong(&peer, "Call-ID: ", 16);
    AWAIT(&rig, unknown_answers, 1);
    assert_no_way();
    peer.fd = own_fd;
    close(stranger.fd);
    end(&peer);
}
END_TEST

/* ---- Abilities ---- */

START_TEST(abilities_are_read_from_the_first_answer_and_then_now_and_then)
{
    struct peer peer = begin(NULL);

    for (unsigned i = 0; i < 16; i++) {
        expect_answer(&peer, "Contact: ", "Allow: INVITE\r\nContact: ");
        ck_assert_uint_eq(rig.n_abilities, 1);
        rig.n_results = rig.n_taken = 0;
        probe(&peer, 2);
    }
    expect_answer(&peer, "Contact: ", "Allow: ACK\r\nContact: ");
    ck_assert_uint_eq(rig.n_abilities, 2);
    ck_assert_uint_eq(rig.abilities.methods, tha_method_bit("ACK", 3));

    probe(&peer, 2);
    rig_expire(&rig, 3000);
    rig_take(&rig, 2);
    probe(&peer, 2);
    while (peer_has_more(&peer))
        peer_receive(&peer);
    expect_answer(&peer, NULL, NULL);
    ck_assert_uint_eq(rig.n_abilities, 3); /* it may be another peer after an outage */
    end(&peer);
}
END_TEST

START_TEST(refusal_says_nothing_of_abilities)
{
    struct peer peer = begin(NULL);

    peer_answer(&peer, "SIP/2.0 483 Too Many Hops", "Contact: ", "Allow: INVITE\r\nContact: ");
    rig_take(&rig, 2);
    ck_assert_uint_eq(rig.n_abilities, 0);
    end(&peer);
}
END_TEST

/* ---- Messages of the host's ---- */

static void send_to_us(const struct peer *peer, const char *start)
{
    char packet[512];

    snprintf(packet, sizeof(packet),
             "%s\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKhost;rport\r\nFrom: <sip:p>;tag=1\r\nTo: <sip:us>\r\nCall-ID: c\r\n"
             "CSeq: 1 INVITE\r\nContent-Length: 0\r\n\r\n",
             start);
    peer_send(peer, packet, strlen(packet));
}

START_TEST(messages_for_the_host_come_with_the_slot_of_their_address)
{
    struct peer peer = begin(NULL), neighbour = peer_open("127.0.0.1"), stranger = peer_open("127.0.0.2");

    rig.wants_messages = true;
    send_to_us(&peer, "INVITE sip:us SIP/2.0");
    wait_for(&rig.told_more);
    ck_assert_uint_eq(rig.message_slot, 2);
    ck_assert_int_eq(strncmp(rig.message, "INVITE ", 7), 0);
    send_to_us(&peer, "SIP/2.0 180 Ringing");
    wait_for(&rig.told_more);
    ck_assert_int_eq(strncmp(rig.message, "SIP/2.0 180 ", 12), 0);

    rig_set(&rig, 3, neighbour.addr); /* address and port decide */
    neighbour.from = peer.from;
    neighbour.from_len = peer.from_len;
    send_to_us(&neighbour, "ACK sip:us SIP/2.0");
    wait_for(&rig.told_more);
    ck_assert_uint_eq(rig.message_slot, 3);

    rig_clear(&rig, 3); /* else the address alone */
    send_to_us(&neighbour, "BYE sip:us SIP/2.0");
    wait_for(&rig.told_more);
    ck_assert_uint_eq(rig.message_slot, 2);

    stranger.from = peer.from;
    stranger.from_len = peer.from_len;
    send_to_us(&stranger, "BYE sip:us SIP/2.0");
    wait_for(&rig.told_more);
    ck_assert_uint_eq(rig.message_slot, THA_NONE);

    ck_assert_uint_eq(rig_stats(&rig).unknown_answers, 0);
    ck_assert_uint_eq(rig_stats(&rig).requests_rejected, 0);
    close(neighbour.fd);
    close(stranger.fd);
    end(&peer);
}
END_TEST

START_TEST(answers_of_our_own_form_and_options_are_never_the_hosts)
{
    struct peer peer = begin(NULL);

    rig.wants_messages = true;
    send_to_us(&peer, "OPTIONS sip:us SIP/2.0"); /* of no good CSeq */
    AWAIT(&rig, malformed_packets, 1);
    peer_answer(&peer, "SIP/2.0 200 OK", "z9hG4bK-00000002", "z9hG4bK-00000001");
    AWAIT(&rig, unknown_answers, 1);
    send_to_us(&peer, "SIP/2.0 nonsense");
    AWAIT(&rig, malformed_packets, 2);
    assert_no_way(); /* nor anything else */
    end(&peer);
}
END_TEST

START_TEST(what_the_host_does_not_want_is_treated_as_before)
{
    struct peer peer = begin(NULL);

    send_to_us(&peer, "INVITE sip:us SIP/2.0");
    peer_receive(&peer);
    ck_assert_int_eq(strncmp(peer.request, "SIP/2.0 405 ", 12), 0);
    send_to_us(&peer, "SIP/2.0 180 Ringing");
    AWAIT(&rig, unknown_answers, 1);
    end(&peer);
}
END_TEST

struct transmit_arg {
    uint32_t slot;
    const char *message;
    size_t len;
    int err;
    int local_err;
    struct tha_addr local;
};

static void job_transmit(struct rig *r, void *arg)
{
    struct transmit_arg *a = arg;

    a->local_err = tha_prober_get_local(r->prober, a->slot, &a->local);
    a->err = tha_prober_transmit(r->prober, a->slot, a->message, a->len);
}

START_TEST(message_of_the_host_leaves_from_the_socket_of_the_probes)
{
    static char large[60000];
    struct tha_reach reach = {.tls = &tls, .local = addr_of("127.0.0.9", 0), .public_addr = addr_of("203.0.113.7", 0)};
    struct peer peer = begin(&reach);
    struct sockaddr_in first = source_of(&peer), second;
    struct transmit_arg arg = {2, "INVITE sip:x SIP/2.0\r\n\r\n", 24, -1, -1, {.family = 0}};

    rig_do(&rig, job_transmit, &arg);
    ck_assert_int_eq(arg.err, 0);
    ck_assert_int_eq(arg.local_err, 0);
    ck_assert_uint_eq(arg.local.ip[0], 203);
    ck_assert_uint_eq(arg.local.port, ntohs(first.sin_port));
    peer_receive(&peer);
    ck_assert_str_eq(peer.request, arg.message);
    second = source_of(&peer);
    ck_assert_int_eq(memcmp(&first, &second, sizeof(first)), 0);

    arg.message = large;
    arg.len = sizeof(large);
    rig_do(&rig, job_transmit, &arg);
    ck_assert_int_eq(arg.err, 0);
    arg.len = 65536;
    rig_do(&rig, job_transmit, &arg);
    ck_assert_int_eq(arg.err, EMSGSIZE);
    arg.slot = 3;
    rig_do(&rig, job_transmit, &arg);
    ck_assert_int_eq(arg.err, EINVAL);
    ck_assert_int_eq(arg.local_err, EINVAL);
    end(&peer);
}
END_TEST

SUITE("prober_way", probes_leave_from_the_address_of_the_trunk_and_keep_their_port_over_loads,
      trunks_with_the_same_address_share_its_socket, socket_that_listens_at_the_same_address_is_used,
      socket_that_listens_at_the_same_port_of_any_address_is_used,
      probe_under_way_moves_to_the_socket_that_its_trunk_has_now, address_that_is_not_ours_is_refused_and_changes_nothing,
      public_address_stands_in_via_contact_and_from, being_seen_where_we_are_is_no_news,
      being_seen_elsewhere_is_told_once_and_again_when_it_changes, public_address_that_is_right_is_no_news,
      nonsense_about_where_we_are_is_ignored, words_that_come_back_otherwise_are_named, what_a_peer_may_add_is_not_rewriting,
      answer_that_rewriting_made_unknown_is_no_answer_but_told, stranger_with_our_branch_from_elsewhere_tells_nothing,
      abilities_are_read_from_the_first_answer_and_then_now_and_then, refusal_says_nothing_of_abilities,
      messages_for_the_host_come_with_the_slot_of_their_address, answers_of_our_own_form_and_options_are_never_the_hosts,
      what_the_host_does_not_want_is_treated_as_before, message_of_the_host_leaves_from_the_socket_of_the_probes)
