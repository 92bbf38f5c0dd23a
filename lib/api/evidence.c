/* From the prober into the core: what came of probes, and what they have shown besides. */
#include <string.h>

#include "engine.h"
#include "view/view.h"

static const struct tha_trunk_model *trunk_of(const trunkha_engine *engine, uint32_t slot)
{
    const struct tha_table *table = tha_core_table(engine->core);
    uint32_t target = tha_table_target_of_slot(table, slot);

    return target == THA_NONE ? NULL : tha_table_trunk_model(table, table->targets[target].trunk);
}

/** Of a row of failures the first is said. */
static void warn_of_credentials(const trunkha_engine *engine, uint32_t slot, const struct tha_evidence *evidence)
{
    const struct tha_table *table = tha_core_table(engine->core);
    const struct tha_trunk_model *trunk = trunk_of(engine, slot);

    if (trunk && !table->targets[tha_table_target_of_slot(table, slot)].health.refuses_us)
        tha_log_print(&engine->log, TRUNKHA_LOG_WARNING, "%s: %s", trunk->id,
                      evidence->detail ? evidence->detail : "our credentials are refused");
}

static void on_result(uint32_t slot, const struct tha_evidence *evidence, void *user_data)
{
    trunkha_engine *engine = user_data;
    uint64_t now_ms = tha_clock_ms();

    if (evidence->kind == THA_EVIDENCE_AUTH_FAILED)
        warn_of_credentials(engine, slot, evidence);
    tha_record_evidence(engine, slot, evidence, now_ms);
    tha_core_report(engine->core, slot, evidence, now_ms);
}

static void on_closed(uint32_t slot, const struct tha_evidence *evidence, void *user_data)
{
    trunkha_engine *engine = user_data;
    uint64_t now_ms = tha_clock_ms();

    tha_record_closed(engine, slot, evidence, now_ms);
    tha_core_note_closed(engine->core, slot, evidence, now_ms);
}

static void on_abilities(uint32_t slot, const struct tha_abilities *abilities, void *user_data)
{
    trunkha_engine *engine = user_data;

    tha_record_abilities(engine, slot, abilities, tha_clock_ms());
    tha_core_note_abilities(engine->core, slot, abilities);
}

static void describe_way(const struct tha_way *way, char *buf, size_t size)
{
    char seen[THA_ADDR_TEXT_SIZE], other[THA_ADDR_TEXT_SIZE], headers[64];

    tha_addr_text(&way->seen, seen, sizeof(seen));
    if (way->rewritten)
        tha_text_print(buf, size, "%s came back changed: a SIP ALG on the way, most likely",
                       tha_way_list_rewritten(way, headers, sizeof(headers)));
    else if (way->previous.family)
        tha_text_print(buf, size, "the peer sees us at %s, no longer at %s", seen,
                       tha_addr_text(&way->previous, other, sizeof(other)));
    else
        tha_text_print(buf, size, "the peer sees us at %s, not at %s", seen,
                       tha_addr_text(&way->sent, other, sizeof(other)));
}

static void on_way(uint32_t slot, const struct tha_way *way, void *user_data)
{
    trunkha_engine *engine = user_data;
    char detail[96];

    describe_way(way, detail, sizeof(detail));
    tha_record_finding(engine, slot, TRUNKHA_EVENT_NAT_DETECTED, detail, tha_clock_ms());
    tha_core_note_finding(engine->core, slot, TRUNKHA_EVENT_NAT_DETECTED, TRUNKHA_REASON_NONE, detail);
}

static void on_certificate(uint32_t slot, int64_t not_after, void *user_data)
{
    trunkha_engine *engine = user_data;
    const struct tha_trunk_model *trunk = trunk_of(engine, slot);
    int64_t days = (not_after - tha_clock_unix_ms() / 1000) / 86400;
    char detail[96];

    tha_text_print(detail, sizeof(detail), "its certificate ends in %d day%s", (int)days, days == 1 ? "" : "s");
    if (trunk)
        tha_log_print(&engine->log, TRUNKHA_LOG_WARNING, "%s: %s", trunk->id, detail);
    tha_record_finding(engine, slot, TRUNKHA_EVENT_CERTIFICATE_EXPIRY, detail, tha_clock_ms());
    tha_core_note_finding(engine->core, slot, TRUNKHA_EVENT_CERTIFICATE_EXPIRY, TRUNKHA_REASON_NONE, detail);
}

static bool on_is_draining(void *user_data)
{
    const trunkha_engine *engine = user_data;

    return tha_core_is_draining(engine->core);
}

/** What comes from nobody's address costs no more than this look. Each inbound trunk is heard on its own account, for the
 *  core looks through all targets only now and then, whoever has asked. */
static void on_request(const struct tha_addr *from, void *user_data)
{
    trunkha_engine *engine = user_data;
    uint64_t now_ms = tha_clock_ms();

    if (!tha_view_note_request(engine->view, from, now_ms) && tha_core_note_request(engine->core, from, now_ms))
        tha_record_request(engine, from, now_ms);
}

static void on_batch_end(void *user_data)
{
    tha_engine_turn(user_data);
}

struct tha_prober_handlers tha_engine_prober_handlers(trunkha_engine *engine)
{
    return (struct tha_prober_handlers){
        .result = on_result,
        .closed = on_closed,
        .abilities = on_abilities,
        .way = on_way,
        .certificate = on_certificate,
        .is_draining = on_is_draining,
        .request = on_request,
        .message = engine->message_cb ? tha_engine_take_message : NULL,
        .returned = engine->message_cb ? tha_engine_take_returned : NULL,
        .batch_end = on_batch_end,
        .user_data = engine,
    };
}
