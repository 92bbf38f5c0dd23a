/* What calls tell of their trunks: the calls' part of the evidence, beside the probes'. */
#include "machine.h"

/** What a probe would have seen in the place of the call. */
static struct tha_evidence evidence_of(const struct tha_news *news)
{
    if (news->flags & THA_NEWS_SILENT)
        return (struct tha_evidence){.kind = THA_EVIDENCE_TIMED_OUT};
    if (news->code)
        return (struct tha_evidence){.kind = THA_EVIDENCE_ANSWERED, .code = news->code};

    return (struct tha_evidence){.kind = THA_EVIDENCE_REFUSED}; /* the host does not say whether it came from there */
}

static void describe(const struct tha_news *news, char *buf, size_t size)
{
    if (news->code)
        tha_text_print(buf, size, "calls fail, the last with %u", news->code);
    else if (news->result == TRUNKHA_CALL_NO_RESPONSE)
        tha_text_copy(buf, size, "calls fail, the last got no response");
    else if (news->result == TRUNKHA_CALL_NO_RING)
        tha_text_copy(buf, size, "calls fail, the last did not ring");
    else
        tha_text_copy(buf, size, "calls fail, the last could not be delivered");
}

/** The state has changed, and with it the interval. */
static void reschedule(struct tha_core *core, struct tha_target *target, uint64_t now_ms)
{
    if (tha_table_is_planned(core->table, target) && !target->is_probing)
        tha_schedule_next(core, target, now_ms);
}

/** Has it shown that the line is whole? A provisional answer may be older than the silence. */
static bool has_answered(const struct tha_core *core, const struct tha_target *target, const struct tha_news *news)
{
    if (news->flags & THA_NEWS_SILENT || news->result == TRUNKHA_CALL_TRANSPORT_ERROR)
        return false;

    return news->code || news->started_ms >= core->table->trunks[target->trunk].silent_since_ms;
}

static void judge_failure(struct tha_core *core, struct tha_target *target, const struct tha_news *news, uint64_t now_ms)
{
    const struct tha_keepalive *keepalive = tha_table_keepalive(core->table, target);
    uint32_t previous = target->health.state, blamed = target->health.reason;
    struct tha_evidence evidence = evidence_of(news);
    bool is_answer = has_answered(core, target, news);
    bool is_ours = !is_answer && (core->is_local_fault || news->started_ms < core->fault_ended_ms);
    char detail[96] = "";

    if (is_answer)
        tha_fault_end(core, now_ms);
    if (tha_health_judge_failed_call(&target->health, keepalive, news->weight, &evidence, is_ours, now_ms))
        describe(news, detail, sizeof(detail));
    tha_core_follow(core, target, previous, blamed, detail, now_ms);
    if (news->flags & THA_NEWS_TRIAL)
        tha_care_judge_trial(core, target, true, now_ms);
    if (target->health.state != previous)
        reschedule(core, target, now_ms);
    else if (news->weight >= THA_WEIGHT_HARD && target->health.state != TRUNKHA_HEALTH_DOWN)
        tha_schedule_hurry(core, target, now_ms);
}

static void judge_user(struct tha_core *core, struct tha_target *target, const struct tha_news *news, uint64_t now_ms)
{
    const struct tha_keepalive *keepalive = tha_table_keepalive(core->table, target);
    uint32_t previous = target->health.state, blamed = target->health.reason;
    bool is_answer = news->kind == THA_NEWS_ANSWERED;
    bool rejected = target->health.rejects_probes;

    tha_fault_end(core, now_ms);
    target->shown_ms = now_ms;
    tha_health_judge_user(&target->health, keepalive, is_answer, now_ms);
    tha_core_follow(core, target, previous, blamed, is_answer ? "a call was answered" : "a callee was reached", now_ms);
    if (target->health.rejects_probes && !rejected)
        tha_tell_probe_rejected(core, target);
    if (target->health.state != previous)
        reschedule(core, target, now_ms);
}

static void judge(struct tha_core *core, struct tha_target *target, const struct tha_news *news, uint64_t now_ms)
{
    bool is_end = news->kind == THA_NEWS_ANSWERED || news->kind == THA_NEWS_FAILED;

    if (news->kind == THA_NEWS_HEARD)
        tha_hear_host(core, target, now_ms);
    else if (news->flags & THA_NEWS_USER)
        judge_user(core, target, news, now_ms);
    else if (news->weight)
        judge_failure(core, target, news, now_ms);
    if (is_end && !news->weight && (news->flags & THA_NEWS_TRIAL))
        tha_care_judge_trial(core, target, false, now_ms);
    if (news->cool_ms)
        tha_care_cool(core, target, news->cool_ms, now_ms);
}

/** Profiles that wait for an idle trunk may fail back now; a draining trunk may be empty. */
static void note_calls(struct tha_core *core, uint32_t index, uint32_t active_calls)
{
    struct tha_trunk *trunk = &core->table->trunks[index];
    uint32_t before = trunk->calls;

    trunk->calls = active_calls;
    if (active_calls || !before)
        return;

    if (trunk->admin == TRUNKHA_ADMIN_DRAINING)
        tha_tell_drained(core, index);
    tha_rollup_show_profiles(core, tha_table_trunk_model(core->table, index)->group);
}

/** What began before the target was loaded was about another one in its slot. */
static bool is_judged(const struct tha_core *core, const struct tha_target *target, const struct tha_news *news)
{
    return news->started_ms >= target->born_ms && core->table->trunks[target->trunk].admin != TRUNKHA_ADMIN_DISABLED;
}

void tha_core_spare_calls(struct tha_core *core)
{
    core->spares_calls = true;
}

/** Answered, or not for reasons of the callee or the caller, by the first trunk that was tried. */
static bool is_usual(const struct tha_news *news)
{
    switch (news->result) {
    case TRUNKHA_CALL_ANSWERED:
    case TRUNKHA_CALL_CANCELLED:
    case TRUNKHA_CALL_TIMED_OUT:
        return news->attempt == 1 && !news->weight;
    case TRUNKHA_CALL_FAILED:
        return news->attempt == 1 && !news->weight && news->code != 403 && news->code != 408 && news->code / 100 != 5;
    default:
        return false;
    }
}

static bool is_told(const struct tha_core *core, const struct tha_news *news)
{
    bool is_end = news->kind == THA_NEWS_ANSWERED || news->kind == THA_NEWS_FAILED || news->kind == THA_NEWS_ENDED;

    return is_end && !(core->spares_calls && is_usual(news));
}

void tha_core_take_news(struct tha_core *core, const struct tha_news *news, uint32_t active_calls, uint64_t now_ms)
{
    struct tha_table *table = core->table;
    uint32_t target, trunk;

    if (!table)
        return;

    target = tha_table_target_of_slot(table, news->target_slot);
    trunk = tha_table_trunk_of_slot(table, news->trunk_slot);
    if (trunk != THA_NONE)
        note_calls(core, trunk, active_calls);
    if (target != THA_NONE && table->targets[target].trunk == trunk && is_judged(core, &table->targets[target], news))
        judge(core, &table->targets[target], news, now_ms);
    if (is_told(core, news))
        tha_tell_call(core, news);
}
