/* One resolution. NAPTR records say which SRV records there are (offers), those say which names with which ports (targets),
 * and A and AAAA records their addresses. A stage ends as soon as what is known settles it.
 *
 *   the name has    first stage      if nothing is found there
 *   a port          TARGETS
 *   a transport     OFFERS, one      TARGETS: the name itself
 *   neither         NAPTR            OFFERS: UDP, TCP, TLS; then TARGETS: the name itself, over the first of them */
#include "lookup.h"

#include <string.h>

#include "base/text.h"
#include "lookup_parts.h"

/* RFC 1035 section 4.1.1 */
#define RCODE_NOTIMP  4U
#define RCODE_REFUSED 5U

_Static_assert(THA_LOOKUP_QUESTIONS_MAX == 1 + THA_OFFERS_MAX + 2 * THA_TARGETS_MAX, "NAPTR, SRV, A and AAAA");

/* ---- Life */

/** One after the other: a stage may be left at once. */
static void go_on(struct tha_lookup *lookup)
{
    if (lookup->stage == THA_STAGE_NAPTR)
        tha_offers_follow(lookup);
    if (lookup->stage == THA_STAGE_OFFERS)
        tha_offers_choose(lookup);
    if (lookup->stage == THA_STAGE_TARGETS)
        tha_targets_finish(lookup);
}

static void begin(struct tha_lookup *lookup)
{
    const struct tha_name *name = lookup->name;

    if (name->port)
        tha_targets_begin(lookup, name->has_transport ? name->transport : THA_TRANSPORT_UDP, NULL);
    else if (name->has_transport)
        tha_offers_begin(lookup);
    else
        tha_lookup_ask(lookup, THA_DNS_NAPTR, name->host);

    go_on(lookup);
}

int tha_lookup_new(const struct tha_mem *mem, const struct tha_name *name, struct tha_lookup **ret_lookup)
{
    static const char *const prefixes[THA_N_TRANSPORTS] = {
        [THA_TRANSPORT_UDP] = "_sip._udp",
        [THA_TRANSPORT_TCP] = "_sip._tcp",
        [THA_TRANSPORT_TLS] = "_sips._tcp",
    };
    struct tha_lookup *lookup;
    struct tha_arena arena;

    tha_arena_init(&arena, mem);
    lookup = tha_arena_alloc(&arena, 1, sizeof(*lookup));
    if (!lookup)
        return TRUNKHA_ERR_NOMEM;

    lookup->arena = arena;
    lookup->name = name;
    lookup->ttl_s = THA_NO_TTL;
    for (uint32_t i = 0; i < THA_N_TRANSPORTS; i++)
        tha_text_print(lookup->owners[i], sizeof(lookup->owners[i]), "%s.%s", prefixes[i], name->host);
    begin(lookup);
    *ret_lookup = lookup;

    return 0;
}

struct tha_lookup *tha_lookup_free(struct tha_lookup *lookup)
{
    struct tha_arena arena;

    if (!lookup)
        return NULL;

    arena = lookup->arena; /* the lookup lives in it */
    tha_arena_done(&arena);

    return NULL;
}

/* ---- Questions */

static uint32_t find_question(const struct tha_lookup *lookup, uint32_t type, const char *name)
{
    uint32_t i = 0;

    while (i < lookup->n_questions && (lookup->questions[i].type != type || strcmp(lookup->questions[i].name, name) != 0))
        i++;

    return i;
}

uint32_t tha_lookup_ask(struct tha_lookup *lookup, uint32_t type, const char *name)
{
    uint32_t place = find_question(lookup, type, name);
    struct tha_lookup_question *question = &lookup->questions[place];

    if (place < lookup->n_questions)
        return place;

    *question = (struct tha_lookup_question){.type = type, .name = name, .records = {.ttl_s = THA_NO_TTL}};
    if (strlen(name) >= THA_DNS_NAME_SIZE) { /* an SRV owner's prefix was too much: there is no such name */
        question->standing = THA_ANSWERED;
        question->outcome = THA_DNS_NO_NAME;
    }
    lookup->n_questions++;

    return place;
}

bool tha_lookup_next_question(struct tha_lookup *lookup, uint32_t *ret_place, struct tha_dns_question *ret_question)
{
    while (lookup->stage != THA_STAGE_DONE && lookup->next_question < lookup->n_questions) {
        uint32_t place = lookup->next_question++;
        struct tha_lookup_question *question = &lookup->questions[place];

        if (question->standing != THA_NOT_ASKED)
            continue;
        question->standing = THA_AWAITED;
        ret_question->type = question->type;
        tha_text_copy(ret_question->name, sizeof(ret_question->name), question->name);
        *ret_place = place;
        return true;
    }

    return false;
}

/* ---- Answers */

bool tha_lookup_has_failed(const struct tha_lookup_question *question)
{
    return question->outcome == THA_DNS_FAILED || question->outcome == THA_DNS_SILENT;
}

/** A server that does not know the type, or answers for addresses only, has no records of it. */
static uint32_t outcome_of(const struct tha_lookup_question *question, const struct tha_dns_answer *answer)
{
    bool is_for_address = question->type == THA_DNS_A || question->type == THA_DNS_AAAA;
    bool is_turned_down = answer->rcode == RCODE_NOTIMP || answer->rcode == RCODE_REFUSED;

    if (!is_for_address && answer->outcome == THA_DNS_FAILED && is_turned_down)
        return THA_DNS_ANSWERED;

    return answer->outcome;
}

int tha_lookup_answer(struct tha_lookup *lookup, uint32_t place, const struct tha_dns_answer *answer)
{
    struct tha_lookup_question *question;
    int err = 0;

    if (lookup->stage == THA_STAGE_DONE || place >= lookup->n_questions)
        return 0;
    question = &lookup->questions[place];
    if (question->standing != THA_AWAITED)
        return 0;

    question->standing = THA_ANSWERED;
    question->outcome = outcome_of(question, answer);
    if (!tha_lookup_has_failed(question))
        err = tha_records_keep(&lookup->arena, question->type, answer, &question->records);
    if (err)
        question->outcome = THA_DNS_FAILED;
    go_on(lookup);

    return err;
}

/* ---- The end */

void tha_lookup_finish(struct tha_lookup *lookup, uint32_t trouble, uint32_t ttl_s)
{
    lookup->stage = THA_STAGE_DONE;
    lookup->result.trouble = trouble;
    lookup->result.ttl_s = trouble && ttl_s == THA_NO_TTL ? 0 : ttl_s;
    lookup->result.locations = lookup->locations.at;
    lookup->result.n_locations = lookup->locations.count;
    lookup->result.is_cut = lookup->is_cut || lookup->locations.is_cut;
}

void tha_lookup_finish_failed(struct tha_lookup *lookup, const struct tha_lookup_question *question)
{
    bool is_silent = question->outcome == THA_DNS_SILENT;

    tha_lookup_finish(lookup, is_silent ? THA_DNS_TROUBLE_SILENT : THA_DNS_TROUBLE_FAILED, THA_NO_TTL);
}

bool tha_lookup_is_done(const struct tha_lookup *lookup, struct tha_lookup_result *ret_result)
{
    if (lookup->stage != THA_STAGE_DONE)
        return false;
    *ret_result = lookup->result;

    return true;
}
