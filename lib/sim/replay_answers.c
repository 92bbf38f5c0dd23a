#include <stdlib.h>
#include <string.h>

#include "replay_room.h"

/** An answer that came so long after the time-out of its question was not to this one. */
#define LATE_MS 1000U

static const struct tha_dns_answer silence = {.outcome = THA_DNS_SILENT};

static int compare(const struct tha_dns_question *a, const struct tha_dns_question *b)
{
    int order = strcmp(a->name, b->name);

    return order ? order : (a->type > b->type) - (a->type < b->type);
}

/** For qsort_r(): places in the list of questions. */
static int compare_places(const void *a, const void *b, void *recording)
{
    const struct tha_dns_question *const *questions = ((const struct tha_recording *)recording)->questions;

    return compare(questions[*(const uint32_t *)a], questions[*(const uint32_t *)b]);
}

static void count(struct tha_replay_answers *answers)
{
    const struct tha_recording *recording = answers->recording;

    for (uint32_t i = 0; i < recording->n_inputs; i++) {
        if (recording->inputs[i].kind == THA_INPUT_ANSWER)
            answers->first[recording->inputs[i].dns.question + 1]++;
    }
    for (uint32_t i = 0; i < recording->n_questions; i++)
        answers->first[i + 1] += answers->first[i];
}

static void fill(struct tha_replay_answers *answers)
{
    const struct tha_recording *recording = answers->recording;
    uint32_t n = recording->n_questions;

    memcpy(answers->next, answers->first, n * sizeof(*answers->next));
    for (uint32_t i = 0; i < recording->n_inputs; i++) {
        const struct tha_recorded_input *input = &recording->inputs[i];

        if (input->kind == THA_INPUT_ANSWER)
            answers->answers[answers->next[input->dns.question]++] = input;
    }
    memcpy(answers->next, answers->first, n * sizeof(*answers->next));
    for (uint32_t i = 0; i < n; i++)
        answers->by_name[i] = i;
    qsort_r(answers->by_name, n, sizeof(*answers->by_name), compare_places, (void *)(uintptr_t)recording);
}

int tha_replay_answers_init(struct tha_replay_answers *answers, const struct tha_mem *mem,
                            const struct tha_recording *recording)
{
    uint32_t n = recording->n_questions;

    answers->recording = recording;
    answers->by_name = tha_mem_zalloc(mem, n + 1U, sizeof(*answers->by_name));
    answers->first = tha_mem_zalloc(mem, n + 1U, sizeof(*answers->first));
    answers->next = tha_mem_zalloc(mem, n + 1U, sizeof(*answers->next));
    answers->awaited = tha_mem_zalloc(mem, THA_REPLAY_AWAITED_MAX, sizeof(*answers->awaited));
    if (!answers->by_name || !answers->first || !answers->next || !answers->awaited)
        return TRUNKHA_ERR_NOMEM;

    count(answers);
    answers->answers = tha_mem_zalloc(mem, answers->first[n] + 1U, sizeof(*answers->answers));
    if (!answers->answers)
        return TRUNKHA_ERR_NOMEM;
    fill(answers);

    return 0;
}

void tha_replay_answers_done(struct tha_replay_answers *answers, const struct tha_mem *mem)
{
    tha_mem_free(mem, answers->by_name);
    tha_mem_free(mem, answers->first);
    tha_mem_free(mem, answers->next);
    tha_mem_free(mem, answers->awaited);
    tha_mem_free(mem, answers->answers);
}

/* ---- Asking ---- */

static uint32_t find_question(const struct tha_replay_answers *answers, const struct tha_dns_question *question)
{
    uint32_t low = 0, high = answers->recording->n_questions;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = compare(question, answers->recording->questions[answers->by_name[middle]]);

        if (!order)
            return answers->by_name[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }

    return THA_NONE;
}

/** The answer that came next is promised if it came in time; otherwise what was known last is said at once, or else what
 *  became known first. */
static struct tha_replay_awaited choose(struct tha_replay_answers *answers, uint32_t question, uint32_t timeout_ms,
                                        uint64_t at_ms)
{
    uint32_t first = answers->first[question], end = answers->first[question + 1];
    uint32_t *next = &answers->next[question];
    const struct tha_recorded_input *known;

    while (*next < end && answers->answers[*next]->at_ms < at_ms)
        ++*next;
    if (*next < end && answers->answers[*next]->at_ms <= at_ms + timeout_ms + LATE_MS) {
        known = answers->answers[(*next)++];
        return (struct tha_replay_awaited){.due_ms = known->at_ms, .promised = known, .answer = known->dns.answer};
    }

    known = answers->answers[*next > first ? *next - 1 : first];

    return (struct tha_replay_awaited){.due_ms = at_ms, .answer = known->dns.answer};
}

void tha_replay_answers_ask(struct tha_replay_answers *answers, uint64_t id, const struct tha_dns_question *question,
                            uint32_t timeout_ms, uint64_t at_ms)
{
    struct tha_replay_awaited awaited = {.due_ms = at_ms + timeout_ms, .answer = &silence};
    uint32_t place = find_question(answers, question);

    if (place != THA_NONE)
        awaited = choose(answers, place, timeout_ms, at_ms);
    awaited.id = id;
    if (answers->n_awaited == THA_REPLAY_AWAITED_MAX) /* only those that nobody waits for any more can be so many */
        answers->awaited[0] = answers->awaited[--answers->n_awaited];
    answers->awaited[answers->n_awaited++] = awaited;
}

uint64_t tha_replay_answers_next_ms(const struct tha_replay_answers *answers)
{
    uint64_t next = THA_NEVER;

    for (uint32_t i = 0; i < answers->n_awaited; i++) {
        if (!answers->awaited[i].promised && answers->awaited[i].due_ms < next)
            next = answers->awaited[i].due_ms;
    }

    return next;
}

bool tha_replay_answers_take(struct tha_replay_answers *answers, const struct tha_recorded_input *input, uint64_t at_ms,
                             struct tha_replay_awaited *ret_awaited)
{
    uint32_t i = 0;

    while (i < answers->n_awaited && (answers->awaited[i].promised != input || answers->awaited[i].due_ms > at_ms))
        i++;
    if (i == answers->n_awaited)
        return false;

    *ret_awaited = answers->awaited[i];
    answers->n_awaited--;
    for (; i < answers->n_awaited; i++) /* those asked first are answered first */
        answers->awaited[i] = answers->awaited[i + 1];

    return true;
}
