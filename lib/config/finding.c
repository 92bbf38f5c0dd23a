#include "finding.h"

#include <string.h>

#define POINTER_SIZE 256
#define MESSAGE_SIZE 512
#define WARNINGS_MAX (THA_FINDINGS_MAX / 2)

struct rule {
    const char *name;
    const char *slug;
    uint32_t severity;
    const char *why;
    const char *fix;
};

static const struct rule catalogue[] = {
    [THA_CODE_JSON_SYNTAX] = {"TH001", "json-syntax", TRUNKHA_SEVERITY_ERROR,
                              "nothing can be read from a text that is not JSON", "correct the text at this place"},
    [THA_CODE_DUPLICATE_KEY] = {"TH002", "duplicate-key", TRUNKHA_SEVERITY_ERROR,
                                "only one of the two values could count, and nobody would know which", "keep one of them"},
    [THA_CODE_UNKNOWN_KEY] = {"TH003", "unknown-key", TRUNKHA_SEVERITY_ERROR,
                              "a misspelled key would leave its default in force without a word",
                              "take it away, or let it begin with x- to have it ignored"},
    [THA_CODE_WRONG_TYPE] = {"TH004", "wrong-type", TRUNKHA_SEVERITY_ERROR,
                             "the value cannot be read as what the key stands for", "write a value of the right type"},
    [THA_CODE_OUT_OF_RANGE] = {"TH005", "out-of-range", TRUNKHA_SEVERITY_ERROR,
                               "outside of these bounds the setting does harm or makes no sense", "stay within the bounds"},
    [THA_CODE_BAD_VALUE] = {"TH006", "bad-value", TRUNKHA_SEVERITY_ERROR, "the value means nothing here",
                            "write one of the forms that are allowed"},
    [THA_CODE_MISSING_KEY] = {"TH007", "missing-key", TRUNKHA_SEVERITY_ERROR,
                              "there is no default that could stand in for it", "add the key"},
    [THA_CODE_DUPLICATE_ID] = {"TH008", "duplicate-id", TRUNKHA_SEVERITY_ERROR,
                               "states, events and reloads tell things apart by their id", "give each its own id"},
    [THA_CODE_UNKNOWN_REFERENCE] = {"TH009", "unknown-reference", TRUNKHA_SEVERITY_ERROR,
                                    "calls would have nowhere to go when they need it most",
                                    "write the id of one that exists"},
    [THA_CODE_FAILOVER_CYCLE] = {"TH010", "failover-cycle", TRUNKHA_SEVERITY_ERROR,
                                 "a failover that comes back to where it began has no order",
                                 "take failoverTrunkGroupId from the last group of the chain"},
    [THA_CODE_ENVIRONMENT_UNSET] = {"TH011", "environment-unset", TRUNKHA_SEVERITY_ERROR,
                                    "an empty address or password would be used without a word",
                                    "set the variable before the program starts"},
    [THA_CODE_NOT_SUPPORTED_YET] = {"TH012", "not-supported-yet", TRUNKHA_SEVERITY_ERROR,
                                    "this release would ignore it, and the trunk would not do what the file says",
                                    "leave the key out"},
    [THA_CODE_TLS_SRP_SPELLING] = {"TH013", "tls-srp-spelling", TRUNKHA_SEVERITY_WARNING,
                                   "TLS-SRP is a password login for TLS; what is meant is media encryption with SRTP",
                                   "write \"TLS_SRTP\""},
    [THA_CODE_TOO_LONG] = {"TH014", "too-long", TRUNKHA_SEVERITY_ERROR, "states and events have fixed room for it",
                           "write something shorter"},
    [THA_CODE_HEADER_INJECTION] = {"TH015", "header-injection", TRUNKHA_SEVERITY_ERROR,
                                   "a line break inside a header lets its value write headers of its own",
                                   "take the control characters away"},
    [THA_CODE_TLS_TOO_OLD] =
        {"TH016", "tls-too-old", TRUNKHA_SEVERITY_WARNING,
         "TLS 1.0 and 1.1 can be broken and must not be used (RFC 8996): no connection is made with them", "write \"1.2\""},
    [THA_CODE_TLS_NOT_VERIFIED] = {"TH017", "tls-not-verified", TRUNKHA_SEVERITY_WARNING,
                                   "whoever gets between can answer in the carrier's place, and read along",
                                   "name the carrier's CA in \"caFile\" and leave \"verify\" out"},
    [THA_CODE_WITHOUT_EFFECT] = {"TH018", "without-effect", TRUNKHA_SEVERITY_WARNING,
                                 "what was meant to happen does not happen", "take it away"},
    [THA_CODE_BAD_PAIR] = {"TH019", "bad-pair", TRUNKHA_SEVERITY_ERROR,
                           "a pair is one trunk for each direction, and each trunk has one partner at most",
                           "let each of the two name the other, or only one of them"},
    [THA_CODE_LONG_TTL] = {"TH020", "long-ttl", TRUNKHA_SEVERITY_WARNING,
                           "a carrier that moves away from an address does not wait for who remembers it longer",
                           "write 300 or less"},
};

void tha_config_init_report(struct tha_config_report *report, const struct tha_mem *mem, const char *json, size_t len)
{
    *report = (struct tha_config_report){.text = {.json = json, .len = len}};
    tha_arena_init(&report->arena, mem);
}

void tha_config_done_report(struct tha_config_report *report)
{
    tha_arena_done(&report->arena);
}

static bool count_in(struct tha_config_report *report, enum tha_config_code code)
{
    if (catalogue[code].severity == TRUNKHA_SEVERITY_ERROR)
        report->n_errors++;
    else if (report->n_warnings++ >= WARNINGS_MAX)
        return false;

    return !tha_config_is_full(report);
}

/** Keeps the order of the file; what stands at one place keeps the order in which it was found. */
static void insert(struct tha_config_report *report, const struct tha_config_finding *finding)
{
    uint32_t i = report->count++;

    for (; i && report->findings[i - 1].position.offset > finding->position.offset; i--)
        report->findings[i] = report->findings[i - 1];
    report->findings[i] = *finding;
}

static const char *keep(struct tha_config_report *report, const char *text)
{
    const char *copy = tha_arena_strdup(&report->arena, text);

    report->is_out_of_memory |= !copy;

    return copy;
}

static void add(struct tha_config_report *report, enum tha_config_code code, const struct tha_config_position *position,
                const char *pointer, const char *fix, const char *message)
{
    struct tha_config_finding finding = {.code = code, .position = *position};

    finding.pointer = keep(report, pointer);
    finding.message = keep(report, message);
    finding.fix = fix ? keep(report, fix) : catalogue[code].fix;
    if (!report->is_out_of_memory)
        insert(report, &finding);
}

/** Many messages end in what to write instead: cut off, that is the fix. */
static const char *cut_advice(char *message)
{
    char *advice = strstr(message, ": write ");

    if (!advice)
        return NULL;
    *advice = '\0';

    return advice + strlen(": ");
}

void tha_config_add_finding(struct tha_config_report *report, enum tha_config_code code, const struct tha_config_path *path,
                            const char *fix, const char *format, ...)
{
    struct tha_config_position position = {0, 0, 0};
    char pointer[POINTER_SIZE], message[MESSAGE_SIZE];
    va_list ap;

    if (!count_in(report, code))
        return;

    va_start(ap, format);
    tha_text_vprint(message, sizeof(message), format, ap);
    va_end(ap);
    tha_config_print_path(path, pointer, sizeof(pointer));
    tha_config_find_position(&report->text, path, code == THA_CODE_UNKNOWN_KEY, &position);
    if (!fix)
        fix = cut_advice(message);
    add(report, code, &position, pointer, fix, message);
}

void tha_config_add_finding_at(struct tha_config_report *report, enum tha_config_code code, size_t offset,
                               const char *pointer, const char *fix, const char *message)
{
    struct tha_config_position position = tha_config_get_position(&report->text, offset);

    if (count_in(report, code))
        add(report, code, &position, pointer, fix, message);
}

void tha_config_tell_findings(const struct tha_config_report *report, trunkha_finding_cb finding_cb, void *user_data)
{
    for (uint32_t i = 0; finding_cb && i < report->count; i++) {
        const struct tha_config_finding *finding = &report->findings[i];
        const struct rule *rule = &catalogue[finding->code];
        trunkha_finding told = {
            .size = sizeof(told),
            .severity = rule->severity,
            .line = finding->position.line,
            .column = finding->position.column,
            .code = rule->name,
            .slug = rule->slug,
            .pointer = finding->pointer,
            .message = finding->message,
            .why = rule->why,
            .fix = finding->fix,
        };

        finding_cb(&told, user_data);
    }
}
