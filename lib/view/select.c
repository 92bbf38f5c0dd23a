#include "card.h"
#include "handle.h"
#include "profile.h"

/** One selection. */
struct choice {
    const trunkha_view *view;
    const struct tha_half *half;
    const struct tha_profile_record *profile;
    trunkha_candidate *candidates;
    size_t room;
    size_t count;
    uint32_t turn;
    bool has_turn; /* it is taken when a balancing strategy asks for it first, and stays over the tries */
    bool is_explained;
};

struct order {
    const _Atomic uint64_t *entries;
    uint32_t count;
};

/** No entries when the table is corrupt. */
static inline struct order get_order(const struct tha_half *half, const struct tha_profile_record *profile, uint32_t number)
{
    uint64_t place = tha_get64(&profile->orders[number]);
    struct order order = {.entries = tha_half_at(half, tha_low(place)), .count = tha_high(place)};

    if (!tha_half_has(tha_low(place), order.count * sizeof(uint64_t)))
        order.count = 0;

    return order;
}

static struct tha_view_entry entry_at(const struct order *order, uint32_t index)
{
    return tha_view_entry_unpack(tha_get64(&order->entries[index]));
}

/** Only notes what is to be filled in: an order must hold still for as short a time as possible. */
static void add(struct choice *choice, uint32_t card, uint32_t why)
{
    trunkha_candidate *candidate = &choice->candidates[choice->count++];

    candidate->health = card;
    candidate->why = why;
}

static void fill_all(const struct choice *choice)
{
    for (size_t i = 0; i < choice->count; i++)
        tha_card_copy(choice->half, tha_half_at(choice->half, choice->candidates[i].health), &choice->candidates[i]);
}

static uint32_t turn_of(struct choice *choice)
{
    _Atomic uint32_t *turn = &choice->view->turns[tha_get32(&choice->profile->index) % THA_VIEW_TURNS];

    if (choice->has_turn)
        return choice->turn;

    choice->has_turn = true;
    choice->turn = choice->is_explained ? atomic_load_explicit(turn, memory_order_relaxed)
                                        : atomic_fetch_add_explicit(turn, 1, memory_order_relaxed);

    return choice->turn;
}

static uint32_t run_length(const struct order *order, uint32_t start)
{
    uint8_t run = entry_at(order, start).run & (uint8_t)~THA_RUN_START;
    uint32_t end = start + 1;

    while (end < order->count && entry_at(order, end).run == run)
        end++;

    return end - start;
}

static uint64_t greatest_common_divisor(uint64_t a, uint64_t b)
{
    while (b) {
        uint64_t rest = a % b;

        a = b;
        b = rest;
    }

    return a;
}

/** Weights laid end to end make a circle of places. Steps of about the golden ratio visit them evenly, and each exactly once
 *  in as many turns as there are places, if the two have no common divisor. */
static uint64_t place_on_circle(uint64_t places, uint32_t turn)
{
    uint64_t step = places * 633 / 1024;

    while (greatest_common_divisor(places, step) != 1)
        step++;

    return turn % places * step % places;
}

static uint32_t first_by_weight(const struct order *order, uint32_t start, uint32_t length, uint32_t turn)
{
    uint64_t sum = 0, place;

    for (uint32_t i = 0; i < length; i++)
        sum += entry_at(order, start + i).weight;
    if (!sum || sum > UINT32_MAX)
        return turn % length;

    place = place_on_circle(sum, turn);
    for (uint32_t i = 0; i < length; i++) {
        uint32_t weight = entry_at(order, start + i).weight;

        if (place < weight)
            return i;
        place -= weight;
    }

    return 0;
}

/** Adds the run that begins at @p start, another of its entries first each time. Returns its length. */
static uint32_t add_run(struct choice *choice, const struct order *order, uint32_t start)
{
    uint32_t length = run_length(order, start);
    uint32_t turn = turn_of(choice);
    bool is_weighted = entry_at(order, start).run & THA_RUN_WEIGHTED;
    uint32_t first = is_weighted ? first_by_weight(order, start, length, turn) : turn % length;

    for (uint32_t i = 0; i < length && choice->count < choice->room; i++) {
        uint32_t index = first + i < length ? first + i : first + i - length;
        struct tha_view_entry entry = entry_at(order, start + index);

        add(choice, entry.card, entry.why);
    }

    return length;
}

static void add_in_order(struct choice *choice, const struct order *order)
{
    uint32_t i = 0;

    while (i < order->count && choice->count < choice->room) {
        struct tha_view_entry entry = entry_at(order, i);

        if (entry.why >= TRUNKHA_WHY_DISABLED && !choice->is_explained)
            return;

        if (entry.run == THA_RUN_SINGLE) {
            add(choice, entry.card, entry.why);
            i++;
        } else {
            i += add_run(choice, order, i);
        }
    }
}

/** Adds the targets whose trunks the operator wants so. */
static void add_configured(struct choice *choice, const struct order *order, uint32_t admin, uint32_t why)
{
    for (uint32_t i = 0; i < order->count && choice->count < choice->room; i++) {
        uint32_t card = entry_at(order, i).card;
        const struct tha_trunk_record *trunk = tha_card_trunk(choice->half, tha_half_at(choice->half, card));

        if (tha_view_trunk_admin(trunk) == admin)
            add(choice, card, why);
    }
}

static void choose_stale(struct choice *choice)
{
    struct order order = get_order(choice->half, choice->profile, THA_ORDER_CONFIGURED);

    add_configured(choice, &order, TRUNKHA_ADMIN_ENABLED, TRUNKHA_WHY_STALE);
    if (choice->is_explained) {
        add_configured(choice, &order, TRUNKHA_ADMIN_DISABLED, TRUNKHA_WHY_DISABLED);
        add_configured(choice, &order, TRUNKHA_ADMIN_DRAINING, TRUNKHA_WHY_DRAINING);
    }
}

static void choose_fresh(struct choice *choice)
{
    const struct tha_profile_record *profile = choice->profile;

    for (unsigned tries = 0; tries < THA_VIEW_TRIES; tries++) {
        uint32_t version = tha_get32(&profile->version);
        struct order order = get_order(choice->half, profile, version & 1);

        choice->count = 0;
        add_in_order(choice, &order);
        if (tha_get32(&profile->version) == version)
            return;
    }
}

/** Whole seconds will do for so long a time. */
static bool is_stale(const struct tha_table *table)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC_COARSE, &now); /* no system call */

    return (uint64_t)now.tv_sec * 1000 >= tha_get64(&table->identity.heartbeat_ms) + THA_VIEW_STALE_MS;
}

/** Any case: runs, entries passed over, a stale view, a table that changes while it is read. */
static int choose(struct choice *choice, const char *profile)
{
    struct tha_view_reading reading = {.table = choice->view->table};
    bool is_fresh = !is_stale(reading.table);
    struct tha_view_key key;

    if (!tha_view_key_init(&key, profile))
        return TRUNKHA_ERR_NOTFOUND;

    while (tha_view_try(&reading)) {
        choice->half = reading.half;
        choice->profile = tha_view_find_profile(reading.half, &key);
        choice->count = 0;
        if (choice->profile && is_fresh)
            choose_fresh(choice);
        else if (choice->profile)
            choose_stale(choice);
        fill_all(choice);
    }

    if (!choice->profile)
        return reading.generation ? TRUNKHA_ERR_NOTFOUND : TRUNKHA_ERR_STATE;

    return choice->count ? 0 : TRUNKHA_ERR_UNAVAILABLE;
}

/** Out of the way of the usual case, which does better without its variables. */
static __attribute__((noinline)) int route(const trunkha_view *view, const char *profile, trunkha_candidate *ret_candidates,
                                           size_t *inout_count, bool is_explained)
{
    struct choice choice = {
        .view = view,
        .candidates = ret_candidates,
        .room = *inout_count,
        .is_explained = is_explained,
    };
    int err = choose(&choice, profile);

    if (!err)
        *inout_count = choice.count;

    return err;
}

static THA_CARD_LATE bool copy_entries(const struct tha_half *half, const _Atomic uint64_t *entries, trunkha_candidate *to,
                                       size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t entry = tha_get64(&entries[i]);

        if (!tha_view_entry_is_plain(entry))
            return false;

        tha_card_copy_inline(half, tha_half_at(half, (uint32_t)entry), &to[i]);
        to[i].why = (uint32_t)(entry >> 48);
    }

    return true;
}

/** The usual case, in as few steps as possible: entries of a fresh view that are no more than copied. False when it is
 *  another case, or the table changed meanwhile; then the count is as it was. */
static bool copy_plain(const struct tha_table *table, const char *id, trunkha_candidate *to, size_t *inout_count)
{
    const struct tha_profile_record *profile;
    const struct tha_half *half;
    uint32_t generation, version;
    struct tha_view_key key;
    struct order order;
    size_t count;

    if (!tha_view_key_init(&key, id))
        return false;

    generation = tha_get32(&table->generation);
    half = tha_table_half(table, generation);
    profile = tha_view_find_profile(half, &key);
    if (!profile)
        return false;

    version = tha_get32(&profile->version);
    order = get_order(half, profile, version & 1);
    count = order.count < *inout_count ? order.count : *inout_count;
    if (!count || !copy_entries(half, order.entries, to, count))
        return false;

    if (tha_get32(&profile->version) != version || tha_get32(&table->generation) != generation)
        return false;
    *inout_count = count;

    return true;
}

int trunkha_view_select(const trunkha_view *view, const char *profile, trunkha_candidate *ret_candidates,
                        size_t *inout_count)
{
    if (!view || !profile || !ret_candidates || !inout_count || !*inout_count)
        return TRUNKHA_ERR_INVALID;

    if (!is_stale(view->table) && copy_plain(view->table, profile, ret_candidates, inout_count))
        return 0;

    return route(view, profile, ret_candidates, inout_count, false);
}

int trunkha_view_explain(const trunkha_view *view, const char *profile, trunkha_candidate *ret_candidates,
                         size_t *inout_count)
{
    if (!view || !profile || !ret_candidates || !inout_count || !*inout_count)
        return TRUNKHA_ERR_INVALID;

    return route(view, profile, ret_candidates, inout_count, true);
}
