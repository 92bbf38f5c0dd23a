#include "adapters/once.h"

static void hear_nothing(void *user_data)
{
    (void)user_data;
}

int tha_once_run(struct tha_once *once, const struct tha_loop_handlers *handlers)
{
    static const struct tha_log silent;
    struct tha_loop_handlers mine = *handlers;
    struct tha_loop *loop;
    int err;

    if (!mine.doorbell)
        mine.doorbell = hear_nothing;

    sem_init(&once->ended, 0, 0);
    err = tha_loop_new(&tha_mem_default, &silent, &mine, &loop);
    if (!err) {
        while (sem_wait(&once->ended))
            ; /* a signal of the host's */
        tha_loop_free(loop);
    }
    sem_destroy(&once->ended);

    return err;
}

void tha_once_end(struct tha_once *once)
{
    sem_post(&once->ended);
}
