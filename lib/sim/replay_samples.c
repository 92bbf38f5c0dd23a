#include "replay_room.h"

static uint32_t *count(const struct tha_mem *mem, const struct tha_recording *recording)
{
    uint32_t *first = tha_mem_zalloc(mem, recording->n_targets + 1U, sizeof(*first));

    for (uint32_t i = 0; first && i < recording->n_inputs; i++) {
        const struct tha_recorded_input *input = &recording->inputs[i];

        if (input->kind == THA_INPUT_EVIDENCE && input->target != THA_NONE)
            first[input->target + 1]++;
    }
    for (uint32_t i = 0; first && i < recording->n_targets; i++)
        first[i + 1] += first[i];

    return first;
}

/** @p sent_ms: by recorded target, when its last probe left. */
static void fill(struct tha_replay_samples *samples, const struct tha_recording *recording, uint64_t *sent_ms)
{
    for (uint32_t i = 0; i < recording->n_inputs; i++) {
        const struct tha_recorded_input *input = &recording->inputs[i];

        if (input->target == THA_NONE)
            continue;
        if (input->kind == THA_INPUT_PROBE)
            sent_ms[input->target] = input->at_ms;
        else if (input->kind == THA_INPUT_EVIDENCE)
            samples->samples[samples->at[input->target]++] = (struct tha_replay_sample){sent_ms[input->target], input};
    }
}

int tha_replay_samples_init(struct tha_replay_samples *samples, const struct tha_mem *mem,
                            const struct tha_recording *recording)
{
    uint32_t n = recording->n_targets;
    uint64_t *sent_ms = tha_mem_zalloc(mem, n + 1U, sizeof(*sent_ms));

    samples->first = count(mem, recording);
    samples->at = tha_mem_zalloc(mem, n + 1U, sizeof(*samples->at));
    samples->samples = samples->first ? tha_mem_zalloc(mem, samples->first[n] + 1U, sizeof(*samples->samples)) : NULL;
    if (sent_ms && samples->at && samples->samples) {
        for (uint32_t i = 0; i < n; i++)
            samples->at[i] = samples->first[i];
        fill(samples, recording, sent_ms);
        for (uint32_t i = 0; i < n; i++)
            samples->at[i] = samples->first[i];
    }
    tha_mem_free(mem, sent_ms);

    return sent_ms && samples->at && samples->samples ? 0 : TRUNKHA_ERR_NOMEM;
}

void tha_replay_samples_done(struct tha_replay_samples *samples, const struct tha_mem *mem)
{
    tha_mem_free(mem, samples->first);
    tha_mem_free(mem, samples->at);
    tha_mem_free(mem, samples->samples);
}

const struct tha_replay_sample *tha_replay_samples_find(struct tha_replay_samples *samples, uint32_t target, uint64_t at_ms)
{
    uint32_t end = samples->first[target + 1];
    uint32_t *at = &samples->at[target];

    if (samples->first[target] == end)
        return NULL;
    while (*at + 1 < end && samples->samples[*at + 1].sent_ms <= at_ms)
        ++*at;

    return &samples->samples[*at];
}
