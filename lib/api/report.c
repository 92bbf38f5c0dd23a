/* A whole view as JSON, for `status -o json` and `route --json`. Fields may be added, never renamed. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "events/dump.h"
#include "trunkha.h"

#define TRIES_MAX 8U

static json_t *rtt_json(uint32_t rtt_us)
{
    return rtt_us ? json_real(rtt_us / 1000.0) : json_null();
}

/** A time stamp, or null where nothing of the kind has happened. */
static json_t *time_json(int64_t unix_ms)
{
    return unix_ms ? json_integer(unix_ms) : json_null();
}

static json_t *id_json(const char *id)
{
    return id[0] ? json_string(id) : json_null();
}

/** "INVITE, ACK" as an array. */
static json_t *list_json(const char *list)
{
    return tha_events_words(list, ", ");
}

static json_t *target_json(const trunkha_target_status *target)
{
    return json_pack("{s:s, s:s, s:s, s:I, s:o, s:f, s:I, s:I, s:o, s:o, s:o, s:o, s:o}", "target", target->target, "state",
                     trunkha_health_name(target->health), "reasonCode", trunkha_reason_name(target->reason), "since",
                     (tha_json_number)target->since, "rttMs", rtt_json(target->rtt_us), "lossPercent",
                     target->loss_permille / 10.0, "failedAttempts", (tha_json_number)target->failed_attempts,
                     "lastResponse", (tha_json_number)target->last_response, "lastSuccessfulKeepalive",
                     time_json(target->last_successful_keepalive), "cooldownUntil", time_json(target->cooldown_until),
                     "allow", list_json(target->allow), "supported", list_json(target->supported), "codecs",
                     list_json(target->codecs));
}

/** The targets of a trunk stand together: *inout_index is moved past them. */
static json_t *targets_json(const trunkha_view *view, const char *trunk_id, uint32_t *inout_index)
{
    trunkha_target_status target = TRUNKHA_TARGET_STATUS_INIT;
    json_t *array = json_array();

    while (!trunkha_view_get_target(view, *inout_index, &target) && !strcmp(target.trunk_id, trunk_id)) {
        array = tha_events_append(array, target_json(&target));
        ++*inout_index;
    }

    return array;
}

/** Which half of a pair is down. */
static const char *lost_half(const trunkha_trunk_status *trunk)
{
    bool is_down = trunk->health == TRUNKHA_HEALTH_DOWN;
    bool is_other_down = trunk->paired_health == TRUNKHA_HEALTH_DOWN;

    if (is_down == is_other_down)
        return is_down ? "both" : "none";

    return trunkha_direction_name((trunk->direction == TRUNKHA_DIRECTION_INBOUND) == is_down ? TRUNKHA_DIRECTION_INBOUND
                                                                                             : TRUNKHA_DIRECTION_OUTBOUND);
}

static json_t *pair_json(const trunkha_trunk_status *trunk)
{
    return json_pack("{s:s, s:s, s:s}", "trunkId", trunk->paired_trunk_id, "state",
                     trunkha_health_name(trunk->paired_health), "lost", lost_half(trunk));
}

static bool has_name(const trunkha_trunk_status *trunk)
{
    return trunk->dns != TRUNKHA_DNS_FINE || trunk->resolved || trunk->ttl_s;
}

static json_t *dns_json(const trunkha_trunk_status *trunk)
{
    return json_pack("{s:I, s:o, s:o}", "ttl", (tha_json_number)trunk->ttl_s, "resolved", time_json(trunk->resolved),
                     "error", trunk->dns != TRUNKHA_DNS_FINE ? json_string(trunkha_dns_text(trunk->dns)) : json_null());
}

/** One failure gives up all of @p object. */
static json_t *with(json_t *object, const char *key, json_t *value)
{
    if (!json_object_set_new(object, key, value))
        return object;

    json_decref(object);

    return NULL;
}

static json_t *trunk_json(const trunkha_view *view, const trunkha_trunk_status *trunk, uint32_t *inout_target)
{
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:s, s:o}", "id", trunk->id, "name", trunk->name, "state",
                  trunkha_health_name(trunk->health), "adminState", trunkha_admin_name(trunk->admin), "reasonCode",
                  trunkha_reason_name(trunk->reason), "since", (tha_json_number)trunk->since, "activeCalls",
                  (tha_json_number)trunk->active_calls, "uri", trunk->uri, "direction",
                  trunkha_direction_name(trunk->direction), "targets", targets_json(view, trunk->id, inout_target));

    if (trunk->paired_trunk_id[0])
        object = with(object, "pair", pair_json(trunk));
    if (trunk->mismatch[0])
        object = with(object, "mismatch", json_string(trunk->mismatch));
    if (has_name(trunk))
        object = with(object, "dns", dns_json(trunk));

    return object;
}

/** As with targets: the trunks of a group stand together. */
static json_t *trunks_json(const trunkha_view *view, const char *group_id, uint32_t *inout_trunk, uint32_t *inout_target)
{
    trunkha_trunk_status trunk = TRUNKHA_TRUNK_STATUS_INIT;
    json_t *array = json_array();

    while (!trunkha_view_get_trunk(view, *inout_trunk, &trunk) && !strcmp(trunk.trunk_group_id, group_id)) {
        array = tha_events_append(array, trunk_json(view, &trunk, inout_target));
        ++*inout_trunk;
    }

    return array;
}

static json_t *groups_json(const trunkha_view *view)
{
    trunkha_group_status group = TRUNKHA_GROUP_STATUS_INIT;
    uint32_t next_trunk = 0, next_target = 0;
    json_t *array = json_array();

    for (uint32_t i = 0; !trunkha_view_get_group(view, i, &group); i++) {
        array = tha_events_append(array, json_pack("{s:s, s:s, s:s, s:o, s:o}", "id", group.id, "name", group.name, "state",
                                                   trunkha_health_name(group.health), "activeTrunkId",
                                                   id_json(group.active_trunk_id), "trunks",
                                                   trunks_json(view, group.id, &next_trunk, &next_target)));
    }

    return array;
}

static json_t *profiles_json(const trunkha_view *view)
{
    trunkha_profile_status profile = TRUNKHA_PROFILE_STATUS_INIT;
    json_t *array = json_array();

    for (uint32_t i = 0; !trunkha_view_get_profile(view, i, &profile); i++) {
        if (!profile.is_group)
            array = tha_events_append(
                array, json_pack("{s:s, s:o}", "id", profile.id, "activeTrunkId", id_json(profile.active_trunk_id)));
    }

    return array;
}

/** @p object may be NULL for want of memory. */
static int finish(json_t *object, char **ret_json)
{
    char *text = tha_events_dump(object);

    if (!text)
        return TRUNKHA_ERR_NOMEM;
    *ret_json = text;

    return 0;
}

/** All of one generation, unless the configuration changes faster than it can be read. */
static json_t *status_json(const trunkha_view *view)
{
    json_t *object = NULL;

    for (unsigned tries = 0; tries < TRIES_MAX; tries++) {
        trunkha_view_info info = TRUNKHA_VIEW_INFO_INIT, after = TRUNKHA_VIEW_INFO_INIT;

        json_decref(object);
        trunkha_view_get_info(view, &info);
        object = json_pack("{s:s, s:I, s:o, s:o}", "instanceId", info.instance_id, "ageMs", (tha_json_number)info.age_ms,
                           "trunkGroups", groups_json(view), "routingProfiles", profiles_json(view));
        trunkha_view_get_info(view, &after);
        if (after.generation == info.generation)
            break;
    }

    return object;
}

int trunkha_view_status_json(const trunkha_view *view, char **ret_json)
{
    return view && ret_json ? finish(status_json(view), ret_json) : TRUNKHA_ERR_INVALID;
}

/* ---- Routes ---- */

static json_t *candidate_json(const trunkha_candidate *candidate)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "trunkId", candidate->trunk_id, "trunkGroupId",
                     candidate->trunk_group_id, "target", candidate->target, "uri", candidate->uri, "state",
                     trunkha_health_name(candidate->health), "why", trunkha_why_text(candidate->why));
}

/** Those that were chosen, or those that were passed over. */
static json_t *candidates_json(const trunkha_candidate *candidates, size_t count, bool is_passed_over)
{
    json_t *array = json_array();

    for (size_t i = 0; i < count; i++) {
        if ((candidates[i].why >= TRUNKHA_WHY_DISABLED) == is_passed_over)
            array = tha_events_append(array, candidate_json(&candidates[i]));
    }

    return array;
}

/** All of them: asks again with more room as long as the room given was used up. */
static int explain_all(const trunkha_view *view, const char *profile, trunkha_candidate **ret_candidates, size_t *ret_count)
{
    trunkha_candidate *candidates = NULL;
    size_t room = 16, count;
    int err;

    do {
        trunkha_candidate *more;

        room *= 4;
        more = realloc(candidates, room * sizeof(*candidates));
        if (!more) {
            free(candidates);
            return TRUNKHA_ERR_NOMEM;
        }
        candidates = more;
        count = room;
        err = trunkha_view_explain(view, profile, candidates, &count);
    } while (!err && count == room);

    if (err) {
        free(candidates);
        return err;
    }
    *ret_candidates = candidates;
    *ret_count = count;

    return 0;
}

int trunkha_view_route_json(const trunkha_view *view, const char *profile, char **ret_json)
{
    trunkha_view_info info = TRUNKHA_VIEW_INFO_INIT;
    trunkha_candidate *candidates;
    json_t *object;
    size_t count;
    int err;

    if (!view || !profile || !ret_json)
        return TRUNKHA_ERR_INVALID;

    err = explain_all(view, profile, &candidates, &count);
    if (err)
        return err;

    trunkha_view_get_info(view, &info);
    object = json_pack("{s:s, s:I, s:o, s:o}", "profile", profile, "ageMs", (tha_json_number)info.age_ms, "candidates",
                       candidates_json(candidates, count, false), "passedOver", candidates_json(candidates, count, true));
    free(candidates);

    return finish(object, ret_json);
}
