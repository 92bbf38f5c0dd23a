#include <string.h>

#include "../suite.h"
#include "core/dns.h"
#include "sim/scenario.h"
#include "trunkha.h"

static const struct tha_scenario scenario = {.rtt_ms = 20};

#define WHOM(...)                                                                                                           \
    .whom = (const char *const[]){__VA_ARGS__}, .n_whom = sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *)
#define MANNER(...) .kind = THA_STEP_MANNER, .of = THA_CONDUCT_OF_BOTH, .manner = {.rtt_ms = 20, __VA_ARGS__}

static void assert_says(const struct tha_scenario_step *step, const char *expected)
{
    char text[256];

    tha_scenario_describe(&scenario, step, text, sizeof(text));
    ck_assert_str_eq(text, expected);
}

START_TEST(what_carriers_do)
{
    assert_says(&(struct tha_scenario_step){WHOM("a"), MANNER(0)}, "a: well");
    assert_says(&(struct tha_scenario_step){WHOM("a", "b1"), MANNER(.conduct = THA_CONDUCT_SILENT)}, "a, b1: silent");
    assert_says(&(struct tha_scenario_step){MANNER(.conduct = THA_CONDUCT_REFUSED)}, "all: refused");
    assert_says(&(struct tha_scenario_step){MANNER(.conduct = THA_CONDUCT_MUTE, .loss_permille = 25)},
                "all: mute, loss 2.5 %");
    assert_says(&(struct tha_scenario_step){MANNER(.conduct = THA_CONDUCT_CODE, .code = 503, .retry_after_s = 30)},
                "all: code 503, retryAfter 30 s");
    assert_says(&(struct tha_scenario_step){MANNER(.loss_permille = 300)}, "all: loss 30 %");
}
END_TEST

START_TEST(another_round_trip_is_told)
{
    struct tha_scenario_step step = {MANNER(0)};

    step.manner.rtt_ms = 1500;
    assert_says(&step, "all: slow, rtt 1.5 s");
    step.manner.loss_permille = 300;
    assert_says(&step, "all: loss 30 %, rtt 1.5 s");
}
END_TEST

START_TEST(to_probes_or_calls_only)
{
    struct tha_scenario_step step = {MANNER(.conduct = THA_CONDUCT_SILENT, .down_ms = 5000, .up_ms = 500)};

    step.of = THA_CONDUCT_OF_CALLS;
    assert_says(&step, "all: flapping as silent, down 5 s, up 0.5 s, of calls");
    step.of = THA_CONDUCT_OF_PROBES;
    assert_says(&step, "all: flapping as silent, down 5 s, up 0.5 s, of probes");
}
END_TEST

START_TEST(an_address_of_all_ports_is_told_without_one)
{
    assert_says(&(struct tha_scenario_step){WHOM("192.0.2.1:0", "192.0.2.1:5070", "[2001:db8::1]:0", "a:0"), MANNER(0)},
                "192.0.2.1, 192.0.2.1:5070, [2001:db8::1], a:0: well");
}
END_TEST

START_TEST(what_names_come_to)
{
    const struct tha_addr addresses[] = {{.family = 4, .ip = {192, 0, 2, 1}},
                                         {.family = 4, .ip = {192, 0, 2, 2}, .port = 5070}};

    assert_says(
        &(struct tha_scenario_step){.kind = THA_STEP_ADDRESS, .name = "a.example", .addresses = addresses, .n_addresses = 2},
        "a.example: dns 192.0.2.1, 192.0.2.2:5070");
    assert_says(&(struct tha_scenario_step){.kind = THA_STEP_ADDRESS, .name = "a.example"}, "a.example: dns none");
    assert_says(&(struct tha_scenario_step){.kind = THA_STEP_DNS, .dns = THA_DNS_SILENT}, "dnsSilent");
    assert_says(&(struct tha_scenario_step){.kind = THA_STEP_DNS, .dns = THA_DNS_FAILED}, "dnsFails");
    assert_says(&(struct tha_scenario_step){.kind = THA_STEP_DNS, .dns = THA_DNS_ANSWERED}, "dnsWell");
}
END_TEST

START_TEST(what_the_operator_does_and_our_own_line)
{
    assert_says(
        &(struct tha_scenario_step){.kind = THA_STEP_ADMIN, .admin = TRUNKHA_ADMIN_DRAINING, WHOM("a"), .for_ms = 60000},
        "a: drain for 60 s");
    assert_says(&(struct tha_scenario_step){.kind = THA_STEP_ADMIN, .admin = TRUNKHA_ADMIN_DISABLED, WHOM("a")},
                "a: disable");
    assert_says(&(struct tha_scenario_step){.kind = THA_STEP_ADMIN, .admin = TRUNKHA_ADMIN_ENABLED}, "all: enable");
    assert_says(&(struct tha_scenario_step){.kind = THA_STEP_HOME, .is_cut = true}, "homeCut");
    assert_says(&(struct tha_scenario_step){.kind = THA_STEP_HOME}, "homeMended");
    assert_says(&(struct tha_scenario_step){.kind = THA_STEP_FAILBACK, .name = "RP"}, "RP: failback");
}
END_TEST

START_TEST(what_finds_no_room_is_left_out)
{
    const struct tha_scenario_step step = {WHOM("carrier-a", "carrier-b"), MANNER(.conduct = THA_CONDUCT_SILENT)};
    char text[14];

    tha_scenario_describe(&scenario, &step, text, sizeof(text));
    ck_assert_str_eq(text, "carrier-a, ca");
}
END_TEST

SUITE("scenario_text", what_carriers_do, another_round_trip_is_told, to_probes_or_calls_only,
      an_address_of_all_ports_is_told_without_one, what_names_come_to, what_the_operator_does_and_our_own_line,
      what_finds_no_room_is_left_out)
