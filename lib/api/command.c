/* From any thread to the loop's: one command at a time, whose sender waits. */
#include "engine.h"

struct command {
    int (*run)(trunkha_engine *engine, void *arg);
    void *arg;
    int result;
    bool is_done;
};

static int hand_over(trunkha_engine *engine, struct command *command)
{
    pthread_mutex_lock(&engine->queue);
    engine->command = command;
    tha_loop_ring(engine->loop);
    while (!command->is_done)
        pthread_cond_wait(&engine->done, &engine->queue);
    pthread_mutex_unlock(&engine->queue);

    return command->result;
}

void tha_engine_run_command(trunkha_engine *engine)
{
    struct command *command;

    pthread_mutex_lock(&engine->queue);
    command = engine->command;
    engine->command = NULL;
    pthread_mutex_unlock(&engine->queue);
    if (!command)
        return;

    command->result = command->run(engine, command->arg);

    pthread_mutex_lock(&engine->queue);
    command->is_done = true;
    pthread_cond_signal(&engine->done);
    pthread_mutex_unlock(&engine->queue);
}

int tha_engine_call(trunkha_engine *engine, int (*run)(trunkha_engine *engine, void *arg), void *arg)
{
    struct command command = {.run = run, .arg = arg};
    int result;

    if (tha_engine_is_forked(engine))
        return TRUNKHA_ERR_FORKED;
    if (tha_engine_is_own_thread(engine))
        return run(engine, arg);

    tha_engine_guard(engine);
    pthread_mutex_lock(&engine->calls);
    result = engine->loop ? hand_over(engine, &command) : run(engine, arg);
    pthread_mutex_unlock(&engine->calls);
    tha_engine_unguard(engine);

    return result;
}
