#include "card.h"
#include "order.h"

/** Fills the candidates in from the entries that were noted in their first bytes. */
static void fill_all(const struct tha_order_notes *notes, trunkha_candidate *candidates)
{
    for (size_t i = 0; i < notes->count + notes->n_passed; i++) {
        struct tha_view_entry entry = tha_order_noted(notes, i);

        tha_card_copy(notes->half, tha_half_at(notes->half, entry.card), &candidates[i]);
        candidates[i].why = entry.why;
    }
}

/** Any case: runs, limits, entries passed over, a stale view, a table that changes while it is read. */
static int choose(struct tha_order_notes *notes, const char *id, trunkha_candidate *ret_candidates, size_t *ret_count)
{
    struct tha_view_reading reading = {.table = notes->view->table};
    bool is_fresh = !tha_order_is_stale(reading.table, notes->now_ms);
    const struct tha_profile_record *profile = NULL;
    struct tha_view_key key;

    if (!tha_view_key_init(&key, id))
        return TRUNKHA_ERR_NOTFOUND;

    while (tha_view_try(&reading)) {
        profile = tha_view_find_profile(reading.half, &key);
        if (profile) {
            tha_order_note(notes, reading.half, profile, is_fresh);
            fill_all(notes, ret_candidates);
        }
    }

    if (!profile)
        return reading.generation ? TRUNKHA_ERR_NOTFOUND : TRUNKHA_ERR_STATE;
    if (!notes->count && !notes->n_passed)
        return TRUNKHA_ERR_UNAVAILABLE;

    *ret_count = notes->count + notes->n_passed;

    return 0;
}

/** Out of the way of the usual case, which does better without its variables. */
static __attribute__((noinline)) int route(const trunkha_view *view, const char *profile, trunkha_candidate *ret_candidates,
                                           size_t *inout_count, bool is_explained)
{
    struct tha_order_notes notes = {
        .view = view,
        .places = ret_candidates,
        .stride = sizeof(*ret_candidates),
        .n_places = *inout_count,
        .now_ms = tha_view_coarse_ms(view),
        .takes_turn = !is_explained,
        .heeds_limit = true,
        .keeps_passed = is_explained,
    };

    return choose(&notes, profile, ret_candidates, inout_count);
}

/** Whole seconds will do for so long a time. */
static bool is_stale(const trunkha_view *view)
{
    struct timespec now;

    if (view->made_up_ms)
        return tha_order_is_stale(view->table, view->made_up_ms);
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now); /* no system call */

    return tha_order_is_stale(view->table, (uint64_t)now.tv_sec * 1000);
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
    struct tha_order_entries order;
    size_t count;

    if (!tha_view_key_init(&key, id))
        return false;

    generation = tha_get32(&table->generation);
    half = tha_table_half(table, generation);
    profile = tha_view_find_profile(half, &key);
    if (!profile)
        return false;

    version = tha_get32(&profile->version);
    order = tha_order_get(half, profile, version & 1);
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

    if (!is_stale(view) && copy_plain(view->table, profile, ret_candidates, inout_count))
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
