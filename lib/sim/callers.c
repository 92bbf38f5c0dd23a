#include "callers.h"

/** Those who call are on the agenda: they must not move when there is to be room for more. */
#define CHUNK 1024U

#define NS_PER_MS UINT64_C(1000000)

/** A kind that rings less often than once in a month does so once in a month. */
#define GAP_MAX_NS (UINT64_C(31) * 86400 * 1000 * NS_PER_MS)

struct chunk {
    struct chunk *next;
    struct tha_caller callers[CHUNK];
};

struct tha_callers {
    struct tha_mem mem;
    struct tha_agenda *agenda;
    uint64_t start_ms;
    struct tha_arrival *arrivals; /**< one for each load */
    struct chunk *chunks;
    struct tha_caller *free;
};

/* ---- Arrivals ---- */

static uint64_t mean_gap_ns(double per_second)
{
    double gap_ns = 1e9 / per_second;

    return gap_ns < (double)GAP_MAX_NS ? (uint64_t)gap_ns : GAP_MAX_NS;
}

static void await_next(struct tha_callers *callers, struct tha_arrival *arrival)
{
    arrival->next_ns += tha_dice_exponential(&arrival->dice, arrival->mean_gap_ns);
    if (arrival->next_ns < arrival->load->until_ms * NS_PER_MS)
        tha_agenda_set(callers->agenda, &arrival->due, callers->start_ms + arrival->next_ns / NS_PER_MS);
    else
        tha_agenda_drop(callers->agenda, &arrival->due);
}

/** Each kind has dice of its own: one more changes nothing for the others. */
static void open_load(struct tha_callers *callers, uint32_t number, const struct tha_call_load *load, uint64_t seed)
{
    struct tha_arrival *arrival = &callers->arrivals[number];

    arrival->due.kind = THA_DUE_ARRIVAL;
    arrival->load = load;
    tha_dice_init(&arrival->dice, seed, number + 1);
    if (!(load->per_second > 0))
        return;

    arrival->mean_gap_ns = mean_gap_ns(load->per_second);
    arrival->next_ns = load->from_ms * NS_PER_MS;
    await_next(callers, arrival);
}

int tha_callers_new(const struct tha_mem *mem, const struct tha_scenario *scenario, uint64_t seed, uint64_t start_ms,
                    struct tha_agenda *agenda, struct tha_callers **ret_callers)
{
    struct tha_callers *callers = tha_mem_zalloc(mem, 1, sizeof(*callers));

    if (!callers)
        return TRUNKHA_ERR_NOMEM;

    callers->mem = *mem;
    callers->agenda = agenda;
    callers->start_ms = start_ms;
    callers->arrivals = tha_mem_zalloc(mem, scenario->n_loads + 1, sizeof(*callers->arrivals));
    if (!callers->arrivals) {
        tha_callers_free(callers);
        return TRUNKHA_ERR_NOMEM;
    }
    for (uint32_t i = 0; i < scenario->n_loads; i++)
        open_load(callers, i, &scenario->loads[i], seed);
    *ret_callers = callers;

    return 0;
}

struct tha_callers *tha_callers_free(struct tha_callers *callers)
{
    struct chunk *next;

    if (!callers)
        return NULL;

    for (struct chunk *chunk = callers->chunks; chunk; chunk = next) {
        next = chunk->next;
        tha_mem_free(&callers->mem, chunk);
    }
    tha_mem_free(&callers->mem, callers->arrivals);

    return tha_mem_free(&callers->mem, callers);
}

void tha_callers_each(struct tha_callers *callers, void (*visit)(struct tha_caller *caller, void *user_data),
                      void *user_data)
{
    for (struct chunk *chunk = callers->chunks; chunk; chunk = chunk->next) {
        for (uint32_t i = 0; i < CHUNK; i++) {
            if (chunk->callers[i].is_calling)
                visit(&chunk->callers[i], user_data);
        }
    }
}

/* ---- Those who call ---- */

static bool make_room(struct tha_callers *callers)
{
    struct chunk *chunk = tha_mem_zalloc(&callers->mem, 1, sizeof(*chunk));

    if (!chunk)
        return false;

    chunk->next = callers->chunks;
    callers->chunks = chunk;
    for (uint32_t i = CHUNK; i-- > 0;) {
        chunk->callers[i].next = callers->free;
        callers->free = &chunk->callers[i];
    }

    return true;
}

/** Everything that is random of him is drawn here, and always all of it. */
static void draw_fate(struct tha_caller *caller, struct tha_arrival *arrival, uint64_t now_ms)
{
    const struct tha_call_load *load = arrival->load;
    uint32_t lot = tha_dice_below(&arrival->dice, 1000);

    *caller = (struct tha_caller){
        .due.kind = THA_DUE_CALLER,
        .begun_ms = now_ms,
        .is_calling = true,
        .next_ms = THA_NEVER,
        .deadline_ms = THA_NEVER,
        .patience_ms = load->patience_ms ? now_ms + load->patience_ms : THA_NEVER,
        .ring_after_ms = load->ring_after_ms,
        .answer_after_ms = tha_dice_exponential(&arrival->dice, load->answer_after_ms),
        .duration_ms = tha_dice_exponential(&arrival->dice, load->duration_ms),
        .is_busy = lot < load->busy_permille,
        .is_nobody_there = lot >= load->busy_permille && lot - load->busy_permille < load->no_answer_permille,
    };
}

struct tha_caller *tha_callers_get(struct tha_callers *callers, struct tha_due *due, uint64_t now_ms)
{
    struct tha_arrival *arrival = (struct tha_arrival *)due;
    struct tha_caller *caller = callers->free;

    if (arrival->waiting)
        return arrival->waiting;
    if (!caller && !make_room(callers))
        return NULL;

    caller = callers->free;
    callers->free = caller->next;
    draw_fate(caller, arrival, now_ms);
    arrival->waiting = caller;

    return caller;
}

void tha_callers_move_on(struct tha_callers *callers, struct tha_due *due)
{
    struct tha_arrival *arrival = (struct tha_arrival *)due;

    arrival->waiting = NULL;
    await_next(callers, arrival);
}

void tha_callers_resume(struct tha_callers *callers, struct tha_caller *caller)
{
    tha_agenda_set(callers->agenda, &caller->due, tha_caller_next_ms(caller));
}

void tha_callers_dismiss(struct tha_callers *callers, struct tha_caller *caller)
{
    tha_agenda_drop(callers->agenda, &caller->due);
    caller->is_calling = false;
    caller->next = callers->free;
    callers->free = caller;
}
