#include "heap.h"

/* Places count from 1, so that 0 can mean "not waiting". The children of p are 4p-2 .. 4p+1, its parent is (p+2)/4. */

void tha_heap_init(struct tha_heap *heap, const struct tha_mem *mem)
{
    *heap = (struct tha_heap){.mem = *mem};
}

void tha_heap_done(struct tha_heap *heap)
{
    heap->timers = tha_mem_free(&heap->mem, heap->timers);
    heap->count = heap->capacity = 0;
}

int tha_heap_reserve(struct tha_heap *heap, uint32_t count)
{
    struct tha_timer **timers;

    if (count <= heap->capacity)
        return 0;

    timers = tha_mem_resize(&heap->mem, heap->timers, (size_t)count + 1, sizeof(struct tha_timer *));
    if (!timers)
        return TRUNKHA_ERR_NOMEM;

    heap->timers = timers;
    heap->capacity = count;

    return 0;
}

static void put(struct tha_heap *heap, struct tha_timer *timer, uint32_t place)
{
    heap->timers[place] = timer;
    timer->place = place;
}

static void move_up(struct tha_heap *heap, struct tha_timer *timer, uint32_t place)
{
    while (place > 1) {
        uint32_t parent = (place + 2) / 4;

        if (heap->timers[parent]->when <= timer->when)
            break;
        put(heap, heap->timers[parent], place);
        place = parent;
    }

    put(heap, timer, place);
}

static uint32_t earliest_child(const struct tha_heap *heap, uint32_t parent)
{
    uint32_t best = 4 * parent - 2;
    uint32_t last = best + 3 < heap->count ? best + 3 : heap->count;

    for (uint32_t child = best + 1; child <= last; child++) {
        if (heap->timers[child]->when < heap->timers[best]->when)
            best = child;
    }

    return best;
}

static void move_down(struct tha_heap *heap, struct tha_timer *timer, uint32_t place)
{
    while (4 * place - 2 <= heap->count) {
        uint32_t child = earliest_child(heap, place);

        if (heap->timers[child]->when >= timer->when)
            break;
        put(heap, heap->timers[child], place);
        place = child;
    }

    put(heap, timer, place);
}

static void settle(struct tha_heap *heap, struct tha_timer *timer)
{
    move_up(heap, timer, timer->place);
    move_down(heap, timer, timer->place);
}

void tha_heap_set(struct tha_heap *heap, struct tha_timer *timer, uint64_t when)
{
    timer->when = when;
    if (!timer->place)
        put(heap, timer, ++heap->count);

    settle(heap, timer);
}

void tha_heap_remove(struct tha_heap *heap, struct tha_timer *timer)
{
    uint32_t place = timer->place;
    struct tha_timer *last;

    if (!place)
        return;

    last = heap->timers[heap->count--];
    timer->place = 0;
    if (last != timer) {
        put(heap, last, place);
        settle(heap, last);
    }
}

struct tha_timer *tha_heap_first(const struct tha_heap *heap)
{
    return heap->count ? heap->timers[1] : NULL;
}

uint64_t tha_heap_next(const struct tha_heap *heap)
{
    return heap->count ? heap->timers[1]->when : THA_NEVER;
}
