/* The catalogue: every rule explains itself, with examples that are true. */
#include <stdio.h>
#include <string.h>

#include "../config/cases.h"
#include "../config/zone.h"
#include "../suite.h"
#include "config/catalogue.h"
#include "config/finding.h"

/** What snippets stand in: two carriers, unless they bring their own. */
static const char groups[] = "\"trunkGroups\": [{\"id\": \"carrier-a\", \"sipAddress\": \"sip.carrier-a.example\"},"
                             "{\"id\": \"carrier-b\", \"sipAddress\": \"sip.carrier-b.example\"}]";

static const char dns[] = "sip.carrier-a.example 192.0.2.1 60\n"
                          "sip.carrier-b.example 198.51.100.1 60\n"
                          "ams.carrier-a.example 192.0.2.1 60\n"
                          "fra.carrier-a.example 203.0.113.1 60\n"
                          "out.carrier-a.example 192.0.2.1 60\n"
                          "in.carrier-a.example 192.0.2.2 60\n"
                          "one-edge.carrier-a.example 192.0.2.1 60 edge.wholesale.example\n"
                          "one-edge.carrier-b.example 198.51.100.1 60 edge.wholesale.example\n"
                          "gone.carrier-a.example NO_NAME\n";

static struct text findings;

static const char *lint(const char *snippet)
{
    struct zone zone = {.lines = dns};
    struct tha_config_resolver resolver = zone_resolver(&zone);
    struct tha_config_wish wish = {.lints = true, .resolver = &resolver};
    bool is_whole = strstr(snippet, "\"trunkGroups\"");
    char json[4096];

    snprintf(json, sizeof(json), is_whole ? "{%s%s}" : "{%s, %s}", is_whole ? "" : groups, snippet);
    findings.len = 0;
    findings.bytes[0] = '\0';
    tha_config_read_as(&tha_mem_default, json, strlen(json), &wish, text_add_finding, &findings, NULL);

    return findings.bytes;
}

START_TEST(every_rule_has_all_its_texts)
{
    const struct tha_config_rule *rule;
    uint32_t n = 0;
    char code[8];

    while ((rule = tha_config_get_rule(++n))) {
        snprintf(code, sizeof(code), "TH%03u", n);
        ck_assert_str_eq(rule->code, code);
        ck_assert(*rule->slug && *rule->summary && *rule->why && *rule->fix && *rule->bad && *rule->good);
        ck_assert_ptr_eq(tha_config_find_rule(rule->code), rule);
        ck_assert_ptr_eq(tha_config_find_rule(rule->slug), rule);
    }
    ck_assert_uint_eq(n, THA_CODES);
    ck_assert_ptr_null(tha_config_get_rule(0));
    ck_assert_ptr_null(tha_config_get_rule(UINT32_MAX));
    ck_assert_ptr_null(tha_config_find_rule("TH000"));
}
END_TEST

START_TEST(bad_snippet_is_found_out)
{
    for (uint32_t code = 1; code < THA_CODE_FIRST_OF_RECORDINGS; code++) {
        const struct tha_config_rule *rule = tha_config_get_rule(code);

        ck_assert_msg(strstr(lint(rule->bad), rule->code), "%s: %s", rule->code, findings.bytes);
    }
}
END_TEST

START_TEST(good_snippet_is_left_alone)
{
    for (uint32_t code = 1; code < THA_CODE_FIRST_OF_RECORDINGS; code++) {
        const struct tha_config_rule *rule = tha_config_get_rule(code);
        const char *text = lint(rule->good);
        bool is_event = strstr(rule->good, "eventStreams"); /* not supported yet */

        ck_assert_msg(is_event ? !strstr(text, " warning ") : !*text, "%s: %s", rule->code, text);
    }
}
END_TEST

START_TEST(example_of_the_documents_is_clean)
{
    static struct text example;
    struct tha_config_wish wish = {.lints = true};
    FILE *file = fopen(EXAMPLES "/trunks.json", "r");

    ck_assert_ptr_nonnull(file);
    example.len = fread(example.bytes, 1, TEXT_SIZE, file);
    fclose(file);
    findings.len = 0;
    ck_assert_int_eq(
        tha_config_read_as(&tha_mem_default, example.bytes, example.len, &wish, text_add_finding, &findings, NULL), 0);
    ck_assert_msg(!findings.len, "%s", findings.bytes);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {every_rule_has_all_its_texts, bad_snippet_is_found_out, good_snippet_is_left_alone,
                                  example_of_the_documents_is_clean};

    cases_set_environment();

    return run_suite("lint catalogue", tests, sizeof(tests) / sizeof(tests[0]));
}
