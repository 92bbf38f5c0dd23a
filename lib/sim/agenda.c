#include "agenda.h"

/* A wheel turns once while the next one moves on by a slot. What is due has the digits of its time (of THA_WHEEL_BITS each)
 * in common with now down to some digit: that is its wheel, and the digit there its slot. */

static uint32_t digit_of(uint64_t ms, uint32_t wheel)
{
    return (uint32_t)(ms >> wheel * THA_WHEEL_BITS) & (THA_WHEEL_SLOTS - 1);
}

/** The time at which @p slot of @p wheel begins. */
static uint64_t begin_of(const struct tha_agenda *agenda, uint32_t wheel, uint32_t slot)
{
    uint32_t shift = wheel * THA_WHEEL_BITS;

    return (agenda->now_ms >> shift >> THA_WHEEL_BITS << THA_WHEEL_BITS | slot) << shift;
}

void tha_agenda_init(struct tha_agenda *agenda, uint64_t now_ms)
{
    agenda->now_ms = now_ms;
    for (uint32_t wheel = 0; wheel < THA_WHEELS; wheel++) {
        struct tha_wheel *to = &agenda->wheels[wheel];

        for (uint32_t slot = 0; slot < THA_WHEEL_SLOTS; slot++)
            to->slots[slot] = (struct tha_link){&to->slots[slot], &to->slots[slot]};
        for (uint32_t i = 0; i < THA_WHEEL_SLOTS / 64; i++)
            to->filled[i] = 0;
    }
}

static bool is_entered(const struct tha_due *due)
{
    return due->link.next != NULL;
}

void tha_agenda_drop(struct tha_agenda *agenda, struct tha_due *due)
{
    struct tha_link *next = due->link.next, *previous = due->link.previous;

    if (!is_entered(due))
        return;

    next->previous = previous;
    previous->next = next;
    due->link = (struct tha_link){NULL, NULL};
    if (next == previous) /* both are the slot itself */
        agenda->wheels[due->wheel].filled[due->slot / 64] &= ~(UINT64_C(1) << due->slot % 64);
}

static void enter(struct tha_agenda *agenda, struct tha_due *due)
{
    uint64_t distance = due->when_ms ^ agenda->now_ms;
    uint32_t wheel = distance ? (63 - (uint32_t)__builtin_clzll(distance)) / THA_WHEEL_BITS : 0;
    uint32_t slot = digit_of(due->when_ms, wheel);
    struct tha_link *list = &agenda->wheels[wheel].slots[slot];

    due->link = (struct tha_link){list, list->previous};
    list->previous->next = &due->link;
    list->previous = &due->link;
    due->wheel = (uint16_t)wheel;
    due->slot = (uint16_t)slot;
    agenda->wheels[wheel].filled[slot / 64] |= UINT64_C(1) << slot % 64;
}

void tha_agenda_set(struct tha_agenda *agenda, struct tha_due *due, uint64_t when_ms)
{
    tha_agenda_drop(agenda, due);
    if ((when_ms ^ agenda->now_ms) >> THA_WHEELS * THA_WHEEL_BITS)
        return;

    due->when_ms = when_ms > agenda->now_ms ? when_ms : agenda->now_ms;
    enter(agenda, due);
}

/** The first slot from @p slot on that has something in it; THA_WHEEL_SLOTS = none. */
static uint32_t find_slot(const struct tha_wheel *wheel, uint32_t slot)
{
    uint32_t word = slot / 64;
    uint64_t bits = word < THA_WHEEL_SLOTS / 64 ? wheel->filled[word] >> slot % 64 << slot % 64 : 0;

    while (!bits && ++word < THA_WHEEL_SLOTS / 64)
        bits = wheel->filled[word];

    return bits ? word * 64 + (uint32_t)__builtin_ctzll(bits) : THA_WHEEL_SLOTS;
}

/** The slot whose time comes next: all of a wheel is due before anything of the one above. False = there is none. */
static bool find_next(const struct tha_agenda *agenda, uint32_t *ret_wheel, uint32_t *ret_slot)
{
    for (uint32_t wheel = 0; wheel < THA_WHEELS; wheel++) {
        uint32_t slot = find_slot(&agenda->wheels[wheel], digit_of(agenda->now_ms, wheel));

        if (slot < THA_WHEEL_SLOTS) {
            *ret_wheel = wheel;
            *ret_slot = slot;
            return true;
        }
    }

    return false;
}

uint64_t tha_agenda_next_ms(const struct tha_agenda *agenda)
{
    uint32_t wheel, slot;

    return find_next(agenda, &wheel, &slot) ? begin_of(agenda, wheel, slot) : THA_NEVER;
}

/** Its time has come: what is in it has one more digit in common with now. */
static void move_down(struct tha_agenda *agenda, struct tha_link *list)
{
    while (list->next != list) {
        struct tha_due *due = (struct tha_due *)list->next;

        tha_agenda_drop(agenda, due);
        enter(agenda, due);
    }
}

/** Who comes next within the second was last touched long ago: memory is given time to find him. */
static void look_ahead(const struct tha_agenda *agenda)
{
    const struct tha_wheel *wheel = &agenda->wheels[0];
    uint32_t slot = find_slot(wheel, digit_of(agenda->now_ms, 0) + 1);

    if (slot < THA_WHEEL_SLOTS)
        __builtin_prefetch(wheel->slots[slot].next);
}

/** Of this very moment. */
static struct tha_due *first_of_now(const struct tha_agenda *agenda)
{
    const struct tha_link *list = &agenda->wheels[0].slots[digit_of(agenda->now_ms, 0)];

    if (list->next == list)
        return NULL;

    look_ahead(agenda);

    return (struct tha_due *)list->next;
}

struct tha_due *tha_agenda_first(struct tha_agenda *agenda, uint64_t now_ms)
{
    uint32_t wheel, slot;

    if (agenda->now_ms == now_ms)
        return first_of_now(agenda);

    while (find_next(agenda, &wheel, &slot)) {
        uint64_t begin_ms = begin_of(agenda, wheel, slot);

        if (begin_ms > now_ms)
            break;
        agenda->now_ms = begin_ms;
        if (!wheel)
            return first_of_now(agenda);
        move_down(agenda, &agenda->wheels[wheel].slots[slot]);
    }

    return NULL;
}
