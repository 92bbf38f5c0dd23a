#include "adapters/probe_once.h"

#include <errno.h>
#include <semaphore.h>
#include <string.h>

#include <re.h>

#include "adapters/loop.h"
#include "adapters/prober.h"
#include "base/text.h"

/* The one target has slot 0. */

struct once {
    const struct tha_probe_text *text;
    struct tha_prober_target target;
    struct tha_loop *loop;
    struct tha_prober *prober;
    struct tha_evidence evidence;
    trunkha_probe_result *result;
    sem_t ended;
};

static void sleep_on(struct once *once)
{
    tha_loop_wake_at(once->loop, tha_prober_next_expiry(once->prober));
}

/** What a peer wrote may end up on a terminal. */
static void mask_controls(char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || *text == 0x7f)
            *text = '?';
    }
}

static bool add_allowed(const struct sip_hdr *header, const struct sip_msg *message, void *user_data)
{
    trunkha_probe_result *result = user_data;
    size_t used = strlen(result->allow);

    (void)message;
    tha_text_print(result->allow + used, sizeof(result->allow) - used, "%s%.*s", used ? ", " : "", (int)header->val.l,
                   header->val.p);

    return false;
}

/** The prober has checked the status line and the headers: only then a libre decoder may see foreign bytes. */
static void on_answer(uint32_t slot, const char *packet, size_t len, void *user_data)
{
    struct once *once = user_data;
    trunkha_probe_result *result = once->result;
    struct mbuf *buffer = mbuf_alloc(len);
    struct sip_msg *message = NULL;

    (void)slot;
    if (buffer && !mbuf_write_mem(buffer, (const uint8_t *)packet, len)) {
        mbuf_set_pos(buffer, 0);
        if (!sip_msg_decode(&message, buffer)) {
            tha_text_print(result->phrase, sizeof(result->phrase), "%.*s", (int)message->reason.l, message->reason.p);
            sip_msg_hdr_apply(message, true, SIP_HDR_ALLOW, add_allowed, result);
            mask_controls(result->phrase);
            mask_controls(result->allow);
        }
    }
    mem_deref(message);
    mem_deref(buffer);
}

static void on_result(uint32_t slot, const struct tha_evidence *evidence, void *user_data)
{
    struct once *once = user_data;

    (void)slot;
    once->evidence = *evidence;
    sem_post(&once->ended);
}

static int on_start(struct tha_loop *loop, void *user_data)
{
    static const struct tha_log silent;
    struct once *once = user_data;
    const struct tha_prober_handlers handlers = {.result = on_result, .answer = on_answer, .user_data = once};
    const struct tha_addr any = {.family = once->target.addr.family};
    char error[128];
    int err;

    once->loop = loop;
    err = tha_prober_new(loop, &tha_mem_default, &silent, &handlers, &once->prober);
    if (!err)
        err = tha_prober_reserve(once->prober, 1);
    if (!err)
        err = tha_prober_prepare_listen(once->prober, &any, 1, error, sizeof(error));
    if (err) {
        once->prober = tha_prober_free(once->prober);
        return err;
    }

    tha_prober_commit_listen(once->prober);
    tha_prober_set_target(once->prober, 0, &once->target);
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

static void on_doorbell(void *user_data)
{
    (void)user_data;
}

static void on_end(void *user_data)
{
    struct once *once = user_data;

    once->prober = tha_prober_free(once->prober);
}

static void describe(const struct once *once, trunkha_probe_result *result)
{
    const struct tha_evidence *evidence = &once->evidence;

    switch (evidence->kind) {
    case THA_EVIDENCE_ANSWERED:
        tha_text_print(result->detail, sizeof(result->detail), "answered in %.1f ms", evidence->rtt_us / 1000.0);
        break;
    case THA_EVIDENCE_TIMED_OUT:
        tha_text_print(result->detail, sizeof(result->detail), "no answer in %.1f s", once->target.timeout_ms / 1000.0);
        break;
    case THA_EVIDENCE_REFUSED:
        tha_text_print(result->detail, sizeof(result->detail), "refused (ICMP %s)",
                       evidence->system_error == ECONNREFUSED ? "port unreachable" : strerror(evidence->system_error));
        break;
    default:
        tha_text_print(result->detail, sizeof(result->detail), "could not be sent: %s", strerror(evidence->system_error));
        break;
    }
}

static void judge(const struct once *once, const struct tha_codes *failing, trunkha_probe_result *result)
{
    bool is_answered = once->evidence.kind == THA_EVIDENCE_ANSWERED;

    result->code = is_answered ? once->evidence.code : 0;
    result->rtt_us = is_answered ? once->evidence.rtt_us : 0;
    if (!is_answered)
        result->outcome = TRUNKHA_PROBE_DEAD;
    else
        result->outcome = tha_codes_has(failing, result->code) ? TRUNKHA_PROBE_REJECTED : TRUNKHA_PROBE_ALIVE;
}

int tha_probe_once(const struct tha_addr *addr, const char *uri, const struct tha_probe_text *text, uint32_t timeout_ms,
                   const struct tha_codes *failing, trunkha_probe_result *result)
{
    struct once once = {.target = {*addr, uri, text, timeout_ms}, .result = result};
    const struct tha_loop_handlers handlers = {on_start, on_expiry, on_doorbell, on_end, &once};
    const struct tha_log silent = {NULL, NULL};
    struct tha_loop *loop;
    int err;

    result->phrase[0] = result->allow[0] = result->detail[0] = '\0';
    sem_init(&once.ended, 0, 0);
    err = tha_loop_new(&tha_mem_default, &silent, &handlers, &loop);
    if (!err) {
        while (sem_wait(&once.ended))
            ; /* a signal of the host's */
        tha_loop_free(loop);
        describe(&once, result);
        judge(&once, failing, result);
    }
    sem_destroy(&once.ended);

    return err;
}
