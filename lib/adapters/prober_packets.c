#include "adapters/answer.h"
#include "adapters/prober_room.h"
#include "adapters/scan_abilities.h"
#include "adapters/scan_response.h"

#include <errno.h>
#include <string.h>

/* Requests looked at in one slot of the clock: 6,400 a second cost some 5 % of a core. The others are dropped unread;
 * a peer that means it sends again. */
#define REQUESTS_MAX 64

#define PING_MAX 4 /* bytes: what keeps a NAT open, such as CR LF CR LF (RFC 5626 section 4.4.1) or zeros */

static tha_counter *counter_of_ended(struct tha_counters *counters, bool was_answered)
{
    return was_answered ? &counters->duplicate_answers : &counters->late_answers;
}

/** A packet, and where it came in: through a socket, or on the connection of a slot. */
struct arrival {
    const struct tha_udp_packet *packet;
    struct tha_listener *listener; /**< NULL = on a connection */
    struct tha_slot *slot;         /**< whose connection; NULL = through a socket */
    uint64_t now_us;
};

static bool is_from(const struct arrival *arrival, const struct tha_slot *slot)
{
    return arrival->slot ? arrival->slot == slot : tha_addr_is_equal(&arrival->packet->peer, &slot->addr);
}

/** What to count a response as that is not to the probe under way; NULL = it is. */
static tha_counter *find_stray(struct tha_counters *counters, const struct tha_slot *slot,
                               const struct tha_response *response, const struct arrival *arrival)
{
    const struct tha_token *token = &response->token;

    if (!slot || !token->branch)
        return &counters->unknown_answers;
    if (token->branch != slot->token.branch && (uint32_t)token->branch == slot->previous_branch)
        return counter_of_ended(counters, slot->was_previous_answered);
    if (token->branch != slot->token.branch || token->call_id != slot->token.call_id ||
        token->from_tag != slot->token.from_tag || token->cseq != slot->token.cseq)
        return &counters->unknown_answers;
    if (!slot->is_under_way)
        return counter_of_ended(counters, slot->was_answered);
    if (!is_from(arrival, slot))
        return &counters->foreign_answers;

    return NULL;
}

/** Offers a message to whom it may concern: true = it is his. */
static bool offer(struct tha_prober *prober, const struct arrival *arrival)
{
    const struct tha_udp_packet *packet = arrival->packet;
    uint32_t index;

    if (!prober->handlers.message || packet->is_cut)
        return false;
    index = arrival->slot ? arrival->slot->index : tha_prober_find_source(prober, &packet->peer);
    prober->has_told = true;

    return prober->handlers.message(index, &packet->peer, packet->data, packet->len, prober->handlers.user_data);
}

/** By its branch it is ours, and still it is no answer: perhaps somebody on the way has changed it. */
static void look_at_stranger(struct tha_prober *prober, const struct arrival *arrival)
{
    const struct tha_udp_packet *packet = arrival->packet;
    struct tha_slot *slot = NULL;
    uint64_t branch;
    uint32_t index;

    if (!packet->is_cut && tha_token_find_branch(packet->data, packet->len, &index, &branch))
        slot = tha_prober_slot(prober, index);
    if (slot && slot->is_under_way && slot->token.branch == branch && is_from(arrival, slot))
        tha_prober_look_at_stranger(prober, slot, packet->data, packet->len);
}

static uint32_t round_trip_us(const struct tha_slot *slot, uint64_t now_us)
{
    uint64_t us = now_us > slot->sent_us ? now_us - slot->sent_us : 1;

    return us < UINT32_MAX ? (uint32_t)us : UINT32_MAX;
}

static void tell_abilities(struct tha_prober *prober, const struct tha_slot *slot, const struct tha_udp_packet *packet)
{
    struct tha_abilities abilities;

    tha_scan_abilities(packet->data, packet->len, &abilities);
    prober->has_told = true;
    prober->handlers.abilities(slot->index, &abilities, prober->handlers.user_data);
}

/** What an answer shows besides that there is somebody. */
static void look(struct tha_prober *prober, struct tha_slot *slot, const struct tha_response *response,
                 const struct tha_udp_packet *packet)
{
    bool is_close = slot->n_answers++ == 0; /* of every THA_LOOK_EVERY */

    tha_prober_look_at_way(prober, slot, response, packet->data, packet->len, is_close);
    if (is_close && response->code / 100 == 2 && prober->handlers.abilities)
        tell_abilities(prober, slot, packet);
}

/** Tells of the end of the probe, unless it goes on with credentials. */
static void take_answer(struct tha_prober *prober, struct tha_slot *slot, const struct tha_response *response,
                        const struct arrival *arrival)
{
    const struct tha_udp_packet *packet = arrival->packet;
    struct tha_evidence evidence = {.kind = THA_EVIDENCE_ANSWERED, .code = response->code};
    enum tha_auth_step step = THA_AUTH_NONE;
    char detail[THA_AUTH_DETAIL_SIZE];

    if (response->code == 401 || response->code == 407)
        step = tha_prober_take_challenge(prober, slot, response->code, packet->data, packet->len, detail);
    if (step == THA_AUTH_AGAIN)
        return;
    if (step == THA_AUTH_NO_MEMORY) {
        tha_prober_fail(prober, slot, ENOMEM);
        return;
    }
    if (step == THA_AUTH_FAILED) {
        evidence.kind = THA_EVIDENCE_AUTH_FAILED;
        evidence.detail = detail;
    }

    evidence.rtt_us = round_trip_us(slot, arrival->now_us);
    look(prober, slot, response, packet);
    if (prober->handlers.answer)
        prober->handlers.answer(slot->index, packet->data, packet->len, prober->handlers.user_data);
    tha_prober_finish(prober, slot, evidence);
}

static void take_response(struct tha_prober *prober, const struct arrival *arrival)
{
    const struct tha_udp_packet *packet = arrival->packet;
    struct tha_response response;
    struct tha_slot *slot;
    tha_counter *stray;

    if (packet->is_cut || !tha_scan_response(packet->data, packet->len, &response)) {
        look_at_stranger(prober, arrival);
        tha_count(&prober->counters.malformed_packets);
        return;
    }
    if (!response.is_to_probe && !tha_token_is_ours(response.branch.p, response.branch.len) && offer(prober, arrival))
        return;

    slot = response.is_to_probe ? tha_prober_slot(prober, response.slot) : NULL;
    stray = find_stray(&prober->counters, slot, &response, arrival);
    if (stray == &prober->counters.unknown_answers)
        look_at_stranger(prober, arrival);
    if (stray) {
        tha_count(stray);
    } else if (response.code < 200) {
        tha_count(&prober->counters.provisional_answers);
        slot->interval_ms = THA_T2_MS; /* RFC 3261 section 17.1.2.2: from now on it is sent again more slowly */
    } else {
        take_answer(prober, slot, &response, arrival);
    }
}

/* ---- Requests ---- */

static bool is_flood(struct tha_prober *prober, uint64_t now_us)
{
    uint64_t slot = now_us / (THA_SLOT_MS * 1000);

    if (slot != prober->flood_slot) {
        prober->flood_slot = slot;
        prober->flood_count = 0;
    }

    return ++prober->flood_count > REQUESTS_MAX;
}

/** OPTIONS are answered here; anything else may be the host's. */
static bool is_for_host(const struct tha_udp_packet *packet)
{
    struct tha_sip_cursor cursor;
    struct tha_span method;

    return tha_sip_read_request_line(packet->data, packet->len, &method, &cursor) && !tha_span_is(method, "OPTIONS");
}

static void send_answer(const struct arrival *arrival, const char *answer, size_t len, const struct tha_addr *to)
{
    if (arrival->slot)
        tha_prober_transmit_stream(arrival->slot->extra->prober, arrival->slot, answer, len);
    else
        tha_udp_post(&arrival->listener->udp, len, to, &arrival->packet->local, NULL);
}

static void answer_request(struct tha_prober *prober, const struct arrival *arrival)
{
    const struct tha_answerer us = {
        .is_draining = prober->handlers.is_draining && prober->handlers.is_draining(prober->handlers.user_data),
        .takes_calls = prober->handlers.message != NULL,
        .secret = prober->secret,
    };
    struct tha_counters *counters = &prober->counters;
    char own_room[THA_UDP_SEND_MAX];
    char *room = arrival->listener ? tha_udp_room(&arrival->listener->udp) : own_room;
    enum tha_answer_kind kind;
    struct tha_addr to;
    size_t len;

    kind = tha_answer_write(arrival->packet, &us, room, THA_UDP_SEND_MAX, &len, &to);
    if (kind == THA_ANSWER_MALFORMED)
        tha_count(&counters->malformed_packets);
    if (kind != THA_ANSWER_GIVEN && kind != THA_ANSWER_REJECTED)
        return;

    send_answer(arrival, room, len, &to);
    tha_count(kind == THA_ANSWER_GIVEN ? &counters->requests_answered : &counters->requests_rejected);
    if (kind == THA_ANSWER_GIVEN && prober->handlers.request) {
        prober->has_told = true;
        prober->handlers.request(&arrival->packet->peer, prober->handlers.user_data);
    }
}

static void take_request(struct tha_prober *prober, const struct arrival *arrival)
{
    if (prober->handlers.message && is_for_host(arrival->packet) && offer(prober, arrival))
        return;
    if (is_flood(prober, arrival->now_us))
        tha_count(&prober->counters.requests_rejected);
    else
        answer_request(prober, arrival);
}

static void take(struct tha_prober *prober, const struct arrival *arrival)
{
    if (arrival->packet->len <= PING_MAX)
        return;
    if (!memcmp(arrival->packet->data, "SIP/", 4))
        take_response(prober, arrival);
    else
        take_request(prober, arrival);
}

void tha_prober_take_packet(struct tha_listener *listener, const struct tha_udp_packet *packet, uint64_t now_us)
{
    take(listener->prober, &(struct arrival){.packet = packet, .listener = listener, .now_us = now_us});
}

void tha_prober_take_message(struct tha_prober *prober, struct tha_slot *slot, const char *message, size_t len)
{
    const struct tha_udp_packet packet = {.data = message, .len = len, .peer = slot->addr};

    take(prober, &(struct arrival){.packet = &packet, .slot = slot, .now_us = tha_clock_us()});
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
    stats->connections_opened = atomic_load_explicit(&counters->connections_opened, memory_order_relaxed);
    stats->connections_lost = atomic_load_explicit(&counters->connections_lost, memory_order_relaxed);
    stats->challenges_answered = atomic_load_explicit(&counters->challenges_answered, memory_order_relaxed);
}
