#include "adapters/answer.h"
#include "adapters/prober_room.h"
#include "adapters/scan_response.h"

#include <string.h>

/* Requests looked at in one slot of the clock: 6,400 a second cost some 5 % of a core. The others are dropped unread;
 * a peer that means it sends again. */
#define REQUESTS_MAX 64

#define PING_MAX 4 /* bytes: what keeps a NAT open, such as CR LF CR LF (RFC 5626 section 4.4.1) or zeros */

static tha_counter *counter_of_ended(struct tha_counters *counters, bool was_answered)
{
    return was_answered ? &counters->duplicate_answers : &counters->late_answers;
}

/** What to count a response as that is not to the probe under way; NULL = it is. */
static tha_counter *find_stray(struct tha_counters *counters, const struct tha_slot *slot,
                               const struct tha_response *response, const struct tha_addr *peer)
{
    const struct tha_token *token = &response->token;

    if (!slot || !token->branch)
        return &counters->unknown_answers;
    if (token->branch == slot->previous_branch)
        return counter_of_ended(counters, slot->was_previous_answered);
    if (token->branch != slot->token.branch || token->call_id != slot->token.call_id ||
        token->from_tag != slot->token.from_tag || token->cseq != slot->token.cseq)
        return &counters->unknown_answers;
    if (!slot->is_under_way)
        return counter_of_ended(counters, slot->was_answered);
    if (!tha_addr_is_equal(peer, &slot->addr))
        return &counters->foreign_answers;

    return NULL;
}

static uint32_t round_trip_us(const struct tha_slot *slot, uint64_t now_us)
{
    uint64_t us = now_us > slot->sent_us ? now_us - slot->sent_us : 1;

    return us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
}

static void take_response(struct tha_prober *prober, const struct tha_udp_packet *packet, uint64_t now_us)
{
    struct tha_evidence evidence = {.kind = THA_EVIDENCE_ANSWERED};
    struct tha_response response;
    struct tha_slot *slot;
    tha_counter *stray;

    if (packet->is_cut || !tha_scan_response(packet->data, packet->len, &response)) {
        tha_count(&prober->counters.malformed_packets);
        return;
    }

    slot = response.is_to_probe ? tha_prober_slot(prober, response.slot) : NULL;
    stray = find_stray(&prober->counters, slot, &response, &packet->peer);
    if (stray) {
        tha_count(stray);
        return;
    }

    if (response.code < 200) {
        tha_count(&prober->counters.provisional_answers);
        slot->interval_ms = THA_T2_MS; /* RFC 3261 section 17.1.2.2: from now on it is sent again more slowly */
        return;
    }

    evidence.code = response.code;
    evidence.rtt_us = round_trip_us(slot, now_us);
    if (prober->handlers.answer)
        prober->handlers.answer(slot->index, packet->data, packet->len, prober->handlers.user_data);
    tha_prober_finish(prober, slot, evidence);
}

static bool is_flood(struct tha_prober *prober, uint64_t now_us)
{
    uint64_t slot = now_us / (THA_SLOT_MS * 1000);

    if (slot != prober->flood_slot) {
        prober->flood_slot = slot;
        prober->flood_count = 0;
    }

    return ++prober->flood_count > REQUESTS_MAX;
}

static void take_request(struct tha_listener *listener, const struct tha_udp_packet *packet, uint64_t now_us)
{
    struct tha_prober *prober = listener->prober;
    struct tha_counters *counters = &prober->counters;
    bool is_draining;
    enum tha_answer_kind kind;
    struct tha_addr to;
    size_t len;

    if (is_flood(prober, now_us)) {
        tha_count(&counters->requests_rejected);
        return;
    }

    is_draining = prober->handlers.is_draining && prober->handlers.is_draining(prober->handlers.user_data);
    kind = tha_answer_write(packet, is_draining, prober->secret, tha_udp_room(&listener->udp), THA_UDP_SEND_MAX, &len, &to);
    if (kind == THA_ANSWER_MALFORMED)
        tha_count(&counters->malformed_packets);
    if (kind != THA_ANSWER_GIVEN && kind != THA_ANSWER_REJECTED)
        return;

    tha_udp_post(&listener->udp, len, &to, &packet->local, NULL);
    if (kind == THA_ANSWER_GIVEN && prober->handlers.request) {
        prober->handlers.request(&packet->peer, prober->handlers.user_data);
        prober->has_told = true;
    }
    tha_count(kind == THA_ANSWER_GIVEN ? &counters->requests_answered : &counters->requests_rejected);
}

void tha_prober_take_packet(struct tha_listener *listener, const struct tha_udp_packet *packet, uint64_t now_us)
{
    if (packet->len <= PING_MAX)
        return;
    if (!memcmp(packet->data, "SIP/", 4))
        take_response(listener->prober, packet, now_us);
    else
        take_request(listener, packet, now_us);
}

void tha_prober_take_refusal(const char *data, size_t len, int error, void *user_data)
{
    struct tha_prober *prober = ((struct tha_listener *)user_data)->prober;
    struct tha_slot *slot = NULL;
    uint64_t branch;
    uint32_t index;

    if (tha_token_find_branch(data, len, &index, &branch))
        slot = tha_prober_slot(prober, index);
    if (slot && slot->is_under_way && slot->token.branch == branch)
        tha_prober_finish(prober, slot, (struct tha_evidence){.kind = THA_EVIDENCE_REFUSED, .system_error = error});
}

void tha_prober_get_stats(const struct tha_prober *prober, trunkha_stats *stats)
{
    const struct tha_counters *counters = &prober->counters;

    stats->probes_sent = atomic_load_explicit(&counters->probes_sent, memory_order_relaxed);
    stats->retransmissions = atomic_load_explicit(&counters->retransmissions, memory_order_relaxed);
    stats->probes_answered = atomic_load_explicit(&counters->probes_answered, memory_order_relaxed);
    stats->probes_timed_out = atomic_load_explicit(&counters->probes_timed_out, memory_order_relaxed);
    stats->probes_failed_to_send = atomic_load_explicit(&counters->probes_failed_to_send, memory_order_relaxed);
    stats->provisional_answers = atomic_load_explicit(&counters->provisional_answers, memory_order_relaxed);
    stats->late_answers = atomic_load_explicit(&counters->late_answers, memory_order_relaxed);
    stats->duplicate_answers = atomic_load_explicit(&counters->duplicate_answers, memory_order_relaxed);
    stats->malformed_packets = atomic_load_explicit(&counters->malformed_packets, memory_order_relaxed);
    stats->unknown_answers = atomic_load_explicit(&counters->unknown_answers, memory_order_relaxed);
    stats->foreign_answers = atomic_load_explicit(&counters->foreign_answers, memory_order_relaxed);
    stats->requests_answered = atomic_load_explicit(&counters->requests_answered, memory_order_relaxed);
    stats->requests_rejected = atomic_load_explicit(&counters->requests_rejected, memory_order_relaxed);
}
