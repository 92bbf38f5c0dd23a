#include "order.h"

#include "calls.h"
#include "card.h"
#include "gauge.h"
#include "source.h"

/** A run of leastCalls up to that length is put in order; of a longer one the least goes first. */
#define SORTED_MAX 64U

static struct tha_view_entry entry_at(const struct tha_order_entries *order, uint32_t index)
{
    return tha_view_entry_unpack(tha_get64(&order->entries[index]));
}

static uint32_t trunk_slot_of(const struct tha_order_notes *notes, uint32_t card)
{
    return tha_get32(&tha_card_trunk(notes->half, tha_half_at(notes->half, card))->slot);
}

static void put(const struct tha_order_notes *notes, size_t place, struct tha_view_entry entry)
{
    uint64_t word = tha_view_entry_pack(&entry);

    memcpy((char *)notes->places + place * notes->stride, &word, sizeof(word));
}

static void pass_over(struct tha_order_notes *notes, struct tha_view_entry entry)
{
    if (notes->keeps_passed && notes->count + notes->n_passed < notes->room)
        put(notes, notes->room - ++notes->n_passed, entry);
}

static void note(struct tha_order_notes *notes, struct tha_view_entry entry)
{
    uint32_t why = 0;

    if (notes->heeds_limit && (entry.run & THA_RUN_LIMITED))
        why = tha_gauge_look(notes->view, trunk_slot_of(notes, entry.card), notes->now_ms);
    if (why) {
        entry.why = (uint8_t)why;
        pass_over(notes, entry);
        return;
    }

    if (notes->count + notes->n_passed == notes->room)
        notes->n_passed--; /* those that can be tried matter more */
    put(notes, notes->count++, entry);
    notes->runs |= entry.run;
}

static bool is_full(const struct tha_order_notes *notes)
{
    return notes->count == notes->room;
}

static uint32_t turn_of(struct tha_order_notes *notes)
{
    _Atomic uint32_t *turn = &notes->view->turns[tha_get32(&notes->profile->index) % THA_VIEW_TURNS];

    if (notes->has_turn)
        return notes->turn;

    notes->has_turn = true;
    notes->turn = notes->takes_turn ? atomic_fetch_add_explicit(turn, 1, memory_order_relaxed)
                                    : atomic_load_explicit(turn, memory_order_relaxed);

    return notes->turn;
}

static uint32_t run_length(const struct tha_order_entries *order, uint32_t start)
{
    const uint8_t bits = THA_RUN_KIND | THA_RUN_START;
    uint8_t kind = entry_at(order, start).run & THA_RUN_KIND;
    uint32_t end = start + 1;

    while (end < order->count && (entry_at(order, end).run & bits) == kind)
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

static uint32_t first_by_weight(const struct tha_order_entries *order, uint32_t start, uint32_t length, uint32_t turn)
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

static uint32_t calls_of(const struct tha_order_notes *notes, const struct tha_order_entries *order, uint32_t index)
{
    return tha_view_active_calls(notes->view, trunk_slot_of(notes, entry_at(order, index).card));
}

static uint32_t first_by_calls(const struct tha_order_notes *notes, const struct tha_order_entries *order, uint32_t start,
                               uint32_t length)
{
    uint32_t first = 0, fewest = UINT32_MAX;

    for (uint32_t i = 0; i < length; i++) {
        uint32_t calls = calls_of(notes, order, start + i);

        if (calls < fewest) {
            fewest = calls;
            first = i;
        }
    }

    return first;
}

/** Notes the run with the fewest calls first; ties stay in their order. */
static void note_by_calls(struct tha_order_notes *notes, const struct tha_order_entries *order, uint32_t start,
                          uint32_t length)
{
    uint64_t sorted[SORTED_MAX]; /* calls, and below them the index */

    for (uint32_t i = 0; i < length; i++) {
        uint64_t key = tha_pack(start + i, calls_of(notes, order, start + i));
        uint32_t place = i;

        for (; place && sorted[place - 1] > key; place--)
            sorted[place] = sorted[place - 1];
        sorted[place] = key;
    }

    for (uint32_t i = 0; i < length && !is_full(notes); i++)
        note(notes, entry_at(order, tha_low(sorted[i])));
}

/** Which of the run goes first this time. */
static uint32_t first_of(struct tha_order_notes *notes, const struct tha_order_entries *order, uint32_t start,
                         uint32_t length)
{
    switch (entry_at(order, start).run & THA_RUN_KIND) {
    case THA_RUN_WEIGHTED:
        return first_by_weight(order, start, length, turn_of(notes));
    case THA_RUN_LEAST_CALLS:
        return first_by_calls(notes, order, start, length);
    default:
        return turn_of(notes) % length;
    }
}

/** Notes the run that begins at @p start. Returns its length. */
static uint32_t note_run(struct tha_order_notes *notes, const struct tha_order_entries *order, uint32_t start)
{
    uint32_t length = run_length(order, start);
    uint32_t first;

    if ((entry_at(order, start).run & THA_RUN_KIND) == THA_RUN_LEAST_CALLS && length <= SORTED_MAX) {
        note_by_calls(notes, order, start, length);
        return length;
    }

    first = first_of(notes, order, start, length);
    for (uint32_t i = 0; i < length && !is_full(notes); i++)
        note(notes, entry_at(order, start + (first + i < length ? first + i : first + i - length)));

    return length;
}

static void note_in_order(struct tha_order_notes *notes, const struct tha_order_entries *order)
{
    uint32_t i = 0;

    while (i < order->count && !is_full(notes)) {
        struct tha_view_entry entry = entry_at(order, i);

        if (entry.why >= TRUNKHA_WHY_DISABLED) {
            if (!notes->keeps_passed)
                return;
            pass_over(notes, entry);
            i++;
        } else if ((entry.run & THA_RUN_KIND) == THA_RUN_SINGLE) {
            note(notes, entry);
            i++;
        } else {
            i += note_run(notes, order, i);
        }
    }
}

static void note_trials(struct tha_order_notes *notes, const struct tha_order_entries *order)
{
    size_t place = notes->room;

    for (uint32_t i = order->count; i-- > notes->room && place > notes->room / 2;) {
        struct tha_view_entry entry = entry_at(order, i);

        if (!(entry.run & THA_RUN_TRIAL) || entry.why >= TRUNKHA_WHY_DISABLED)
            continue;
        put(notes, --place, entry);
        notes->runs |= entry.run;
    }
}

/** What the configuration and the operator have said last, whatever has become of the trunk. */
static uint8_t why_configured(const struct tha_half *half, const struct tha_card *card)
{
    static const uint8_t whys[] = {
        [TRUNKHA_ADMIN_ENABLED] = TRUNKHA_WHY_STALE,
        [TRUNKHA_ADMIN_DISABLED] = TRUNKHA_WHY_DISABLED,
        [TRUNKHA_ADMIN_DRAINING] = TRUNKHA_WHY_DRAINING,
    };
    uint32_t admin = tha_view_trunk_admin(tha_card_trunk(half, card));

    if (tha_source_direction(card) == TRUNKHA_DIRECTION_INBOUND)
        return TRUNKHA_WHY_INBOUND;

    return admin < sizeof(whys) ? whys[admin] : TRUNKHA_WHY_DISABLED;
}

static void note_configured(struct tha_order_notes *notes, const struct tha_order_entries *order)
{
    for (uint32_t i = 0; i < order->count && !is_full(notes); i++) {
        struct tha_view_entry entry = entry_at(order, i);

        entry.why = why_configured(notes->half, tha_half_at(notes->half, entry.card));
        if (entry.why == TRUNKHA_WHY_STALE)
            note(notes, entry);
        else
            pass_over(notes, entry);
    }
}

static struct tha_order_entries begin(struct tha_order_notes *notes, uint32_t number)
{
    struct tha_order_entries order = tha_order_get(notes->half, notes->profile, number);

    notes->count = notes->n_passed = 0;
    notes->runs = 0;
    notes->room = order.count < notes->n_places ? order.count : notes->n_places;

    return order;
}

static void note_fresh(struct tha_order_notes *notes)
{
    const struct tha_profile_record *profile = notes->profile;

    for (unsigned tries = 0; tries < THA_VIEW_TRIES; tries++) {
        uint32_t version = tha_get32(&profile->version);
        struct tha_order_entries order = begin(notes, version & 1);

        note_in_order(notes, &order);
        if (notes->keeps_trials && is_full(notes))
            note_trials(notes, &order);
        if (tha_get32(&profile->version) == version)
            return;
    }
}

/** Brings those passed over from the last place, where they were noted back to front, to right behind the others. */
static void close_up(const struct tha_order_notes *notes)
{
    size_t first = notes->room - notes->n_passed;

    for (size_t i = 0; i < notes->n_passed / 2; i++) {
        struct tha_view_entry entry = tha_order_noted(notes, first + i);

        put(notes, first + i, tha_order_noted(notes, notes->room - 1 - i));
        put(notes, notes->room - 1 - i, entry);
    }
    for (size_t i = 0; i < notes->n_passed; i++)
        put(notes, notes->count + i, tha_order_noted(notes, first + i));
}

void tha_order_note(struct tha_order_notes *notes, const struct tha_half *half, const struct tha_profile_record *profile,
                    bool is_fresh)
{
    notes->half = half;
    notes->profile = profile;

    if (is_fresh) {
        note_fresh(notes);
    } else {
        struct tha_order_entries order = begin(notes, THA_ORDER_CONFIGURED);

        note_configured(notes, &order);
    }
    close_up(notes);
}
