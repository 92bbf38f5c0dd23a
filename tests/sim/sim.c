#include "sim.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "zone.h"

#define START_MS UINT64_C(1000000)

struct probe {
    uint64_t at_ms;
    uint32_t slot;
};

struct answer {
    uint64_t due_ms;
    uint32_t slot;
    struct tha_evidence evidence;
};

struct question {
    uint64_t due_ms;
    uint64_t id;
    struct tha_dns_question question;
};

#define PLACES_MAX 16

struct place {
    char target[THA_ADDR_TEXT_SIZE];
    struct sim_manner manner;
};

struct route {
    struct tha_route_entry *entries;
    uint32_t n_entries;
    uint32_t active;
};

struct sim {
    struct tha_core *core;
    uint64_t now_ms;
    bool loses_results;

    struct sim_manner *manners; /* by slot */
    bool *armed;                /* likewise */
    struct tha_target_state *targets;
    struct tha_trunk_state *trunks;
    struct route *routes;
    uint32_t n_routes;

    struct sim_event *events;
    size_t n_events, events_room;
    struct probe *probes;
    size_t n_probes, probes_room;
    struct answer *answers; /* the earliest first; those before `next_answer` were given */
    size_t next_answer, n_answers, answers_room;
    const char *zone;
    struct question *questions;
    size_t n_questions;
    unsigned n_asked;
    struct place places[PLACES_MAX];
    size_t n_places;
    char order[4096];
    char warning[512];
};

static void *grown(void *array, size_t count, size_t size)
{
    void *more = realloc(array, (count ? count : 1) * size);

    ck_assert_ptr_nonnull(more);

    return more;
}

/* ---- Carrying out what the core wants ---- */

static void show_route(struct sim *sim, const struct tha_action *action)
{
    struct route *route = &sim->routes[action->index];

    route->n_entries = action->route.n_entries;
    route->active = action->route.active_trunk;
    route->entries = grown(route->entries, route->n_entries, sizeof(*route->entries));
    memcpy(route->entries, action->route.entries, route->n_entries * sizeof(*route->entries));
}

static void tell(struct sim *sim, const trunkha_event *event)
{
    if (sim->n_events == sim->events_room) {
        sim->events_room = sim->events_room * 2 + 64;
        sim->events = grown(sim->events, sim->events_room, sizeof(*sim->events));
    }
    sim->events[sim->n_events++] = (struct sim_event){sim->now_ms - START_MS, *event};
}

static struct sim_manner manner_of(const struct sim *sim, uint32_t slot)
{
    const struct tha_table *table = tha_core_table(sim->core);
    char text[THA_ADDR_TEXT_SIZE];

    if (sim->n_places)
        tha_addr_text(&table->targets[table->target_of_slot[slot]].addr, text, sizeof(text));
    for (size_t i = 0; i < sim->n_places; i++) {
        if (!strcmp(sim->places[i].target, text))
            return sim->places[i].manner;
    }

    return sim->manners[slot];
}

static struct answer answer_of(const struct sim *sim, uint32_t slot)
{
    const struct tha_table *table = tha_core_table(sim->core);
    const struct tha_keepalive *keepalive = tha_table_keepalive(table, &table->targets[table->target_of_slot[slot]]);
    struct sim_manner manner = manner_of(sim, slot);
    struct answer answer = {.slot = slot, .due_ms = sim->now_ms + manner.delay_ms};

    if (manner.code < 0) {
        answer.evidence.kind = THA_EVIDENCE_REFUSED;
        answer.evidence.system_error = ECONNREFUSED;
    } else if (manner.code == 0 || manner.delay_ms >= keepalive->timeout_ms) {
        answer.evidence.kind = THA_EVIDENCE_TIMED_OUT;
        answer.due_ms = sim->now_ms + keepalive->timeout_ms;
    } else {
        answer.evidence.kind = THA_EVIDENCE_ANSWERED;
        answer.evidence.code = (uint32_t)manner.code;
        answer.evidence.rtt_us = manner.delay_ms * 1000;
    }

    return answer;
}

static void await_answer(struct sim *sim, struct answer answer)
{
    size_t i;

    if (sim->next_answer == sim->n_answers)
        sim->next_answer = sim->n_answers = 0;
    if (sim->n_answers == sim->answers_room) {
        sim->answers_room = sim->answers_room * 2 + 64;
        sim->answers = grown(sim->answers, sim->answers_room, sizeof(*sim->answers));
    }
    for (i = sim->n_answers++; i > sim->next_answer && sim->answers[i - 1].due_ms > answer.due_ms; i--)
        sim->answers[i] = sim->answers[i - 1];
    sim->answers[i] = answer;
}

static void probe(struct sim *sim, uint32_t slot)
{
    if (sim->n_probes == sim->probes_room) {
        sim->probes_room = sim->probes_room * 2 + 64;
        sim->probes = grown(sim->probes, sim->probes_room, sizeof(*sim->probes));
    }
    sim->probes[sim->n_probes++] = (struct probe){sim->now_ms, slot};
    await_answer(sim, answer_of(sim, slot));
}

static void take_model(struct sim *sim, struct tha_model *model);

static void ask(struct sim *sim, uint64_t id, const struct tha_dns_question *question)
{
    sim->questions = grown(sim->questions, sim->n_questions + 1, sizeof(*sim->questions));
    sim->questions[sim->n_questions++] = (struct question){sim->now_ms + (sim->zone ? 10 : 3000), id, *question};
    sim->n_asked++;
}

static void carry_out_all(struct sim *sim)
{
    struct tha_action action;

    while (tha_core_next_action(sim->core, sim->now_ms, &action)) {
        switch (action.kind) {
        case THA_ACTION_SHOW_TARGET:
            sim->targets[action.index] = action.target.state;
            if (action.target.trial != THA_TRIAL_AS_IT_WAS)
                sim->armed[action.target.slot] = action.target.trial == THA_TRIAL_ARMED;
            break;
        case THA_ACTION_SHOW_TRUNK:
            sim->trunks[action.index] = action.trunk.state;
            break;
        case THA_ACTION_SHOW_ROUTE:
            show_route(sim, &action);
            break;
        case THA_ACTION_READDRESS:
            take_model(sim, NULL);
            break;
        case THA_ACTION_WARN:
            snprintf(sim->warning, sizeof(sim->warning), "%s", action.warning);
            break;
        case THA_ACTION_TELL:
            tell(sim, action.event);
            break;
        default:
            ck_abort_msg("unknown action %u", action.kind);
        }
    }
}

static void drain(struct sim *sim)
{
    struct tha_dns_question question;
    uint64_t id;
    uint32_t slot;

    carry_out_all(sim);
    while (tha_core_next_question(sim->core, sim->now_ms, &id, &question))
        ask(sim, id, &question);
    while (tha_core_next_probe(sim->core, sim->now_ms, &slot))
        probe(sim, slot);
    carry_out_all(sim);
}

/* ---- Life ---- */

static void on_finding(const trunkha_finding *finding, void *user_data)
{
    (void)user_data;
    if (finding->severity == TRUNKHA_SEVERITY_ERROR)
        ck_abort_msg("%u:%u: %s", finding->line, finding->column, finding->message);
}

/** Worlds are written with single quotes, to be legible in C. */
static char *double_quoted(const char *json)
{
    char *copy = strdup(json);

    ck_assert_ptr_nonnull(copy);
    for (char *c = copy; *c; c++) {
        if (*c == '\'')
            *c = '"';
    }

    return copy;
}

static void take_model(struct sim *sim, struct tha_model *model)
{
    struct tha_table *table = NULL;
    uint32_t n_routes_before = sim->n_routes;
    const struct tha_table *old = tha_core_table(sim->core);
    uint32_t n_slots_before = old ? old->n_slots : 0;

    ck_assert_int_eq(tha_core_prepare(sim->core, model, sim->now_ms, &table), 0);
    model = table->model;

    sim->n_routes = model->n_profiles;
    for (uint32_t i = sim->n_routes; i < n_routes_before; i++)
        free(sim->routes[i].entries);
    sim->routes = grown(sim->routes, sim->n_routes, sizeof(*sim->routes));
    for (uint32_t i = n_routes_before; i < sim->n_routes; i++)
        sim->routes[i] = (struct route){NULL, 0, THA_NONE};
    sim->targets = grown(sim->targets, table->n_targets, sizeof(*sim->targets));
    sim->trunks = grown(sim->trunks, model->n_trunks, sizeof(*sim->trunks));
    sim->manners = grown(sim->manners, table->n_slots, sizeof(*sim->manners));
    sim->armed = grown(sim->armed, table->n_slots, sizeof(*sim->armed));
    for (uint32_t i = n_slots_before; i < table->n_slots; i++) {
        sim->manners[i] = SIM_OK;
        sim->armed[i] = false;
    }

    tha_core_commit(sim->core, table, sim->now_ms);
}

static void load(struct sim *sim, const char *world)
{
    char *json = double_quoted(world);
    struct tha_model *model = NULL;

    ck_assert_int_eq(tha_config_read(&tha_mem_default, json, strlen(json), on_finding, NULL, &model), 0);
    take_model(sim, model);
    free(json);
}

static struct sim *make(const char *json, const char *zone, uint64_t seed)
{
    struct sim *sim = grown(NULL, 1, sizeof(*sim));

    memset(sim, 0, sizeof(*sim));
    sim->now_ms = START_MS;
    sim->zone = zone;
    ck_assert_int_eq(tha_core_new(&tha_mem_default, seed, &sim->core), 0);
    load(sim, json);
    tha_core_start(sim->core, sim->now_ms);
    drain(sim);

    return sim;
}

struct sim *sim_new_with_seed(const char *json, uint64_t seed)
{
    return make(json, NULL, seed);
}

struct sim *sim_new_with_zone(const char *json, const char *zone)
{
    return make(json, zone, 1);
}

struct sim *sim_new(const char *json)
{
    return sim_new_with_seed(json, 1);
}

struct sim *sim_new_at(const char *json, uint64_t ms)
{
    struct sim *sim = sim_new(json);

    sim_run_to(sim, ms);

    return sim;
}

void sim_free(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->n_routes; i++)
        free(sim->routes[i].entries);
    tha_core_free(sim->core);
    free(sim->armed);
    free(sim->manners);
    free(sim->targets);
    free(sim->trunks);
    free(sim->routes);
    free(sim->events);
    free(sim->probes);
    free(sim->answers);
    free(sim->questions);
    free(sim);
}

void sim_reload(struct sim *sim, const char *json)
{
    load(sim, json);
    drain(sim);
}

uint64_t sim_now(const struct sim *sim)
{
    return sim->now_ms - START_MS;
}

uint64_t sim_core_now(const struct sim *sim)
{
    return sim->now_ms;
}

static uint64_t next_answer_ms(const struct sim *sim)
{
    return sim->next_answer < sim->n_answers ? sim->answers[sim->next_answer].due_ms : UINT64_MAX;
}

static void hand_in_answers(struct sim *sim)
{
    while (next_answer_ms(sim) <= sim->now_ms) {
        struct answer answer = sim->answers[sim->next_answer++];

        if (!sim->loses_results)
            tha_core_report(sim->core, answer.slot, &answer.evidence, sim->now_ms);
        drain(sim);
    }
}

static void answer_question(struct sim *sim, const struct question *question)
{
    struct zone_answer answer = {.answer.outcome = THA_DNS_SILENT};

    if (sim->zone && !strcmp(sim->zone, SIM_DNS_FAILS))
        answer.answer = (struct tha_dns_answer){.outcome = THA_DNS_FAILED, .rcode = 2};
    else if (sim->zone)
        zone_answer(sim->zone, &question->question, &answer);
    tha_core_answer_question(sim->core, question->id, &answer.answer, sim->now_ms);
    drain(sim);
}

static void hand_in_dns(struct sim *sim)
{
    for (size_t i = 0; i < sim->n_questions;) {
        struct question question = sim->questions[i];

        if (question.due_ms > sim->now_ms) {
            i++;
            continue;
        }
        memmove(&sim->questions[i], &sim->questions[i + 1], (--sim->n_questions - i) * sizeof(question));
        answer_question(sim, &question);
    }
}

static uint64_t next_dns(const struct sim *sim)
{
    uint64_t next = UINT64_MAX;

    for (size_t i = 0; i < sim->n_questions; i++)
        next = sim->questions[i].due_ms < next ? sim->questions[i].due_ms : next;

    return next;
}

void sim_run_to(struct sim *sim, uint64_t ms)
{
    uint64_t end = START_MS + ms;

    ck_assert_uint_ge(end, sim->now_ms);
    for (;;) {
        uint64_t next = tha_core_next_expiry(sim->core);

        if (next_answer_ms(sim) < next)
            next = next_answer_ms(sim);
        if (next_dns(sim) < next)
            next = next_dns(sim);
        if (next > end)
            break;
        if (next > sim->now_ms)
            sim->now_ms = next;
        drain(sim);
        hand_in_answers(sim);
        hand_in_dns(sim);
    }
    sim->now_ms = end;
}

/* ---- Asking and telling ---- */

static uint32_t trunk_index(const struct sim *sim, const char *id)
{
    const struct tha_model *model = tha_core_table(sim->core)->model;

    for (uint32_t i = 0; i < model->n_trunks; i++) {
        if (!strcmp(model->trunks[i].id, id))
            return i;
    }
    ck_abort_msg("no trunk %s", id);
}

static uint32_t profile_index(const struct sim *sim, const char *id)
{
    const struct tha_model *model = tha_core_table(sim->core)->model;

    for (uint32_t i = 0; i < model->n_profiles; i++) {
        if (!strcmp(model->profiles[i].id, id))
            return i;
    }
    ck_abort_msg("no profile %s", id);
}

static uint32_t slot_of(const struct sim *sim, const char *trunk_id)
{
    const struct tha_table *table = tha_core_table(sim->core);

    return table->targets[table->trunks[trunk_index(sim, trunk_id)].first_target].slot;
}

void sim_behave(struct sim *sim, const char *trunk_id, struct sim_manner manner)
{
    sim->manners[slot_of(sim, trunk_id)] = manner;
}

void sim_behave_at(struct sim *sim, const char *target, struct sim_manner manner)
{
    size_t i = 0;

    while (i < sim->n_places && strcmp(sim->places[i].target, target))
        i++;
    ck_assert_uint_lt(i, PLACES_MAX);
    snprintf(sim->places[i].target, sizeof(sim->places[i].target), "%s", target);
    sim->places[i].manner = manner;
    if (i == sim->n_places)
        sim->n_places++;
}

void sim_set_zone(struct sim *sim, const char *zone)
{
    sim->zone = zone;
}

unsigned sim_questions(const struct sim *sim)
{
    return sim->n_asked;
}

void sim_behave_all(struct sim *sim, struct sim_manner manner)
{
    for (uint32_t i = 0; i < tha_core_table(sim->core)->n_slots; i++)
        sim->manners[i] = manner;
}

int sim_set_admin(struct sim *sim, const char *trunk_id, uint32_t admin, uint32_t reason, uint32_t for_ms)
{
    int err = tha_core_set_admin(sim->core, trunk_id, admin, reason, "by test", for_ms, sim->now_ms);

    drain(sim);

    return err;
}

const char *sim_warning(const struct sim *sim)
{
    return sim->warning;
}

void sim_lose_results(struct sim *sim, bool is_lost)
{
    sim->loses_results = is_lost;
}

void sim_report(struct sim *sim, const char *trunk_id, const struct tha_evidence *evidence)
{
    tha_core_report(sim->core, slot_of(sim, trunk_id), evidence, sim->now_ms);
    drain(sim);
}

void sim_call(struct sim *sim, const char *trunk_id, struct tha_news news, uint32_t active_calls)
{
    const struct tha_table *table = tha_core_table(sim->core);

    news.trunk_slot = table->trunks[trunk_index(sim, trunk_id)].slot;
    news.target_slot = slot_of(sim, trunk_id);
    if (!news.started_ms)
        news.started_ms = sim->now_ms;
    snprintf(news.trunk_id, sizeof(news.trunk_id), "%s", trunk_id);
    tha_core_take_news(sim->core, &news, active_calls, sim->now_ms);
    drain(sim);
}

void sim_trial_call(struct sim *sim, const char *trunk_id, struct tha_news news)
{
    sim->armed[slot_of(sim, trunk_id)] = false;
    news.flags |= THA_NEWS_TRIAL;
    sim_call(sim, trunk_id, news, 1);
}

bool sim_is_armed(const struct sim *sim, const char *trunk_id)
{
    return sim->armed[slot_of(sim, trunk_id)];
}

bool sim_takes_trials(struct sim *sim, const char *profile, const char *trunk_id)
{
    const struct tha_table *table = tha_core_table(sim->core);
    uint32_t count;
    const struct tha_route_entry *entries = sim_entries(sim, profile, &count);

    for (uint32_t i = 0; i < count; i++) {
        if (table->targets[entries[i].target].trunk == trunk_index(sim, trunk_id))
            return entries[i].run & THA_RUN_TRIAL;
    }

    return false;
}

void sim_close(struct sim *sim, const char *trunk_id, const struct tha_evidence *evidence)
{
    tha_core_note_closed(sim->core, slot_of(sim, trunk_id), evidence, sim->now_ms);
    drain(sim);
}

void sim_say_abilities(struct sim *sim, const char *trunk_id, unsigned nth, struct tha_abilities abilities)
{
    const struct tha_table *table = tha_core_table(sim->core);
    uint32_t first = table->trunks[trunk_index(sim, trunk_id)].first_target;

    tha_core_note_abilities(sim->core, table->targets[first + nth].slot, &abilities);
    drain(sim);
}

void sim_knock(struct sim *sim, const char *trunk_id)
{
    const struct tha_table *table = tha_core_table(sim->core);

    tha_core_note_request(sim->core, &table->targets[table->target_of_slot[slot_of(sim, trunk_id)]].addr, sim->now_ms);
    drain(sim);
}

int sim_fail_back(struct sim *sim, const char *profile)
{
    int err = tha_core_fail_back(sim->core, profile, sim->now_ms);

    drain(sim);

    return err;
}

const struct tha_trunk_state *sim_trunk(const struct sim *sim, const char *trunk_id)
{
    return &sim->trunks[trunk_index(sim, trunk_id)];
}

const struct tha_target_state *sim_target(const struct sim *sim, const char *trunk_id)
{
    return &sim->targets[tha_core_table(sim->core)->trunks[trunk_index(sim, trunk_id)].first_target];
}

const struct tha_route_entry *sim_entries(const struct sim *sim, const char *profile, uint32_t *ret_count)
{
    const struct route *route = &sim->routes[profile_index(sim, profile)];

    *ret_count = route->n_entries;

    return route->entries;
}

const char *sim_order(struct sim *sim, const char *profile)
{
    const struct tha_table *table = tha_core_table(sim->core);
    uint32_t count;
    const struct tha_route_entry *entries = sim_entries(sim, profile, &count);
    bool is_passed_over = false;
    size_t len = 0;

    sim->order[0] = '\0';
    for (uint32_t i = 0; i < count; i++) {
        const char *id = table->model->trunks[table->targets[entries[i].target].trunk].id;
        const char *gap = len ? " " : "";

        if (entries[i].why >= TRUNKHA_WHY_DISABLED && !is_passed_over) {
            is_passed_over = true;
            gap = len ? " | " : "| ";
        }
        len += (size_t)snprintf(sim->order + len, sizeof(sim->order) - len, "%s%s", gap, id);
        ck_assert_uint_lt(len, sizeof(sim->order));
    }

    return sim->order;
}

static size_t print_target(char *to, size_t size, const struct tha_target *target)
{
    static const char *const marks[] = {"/unknown", "", "/degraded", "/down"};
    char host[THA_ADDR_TEXT_SIZE];

    return (size_t)snprintf(to, size, "%s%s", tha_addr_host_text(&target->addr, host, sizeof(host)),
                            marks[target->health.state]);
}

const char *sim_addresses(struct sim *sim, const char *profile, const char *trunk_id)
{
    const struct tha_table *table = tha_core_table(sim->core);
    uint32_t trunk = trunk_index(sim, trunk_id), count;
    const struct tha_route_entry *entries = sim_entries(sim, profile, &count);
    size_t len = 0;

    sim->order[0] = '\0';
    for (uint32_t i = 0; i < count; i++) {
        const struct tha_target *target = &table->targets[entries[i].target];

        if (target->trunk != trunk)
            continue;
        if (len)
            sim->order[len++] = ' ';
        len += print_target(sim->order + len, sizeof(sim->order) - len, target);
        ck_assert_uint_lt(len, sizeof(sim->order) - 1);
    }

    return sim->order;
}

const char *sim_active(const struct sim *sim, const char *profile)
{
    uint32_t active = sim->routes[profile_index(sim, profile)].active;

    return active == THA_NONE ? "" : tha_core_table(sim->core)->model->trunks[active].id;
}

static bool is_about(const struct sim_event *told, uint32_t type, const char *entity_id)
{
    return told->event.type == type && (!entity_id || !strcmp(told->event.entity_id, entity_id));
}

const struct sim_event *sim_event(const struct sim *sim, uint32_t type, const char *entity_id, unsigned nth)
{
    for (size_t i = 0; i < sim->n_events; i++) {
        if (is_about(&sim->events[i], type, entity_id) && !nth--)
            return &sim->events[i];
    }

    return NULL;
}

unsigned sim_count_events(const struct sim *sim, uint32_t type, const char *entity_id)
{
    unsigned n = 0;

    for (size_t i = 0; i < sim->n_events; i++)
        n += is_about(&sim->events[i], type, entity_id);

    return n;
}

void sim_forget(struct sim *sim)
{
    sim->n_events = 0;
}

static bool is_to(const struct sim *sim, const struct probe *sent, const char *trunk_id)
{
    return !trunk_id || sent->slot == slot_of(sim, trunk_id);
}

unsigned sim_probes(const struct sim *sim, const char *trunk_id)
{
    unsigned n = 0;

    for (size_t i = 0; i < sim->n_probes; i++)
        n += is_to(sim, &sim->probes[i], trunk_id);

    return n;
}

uint64_t sim_last_probe(const struct sim *sim, const char *trunk_id)
{
    for (size_t i = sim->n_probes; i-- > 0;) {
        if (is_to(sim, &sim->probes[i], trunk_id))
            return sim->probes[i].at_ms - START_MS;
    }
    ck_abort_msg("no probe to %s yet", trunk_id);
}

unsigned sim_most_probes(const struct sim *sim, const char *trunk_id, uint64_t window_ms)
{
    unsigned most = 0, n = 0;
    size_t first = 0;

    for (size_t i = 0; i < sim->n_probes; i++) {
        if (!is_to(sim, &sim->probes[i], trunk_id))
            continue;
        n++;
        while (sim->probes[first].at_ms + window_ms <= sim->probes[i].at_ms)
            n -= is_to(sim, &sim->probes[first++], trunk_id);
        if (n > most)
            most = n;
    }

    return most;
}

const struct tha_core *sim_core(const struct sim *sim)
{
    return sim->core;
}
