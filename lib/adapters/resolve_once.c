#include "adapters/resolve_once.h"

#include <string.h>

#include "adapters/dns.h"
#include "adapters/once.h"

struct once {
    const struct tha_name *name;
    const struct tha_dns_settings *settings;
    struct tha_loop *loop;
    struct tha_dns *dns;
    struct tha_lookup *lookup;
    struct tha_location *locations;
    struct tha_srv_targets *targets; /**< NULL = not wanted */
    struct tha_lookup_result *result;
    bool has_ended;
    struct tha_once question;
};

/** What the result points to is the lookup's, which goes. */
static void take_result(struct once *once, const struct tha_lookup_result *result)
{
    *once->result = *result;
    once->result->locations = once->locations;
    if (result->n_locations)
        memcpy(once->locations, result->locations, result->n_locations * sizeof(*once->locations));
    if (once->targets)
        tha_lookup_get_srv_targets(once->lookup, once->targets);
}

/** Asks what there is to be asked: each answer may lead to more. */
static void go_on(struct once *once)
{
    static const struct tha_dns_answer failure = {.outcome = THA_DNS_FAILED};
    struct tha_dns_question question;
    struct tha_lookup_result result;
    uint32_t place;

    while (tha_lookup_next_question(once->lookup, &place, &question)) {
        if (tha_dns_ask(once->dns, place, &question))
            tha_lookup_answer(once->lookup, place, &failure);
    }
    tha_loop_wake_at(once->loop, tha_dns_next_expiry(once->dns));

    if (!once->has_ended && tha_lookup_is_done(once->lookup, &result)) {
        once->has_ended = true;
        take_result(once, &result);
        tha_once_end(&once->question);
    }
}

/** Out of memory, the lookup counts the question as failed by itself. */
static void on_answer(uint64_t id, const struct tha_dns_answer *answer, void *user_data)
{
    struct once *once = user_data;

    tha_lookup_answer(once->lookup, (uint32_t)id, answer);
    go_on(once);
}

static void on_end(void *user_data)
{
    struct once *once = user_data;

    once->dns = tha_dns_free(once->dns);
    once->lookup = tha_lookup_free(once->lookup);
}

static int on_start(struct tha_loop *loop, void *user_data)
{
    static const struct tha_log silent;
    struct once *once = user_data;
    const struct tha_dns_settings *settings = once->settings;
    const struct tha_dns_handlers handlers = {.answer = on_answer, .user_data = once};
    int err;

    once->loop = loop;
    err = tha_lookup_new(&tha_mem_default, once->name, &once->lookup);
    if (!err)
        err = tha_dns_new(loop, &tha_mem_default, &silent, &handlers, &once->dns);
    if (err) {
        on_end(once);
        return err;
    }
    tha_dns_set_servers(once->dns, settings->servers, settings->n_servers, settings->timeout_ms);
    go_on(once);

    return 0;
}

static void on_expiry(uint64_t now_ms, void *user_data)
{
    struct once *once = user_data;

    tha_dns_handle_expiry(once->dns, now_ms);
    tha_loop_wake_at(once->loop, tha_dns_next_expiry(once->dns));
}

int tha_resolve_once(const struct tha_name *name, const struct tha_dns_settings *settings,
                     struct tha_location *ret_locations, struct tha_srv_targets *ret_targets,
                     struct tha_lookup_result *ret_result)
{
    struct once once = {
        .name = name, .settings = settings, .locations = ret_locations, .targets = ret_targets, .result = ret_result};
    const struct tha_loop_handlers handlers = {.start = on_start, .expiry = on_expiry, .end = on_end, .user_data = &once};

    return tha_once_run(&once.question, &handlers);
}
