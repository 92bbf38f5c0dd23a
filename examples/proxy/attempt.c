/* The trunks' side: INVITE client transactions (section 17.1.1). */
#include "proxy.h"

#include <errno.h>
#include <sys/random.h>

#define CONNECT_MS       1000 /* a call waits that long for a connection to come up, then the next trunk has it */
#define CONNECT_AGAIN_MS 20   /* from one look to the next */

static void attempt_free(void *arg)
{
    struct attempt *attempt = arg;

    if (attempt->state < ATTEMPT_COMPLETED)
        attempt->call->proxy->n_unsettled--;
    timer_stop(&attempt->again);
    timer_stop(&attempt->end);
    list_unlink(&attempt->le);
    hash_unlink(&attempt->entry.le);
    mem_deref(attempt->uri);
    mem_deref(attempt->credentials);
    mem_deref(attempt->request);
    mem_deref(attempt->final);
    mem_deref(attempt->call);
}

void attempt_over(void *arg)
{
    struct attempt *attempt = arg;
    bool is_silent = attempt->state == ATTEMPT_CALLING && !attempt->is_given_up;

    attempt->is_given_up = true;
    if (is_silent)
        call_report(attempt->call, TRUNKHA_REPORT_NO_RESPONSE, attempt->number, NULL);
    mem_deref(attempt);
}

void attempt_failed(struct attempt *attempt)
{
    struct call *call = mem_ref(attempt->call);
    uint32_t number = attempt->is_given_up ? 0 : attempt->number;

    mem_deref(attempt);
    if (number)
        call_report(call, TRUNKHA_REPORT_TRANSPORT_ERROR, number, NULL);
    mem_deref(call);
}

/** Our INVITE names our end of the way, which is known when there is a connection. */
static int attempt_write_invite(struct attempt *attempt)
{
    struct proxy *proxy = attempt->call->proxy;
    struct pl uri;
    struct passage passage = {
        .to = &attempt->to,
        .local = attempt->local,
        .uri = &uri,
        .branch = attempt->branch,
        .n_routes = UINT32_MAX,
        .cseq_shift = attempt->cseq_shift,
        .more = attempt->credentials,
    };
    int err = find_local(proxy, &attempt->to, attempt->local);

    if (err)
        return err;
    pl_set_str(&uri, attempt->uri);
    attempt->request = write_request(proxy, attempt->call->invite, &passage);

    return attempt->request ? 0 : ENOMEM;
}

static void attempt_send_again(void *arg);

/** Over UDP timer A (or E) sends it again; over TCP and TLS it is sent once, as soon as there is a connection. */
static int attempt_transmit(struct attempt *attempt)
{
    struct proxy *proxy = attempt->call->proxy;
    int err = attempt->request ? 0 : attempt_write_invite(attempt);

    err = err ? err : send_to(proxy, &attempt->request_to, attempt->request);
    if ((err == ENOTCONN || err == ENOMEM) && proxy->now_ms < attempt->patience_ms) {
        if (attempt->state == ATTEMPT_CALLING) /* the next connection has another port of ours */
            attempt->request = mem_deref(attempt->request);
        timer_start(proxy, &attempt->again, CONNECT_AGAIN_MS, attempt_send_again, attempt);
        return 0;
    }
    if (!err && !is_reliable(attempt->request_to.transport))
        timer_start(proxy, &attempt->again, attempt->pause_ms, attempt_send_again, attempt);

    return err;
}

static void attempt_send_again(void *arg)
{
    struct attempt *attempt = arg;
    uint32_t longest = attempt->state == ATTEMPT_CALLING ? END_MS : T2_MS;

    attempt->pause_ms = attempt->pause_ms < longest / 2 ? 2 * attempt->pause_ms : longest;
    if (attempt_transmit(attempt) && attempt->state == ATTEMPT_CALLING)
        attempt_failed(attempt);
}

int attempt_send(struct attempt *attempt, const struct peer *to, struct mbuf *request)
{
    mem_deref(attempt->request);
    attempt->request = request;
    attempt->request_to = *to;
    attempt->pause_ms = T1_MS;
    attempt->patience_ms = attempt->call->proxy->now_ms + CONNECT_MS;
    timer_stop(&attempt->again);

    return attempt_transmit(attempt);
}

void attempt_settle(struct attempt *attempt, enum attempt_state state)
{
    if (attempt->state < ATTEMPT_COMPLETED)
        attempt->call->proxy->n_unsettled--;
    attempt->state = state;
    timer_stop(&attempt->again);
    timer_start(attempt->call->proxy, &attempt->end, END_MS, attempt_over, attempt);
}

/** "z9hG4bKt", then what nobody can guess, then what shows a loop. */
static int make_branch(struct proxy *proxy, const struct sip_msg *invite, char branch[BRANCH_SIZE])
{
    uint8_t random[12];
    char mark[LOOP_LEN + 1];

    if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return EIO;
    loop_mark(proxy, invite, mark);

    return re_snprintf(branch, BRANCH_SIZE, BRANCH_ATTEMPT "%w%s", random, sizeof(random), mark) == BRANCH_LEN ? 0 : EIO;
}

/** The number dialled, at the trunk (section 16.6 step 2). New; NULL = no memory. */
static char *make_uri(const struct sip_msg *invite, const char *trunk_uri)
{
    struct pl pl, type;
    struct uri uri;
    char *text = NULL;
    bool is_phone = !msg_param_decode(&invite->uri.params, "user", &type) && !pl_strcasecmp(&type, "phone");

    pl_set_str(&pl, trunk_uri);
    if (uri_decode(&uri, &pl))
        return NULL;
    uri.user = invite->uri.user;
    re_sdprintf(&text, "%H%s", uri_encode, &uri, is_phone ? ";user=phone" : "");

    return text;
}

struct attempt *attempt_new(struct call *call, uint32_t number, const struct peer *to, char *uri)
{
    struct proxy *proxy = call->proxy;
    struct attempt *attempt = mem_zalloc(sizeof(*attempt), attempt_free);

    if (!attempt) {
        mem_deref(uri);
        return NULL;
    }
    proxy->n_unsettled++;
    attempt->call = mem_ref(call);
    attempt->number = number;
    attempt->to = *to;
    attempt->uri = uri;
    if (!uri || make_branch(proxy, call->invite, attempt->branch))
        return mem_deref(attempt);
    list_append(&call->attempts, &attempt->le, attempt);
    table_enter(proxy->attempts, &attempt->entry, branch_id(proxy, attempt->branch));

    return attempt;
}

void attempt_launch(struct attempt *attempt)
{
    timer_start(attempt->call->proxy, &attempt->end, END_MS, attempt_over, attempt);
    if (attempt_send(attempt, &attempt->to, NULL))
        attempt_failed(attempt);
}

void attempt_start(struct call *call, const trunkha_step *step)
{
    struct attempt *attempt = NULL;
    struct peer to;

    if (peer_read(step->to.target, step->to.trunk_id, &to))
        attempt = attempt_new(call, step->attempt, &to, make_uri(call->invite, step->to.uri));
    if (attempt)
        attempt_launch(attempt);
    else /* our own fault: no word against the trunk */
        call_finish(call, 500);
}
