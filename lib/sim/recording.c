#include "recording.h"

#include <errno.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct tha_recording *tha_recording_free(struct tha_recording *recording)
{
    struct tha_arena arena;

    if (!recording)
        return NULL;

    arena = recording->arena; /* it lives in its own */
    tha_arena_done(&arena);

    return NULL;
}

/* ---- Schedules ---- */

#define SEED UINT64_C(0xcbf29ce484222325)

/** FNV-1a, 64 bits. */
static uint64_t mix(uint64_t hash, const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ ((const unsigned char *)bytes)[i]) * UINT64_C(0x100000001b3);

    return hash;
}

/** Byte by byte, the same on every machine. */
static uint64_t mix_number(uint64_t hash, uint32_t number)
{
    const unsigned char bytes[] = {(unsigned char)number, (unsigned char)(number >> 8), (unsigned char)(number >> 16),
                                   (unsigned char)(number >> 24)};

    return mix(hash, bytes, sizeof(bytes));
}

static uint64_t mix_numbers(uint64_t hash, const uint32_t *numbers, size_t n)
{
    for (size_t i = 0; i < n; i++)
        hash = mix_number(hash, numbers[i]);

    return hash;
}

uint64_t tha_recording_schedule(const struct tha_trunk_model *trunk)
{
    const struct tha_keepalive *keepalive = trunk->keepalive;
    const uint32_t numbers[] = {
        keepalive->enabled,
        keepalive->only_when_idle,
        keepalive->interval_ms,
        keepalive->suspect_interval_ms,
        keepalive->down_interval_ms,
        keepalive->timeout_ms,
        keepalive->jitter_permille,
        keepalive->max_probes_per_minute,
        trunk->direction,
    };

    return mix_numbers(mix(SEED, trunk->uri, strlen(trunk->uri)), numbers, COUNT(numbers));
}

/* ---- Judging ---- */

static uint64_t mix_thresholds(uint64_t hash, const struct tha_keepalive *keepalive)
{
    const uint32_t numbers[] = {
        keepalive->max_failed_attempts, keepalive->recovery_attempts,    keepalive->degraded_loss_percent,
        keepalive->degraded_rtt_ms,     keepalive->degraded_window,      keepalive->damping.max_transitions,
        keepalive->damping.window_ms,   keepalive->damping.hold_down_ms, keepalive->damping.max_hold_down_ms,
    };

    hash = mix_numbers(hash, numbers, COUNT(numbers));

    return mix(hash, keepalive->failing.bits, sizeof(keepalive->failing.bits));
}

/** When addresses change. */
static uint64_t mix_dns(uint64_t hash, const struct tha_dns_settings *dns)
{
    const uint32_t numbers[] = {dns->max_ttl_s, dns->min_ttl_s, dns->timeout_ms, dns->keep_last_good};

    return mix_numbers(hash, numbers, COUNT(numbers));
}

static bool has_group(const struct tha_profile_model *profile, uint32_t group)
{
    for (uint32_t i = 0; i < profile->n_groups; i++) {
        if (profile->groups[i] == group)
            return true;
    }

    return false;
}

/** The longest: until it is over a trunk is looked at more often. */
static uint32_t hold_down_ms(const struct tha_model *model, uint32_t group)
{
    uint32_t longest_ms = 0;

    for (uint32_t i = 0; i < model->n_profiles; i++) {
        if (model->profiles[i].hold_down_ms > longest_ms && has_group(&model->profiles[i], group))
            longest_ms = model->profiles[i].hold_down_ms;
    }

    return longest_ms;
}

uint64_t tha_recording_judging(const struct tha_model *model, uint32_t index)
{
    const struct tha_trunk_model *trunk = &model->trunks[index];
    const uint32_t numbers[] = {index, trunk->admin, hold_down_ms(model, trunk->group)};
    uint64_t hash = mix_thresholds(mix_numbers(SEED, numbers, COUNT(numbers)), trunk->keepalive);

    return trunk->dns_name ? mix_dns(hash, &model->dns) : hash;
}

/* ---- Words ---- */

const char *tha_recording_input_word(uint32_t kind)
{
    static const char *const words[THA_INPUT_KINDS] = {
        [THA_INPUT_LOAD] = "load",         [THA_INPUT_TRUNK] = "trunk",     [THA_INPUT_START] = "start",
        [THA_INPUT_STOP] = "stop",         [THA_INPUT_TURN] = "turn",       [THA_INPUT_PROBE] = "probe",
        [THA_INPUT_EVIDENCE] = "evidence", [THA_INPUT_CLOSED] = "closed",   [THA_INPUT_CALL] = "call",
        [THA_INPUT_REQUEST] = "request",   [THA_INPUT_FINDING] = "finding", [THA_INPUT_ABILITIES] = "abilities",
        [THA_INPUT_ANSWER] = "answer",     [THA_INPUT_REFRESH] = "refresh", [THA_INPUT_ADMIN] = "admin",
        [THA_INPUT_FAILBACK] = "failback", [THA_INPUT_TOLD] = "told",
    };

    return kind < COUNT(words) ? words[kind] : NULL;
}

const char *tha_recording_evidence_word(uint32_t kind)
{
    static const char *const words[] = {
        [THA_EVIDENCE_ANSWERED] = "answered",
        [THA_EVIDENCE_TIMED_OUT] = "timedOut",
        [THA_EVIDENCE_REFUSED] = "refused",
        [THA_EVIDENCE_SEND_FAILED] = "sendFailed",
        [THA_EVIDENCE_NO_CONNECTION] = "noConnection",
        [THA_EVIDENCE_TLS_FAILED] = "tlsFailed",
        [THA_EVIDENCE_AUTH_FAILED] = "authFailed",
        [THA_EVIDENCE_HEARD] = "heard",
    };

    return kind < COUNT(words) ? words[kind] : NULL;
}

const char *tha_recording_news_word(uint32_t kind)
{
    static const char *const words[] = {
        [THA_NEWS_NONE] = "none",       [THA_NEWS_BEGUN] = "begun",       [THA_NEWS_MOVED] = "moved",
        [THA_NEWS_RINGING] = "ringing", [THA_NEWS_ANSWERED] = "answered", [THA_NEWS_FAILED] = "failed",
        [THA_NEWS_ENDED] = "ended",     [THA_NEWS_HEARD] = "heard",
    };

    return kind < COUNT(words) ? words[kind] : NULL;
}

const char *tha_recording_outcome_word(uint32_t outcome)
{
    static const char *const words[] = {
        [THA_DNS_ANSWERED] = "answered",
        [THA_DNS_NO_NAME] = "noName",
        [THA_DNS_FAILED] = "failed",
        [THA_DNS_SILENT] = "silent",
    };

    return outcome < COUNT(words) ? words[outcome] : NULL;
}

const char *tha_recording_type_word(uint32_t type)
{
    switch (type) {
    case THA_DNS_A:
        return "A";
    case THA_DNS_AAAA:
        return "AAAA";
    case THA_DNS_SRV:
        return "SRV";
    case THA_DNS_NAPTR:
        return "NAPTR";
    default:
        return NULL;
    }
}

static const struct {
    int number;
    const char *word;
} errors[] = {
    {EIO, "EIO"},
    {ECONNREFUSED, "ECONNREFUSED"},
    {ECONNRESET, "ECONNRESET"},
    {ECONNABORTED, "ECONNABORTED"},
    {EHOSTUNREACH, "EHOSTUNREACH"},
    {EHOSTDOWN, "EHOSTDOWN"},
    {ENETUNREACH, "ENETUNREACH"},
    {ENETDOWN, "ENETDOWN"},
    {ETIMEDOUT, "ETIMEDOUT"},
    {EPIPE, "EPIPE"},
    {EPROTO, "EPROTO"},
    {ENOTCONN, "ENOTCONN"},
    {ENOBUFS, "ENOBUFS"},
    {ENOMEM, "ENOMEM"},
    {EACCES, "EACCES"},
    {EPERM, "EPERM"},
    {EINVAL, "EINVAL"},
    {EMSGSIZE, "EMSGSIZE"},
    {EAGAIN, "EAGAIN"},
    {EADDRNOTAVAIL, "EADDRNOTAVAIL"},
    {EAFNOSUPPORT, "EAFNOSUPPORT"},
    {EMFILE, "EMFILE"},
};

const char *tha_recording_error_word(int system_error)
{
    for (size_t i = 0; i < COUNT(errors); i++) {
        if (errors[i].number == system_error)
            return errors[i].word;
    }

    return errors[0].word;
}

int tha_recording_error(const char *word)
{
    for (size_t i = 0; i < COUNT(errors); i++) {
        if (!strcmp(errors[i].word, word))
            return errors[i].number;
    }

    return errors[0].number;
}
