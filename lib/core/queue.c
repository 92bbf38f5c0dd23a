#include "queue.h"

#include "core/model.h"

void tha_queue_join(struct tha_queue *queue, struct tha_waiter *waiters, uint32_t index)
{
    uint32_t number = index + 1;
    uint32_t first = queue->first ? queue->first : number;
    uint32_t last = queue->first ? waiters[first - 1].previous : number;

    waiters[index] = (struct tha_waiter){.next = first, .previous = last};
    waiters[last - 1].next = number;
    waiters[first - 1].previous = number;
    queue->first = first;
}

void tha_queue_leave(struct tha_queue *queue, struct tha_waiter *waiters, uint32_t index)
{
    struct tha_waiter was = waiters[index];

    waiters[was.previous - 1].next = was.next;
    waiters[was.next - 1].previous = was.previous;
    waiters[index] = (struct tha_waiter){.next = 0};
    if (queue->first == index + 1)
        queue->first = was.next == index + 1 ? 0 : was.next;
}

uint32_t tha_queue_first(const struct tha_queue *queue)
{
    return queue->first ? queue->first - 1 : THA_NONE;
}
