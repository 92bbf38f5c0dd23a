/* What the operator says. */
#include "engine.h"

struct word {
    const char *trunk_id;
    uint32_t admin;
    uint32_t reason;
    const char *text;
    uint32_t for_ms;
};

static int set_admin(trunkha_engine *engine, void *arg)
{
    const struct word *word = arg;
    uint64_t now_ms = tha_clock_ms();
    int err;

    if (!tha_core_table(engine->core))
        return TRUNKHA_ERR_STATE;

    tha_record_admin(engine, word->trunk_id, word->admin, word->reason, word->for_ms, now_ms);
    err = tha_core_set_admin(engine->core, word->trunk_id, word->admin, word->reason, word->text, word->for_ms, now_ms);
    if (!err)
        tha_engine_pump(engine);

    return err;
}

int trunkha_trunk_set_admin(trunkha_engine *engine, const char *trunk_id, uint32_t admin, uint32_t reason, const char *text,
                            uint32_t for_ms)
{
    struct word word = {trunk_id, admin, reason, text, for_ms};

    if (!engine || !trunk_id || (text && !tha_text_is_utf8(text)))
        return TRUNKHA_ERR_INVALID;

    return tha_engine_call(engine, set_admin, &word);
}

static int fail_back(trunkha_engine *engine, void *arg)
{
    uint64_t now_ms = tha_clock_ms();
    int err;

    if (!tha_core_table(engine->core))
        return TRUNKHA_ERR_STATE;

    tha_record_failback(engine, arg, now_ms);
    err = tha_core_fail_back(engine->core, arg, now_ms);
    if (!err)
        tha_engine_pump(engine);

    return err;
}

int trunkha_profile_failback(trunkha_engine *engine, const char *profile)
{
    return engine && profile ? tha_engine_call(engine, fail_back, (char *)(uintptr_t)profile) : TRUNKHA_ERR_INVALID;
}
