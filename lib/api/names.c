/* Between the core's questions and the name servers. */
#include "engine.h"

static void take_answer(trunkha_engine *engine, uint64_t id, const struct tha_dns_answer *answer)
{
    uint64_t now_ms = tha_clock_ms();

    tha_record_answer(engine, id, answer, now_ms);
    tha_core_answer_question(engine->core, id, answer, now_ms);
}

static void on_answer(uint64_t id, const struct tha_dns_answer *answer, void *user_data)
{
    trunkha_engine *engine = user_data;

    take_answer(engine, id, answer);
    tha_engine_turn(engine);
}

static void on_servers_changed(void *user_data)
{
    trunkha_engine *engine = user_data;
    uint64_t now_ms = tha_clock_ms();

    tha_log_print(&engine->log, TRUNKHA_LOG_INFO, "resolv.conf names other servers: all names are looked up again");
    tha_record_refresh(engine, now_ms);
    tha_core_refresh_names(engine->core, now_ms);
    tha_engine_turn(engine);
}

int tha_engine_start_dns(trunkha_engine *engine)
{
    const struct tha_dns_handlers handlers = {on_answer, on_servers_changed, engine};

    return tha_dns_new(engine->loop, &engine->mem, &engine->log, &handlers, &engine->dns);
}

void tha_engine_set_name_servers(trunkha_engine *engine)
{
    const struct tha_dns_settings *settings = &tha_core_table(engine->core)->model->dns;

    tha_dns_set_servers(engine->dns, settings->servers, settings->n_servers, settings->timeout_ms);
}

void tha_engine_ask(trunkha_engine *engine, uint64_t now_ms)
{
    static const struct tha_dns_answer silence = {.outcome = THA_DNS_SILENT};
    struct tha_dns_question question;
    uint64_t id;

    while (tha_core_next_question(engine->core, now_ms, &id, &question)) {
        if (tha_dns_ask(engine->dns, id, &question))
            take_answer(engine, id, &silence);
    }
}

void tha_engine_get_dns_stats(const trunkha_engine *engine, trunkha_stats *stats)
{
    struct tha_dns_stats dns;

    tha_dns_get_stats(engine->dns, &dns);
    stats->dns_questions = dns.questions;
    stats->dns_answers_dropped = dns.wrong_answers + dns.malformed;
}
