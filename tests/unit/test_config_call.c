#include "../config/read.h"
#include "../suite.h"

/** A model of two groups, and of one profile with @p keys besides its own. */
static struct tha_model *read_profile(const char *keys)
{
    return read_model("{\"trunkGroups\": [{\"id\": \"a\", \"sipAddress\": \"192.0.2.1\"},"
                      "                  {\"id\": \"b\", \"sipAddress\": \"192.0.2.2\"}],"
                      " \"routingProfiles\": [{\"id\": \"p\", \"primaryTrunkGroup\": \"a\"%s}]}",
                      keys);
}

static void expect_reroute(const struct tha_call_settings *call, const unsigned *codes, size_t count)
{
    size_t i = 0;

    for (unsigned code = 100; code <= 699; code++) {
        bool is_wanted = i < count && codes[i] == code;

        ck_assert_msg(tha_codes_has(&call->reroute, code) == is_wanted, "%u", code);
        i += is_wanted;
    }
}

static void expect_default_reroute(const struct tha_call_settings *call)
{
    static const unsigned usual[] = {408, 500, 502, 503, 504};

    expect_reroute(call, usual, 5);
}

START_TEST(profile_that_says_nothing_has_the_defaults)
{
    struct tha_model *model = read_profile("");
    const struct tha_call_settings *call = model->profiles[0].call;

    ck_assert_uint_eq(call->no_response_ms, 3000);
    ck_assert_uint_eq(call->no_ring_ms, 10000);
    ck_assert_uint_eq(call->total_ms, 20000);
    ck_assert_uint_eq(call->ring_ms, 45000);
    ck_assert_uint_eq(call->max_attempts, 3);
    ck_assert_uint_eq(call->max_retry_after_ms, 300000);
    ck_assert_uint_eq(call->retry_budget_percent, 20);
    expect_default_reroute(call);
    tha_model_free(model);
}
END_TEST

START_TEST(every_key_of_the_block_is_kept)
{
    static const unsigned codes[] = {403, 503};
    struct tha_model *model = read_profile(
        ", \"call\": {\"noResponseTimeout\": 1.5, \"noRingTimeout\": 7, \"totalTimeout\": 31, \"ringDuration\": 90,"
        "            \"maxAttempts\": 16, \"rerouteCodes\": [503, \"403\"], \"maxRetryAfter\": 12.25,"
        "            \"retryBudgetPercent\": 55}");
    const struct tha_call_settings *call = model->profiles[0].call;

    ck_assert_uint_eq(call->no_response_ms, 1500);
    ck_assert_uint_eq(call->no_ring_ms, 7000);
    ck_assert_uint_eq(call->total_ms, 31000);
    ck_assert_uint_eq(call->ring_ms, 90000);
    ck_assert_uint_eq(call->max_attempts, 16);
    ck_assert_uint_eq(call->max_retry_after_ms, 12250);
    ck_assert_uint_eq(call->retry_budget_percent, 55);
    expect_reroute(call, codes, 2);
    tha_model_free(model);
}
END_TEST

START_TEST(key_that_is_left_out_has_its_default)
{
    struct tha_model *model = read_profile(", \"call\": {\"maxAttempts\": 2}");
    const struct tha_call_settings *call = model->profiles[0].call;

    ck_assert_uint_eq(call->max_attempts, 2);
    ck_assert_uint_eq(call->no_response_ms, 3000);
    ck_assert_uint_eq(call->retry_budget_percent, 20);
    expect_default_reroute(call);
    tha_model_free(model);
}
END_TEST

START_TEST(profiles_without_settings_and_groups_share_the_defaults)
{
    static const char *const keys[] = {"", ", \"call\": {}"};

    for (size_t i = 0; i < 2; i++) {
        struct tha_model *model = read_profile(keys[i]);

        ck_assert_uint_eq(model->n_profiles, 3);
        ck_assert_ptr_nonnull(model->profiles[0].call);
        ck_assert_ptr_eq(model->profiles[1].call, model->profiles[0].call);
        ck_assert_ptr_eq(model->profiles[2].call, model->profiles[0].call);
        tha_model_free(model);
    }
}
END_TEST

START_TEST(settings_of_a_profile_leave_those_of_its_group_alone)
{
    struct tha_model *model = read_profile(", \"call\": {\"maxAttempts\": 1, \"rerouteCodes\": []}");

    ck_assert_uint_eq(model->profiles[0].call->max_attempts, 1);
    expect_reroute(model->profiles[0].call, NULL, 0);
    ck_assert_ptr_ne(model->profiles[1].call, model->profiles[0].call);
    ck_assert_ptr_eq(model->profiles[2].call, model->profiles[1].call);
    ck_assert_uint_eq(model->profiles[1].call->max_attempts, 3);
    expect_default_reroute(model->profiles[1].call);
    tha_model_free(model);
}
END_TEST

START_TEST(class_takes_all_of_its_codes)
{
    struct tha_model *model = read_profile(", \"call\": {\"rerouteCodes\": [\"5xx\", 404]}");
    const struct tha_codes *reroute = &model->profiles[0].call->reroute;

    for (unsigned code = 100; code <= 699; code++)
        ck_assert_msg(tha_codes_has(reroute, code) == (code == 404 || code / 100 == 5), "%u", code);
    tha_model_free(model);
}
END_TEST

START_TEST(failback_is_automatic_unless_the_profile_says_otherwise)
{
    static const struct {
        const char *keys;
        uint32_t failback;
    } cases[] = {
        {"", THA_FAILBACK_AUTO},
        {", \"failback\": {\"mode\": \"auto\"}", THA_FAILBACK_AUTO},
        {", \"failback\": {\"mode\": \"manual\"}", THA_FAILBACK_MANUAL},
        {", \"failback\": {\"mode\": \"whenIdle\"}", THA_FAILBACK_WHEN_IDLE},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tha_model *model = read_profile(cases[i].keys);

        ck_assert_uint_eq(model->profiles[0].failback, cases[i].failback);
        ck_assert_uint_eq(model->profiles[1].failback, THA_FAILBACK_AUTO);
        tha_model_free(model);
    }
}
END_TEST

SUITE("config call", profile_that_says_nothing_has_the_defaults, every_key_of_the_block_is_kept,
      key_that_is_left_out_has_its_default, profiles_without_settings_and_groups_share_the_defaults,
      settings_of_a_profile_leave_those_of_its_group_alone, class_takes_all_of_its_codes,
      failback_is_automatic_unless_the_profile_says_otherwise)
