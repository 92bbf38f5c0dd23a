/* The list of running calls. The one word that rules a place says who has it and what he does there:
 *
 *      generation (32 bits) | changes (8) | pid (22) | status (2)
 *
 *      FREE -> CLAIMED -> LIVE <-> CHANGING      and from each of them back to FREE
 *
 * Every step is a compare-exchange of that word, so that a call is taken from the list once and a place is written by one
 * at a time; the same word before and after reading says that what was read is whole. A token is generation and place. */
#include <errno.h>
#include <signal.h>

#include "calls.h"
#include "handle.h"
#include "words.h"

enum status { FREE, CLAIMED, LIVE, CHANGING };

/** Linux has no pids beyond. */
#define PID_BITS    22
#define STATUS_BITS 2

#define PID_MASK    ((1U << PID_BITS) - 1)
#define STATUS_MASK ((UINT64_C(1) << STATUS_BITS) - 1)
#define ONE_CHANGE  (UINT64_C(1) << (PID_BITS + STATUS_BITS))
#define CHANGE_MASK (UINT64_C(0xff) * ONE_CHANGE)

/** How often a place is looked at again that another is just changing. */
#define TRIES 1000

/** How many places are tried that were found free and then were not. */
#define CLAIMS 64

static uint32_t generation_of(uint64_t state)
{
    return tha_high(state);
}

static uint32_t pid_of(uint64_t state)
{
    return (uint32_t)(state >> STATUS_BITS) & PID_MASK;
}

static enum status status_of(uint64_t state)
{
    return (enum status)(state & STATUS_MASK);
}

static uint64_t with_status(uint64_t state, enum status status)
{
    return (state & ~STATUS_MASK) | status;
}

/** By the next call at that place. */
static uint64_t claimed(uint64_t state, uint32_t pid)
{
    uint32_t generation = generation_of(state) + 1;

    return tha_pack((pid & PID_MASK) << STATUS_BITS | CLAIMED, generation ? generation : 1);
}

static uint64_t changed(uint64_t state)
{
    return with_status((state & ~CHANGE_MASK) | ((state + ONE_CHANGE) & CHANGE_MASK), LIVE);
}

static bool move_on(struct tha_running_record *record, uint64_t from, uint64_t to)
{
    return atomic_compare_exchange_strong(&record->state, &from, to);
}

static struct tha_running_record *record_at(const trunkha_view *view, uint32_t place)
{
    return (struct tha_running_record *)((uintptr_t)view->table + THA_RUNNING_OFFSET) + place;
}

static uint32_t n_places(const trunkha_view *view)
{
    uint32_t n = tha_get32(&tha_table_calls(view->table)->n_running);

    return n < THA_RUNNING_MAX ? n : THA_RUNNING_MAX;
}

/** False when there is no room for @p n. */
static bool make_places(trunkha_view *view, uint32_t n)
{
    if (tha_view_make_room(view->fd, THA_RUNNING_OFFSET, n * sizeof(struct tha_running_record)))
        return false;

    tha_put32(&view->calls->n_running, n);

    return true;
}

void tha_view_init_running(trunkha_view *view)
{
    uint32_t n = view->fd < 0 ? THA_RUNNING_MAX : n_places(view);

    if (n <= THA_RUNNING_FIRST || !make_places(view, n))
        tha_put32(&view->calls->n_running, THA_RUNNING_FIRST);
}

void tha_view_grow_running(trunkha_view *view)
{
    uint32_t n = n_places(view), taken = 0;

    if (n == THA_RUNNING_MAX)
        return;

    for (uint32_t i = 0; i < n / 64; i++)
        taken += (uint32_t)__builtin_popcountll(tha_get64(&view->calls->taken[i]));
    if (taken >= n / 2)
        make_places(view, n < THA_RUNNING_MAX / 2 ? 2 * n : THA_RUNNING_MAX);
}

/* Which places to look at is kept apart, so that nobody touches the memory of those that were never used. It is a hint: set
 * after a place was claimed, cleared after it was freed, and put right by whoever finds it wrong. */

static void set_taken(trunkha_view *view, uint32_t place, bool is_taken)
{
    _Atomic uint64_t *word = &view->calls->taken[place / 64];
    uint64_t bit = UINT64_C(1) << place % 64;

    if (is_taken)
        atomic_fetch_or(word, bit);
    else
        atomic_fetch_and(word, ~bit);
}

/** The next place from @p place on that is taken, or is not; n_places() when there is none. */
static uint32_t find(const trunkha_view *view, uint32_t place, bool is_taken)
{
    uint32_t n = n_places(view);

    while (place < n) {
        uint64_t word = tha_get64(&tha_table_calls(view->table)->taken[place / 64]);
        uint64_t left = (is_taken ? word : ~word) >> place % 64;

        if (left) {
            place += (uint32_t)__builtin_ctzll(left);
            return place < n ? place : n;
        }
        place = (place / 64 + 1) * 64;
    }

    return n;
}

/** A place not taken, from @p place on and then from the first; n_places() when there is none. */
static uint32_t find_free(const trunkha_view *view, uint32_t place)
{
    uint32_t found = find(view, place, false);

    return found < n_places(view) ? found : find(view, 0, false);
}

static uint64_t token_of(uint64_t state, uint32_t place)
{
    return (uint64_t)generation_of(state) << 16 | place;
}

static uint32_t place_of(uint64_t token)
{
    return token & 0xffff;
}

static_assert(THA_RUNNING_MAX == 0x10000, "a place fits in a token");

static void store_call(struct tha_running_record *record, const struct tha_view_call *call)
{
    struct tha_words words = {.next = record->words};

    tha_words_put_numbers(&words, call, THA_VIEW_CALL_HEAD);
    tha_words_put_text(&words, call->call_id, sizeof(call->call_id));
    tha_words_put_text(&words, call->profile_id, sizeof(call->profile_id));
    tha_words_put_text(&words, call->trunk_id, sizeof(call->trunk_id));
    tha_words_put_text(&words, call->target, sizeof(call->target));
    tha_words_put_text(&words, call->detail, sizeof(call->detail));
}

static void load_call(struct tha_running_record *record, struct tha_view_call *call)
{
    struct tha_words words = {.next = record->words};

    tha_words_get_numbers(&words, call, THA_VIEW_CALL_HEAD);
    tha_words_get_text(&words, call->call_id, sizeof(call->call_id));
    tha_words_get_text(&words, call->profile_id, sizeof(call->profile_id));
    tha_words_get_text(&words, call->trunk_id, sizeof(call->trunk_id));
    tha_words_get_text(&words, call->target, sizeof(call->target));
    tha_words_get_text(&words, call->detail, sizeof(call->detail));
}

/** Reads a live call. Its state then; 0 when there is none, or others change it all the time. */
static uint64_t load_live(struct tha_running_record *record, struct tha_view_call *call)
{
    for (int tries = 0; tries < TRIES; tries++) {
        uint64_t state = tha_get64(&record->state);

        if (status_of(state) == CHANGING)
            continue;
        if (status_of(state) != LIVE)
            return 0;
        load_call(record, call);
        if (tha_get64(&record->state) == state)
            return state;
    }

    return 0;
}

uint64_t tha_view_enter_call(trunkha_view *view, const struct tha_view_call *call)
{
    uint32_t place;

    if (!tha_view_has_calls(view))
        return 0;

    place = tha_get32(&view->calls->first_free);
    for (int claims = 0; claims < CLAIMS; claims++) {
        struct tha_running_record *record;
        uint64_t seen, state;

        place = find_free(view, place);
        if (place == n_places(view))
            return 0;

        record = record_at(view, place);
        seen = tha_get64(&record->state);
        state = claimed(seen, call->pid);
        if (status_of(seen) == FREE && move_on(record, seen, state)) {
            set_taken(view, place, true);
            tha_put32(&view->calls->first_free, place);
            store_call(record, call);
            tha_put64(&record->state, with_status(state, LIVE));
            return token_of(state, place);
        }
        set_taken(view, place++, true);
    }

    return 0;
}

/** The place of a token, if its call may still be in the list; else NULL. */
static struct tha_running_record *record_of(const trunkha_view *view, uint64_t token)
{
    struct tha_running_record *record = record_at(view, place_of(token));

    if (!tha_view_has_calls(view) || !token || place_of(token) >= n_places(view))
        return NULL;

    return token_of(tha_get64(&record->state), place_of(token)) == token ? record : NULL;
}

bool tha_view_update_call(trunkha_view *view, uint64_t token, const struct tha_view_call *call)
{
    struct tha_running_record *record = record_of(view, token);
    uint64_t state, changing;

    if (!record)
        return false;

    state = tha_get64(&record->state);
    changing = with_status(state, CHANGING);
    if (token_of(state, place_of(token)) != token || status_of(state) != LIVE || !move_on(record, state, changing))
        return false;

    store_call(record, call);

    return move_on(record, changing, changed(state));
}

void tha_view_disown_call(trunkha_view *view, uint64_t token)
{
    struct tha_running_record *record = record_of(view, token);
    uint64_t state = record ? tha_get64(&record->state) : 0;

    if (record && status_of(state) == LIVE && token_of(state, place_of(token)) == token)
        move_on(record, state, changed(state & ~((uint64_t)PID_MASK << STATUS_BITS)));
}

static void set_free(trunkha_view *view, struct tha_running_record *record)
{
    uint32_t place = (uint32_t)(record - record_at(view, 0));

    set_taken(view, place, false);
    if (place < tha_get32(&view->calls->first_free))
        tha_put32(&view->calls->first_free, place);
}

bool tha_view_remove_call(trunkha_view *view, uint64_t token, struct tha_view_call *ret_call)
{
    struct tha_running_record *record = record_of(view, token);
    struct tha_view_call call;

    for (int tries = 0; record && tries < TRIES; tries++) {
        uint64_t state = load_live(record, &call);

        if (!state || token_of(state, place_of(token)) != token)
            return false;
        if (!move_on(record, state, with_status(state, FREE)))
            continue;

        set_free(view, record);
        if (ret_call)
            *ret_call = call;
        return true;
    }

    return false;
}

void tha_view_make_end_news(const struct tha_view_call *call, uint32_t result, uint64_t now_ms, struct tha_news *ret_news)
{
    bool was_answered = call->answered_ms && call->answered_ms < now_ms;

    *ret_news = (struct tha_news){
        .kind = THA_NEWS_ENDED,
        .result = (uint8_t)result,
        .attempt = (uint8_t)call->attempts,
        .code = (uint16_t)call->last_code,
        .trunk_slot = call->trunk_slot,
        .target_slot = call->target_slot,
        .started_ms = call->begun_ms,
        .duration_ms = was_answered ? (uint32_t)(now_ms - call->answered_ms) : 0,
        .post_dial_ms = call->post_dial_ms,
    };
    memcpy(ret_news->call_id, call->call_id, sizeof(ret_news->call_id));
    memcpy(ret_news->profile_id, call->profile_id, sizeof(ret_news->profile_id));
    memcpy(ret_news->trunk_id, call->trunk_id, sizeof(ret_news->trunk_id));
    memcpy(ret_news->detail, call->detail, sizeof(ret_news->detail));
}

bool tha_view_next_running(const trunkha_view *view, uint32_t *inout_place, uint64_t *ret_token,
                           struct tha_view_call *ret_call)
{
    uint32_t n = n_places(view);

    for (uint32_t place = find(view, *inout_place, true); place < n; place = find(view, place + 1, true)) {
        uint64_t state = load_live(record_at(view, place), ret_call);

        *inout_place = place + 1;
        if (state) {
            *ret_token = token_of(state, place);
            return true;
        }
    }

    *inout_place = n;

    return false;
}

/** The system is asked once for all calls of a process that are looked at in one go. */
static bool is_dead(trunkha_view *view, uint32_t pid, uint64_t now_ms)
{
    struct tha_view_reaper *reaper = &view->reaper;

    if (!pid || pid == tha_get32(&view->table->identity.writer_pid)) /* our own */
        return false;

    if (pid != reaper->pid || now_ms != reaper->asked_ms) {
        reaper->pid = pid;
        reaper->asked_ms = now_ms;
        reaper->is_dead = kill((pid_t)pid, 0) && errno == ESRCH;
    }

    return reaper->is_dead;
}

/** Takes what has ended without its host from a place. True when that is a call. */
static bool reap(trunkha_view *view, struct tha_running_record *record, uint64_t now_ms, struct tha_view_call *ret_call)
{
    uint64_t state = tha_get64(&record->state);

    if (status_of(state) == FREE) {
        set_free(view, record); /* killed between the two */
        return false;
    }

    load_call(record, ret_call);
    if (!is_dead(view, pid_of(state), now_ms) && (status_of(state) != LIVE || now_ms < ret_call->expires_ms))
        return false;
    if (!move_on(record, state, with_status(state, FREE)))
        return false;
    set_free(view, record);

    return status_of(state) != CLAIMED;
}

bool tha_view_reap_call(trunkha_view *view, uint32_t n, uint64_t now_ms, struct tha_view_call *ret_call)
{
    uint32_t *place = &view->reaper.place;

    if (!tha_view_is_writer(view))
        return false;

    for (uint32_t i = 0; i < n; i++) {
        *place = find(view, *place, true);
        if (*place >= n_places(view)) {
            *place = 0;
            break;
        }
        if (reap(view, record_at(view, (*place)++), now_ms, ret_call))
            return true;
    }

    return false;
}
