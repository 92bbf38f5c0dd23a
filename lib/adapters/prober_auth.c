/* Credentials: a challenge is answered once by each probe, and the next probes answer it without being asked (RFC 3261
 * section 22). A proxy may ask (407) as well as the peer behind it (401): each has its answer, in every request. */
#include <errno.h>
#include <string.h>

#include "adapters/digest.h"
#include "adapters/printable.h"
#include "adapters/prober_room.h"

#define CHALLENGES_MAX    2 /* of a kind, answered by one probe: the second only when the nonce was stale */
#define AUTHORIZATION_MAX 2048

static const struct tha_credentials *credentials_of(const struct tha_slot *slot)
{
    return slot->reach ? slot->reach->auth : NULL;
}

void tha_slot_forget_challenges(struct tha_slot *slot)
{
    for (unsigned i = 0; i < 2; i++)
        slot->extra->digests[i] = tha_digest_free(slot->extra->digests[i]);
}

/** Returns false when there is no room in @p buf. */
static bool write_lines(struct tha_prober *prober, const struct tha_slot *slot, char *buf, size_t size, size_t *ret_len)
{
    const char *uri = slot->text->request_uri ? slot->text->request_uri : slot->uri;
    size_t used = 0, len = 1;

    for (unsigned i = 0; i < 2 && len; i++) {
        struct tha_digest *digest = slot->extra->digests[i];

        if (!digest)
            continue;
        len = tha_digest_write(digest, credentials_of(slot), "OPTIONS", uri, tha_entropy_draw(&prober->entropy), buf + used,
                               size - used);
        used += len;
    }
    *ret_len = used;

    return len;
}

int tha_slot_authorize(struct tha_prober *prober, struct tha_slot *slot)
{
    struct tha_extra *extra = slot->extra;
    char lines[AUTHORIZATION_MAX], *copy;
    size_t len;

    if (extra->is_authorized)
        return 0;
    extra->authorization_len = 0;
    if (!credentials_of(slot))
        tha_slot_forget_challenges(slot);
    if (!write_lines(prober, slot, lines, sizeof(lines), &len)) {
        tha_slot_forget_challenges(slot); /* the next probe gets others */
        return EMSGSIZE;
    }
    if (!len)
        return 0;
    copy = tha_mem_resize(&prober->mem, extra->authorization, len, 1);
    if (!copy)
        return ENOMEM;
    memcpy(copy, lines, len);
    extra->authorization = copy;
    extra->authorization_len = (uint32_t)len;
    extra->is_authorized = true;

    return 0;
}

static uint32_t find_challenges(const char *packet, size_t len, bool is_proxy, struct tha_span *values)
{
    const char *wanted = is_proxy ? "Proxy-Authenticate" : "WWW-Authenticate";
    struct tha_sip_cursor cursor;
    struct tha_span name, value;
    uint32_t n = 0, code;

    if (!tha_sip_read_status_line(packet, len, &code, &cursor))
        return 0;
    while (n < THA_DIGEST_CHALLENGES_MAX && tha_sip_next_field(&cursor, &name, &value) == THA_SIP_HEADER) {
        if (tha_span_is_word(name, wanted))
            values[n++] = value;
    }

    return n;
}

/** Its algorithm if it names one, or else its beginning: what there is to mend. */
static struct tha_span characteristic_of(struct tha_span challenge)
{
    static const char name[] = "algorithm=";

    for (size_t i = 0; i + sizeof(name) - 1 <= challenge.len; i++) {
        struct tha_span word = {challenge.p + i, sizeof(name) - 1};

        if (tha_span_is_word(word, name))
            return tha_sip_first_value((struct tha_span){word.p, challenge.len - i});
    }

    return challenge;
}

static void describe(const struct tha_digest *digest, enum tha_digest_verdict verdict, const struct tha_span *values,
                     uint32_t n_values, char *detail)
{
    struct tha_span shown = n_values ? characteristic_of(values[0]) : (struct tha_span){NULL, 0};
    char what[THA_AUTH_DETAIL_SIZE / 2] = "none was sent";

    if (verdict == THA_DIGEST_UNUSABLE) {
        if (n_values)
            tha_printable_copy(what, sizeof(what), shown.p, shown.len);
        tha_text_print(detail, THA_AUTH_DETAIL_SIZE, "no challenge that we can answer: %s", what);
    } else {
        tha_digest_describe(digest, what, sizeof(what));
        tha_text_print(detail, THA_AUTH_DETAIL_SIZE, "user or password refused: %s", what);
    }
}

static void send_again(struct tha_prober *prober, struct tha_slot *slot)
{
    tha_count(&prober->counters.challenges_answered);
    slot->extra->is_authorized = false;
    slot->previous_branch = (uint32_t)slot->token.branch;
    slot->was_previous_answered = true;
    tha_token_renew(&slot->token, &prober->entropy);
    prober->has_told = true; /* of an earlier deadline */
    tha_prober_start_request(prober, slot, tha_clock_ms());
}

enum tha_auth_step tha_prober_take_challenge(struct tha_prober *prober, struct tha_slot *slot, uint32_t code,
                                             const char *packet, size_t len, char *detail)
{
    const struct tha_credentials *credentials = credentials_of(slot);
    struct tha_extra *extra = credentials ? tha_slot_need_extra(prober, slot) : NULL;
    struct tha_span values[THA_DIGEST_CHALLENGES_MAX];
    enum tha_digest_verdict verdict;
    bool is_proxy = code == 407;
    uint32_t n_values;

    if (!extra)
        return credentials ? THA_AUTH_NO_MEMORY : THA_AUTH_NONE;

    n_values = find_challenges(packet, len, is_proxy, values);
    verdict = tha_digest_take(&prober->mem, &extra->digests[is_proxy], credentials, values, n_values, is_proxy,
                              extra->n_challenges[is_proxy] > 0);
    if (verdict == THA_DIGEST_NO_MEMORY)
        return THA_AUTH_NO_MEMORY;
    if (verdict == THA_DIGEST_TAKEN && extra->n_challenges[is_proxy] < CHALLENGES_MAX) {
        extra->n_challenges[is_proxy]++;
        send_again(prober, slot);
        return THA_AUTH_AGAIN;
    }

    describe(extra->digests[is_proxy], verdict, values, n_values, detail);
    tha_slot_forget_challenges(slot);

    return THA_AUTH_FAILED;
}
