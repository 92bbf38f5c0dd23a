/* The trunk of an attempt: the order is noted, and then offered entry by entry until one will do. */
#include "calls.h"
#include "card.h"
#include "gauge.h"
#include "order.h"
#include "settings.h"

/** One pick, from one generation of the table. */
struct picking {
    trunkha_view *view;
    const struct tha_view_wish *wish;
    struct tha_order_notes notes;
    struct tha_view_pick *pick;
    uint32_t passed_trunks[THA_PASSED_MAX]; /* slots of those in the pick: a trunk is told once */
    bool is_found;
};

bool tha_view_has_calls(const trunkha_view *view)
{
    return view && view->calls;
}

static const struct tha_card *card_of(const struct picking *p, struct tha_view_entry entry)
{
    return tha_half_at(p->notes.half, entry.card);
}

static uint32_t trunk_slot_of(const struct picking *p, const struct tha_card *card)
{
    return tha_get32(&tha_card_trunk(p->notes.half, card)->slot);
}

static void pass_over(struct picking *p, const struct tha_card *card, uint32_t why)
{
    const struct tha_trunk_record *trunk = tha_card_trunk(p->notes.half, card);
    struct tha_view_pick *pick = p->pick;
    uint32_t slot = tha_get32(&trunk->slot);

    for (uint32_t i = 0; i < pick->n_passed; i++) {
        if (p->passed_trunks[i] == slot)
            return;
    }
    if (pick->n_passed == THA_PASSED_MAX)
        return;

    p->passed_trunks[pick->n_passed] = slot;
    pick->passed[pick->n_passed].why = why;
    tha_half_copy_id(p->notes.half, &trunk->id, pick->passed[pick->n_passed].trunk_id);
    pick->n_passed++;
}

/** Why a call does not want that trunk; 0 = it does. */
static uint32_t check_wish(const struct picking *p, const struct tha_card *card)
{
    const struct tha_view_wish *wish = p->wish;
    uint32_t slot = trunk_slot_of(p, card), codecs = tha_get32(&card->codecs);

    for (uint32_t i = 0; i < wish->n_tried; i++) {
        if (wish->tried[i] == slot)
            return TRUNKHA_WHY_TRIED;
    }
    if (wish->codecs && (!codecs || codecs == wish->codecs))
        return TRUNKHA_WHY_CODECS;

    return 0;
}

/** Counts the call on the trunk of an entry; else says why not. */
static uint32_t enter(struct picking *p, struct tha_view_entry entry)
{
    const struct tha_card *card = card_of(p, entry);
    uint32_t why = check_wish(p, card);

    if (!why)
        why = tha_gauge_enter(p->view, trunk_slot_of(p, card), entry.run & THA_RUN_LIMITED, p->wish->now_ms);

    return why;
}

static void choose(struct picking *p, const struct tha_card *card, uint32_t why)
{
    struct tha_view_pick *pick = p->pick;

    tha_card_copy(p->notes.half, card, &pick->candidate);
    pick->candidate.why = why;
    pick->trunk_slot = trunk_slot_of(p, card);
    pick->target_slot = tha_get32(&card->target_slot);
    pick->codecs = tha_get32(&card->codecs);
    p->is_found = true;
}

static bool try_trial(struct picking *p, struct tha_view_entry entry)
{
    const struct tha_card *card = card_of(p, entry);
    uint32_t slot = tha_get32(&card->target_slot);

    if (!tha_gauge_is_on_trial(p->view, slot) || enter(p, entry))
        return false;
    if (!tha_gauge_claim_trial(p->view, slot)) {
        tha_view_leave(p->view, trunk_slot_of(p, card));
        return false;
    }

    choose(p, card, TRUNKHA_WHY_TRIAL);

    return true;
}

static void choose_on_trial(struct picking *p)
{
    for (size_t i = 0; i < p->notes.count && !p->is_found; i++) {
        struct tha_view_entry entry = tha_order_noted(&p->notes, i);

        if (entry.run & THA_RUN_TRIAL)
            try_trial(p, entry);
    }
}

static void choose_in_order(struct picking *p)
{
    for (size_t i = 0; i < p->notes.count && !p->is_found; i++) {
        struct tha_view_entry entry = tha_order_noted(&p->notes, i);
        uint32_t why = enter(p, entry);

        if (why)
            pass_over(p, card_of(p, entry), why);
        else
            choose(p, card_of(p, entry), entry.why);
    }
}

static void tell_passed(struct picking *p)
{
    for (size_t i = 0; i < p->notes.n_passed; i++) {
        struct tha_view_entry entry = tha_order_noted(&p->notes, p->notes.count + i);

        pass_over(p, card_of(p, entry), entry.why);
    }
}

void tha_view_give_back(trunkha_view *view, const struct tha_view_pick *pick)
{
    tha_view_leave(view, pick->trunk_slot);
    if (pick->candidate.why == TRUNKHA_WHY_TRIAL)
        tha_gauge_return_trial(view, pick->target_slot);
}

/** The generation was replaced while we looked: what was chosen may be a mixture. */
static void undo(struct picking *p)
{
    if (p->is_found)
        tha_view_give_back(p->view, p->pick);

    p->is_found = false;
    p->pick->n_passed = 0;
}

static void pick_from(struct picking *p, const struct tha_half *half, const struct tha_profile_record *profile,
                      bool is_fresh)
{
    p->pick->profile = tha_get32(&profile->index);
    tha_settings_load(half, profile, &p->pick->settings);
    tha_order_note(&p->notes, half, profile, is_fresh);
    if (is_fresh && (p->notes.runs & THA_RUN_TRIAL))
        choose_on_trial(p);
    choose_in_order(p);
    tell_passed(p);
}

static int pick_any(struct picking *p, const char *id)
{
    struct tha_view_reading reading = {.table = p->view->table};
    bool is_fresh = !tha_order_is_stale(reading.table, p->wish->now_ms);
    const struct tha_profile_record *profile = NULL;
    struct tha_view_key key;

    if (!tha_view_key_init(&key, id))
        return TRUNKHA_ERR_NOTFOUND;

    while (tha_view_try(&reading)) {
        undo(p);
        profile = tha_view_find_profile(reading.half, &key);
        if (profile)
            pick_from(p, reading.half, profile, is_fresh);
    }

    if (!profile)
        return reading.generation ? TRUNKHA_ERR_NOTFOUND : TRUNKHA_ERR_STATE;

    return p->is_found ? 0 : TRUNKHA_ERR_UNAVAILABLE;
}

int tha_view_pick(trunkha_view *view, const char *profile, const struct tha_view_wish *wish, struct tha_view_pick *ret_pick)
{
    uint64_t places[THA_PICK_MAX];
    struct picking p = {
        .view = view,
        .wish = wish,
        .pick = ret_pick,
        .notes =
            {
                .view = view,
                .places = places,
                .stride = sizeof(places[0]),
                .n_places = THA_PICK_MAX,
                .now_ms = wish->now_ms,
                .takes_turn = !wish->n_tried, /* a call that moves on is not a new one */
                .keeps_passed = true,
                .keeps_trials = true,
            },
    };

    if (!tha_view_has_calls(view))
        return TRUNKHA_ERR_ACCESS;

    return pick_any(&p, profile);
}
