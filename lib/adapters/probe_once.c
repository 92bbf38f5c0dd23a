#include "adapters/probe_once.h"

#include <errno.h>
#include <string.h>

#include "adapters/once.h"
#include "adapters/printable.h"
#include "adapters/scan_abilities.h"
#include "adapters/sip_scan.h"
#include "base/text.h"

/* The one target has slot 0. */

struct once {
    const struct tha_prober_target *target;
    const struct tha_codes *failing;
    struct tha_loop *loop;
    struct tha_prober *prober;
    trunkha_probe_result *result;
    char *error_buf;
    size_t error_size;
    struct tha_once question;
};

static void sleep_on(struct once *once)
{
    tha_loop_wake_at(once->loop, tha_prober_next_expiry(once->prober));
}

/* ---- What an answer says ---- */

static void append(char *buf, size_t size, const char *data, size_t len)
{
    size_t used = strlen(buf);

    tha_text_print(buf + used, size - used, "%s%.*s", used ? ", " : "", (int)len, data);
}

static void read_headers(const char *packet, size_t len, trunkha_probe_result *result)
{
    struct tha_sip_cursor cursor;
    struct tha_span name, value;
    uint32_t code;

    if (!tha_sip_read_status_line(packet, len, &code, &cursor))
        return;

    tha_text_print(result->phrase, sizeof(result->phrase), "%.*s", (int)strcspn(packet + 12, "\r\n"), packet + 12);
    while (tha_sip_next_field(&cursor, &name, &value) == THA_SIP_HEADER) {
        if (tha_span_is_word(name, "Allow"))
            append(result->allow, sizeof(result->allow), value.p, value.len);
        else if (tha_span_is_word(name, "Supported") || tha_span_is_word(name, "k"))
            append(result->supported, sizeof(result->supported), value.p, value.len);
    }
    tha_printable(result->phrase);
    tha_printable(result->allow);
    tha_printable(result->supported);
}

static void read_codecs(const char *packet, size_t len, trunkha_probe_result *result)
{
    struct tha_abilities abilities;
    const char *name;

    tha_scan_abilities(packet, len, &abilities);
    for (unsigned i = 0; (name = tha_codec_name(abilities.codecs, i)); i++)
        append(result->codecs, sizeof(result->codecs), name, strlen(name));
}

static void read_way(const struct once *once, const char *packet, size_t len, trunkha_probe_result *result)
{
    struct tha_way way;

    if (!tha_prober_read_way(once->prober, 0, packet, len, &way))
        return;
    tha_addr_port_text(&way.sent, result->local, sizeof(result->local));
    if (way.seen.family)
        tha_addr_port_text(&way.seen, result->seen, sizeof(result->seen));
    tha_way_list_rewritten(&way, result->rewritten, sizeof(result->rewritten));
}

static void read_security(const struct once *once, trunkha_probe_result *result)
{
    struct tha_tls_facts facts;

    if (!tha_prober_get_tls_facts(once->prober, 0, &facts))
        return;
    tha_text_copy(result->tls_version, sizeof(result->tls_version), facts.version);
    tha_text_copy(result->tls_cipher, sizeof(result->tls_cipher), facts.cipher);
    tha_text_copy(result->tls_subject, sizeof(result->tls_subject), facts.subject);
    tha_text_copy(result->tls_issuer, sizeof(result->tls_issuer), facts.issuer);
    tha_text_copy(result->tls_names, sizeof(result->tls_names), facts.names);
    result->tls_not_after = facts.not_after;
    result->tls_verified = facts.is_verified;
}

static void on_answer(uint32_t slot, const char *packet, size_t len, void *user_data)
{
    struct once *once = user_data;

    (void)slot;
    read_headers(packet, len, once->result);
    read_codecs(packet, len, once->result);
    read_way(once, packet, len, once->result);
    read_security(once, once->result);
}

/* ---- How it ended ---- */

static uint32_t reason_of(uint32_t kind)
{
    switch (kind) {
    case THA_EVIDENCE_ANSWERED:
        return TRUNKHA_REASON_NONE;
    case THA_EVIDENCE_TIMED_OUT:
        return TRUNKHA_REASON_KEEPALIVE_FAILURE;
    case THA_EVIDENCE_TLS_FAILED:
        return TRUNKHA_REASON_TLS_FAILURE;
    case THA_EVIDENCE_AUTH_FAILED:
        return TRUNKHA_REASON_AUTH_FAILURE;
    default:
        return TRUNKHA_REASON_NETWORK_ERROR;
    }
}

static void describe(const struct tha_evidence *evidence, uint32_t timeout_ms, char *buf, size_t size)
{
    if (evidence->kind == THA_EVIDENCE_ANSWERED)
        tha_text_print(buf, size, "answered in %.1f ms", evidence->rtt_us / 1000.0);
    else if (evidence->detail)
        tha_text_copy(buf, size, evidence->detail);
    else if (evidence->kind == THA_EVIDENCE_TIMED_OUT)
        tha_text_print(buf, size, "no answer in %.1f s", timeout_ms / 1000.0);
    else if (evidence->kind == THA_EVIDENCE_REFUSED)
        tha_text_print(buf, size, "refused (ICMP %s)",
                       evidence->system_error == ECONNREFUSED ? "port unreachable" : strerror(evidence->system_error));
    else
        tha_text_print(buf, size, "could not be sent: %s", strerror(evidence->system_error));
}

static void judge(const struct tha_evidence *evidence, const struct tha_codes *failing, trunkha_probe_result *result)
{
    bool is_answered = evidence->kind == THA_EVIDENCE_ANSWERED || evidence->kind == THA_EVIDENCE_AUTH_FAILED;

    result->code = is_answered ? evidence->code : 0;
    result->rtt_us = is_answered ? evidence->rtt_us : 0;
    result->reason = reason_of(evidence->kind);
    if (!is_answered)
        result->outcome = TRUNKHA_PROBE_DEAD;
    else if (evidence->kind == THA_EVIDENCE_AUTH_FAILED || tha_codes_has(failing, result->code))
        result->outcome = TRUNKHA_PROBE_REJECTED;
    else
        result->outcome = TRUNKHA_PROBE_ALIVE;
}

static void on_result(uint32_t slot, const struct tha_evidence *evidence, void *user_data)
{
    struct once *once = user_data;

    (void)slot;
    describe(evidence, once->target->timeout_ms, once->result->detail, sizeof(once->result->detail));
    judge(evidence, once->failing, once->result);
    tha_once_end(&once->question);
}

/* ---- Its thread ---- */

static int prepare(struct once *once)
{
    const struct tha_prober_target *target = once->target;
    const struct tha_addr any = {.family = target->addr.family};
    bool is_udp = target->addr.transport == THA_TRANSPORT_UDP;
    int err = tha_prober_reserve(once->prober, 1);

    if (!err)
        err = tha_prober_prepare_listen(once->prober, &any, 1, once->error_buf, once->error_size);
    if (!err && target->reach)
        err = tha_prober_prepare_reach(once->prober, target->reach, is_udp, once->error_buf, once->error_size);

    return err;
}

static void on_batch_end(void *user_data)
{
    sleep_on(user_data);
}

static int on_start(struct tha_loop *loop, void *user_data)
{
    static const struct tha_log silent;
    struct once *once = user_data;
    const struct tha_prober_handlers handlers = {
        .result = on_result, .answer = on_answer, .batch_end = on_batch_end, .user_data = once};
    int err;

    once->loop = loop;
    err = tha_prober_new(loop, &tha_mem_default, &silent, &handlers, &once->prober);
    if (!err)
        err = prepare(once);
    if (err) {
        once->prober = tha_prober_free(once->prober);
        return err;
    }

    tha_prober_commit_listen(once->prober);
    tha_prober_set_target(once->prober, 0, once->target);
    tha_prober_send(once->prober, 0, tha_clock_ms());
    tha_prober_flush(once->prober);
    sleep_on(once);

    return 0;
}

static void on_expiry(uint64_t now_ms, void *user_data)
{
    struct once *once = user_data;

    tha_prober_handle_expiry(once->prober, now_ms);
    sleep_on(once);
}

static void on_end(void *user_data)
{
    struct once *once = user_data;

    once->prober = tha_prober_free(once->prober);
}

int tha_probe_once(const struct tha_prober_target *target, const struct tha_codes *failing, trunkha_probe_result *result,
                   char *error_buf, size_t error_size)
{
    struct once once = {
        .target = target, .failing = failing, .result = result, .error_buf = error_buf, .error_size = error_size};
    const struct tha_loop_handlers handlers = {.start = on_start, .expiry = on_expiry, .end = on_end, .user_data = &once};

    return tha_once_run(&once.question, &handlers);
}
