#include "tally.h"

/** One trunk in one piece of the time. */
struct sample {
    uint32_t attempts;
    uint32_t answered;
    uint32_t failed;
    uint32_t delay_max_ms;
    uint8_t health; /* the worst */
    bool is_faulty;
};

struct trunk {
    trunkha_simulation_trunk counts; /* its times are up to the last change */
    uint32_t noted;                  /* samples up to this one know what state it was in */
    uint32_t health;
    uint32_t patience_ms;
    bool is_down, is_faulty;
    bool is_found;  /* the fault under way, or the last one */
    bool is_missed; /* the last fault, so far */
    uint64_t down_since_ms;
    uint64_t faulty_since_ms, fault_ended_ms;
};

struct tha_tally {
    struct tha_mem mem;
    trunkha_simulation_summary summary;
    uint64_t duration_ms;
    uint32_t n_trunks, n_samples;
    struct trunk *trunks;
    uint64_t *probes;       /* by trunk; apart, for there are many */
    struct sample *samples; /* trunk by trunk */
};

/* ---- Its life ---- */

int tha_tally_new(const struct tha_mem *mem, uint32_t n_trunks, uint64_t duration_ms, uint32_t n_samples,
                  struct tha_tally **ret_tally)
{
    struct tha_tally *tally = tha_mem_zalloc(mem, 1, sizeof(*tally));

    if (!tally)
        return TRUNKHA_ERR_NOMEM;

    tally->mem = *mem;
    tally->duration_ms = duration_ms ? duration_ms : 1;
    tally->n_trunks = n_trunks;
    tally->n_samples = n_samples;
    tally->summary.size = sizeof(tally->summary);
    tally->trunks = tha_mem_zalloc(mem, n_trunks, sizeof(*tally->trunks));
    tally->probes = tha_mem_zalloc(mem, n_trunks, sizeof(*tally->probes));
    tally->samples = tha_mem_zalloc(mem, (size_t)n_trunks * n_samples, sizeof(*tally->samples));
    if (!tally->trunks || !tally->probes || !tally->samples) {
        tha_tally_free(tally);
        return TRUNKHA_ERR_NOMEM;
    }
    *ret_tally = tally;

    return 0;
}

struct tha_tally *tha_tally_free(struct tha_tally *tally)
{
    if (!tally)
        return NULL;

    tha_mem_free(&tally->mem, tally->samples);
    tha_mem_free(&tally->mem, tally->probes);
    tha_mem_free(&tally->mem, tally->trunks);

    return tha_mem_free(&tally->mem, tally);
}

trunkha_simulation_summary *tha_tally_summary(struct tha_tally *tally)
{
    return &tally->summary;
}

/* ---- Samples ---- */

static uint32_t sample_of(const struct tha_tally *tally, uint64_t at_ms)
{
    return at_ms < tally->duration_ms ? (uint32_t)(at_ms * tally->n_samples / tally->duration_ms) : tally->n_samples - 1;
}

static uint64_t begin_of(const struct tha_tally *tally, uint32_t sample)
{
    return (sample * tally->duration_ms + tally->n_samples - 1) / tally->n_samples;
}

static struct sample *sample_at(const struct tha_tally *tally, uint32_t trunk, uint64_t at_ms)
{
    return &tally->samples[(size_t)trunk * tally->n_samples + sample_of(tally, at_ms)];
}

/** The state of a sample is the worst in it: what it began with, and whatever came. */
static void mark(struct tha_tally *tally, uint32_t index, uint64_t at_ms)
{
    struct trunk *trunk = &tally->trunks[index];
    struct sample *sample = sample_at(tally, index, at_ms);

    if (trunk->health > sample->health)
        sample->health = (uint8_t)trunk->health;
    sample->is_faulty |= trunk->is_faulty;
}

/** Until now it has been as it was: in every sample that has begun meanwhile. */
static void settle(struct tha_tally *tally, uint32_t index, uint64_t at_ms)
{
    struct trunk *trunk = &tally->trunks[index];
    uint32_t now = sample_of(tally, at_ms);

    while (trunk->noted < now)
        mark(tally, index, begin_of(tally, ++trunk->noted));
}

/* ---- States ---- */

void tha_tally_set_patience(struct tha_tally *tally, uint32_t trunk, uint32_t patience_ms)
{
    tally->trunks[trunk].patience_ms = patience_ms;
}

static void find_fault(struct trunk *trunk, uint64_t at_ms)
{
    uint32_t detection_ms = (uint32_t)(at_ms - trunk->faulty_since_ms);

    trunk->is_found = true;
    if (detection_ms > trunk->counts.worst_detection_ms)
        trunk->counts.worst_detection_ms = detection_ms;
}

static void fall(struct trunk *trunk, uint64_t at_ms)
{
    trunk->counts.falls++;
    trunk->down_since_ms = at_ms;
    if (trunk->is_faulty) {
        if (!trunk->is_found)
            find_fault(trunk, at_ms);
    } else if (trunk->is_missed && at_ms <= trunk->fault_ended_ms + trunk->patience_ms) {
        trunk->is_missed = false;
        trunk->counts.missed--;
        find_fault(trunk, at_ms);
    } else {
        trunk->counts.false_alarms++;
    }
}

void tha_tally_note_health(struct tha_tally *tally, uint32_t index, uint32_t health, bool is_admin, uint64_t at_ms)
{
    struct trunk *trunk = &tally->trunks[index];
    bool is_down = health == TRUNKHA_HEALTH_DOWN && !is_admin;

    settle(tally, index, at_ms);
    trunk->health = health;
    mark(tally, index, at_ms);

    if (is_down && !trunk->is_down)
        fall(trunk, at_ms);
    else if (!is_down && trunk->is_down)
        trunk->counts.down_ms += at_ms - trunk->down_since_ms;
    trunk->is_down = is_down;
}

static void end_fault(struct trunk *trunk, uint64_t at_ms)
{
    trunk->counts.faulty_ms += at_ms - trunk->faulty_since_ms;
    trunk->fault_ended_ms = at_ms;
    trunk->is_missed = !trunk->is_found;
    trunk->counts.missed += trunk->is_missed;
}

void tha_tally_note_fault(struct tha_tally *tally, uint32_t index, bool is_faulty, uint64_t at_ms)
{
    struct trunk *trunk = &tally->trunks[index];

    if (is_faulty == trunk->is_faulty)
        return;

    settle(tally, index, at_ms);
    trunk->is_faulty = is_faulty;
    mark(tally, index, at_ms);
    if (!is_faulty) {
        end_fault(trunk, at_ms);
    } else {
        trunk->faulty_since_ms = at_ms;
        trunk->is_found = trunk->is_down; /* of the fault before: there is nothing to be found */
        trunk->is_missed = false;
    }
}

/* ---- Calls and probes ---- */

void tha_tally_note_probe(struct tha_tally *tally, uint32_t trunk)
{
    tally->probes[trunk]++;
}

void tha_tally_note_attempt(struct tha_tally *tally, uint32_t trunk, uint64_t at_ms)
{
    tally->summary.attempts++;
    tally->trunks[trunk].counts.attempts++;
    sample_at(tally, trunk, at_ms)->attempts++;
}

void tha_tally_note_outcome(struct tha_tally *tally, uint32_t trunk, uint64_t begun_ms, bool is_answered)
{
    struct sample *sample = sample_at(tally, trunk, begun_ms);

    tally->trunks[trunk].counts.answered += is_answered;
    tally->trunks[trunk].counts.failed += !is_answered;
    sample->answered += is_answered;
    sample->failed += !is_answered;
}

static void raise(uint32_t *most, uint32_t value)
{
    if (value > *most)
        *most = value;
}

void tha_tally_note_delay(struct tha_tally *tally, uint32_t first_trunk, uint64_t begun_ms, uint32_t delay_ms)
{
    trunkha_simulation_summary *summary = &tally->summary;
    trunkha_simulation_trunk *counts = &tally->trunks[first_trunk].counts;

    summary->calls_delayed++;
    summary->delay_total_ms += delay_ms;
    raise(&summary->delay_max_ms, delay_ms);
    counts->calls_delayed++;
    counts->delay_total_ms += delay_ms;
    raise(&counts->delay_max_ms, delay_ms);
    raise(&sample_at(tally, first_trunk, begun_ms)->delay_max_ms, delay_ms);
}

void tha_tally_note_loss(struct tha_tally *tally, uint32_t last_trunk)
{
    tally->summary.calls_lost++;
    if (last_trunk != THA_NONE)
        tally->trunks[last_trunk].counts.calls_lost++;
}

void tha_tally_note_cut(struct tha_tally *tally, uint32_t trunk)
{
    tally->summary.calls_cut++;
    tally->trunks[trunk].counts.calls_cut++;
}

/* ---- What there is to tell ---- */

void tha_tally_get_trunk(const struct tha_tally *tally, uint32_t index, uint64_t now_ms, trunkha_simulation_trunk *ret_trunk)
{
    const struct trunk *trunk = &tally->trunks[index];

    *ret_trunk = trunk->counts;
    ret_trunk->probes = tally->probes[index];
    ret_trunk->down_ms += trunk->is_down ? now_ms - trunk->down_since_ms : 0;
    ret_trunk->faulty_ms += trunk->is_faulty ? now_ms - trunk->faulty_since_ms : 0;
}

bool tha_tally_get_sample(const struct tha_tally *tally, uint32_t index, uint32_t number, uint64_t now_ms,
                          trunkha_simulation_sample *ret_sample)
{
    const struct trunk *trunk = &tally->trunks[index];
    const struct sample *sample;
    bool is_current; /* it goes on as it was when something last changed */

    if (number >= tally->n_samples)
        return false;

    sample = &tally->samples[(size_t)index * tally->n_samples + number];
    is_current = number > trunk->noted && begin_of(tally, number) <= now_ms;
    *ret_sample = (trunkha_simulation_sample){
        .size = sizeof(*ret_sample),
        .begin_ms = begin_of(tally, number),
        .end_ms = begin_of(tally, number + 1),
        .health = is_current ? trunk->health : sample->health,
        .is_faulty = is_current ? trunk->is_faulty : sample->is_faulty,
        .attempts = sample->attempts,
        .answered = sample->answered,
        .failed = sample->failed,
        .delay_max_ms = sample->delay_max_ms,
    };

    return true;
}
