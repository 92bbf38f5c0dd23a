/* Lookups under way: at most THA_NAMES_ASKING_MAX, each in a slot. */
#include <stddef.h>

#include "base/text.h"
#include "names_parts.h"

_Static_assert(THA_NAMES_ASKING_MAX == 64, "a bit of `busy` and `ready` for each slot");
_Static_assert(THA_LOOKUP_QUESTIONS_MAX <= 256, "eight bits of an id");

static uint64_t bit_of(uint32_t slot)
{
    return UINT64_C(1) << slot;
}

static uint32_t lowest_bit(uint64_t bits)
{
    return (uint32_t)__builtin_ctzll(bits);
}

static uint64_t make_id(const struct tha_names *names, uint32_t slot, uint32_t place)
{
    return names->asking[slot].serial << 16 | (uint64_t)slot << 8 | place;
}

/** The slot whose lookup has asked the question @p id, or THA_NONE: it has been given up. */
static uint32_t find_slot(const struct tha_names *names, uint64_t id)
{
    uint32_t slot = (uint32_t)(id >> 8 & 0xff);

    if (slot >= THA_NAMES_ASKING_MAX || !names->asking[slot].entry || names->asking[slot].serial != id >> 16)
        return THA_NONE;

    return slot;
}

void tha_names_cancel(struct tha_names *names, struct tha_entry *entry)
{
    struct tha_asking *asking = &names->asking[entry->slot == THA_NONE ? 0 : entry->slot];

    if (entry->slot == THA_NONE)
        return;

    asking->lookup = tha_lookup_free(asking->lookup);
    asking->entry = NULL;
    names->busy &= ~bit_of(entry->slot);
    names->lame &= ~bit_of(entry->slot);
    names->ready &= ~bit_of(entry->slot);
    entry->slot = THA_NONE;
}

/* ---- The end of a lookup */

static void note_result(struct tha_names *names, struct tha_entry *entry, const struct tha_lookup_result *result,
                        uint64_t now_ms)
{
    uint32_t trouble = result->trouble;

    if (trouble == THA_DNS_TROUBLE_NOT_OFFERED)
        tha_names_drop(names, entry);
    tha_names_tell(names, entry, THA_NAMES_LOOKED_UP | (trouble != entry->trouble ? THA_NAMES_TROUBLE : 0));
    entry->trouble = trouble;
    entry->is_known = true;
    tha_names_plan(names, entry, result, now_ms);
}

static void note_failure(struct tha_names *names, struct tha_entry *entry, uint64_t now_ms)
{
    const struct tha_lookup_result failed = {.trouble = THA_DNS_TROUBLE_FAILED};

    note_result(names, entry, &failed, now_ms);
}

static void finish_if_done(struct tha_names *names, uint32_t slot, uint64_t now_ms)
{
    struct tha_entry *entry = names->asking[slot].entry;
    struct tha_lookup_result result;

    if (!tha_lookup_is_done(names->asking[slot].lookup, &result))
        return;

    if (!result.trouble && tha_names_take(names, entry, &result))
        note_failure(names, entry, now_ms);
    else
        note_result(names, entry, &result, now_ms);
    tha_names_cancel(names, entry); /* what was found is borrowed from the lookup */
}

/* ---- Questions and answers */

static void start(struct tha_names *names, struct tha_entry *entry, uint64_t now_ms)
{
    uint32_t slot = lowest_bit(~names->busy);
    struct tha_asking *asking = &names->asking[slot];

    entry->asked_ms = now_ms;
    if (tha_lookup_new(&names->mem, &entry->name, &asking->lookup)) {
        note_failure(names, entry, now_ms);
        return;
    }

    asking->entry = entry;
    asking->serial = ++names->last_serial;
    entry->slot = slot;
    names->busy |= bit_of(slot);
    names->lame |= entry->is_lame ? bit_of(slot) : 0;
    names->ready |= bit_of(slot);
}

/** Where the next name to be looked up waits. */
static const struct tha_heap *next_asks(const struct tha_names *names)
{
    bool may_be_lame = __builtin_popcountll(names->lame) < (int)THA_NAMES_LAME_MAX;

    return may_be_lame && tha_heap_next(&names->lame_asks) < tha_heap_next(&names->asks) ? &names->lame_asks : &names->asks;
}

static uint64_t next_ask(const struct tha_names *names)
{
    return ~names->busy ? tha_heap_next(next_asks(names)) : THA_NEVER;
}

static void start_due(struct tha_names *names, uint64_t now_ms)
{
    while (next_ask(names) <= now_ms) {
        char *timer = (char *)tha_heap_first(next_asks(names));
        struct tha_entry *entry = (struct tha_entry *)(timer - offsetof(struct tha_entry, ask));

        tha_names_unplan(names, entry);
        start(names, entry, now_ms);
    }
}

static void drop_due(struct tha_names *names, uint64_t now_ms)
{
    while (tha_heap_next(&names->ends) <= now_ms) {
        char *timer = (char *)tha_heap_first(&names->ends);
        struct tha_entry *entry = (struct tha_entry *)(timer - offsetof(struct tha_entry, end));

        tha_heap_remove(&names->ends, &entry->end);
        tha_names_drop(names, entry);
    }
}

uint64_t tha_names_next_expiry(const struct tha_names *names)
{
    uint64_t ask = next_ask(names);
    uint64_t end = tha_heap_next(&names->ends);

    if (names->ready)
        return 0;

    return ask < end ? ask : end;
}

bool tha_names_next_question(struct tha_names *names, uint64_t now_ms, uint64_t *ret_id,
                             struct tha_dns_question *ret_question)
{
    uint32_t place;

    drop_due(names, now_ms);
    start_due(names, now_ms);
    while (names->ready) {
        uint32_t slot = lowest_bit(names->ready);

        if (tha_lookup_next_question(names->asking[slot].lookup, &place, ret_question)) {
            *ret_id = make_id(names, slot, place);
            return true;
        }
        names->ready &= ~bit_of(slot);
        finish_if_done(names, slot, now_ms);
        start_due(names, now_ms);
    }

    return false;
}

bool tha_names_get_question(const struct tha_names *names, uint64_t id, struct tha_dns_question *ret_question)
{
    uint32_t slot = find_slot(names, id), place = (uint32_t)(id & 0xff);
    const struct tha_lookup *lookup = slot == THA_NONE ? NULL : names->asking[slot].lookup;

    if (!lookup || place >= lookup->n_questions)
        return false;

    ret_question->type = lookup->questions[place].type;
    tha_text_copy(ret_question->name, sizeof(ret_question->name), lookup->questions[place].name);

    return true;
}

void tha_names_answer(struct tha_names *names, uint64_t id, const struct tha_dns_answer *answer, uint64_t now_ms)
{
    uint32_t slot = find_slot(names, id);

    if (slot == THA_NONE)
        return;

    tha_lookup_answer(names->asking[slot].lookup, (uint32_t)(id & 0xff),
                      answer); /* out of memory: it says so in its result */
    names->ready |= bit_of(slot);
    finish_if_done(names, slot, now_ms);
}
