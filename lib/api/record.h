/** @file record.h  What crosses into the core, written down line by line: see trunkha_record_cb and sim/recording.h
 *
 *  Each is to be called before the core is told, at the time that the core is told; nothing happens when nobody records. */
#ifndef THA_API_RECORD_H
#define THA_API_RECORD_H

#include "core/core.h"
#include "line.h"

struct tha_record {
    trunkha_record_cb record_cb; /**< NULL = nobody records */
    void *user_data;
    struct tha_json_line line;
    uint64_t seed;
    uint64_t begun_ms; /**< when the first line was written; 0 = not yet */
    uint64_t last_ms;  /**< when the last one was */
    uint64_t turn_ms;  /**< when it was last asked what the core wants */
    bool has_inputs;   /**< since then */
};

/** Returns 0 or NOMEM. */
int tha_record_init(struct tha_record *record, const struct tha_mem *mem, const trunkha_options *options, uint64_t seed);
void tha_record_done(struct tha_record *record, const struct tha_mem *mem);

void tha_record_load(trunkha_engine *engine, const struct tha_model *model, uint64_t now_ms);
void tha_record_start(trunkha_engine *engine, uint64_t now_ms);
void tha_record_stop(trunkha_engine *engine);

/** The core is about to be asked what it wants. */
void tha_record_turn(trunkha_engine *engine, uint64_t now_ms);
/** What it has told then. */
void tha_record_event(trunkha_engine *engine, const trunkha_event *event);

void tha_record_probe(trunkha_engine *engine, uint32_t slot, uint64_t now_ms);
void tha_record_evidence(trunkha_engine *engine, uint32_t slot, const struct tha_evidence *evidence, uint64_t now_ms);
/** @p evidence may be NULL. */
void tha_record_closed(trunkha_engine *engine, uint32_t slot, const struct tha_evidence *evidence, uint64_t now_ms);
void tha_record_abilities(trunkha_engine *engine, uint32_t slot, const struct tha_abilities *abilities, uint64_t now_ms);
void tha_record_finding(trunkha_engine *engine, uint32_t slot, uint32_t event_type, const char *detail, uint64_t now_ms);
/** After the core has been told: what it does not care for is not recorded. */
void tha_record_request(trunkha_engine *engine, const struct tha_addr *from, uint64_t now_ms);
void tha_record_call(trunkha_engine *engine, const struct tha_news *news, uint32_t active_calls, uint64_t now_ms);

void tha_record_answer(trunkha_engine *engine, uint64_t id, const struct tha_dns_answer *answer, uint64_t now_ms);
void tha_record_refresh(trunkha_engine *engine, uint64_t now_ms);

void tha_record_admin(trunkha_engine *engine, const char *trunk_id, uint32_t admin, uint32_t reason, uint32_t for_ms,
                      uint64_t now_ms);
void tha_record_failback(trunkha_engine *engine, const char *profile_id, uint64_t now_ms);

#endif
