#include "test_prober.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include "../suite.h"
#include "base/heap.h"

static struct rig rig;

/** A prober and one peer, probed once. */
static struct peer begin(const char *ip)
{
    struct peer peer = peer_open(ip);

    rig_init(&rig, 4);
    rig_set(&rig, 2, peer.addr);
    rig_send(&rig, 2);
    peer_receive(&peer);

    return peer;
}

static void end(struct peer *peer)
{
    rig_done(&rig);
    close(peer->fd);
}

START_TEST(final_answer_is_told_with_code_and_round_trip)
{
    struct peer peer = begin("127.0.0.1");
    struct tha_evidence evidence;

    peer_answer(&peer, "SIP/2.0 404 Not Found", NULL, NULL);
    evidence = rig_take(&rig, 2);
    ck_assert_uint_eq(evidence.kind, THA_EVIDENCE_ANSWERED);
    ck_assert_uint_eq(evidence.code, 404);
    ck_assert_uint_gt(evidence.rtt_us, 0);
    ck_assert_uint_lt(evidence.rtt_us, 20000000);
    ck_assert_uint_eq(rig_next(&rig), THA_NEVER);
    ck_assert_uint_eq(rig_stats(&rig).probes_answered, 1);
    ck_assert_uint_eq(rig_stats(&rig).probes_sent, 1);
    ck_assert_uint_eq(rig.batch_ends, 1);
    ck_assert_int_eq(strncmp(rig.answer, "SIP/2.0 404 Not Found\r\n", 23), 0);
    end(&peer);
}
END_TEST

START_TEST(request_carries_the_address_that_the_peer_sees)
{
    struct peer peer = begin("127.0.0.1");
    char via[128];

    snprintf(via, sizeof(via), "\r\nVia: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK-00000002",
             ntohs(((struct sockaddr_in *)&peer.from)->sin_port));
    ck_assert_ptr_nonnull(strstr(peer.request, via));
    ck_assert_ptr_nonnull(strstr(peer.request, "\r\nFrom: <sip:ping@127.0.0.1>;tag="));
    end(&peer);
}
END_TEST

START_TEST(ipv6_peer_is_probed_and_answers)
{
    struct peer peer = begin("::1");

    ck_assert_ptr_nonnull(strstr(peer.request, "\r\nVia: SIP/2.0/UDP [::1]:"));
    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    ck_assert_uint_eq(rig_take(&rig, 2).code, 200);
    end(&peer);
}
END_TEST

START_TEST(silence_is_retransmitted_byte_by_byte_and_ends_at_the_deadline)
{
    struct peer peer = begin("127.0.0.1");
    static const uint64_t times_ms[] = {500, 1500}; /* T1, then 2 * T1 later; 4 * T1 later is past the deadline */
    char first[sizeof(peer.request)];

    strcpy(first, peer.request);
    for (unsigned i = 0; i < 2; i++) {
        ck_assert_uint_eq(rig_next(&rig), times_ms[i]);
        rig_expire(&rig, times_ms[i] - 1);
        ck_assert(!peer_has_more(&peer));
        rig_expire(&rig, times_ms[i]);
        peer_receive(&peer);
        ck_assert_str_eq(peer.request, first);
        ck_assert(!peer_has_more(&peer));
    }

    rig_expire(&rig, 2999);
    ck_assert_uint_eq(rig.n_results, 0);
    ck_assert_uint_eq(rig_next(&rig), 3000);
    rig_expire(&rig, 3000);
    ck_assert_uint_eq(rig_take(&rig, 2).kind, THA_EVIDENCE_TIMED_OUT);
    ck_assert_uint_eq(rig_next(&rig), THA_NEVER);
    ck_assert(!peer_has_more(&peer));
    ck_assert_uint_eq(rig_stats(&rig).retransmissions, 2);
    ck_assert_uint_eq(rig_stats(&rig).probes_timed_out, 1);
    end(&peer);
}
END_TEST

START_TEST(retransmission_slows_down_to_t2)
{
    static const struct tha_probe_text text = {.max_forwards = 70};
    static const uint64_t times_ms[] = {500, 1500, 3500, 7500, 11500, 15500};
    struct peer peer = peer_open("127.0.0.1");
    struct target_arg patient = {0, {peer.addr, "sip:x", &text, NULL, 60000}, false};

    rig_init(&rig, 1);
    rig_do(&rig, job_set, &patient);
    rig_send(&rig, 0);
    for (unsigned i = 0; i < 6; i++) {
        ck_assert_uint_eq(rig_next(&rig), times_ms[i]);
        rig_expire(&rig, times_ms[i]);
    }
    end(&peer);
}
END_TEST

START_TEST(provisional_answer_is_no_answer_but_slows_retransmission)
{
    struct peer peer = begin("127.0.0.1");

    peer_answer(&peer, "SIP/2.0 100 Trying", NULL, NULL);
    AWAIT(&rig, provisional_answers, 1);
    ck_assert_uint_eq(rig_next(&rig), 500);
    rig_expire(&rig, 500);
    peer_receive(&peer);
    ck_assert_uint_eq(rig_next(&rig), 3000); /* 500 + T2 is past the deadline */
    rig_expire(&rig, 3000);
    ck_assert_uint_eq(rig_take(&rig, 2).kind, THA_EVIDENCE_TIMED_OUT);
    end(&peer);
}
END_TEST

START_TEST(answers_after_the_deadline_are_late_and_credit_nothing)
{
    struct peer peer = begin("127.0.0.1");

    rig_expire(&rig, 3000);
    ck_assert_uint_eq(rig_take(&rig, 2).kind, THA_EVIDENCE_TIMED_OUT);
    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    AWAIT(&rig, late_answers, 1);

    rig_send(&rig, 2); /* the next probe is under way: still late */
    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    AWAIT(&rig, late_answers, 2);
    end(&peer);
}
END_TEST

static void job_stand_still(struct rig *r, void *arg)
{
    peer_answer(arg, "SIP/2.0 200 OK", NULL, NULL);
    tha_prober_handle_expiry(r->prober, 60000);
}

START_TEST(answer_that_waits_at_the_socket_beats_its_deadline)
{
    struct peer peer = begin("127.0.0.1");

    rig_do(&rig, job_stand_still, &peer);
    ck_assert_uint_eq(rig_take(&rig, 2).kind, THA_EVIDENCE_ANSWERED);
    end(&peer);
}
END_TEST

START_TEST(second_answer_is_a_duplicate)
{
    struct peer peer = begin("127.0.0.1");

    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    rig_take(&rig, 2);
    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    AWAIT(&rig, duplicate_answers, 1);
    rig_send(&rig, 2);
    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    AWAIT(&rig, duplicate_answers, 2);
    end(&peer);
}
END_TEST

START_TEST(answer_from_another_port_is_foreign)
{
    struct peer peer = begin("127.0.0.1"), stranger = peer_open("127.0.0.1"), neighbour = peer_open("127.0.0.2");
    int own_fd = peer.fd;

    peer.fd = stranger.fd;
    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    AWAIT(&rig, foreign_answers, 1);
    peer.fd = neighbour.fd;
    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    AWAIT(&rig, foreign_answers, 2);

    peer.fd = own_fd;
    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    ck_assert_uint_eq(rig_take(&rig, 2).code, 200);
    close(stranger.fd);
    close(neighbour.fd);
    end(&peer);
}
END_TEST

/** Replaces the last hex digit of what follows @p name in the request. */
static void answer_with_wrong(struct peer *peer, const char *name, size_t digits)
{
    const char *start = strstr(peer->request, name);
    char old[80], new[80];

    ck_assert_ptr_nonnull(start);
    snprintf(old, sizeof(old), "%.*s", (int)(strlen(name) + digits), start);
    strcpy(new, old);
    new[strlen(new) - 1] = new[strlen(new) - 1] == '0' ? '1' : '0';
    peer_answer(peer, "SIP/2.0 200 OK", old, new);
}

START_TEST(answer_with_one_wrong_word_is_unknown)
{
    struct peer peer = begin("127.0.0.1");

    answer_with_wrong(&peer, "branch=z9hG4bK-", 24);
    AWAIT(&rig, unknown_answers, 1);
    answer_with_wrong(&peer, "branch=z9hG4bK-", 8); /* another slot */
    AWAIT(&rig, unknown_answers, 2);
    answer_with_wrong(&peer, "Call-ID: ", 16);
    AWAIT(&rig, unknown_answers, 3);
    answer_with_wrong(&peer, ">;tag=", 8);
    AWAIT(&rig, unknown_answers, 4);
    peer_answer(&peer, "SIP/2.0 200 OK", "CSeq: 1 ", "CSeq: 2 ");
    AWAIT(&rig, unknown_answers, 5);
    peer_answer(&peer, "SIP/2.0 200 OK", " OPTIONS", " INVITE");
    AWAIT(&rig, unknown_answers, 6);
    peer_answer(&peer, "SIP/2.0 200 OK", "z9hG4bK-00000002", "z9hG4bK-ffffffff");
    AWAIT(&rig, unknown_answers, 7);
    ck_assert_uint_eq(rig.n_results, 0);

    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    ck_assert_uint_eq(rig_take(&rig, 2).code, 200);
    end(&peer);
}
END_TEST

START_TEST(malformed_packets_are_counted_and_harmless)
{
    struct peer peer = begin("127.0.0.1");
    char junk[9000];

    peer_answer(&peer, "SIP/2.0 200", "Call-ID", "Call-IX");
    AWAIT(&rig, malformed_packets, 1);
    peer_answer(&peer, "SIP/2.0 099 OK", NULL, NULL);
    AWAIT(&rig, malformed_packets, 2);
    peer_send(&peer, "hello", 5);
    AWAIT(&rig, malformed_packets, 3);

    for (size_t i = 0; i < sizeof(junk); i++)
        junk[i] = i % 2 ? ' ' : 'a';
    for (unsigned i = 0; i < 50; i++)
        peer_send(&peer, junk, 8192);
    AWAIT(&rig, malformed_packets, 53);

    peer_send(&peer, "SIP/2.0 200 OK\r\n\r\n", 18);
    AWAIT(&rig, malformed_packets, 54);
    memcpy(junk, "SIP/2.0 200 OK\r\n", 16);
    peer_send(&peer, junk, sizeof(junk)); /* longer than we receive */
    AWAIT(&rig, malformed_packets, 55);

    peer_send(&peer, "\r\n\r\n", 4); /* what keeps a NAT open is no offence */
    peer_send(&peer, "", 0);
    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    ck_assert_uint_eq(rig_take(&rig, 2).code, 200);
    ck_assert_uint_eq(rig_stats(&rig).malformed_packets, 55);
    end(&peer);
}
END_TEST

START_TEST(refused_port_is_told_at_once_and_to_the_right_slot)
{
    struct peer gone = peer_open("127.0.0.1"), peer = peer_open("127.0.0.1");
    struct tha_evidence evidence;

    close(gone.fd);
    rig_init(&rig, 100);
    rig_set(&rig, 70, gone.addr);
    rig_set(&rig, 71, peer.addr);
    rig_send(&rig, 71);
    rig_send(&rig, 70);
    evidence = rig_take(&rig, 70);
    ck_assert_uint_eq(evidence.kind, THA_EVIDENCE_REFUSED);
    ck_assert_int_eq(evidence.system_error, ECONNREFUSED);
    ck_assert_uint_eq(rig_stats(&rig).probes_failed_to_send, 1);

    peer_receive(&peer);
    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    ck_assert_uint_eq(rig_take(&rig, 71).code, 200);
    end(&peer);
}
END_TEST

START_TEST(refused_port_is_told_over_ipv6_too)
{
    struct peer gone = peer_open("::1");

    close(gone.fd);
    rig_init(&rig, 1);
    rig_set(&rig, 0, gone.addr);
    rig_send(&rig, 0);
    ck_assert_uint_eq(rig_take(&rig, 0).kind, THA_EVIDENCE_REFUSED);
    rig_done(&rig);
}
END_TEST

static void job_send_all(struct rig *r, void *arg)
{
    uint32_t n = *(uint32_t *)arg;

    for (uint32_t slot = 0; slot < n; slot++) {
        tha_prober_send(r->prober, slot, 0);
        tha_prober_flush(r->prober); /* one by one: each finds the error of the one before pending */
    }
}

START_TEST(refusal_of_one_target_never_costs_another_its_probe)
{
    struct peer gone = peer_open("127.0.0.1"), peer = peer_open("127.0.0.1");
    uint32_t n = 8;

    close(gone.fd);
    rig_init(&rig, n);
    for (uint32_t slot = 0; slot < n; slot++)
        rig_set(&rig, slot, slot % 2 ? peer.addr : gone.addr);
    rig_do(&rig, job_send_all, &n);

    for (uint32_t i = 0; i < n / 2; i++) {
        wait_for(&rig.told);
        ck_assert_uint_eq(rig.slots[i] % 2, 0);
        ck_assert_uint_eq(rig.results[i].kind, THA_EVIDENCE_REFUSED);
        rig.n_taken++;
    }
    for (uint32_t i = 0; i < n / 2; i++)
        peer_receive(&peer);
    ck_assert(!peer_has_more(&peer));
    end(&peer);
}
END_TEST

START_TEST(target_without_a_route_fails_alone)
{
    struct peer peer = peer_open("127.0.0.1");
    struct tha_evidence evidence;

    rig_init(&rig, 2);
    rig_listen(&rig, "127.0.0.1", 0);
    rig_set(&rig, 0, addr_of("255.255.255.255", 9)); /* broadcast is not allowed on our socket */
    rig_set(&rig, 1, peer.addr);
    rig_send(&rig, 0);
    evidence = rig_take(&rig, 0);
    ck_assert_uint_eq(evidence.kind, THA_EVIDENCE_SEND_FAILED);
    ck_assert_int_ne(evidence.system_error, 0);

    rig_send(&rig, 1);
    peer_receive(&peer);
    end(&peer);
}
END_TEST

START_TEST(request_too_long_to_be_written_fails_as_not_sent)
{
    static char agent[5000];
    static const struct tha_probe_text text = {.user_agent = agent};
    struct peer peer = peer_open("127.0.0.1");
    struct target_arg arg = {0, {peer.addr, "sip:x", &text, NULL, 3000}, false};
    struct tha_evidence evidence;

    memset(agent, 'x', sizeof(agent) - 1);
    rig_init(&rig, 1);
    rig_do(&rig, job_set, &arg);
    rig_send(&rig, 0);
    evidence = rig_take(&rig, 0);
    ck_assert_uint_eq(evidence.kind, THA_EVIDENCE_SEND_FAILED);
    ck_assert_int_eq(evidence.system_error, EMSGSIZE);
    end(&peer);
}
END_TEST

START_TEST(cleared_slot_is_silent_and_can_be_used_again)
{
    struct peer peer = begin("127.0.0.1"), other = peer_open("127.0.0.1");

    rig_clear(&rig, 2);
    ck_assert_uint_eq(rig_next(&rig), THA_NEVER);
    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    AWAIT(&rig, late_answers, 1);
    rig_send(&rig, 2); /* stands for nothing */
    ck_assert_uint_eq(rig_next(&rig), THA_NEVER);

    rig_set(&rig, 2, other.addr);
    rig_send(&rig, 2);
    peer_receive(&other);
    peer_answer(&other, "SIP/2.0 200 OK", NULL, NULL);
    ck_assert_uint_eq(rig_take(&rig, 2).code, 200);
    close(other.fd);
    end(&peer);
}
END_TEST

START_TEST(probe_goes_on_when_the_target_is_set_to_the_same_address)
{
    struct peer peer = begin("127.0.0.1"), other = peer_open("127.0.0.1");

    rig_set(&rig, 2, peer.addr);
    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    ck_assert_uint_eq(rig_take(&rig, 2).code, 200);

    rig_send(&rig, 2);
    peer_receive(&peer);
    rig_set(&rig, 2, other.addr); /* and is given up when it is another */
    ck_assert_uint_eq(rig_next(&rig), THA_NEVER);
    close(other.fd);
    end(&peer);
}
END_TEST

START_TEST(probe_sent_anew_replaces_the_one_under_way)
{
    struct peer peer = begin("127.0.0.1");
    struct peer before = peer;

    rig_send(&rig, 2);
    peer_receive(&peer);
    ck_assert_str_ne(peer.request, before.request);
    peer_answer(&before, "SIP/2.0 200 OK", NULL, NULL);
    AWAIT(&rig, late_answers, 1);
    peer_answer(&peer, "SIP/2.0 202 OK", NULL, NULL);
    ck_assert_uint_eq(rig_take(&rig, 2).code, 202);
    end(&peer);
}
END_TEST

START_TEST(result_may_start_the_next_probe)
{
    struct peer peer = begin("127.0.0.1");

    rig.again_slot = 2;
    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    rig_take(&rig, 2);
    peer_receive(&peer); /* it leaves without a flush of ours */
    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    rig_take(&rig, 2);
    end(&peer);
}
END_TEST

START_TEST(failure_in_a_flush_may_start_the_next_probe_without_going_round_for_ever)
{
    rig_init(&rig, 1);
    rig_listen(&rig, "127.0.0.1", 0);
    rig.again_slot = 0;
    rig_set(&rig, 0, addr_of("255.255.255.255", 9));
    rig_send(&rig, 0);
    rig_take(&rig, 0);
    ck_assert_uint_eq(rig_next(&rig), 0); /* the next one waits for its flush: at once */
    rig_expire(&rig, 0);
    rig_take(&rig, 0);
    ck_assert_uint_eq(rig_next(&rig), THA_NEVER);
    rig_done(&rig);
}
END_TEST

START_TEST(hundreds_of_probes_leave_in_one_flush_and_all_are_answered)
{
    enum { N = 300 };
    static struct peer peers[N];
    uint32_t n = N;

    rig_init(&rig, N);
    for (uint32_t slot = 0; slot < n; slot++) {
        peers[slot] = peer_open("127.0.0.1");
        rig_set(&rig, slot, peers[slot].addr);
    }
    rig_do(&rig, job_send_all, &n);
    for (uint32_t slot = 0; slot < n; slot++) {
        peer_receive(&peers[slot]);
        peer_answer(&peers[slot], "SIP/2.0 200 OK", NULL, NULL);
        ck_assert_uint_eq(rig_take(&rig, slot).code, 200);
        rig.n_results = rig.n_taken = 0;
        close(peers[slot].fd);
    }
    ck_assert_uint_eq(rig_stats(&rig).probes_answered, N);
    rig_done(&rig);
}
END_TEST

/* ---- Requests from peers ---- */

static void ask(const struct peer *peer, const char *method, uint16_t port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    char packet[512];
    int len = snprintf(packet, sizeof(packet),
                       "%s sip:us SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bKp;rport\r\n"
                       "From: <sip:p>;tag=1\r\nTo: <sip:us>\r\nCall-ID: c\r\nCSeq: 1 %s\r\nContent-Length: 0\r\n\r\n",
                       method, peer->addr.port, method);

    ck_assert_int_eq(sendto(peer->fd, packet, (size_t)len, 0, (struct sockaddr *)&to, sizeof(to)), len);
}

START_TEST(options_from_a_peer_is_answered_200_or_503_and_invite_405)
{
    struct peer peer = begin("127.0.0.1");
    uint16_t port = ntohs(((struct sockaddr_in *)&peer.from)->sin_port);

    ask(&peer, "OPTIONS", port);
    peer_receive(&peer);
    ck_assert_int_eq(strncmp(peer.request, "SIP/2.0 200 ", 12), 0);

    rig.is_draining = true;
    ask(&peer, "OPTIONS", port);
    peer_receive(&peer);
    ck_assert_int_eq(strncmp(peer.request, "SIP/2.0 503 ", 12), 0);
    ck_assert_ptr_nonnull(strstr(peer.request, "\r\nRetry-After: 30\r\n"));

    ask(&peer, "INVITE", port);
    peer_receive(&peer);
    ck_assert_int_eq(strncmp(peer.request, "SIP/2.0 405 ", 12), 0);

    ask(&peer, "ACK", port);
    ask(&peer, "OPTIONS", port);
    peer_receive(&peer);
    ck_assert_int_eq(strncmp(peer.request, "SIP/2.0 503 ", 12), 0);
    ck_assert(!peer_has_more(&peer));
    ck_assert_uint_eq(rig_stats(&rig).requests_answered, 3);
    ck_assert_uint_eq(rig_stats(&rig).requests_rejected, 1);
    end(&peer);
}
END_TEST

START_TEST(answer_leaves_from_the_address_that_was_asked)
{
    struct peer peer = begin("127.0.0.1");
    struct sockaddr_in to = *(struct sockaddr_in *)&peer.from;
    static const char request[] =
        "OPTIONS sip:us SIP/2.0\r\nVia: SIP/2.0/UDP h;rport\r\nFrom: <sip:p>;tag=1\r\nTo: <sip:us>\r\n"
        "Call-ID: c\r\nCSeq: 1 OPTIONS\r\n\r\n";

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 4);
    ck_assert_int_gt(sendto(peer.fd, request, sizeof(request) - 1, 0, (struct sockaddr *)&to, sizeof(to)), 0);
    peer_receive(&peer);
    ck_assert_uint_eq(((struct sockaddr_in *)&peer.from)->sin_addr.s_addr, to.sin_addr.s_addr);
    end(&peer);
}
END_TEST

static void job_sleep(struct rig *r, void *arg)
{
    (void)r;
    sem_post(arg);
    usleep(50000);
}

START_TEST(flood_of_requests_is_cut_and_counted)
{
    struct peer peer = begin("127.0.0.1");
    uint16_t port = ntohs(((struct sockaddr_in *)&peer.from)->sin_port);
    sem_t asleep;
    trunkha_stats stats;

    sem_init(&asleep, 0, 0);
    rig.job = job_sleep;
    rig.job_arg = &asleep;
    tha_loop_ring(rig.loop);
    wait_for(&asleep);
    for (unsigned i = 0; i < 400; i++) /* all are there when it wakes */
        ask(&peer, "OPTIONS", port);
    wait_for(&rig.job_done);
    do {
        usleep(1000);
        stats = rig_stats(&rig);
    } while (stats.requests_answered + stats.requests_rejected < 400);
    ck_assert_uint_gt(stats.requests_answered, 0);
    ck_assert_uint_gt(stats.requests_rejected, 0);
    end(&peer);
}
END_TEST

/* ---- Sockets ---- */

START_TEST(socket_that_stays_wanted_keeps_its_port)
{
    struct peer peer = begin("127.0.0.1");
    struct sockaddr_storage before = peer.from;

    rig_listen(&rig, NULL, 0);
    rig_send(&rig, 2);
    peer_receive(&peer);
    ck_assert_int_eq(memcmp(&before, &peer.from, sizeof(struct sockaddr_in)), 0);
    end(&peer);
}
END_TEST

START_TEST(probe_starts_anew_when_its_socket_is_replaced)
{
    struct peer peer = begin("127.0.0.1");
    struct sockaddr_storage before = peer.from;

    rig_listen(&rig, "127.0.0.3", 0);
    peer_receive(&peer);
    ck_assert_int_ne(memcmp(&before, &peer.from, sizeof(struct sockaddr_in)), 0);
    ck_assert_ptr_nonnull(strstr(peer.request, "Via: SIP/2.0/UDP 127.0.0.3:"));
    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    ck_assert_uint_eq(rig_take(&rig, 2).code, 200);
    end(&peer);
}
END_TEST

static unsigned count_fds(bool inherited_only)
{
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *entry;
    unsigned n = 0;

    while ((entry = readdir(dir)))
        n += entry->d_name[0] != '.' && !(inherited_only && fcntl(atoi(entry->d_name), F_GETFD) & FD_CLOEXEC);
    closedir(dir);

    return n;
}

START_TEST(probe_from_a_new_socket_says_the_new_address)
{
    struct peer peer = peer_open("127.0.0.1");

    rig_init(&rig, 1);
    rig_listen(&rig, "127.0.0.2", 0);
    rig_set(&rig, 0, peer.addr);
    rig_send(&rig, 0);
    peer_receive(&peer);
    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    rig_take(&rig, 0);

    rig_listen(&rig, "127.0.0.3", 0);
    rig_send(&rig, 0);
    peer_receive(&peer);
    ck_assert_ptr_nonnull(strstr(peer.request, "Via: SIP/2.0/UDP 127.0.0.3:"));
    end(&peer);
}
END_TEST

START_TEST(address_that_cannot_be_bound_changes_nothing)
{
    struct peer peer = begin("127.0.0.1");
    struct listen_arg arg = {.listen = {addr_of("127.0.0.3", 0), peer.addr}, .n_listen = 2};
    unsigned n_fds = count_fds(false);
    char expected[64];

    rig_do(&rig, job_prepare, &arg);
    ck_assert_int_eq(arg.err, TRUNKHA_ERR_SYSTEM);
    ck_assert_uint_eq(count_fds(false), n_fds);
    snprintf(expected, sizeof(expected), "udp:127.0.0.1:%u: %s", peer.addr.port, strerror(EADDRINUSE));
    ck_assert_str_eq(arg.error, expected);

    peer_answer(&peer, "SIP/2.0 200 OK", NULL, NULL);
    ck_assert_uint_eq(rig_take(&rig, 2).code, 200);
    rig_send(&rig, 2);
    peer_receive(&peer);
    end(&peer);
}
END_TEST

START_TEST(sockets_are_close_on_exec)
{
    unsigned before = count_fds(true);
    struct peer peer = begin("127.0.0.1");

    ck_assert_uint_eq(count_fds(true), before);
    end(&peer);
}
END_TEST

/* ---- Out of memory ---- */

struct scarce {
    int left;    /**< allocations that succeed */
    int balance; /**< blocks that are not given back */
};

static void *scarce_realloc(void *ptr, size_t size, void *user_data)
{
    struct scarce *scarce = user_data;
    void *fresh;

    if (!size) {
        scarce->balance--;
        free(ptr);
        return NULL;
    }
    if (scarce->left-- <= 0)
        return NULL;
    fresh = realloc(ptr, size);
    scarce->balance += !ptr;

    return fresh;
}

static int start_all(struct tha_loop *loop, void *user_data)
{
    struct rig *r = user_data;
    int err = rig_on_start(loop, r);
    char error[128];

    if (!err)
        err = tha_prober_reserve(r->prober, 200);
    if (!err)
        err = tha_prober_prepare_listen(r->prober, NULL, 0, error, sizeof(error));
    if (err)
        r->prober = tha_prober_free(r->prober);

    return err;
}

START_TEST(every_failed_allocation_is_survived)
{
    int err = TRUNKHA_ERR_NOMEM;

    for (int n = 0; err; n++) {
        struct scarce scarce = {.left = n};
        const struct tha_loop_handlers handlers = {start_all, rig_on_expiry, rig_on_doorbell, rig_on_end, &rig};

        ck_assert_int_lt(n, 50);
        rig = (struct rig){.mem = {scarce_realloc, &scarce}};
        err = tha_loop_new(&rig.mem, &rig.log, &handlers, &rig.loop);
        ck_assert(!err || err == TRUNKHA_ERR_NOMEM);
        if (!err) {
            ck_assert_int_gt(n, 5);
            tha_loop_free(rig.loop);
        }
        ck_assert_int_eq(scarce.balance, 0);
    }
}
END_TEST

SUITE("prober", final_answer_is_told_with_code_and_round_trip, request_carries_the_address_that_the_peer_sees,
      ipv6_peer_is_probed_and_answers, silence_is_retransmitted_byte_by_byte_and_ends_at_the_deadline,
      retransmission_slows_down_to_t2, provisional_answer_is_no_answer_but_slows_retransmission,
      answers_after_the_deadline_are_late_and_credit_nothing, answer_that_waits_at_the_socket_beats_its_deadline,
      second_answer_is_a_duplicate, answer_from_another_port_is_foreign, answer_with_one_wrong_word_is_unknown,
      malformed_packets_are_counted_and_harmless, refused_port_is_told_at_once_and_to_the_right_slot,
      refused_port_is_told_over_ipv6_too, refusal_of_one_target_never_costs_another_its_probe,
      target_without_a_route_fails_alone, request_too_long_to_be_written_fails_as_not_sent,
      cleared_slot_is_silent_and_can_be_used_again, probe_goes_on_when_the_target_is_set_to_the_same_address,
      probe_sent_anew_replaces_the_one_under_way, result_may_start_the_next_probe,
      failure_in_a_flush_may_start_the_next_probe_without_going_round_for_ever,
      hundreds_of_probes_leave_in_one_flush_and_all_are_answered, options_from_a_peer_is_answered_200_or_503_and_invite_405,
      answer_leaves_from_the_address_that_was_asked, flood_of_requests_is_cut_and_counted,
      socket_that_stays_wanted_keeps_its_port, probe_starts_anew_when_its_socket_is_replaced,
      probe_from_a_new_socket_says_the_new_address, address_that_cannot_be_bound_changes_nothing, sockets_are_close_on_exec,
      every_failed_allocation_is_survived)
