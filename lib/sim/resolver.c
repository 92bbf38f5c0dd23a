#include "resolver.h"

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "base/text.h"
#include "core/lookup.h"
#include "core/names.h"

#define ANSWER_AFTER_MS 10U
#define TTL_S           60U

/** How long "none" holds. */
#define NEGATIVE_TTL_S 60U

#define SIP_PORT  5060U
#define SIPS_PORT 5061U

struct host {
    struct tha_addr made_up;
    const struct tha_addr *addresses; /**< what it comes to now */
    uint32_t n_addresses;
    uint32_t ttl_s;
    bool has_ports;
};

struct pending {
    struct tha_due due;
    struct pending *next_free;
    uint64_t id;
    struct tha_dns_question question;
    uint32_t outcome; /**< enum tha_dns_outcome */
};

struct tha_resolver {
    struct tha_mem mem;
    struct tha_agenda *agenda;
    struct tha_map by_name;
    struct host *hosts;
    uint32_t n_hosts;
    struct pending *pending, *free;
    uint32_t timeout_ms;
    uint32_t outcome; /**< of questions that are asked now */
    bool is_home_cut;
    struct tha_dns_record records[THA_DNS_LOCATIONS_MAX];
    char texts[THA_DNS_LOCATIONS_MAX][THA_DNS_NAME_SIZE];
};

/* ---- Its life ---- */

/** 198.18.0.1 and following. */
static struct tha_addr make_up(uint32_t number)
{
    uint32_t ip = (UINT32_C(198) << 24 | UINT32_C(18) << 16) + (number + 1) % (1U << 17);

    return (struct tha_addr){
        .ip = {(uint8_t)(ip >> 24), (uint8_t)(ip >> 16), (uint8_t)(ip >> 8), (uint8_t)ip},
        .family = 4,
    };
}

static int enter_hosts(struct tha_resolver *resolver, const struct tha_model *model)
{
    for (uint32_t i = 0; i < model->n_trunks; i++) {
        const struct tha_name *name = model->trunks[i].dns_name;
        struct host *host = &resolver->hosts[resolver->n_hosts];

        if (!name || tha_map_find(&resolver->by_name, name->host))
            continue;
        *host = (struct host){make_up(resolver->n_hosts), &host->made_up, 1, TTL_S, false};
        if (tha_map_put(&resolver->by_name, name->host, host))
            return TRUNKHA_ERR_NOMEM;
        resolver->n_hosts++;
    }

    return 0;
}

/** As many as the core can ask at a time. */
static int make_pending(struct tha_resolver *resolver)
{
    uint32_t names = resolver->n_hosts < THA_NAMES_ASKING_MAX ? resolver->n_hosts : THA_NAMES_ASKING_MAX;
    uint32_t n = names * THA_LOOKUP_QUESTIONS_MAX;

    resolver->pending = tha_mem_zalloc(&resolver->mem, n + 1, sizeof(*resolver->pending));
    if (!resolver->pending)
        return TRUNKHA_ERR_NOMEM;

    for (uint32_t i = 0; i < n; i++) {
        resolver->pending[i].due.kind = THA_DUE_ANSWER;
        resolver->pending[i].next_free = resolver->free;
        resolver->free = &resolver->pending[i];
    }

    return 0;
}

int tha_resolver_new(const struct tha_mem *mem, const struct tha_model *model, struct tha_agenda *agenda,
                     struct tha_resolver **ret_resolver)
{
    struct tha_resolver *resolver = tha_mem_zalloc(mem, 1, sizeof(*resolver));

    if (!resolver)
        return TRUNKHA_ERR_NOMEM;

    resolver->mem = *mem;
    resolver->agenda = agenda;
    resolver->timeout_ms = model->dns.timeout_ms;
    resolver->outcome = THA_DNS_ANSWERED;
    tha_map_init(&resolver->by_name, mem);
    resolver->hosts = tha_mem_zalloc(mem, model->n_trunks, sizeof(*resolver->hosts));
    if (!resolver->hosts || enter_hosts(resolver, model) || make_pending(resolver)) {
        tha_resolver_free(resolver);
        return TRUNKHA_ERR_NOMEM;
    }
    *ret_resolver = resolver;

    return 0;
}

struct tha_resolver *tha_resolver_free(struct tha_resolver *resolver)
{
    if (!resolver)
        return NULL;

    tha_mem_free(&resolver->mem, resolver->pending);
    tha_mem_free(&resolver->mem, resolver->hosts);
    tha_map_done(&resolver->by_name);

    return tha_mem_free(&resolver->mem, resolver);
}

/* ---- What steps say ---- */

static void move_host(struct host *host, const struct tha_scenario_step *step)
{
    host->addresses = step->addresses;
    host->n_addresses = step->n_addresses < THA_DNS_LOCATIONS_MAX ? step->n_addresses : THA_DNS_LOCATIONS_MAX;
    host->ttl_s = step->ttl_s;
    host->has_ports = false;
    for (uint32_t i = 0; i < host->n_addresses; i++)
        host->has_ports |= host->addresses[i].port != 0;
}

void tha_resolver_take_step(struct tha_resolver *resolver, const struct tha_scenario_step *step)
{
    struct host *host;

    switch (step->kind) {
    case THA_STEP_ADDRESS:
        host = tha_map_find(&resolver->by_name, step->name);
        if (host)
            move_host(host, step);
        break;
    case THA_STEP_DNS:
        resolver->outcome = step->dns;
        break;
    case THA_STEP_HOME:
        resolver->is_home_cut = step->is_cut;
        break;
    default:
        break;
    }
}

/* ---- Answers ---- */

static void add_address(struct tha_resolver *resolver, const struct host *host, uint32_t i, uint32_t type,
                        struct tha_dns_answer *answer)
{
    const struct tha_addr *addr = &host->addresses[i];

    if (addr->family != (type == THA_DNS_A ? 4 : 6))
        return;

    resolver->records[answer->n_records++] = (struct tha_dns_record){.ttl_s = host->ttl_s, .addr = *addr};
    resolver->records[answer->n_records - 1].addr.port = 0;
}

static void add_addresses(struct tha_resolver *resolver, const struct host *host, uint32_t type,
                          struct tha_dns_answer *answer)
{
    for (uint32_t i = 0; i < host->n_addresses; i++)
        add_address(resolver, host, i, type, answer);
}

/** Each address has a name of its own below that of the host: "0.sip.example", "1.sip.example", ... */
static void add_services(struct tha_resolver *resolver, const struct host *host, const char *name, uint16_t usual_port,
                         struct tha_dns_answer *answer)
{
    for (uint32_t i = 0; i < host->n_addresses; i++) {
        uint16_t port = host->addresses[i].port;

        tha_text_print(resolver->texts[i], sizeof(resolver->texts[i]), "%u.%s", i, name);
        resolver->records[i] = (struct tha_dns_record){
            .ttl_s = host->ttl_s,
            .srv = {.port = port ? port : usual_port, .target = resolver->texts[i]},
        };
    }
    answer->n_records = host->n_addresses;
}

/** What follows @p prefix in @p name; NULL when that begins otherwise. */
static const char *after(const char *prefix, const char *name)
{
    size_t len = strlen(prefix);

    return strncmp(name, prefix, len) ? NULL : name + len;
}

/** An SRV question; false = there is no such name. */
static bool answer_service(struct tha_resolver *resolver, const char *name, struct tha_dns_answer *answer)
{
    const char *over_udp = after("_sip._udp.", name), *over_tcp = after("_sip._tcp.", name);
    const char *over_tls = after("_sips._tcp.", name);
    const char *host_name = over_udp ? over_udp : over_tcp ? over_tcp : over_tls;
    const struct host *host = host_name ? tha_map_find(&resolver->by_name, host_name) : NULL;

    if (!host || !host->n_addresses || !host->has_ports)
        return false;

    add_services(resolver, host, host_name, over_tls ? SIPS_PORT : SIP_PORT, answer);

    return true;
}

/** A question for what an SRV record named. */
static bool answer_numbered(struct tha_resolver *resolver, const struct tha_dns_question *question,
                            struct tha_dns_answer *answer)
{
    char *rest;
    unsigned long number = strtoul(question->name, &rest, 10);
    const struct host *host = rest != question->name && *rest == '.' ? tha_map_find(&resolver->by_name, rest + 1) : NULL;

    if (!host || number >= host->n_addresses)
        return false;
    if (question->type == THA_DNS_A || question->type == THA_DNS_AAAA)
        add_address(resolver, host, (uint32_t)number, question->type, answer);

    return true;
}

static bool answer_host(struct tha_resolver *resolver, const struct tha_dns_question *question,
                        struct tha_dns_answer *answer)
{
    const struct host *host = tha_map_find(&resolver->by_name, question->name);

    if (!host)
        return answer_numbered(resolver, question, answer);
    if (question->type == THA_DNS_A || question->type == THA_DNS_AAAA)
        add_addresses(resolver, host, question->type, answer);

    return host->n_addresses > 0;
}

static void answer(struct tha_resolver *resolver, const struct tha_dns_question *question, struct tha_dns_answer *answer)
{
    bool is_there = question->type == THA_DNS_SRV ? answer_service(resolver, question->name, answer)
                                                  : answer_host(resolver, question, answer);

    answer->outcome = is_there ? THA_DNS_ANSWERED : THA_DNS_NO_NAME;
    answer->negative_ttl_s = NEGATIVE_TTL_S;
}

static uint32_t outcome_of(const struct tha_resolver *resolver)
{
    return resolver->is_home_cut ? THA_DNS_SILENT : resolver->outcome;
}

void tha_resolver_ask(struct tha_resolver *resolver, uint64_t id, const struct tha_dns_question *question, uint64_t now_ms)
{
    struct pending *pending = resolver->free;

    if (!pending)
        return; /* the core asks no more at a time than there is room for */

    resolver->free = pending->next_free;
    pending->id = id;
    pending->question = *question;
    pending->outcome = outcome_of(resolver);
    tha_agenda_set(resolver->agenda, &pending->due,
                   now_ms + (pending->outcome == THA_DNS_SILENT ? resolver->timeout_ms : ANSWER_AFTER_MS));
}

uint64_t tha_resolver_answer(struct tha_resolver *resolver, struct tha_due *due, struct tha_dns_answer *ret_answer)
{
    struct pending *pending = (struct pending *)due;

    *ret_answer = (struct tha_dns_answer){.outcome = pending->outcome, .records = resolver->records};
    if (pending->outcome == THA_DNS_ANSWERED)
        answer(resolver, &pending->question, ret_answer);
    else if (pending->outcome == THA_DNS_FAILED)
        ret_answer->rcode = 2; /* SERVFAIL */

    tha_agenda_drop(resolver->agenda, due);
    pending->next_free = resolver->free;
    resolver->free = pending;

    return pending->id;
}

bool tha_resolver_leads_somewhere(const struct tha_resolver *resolver, const struct tha_name *name)
{
    const struct host *host = tha_map_find(&resolver->by_name, name->host);

    return outcome_of(resolver) == THA_DNS_ANSWERED && host && host->n_addresses;
}
