/* Recordings, read: whole or not at all, and findings with line numbers. */
#include "config/catalogue.h"
#include "config/config.h"
#include "config/finding.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../suite.h"
#include "sim/recording.h"

#define HEADER "{\"trunkha\":\"0.4.0\",\"format\":1,\"started\":1678902451230,\"seed\":\"00c0ffee12345678\"}\n"
#define LOAD                                                                                                                \
    "{\"at\":0,\"in\":\"load\",\"trunks\":1}\n"                                                                             \
    "{\"at\":0,\"in\":\"trunk\",\"joined\":true,\"trunk\":\"a1\",\"schedule\":\"0123456789abcdef\"}\n"
#define A1 "\"trunk\":\"a1\",\"target\":\"udp:192.0.2.1:5060\""

/** One line of every kind. */
static const char all[] = HEADER LOAD
    "{\"at\":1,\"in\":\"start\"}\n"
    "{\"at\":2,\"in\":\"turn\",\"due\":1}\n"
    "{\"at\":3,\"in\":\"probe\"," A1 "}\n"
    "{\"at\":4,\"in\":\"evidence\",\"joined\":true," A1 ",\"kind\":\"answered\",\"code\":200,\"rtt\":850}\n"
    "{\"at\":5,\"in\":\"evidence\"," A1
    ",\"kind\":\"refused\",\"error\":\"ECONNREFUSED\",\"detail\":\"a \\u0022b\\u0022\"}\n"
    "{\"at\":6,\"in\":\"closed\"," A1 "}\n"
    "{\"at\":6,\"in\":\"closed\"," A1 ",\"kind\":\"tlsFailed\",\"detail\":\"certificate has expired\"}\n"
    "{\"at\":7,\"in\":\"call\"," A1
    ",\"kind\":\"failed\",\"profile\":\"out\",\"result\":\"failed\",\"flags\":4,\"weight\":2,"
    "\"why\":1,\"attempt\":1,\"code\":503,\"cause\":34,\"cool\":5000,\"age\":120,\"duration\":110,\"postDial\":3,\"calls\":"
    "7}\n"
    "{\"at\":8,\"in\":\"request\",\"from\":\"tcp:[2001:db8::1]:5062\"}\n"
    "{\"at\":9,\"in\":\"abilities\"," A1 ",\"methods\":3,\"options\":32768,\"codecs\":5}\n"
    "{\"at\":10,\"in\":\"finding\"," A1 ",\"event\":\"telephony.trunks.natDetected\",\"detail\":\"seen elsewhere\"}\n"
    "{\"at\":11,\"in\":\"answer\",\"type\":\"A\",\"name\":\"a.example\",\"outcome\":\"answered\","
    "\"records\":[{\"ttl\":60,\"address\":\"udp:192.0.2.1:0\"}]}\n"
    "{\"at\":12,\"in\":\"answer\",\"type\":\"SRV\",\"name\":\"_sip._udp.a.example\",\"outcome\":\"answered\","
    "\"records\":[{\"ttl\":60,\"priority\":1,\"weight\":2,\"port\":5060,\"target\":\"b.example\"}]}\n"
    "{\"at\":13,\"in\":\"answer\",\"type\":\"NAPTR\",\"name\":\"a.example\",\"outcome\":\"answered\",\"records\":[{\"ttl\":"
    "60,"
    "\"order\":1,\"preference\":2,\"flags\":\"s\",\"service\":\"SIP+D2U\",\"replacement\":\"_sip._udp.a.example\"}]}\n"
    "{\"at\":14,\"in\":\"answer\",\"type\":\"A\",\"name\":\"a.example\",\"outcome\":\"failed\",\"rcode\":2,\"negativeTtl\":"
    "9}\n"
    "{\"at\":15,\"in\":\"refresh\"}\n"
    "{\"at\":16,\"in\":\"admin\",\"trunk\":\"a1\",\"admin\":\"disabled\",\"reason\":\"LICENSE_ISSUE\",\"for\":60000}\n"
    "{\"at\":17,\"in\":\"failback\",\"profile\":\"out\"}\n"
    "{\"at\":18,\"in\":\"told\",\"event\":\"telephony.trunks.stateChange\",\"entity\":\"a1\",\"state\":\"DOWN\","
    "\"previous\":\"AVAILABLE\",\"reason\":\"KEEPALIVE_FAILURE\"}\n"
    "{\"at\":19,\"in\":\"stop\"}\n";

struct hook {
    long until_failure;
    long alive;
};

static struct tha_trunk_model trunks[] = {
    {.id = "a1", .uri = "sip:192.0.2.1"}, {.id = "b1", .uri = "sip:192.0.2.2"}, {.id = "carrier-a", .uri = "sip:192.0.2.3"}};
static struct tha_model model = {.trunks = trunks, .n_trunks = 3};

static struct hook hook;
static unsigned n_findings, last_line;
static uint32_t last_severity;
static char last_code[8], last_message[256], last_fix[256];

static void *counting_realloc(void *ptr, size_t size, void *user_data)
{
    struct hook *counts = user_data;

    if (!size) {
        counts->alive -= ptr != NULL;
        free(ptr);
        return NULL;
    }
    if (counts->until_failure-- <= 0)
        return NULL;
    counts->alive += ptr == NULL;

    return realloc(ptr, size);
}

static void on_finding(const trunkha_finding *finding, void *user_data)
{
    (void)user_data;
    n_findings++;
    last_line = finding->line;
    snprintf(last_code, sizeof(last_code), "%s", finding->code);
    snprintf(last_message, sizeof(last_message), "%s", finding->message);
    snprintf(last_fix, sizeof(last_fix), "%s", finding->fix);
    last_severity = finding->severity;
}

static int read_with(const char *text, size_t len, long n_good, struct tha_recording **ret_recording)
{
    const struct tha_mem mem = {counting_realloc, &hook};

    hook = (struct hook){n_good, 0};
    n_findings = 0;

    return tha_config_read_recording(&mem, text, len, &model, on_finding, NULL, ret_recording);
}

static struct tha_recording *read_good(const char *text)
{
    struct tha_recording *recording = NULL;
    int err = read_with(text, strlen(text), INT32_MAX, &recording);

    ck_assert_msg(!err, "%d, line %u: %s", err, last_line, last_message);

    return recording;
}

static void refuse(const char *text, unsigned line, const char *code)
{
    struct tha_recording *untouched = (struct tha_recording *)&hook, *recording = untouched;

    ck_assert_int_eq(read_with(text, strlen(text), INT32_MAX, &recording), TRUNKHA_ERR_CONFIG);
    ck_assert_ptr_eq(recording, untouched);
    ck_assert_int_eq(hook.alive, 0);
    ck_assert_uint_ge(n_findings, 1);
    ck_assert_msg(last_line == line && !strcmp(last_code, code), "line %u, %s: %s", last_line, last_code, last_message);
}

static const struct tha_recorded_input *input_at(const struct tha_recording *recording, uint64_t at_ms)
{
    for (uint32_t i = 0; i < recording->n_inputs; i++) {
        if (recording->inputs[i].at_ms == at_ms)
            return &recording->inputs[i];
    }
    ck_abort_msg("nothing happened then");
}

START_TEST(header_says_when_by_whom_and_with_which_seed)
{
    struct tha_recording *recording = read_good(all);

    ck_assert_int_eq(recording->started_unix_ms, 1678902451230);
    ck_assert_str_eq(recording->version, "0.4.0");
    ck_assert(recording->seed == UINT64_C(0x00c0ffee12345678));
    ck_assert_uint_eq(recording->n_loads, 1);
    ck_assert_uint_eq(recording->n_inputs, 22);
    ck_assert(!recording->is_cut);
    tha_recording_free(recording);
    ck_assert_int_eq(hook.alive, 0);
}
END_TEST

START_TEST(targets_and_questions_are_kept_once)
{
    struct tha_recording *recording = read_good(all);

    ck_assert_uint_eq(recording->n_targets, 2); /* with and without an address */
    ck_assert_uint_eq(recording->n_questions, 3);
    ck_assert_uint_eq(input_at(recording, 3)->target, input_at(recording, 4)->target);
    ck_assert_uint_eq(input_at(recording, 11)->dns.question, input_at(recording, 14)->dns.question);
    ck_assert_str_eq(recording->questions[input_at(recording, 12)->dns.question]->name, "_sip._udp.a.example");
    tha_recording_free(recording);
}
END_TEST

START_TEST(probes_and_their_evidence_are_read)
{
    struct tha_recording *recording = read_good(all);
    const struct tha_recorded_input *input = input_at(recording, 4);

    ck_assert(input->is_joined);
    ck_assert_uint_eq(input->evidence.kind, THA_EVIDENCE_ANSWERED);
    ck_assert_uint_eq(input->evidence.code, 200);
    ck_assert_uint_eq(input->evidence.rtt_us, 850);
    ck_assert_ptr_null(input->evidence.detail);

    input = input_at(recording, 5);
    ck_assert(!input->is_joined);
    ck_assert_int_eq(input->evidence.system_error, ECONNREFUSED);
    ck_assert_str_eq(input->evidence.detail, "a \"b\"");
    ck_assert(!input_at(recording, 6)->has_evidence);
    ck_assert((input_at(recording, 6) + 1)->has_evidence);
    ck_assert_uint_eq((input_at(recording, 6) + 1)->evidence.kind, THA_EVIDENCE_TLS_FAILED);
    tha_recording_free(recording);
}
END_TEST

START_TEST(calls_are_read)
{
    struct tha_recording *recording = read_good(all);
    const struct tha_recorded_call *call = input_at(recording, 7)->call;

    ck_assert_uint_eq(call->news.kind, THA_NEWS_FAILED);
    ck_assert_uint_eq(call->news.result, TRUNKHA_CALL_FAILED);
    ck_assert_uint_eq(call->news.flags, THA_NEWS_TRIAL);
    ck_assert_uint_eq(call->news.weight, THA_WEIGHT_HARD);
    ck_assert_uint_eq(call->news.code, 503);
    ck_assert_uint_eq(call->news.q850_cause, 34);
    ck_assert_uint_eq(call->news.cool_ms, 5000);
    ck_assert_uint_eq(call->age_ms, 120);
    ck_assert_uint_eq(call->active_calls, 7);
    ck_assert_str_eq(call->profile_id, "out");
    tha_recording_free(recording);
}
END_TEST

START_TEST(answers_of_the_dns_are_read)
{
    struct tha_recording *recording = read_good(all);
    const struct tha_dns_answer *answer = input_at(recording, 11)->dns.answer;

    ck_assert_uint_eq(answer->n_records, 1);
    ck_assert_uint_eq(answer->records[0].ttl_s, 60);
    ck_assert_uint_eq(answer->records[0].addr.ip[0], 192);
    answer = input_at(recording, 12)->dns.answer;
    ck_assert_uint_eq(answer->records[0].srv.port, 5060);
    ck_assert_str_eq(answer->records[0].srv.target, "b.example");
    answer = input_at(recording, 13)->dns.answer;
    ck_assert_str_eq(answer->records[0].naptr.service, "SIP+D2U");
    answer = input_at(recording, 14)->dns.answer;
    ck_assert_uint_eq(answer->outcome, THA_DNS_FAILED);
    ck_assert_uint_eq(answer->rcode, 2);
    ck_assert_uint_eq(answer->negative_ttl_s, 9);
    tha_recording_free(recording);
}
END_TEST

START_TEST(the_rest_is_read)
{
    struct tha_recording *recording = read_good(all);

    ck_assert(input_at(recording, 0)[1].trunk.schedule == UINT64_C(0x0123456789abcdef));
    ck_assert_uint_eq(input_at(recording, 2)->due_ms, 1);
    ck_assert(input_at(recording, 3)->due_ms == UINT64_MAX);
    ck_assert_uint_eq(input_at(recording, 8)->from->port, 5062);
    ck_assert_uint_eq(input_at(recording, 9)->abilities.codecs, 5);
    ck_assert_uint_eq(input_at(recording, 10)->finding.event_type, TRUNKHA_EVENT_NAT_DETECTED);
    ck_assert_uint_eq(input_at(recording, 15)->kind, THA_INPUT_REFRESH);
    ck_assert_uint_eq(input_at(recording, 16)->admin.admin, TRUNKHA_ADMIN_DISABLED);
    ck_assert_uint_eq(input_at(recording, 16)->admin.for_ms, 60000);
    ck_assert_str_eq(input_at(recording, 17)->profile_id, "out");
    ck_assert_uint_eq(input_at(recording, 18)->told->health, TRUNKHA_HEALTH_DOWN);
    ck_assert_str_eq(input_at(recording, 18)->told->entity_id, "a1");
    tha_recording_free(recording);
}
END_TEST

START_TEST(last_line_that_is_not_whole_is_left_out)
{
    struct tha_recording *recording = read_good(HEADER LOAD "{\"at\":1,\"in\":\"sta");

    ck_assert(recording->is_cut);
    ck_assert_uint_eq(recording->n_inputs, 2);
    tha_recording_free(recording);
    ck_assert_int_eq(hook.alive, 0);

    recording = read_good(HEADER LOAD "{\"at\":1,\"in\":\"start\"}"); /* only its line feed is missing */
    ck_assert(!recording->is_cut);
    ck_assert_uint_eq(recording->n_inputs, 3);
    tha_recording_free(recording);
}
END_TEST

START_TEST(every_cut_of_a_recording_is_read_or_refused_in_its_first_lines)
{
    struct tha_recording *recording;

    for (size_t len = 0; len < sizeof(all); len++) {
        int err = read_with(all, len, INT32_MAX, &recording);

        if (!err)
            tha_recording_free(recording);
        else
            ck_assert_uint_le(last_line, 3);
        ck_assert_int_eq(hook.alive, 0);
        ck_assert_msg(!err || len < strlen(HEADER LOAD), "%zu bytes: line %u: %s", len, last_line, last_message);
    }
}
END_TEST

START_TEST(what_is_no_recording_is_refused_in_its_first_line)
{
    refuse("", 1, "TH051");
    refuse("\n", 1, "TH001");
    refuse("hello\n", 1, "TH001");
    refuse("[]\n", 1, "TH001");
    refuse("{\"trunkGroups\":[]}\n", 1, "TH007");
    refuse("{\"trunkha\":\"9.0.0\",\"format\":2,\"seed\":\"00c0ffee12345678\"}\n" LOAD, 1, "TH006");
    refuse("{\"trunkha\":\"0.4.0\",\"format\":1,\"seed\":\"xyz\"}\n" LOAD, 1, "TH006");
    refuse("{\"trunkha\":\"0.4.0\",\"format\":1,\"started\":-1,\"seed\":\"00c0ffee12345678\"}\n" LOAD, 1, "TH005");
    ck_assert_uint_eq(n_findings, 1);
}
END_TEST

static void expect_words(const char *text, const char *message, const char *fix)
{
    struct tha_recording *recording;

    ck_assert_int_eq(read_with(text, strlen(text), INT32_MAX, &recording), TRUNKHA_ERR_CONFIG);
    ck_assert_uint_eq(n_findings, 1);
    ck_assert_msg(strstr(last_message, message), "%s", last_message);
    ck_assert_msg(strstr(last_fix, fix), "%s", last_fix);
}

START_TEST(what_is_wrong_with_all_of_it_is_told_in_words)
{
    expect_words("", "is empty", "run --record");
    expect_words("hello\n", "this is no recording", "run --record");
    expect_words("{\"trunkha\":\"0.4.0\",\"for", "this is no recording", "run --record");
    expect_words("{\"trunkGroups\":[]}\n", "this is no recording", "run --record");
    expect_words("{\"trunkha\":\"9.1.0\",\"format\":2,\"seed\":\"00c0ffee12345678\"}\n" LOAD,
                 "format 2, written by release 9.1.0", "the release that wrote it");
    expect_words(HEADER, "before a configuration was loaded", "record anew");
}
END_TEST

START_TEST(recording_that_breaks_off_is_warned_of)
{
    struct tha_recording *recording = read_good(HEADER LOAD "{\"at\":1,\"in\":\"sta");

    ck_assert_uint_eq(n_findings, 1);
    ck_assert_uint_eq(last_line, 4);
    ck_assert_uint_eq(last_severity, TRUNKHA_SEVERITY_WARNING);
    ck_assert_msg(strstr(last_message, "breaks off"), "%s", last_message);
    ck_assert_str_eq(last_code, "TH049");
    tha_recording_free(recording);
}
END_TEST

#define C1 "{\"at\":0,\"in\":\"trunk\",\"joined\":true,\"trunk\":\"c1\",\"schedule\":\"0123456789abcdef\"}\n"

START_TEST(trunk_that_is_not_configured_is_warned_of_once)
{
    struct tha_recording *recording = read_good(HEADER LOAD C1 LOAD C1);

    ck_assert_uint_eq(n_findings, 1);
    ck_assert_uint_eq(last_line, 4);
    ck_assert_uint_eq(last_severity, TRUNKHA_SEVERITY_WARNING);
    ck_assert_str_eq(last_code, "TH050");
    ck_assert_str_eq(last_message, "the configuration has no trunk \"c1\"");
    ck_assert_uint_eq(recording->n_inputs, 6);
    tha_recording_free(recording);
}
END_TEST

START_TEST(recording_of_other_trunks_only_is_refused)
{
    struct tha_recording *recording;
    const char *text = HEADER "{\"at\":0,\"in\":\"load\",\"trunks\":1}\n" C1;

    ck_assert_int_eq(read_with(text, strlen(text), INT32_MAX, &recording), TRUNKHA_ERR_CONFIG);
    ck_assert_uint_eq(n_findings, 2); /* the trunk, and all of it */
    ck_assert_int_eq(hook.alive, 0);
    tha_recording_free(read_good(HEADER LOAD)); /* one that it has is enough */
}
END_TEST

START_TEST(bad_line_is_named_by_its_number)
{
    refuse(HEADER LOAD "rubbish\n{\"at\":1,\"in\":\"stop\"}\n", 4, "TH001");
    refuse(HEADER LOAD "\n{\"at\":1,\"in\":\"stop\"}\n", 4, "TH001");
    refuse(HEADER LOAD "{\"at\":1,\"in\":\"surprise\"}\n", 4, "TH006");
    refuse(HEADER LOAD "{\"at\":1}\n", 4, "TH006");
    refuse(HEADER LOAD "{\"in\":\"stop\"}\n", 4, "TH007");
    refuse(HEADER LOAD "{\"at\":\"1\",\"in\":\"stop\"}\n", 4, "TH004");
    refuse(HEADER LOAD "{\"at\":-1,\"in\":\"stop\"}\n", 4, "TH005");
    refuse(HEADER LOAD "{\"at\":9000000000000000,\"in\":\"stop\"}\n", 4, "TH005");
    refuse(HEADER LOAD "{\"at\":5,\"in\":\"refresh\"}\n{\"at\":4,\"in\":\"stop\"}\n", 5, "TH005");
    refuse(HEADER LOAD "{\"at\":5,\"in\":\"turn\",\"due\":6}\n", 4, "TH005");
    refuse(HEADER LOAD "{\"at\":1,\"in\":\"probe\"}\n", 4, "TH007");
    refuse(HEADER LOAD "{\"at\":1,\"in\":\"probe\",\"trunk\":\"a1\",\"target\":\"192.0.2.1\"}\n", 4, "TH006");
    refuse(HEADER LOAD "{\"at\":1,\"in\":\"probe\",\"trunk\":1}\n", 4, "TH004");
    refuse(HEADER LOAD "{\"at\":1,\"in\":\"evidence\"," A1 ",\"kind\":\"bored\"}\n", 4, "TH006");
    refuse(HEADER LOAD "{\"at\":1,\"in\":\"evidence\"," A1 ",\"kind\":\"answered\",\"code\":700}\n", 4, "TH005");
    refuse(HEADER LOAD "{\"at\":1,\"in\":\"call\"," A1 ",\"kind\":\"failed\",\"weight\":256}\n", 4, "TH005");
    refuse(HEADER LOAD "{\"at\":1,\"in\":\"answer\",\"type\":\"MX\",\"name\":\"a\",\"outcome\":\"silent\"}\n", 4, "TH006");
    refuse(HEADER LOAD "{\"at\":1,\"in\":\"request\"}\n", 4, "TH006");
}
END_TEST

START_TEST(every_bad_line_is_told)
{
    refuse(HEADER LOAD "1\n2\n{\"at\":1,\"in\":\"stop\"}\n3\n", 7, "TH001");
    ck_assert_uint_eq(n_findings, 3);
}
END_TEST

START_TEST(too_long_a_line_is_refused)
{
    static char text[1024 * 1024];

    memset(text, ' ', sizeof(text) - 1);
    memcpy(text, HEADER LOAD "{", strlen(HEADER LOAD "{"));
    strcpy(text + sizeof(text) - 30, "\"at\":1,\"in\":\"stop\"}\n");
    refuse(text, 4, "TH014");
    *strrchr(text, '\n') = '\0'; /* nor is it taken for a line that was cut */
    refuse(text, 4, "TH014");
}
END_TEST

START_TEST(recording_without_a_load_is_refused)
{
    refuse(HEADER "{\"at\":1,\"in\":\"start\"}\n", 2, "TH051");
}
END_TEST

START_TEST(reading_survives_any_failing_allocation)
{
    struct tha_recording *untouched = (struct tha_recording *)&hook, *recording = untouched;
    long n = 0;
    int err;

    while ((err = read_with(all, strlen(all), n++, &recording)) == TRUNKHA_ERR_NOMEM) {
        ck_assert_ptr_eq(recording, untouched);
        ck_assert_int_eq(hook.alive, 0);
        ck_assert_uint_eq(n_findings, 0);
    }
    ck_assert_int_eq(err, 0);
    ck_assert_int_ge(n, 8);
    tha_recording_free(recording);
    ck_assert_int_eq(hook.alive, 0);
}
END_TEST

static uint32_t random_below(uint32_t limit)
{
    static uint32_t x = 2463534242U;

    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;

    return x % limit;
}

START_TEST(random_damage_is_read_or_refused)
{
    char text[sizeof(all)];
    struct tha_recording *recording;
    unsigned n_read = 0, n_refused = 0;

    for (int i = 0; i < 20000; i++) {
        memcpy(text, all, sizeof(text));
        for (uint32_t n = 1 + random_below(3); n; n--)
            text[random_below(sizeof(text) - 1)] =
                random_below(4) ? all[random_below(sizeof(all) - 1)] : (char)random_below(256);
        if (read_with(text, sizeof(text) - 1, INT32_MAX, &recording)) {
            n_refused++;
        } else {
            n_read++;
            tha_recording_free(recording);
        }
        ck_assert_int_eq(hook.alive, 0);
    }
    ck_assert_uint_gt(n_read, 0);
    ck_assert_uint_gt(n_refused, 0);
}
END_TEST

START_TEST(words_of_errors_are_read_back)
{
    ck_assert_int_eq(tha_recording_error(tha_recording_error_word(EHOSTUNREACH)), EHOSTUNREACH);
    ck_assert_int_eq(tha_recording_error(tha_recording_error_word(EXDEV)), EIO);
    ck_assert_int_eq(tha_recording_error("ESOMETHING"), EIO);
}
END_TEST

/** An example of the catalogue: a whole recording, or the line after a load. */
static int read_example(const char *example, const char *after)
{
    struct tha_recording *recording = NULL;
    char text[1024];
    int err;

    snprintf(text, sizeof(text), "%s%s%s", strstr(example, "\"trunkha\"") ? "" : HEADER LOAD, example, after);
    err = read_with(text, strlen(text), INT32_MAX, &recording);
    tha_recording_free(recording);

    return err;
}

START_TEST(examples_of_the_catalogue_are_true)
{
    for (uint32_t code = THA_CODE_FIRST_OF_RECORDINGS; code < THA_CODES; code++) {
        const struct tha_config_rule *rule = tha_config_get_rule(code);
        int err = read_example(rule->bad, "");

        ck_assert_int_eq(err, rule->severity == TRUNKHA_SEVERITY_ERROR ? TRUNKHA_ERR_CONFIG : 0);
        ck_assert_uint_eq(n_findings, 1);
        ck_assert_str_eq(last_code, rule->code);
        ck_assert_int_eq(read_example(rule->good, "\n"), 0);
        ck_assert_uint_eq(n_findings, 0);
    }
}
END_TEST

static const struct tha_keepalive usual = {.enabled = true, .interval_ms = 30000, .timeout_ms = 3000};
static uint32_t hold_down_ms;

static uint64_t schedule_of(struct tha_keepalive keepalive)
{
    const struct tha_trunk_model trunk = {.id = "a1", .uri = "sip:192.0.2.1", .keepalive = &keepalive};

    return tha_recording_schedule(&trunk);
}

static uint64_t judging_of(struct tha_keepalive keepalive)
{
    static const uint32_t group = 0;
    struct tha_trunk_model trunk = {.id = "a1", .uri = "sip:192.0.2.1", .keepalive = &keepalive};
    struct tha_profile_model profile = {.groups = &group, .n_groups = 1, .hold_down_ms = hold_down_ms};
    const struct tha_model one = {.trunks = &trunk, .n_trunks = 1, .profiles = &profile, .n_profiles = 1};

    return tha_recording_judging(&one, 0);
}

START_TEST(only_intervals_and_address_are_part_of_the_schedule)
{
    struct tha_keepalive judged = usual, hasty = usual, patient = usual;

    judged.max_failed_attempts = 7;
    judged.degraded_rtt_ms = 100;
    judged.damping.window_ms = 5;
    tha_codes_put(&judged.failing, 404, true);
    ck_assert(schedule_of(usual) == schedule_of(judged));
    hasty.interval_ms = 10000;
    ck_assert(schedule_of(usual) != schedule_of(hasty));
    patient.timeout_ms = 5000;
    ck_assert(schedule_of(usual) != schedule_of(patient));
}
END_TEST

START_TEST(whatever_makes_a_state_is_part_of_the_judging)
{
    struct tha_keepalive others[] = {usual, usual, usual, usual, usual};
    uint64_t judging = judging_of(usual);

    others[0].max_failed_attempts = 7;
    others[1].recovery_attempts = 7;
    others[2].degraded_rtt_ms = 100;
    others[3].damping.window_ms = 5;
    tha_codes_put(&others[4].failing, 404, true);
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        ck_assert_msg(judging_of(others[i]) != judging, "%zu", i);
    hold_down_ms = 60000;
    ck_assert(judging_of(usual) != judging);
    hold_down_ms = 0;
    others[0] = usual;
    others[0].text.user_agent = "sbc";
    ck_assert(judging_of(others[0]) == judging);
}
END_TEST

SUITE("recording", header_says_when_by_whom_and_with_which_seed, targets_and_questions_are_kept_once,
      probes_and_their_evidence_are_read, calls_are_read, answers_of_the_dns_are_read, the_rest_is_read,
      last_line_that_is_not_whole_is_left_out, every_cut_of_a_recording_is_read_or_refused_in_its_first_lines,
      what_is_no_recording_is_refused_in_its_first_line, what_is_wrong_with_all_of_it_is_told_in_words,
      recording_that_breaks_off_is_warned_of, trunk_that_is_not_configured_is_warned_of_once,
      recording_of_other_trunks_only_is_refused, bad_line_is_named_by_its_number, every_bad_line_is_told,
      too_long_a_line_is_refused, recording_without_a_load_is_refused, reading_survives_any_failing_allocation,
      random_damage_is_read_or_refused, words_of_errors_are_read_back, examples_of_the_catalogue_are_true,
      only_intervals_and_address_are_part_of_the_schedule, whatever_makes_a_state_is_part_of_the_judging)
