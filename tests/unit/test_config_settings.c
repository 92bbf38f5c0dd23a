#include <string.h>

#include "../suite.h"
#include "base/text.h"
#include "config/config.h"

static const char config[] =
    "{\"trunkGroups\": [{\"id\": \"carrier-a\", \"trunks\": ["
    "{\"id\": \"a\", \"sipAddress\": \"192.0.2.1\"}, {\"id\": \"a.b\", \"sipAddress\": \"192.0.2.2\"},"
    "{\"name\": \"third\", \"sipAddress\": \"192.0.2.3\"}, {\"id\": \"0\", \"sipAddress\": \"192.0.2.4\"}]}],"
    "\"keepalive\": {\"interval\": 30}}";

static struct {
    unsigned count;
    trunkha_finding last;
    char message[512], pointer[256];
} told;

static void take(const trunkha_finding *finding, void *user_data)
{
    (void)user_data;
    told.count++;
    told.last = *finding;
    tha_text_copy(told.message, sizeof(told.message), finding->message);
    tha_text_copy(told.pointer, sizeof(told.pointer), finding->pointer);
}

static int read_with(const char *const *settings, uint32_t count, struct tha_model **ret_model)
{
    struct tha_config_wish wish = {.settings = settings, .n_settings = count};

    told.count = 0;

    return tha_config_read_as(&tha_mem_default, config, strlen(config), &wish, take, NULL, ret_model);
}

/** New: tha_model_free(). */
static struct tha_model *set(const char *setting)
{
    struct tha_model *model = NULL;

    ck_assert_msg(!read_with(&setting, 1, &model), "%s: %s", setting, told.message);

    return model;
}

static void expect_finding(const char *setting, const char *code, const char *message)
{
    struct tha_model *untouched = NULL;

    ck_assert_int_eq(read_with(&setting, 1, &untouched), TRUNKHA_ERR_CONFIG);
    ck_assert_ptr_null(untouched);
    ck_assert_uint_eq(told.count, 1);
    ck_assert_str_eq(told.last.code, code);
    ck_assert_str_eq(told.message, message);
}

static void expect_refused(const char *setting, const char *message)
{
    expect_finding(setting, "TH006", message);
    ck_assert_uint_eq(told.last.line, 0);
    ck_assert_uint_eq(told.last.column, 0);
}

START_TEST(value_of_the_file_is_replaced)
{
    struct tha_model *model = set("keepalive.interval=10.5");

    ck_assert_uint_eq(model->keepalive->interval_ms, 10500);
    tha_model_free(model);
}
END_TEST

START_TEST(missing_objects_are_made)
{
    struct tha_model *model = set("trunkGroups.carrier-a.trunks.a.keepalive.flapDamping.window=7");

    ck_assert_uint_eq(model->trunks[0].keepalive->damping.window_ms, 7000);
    ck_assert_uint_eq(model->trunks[1].keepalive->damping.window_ms, 600000);
    tha_model_free(model);
}
END_TEST

START_TEST(entries_have_numbers)
{
    struct tha_model *model = set("trunkGroups.0.trunks.2.priority=9");

    ck_assert_uint_eq(model->trunks[2].priority, 9);
    tha_model_free(model);
}
END_TEST

START_TEST(id_goes_before_number_and_the_longest_before_others)
{
    struct tha_model *model = set("trunkGroups.0.trunks.0.priority=9");

    ck_assert_uint_eq(model->trunks[3].priority, 9);
    tha_model_free(model);

    model = set("trunkGroups.0.trunks.a.b.priority=9");
    ck_assert_uint_eq(model->trunks[1].priority, 9);
    tha_model_free(model);
}
END_TEST

START_TEST(name_stands_in_for_a_missing_id)
{
    struct tha_model *model = set("trunkGroups.0.trunks.third.priority=9");

    ck_assert_uint_eq(model->trunks[2].priority, 9);
    tha_model_free(model);
}
END_TEST

START_TEST(text_needs_no_quotes)
{
    struct tha_model *model = set("trunkGroups.0.trunks.a.sipAddress=[2001:db8::1]:5070");

    ck_assert_str_eq(model->trunks[0].uri, "sip:[2001:db8::1]:5070");
    tha_model_free(model);

    model = set("trunkGroups.0.trunks.a.name=\"in = quotes\"");
    ck_assert_str_eq(model->trunks[0].name, "in = quotes");
    tha_model_free(model);
}
END_TEST

START_TEST(whole_objects_and_entries_can_be_set)
{
    struct tha_model *model = set("trunkGroups.0.trunks.3={\"id\": \"z\", \"sipAddress\": \"198.51.100.1\"}");

    ck_assert_str_eq(model->trunks[3].id, "z");
    tha_model_free(model);

    model = set("keepalive={\"interval\": 44}");
    ck_assert_uint_eq(model->keepalive->interval_ms, 44000);
    tha_model_free(model);
}
END_TEST

START_TEST(later_settings_see_what_earlier_ones_have_made)
{
    const char *const settings[] = {"dns={}", "dns.maxTtl=60", "dns.maxTtl=70"};
    struct tha_model *model = NULL;

    ck_assert_int_eq(read_with(settings, 3, &model), 0);
    ck_assert_uint_eq(model->dns.max_ttl_s, 70);
    tha_model_free(model);
}
END_TEST

START_TEST(setting_that_cannot_be_made_has_no_place)
{
    expect_refused("=5", "the setting \"\" has a key that is empty or too long");
    expect_refused("keepalive..interval=5", "the setting \"keepalive.\" has a key that is empty or too long");
    expect_refused("keepalive.=5", "the setting \"keepalive.\" has a key that is empty or too long");
    expect_refused("trunkGroups.carrier-b.name=x", "the setting \"trunkGroups.carrier-b\" names no entry of its list");
    expect_refused("trunkGroups.1.name=x", "the setting \"trunkGroups.1\" names no entry of its list");
    expect_refused("trunkGroups.99999999999999999999=x",
                   "the setting \"trunkGroups.99999999999999999999\" names no entry of its list");
    expect_refused("keepalive.interval.x=5", "the setting \"keepalive.interval\" leads to a value that has no keys");
    expect_refused("caf\xe9=5", "setting number 1 is not valid UTF-8");
}
END_TEST

/** The "=" may only have been forgotten: what stands behind it may be a password. */
START_TEST(setting_without_a_value_is_not_shown)
{
    const char *const settings[] = {"keepalive.interval=20", "trunkGroups.0.trunks.a.outboundAuth.password hunter2"};

    expect_refused("hunter2", "setting number 1 has no \"=\", and so no value");
    ck_assert_int_eq(read_with(settings, 2, NULL), TRUNKHA_ERR_CONFIG);
    ck_assert_str_eq(told.message, "setting number 2 has no \"=\", and so no value");
}
END_TEST

/** What nests without an end would be freed by recursion without an end. */
START_TEST(path_is_not_longer_than_any_key_is_deep)
{
    char path[128];
    struct tha_model *model;

    strcpy(path, "x");
    for (unsigned i = 1; i < 32; i++)
        strcat(path, "-.x");
    strcat(path, "=1");
    model = set(path);
    tha_model_free(model);

    memcpy(strchr(path, '='), ".x=1", sizeof(".x=1"));
    ck_assert_int_eq(read_with(&(const char *){path}, 1, NULL), TRUNKHA_ERR_CONFIG);
    ck_assert_ptr_nonnull(strstr(told.message, "goes deeper than any key"));
}
END_TEST

START_TEST(value_that_is_wrong_is_blamed_where_it_would_stand)
{
    expect_finding("keepalive.interval=fast", "TH004",
                   "the setting \"keepalive.interval\": \"interval\" must be a number of seconds, not a string");
    ck_assert_str_eq(told.pointer, "/keepalive/interval");
    ck_assert_uint_eq(told.last.line, 0);
    ck_assert_uint_eq(told.last.column, 0);
    expect_finding("keepalive.timeout=hunter2", "TH004",
                   "the setting \"keepalive.timeout\": \"timeout\" must be a number of seconds, not a string");
    ck_assert_str_eq(told.pointer, "/keepalive/timeout");
    ck_assert_ptr_null(strstr(told.message, "hunter2"));
}
END_TEST

START_TEST(what_is_inside_of_a_setting_is_its_own)
{
    expect_finding("keepalive={\"interval\": 0}", "TH005",
                   "the setting \"keepalive\": \"interval\" must be from 1 to 3600 seconds, not 0");
    expect_finding("trunkGroups.carrier-a.trunks.a.b={\"id\": \"z\"}", "TH007",
                   "the setting \"trunkGroups.carrier-a.trunks.a.b\": \"sipAddress\" is missing");
}
END_TEST

START_TEST(last_of_several_settings_is_blamed)
{
    const char *const settings[] = {"keepalive={\"interval\": 0}", "keepalive.timeout=3", "keepalive.interval=0"};

    ck_assert_int_eq(read_with(settings, 2, NULL), TRUNKHA_ERR_CONFIG);
    ck_assert_str_eq(told.message, "the setting \"keepalive\": \"interval\" must be from 1 to 3600 seconds, not 0");
    ck_assert_int_eq(read_with(settings, 3, NULL), TRUNKHA_ERR_CONFIG);
    ck_assert_str_eq(told.message, "the setting \"keepalive.interval\": \"interval\" must be from 1 to 3600 seconds, not 0");
}
END_TEST

/** What jansson cannot hold is no text either. */
START_TEST(number_out_of_range_is_called_one)
{
    static const char *const numbers[] = {"keepalive.interval=1e999", "keepalive.interval=-1e999",
                                          "keepalive.interval=99999999999999999999"};
    struct tha_model *model;

    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        expect_finding(numbers[i], "TH005", "the setting \"keepalive.interval\" has a number that is out of range");
    expect_finding("keepalive={\"interval\": 1e999}", "TH005",
                   "the setting \"keepalive\" has a number that is out of range");
    ck_assert_uint_eq(told.last.line, 0);

    model = set("trunkGroups.0.trunks.a.name=1e999 and more");
    ck_assert_str_eq(model->trunks[0].name, "1e999 and more");
    tha_model_free(model);
    model = set("trunkGroups.0.trunks.a.name=\"1e999\"");
    ck_assert_str_eq(model->trunks[0].name, "1e999");
    tha_model_free(model);
}
END_TEST

/** Whatever the text: a model or findings. */
START_TEST(settings_of_any_shape_are_survived)
{
    static const char *const pieces[] = {"trunkGroups", ".",  "=", "0",  "a.b", "keepalive",
                                         "{",           "\"", "[", "x-", "${",  "1e9"};
    uint32_t seed = 88675123;
    char setting[128];

    for (int i = 0; i < 20000; i++) {
        const char *text = setting;
        struct tha_model *model = NULL;

        setting[0] = '\0';
        for (int n = 0; n < 8; n++) {
            seed = seed * 1664525 + 1013904223; /* Knuth and Lewis */
            strcat(setting, pieces[(seed >> 16) % (sizeof(pieces) / sizeof(pieces[0]))]);
        }
        if (read_with(&text, 1, &model))
            ck_assert_uint_gt(told.count, 0);
        tha_model_free(model);
    }
}
END_TEST

SUITE("config settings", value_of_the_file_is_replaced, missing_objects_are_made, entries_have_numbers,
      id_goes_before_number_and_the_longest_before_others, name_stands_in_for_a_missing_id, text_needs_no_quotes,
      whole_objects_and_entries_can_be_set, later_settings_see_what_earlier_ones_have_made,
      setting_that_cannot_be_made_has_no_place, setting_without_a_value_is_not_shown,
      path_is_not_longer_than_any_key_is_deep, number_out_of_range_is_called_one,
      value_that_is_wrong_is_blamed_where_it_would_stand, what_is_inside_of_a_setting_is_its_own,
      last_of_several_settings_is_blamed, settings_of_any_shape_are_survived)
