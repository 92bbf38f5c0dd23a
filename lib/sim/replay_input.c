/* One line of a recording after the other, into the core. */
#include "base/text.h"
#include "replay_room.h"

static uint32_t slot_of(const struct tha_replay *replay, const struct tha_recorded_input *input)
{
    return input->target == THA_NONE ? THA_NONE : replay->places.of[input->target].slot;
}

static void note_call(const struct tha_replay *replay, const struct tha_news *news, uint64_t now_ms)
{
    const struct tha_table *table = tha_core_table(replay->sim->core);

    if (replay->listener.called)
        replay->listener.called(tha_table_trunk_of_slot(table, news->trunk_slot), news, now_ms, replay->listener.user_data);
}

static void take_call(struct tha_replay *replay, const struct tha_recorded_input *input)
{
    const struct tha_recorded_call *call = input->call;
    uint64_t now_ms = tha_replay_core_ms(input->at_ms);
    struct tha_news news = call->news;

    news.trunk_slot = input->target == THA_NONE ? THA_NONE : replay->places.of[input->target].trunk_slot;
    news.target_slot = slot_of(replay, input);
    news.started_ms = call->age_ms < now_ms ? now_ms - call->age_ms : 0;
    tha_text_copy(news.profile_id, sizeof(news.profile_id), call->profile_id);
    if (input->target != THA_NONE)
        tha_text_copy(news.trunk_id, sizeof(news.trunk_id), replay->recording->targets[input->target].trunk_id);
    note_call(replay, &news, now_ms);
    tha_core_take_news(replay->sim->core, &news, call->active_calls, now_ms);
}

static void take_answer(struct tha_replay *replay, const struct tha_recorded_input *input)
{
    struct tha_replay_awaited awaited;

    if (tha_replay_answers_take(&replay->answers, input, input->at_ms, &awaited))
        tha_core_answer_question(replay->sim->core, awaited.id, awaited.answer, tha_replay_core_ms(input->at_ms));
}

/** Returns 0 or NOMEM. Whom the configuration has no more is nobody to speak of. */
static int take_admin(struct tha_replay *replay, const struct tha_recorded_input *input)
{
    const char *trunk_id = input->target == THA_NONE ? "" : replay->recording->targets[input->target].trunk_id;
    int err = tha_core_set_admin(replay->sim->core, trunk_id, input->admin.admin, input->admin.reason, NULL,
                                 input->admin.for_ms, tha_replay_core_ms(input->at_ms));

    return err == TRUNKHA_ERR_NOMEM ? err : 0;
}

/** What the core decides by itself if the replay is resampled. */
static void take_probe(struct tha_replay *replay, const struct tha_recorded_input *input)
{
    struct tha_core *core = replay->sim->core;
    uint64_t now_ms = tha_replay_core_ms(input->at_ms);

    if (!tha_replay_follows(replay) || slot_of(replay, input) == THA_NONE)
        return;

    if (input->kind == THA_INPUT_EVIDENCE) {
        tha_core_report(core, slot_of(replay, input), &input->evidence, now_ms);
        return;
    }
    replay->sim->probes++;
    tha_replay_note_probe(replay, slot_of(replay, input));
    tha_core_note_probe(core, slot_of(replay, input), now_ms);
}

static void take_finding(struct tha_replay *replay, const struct tha_recorded_input *input)
{
    tha_core_note_finding(replay->sim->core, slot_of(replay, input), input->finding.event_type, TRUNKHA_REASON_NONE,
                          input->finding.detail);
}

int tha_replay_take_input(struct tha_replay *replay, const struct tha_recorded_input *input)
{
    struct tha_core *core = replay->sim->core;
    uint64_t now_ms = tha_replay_core_ms(input->at_ms);
    uint32_t slot = slot_of(replay, input);

    switch (input->kind) {
    case THA_INPUT_START:
        tha_sim_start(replay->sim);
        break;
    case THA_INPUT_STOP:
        tha_core_stop(core);
        break;
    case THA_INPUT_PROBE:
    case THA_INPUT_EVIDENCE:
        take_probe(replay, input);
        break;
    case THA_INPUT_CLOSED:
        if (slot != THA_NONE)
            tha_core_note_closed(core, slot, input->has_evidence ? &input->evidence : NULL, now_ms);
        break;
    case THA_INPUT_CALL:
        take_call(replay, input);
        break;
    case THA_INPUT_REQUEST:
        tha_core_note_request(core, input->from, now_ms);
        break;
    case THA_INPUT_ABILITIES:
        if (slot != THA_NONE)
            tha_core_note_abilities(core, slot, &input->abilities);
        break;
    case THA_INPUT_FINDING:
        if (slot != THA_NONE)
            take_finding(replay, input);
        break;
    case THA_INPUT_ANSWER:
        take_answer(replay, input);
        break;
    case THA_INPUT_REFRESH:
        tha_core_refresh_names(core, now_ms);
        break;
    case THA_INPUT_ADMIN:
        return take_admin(replay, input);
    case THA_INPUT_FAILBACK:
        tha_core_fail_back(core, input->profile_id, now_ms);
        break;
    default: /* a turn; or a load: what was loaded is what is played with */
        break;
    }

    return 0;
}
