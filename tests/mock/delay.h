/** @file delay.h  Answers that wait: a wheel of one-millisecond steps */
#ifndef MOCK_DELAY_H
#define MOCK_DELAY_H

#include <stddef.h>
#include <stdint.h>

#define DELAY_STEPS 65536U /* more than any delay that can be set, in milliseconds */

struct path;
struct waiting;

struct delay {
    struct waiting **steps; /* made with the first answer that waits */
    uint64_t now_ms;        /* everything up to here has been sent */
    size_t count;
};

typedef void (*delay_send_cb)(const struct path *path, uint32_t target, const char *bytes, size_t len, void *user_data);

/** Keeps a copy of an answer until @p due_ms. One that finds no memory is lost, as on a network. */
void delay_put(struct delay *delay, uint64_t now_ms, uint32_t delay_ms, const struct path *path, uint32_t target,
               const char *bytes, size_t len);

/** Sends what is due. */
void delay_run(struct delay *delay, uint64_t now_ms, delay_send_cb send, void *user_data);

void delay_done(struct delay *delay);

#endif
