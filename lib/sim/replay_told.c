#include <string.h>

#include "replay_room.h"

/** Events of one moment may have changed places, so far. */
#define AHEAD_MAX 10000U

static bool is_compared(uint32_t type)
{
    return type == TRUNKHA_EVENT_TRUNK_STATE || type == TRUNKHA_EVENT_TARGET_STATE || type == TRUNKHA_EVENT_ACTIVE_CHANGE ||
           type == TRUNKHA_EVENT_LOCAL_FAULT;
}

static bool is_same(const struct tha_recorded_event *recorded, const trunkha_event *event)
{
    if (recorded->type != event->type || recorded->health != event->health ||
        recorded->previous_health != event->previous_health || recorded->reason != event->reason)
        return false;
    if (event->type == TRUNKHA_EVENT_ACTIVE_CHANGE && strcmp(recorded->trunk_id, event->trunk_id) != 0)
        return false;

    return event->type == TRUNKHA_EVENT_LOCAL_FAULT ||
           !strcmp(recorded->entity_id, event->entity_id); /* that is the instance */
}

/** Is it the next that the recording has of this moment? */
static bool was_told(struct tha_replay *replay, const trunkha_event *event)
{
    const struct tha_recorded_input *inputs = replay->recording->inputs;
    uint64_t now_ms = tha_replay_at_ms(replay->sim->now_ms);
    uint32_t i = replay->told_at, n_ahead = 0;

    while (i < replay->recording->n_inputs && (inputs[i].at_ms < now_ms || tha_replay_is_input(&inputs[i])))
        i++;
    replay->told_at = i;
    for (; i < replay->recording->n_inputs && inputs[i].at_ms == now_ms && n_ahead < AHEAD_MAX; i++, n_ahead++) {
        if (!tha_replay_is_input(&inputs[i]) && is_same(inputs[i].told, event)) {
            replay->told_at = i + 1;
            return true;
        }
    }

    return false;
}

void tha_replay_compare(struct tha_replay *replay, const trunkha_event *event)
{
    if (!is_compared(event->type))
        return;

    replay->summary.n_told++;
    replay->summary.n_same += was_told(replay, event);
}

uint32_t tha_replay_count_told(const struct tha_recording *recording)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < recording->n_inputs; i++)
        n += !tha_replay_is_input(&recording->inputs[i]);

    return n;
}
