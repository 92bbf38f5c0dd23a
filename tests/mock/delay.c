#include "delay.h"

#include <stdlib.h>
#include <string.h>

#include "carrier.h"

struct waiting {
    struct waiting *next;
    struct path path;
    uint32_t target;
    size_t len;
    char bytes[];
};

void delay_put(struct delay *delay, uint64_t now_ms, uint32_t delay_ms, const struct path *path, uint32_t target,
               const char *bytes, size_t len)
{
    struct waiting *waiting = malloc(sizeof(*waiting) + len);
    struct waiting **step;

    if (!delay->steps)
        delay->steps = calloc(DELAY_STEPS, sizeof(struct waiting *));
    if (!waiting || !delay->steps) {
        free(waiting);
        return;
    }
    if (!delay->count)
        delay->now_ms = now_ms;

    step = &delay->steps[(now_ms + delay_ms) % DELAY_STEPS];
    *waiting = (struct waiting){.next = *step, .path = *path, .target = target, .len = len};
    memcpy(waiting->bytes, bytes, len);
    *step = waiting;
    delay->count++;
}

static void run_step(struct delay *delay, delay_send_cb send, void *user_data)
{
    struct waiting **step = &delay->steps[delay->now_ms % DELAY_STEPS];

    while (*step) {
        struct waiting *waiting = *step;

        *step = waiting->next;
        delay->count--;
        send(&waiting->path, waiting->target, waiting->bytes, waiting->len, user_data);
        free(waiting);
    }
}

void delay_run(struct delay *delay, uint64_t now_ms, delay_send_cb send, void *user_data)
{
    for (; delay->count && delay->now_ms <= now_ms; delay->now_ms++)
        run_step(delay, send, user_data);
}

static void forget(const struct path *path, uint32_t target, const char *bytes, size_t len, void *user_data)
{
    (void)path, (void)target, (void)bytes, (void)len, (void)user_data;
}

void delay_done(struct delay *delay)
{
    delay_run(delay, delay->now_ms + DELAY_STEPS, forget, NULL);
    free(delay->steps);
    *delay = (struct delay){0};
}
