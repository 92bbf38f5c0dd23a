/* Targets in trouble with calls: those that asked for a pause, and those on trial.
 *
 * A pause (503 with Retry-After) passes the target over until it ends; no probe shortens it.
 *
 * A target that is DOWN because calls failed is on trial: no probe brings it back, so once in a while one call is let
 * through to it, where it would be first in line. The first period is `downInterval`, and each trial that fails doubles it,
 * up to `flapDamping.maxHoldDown`. While its probes fail too, no call is wasted on it. */
#include "machine.h"

/** When there is something to do with it. */
static uint64_t due(const struct tha_care *care)
{
    uint64_t cool = care->cool_until_ms ? care->cool_until_ms : THA_NEVER;
    uint64_t trial = care->trial_ms && !care->awaits_probe ? care->trial_ms : THA_NEVER;

    return cool < trial ? cool : trial;
}

static struct tha_care *take_care(struct tha_core *core, struct tha_target *target)
{
    if (target->care)
        return target->care;

    target->care = tha_mem_zalloc(&core->mem, 1, sizeof(*target->care));
    if (target->care)
        target->care->target = (uint32_t)(target - core->table->targets);

    return target->care;
}

void tha_care_resume(struct tha_core *core, struct tha_target *target)
{
    struct tha_care *care = target->care;

    if (due(care) != THA_NEVER)
        tha_heap_set(&core->cares, &care->timer, due(care));
    else
        tha_heap_remove(&core->cares, &care->timer);
    if (!care->cool_until_ms && !care->trial_ms)
        target->care = tha_mem_free(&core->mem, care);
}

static void set_trial(struct tha_core *core, struct tha_target *target, enum tha_trial trial)
{
    target->trial = (uint8_t)trial;
    tha_show_target(core, target);
}

void tha_care_drop(struct tha_core *core, struct tha_target *target)
{
    if (!target->care)
        return;

    if (target->care->trial_ms)
        set_trial(core, target, THA_TRIAL_OFF);
    target->care->cool_until_ms = target->care->trial_ms = 0;
    tha_care_resume(core, target);
}

/* ---- A pause ---- */

bool tha_care_is_cooling(const struct tha_target *target)
{
    return target->care && target->care->cool_until_ms;
}

static void tell_pause(struct tha_core *core, const struct tha_target *target, const char *detail, uint64_t now_ms)
{
    tha_rollup_trunk(core, target->trunk, target, TRUNKHA_REASON_OVERLOAD, detail, now_ms);
}

void tha_care_cool(struct tha_core *core, struct tha_target *target, uint32_t cool_ms, uint64_t now_ms)
{
    struct tha_care *care = take_care(core, target);
    char detail[96];

    if (!care || now_ms + cool_ms <= care->cool_until_ms)
        return;

    care->cool_until_ms = now_ms + cool_ms;
    tha_care_resume(core, target);
    tha_show_target(core, target);
    tha_text_print(detail, sizeof(detail), "503 to a call: it asks for a pause of %u.%u s", cool_ms / 1000,
                   cool_ms / 100 % 10);
    tell_pause(core, target, detail, now_ms);
}

static void end_pause(struct tha_core *core, struct tha_target *target, uint64_t now_ms)
{
    target->care->cool_until_ms = 0;
    tha_show_target(core, target);
    tell_pause(core, target, "the pause it asked for is over", now_ms);
    if (core->table->trunks[target->trunk].measured == TRUNKHA_HEALTH_DOWN)
        tha_rollup_blame(core, target->trunk, target->health.reason);
}

/* ---- On trial ---- */

static bool is_fit_for_trial(const struct tha_core *core, const struct tha_target *target)
{
    return !target->care->cool_until_ms && (!target->health.failed || !tha_admin_is_probed(core, target));
}

/** Lets one call through if the time has come; the next one a period later, also when nothing is heard of the first. */
static void consider(struct tha_core *core, struct tha_target *target, uint64_t now_ms)
{
    struct tha_care *care = target->care;
    bool is_due = care->trial_ms && now_ms >= care->trial_ms;

    care->awaits_probe = is_due && !is_fit_for_trial(core, target);
    if (!is_due || care->awaits_probe)
        return;

    care->trial_ms = now_ms + care->trial_period_ms;
    set_trial(core, target, THA_TRIAL_ARMED);
}

void tha_care_follow(struct tha_core *core, struct tha_target *target, uint64_t now_ms)
{
    bool is_on_trial = target->care && target->care->trial_ms;
    struct tha_care *care;

    if (!tha_health_is_call_failure(&target->health)) {
        if (is_on_trial) {
            target->care->trial_ms = 0;
            set_trial(core, target, THA_TRIAL_OFF);
            tha_care_resume(core, target);
        }
        return;
    }

    care = take_care(core, target);
    if (!care)
        return; /* out of memory: tried again with the next word about it */
    if (!is_on_trial) {
        care->trial_period_ms = tha_table_keepalive(core->table, target)->down_interval_ms;
        care->trial_ms = now_ms + care->trial_period_ms;
    }
    consider(core, target, now_ms);
    tha_care_resume(core, target);
}

void tha_care_judge_trial(struct tha_core *core, struct tha_target *target, bool has_failed, uint64_t now_ms)
{
    const struct tha_keepalive *keepalive = tha_table_keepalive(core->table, target);
    uint64_t longest = keepalive->damping.max_hold_down_ms;
    struct tha_care *care = target->care;

    if (!care || !care->trial_ms)
        return;

    if (longest < keepalive->down_interval_ms)
        longest = keepalive->down_interval_ms;
    if (has_failed) {
        uint64_t doubled = (uint64_t)care->trial_period_ms * 2;

        care->trial_period_ms = (uint32_t)(doubled < longest ? doubled : longest);
        care->trial_ms = now_ms + care->trial_period_ms;
        set_trial(core, target, THA_TRIAL_OFF);
    } else {
        care->trial_ms = now_ms; /* it has shown nothing: the next call may show more */
        consider(core, target, now_ms);
    }
    tha_care_resume(core, target);
}

/* ---- Time ---- */

void tha_care_expire(struct tha_core *core, uint64_t now_ms)
{
    struct tha_timer *timer;

    while ((timer = tha_heap_first(&core->cares)) && timer->when <= now_ms) {
        struct tha_care *care = THA_CONTAINER(timer, struct tha_care, timer);
        struct tha_target *target = &core->table->targets[care->target];

        if (care->cool_until_ms && care->cool_until_ms <= now_ms)
            end_pause(core, target, now_ms);
        consider(core, target, now_ms);
        tha_care_resume(core, target);
    }
}
