/* What the case folders of tests/config/scenarios cannot show: the words of `who`, large files, what is handed over, and the
 * ready scenarios. */
#include <stdio.h>
#include <string.h>

#include "../suite.h"
#include "config/config.h"

#define TEXT_SIZE    ((size_t)1024 * 1024)
#define MESSAGE_SIZE 512

static const char two_carriers[] = "{\"trunkGroups\": [{\"id\": \"a\", \"sipAddress\": \"192.0.2.1\"},"
                                   "{\"id\": \"b\", \"sipAddress\": \"192.0.2.2\"}], \"routingProfiles\": [{\"id\": \"p\","
                                   "\"primaryTrunkGroup\": \"a\", \"secondaryTrunkGroup\": \"b\"}]}";

static void keep_message(const trunkha_finding *finding, void *user_data)
{
    snprintf(user_data, MESSAGE_SIZE, "%s", finding->message);
}

static struct tha_model *read_config(const char *json)
{
    struct tha_model *model = NULL;

    ck_assert_int_eq(tha_config_read(&tha_mem_default, json, strlen(json), NULL, NULL, &model), 0);

    return model;
}

/** The scenario @p json of @p config, which is released before it is looked at. New: tha_scenario_free(). */
static struct tha_scenario *read_good(const char *config, const char *json)
{
    struct tha_model *model = read_config(config);
    struct tha_scenario *scenario = NULL;
    char message[MESSAGE_SIZE] = "";
    int err = tha_config_read_scenario(&tha_mem_default, json, strlen(json), model, keep_message, message, &scenario);

    tha_model_free(model);
    ck_assert_msg(!err && !*message, "%d: %s", err, message);

    return scenario;
}

static void expect_message(const char *config, const char *json, const char *wanted)
{
    struct tha_model *model = read_config(config);
    char message[MESSAGE_SIZE] = "";

    ck_assert_int_eq(tha_config_read_scenario(&tha_mem_default, json, strlen(json), model, keep_message, message, NULL),
                     TRUNKHA_ERR_CONFIG);
    ck_assert_str_eq(message, wanted);
    tha_model_free(model);
}

/* ---- The words of `who` */

START_TEST(words_mean_the_groups_of_the_first_profile)
{
    struct tha_scenario *scenario = read_good(two_carriers, "{\"steps\": [{\"who\": \"primary\", \"do\": \"silent\"},"
                                                            "{\"who\": [\"secondary\"], \"do\": \"silent\"},"
                                                            "{\"who\": [\"a\", \"all\"], \"do\": \"silent\"}]}");

    ck_assert_uint_eq(scenario->n_steps, 3);
    ck_assert_str_eq(scenario->steps[0].whom[0], "a");
    ck_assert_str_eq(scenario->steps[1].whom[0], "b");
    ck_assert_uint_eq(scenario->steps[2].n_whom, 0);
    tha_scenario_free(scenario);
}
END_TEST

START_TEST(ids_outrank_words_and_addresses)
{
    struct tha_scenario *scenario =
        read_good("{\"trunkGroups\": [{\"id\": \"first\", \"sipAddress\": \"192.0.2.1\"},"
                  "{\"id\": \"primary\", \"sipAddress\": \"192.0.2.2\"}, {\"id\": \"all\", \"sipAddress\": \"192.0.2.3\"},"
                  "{\"id\": \"192.0.2.9\", \"sipAddress\": \"192.0.2.4\"}]}",
                  "{\"steps\": [{\"who\": [\"primary\", \"all\", \"192.0.2.9\"], \"do\": \"drain\"}]}");

    ck_assert_uint_eq(scenario->steps[0].n_whom, 3);
    ck_assert_str_eq(scenario->steps[0].whom[0], "primary");
    ck_assert_str_eq(scenario->steps[0].whom[1], "all");
    ck_assert_str_eq(scenario->steps[0].whom[2], "192.0.2.9");
    tha_scenario_free(scenario);
}
END_TEST

START_TEST(without_a_second_group_there_is_no_secondary)
{
    expect_message("{\"trunkGroups\": [{\"id\": \"a\", \"sipAddress\": \"192.0.2.1\"}]}",
                   "{\"steps\": [{\"who\": \"secondary\", \"do\": \"silent\"}]}",
                   "the first routing profile has no second trunk group");
}
END_TEST

START_TEST(without_profiles_in_the_file_calls_go_to_the_first_group)
{
    struct tha_scenario *scenario = read_good("{\"trunkGroups\": [{\"id\": \"a\", \"sipAddress\": \"192.0.2.1\"}]}",
                                              "{\"calls\": [{\"perSecond\": 1}], \"steps\": [{\"do\": \"failback\"}]}");

    ck_assert_str_eq(scenario->loads[0].profile, "a");
    ck_assert_str_eq(scenario->steps[0].name, "a");
    tha_scenario_free(scenario);
}
END_TEST

/* ---- What is handed over */

START_TEST(scenario_may_be_merely_checked)
{
    struct tha_model *model = read_config(two_carriers);

    ck_assert_int_eq(tha_config_read_scenario(&tha_mem_default, "{}", 2, model, NULL, NULL, NULL), 0);
    ck_assert_int_eq(tha_config_read_scenario(&tha_mem_default, "{", 1, model, NULL, NULL, NULL), TRUNKHA_ERR_CONFIG);
    ck_assert_int_eq(tha_config_read_scenario(&tha_mem_default, NULL, 0, model, NULL, NULL, NULL), TRUNKHA_ERR_CONFIG);
    tha_model_free(model);
}
END_TEST

START_TEST(no_scenario_is_released_without_harm)
{
    ck_assert_ptr_null(tha_scenario_free(NULL));
}
END_TEST

/* ---- Large files */

/** A scenario of @p count steps, the last one first. */
static const char *print_steps(char *buf, unsigned count)
{
    size_t len = (size_t)sprintf(buf, "{\"steps\": [");

    for (unsigned i = count; i; i--)
        len += (size_t)sprintf(buf + len, "%s{\"at\": %u, \"who\": \"%s\", \"do\": \"silent\"}", i < count ? ",\n" : "",
                               (i - 1) / 4, i % 2 ? "a" : "b");
    sprintf(buf + len, "]}");

    return buf;
}

START_TEST(ten_thousand_steps_are_read_and_not_one_more)
{
    static char buf[TEXT_SIZE];
    struct tha_scenario *scenario = read_good(two_carriers, print_steps(buf, 10000));

    ck_assert_uint_eq(scenario->n_steps, 10000);
    for (unsigned i = 0; i < 10000; i++) {
        const struct tha_scenario_step *step = &scenario->steps[i];

        ck_assert_uint_eq(step->at_ms, i / 4 * 1000);
        ck_assert_uint_eq(step->line, 10000 - (i / 4 * 4 + 3 - i % 4)); /* of one moment: the first in the file first */
        ck_assert_str_eq(step->whom[0], step->line % 2 ? "b" : "a");
    }
    tha_scenario_free(scenario);

    expect_message(two_carriers, print_steps(buf, 10001), "\"steps\" has 10001 entries; at most 10000 are allowed");
}
END_TEST

/* ---- The ready scenarios */

static const char *read_file(const char *name, char *buf)
{
    char path[512];
    FILE *stream;
    size_t len;

    snprintf(path, sizeof(path), "%s/%s", EXAMPLES, name);
    stream = fopen(path, "r");
    ck_assert_msg(stream != NULL, "%s", path);
    len = fread(buf, 1, TEXT_SIZE - 1, stream);
    buf[len] = '\0';
    fclose(stream);

    return buf;
}

START_TEST(ready_scenarios_fit_the_example_configuration)
{
    static const char *const names[] = {"blackout",    "brownout",    "503-storm", "flapping-link",
                                        "local-fault", "maintenance", "dns-move"};
    static char config[TEXT_SIZE], json[TEXT_SIZE];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        bool is_by_name = !strcmp(names[i], "dns-move");
        struct tha_scenario *scenario;
        char file[64];

        snprintf(file, sizeof(file), "scenarios/%s.json", names[i]);
        read_file(is_by_name ? "scenarios/dns-move-trunks.json" : "trunks.json", config);
        scenario = read_good(config, read_file(file, json));
        ck_assert_str_eq(scenario->name, names[i]);
        ck_assert(*scenario->about && scenario->n_steps && scenario->n_loads == 1);
        ck_assert_uint_le(scenario->duration_ms, 3600 * 1000);
        tha_scenario_free(scenario);
    }
}
END_TEST

SUITE("scenario", words_mean_the_groups_of_the_first_profile, ids_outrank_words_and_addresses,
      without_a_second_group_there_is_no_secondary, without_profiles_in_the_file_calls_go_to_the_first_group,
      scenario_may_be_merely_checked, no_scenario_is_released_without_harm, ten_thousand_steps_are_read_and_not_one_more,
      ready_scenarios_fit_the_example_configuration)
