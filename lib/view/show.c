#include "show.h"

#include "base/text.h"
#include "calls.h"

static void show_name(trunkha_view *view, const struct tha_action *action)
{
    const struct tha_name_state *name = &action->trunk.name;
    const struct tha_view_name shown = {name->trouble, name->ttl_s, name->resolved_ms};

    if (action->trunk.has_name)
        tha_view_set_name(view, action->index, &shown);
}

void tha_view_show(trunkha_view *view, const struct tha_action *action)
{
    switch (action->kind) {
    case THA_ACTION_SHOW_TARGET:
        tha_view_set_target(view, action->index, &action->target.state);
        tha_view_set_abilities(view, action->index, &action->target.abilities);
        if (action->target.trial != THA_TRIAL_AS_IT_WAS)
            tha_view_arm_trial(view, action->target.slot, action->target.trial == THA_TRIAL_ARMED);
        break;

    case THA_ACTION_SHOW_TRUNK:
        tha_view_set_trunk(view, action->index, &action->trunk.state);
        tha_view_set_lack(view, action->index, &action->trunk.lack);
        show_name(view, action);
        tha_view_set_group(view, action->trunk.group, action->trunk.group_health);
        break;

    case THA_ACTION_SHOW_ROUTE:
        tha_view_set_route(view, action->index, action->route.entries, action->route.n_entries, action->route.active_trunk);
        break;

    default:
        break;
    }
}

/** A moment of the core's clock in Unix time; 0 stays "never". */
static int64_t to_unix_ms(const struct tha_view_teller *teller, int64_t core_ms)
{
    return core_ms ? core_ms + teller->unix_offset_ms : 0;
}

void tha_view_tell(trunkha_view *view, const struct tha_view_teller *teller, trunkha_event *event)
{
    event->sequence = teller->sequence;
    event->timestamp = teller->now_unix_ms;
    event->started = teller->started_unix_ms;
    event->last_successful_keepalive = to_unix_ms(teller, event->last_successful_keepalive);
    event->call_started = to_unix_ms(teller, event->call_started);
    tha_text_copy(event->instance_id, sizeof(event->instance_id), teller->instance_id);
    if (!event->entity_id[0]) { /* the instance itself */
        tha_text_copy(event->entity_id, sizeof(event->entity_id), teller->instance_id);
        tha_text_copy(event->entity_name, sizeof(event->entity_name), teller->instance_id);
    }

    tha_view_append_event(view, event);
}
