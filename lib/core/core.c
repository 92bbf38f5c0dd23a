#include "machine.h"

#include <stddef.h>
#include <string.h>

#define READDRESS_AGAIN_MS 1000U

/** Room for events that is kept between two batches: that of a start, or of a change of all names, is large. */
#define EVENTS_KEPT 256U

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

int tha_core_new(const struct tha_mem *mem, uint64_t seed, struct tha_core **ret_core)
{
    struct tha_core *core = tha_mem_zalloc(mem, 1, sizeof(*core));

    if (!core)
        return TRUNKHA_ERR_NOMEM;

    core->mem = *mem;
    core->random = seed ? seed : 1;
    core->readdress_ms = THA_NEVER;
    if (tha_names_new(mem, seed, &core->names)) {
        tha_mem_free(mem, core);
        return TRUNKHA_ERR_NOMEM;
    }
    core->dirty_target = core->dirty_trunk = core->dirty_profile = THA_NONE;
    tha_heap_init(&core->probes, mem);
    tha_heap_init(&core->admins, mem);
    tha_heap_init(&core->holds, mem);
    tha_heap_init(&core->cares, mem);
    *ret_core = core;

    return 0;
}

void tha_core_free_table(struct tha_table *table)
{
    struct tha_model *model = table ? table->model : NULL;

    tha_table_free(table);
    tha_model_free(model);
}

struct tha_core *tha_core_free(struct tha_core *core)
{
    if (!core)
        return NULL;

    tha_names_free(core->names);
    tha_core_free_table(core->table);
    tha_heap_done(&core->cares);
    tha_heap_done(&core->holds);
    tha_heap_done(&core->admins);
    tha_heap_done(&core->probes);
    tha_mem_free(&core->mem, core->events);

    return tha_mem_free(&core->mem, core);
}

const struct tha_table *tha_core_table(const struct tha_core *core)
{
    return core->table;
}

static void tell_as_configured(struct tha_core *core, uint32_t index)
{
    struct tha_trunk *trunk = &core->table->trunks[index];

    trunk->reason = trunk->admin_reason;
    tha_show_trunk(core, trunk);
    tha_tell_trunk(core, index, TRUNKHA_HEALTH_UNKNOWN, NULL, "by the configuration");
}

void tha_core_start(struct tha_core *core, uint64_t now_ms)
{
    core->is_started = true;
    if (!core->table)
        return;

    for (uint32_t i = 0; i < core->table->model->n_trunks; i++) {
        if (core->table->trunks[i].admin != TRUNKHA_ADMIN_ENABLED)
            tell_as_configured(core, i);
    }
    tha_schedule_newcomers(core, now_ms);
}

void tha_core_stop(struct tha_core *core)
{
    core->is_started = false;
    for (uint32_t i = 0; core->table && i < core->table->n_targets; i++)
        tha_schedule_stop(core, &core->table->targets[i]);
}

/* ---- Inputs ---- */

/** The cause whole, rather than how often it struck. */
static void describe_cause(const struct tha_health *health, const char *cause, char *buf, size_t size)
{
    char before[32];

    tha_text_print(before, sizeof(before), "%u probe%s failed: ", health->failed, health->failed == 1 ? "" : "s");
    tha_text_print(buf, size, "%s%s", strlen(before) + strlen(cause) < size ? before : "", cause);
}

static void describe(const struct tha_health *health, const struct tha_evidence *evidence, char *buf, size_t size)
{
    const char *plural = health->failed == 1 ? "" : "s";

    if (!health->failed)
        tha_text_print(buf, size, "answered %u in %u.%u ms", health->last_response, health->rtt_us / 1000,
                       health->rtt_us / 100 % 10);
    else if (evidence->detail)
        describe_cause(health, evidence->detail, buf, size);
    else if (evidence->kind == THA_EVIDENCE_ANSWERED)
        tha_text_print(buf, size, "%u to %u probe%s", health->last_response, health->failed, plural);
    else if (evidence->kind == THA_EVIDENCE_REFUSED)
        tha_text_print(buf, size, "%u probe%s failed, the last was refused", health->failed, plural);
    else if (evidence->kind == THA_EVIDENCE_NO_CONNECTION)
        tha_text_print(buf, size, "%u probe%s failed, the last found no connection", health->failed, plural);
    else if (evidence->kind == THA_EVIDENCE_AUTH_FAILED)
        tha_text_print(buf, size, "%u to %u probe%s: our credentials are refused", health->last_response, health->failed,
                       plural);
    else if (evidence->kind == THA_EVIDENCE_SEND_FAILED)
        tha_text_print(buf, size, "%u probe%s failed, the last could not be sent", health->failed, plural);
    else
        tha_text_print(buf, size, "no answer to %u probe%s", health->failed, plural);
}

void tha_core_follow(struct tha_core *core, struct tha_target *target, uint32_t previous, uint32_t blamed,
                     const char *detail, uint64_t now_ms)
{
    const struct tha_health *health = &target->health;

    tha_fault_note(core, target->trunk, now_ms);
    if (health->failed)
        tha_rollup_break(core, target->trunk, now_ms);
    if (health->state != previous) {
        tha_tell_target(core, target, previous, detail);
        tha_rollup_trunk(core, target->trunk, target, health->reason, detail, now_ms);
        if (tha_care_is_cooling(target) && health->state != TRUNKHA_HEALTH_DOWN)
            tha_rollup_blame(core, target->trunk, TRUNKHA_REASON_OVERLOAD);
    } else if (health->reason != blamed) {
        tha_rollup_blame(core, target->trunk, health->reason);
    }
    tha_care_follow(core, target, now_ms);
    tha_addresses_follow_judgement(core, target->trunk, now_ms);
    tha_show_target(core, target);
}

static void judge(struct tha_core *core, struct tha_target *target, const struct tha_evidence *evidence, uint64_t now_ms)
{
    const struct tha_keepalive *keepalive = tha_table_keepalive(core->table, target);
    uint32_t previous = target->health.state, blamed = target->health.reason;
    bool is_silence = tha_health_is_silence(evidence);
    bool rejected = target->health.rejects_probes;
    bool is_ours;
    char detail[96] = "";

    target->is_probing = false;
    if (!is_silence)
        tha_fault_end(core, now_ms);

    is_ours = is_silence && (core->is_local_fault || target->sent_ms < core->fault_ended_ms);
    if (tha_health_judge(&target->health, keepalive, evidence, is_ours, now_ms))
        describe(&target->health, evidence, detail, sizeof(detail));
    tha_core_follow(core, target, previous, blamed, detail, now_ms);
    if (target->health.rejects_probes && !rejected)
        tha_tell_probe_rejected(core, target);
    tha_schedule_next(core, target, now_ms);
}

void tha_core_follow_probes(struct tha_core *core)
{
    core->follows_probes = true;
}

void tha_core_note_probe(struct tha_core *core, uint32_t slot, uint64_t now_ms)
{
    uint32_t target = core->table ? tha_table_target_of_slot(core->table, slot) : THA_NONE;

    if (target != THA_NONE && tha_admin_is_probed(core, &core->table->targets[target]))
        tha_schedule_note_probe(core, &core->table->targets[target], now_ms);
}

void tha_core_report(struct tha_core *core, uint32_t slot, const struct tha_evidence *evidence, uint64_t now_ms)
{
    uint32_t target = core->table ? tha_table_target_of_slot(core->table, slot) : THA_NONE;

    if (target != THA_NONE && core->table->targets[target].is_probing)
        judge(core, &core->table->targets[target], evidence, now_ms);
}

/** At most so often all targets are looked through because of a peer's request. */
#define KNOCK_EVERY_MS 100U

bool tha_core_note_request(struct tha_core *core, const struct tha_addr *addr, uint64_t now_ms)
{
    bool is_known = false;

    if (!core->table || now_ms < core->next_knock_ms)
        return false;

    core->next_knock_ms = now_ms + KNOCK_EVERY_MS;
    for (uint32_t i = 0; i < core->table->n_targets; i++) {
        struct tha_target *target = &core->table->targets[i];

        if (!tha_addr_is_same_ip(&target->addr, addr))
            continue;
        is_known = true;
        if (tha_table_trunk_model(core->table, target->trunk)->direction == THA_DIRECTION_INBOUND)
            tha_hear_target(core, target, now_ms);
        else if (target->health.state == TRUNKHA_HEALTH_DOWN)
            tha_schedule_hurry(core, target, now_ms);
    }

    return is_known;
}

void tha_core_note_closed(struct tha_core *core, uint32_t slot, const struct tha_evidence *evidence, uint64_t now_ms)
{
    uint32_t index = core->table ? tha_table_target_of_slot(core->table, slot) : THA_NONE;
    struct tha_target *target = index == THA_NONE ? NULL : &core->table->targets[index];

    if (!target || target->is_probing || !tha_table_is_planned(core->table, target))
        return;

    if (evidence)
        judge(core, target, evidence, now_ms);
    tha_schedule_hurry(core, target, now_ms);
}

/** A probe of which nothing was heard, not even a time-out: the prober owes an answer, but nothing may hang on it. */
static void give_up_lost_probes(struct tha_core *core, uint64_t now_ms)
{
    static const struct tha_evidence silence = {.kind = THA_EVIDENCE_TIMED_OUT};
    struct tha_timer *timer;

    while ((timer = tha_heap_first(&core->probes)) && timer->when <= now_ms) {
        struct tha_target *target = THA_CONTAINER(timer, struct tha_target, timer);

        if (!target->is_probing)
            break;
        judge(core, target, &silence, now_ms);
    }
}

static void end_hold_downs(struct tha_core *core, uint64_t now_ms)
{
    struct tha_timer *timer;

    while ((timer = tha_heap_first(&core->holds)) && timer->when <= now_ms) {
        const struct tha_profile *profile = THA_CONTAINER(timer, struct tha_profile, timer);

        tha_heap_remove(&core->holds, timer);
        tha_show_profile(core, (uint32_t)(profile - core->table->profiles));
    }
}

/* ---- Actions ---- */

/** Of all but probes. */
static uint64_t next_of_others(const struct tha_core *core)
{
    uint64_t of_trunks = least(tha_heap_next(&core->admins), tha_heap_next(&core->holds));

    return least(least(of_trunks, tha_heap_next(&core->cares)), tha_addresses_next_expiry(core));
}

uint64_t tha_core_next_change(const struct tha_core *core)
{
    return least(tha_schedule_next_silence(core), next_of_others(core));
}

uint64_t tha_core_next_expiry(const struct tha_core *core)
{
    return core->follows_probes ? tha_core_next_change(core) : least(tha_schedule_next_expiry(core), next_of_others(core));
}

/** Offered again after a while should it fail for want of memory. */
static void take_readdress(struct tha_core *core, uint64_t now_ms, struct tha_action *action)
{
    core->readdress_ms = now_ms + READDRESS_AGAIN_MS;
    *action = (struct tha_action){.kind = THA_ACTION_READDRESS};
}

static void take_warning(struct tha_core *core, struct tha_action *action)
{
    tha_text_copy(core->told, sizeof(core->told), core->warning);
    *action = (struct tha_action){.kind = THA_ACTION_WARN, .warning = core->told};
    core->warning[0] = '\0';
}

static void take_event(struct tha_core *core, struct tha_action *action)
{
    if (core->next_event < core->n_events) {
        *action = (struct tha_action){
            .kind = THA_ACTION_TELL,
            .event = &core->events[core->next_event++],
        };
        return;
    }

    core->next_event = core->n_events = 0;
    if (core->events_capacity > EVENTS_KEPT) {
        core->events = tha_mem_free(&core->mem, core->events);
        core->events_capacity = 0;
    }
}

bool tha_core_next_action(struct tha_core *core, uint64_t now_ms, struct tha_action *ret_action)
{
    *ret_action = (struct tha_action){.kind = THA_ACTION_NONE};
    if (!core->table)
        return false;

    give_up_lost_probes(core, now_ms);
    end_hold_downs(core, now_ms);
    tha_admin_expire(core, now_ms);
    tha_care_expire(core, now_ms);
    while (!core->warning[0] && tha_addresses_take_news(core, now_ms))
        ;

    if (core->warning[0])
        take_warning(core, ret_action);
    else if (core->readdress_ms <= now_ms)
        take_readdress(core, now_ms, ret_action);
    else if (!tha_show_take(core, now_ms, ret_action))
        take_event(core, ret_action);

    return ret_action->kind != THA_ACTION_NONE;
}

bool tha_core_next_probe(struct tha_core *core, uint64_t now_ms, uint32_t *ret_slot)
{
    return core->table && tha_schedule_take(core, now_ms, ret_slot);
}

void tha_core_note_sent(struct tha_core *core, uint64_t now_ms)
{
    tha_pace_defer(&core->pace, now_ms);
}

uint32_t tha_core_take_lost(struct tha_core *core)
{
    uint32_t lost = core->lost;

    core->lost = 0;

    return lost;
}

bool tha_core_is_draining(const struct tha_core *core)
{
    return core->table && core->n_closed == core->table->model->n_trunks;
}
