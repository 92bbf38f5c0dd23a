#include "finding.h"

#include <string.h>

#include "catalogue.h"
#include "lint_ignore.h"

#define POINTER_SIZE  256
#define MESSAGE_SIZE  512
#define WARNINGS_MAX  (THA_FINDINGS_MAX / 2)
#define OF_A_RULE_MAX 20

void tha_config_init_report(struct tha_config_report *report, const struct tha_mem *mem, const char *json, size_t len)
{
    *report = (struct tha_config_report){.text = {.json = json, .len = len}};
    tha_arena_init(&report->arena, mem);
}

void tha_config_done_report(struct tha_config_report *report)
{
    tha_arena_done(&report->arena);
}

/** Warnings of reading leave half of the room to errors; rules come last, and leave some to each other. */
static bool has_room(const struct tha_config_report *report, enum tha_config_code code)
{
    if (tha_config_is_full(report))
        return false;
    if (tha_config_get_rule(code)->severity == TRUNKHA_SEVERITY_ERROR)
        return true;

    return code < THA_CODE_FIRST_OF_LINT ? report->n_warnings < WARNINGS_MAX : report->n_told[code] < OF_A_RULE_MAX;
}

/** False when the finding is to be told nobody: silenced, or only counted. */
static bool count_in(struct tha_config_report *report, enum tha_config_code code, const struct tha_config_path *path)
{
    const struct tha_config_rule *rule = tha_config_get_rule(code);
    bool is_error = rule->severity == TRUNKHA_SEVERITY_ERROR, is_told;

    if (!is_error && report->root && tha_lint_is_ignored(report->root, path, rule))
        return false;

    is_told = has_room(report, code);
    report->n_errors += is_error;
    report->n_unsupported += code == THA_CODE_NOT_SUPPORTED_YET;
    report->n_warnings += !is_error && is_told;
    report->n_told[code] += is_told;
    report->n_left_out[code] += !is_told;

    return is_told;
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
    finding.fix = fix ? keep(report, fix) : tha_config_get_rule(code)->fix;
    if (!report->is_out_of_memory)
        insert(report, &finding);
}

/** Many messages of reading end in what to write instead: cut off, that is the fix. */
static const char *cut_advice(char *message)
{
    char *advice = strstr(message, ": write ");

    if (!advice)
        return NULL;
    *advice = '\0';

    return advice + strlen(": ");
}

static bool is_same_path(const struct tha_config_path *a, const struct tha_config_path *b)
{
    for (; a && b; a = a->parent, b = b->parent) {
        if (!a->key != !b->key || (a->key ? strcmp(a->key, b->key) != 0 : a->index != b->index))
            return false;
    }

    return a == b;
}

/** The setting that has put in what is at @p path, or something around it; NULL = it is of the text. */
static const char *find_setting(const struct tha_config_report *report, const struct tha_config_path *path)
{
    for (const struct tha_config_origin *origin = report->origins; origin; origin = origin->before) {
        for (const struct tha_config_path *at = path; at; at = at->parent) {
            if (is_same_path(at, origin->path))
                return origin->setting;
        }
    }

    return NULL;
}

/** What is missing does not stand in the text: what is around it does. */
static void find_position(struct tha_config_report *report, const struct tha_config_path *path, bool of_key,
                          struct tha_config_position *ret_position)
{
    while (!tha_config_find_position(&report->text, path, of_key, ret_position) && path)
        path = path->parent;
}

/** Returns the length of what the message begins with. */
static size_t print_setting(const char *setting, char message[MESSAGE_SIZE])
{
    tha_text_print(message, MESSAGE_SIZE, "the setting \"%s\": ", setting);

    return strlen(message);
}

void tha_config_add_finding(struct tha_config_report *report, enum tha_config_code code, const struct tha_config_path *path,
                            const char *fix, const char *format, ...)
{
    struct tha_config_position position = {0, 0, 0};
    char pointer[POINTER_SIZE], message[MESSAGE_SIZE];
    const char *setting;
    size_t begin = 0;
    va_list ap;

    if (!count_in(report, code, path))
        return;

    setting = find_setting(report, path);
    if (setting)
        begin = print_setting(setting, message);
    else
        find_position(report, path, code == THA_CODE_UNKNOWN_KEY, &position);

    va_start(ap, format);
    tha_text_vprint(message + begin, sizeof(message) - begin, format, ap);
    va_end(ap);
    if (!fix && code < THA_CODE_FIRST_OF_LINT)
        fix = cut_advice(message + begin);
    add(report, code, &position, tha_config_print_path(path, pointer, sizeof(pointer)), fix, message);
}

void tha_config_add_finding_at(struct tha_config_report *report, enum tha_config_code code, size_t offset,
                               const char *pointer, const char *fix, const char *message)
{
    struct tha_config_position position = tha_config_get_position(&report->text, offset);

    if (count_in(report, code, NULL))
        add(report, code, &position, pointer, fix, message);
}

void tha_config_add_finding_nowhere(struct tha_config_report *report, enum tha_config_code code, const char *fix,
                                    const char *format, ...)
{
    static const struct tha_config_position nowhere;
    char message[MESSAGE_SIZE];
    va_list ap;

    if (!count_in(report, code, NULL))
        return;

    va_start(ap, format);
    tha_text_vprint(message, sizeof(message), format, ap);
    va_end(ap);
    add(report, code, &nowhere, "", fix, message);
}

/** The message of a finding; with the last one of its kind how many of them were left out. */
static const char *message_of(const struct tha_config_report *report, const struct tha_config_finding *finding,
                              uint32_t n_before, char buf[MESSAGE_SIZE])
{
    uint32_t n_left_out = report->n_left_out[finding->code];
    char more[32];

    if (!n_left_out || n_before + 1 < report->n_told[finding->code])
        return finding->message;

    tha_text_print(more, sizeof(more), " (and %u more like it)", n_left_out);
    tha_text_copy(buf, MESSAGE_SIZE - sizeof(more), finding->message);
    tha_text_copy(buf + strlen(buf), sizeof(more), more);

    return buf;
}

void tha_config_tell_findings(const struct tha_config_report *report, trunkha_finding_cb finding_cb, void *user_data)
{
    uint32_t n_before[THA_CODES] = {0};
    char message[MESSAGE_SIZE];

    for (uint32_t i = 0; finding_cb && i < report->count; i++) {
        const struct tha_config_finding *finding = &report->findings[i];
        const struct tha_config_rule *rule = tha_config_get_rule(finding->code);
        trunkha_finding told = {
            .size = sizeof(told),
            .severity = rule->severity,
            .line = finding->position.line,
            .column = finding->position.column,
            .code = rule->code,
            .slug = rule->slug,
            .pointer = finding->pointer,
            .message = message_of(report, finding, n_before[finding->code]++, message),
            .why = rule->why,
            .fix = finding->fix,
        };

        finding_cb(&told, user_data);
    }
}
