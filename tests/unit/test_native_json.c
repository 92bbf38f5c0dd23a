#include <string.h>

#include <jansson.h>

#include "../suite.h"
#include "events/events.h"

static trunkha_event event_of(uint32_t type)
{
    trunkha_event event = TRUNKHA_EVENT_INIT;

    event.type = type;
    event.reason = TRUNKHA_REASON_DNS_FAILURE;
    strcpy(event.entity_id, "a1");
    strcpy(event.trunk_group_id, "carrier-a");
    strcpy(event.target, "udp:192.0.2.1:5060");
    strcpy(event.detail, "a sentence");

    return event;
}

/** The object of an event, new. */
static json_t *render(const trunkha_event *event)
{
    char *text = tha_events_native_json(event);
    json_t *object = text ? json_loads(text, 0, NULL) : NULL;

    ck_assert_ptr_nonnull(object);
    free(text);

    return object;
}

static void assert_metadata(const trunkha_event *event, const char *expected)
{
    json_t *object = render(event);
    char *metadata = json_dumps(json_object_get(object, "metadata"), JSON_COMPACT);

    ck_assert_str_eq(metadata, expected);
    free(metadata);
    json_decref(object);
}

START_TEST(a_change_of_addresses_lists_those_that_came_and_those_that_went)
{
    trunkha_event event = event_of(TRUNKHA_EVENT_ADDRESS_CHANGE);

    strcpy(event.added, "udp:192.0.2.2:5060 udp:192.0.2.3:5060");
    strcpy(event.removed, "udp:192.0.2.1:5060");
    assert_metadata(&event, "{\"trunkGroupId\":\"carrier-a\",\"target\":\"udp:192.0.2.1:5060\",\"detail\":\"a sentence\","
                            "\"added\":[\"udp:192.0.2.2:5060\",\"udp:192.0.2.3:5060\"],"
                            "\"removed\":[\"udp:192.0.2.1:5060\"]}");
    event.added[0] = event.removed[0] = event.target[0] = '\0';
    assert_metadata(&event, "{\"trunkGroupId\":\"carrier-a\",\"target\":\"\",\"detail\":\"a sentence\","
                            "\"added\":[],\"removed\":[]}");
}
END_TEST

START_TEST(findings_about_a_peer_name_its_group_and_target)
{
    for (uint32_t type = TRUNKHA_EVENT_NAT_DETECTED; type <= TRUNKHA_EVENT_CERTIFICATE_EXPIRY; type++) {
        const trunkha_event event = event_of(type);

        assert_metadata(&event, "{\"trunkGroupId\":\"carrier-a\",\"target\":\"udp:192.0.2.1:5060\","
                                "\"detail\":\"a sentence\"}");
    }
}
END_TEST

START_TEST(what_is_no_change_of_state_has_no_states)
{
    const uint32_t types[] = {TRUNKHA_EVENT_ACTIVE_CHANGE, TRUNKHA_EVENT_CALL_END, TRUNKHA_EVENT_ADDRESS_CHANGE,
                              TRUNKHA_EVENT_CAPABILITY_MISMATCH};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        const trunkha_event event = event_of(types[i]);
        json_t *object = render(&event);

        ck_assert_str_eq(json_string_value(json_object_get(object, "eventType")), trunkha_event_type_name(types[i]));
        ck_assert_str_eq(json_string_value(json_object_get(object, "reasonCode")), "DNS_FAILURE");
        ck_assert_ptr_null(json_object_get(object, "state"));
        ck_assert_ptr_null(json_object_get(object, "previousState"));
        json_decref(object);
    }
}
END_TEST

SUITE("native_json", a_change_of_addresses_lists_those_that_came_and_those_that_went,
      findings_about_a_peer_name_its_group_and_target, what_is_no_change_of_state_has_no_states)
