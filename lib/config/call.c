/* The `call` block of a routing profile: how long an attempt may take, and what sends a call to the next trunk. */
#include "draft.h"

#define AT(member) THA_AT(struct tha_call_settings, member)

#define BUSY       486 /* RFC 3261 section 21.4.24: the callee is */
#define TERMINATED 487 /* RFC 3261 section 21.4.25: the caller gave up */

/* ---- Codes that send a call to the next trunk */

static bool has_any(const struct tha_codes *codes, unsigned first, unsigned last)
{
    for (unsigned code = first; code <= last; code++) {
        if (tha_codes_has(codes, code))
            return true;
    }

    return false;
}

static void take_all(const struct tha_config_codes *from, struct tha_codes *ret_codes)
{
    static const struct tha_config_codes none;

    tha_config_combine_codes(from, &none, ret_codes);
}

static const char *check_reroute_code(const struct tha_config_codes *entry)
{
    struct tha_codes codes;

    take_all(entry, &codes);
    if (!has_any(&codes, 300, 699))
        return "a code to reroute on is a number from 300 to 599, or the class \"3xx\" or \"5xx\": "
               "write numbers such as 503, or the class \"5xx\"";
    if (entry->classes && has_any(&codes, BUSY, TERMINATED))
        return "\"4xx\" includes 486 and 487, which are no failure of the trunk: the callee would be rung twice: "
               "write the codes of 4xx that are meant, such as 403 and 408";
    if (has_any(&codes, BUSY, TERMINATED) || has_any(&codes, 600, 699))
        return "486, 487 and 6xx are no failure of the trunk: the callee, busy or declining, would be rung twice: "
               "write codes that speak of the trunk, such as 503 or \"5xx\"";

    return NULL;
}

static void read_reroute_codes(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *list,
                               void *target)
{
    struct tha_config_codes codes;

    tha_config_read_codes(reader, path, list, check_reroute_code, &codes);
    take_all(&codes, &((struct tha_call_settings *)target)->reroute);
}

static void set_default_reroute(struct tha_codes *reroute)
{
    static const uint16_t usual[] = {408, 500, 502, 503, 504};

    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
        tha_codes_put(reroute, usual[i], true);
}

/* ---- The block */

static const struct tha_config_field call_fields[] = {
    {"noResponseTimeout", THA_KIND_SECONDS, .at = AT(no_response_ms), .min = 0.1, .max = 60, .initial = 3},
    {"noRingTimeout", THA_KIND_SECONDS, .at = AT(no_ring_ms), .min = 0.1, .max = 300, .initial = 10},
    {"totalTimeout", THA_KIND_SECONDS, .at = AT(total_ms), .min = 0.1, .max = 600, .initial = 20},
    {"ringDuration", THA_KIND_SECONDS, .at = AT(ring_ms), .min = 1, .max = 3600, .initial = 45},
    {"maxAttempts", THA_KIND_COUNT, .at = AT(max_attempts), .min = 1, .max = THA_ATTEMPTS_MAX, .initial = 3},
    {"rerouteCodes", THA_KIND_LIST, .read = read_reroute_codes},
    {"maxRetryAfter", THA_KIND_SECONDS, .at = AT(max_retry_after_ms), .max = 86400, .initial = 300},
    {"retryBudgetPercent", THA_KIND_COUNT, .at = AT(retry_budget_percent), .max = 100, .initial = 20},
};
static const struct tha_config_schema call_schema = THA_SCHEMA(call_fields);

const struct tha_call_settings *tha_config_read_call(struct tha_config_reader *reader, const struct tha_config_path *path,
                                                     json_t *block)
{
    struct tha_call_settings *settings = tha_arena_alloc(reader->arena, 1, sizeof(*settings));
    struct tha_config_part part = {&call_schema, settings, NULL};

    if (!settings) {
        reader->report.is_out_of_memory = true;
        return NULL;
    }

    tha_config_set_defaults(&call_schema, settings);
    set_default_reroute(&settings->reroute);
    tha_config_read_object(reader, path, block, &part, 1);

    return settings;
}
