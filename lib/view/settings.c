#include "settings.h"

#define WORDS ((sizeof(struct tha_call_settings) + sizeof(uint64_t) - 1) / sizeof(uint64_t))

uint32_t tha_settings_take(struct tha_view_builder *builder, const struct tha_call_settings *settings)
{
    uint64_t words[WORDS] = {0};

    memcpy(words, settings, sizeof(*settings));

    return tha_view_take_words(builder, words, WORDS);
}

static uint32_t between(uint32_t value, uint32_t least, uint32_t most)
{
    if (value < least)
        return least;

    return value < most ? value : most;
}

/** By bytes: it is done for each attempt of each call. */
static void drop_6xx(struct tha_codes *codes)
{
    const unsigned first = 600 - 100;

    codes->bits[first / 8] &= (uint8_t)((1U << first % 8) - 1);
    memset(&codes->bits[first / 8 + 1], 0, sizeof(codes->bits) - first / 8 - 1);
}

static void make_sane(struct tha_call_settings *settings)
{
    settings->max_attempts = between(settings->max_attempts, 1, THA_ATTEMPTS_MAX);
    settings->retry_budget_percent = between(settings->retry_budget_percent, 0, 100);
    tha_codes_put(&settings->reroute, 486, false);
    tha_codes_put(&settings->reroute, 487, false);
    drop_6xx(&settings->reroute);
}

void tha_settings_load(const struct tha_half *half, const struct tha_profile_record *profile,
                       struct tha_call_settings *ret_settings)
{
    const _Atomic uint64_t *from = tha_half_at(half, tha_get32(&profile->call));
    uint64_t words[WORDS];

    for (size_t i = 0; i < WORDS; i++)
        words[i] = tha_get64(&from[i]);

    memcpy(ret_settings, words, sizeof(*ret_settings));
    make_sane(ret_settings);
}
