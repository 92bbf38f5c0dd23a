/** @file once.h  A thread and a loop of its own for one question to the network: who asks waits until it is over */
#ifndef THA_ADAPTERS_ONCE_H
#define THA_ADAPTERS_ONCE_H

#include <semaphore.h>

#include "adapters/loop.h"

struct tha_once {
    sem_t ended;
};

/** Runs a loop with @p handlers (`doorbell` may be NULL) until tha_once_end(). Errors: as tha_loop_new(). */
int tha_once_run(struct tha_once *once, const struct tha_loop_handlers *handlers);

/** From a handler: it is over. */
void tha_once_end(struct tha_once *once);

#endif
