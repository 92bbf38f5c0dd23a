#include "adapters/dns_room.h"

#include <stdatomic.h>

#include "base/heap.h"

/* A question goes to one server after the other, each by a try of its own, until an answer has come or its time is over:
 *
 *   it is      what happens                      then
 *   waiting    fewer than OPEN_MAX are open      open: the first server is asked
 *   open       an answer                         ended
 *   open       CNAMEs to a name not told of      open: the first server is asked for that
 *   open       a cut answer                      open: the same server is asked over TCP
 *   open       a failure, a refusal              open: the next server is asked at once; there is none: ended
 *   open       silence                           open: the next server is asked; those before may answer still
 *   open       the deadline                      ended
 *
 * A server that has failed is not asked again; one that is silent is, when its turn comes. */

#define OPEN_MAX    64   /* questions; each has a socket for each server that was asked */
#define SILENCE_MS  1000 /* before another server is asked; less with many servers */
#define ALIASES_MAX 8    /* names that CNAMEs lead to and that are asked for in turn */
#define TIMEOUT_MS  3000 /* of a question, until it is set */

struct question {
    struct tha_timer timer; /**< first member; the end of patience with one server, or the deadline */
    struct question *next;
    struct tha_dns *dns;
    uint64_t id;
    struct tha_dns_query query;
    uint64_t deadline_ms;
    uint32_t n_aliases;
    uint32_t rcode;  /**< of the server that has failed last */
    bool has_failed; /**< a server has, or we ourselves: it is not only silence */
    struct tha_dns_try tries[THA_DNS_SERVERS_MAX];
    uint32_t n_tries;
    uint32_t current; /**< the try that was made last */
};

struct tha_dns {
    struct tha_loop *loop;
    struct tha_mem mem;
    struct tha_dns_handlers handlers;
    struct tha_dns_servers servers;
    uint32_t timeout_ms;
    struct tha_heap timers;        /**< of those that are open, and of no others */
    struct question *open;         /**< in no order */
    struct question *waiting;      /**< first come, first served */
    struct question **waiting_end; /**< where the next one goes */
    _Atomic uint64_t n_questions, n_retries, n_wrong_answers, n_malformed;
};

static void count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* -- asking one server after the other -- */

static void note_failure(struct question *question, struct tha_dns_try *try, uint32_t rcode, uint64_t now_ms)
{
    tha_dns_try_end(try);
    question->has_failed = true;
    question->rcode = rcode;
    tha_dns_servers_note(&question->dns->servers, &try->server, now_ms);
}

/** What is under way over TCP is not sent again: its turn is spent in waiting. */
static bool ask(struct question *question, struct tha_dns_try *try)
{
    return try->state == THA_DNS_TRY_TCP || tha_dns_try_send(try, &question->query);
}

static uint64_t patience_ms(const struct question *question)
{
    return earlier(question->dns->timeout_ms / question->n_tries, SILENCE_MS);
}

/** False: all of them have failed. */
static bool ask_next(struct question *question, uint64_t now_ms)
{
    for (uint32_t i = 1; i <= question->n_tries; i++) {
        uint32_t next = (question->current + i) % question->n_tries;
        struct tha_dns_try *try = &question->tries[next];

        if (try->state == THA_DNS_TRY_ENDED)
            continue;
        if (ask(question, try)) {
            question->current = next;
            tha_heap_set(&question->dns->timers, &question->timer,
                         earlier(now_ms + patience_ms(question), question->deadline_ms));
            return true;
        }
        note_failure(question, try, 0, now_ms);
    }

    return false;
}

static const struct tha_dns_try_handlers try_handlers;

/** Fresh tries for the name that is asked for now; false: nobody can be asked for it. */
static bool begin(struct question *question, uint64_t now_ms)
{
    struct tha_dns *dns = question->dns;
    struct tha_addr servers[THA_DNS_SERVERS_MAX];
    uint16_t id;

    question->n_tries = tha_dns_servers_order(&dns->servers, now_ms, servers);
    for (uint32_t i = 0; i < question->n_tries; i++) {
        question->tries[i] = (struct tha_dns_try){
            .loop = dns->loop, .mem = &dns->mem, .handlers = &try_handlers, .owner = question, .server = servers[i]};
    }
    question->current = question->n_tries - 1;
    tha_random(&id, sizeof(id));

    return tha_dns_message_write(&question->query, id) && ask_next(question, now_ms);
}

static void end_tries(struct question *question)
{
    for (uint32_t i = 0; i < question->n_tries; i++)
        tha_dns_try_end(&question->tries[i]);
}

/* -- from waiting to open to ended -- */

/** One that cannot be asked ends at the next expiry, because nothing is answered here. */
static void open_question(struct tha_dns *dns, struct question *question, uint64_t now_ms)
{
    question->next = dns->open;
    dns->open = question;
    question->deadline_ms = now_ms + dns->timeout_ms;
    if (begin(question, now_ms))
        return;

    question->has_failed = true;
    question->deadline_ms = now_ms;
    tha_heap_set(&dns->timers, &question->timer, now_ms);
}

static void open_waiting(struct tha_dns *dns, uint64_t now_ms)
{
    while (dns->waiting && dns->timers.count < OPEN_MAX) {
        struct question *question = dns->waiting;

        dns->waiting = question->next;
        if (!dns->waiting)
            dns->waiting_end = &dns->waiting;
        open_question(dns, question, now_ms);
    }
}

static void close_question(struct tha_dns *dns, struct question *question)
{
    struct question **link = &dns->open;

    while (*link != question)
        link = &(*link)->next;
    *link = question->next;
    tha_heap_remove(&dns->timers, &question->timer);
    end_tries(question);
    tha_mem_free(&dns->mem, question);
}

/** Others are opened before the answer is told, so that whoever gets it finds their deadlines set. */
static void finish(struct question *question, const struct tha_dns_answer *answer, uint64_t now_ms)
{
    struct tha_dns *dns = question->dns;
    uint64_t id = question->id;

    close_question(dns, question);
    open_waiting(dns, now_ms);
    tha_dns_servers_check(&dns->servers, now_ms);
    dns->handlers.answer(id, answer, dns->handlers.user_data);
}

static void finish_in_vain(struct question *question, uint64_t now_ms)
{
    struct tha_dns_answer answer = {.outcome = THA_DNS_SILENT};

    if (question->has_failed) {
        answer.outcome = THA_DNS_FAILED;
        answer.rcode = question->rcode;
    }
    finish(question, &answer, now_ms);
}

/* -- what comes back -- */

static void go_on_without(struct tha_dns_try *try, uint32_t rcode)
{
    struct question *question = try->owner;
    uint64_t now_ms = tha_clock_ms();

    note_failure(question, try, rcode, now_ms);
    if (try != &question->tries[question->current])
        return;

    if (ask_next(question, now_ms))
        count(&question->dns->n_retries);
    else
        finish_in_vain(question, now_ms);
}

static void ask_over_tcp(struct tha_dns_try *try)
{
    struct question *question = try->owner;

    count(&question->dns->n_retries);
    if (try->state == THA_DNS_TRY_TCP || !tha_dns_try_connect(try, &question->query))
        go_on_without(try, 0);
}

/** The deadline stays. */
static void ask_for_alias(struct question *question, const struct tha_dns_reply *reply)
{
    uint64_t now_ms = tha_clock_ms();

    end_tries(question);
    question->query.max_ttl_s = reply->ttl_s;
    tha_text_copy(question->query.question.name, sizeof(question->query.question.name), reply->alias);
    question->has_failed = false;
    if (question->n_aliases++ < ALIASES_MAX && begin(question, now_ms))
        return;

    question->has_failed = true;
    question->rcode = 0;
    finish_in_vain(question, now_ms);
}

static void take_reply(struct tha_dns_try *try, const struct tha_dns_reply *reply)
{
    struct question *question = try->owner;
    struct tha_dns *dns = question->dns;

    switch (reply->kind) {
    case THA_DNS_REPLY_FOREIGN: /* by UDP there may still come what we wait for */
        count(&dns->n_wrong_answers);
        if (try->state == THA_DNS_TRY_TCP)
            go_on_without(try, 0);
        break;
    case THA_DNS_REPLY_MALFORMED:
        count(&dns->n_malformed);
        go_on_without(try, 0);
        break;
    case THA_DNS_REPLY_CUT:
        ask_over_tcp(try);
        break;
    case THA_DNS_REPLY_FAILURE:
        go_on_without(try, reply->rcode);
        break;
    case THA_DNS_REPLY_ALIAS:
        tha_dns_servers_note(&dns->servers, &try->server, 0);
        ask_for_alias(question, reply);
        break;
    case THA_DNS_REPLY_ANSWER:
        tha_dns_servers_note(&dns->servers, &try->server, 0);
        finish(question, &reply->answer, tha_clock_ms());
        break;
    }
}

static void on_message(struct tha_dns_try *try, const uint8_t *message, size_t len)
{
    const struct question *question = try->owner;
    struct tha_dns_reply reply;
    struct tha_arena arena;

    tha_arena_init(&arena, &question->dns->mem);
    tha_dns_message_read(&arena, &question->query, message, len, &reply);
    take_reply(try, &reply);
    tha_arena_done(&arena);
}

static void on_broken(struct tha_dns_try *try)
{
    go_on_without(try, 0);
}

static const struct tha_dns_try_handlers try_handlers = {on_message, on_broken};

/* -- time -- */

uint64_t tha_dns_next_expiry(const struct tha_dns *dns)
{
    return tha_heap_next(&dns->timers);
}

static void expire(struct question *question, uint64_t now_ms)
{
    const struct tha_dns_try *try = &question->tries[question->current];

    if (try->state != THA_DNS_TRY_FRESH)
        tha_dns_servers_note(&question->dns->servers, &try->server, now_ms);
    if (now_ms < question->deadline_ms && ask_next(question, now_ms))
        count(&question->dns->n_retries);
    else
        finish_in_vain(question, now_ms);
}

void tha_dns_handle_expiry(struct tha_dns *dns, uint64_t now_ms)
{
    for (uint32_t n = dns->timers.count; n && tha_heap_next(&dns->timers) <= now_ms; n--)
        expire((struct question *)tha_heap_first(&dns->timers), now_ms);
}

/* -- the client -- */

int tha_dns_ask(struct tha_dns *dns, uint64_t id, const struct tha_dns_question *question)
{
    struct question *asked = tha_mem_zalloc(&dns->mem, 1, sizeof(*asked));

    if (!asked)
        return TRUNKHA_ERR_NOMEM;

    count(&dns->n_questions);
    asked->dns = dns;
    asked->id = id;
    asked->query.question = *question;
    asked->query.max_ttl_s = UINT32_MAX;
    *dns->waiting_end = asked;
    dns->waiting_end = &asked->next;
    open_waiting(dns, tha_clock_ms());

    return 0;
}

int tha_dns_new(struct tha_loop *loop, const struct tha_mem *mem, const struct tha_log *log,
                const struct tha_dns_handlers *handlers, struct tha_dns **ret_dns)
{
    struct tha_dns *dns = tha_mem_zalloc(mem, 1, sizeof(*dns));

    if (!dns)
        return TRUNKHA_ERR_NOMEM;

    dns->loop = loop;
    dns->mem = *mem;
    dns->handlers = *handlers;
    dns->timeout_ms = TIMEOUT_MS;
    dns->waiting_end = &dns->waiting;
    tha_heap_init(&dns->timers, mem);
    tha_dns_servers_init(&dns->servers, loop, log);
    dns->servers.changed = handlers->servers_changed;
    dns->servers.user_data = handlers->user_data;
    if (tha_heap_reserve(&dns->timers, OPEN_MAX)) {
        tha_dns_free(dns);
        return TRUNKHA_ERR_NOMEM;
    }
    *ret_dns = dns;

    return 0;
}

struct tha_dns *tha_dns_free(struct tha_dns *dns)
{
    struct tha_mem mem;

    if (!dns)
        return NULL;

    mem = dns->mem;
    while (dns->open)
        close_question(dns, dns->open);
    while (dns->waiting) {
        struct question *next = dns->waiting->next;

        tha_mem_free(&mem, dns->waiting);
        dns->waiting = next;
    }
    tha_dns_servers_done(&dns->servers);
    tha_heap_done(&dns->timers);

    return tha_mem_free(&mem, dns);
}

void tha_dns_set_servers(struct tha_dns *dns, const struct tha_addr *servers, uint32_t n_servers, uint32_t timeout_ms)
{
    dns->timeout_ms = timeout_ms;
    tha_dns_servers_set(&dns->servers, servers, n_servers);
}

void tha_dns_set_resolv_conf(struct tha_dns *dns, const char *path)
{
    tha_dns_servers_set_path(&dns->servers, path);
}

void tha_dns_get_stats(const struct tha_dns *dns, struct tha_dns_stats *ret_stats)
{
    ret_stats->questions = atomic_load_explicit(&dns->n_questions, memory_order_relaxed);
    ret_stats->retries = atomic_load_explicit(&dns->n_retries, memory_order_relaxed);
    ret_stats->wrong_answers = atomic_load_explicit(&dns->n_wrong_answers, memory_order_relaxed);
    ret_stats->malformed = atomic_load_explicit(&dns->n_malformed, memory_order_relaxed);
}
