/* A simulation of a recording: what that says of probes and calls goes to the tally. */
#include "simulation.h"

/* ---- What is noted ---- */

static void note_probe(uint32_t trunk, void *user_data)
{
    trunkha_simulation *simulation = user_data;

    tha_tally_note_probe(simulation->tally, trunk);
}

static void note_attempt(trunkha_simulation *simulation, uint32_t trunk, uint64_t now_ms)
{
    if (trunk != THA_NONE)
        tha_tally_note_attempt(simulation->tally, trunk, now_ms - THA_SIM_START_MS);
    else
        tha_tally_summary(simulation->tally)->attempts++;
}

static void note_outcome(trunkha_simulation *simulation, uint32_t trunk, const struct tha_news *news, bool is_answered)
{
    uint64_t begun_ms = news->started_ms > THA_SIM_START_MS ? news->started_ms - THA_SIM_START_MS : 0;

    if (trunk != THA_NONE)
        tha_tally_note_outcome(simulation->tally, trunk, begun_ms, is_answered);
}

static void note_answer(trunkha_simulation_summary *summary, const struct tha_news *news)
{
    if (news->attempt > 1)
        summary->calls_delayed++;
    else
        summary->calls_answered++;
}

static bool was_answered(const struct tha_news *news)
{
    return news->result == TRUNKHA_CALL_ANSWERED || (news->result == TRUNKHA_CALL_FORGOTTEN && news->code / 100 == 2);
}

/** By the carrier's fault, or for want of one, as far as its end tells. */
static bool was_lost(const struct tha_news *news)
{
    switch (news->result) {
    case TRUNKHA_CALL_FAILED:
        return news->code == 403 || news->code == 408 || news->code / 100 == 5;
    case TRUNKHA_CALL_NO_RESPONSE:
    case TRUNKHA_CALL_NO_RING:
    case TRUNKHA_CALL_TRANSPORT_ERROR:
    case TRUNKHA_CALL_REFUSED:
        return true;
    default:
        return false;
    }
}

static void note_end(struct tha_tally *tally, uint32_t trunk, const struct tha_news *news)
{
    trunkha_simulation_summary *summary = tha_tally_summary(tally);

    summary->calls += !news->attempt; /* nobody has heard of it before */
    if (was_lost(news))
        tha_tally_note_loss(tally, trunk);
    else if (!was_answered(news))
        summary->calls_unanswered++;
}

static void note_call(uint32_t trunk, const struct tha_news *news, uint64_t now_ms, void *user_data)
{
    trunkha_simulation *simulation = user_data;
    trunkha_simulation_summary *summary = tha_tally_summary(simulation->tally);

    switch (news->kind) {
    case THA_NEWS_BEGUN:
        summary->calls++;
        note_attempt(simulation, trunk, now_ms);
        break;
    case THA_NEWS_MOVED:
        note_attempt(simulation, trunk, now_ms);
        break;
    case THA_NEWS_ANSWERED:
        note_answer(summary, news);
        note_outcome(simulation, trunk, news, true);
        break;
    case THA_NEWS_FAILED:
        if (news->weight)
            note_outcome(simulation, trunk, news, false);
        break;
    case THA_NEWS_ENDED:
        note_end(simulation->tally, trunk, news);
        break;
    default:
        break;
    }
}

/* ---- Making ---- */

int tha_simulation_make_replay(const struct tha_mem *mem, struct tha_model *model, struct tha_recording *recording,
                               const trunkha_simulation_options *options, trunkha_simulation **ret_simulation)
{
    trunkha_simulation *simulation = tha_simulation_alloc(mem, options);
    const struct tha_replay_listener listener = {tha_simulation_note_shown, tha_simulation_note_told, note_probe, note_call,
                                                 simulation};
    int err;

    if (!simulation)
        return TRUNKHA_ERR_NOMEM;

    simulation->recording = recording;
    err = tha_replay_new(mem, recording, model, &simulation->machine, &listener, &simulation->replay);
    if (!err) {
        simulation->source = *tha_replay_source(simulation->replay);
        err = tha_simulation_set_up(simulation, model, recording->seed,
                                    tha_replay_end_ms(simulation->replay) - THA_SIM_START_MS);
    }
    if (err) {
        simulation->recording = NULL; /* it stays the caller's */
        tha_simulation_release(simulation);
    } else {
        tha_replay_begin(simulation->replay);
        *ret_simulation = simulation;
    }

    return err;
}
