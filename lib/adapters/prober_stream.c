/* Connections: one for each target over TCP or TLS, made by its first probe, kept, and made anew by the probe after its
 * end. */
#include <errno.h>
#include <string.h>

#include "adapters/prober_room.h"
#include "adapters/stream.h"
#include "base/map.h"

#define CERTIFICATE_SOON_S  (14 * 24 * 3600) /* what ends so soon is warned of */
#define CONNECT_INTERVAL_MS 1000             /* for messages of the host's; probes have their own pace */
#define DETAIL_SIZE         128

static void on_opened(struct tha_stream *stream, void *user_data);
static void on_message(struct tha_stream *stream, const char *message, size_t len, void *user_data);
static void on_closed(struct tha_stream *stream, const struct tha_stream_end *end, void *user_data);

/* ---- Making one ---- */

/** Takes the context that its reach asks for. Returns 0 or an errno: EPROTO with the reason in @p detail. */
static int choose_context(struct tha_prober *prober, struct tha_slot *slot, char *detail)
{
    struct tha_extra *extra = slot->extra;
    struct tha_context *context = slot->reach ? tha_prober_find_context(prober, slot->reach->tls) : NULL;
    int err = context ? tha_context_load(prober, context, detail, DETAIL_SIZE) : TRUNKHA_ERR_STATE;

    if (err)
        return err == TRUNKHA_ERR_NOMEM ? ENOMEM : EPROTO;

    context = tha_context_ref(context);
    tha_context_unref(prober, extra->context);
    extra->context = context;
    extra->name_mark = tha_map_hash(tha_slot_server_name(slot));

    return 0;
}

/** Begins a connection. Returns 0 or an errno: EPROTO with the reason in @p detail. */
static int begin(struct tha_prober *prober, struct tha_slot *slot, char *detail)
{
    struct tha_extra *extra = tha_slot_need_extra(prober, slot);
    const struct tha_stream_handlers handlers = {on_opened, on_message, on_closed, extra};
    struct tha_stream_options options = {.addr = slot->addr};
    int err = extra ? 0 : ENOMEM;

    if (!err && slot->addr.transport == THA_TRANSPORT_TLS)
        err = choose_context(prober, slot, detail);
    if (err)
        return err;

    extra->may_connect_ms = tha_clock_ms() + CONNECT_INTERVAL_MS;
    options.local = extra->source;
    options.local.port = 0; /* for a minute after a close it could not connect to the same peer again */
    if (extra->context) {
        options.context = tha_context_get(extra->context);
        options.server_name = tha_slot_server_name(slot);
    }
    /* It says itself why it was not made, before the probe that waits for it has to. */
    options.connect_timeout_ms = slot->timeout_ms > 2 * THA_SLOT_MS ? slot->timeout_ms - THA_SLOT_MS : slot->timeout_ms;

    return tha_stream_open(prober->streams, &options, &handlers, &extra->stream) ? ENOMEM : 0;
}

static int find_local(struct tha_prober *prober, struct tha_slot *slot)
{
    struct tha_addr bound;

    if (slot->local)
        return 0;
    tha_stream_get_local(slot->extra->stream, &bound);

    return tha_slot_set_local(prober, slot, &bound);
}

static bool is_open(const struct tha_slot *slot)
{
    return slot->extra && slot->extra->stream && tha_stream_is_open(slot->extra->stream);
}

/* ---- Probes ---- */

static int send_request(struct tha_prober *prober, struct tha_slot *slot)
{
    int err = find_local(prober, slot);
    char room[THA_UDP_SEND_MAX];
    size_t len;

    if (!err)
        err = tha_prober_write_request(prober, slot, room, &len);
    if (err)
        return err;
    slot->sent_us = tha_clock_us();
    err = tha_stream_send(slot->extra->stream, room, len);

    return err == ENOTCONN ? 0 : err; /* its end is about to be told */
}

static void fail(struct tha_prober *prober, struct tha_slot *slot, int error, const char *detail)
{
    if (error == EPROTO)
        tha_prober_finish(prober, slot, (struct tha_evidence){.kind = THA_EVIDENCE_TLS_FAILED, .detail = detail});
    else
        tha_prober_fail(prober, slot, error);
}

void tha_prober_tell_lost(const struct tha_prober *prober, uint32_t index, const struct tha_addr *peer)
{
    if (prober->handlers.returned)
        prober->handlers.returned(index, peer, "", 0, prober->handlers.user_data);
}

/** Lets go of a connection that has ended, or is of no use any more: what the host has sent on it is lost. */
static void lose(struct tha_prober *prober, struct tha_slot *slot)
{
    tha_count(&prober->counters.connections_lost);
    tha_slot_disconnect(prober, slot);
    tha_prober_tell_lost(prober, slot->index, &slot->addr);
}

void tha_prober_post_stream(struct tha_prober *prober, struct tha_slot *slot)
{
    char detail[DETAIL_SIZE] = "no TLS settings";
    int err = 0;

    if (is_open(slot))
        err = send_request(prober, slot);
    else if (!slot->extra || !slot->extra->stream)
        err = begin(prober, slot, detail);
    if (err == ENOBUFS) /* the peer reads nothing of what the host has sent, and no probe would ever find that out */
        lose(prober, slot);
    if (err)
        fail(prober, slot, err, detail);
}

void tha_prober_expire_stream(struct tha_prober *prober, struct tha_slot *slot)
{
    struct tha_evidence evidence = {.kind = THA_EVIDENCE_TIMED_OUT};
    uint32_t deadline_ms = slot->deadline_ms;
    char detail[DETAIL_SIZE];

    if (is_open(slot))
        tha_stream_look(slot->extra->stream); /* what waits there has come in time, even if the machine stood still since */
    if (!slot->is_under_way || slot->deadline_ms != deadline_ms)
        return;

    if (!is_open(slot)) {
        tha_text_print(detail, sizeof(detail), "no connection in %.1f s", slot->timeout_ms / 1000.0);
        evidence.kind = THA_EVIDENCE_NO_CONNECTION;
        evidence.detail = detail;
    }
    lose(prober, slot); /* it may be up and dead: the next probe has another */
    tha_prober_finish(prober, slot, evidence);
}

/* ---- What it tells ---- */

/** Once for each certificate, however often it is shown. */
static void warn_of_certificate(struct tha_prober *prober, const struct tha_slot *slot)
{
    struct tha_extra *extra = slot->extra;
    struct tha_tls_facts facts;

    if (!prober->handlers.certificate || !tha_stream_get_tls_facts(extra->stream, &facts))
        return;
    if (facts.not_after - tha_clock_unix_ms() / 1000 > CERTIFICATE_SOON_S || facts.not_after == extra->expiry_told)
        return;

    extra->expiry_told = facts.not_after;
    prober->handlers.certificate(slot->index, facts.not_after, prober->handlers.user_data);
}

static void on_opened(struct tha_stream *stream, void *user_data)
{
    struct tha_extra *extra = user_data;
    struct tha_prober *prober = extra->prober;

    (void)stream;
    tha_count(&prober->counters.connections_opened);
    tha_slot_forget_local(extra->slot);
    prober->has_told = true; /* of other deadlines */
    warn_of_certificate(prober, extra->slot);
    if (extra->slot->is_under_way)
        tha_prober_queue(prober, extra->slot);
    tha_prober_end_batch(prober);
}

static void on_message(struct tha_stream *stream, const char *message, size_t len, void *user_data)
{
    struct tha_extra *extra = user_data;
    struct tha_prober *prober = extra->prober;

    (void)stream;
    tha_prober_take_message(prober, extra->slot, message, len);
    tha_prober_end_batch(prober);
}

static struct tha_evidence evidence_of(const struct tha_stream_end *end, const char *detail)
{
    static const uint32_t kinds[] = {
        [THA_STREAM_CLOSED] = THA_EVIDENCE_REFUSED,          [THA_STREAM_BROKEN] = THA_EVIDENCE_REFUSED,
        [THA_STREAM_TIMED_OUT] = THA_EVIDENCE_NO_CONNECTION, [THA_STREAM_TLS] = THA_EVIDENCE_TLS_FAILED,
        [THA_STREAM_NONSENSE] = THA_EVIDENCE_REFUSED,
    };

    bool is_by_peer = end->kind == THA_STREAM_CLOSED || end->kind == THA_STREAM_NONSENSE;

    /* Who closes, or talks nonsense, is there: no silence that might be our own fault. */
    return (struct tha_evidence){kinds[end->kind], .system_error = is_by_peer ? ECONNRESET : end->system_error,
                                 .detail = detail};
}

static void on_closed(struct tha_stream *stream, const struct tha_stream_end *end, void *user_data)
{
    struct tha_extra *extra = user_data;
    struct tha_prober *prober = extra->prober;
    struct tha_slot *slot = extra->slot;
    bool is_in_order = end->kind == THA_STREAM_CLOSED;
    struct tha_evidence evidence;
    char detail[DETAIL_SIZE];

    (void)stream;
    tha_text_copy(detail, sizeof(detail), end->detail); /* it may be the connection's own */
    evidence = evidence_of(end, detail);
    tha_count(&prober->counters.connections_lost);
    tha_slot_disconnect(prober, slot);
    tha_prober_tell_lost(prober, slot->index, &slot->addr);

    if (slot->is_under_way && !slot->is_queued) { /* one that is queued makes a connection of its own */
        tha_prober_finish(prober, slot, evidence);
    } else if (prober->handlers.closed) {
        prober->has_told = true;
        prober->handlers.closed(slot->index, is_in_order ? NULL : &evidence, prober->handlers.user_data);
    }
    tha_prober_end_batch(prober);
}

/* ---- The host's messages ---- */

/** Sees to it that there is a connection. Returns 0 or an errno: ENOTCONN = one is being made. */
static int connect_for_host(struct tha_prober *prober, struct tha_slot *slot)
{
    char detail[DETAIL_SIZE];

    if (is_open(slot))
        return 0;
    if (slot->extra && slot->extra->stream)
        return ENOTCONN;
    if (slot->extra && tha_clock_ms() < slot->extra->may_connect_ms)
        return ECONNREFUSED;

    return begin(prober, slot, detail) == ENOMEM ? ENOMEM : ENOTCONN;
}

int tha_prober_transmit_stream(struct tha_prober *prober, struct tha_slot *slot, const void *data, size_t len)
{
    int err = connect_for_host(prober, slot);

    return err ? err : tha_stream_send(slot->extra->stream, data, len);
}

int tha_prober_find_stream_local(struct tha_prober *prober, struct tha_slot *slot)
{
    int err = connect_for_host(prober, slot);

    return err ? err : find_local(prober, slot);
}

bool tha_prober_get_tls_facts(const struct tha_prober *prober, uint32_t index, struct tha_tls_facts *ret_facts)
{
    const struct tha_slot *slot = tha_prober_slot(prober, index);

    return slot && is_open(slot) && tha_stream_get_tls_facts(slot->extra->stream, ret_facts);
}
