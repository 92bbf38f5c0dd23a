#include <jansson.h>

#include "test_view.h"

/** The status of a trunk, or of its only target, borrowed from @p status. */
static json_t *trunk_of(json_t *status, size_t index)
{
    json_t *group = json_array_get(json_object_get(status, "trunkGroups"), 0);

    return json_array_get(json_object_get(group, "trunks"), index);
}

static json_t *target_of(json_t *status, size_t index)
{
    return json_array_get(json_object_get(trunk_of(status, index), "targets"), 0);
}

/** The status as JSON, new. */
static json_t *status_of(const trunkha_view *view)
{
    char *text = NULL;
    json_t *status;

    ck_assert_int_eq(trunkha_view_status_json(view, &text), 0);
    status = json_loads(text, 0, NULL);
    ck_assert_ptr_nonnull(status);
    trunkha_free(text);

    return status;
}

static void assert_member(json_t *object, const char *key, const char *expected)
{
    char *text = json_dumps(json_object_get(object, key), JSON_COMPACT | JSON_ENCODE_ANY);

    ck_assert_str_eq(text, expected);
    free(text);
}

START_TEST(a_plain_trunk_has_neither_pair_nor_name)
{
    struct fixture f;
    trunkha_view *view;
    json_t *status;

    fixture_init(&f, 1, 1);
    view = fixture_view(&f, NULL);
    status = status_of(view);
    assert_member(trunk_of(status, 0), "uri", "\"sip:192.0.2.1:5000\"");
    assert_member(trunk_of(status, 0), "direction", "\"both\"");
    ck_assert_ptr_null(json_object_get(trunk_of(status, 0), "pair"));
    ck_assert_ptr_null(json_object_get(trunk_of(status, 0), "dns"));
    assert_member(target_of(status, 0), "allow", "[]");
    assert_member(target_of(status, 0), "supported", "[]");
    assert_member(target_of(status, 0), "codecs", "[]");
    json_decref(status);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(what_a_peer_can_do_is_listed)
{
    struct tha_abilities abilities = {.options = THA_OPTIONS_SAID};
    struct fixture f;
    trunkha_view *view;
    json_t *status;

    fixture_init(&f, 1, 1);
    view = fixture_view(&f, NULL);
    abilities.methods = tha_method_bit("INVITE", 6) | tha_method_bit("PRACK", 5);
    abilities.options |= tha_option_bit("100rel", 6);
    abilities.codecs = tha_codec_bit("G711A", 5);
    tha_view_set_abilities(view, 0, &abilities);
    status = status_of(view);
    assert_member(target_of(status, 0), "allow", "[\"INVITE\",\"PRACK\"]");
    assert_member(target_of(status, 0), "supported", "[\"100rel\"]");
    assert_member(target_of(status, 0), "codecs", "[\"PCMA\"]");
    json_decref(status);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(a_name_shows_its_age_and_its_trouble)
{
    static const struct tha_name name = {.host = "carrier.example"};
    struct fixture f;
    trunkha_view *view;
    json_t *status;

    fixture_init(&f, 1, 1);
    f.trunks[0].dns_name = &name;
    view = fixture_view(&f, NULL);
    tha_view_beat(view, 5000, 1005000);
    status = status_of(view);
    ck_assert_ptr_null(json_object_get(trunk_of(status, 0), "dns"));
    json_decref(status);

    tha_view_set_name(view, 0, &(struct tha_view_name){.trouble = TRUNKHA_DNS_NO_NAME});
    status = status_of(view);
    assert_member(trunk_of(status, 0), "dns", "{\"ttl\":0,\"resolved\":null,\"error\":\"no such name (NXDOMAIN)\"}");
    json_decref(status);

    tha_view_set_name(view, 0, &(struct tha_view_name){.ttl_s = 60, .resolved_ms = 4000});
    status = status_of(view);
    assert_member(trunk_of(status, 0), "dns", "{\"ttl\":60,\"resolved\":1004000,\"error\":null}");
    json_decref(status);
    fixture_done(view, NULL);
}
END_TEST

/** An inbound trunk, the other half of which is outbound, in these states. */
static void assert_lost(uint32_t inbound, uint32_t outbound, const char *expected)
{
    struct fixture f;
    trunkha_view *view;
    json_t *status;

    fixture_init(&f, 1, 2);
    f.trunks[0].direction = THA_DIRECTION_INBOUND;
    f.trunks[0].paired = 1;
    f.trunks[1].direction = THA_DIRECTION_OUTBOUND;
    f.trunks[1].paired = 0;
    view = fixture_view(&f, NULL);
    tha_view_set_trunk(view, 0, &(struct tha_trunk_state){.health = inbound});
    tha_view_set_trunk(view, 1, &(struct tha_trunk_state){.health = outbound});
    status = status_of(view);
    for (size_t i = 0; i < 2; i++) {
        json_t *pair = json_object_get(trunk_of(status, i), "pair");

        ck_assert_str_eq(json_string_value(json_object_get(pair, "trunkId")), i ? "t0" : "t1");
        ck_assert_str_eq(json_string_value(json_object_get(pair, "state")), trunkha_health_name(i ? inbound : outbound));
        ck_assert_str_eq(json_string_value(json_object_get(pair, "lost")), expected);
    }
    json_decref(status);
    fixture_done(view, NULL);
}

START_TEST(both_halves_of_a_pair_say_which_one_is_lost)
{
    assert_lost(TRUNKHA_HEALTH_AVAILABLE, TRUNKHA_HEALTH_DEGRADED, "none");
    assert_lost(TRUNKHA_HEALTH_DOWN, TRUNKHA_HEALTH_AVAILABLE, "inbound");
    assert_lost(TRUNKHA_HEALTH_UNKNOWN, TRUNKHA_HEALTH_DOWN, "outbound");
    assert_lost(TRUNKHA_HEALTH_DOWN, TRUNKHA_HEALTH_DOWN, "both");
}
END_TEST

SUITE("report", a_plain_trunk_has_neither_pair_nor_name, what_a_peer_can_do_is_listed, a_name_shows_its_age_and_its_trouble,
      both_halves_of_a_pair_say_which_one_is_lost)
