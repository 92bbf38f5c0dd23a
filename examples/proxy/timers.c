/* Time: a wheel of lists, one for each 10 ms of the next 41 s. */
#include "proxy.h"

#include <time.h>

uint64_t clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);

    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

void timer_stop(struct timer *timer)
{
    list_unlink(&timer->le);
}

void timer_start(struct proxy *proxy, struct timer *timer, uint32_t ms, void (*fire)(void *arg), void *arg)
{
    timer_stop(timer);
    timer->at_ms = proxy->now_ms + ms;
    timer->fire = fire;
    timer->arg = arg;
    list_append(&proxy->wheel[timer->at_ms / TICK_MS % WHEEL_SIZE], &timer->le, timer);
}

void timers_run(struct proxy *proxy)
{
    uint64_t now = proxy->now_ms / TICK_MS;

    if (now - proxy->tick > WHEEL_SIZE)
        proxy->tick = now - WHEEL_SIZE;
    for (; proxy->tick < now; proxy->tick++) {
        struct list *slot = &proxy->wheel[proxy->tick % WHEEL_SIZE];
        struct le *le;

        for (uint32_t n = list_count(slot); n && (le = list_head(slot)); n--) {
            struct timer *timer = le->data;

            list_unlink(le);
            if (timer->at_ms <= proxy->now_ms)
                timer->fire(timer->arg);
            else /* its time is a later turn of the wheel */
                list_append(slot, le, timer);
        }
    }
}
