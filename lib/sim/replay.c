#include "replay.h"

#include <stddef.h>
#include <stdint.h>

#include "replay_room.h"

#define CONTAINER(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

/* ---- Turns ---- */

/** Probes move nothing: those of one moment are one turn. */
static uint32_t end_of_probes(const struct tha_recorded_input *inputs, uint32_t first, uint32_t n)
{
    uint32_t i = first + 1;

    while (i < n && inputs[i].kind == THA_INPUT_PROBE && inputs[i].at_ms == inputs[first].at_ms)
        i++;

    return i;
}

static uint32_t end_of_inputs(const struct tha_recorded_input *inputs, uint32_t first, uint32_t n)
{
    uint32_t i = first + 1;

    while (i < n && inputs[i].is_joined)
        i++;

    return i;
}

static void find_turn(struct tha_replay *replay)
{
    const struct tha_recorded_input *inputs = replay->recording->inputs;
    uint32_t n = replay->recording->n_inputs, i = replay->next;
    struct tha_replay_turn *turn = &replay->turn;

    while (i < n && !tha_replay_is_input(&inputs[i]))
        i++;
    *turn = (struct tha_replay_turn){.first = i, .end = i};
    if (i == n)
        return;

    turn->since_ms = inputs[i].due_ms < inputs[i].at_ms ? inputs[i].due_ms : inputs[i].at_ms;
    if (inputs[i].kind == THA_INPUT_PROBE)
        turn->end = end_of_probes(inputs, i, n);
    else
        turn->end = end_of_inputs(inputs, i, n);
    turn->at_ms = inputs[turn->end - 1].at_ms;
}

/** A core whose own timers are seen to at once would do it a few milliseconds earlier than the engine's, which has slept or
 *  was busy. */
static uint64_t defer(uint64_t due_ms, void *user_data)
{
    const struct tha_replay *replay = user_data;
    const struct tha_replay_turn *turn = &replay->turn;
    bool is_seen_to = tha_replay_follows(replay) && turn->first < turn->end &&
                      due_ms >= tha_replay_core_ms(turn->since_ms) && due_ms <= tha_replay_core_ms(turn->at_ms);

    return is_seen_to ? tha_replay_core_ms(turn->at_ms) : due_ms;
}

static int take_turn(struct tha_replay *replay)
{
    for (replay->next = replay->turn.first; replay->next < replay->turn.end; replay->next++) {
        int err = tha_replay_take_input(replay, &replay->recording->inputs[replay->next]);

        replay->turn.first = replay->next;
        if (err)
            return err;
    }
    find_turn(replay);

    return 0;
}

/* ---- The source ---- */

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t next_ms(void *user_data)
{
    const struct tha_replay *replay = user_data;
    uint64_t turn_ms = replay->turn.first < replay->turn.end ? tha_replay_core_ms(replay->turn.at_ms) : THA_NEVER;
    uint64_t answer_ms = tha_replay_answers_next_ms(&replay->answers);

    if (answer_ms != THA_NEVER)
        answer_ms = tha_replay_core_ms(answer_ms);

    return earlier(earlier(turn_ms, answer_ms), tha_heap_next(&replay->flights_due));
}

static void take_flights(struct tha_replay *replay, uint64_t now_ms)
{
    while (tha_heap_next(&replay->flights_due) <= now_ms) {
        struct tha_replay_flight *flight = CONTAINER(tha_heap_first(&replay->flights_due), struct tha_replay_flight, timer);

        tha_heap_remove(&replay->flights_due, &flight->timer);
        tha_core_report(replay->sim->core, (uint32_t)(flight - replay->flights), &flight->evidence, now_ms);
    }
}

static int take(uint64_t now_ms, void *user_data)
{
    struct tha_replay *replay = user_data;
    struct tha_replay_awaited awaited;

    take_flights(replay, now_ms);
    while (tha_replay_answers_take(&replay->answers, NULL, tha_replay_at_ms(now_ms), &awaited))
        tha_core_answer_question(replay->sim->core, awaited.id, awaited.answer, now_ms);
    if (replay->turn.first < replay->turn.end && tha_replay_core_ms(replay->turn.at_ms) <= now_ms)
        return take_turn(replay);

    return 0;
}

/** What the recording knows of the target, as far as it would have come before the time-out. */
static uint64_t get_evidence(struct tha_replay *replay, uint32_t slot, uint64_t now_ms, struct tha_evidence *ret_evidence)
{
    const struct tha_table *table = tha_core_table(replay->sim->core);
    const struct tha_target *target = &table->targets[tha_table_target_of_slot(table, slot)];
    uint64_t timeout_ms = tha_table_keepalive(table, target)->timeout_ms, after_ms = timeout_ms;
    uint32_t recorded = tha_replay_places_target(&replay->places, slot);
    const struct tha_replay_sample *sample = NULL;

    if (recorded != THA_NONE)
        sample = tha_replay_samples_find(&replay->samples, recorded, tha_replay_at_ms(now_ms));
    if (sample && sample->input->evidence.kind != THA_EVIDENCE_TIMED_OUT)
        after_ms = sample->input->at_ms - sample->sent_ms;
    *ret_evidence = (struct tha_evidence){.kind = THA_EVIDENCE_TIMED_OUT};
    if (sample && after_ms < timeout_ms)
        *ret_evidence = sample->input->evidence;

    return earlier(after_ms, timeout_ms);
}

void tha_replay_note_probe(const struct tha_replay *replay, uint32_t slot)
{
    const struct tha_table *table = tha_core_table(replay->sim->core);

    if (replay->listener.probed)
        replay->listener.probed(table->targets[tha_table_target_of_slot(table, slot)].trunk, replay->listener.user_data);
}

static void probe(uint32_t slot, uint64_t now_ms, void *user_data)
{
    struct tha_replay *replay = user_data;
    struct tha_replay_flight *flight = &replay->flights[slot];

    tha_replay_note_probe(replay, slot);
    tha_heap_set(&replay->flights_due, &flight->timer, now_ms + get_evidence(replay, slot, now_ms, &flight->evidence));
}

static void cancel(uint32_t slot, void *user_data)
{
    struct tha_replay *replay = user_data;

    tha_heap_remove(&replay->flights_due, &replay->flights[slot].timer);
}

static void ask(uint64_t id, const struct tha_dns_question *question, uint64_t now_ms, void *user_data)
{
    struct tha_replay *replay = user_data;
    uint32_t timeout_ms = tha_core_table(replay->sim->core)->model->dns.timeout_ms;

    tha_replay_answers_ask(&replay->answers, id, question, timeout_ms, tha_replay_at_ms(now_ms));
}

static int prepare(const struct tha_table *table, void *user_data)
{
    struct tha_replay *replay = user_data;

    tha_mem_free(&replay->mem, replay->prepared_flights);
    replay->n_prepared_flights = table->n_slots;
    replay->prepared_flights = tha_mem_zalloc(&replay->mem, table->n_slots + 1U, sizeof(*replay->prepared_flights));
    if (!replay->prepared_flights || tha_heap_reserve(&replay->flights_due, table->n_slots))
        return TRUNKHA_ERR_NOMEM;

    return tha_replay_places_prepare(&replay->places, table);
}

/** Probes under way to targets that stay go on. */
static void move_flight(struct tha_replay *replay, const struct tha_table *table, uint32_t slot)
{
    struct tha_replay_flight *flight = &replay->flights[slot];
    uint32_t target = tha_table_target_of_slot(table, slot);

    if (!tha_timer_is_set(&flight->timer))
        return;

    tha_heap_remove(&replay->flights_due, &flight->timer);
    if (target == THA_NONE || !table->targets[target].is_probing)
        return;

    replay->prepared_flights[slot].evidence = flight->evidence;
    tha_heap_set(&replay->flights_due, &replay->prepared_flights[slot].timer, flight->timer.when);
}

static void commit(const struct tha_table *table, void *user_data)
{
    struct tha_replay *replay = user_data;

    for (uint32_t i = 0; i < replay->n_flights; i++)
        move_flight(replay, table, i);
    tha_mem_free(&replay->mem, replay->flights);
    replay->flights = replay->prepared_flights;
    replay->n_flights = replay->n_prepared_flights;
    replay->prepared_flights = NULL;
    tha_replay_places_commit(&replay->places);
}

/* ---- What is told and shown ---- */

static void told(const trunkha_event *event, void *user_data)
{
    struct tha_replay *replay = user_data;

    tha_replay_compare(replay, event);
    if (replay->listener.told)
        replay->listener.told(event, replay->listener.user_data);
}

static void shown(const struct tha_action *action, uint64_t now_ms, void *user_data)
{
    const struct tha_replay *replay = user_data;

    if (replay->listener.shown)
        replay->listener.shown(action, now_ms, replay->listener.user_data);
}

/* ---- Its life ---- */

static int map_trunks(const struct tha_model *model, struct tha_map *map)
{
    int err = 0;

    for (uint32_t i = 0; i < model->n_trunks && !err; i++)
        err = tha_map_put(map, model->trunks[i].id, &model->trunks[i]);

    return err;
}

/** Compares what was loaded first with the trunks of @p model, which @p trunks finds by their ids. */
static void compare_load(struct tha_replay *replay, const struct tha_model *model, const struct tha_map *trunks)
{
    const struct tha_recording *recording = replay->recording;
    struct tha_replay_summary *summary = &replay->summary;
    uint32_t n_loads = 0, n_known = 0, n_same = 0;
    bool is_resampled = false;

    for (uint32_t i = 0; i < recording->n_inputs && n_loads < 2; i++) {
        const struct tha_recorded_input *input = &recording->inputs[i];
        const struct tha_trunk_model *trunk = NULL;

        n_loads += input->kind == THA_INPUT_LOAD;
        if (input->kind != THA_INPUT_TRUNK || input->target == THA_NONE)
            continue;
        trunk = tha_map_find(trunks, recording->targets[input->target].trunk_id);
        summary->n_trunks_unknown += !trunk;
        if (!trunk)
            continue;
        n_known++;
        n_same += tha_recording_judging(model, (uint32_t)(trunk - model->trunks)) == input->trunk.judging;
        is_resampled = is_resampled || tha_recording_schedule(trunk) != input->trunk.schedule;
    }
    if (is_resampled)
        summary->way = THA_REPLAY_RESAMPLED;
    else if (summary->n_trunks_unknown || n_same < n_known || n_known < model->n_trunks)
        summary->way = THA_REPLAY_REJUDGED;
}

static int compare_with_model(struct tha_replay *replay, const struct tha_model *model)
{
    struct tha_map trunks;
    int err;

    tha_map_init(&trunks, &replay->mem);
    err = map_trunks(model, &trunks);
    if (!err)
        compare_load(replay, model, &trunks);
    tha_map_done(&trunks);

    return err;
}

static int set_up(struct tha_replay *replay, const struct tha_model *model)
{
    int err = compare_with_model(replay, model);

    if (!err)
        err = tha_replay_places_init(&replay->places, &replay->mem, replay->recording);
    if (!err)
        err = tha_replay_samples_init(&replay->samples, &replay->mem, replay->recording);
    if (!err)
        err = tha_replay_answers_init(&replay->answers, &replay->mem, replay->recording);
    replay->summary.is_cut = replay->recording->is_cut;
    replay->summary.n_reloads = replay->recording->n_loads - 1;
    replay->summary.n_recorded = tha_replay_count_told(replay->recording);
    find_turn(replay);

    return err;
}

int tha_replay_new(const struct tha_mem *mem, const struct tha_recording *recording, const struct tha_model *model,
                   struct tha_sim *sim, const struct tha_replay_listener *listener, struct tha_replay **ret_replay)
{
    struct tha_replay *replay = tha_mem_zalloc(mem, 1, sizeof(*replay));
    int err;

    if (!replay)
        return TRUNKHA_ERR_NOMEM;

    replay->mem = *mem;
    replay->recording = recording;
    replay->sim = sim;
    replay->listener = *listener;
    replay->source = (struct tha_sim_source){
        .next_ms = next_ms,
        .defer = defer,
        .take = take,
        .probe = probe,
        .cancel = cancel,
        .ask = ask,
        .prepare = prepare,
        .commit = commit,
        .shown = shown,
        .told = told,
        .user_data = replay,
    };
    tha_heap_init(&replay->flights_due, mem);
    err = set_up(replay, model);
    if (err)
        tha_replay_free(replay);
    else
        *ret_replay = replay;

    return err;
}

struct tha_replay *tha_replay_free(struct tha_replay *replay)
{
    struct tha_mem mem;

    if (!replay)
        return NULL;

    mem = replay->mem;
    tha_replay_answers_done(&replay->answers, &mem);
    tha_replay_samples_done(&replay->samples, &mem);
    tha_replay_places_done(&replay->places);
    tha_heap_done(&replay->flights_due);
    tha_mem_free(&mem, replay->flights);
    tha_mem_free(&mem, replay->prepared_flights);

    return tha_mem_free(&mem, replay);
}

const struct tha_sim_source *tha_replay_source(const struct tha_replay *replay)
{
    return &replay->source;
}

void tha_replay_begin(struct tha_replay *replay)
{
    replay->sim->unix_offset_ms = replay->recording->started_unix_ms - (int64_t)THA_SIM_START_MS;
    if (tha_replay_follows(replay))
        tha_core_follow_probes(replay->sim->core);
}

uint64_t tha_replay_end_ms(const struct tha_replay *replay)
{
    const struct tha_recording *recording = replay->recording;

    return tha_replay_core_ms(recording->n_inputs ? recording->inputs[recording->n_inputs - 1].at_ms : 0);
}

void tha_replay_get_summary(const struct tha_replay *replay, struct tha_replay_summary *ret_summary)
{
    *ret_summary = replay->summary;
}
