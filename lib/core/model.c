#include "model.h"

#include <string.h>

static void wipe(char *secret)
{
    if (secret)
        explicit_bzero(secret, strlen(secret));
}

static void wipe_credentials(const struct tha_model *model)
{
    for (uint32_t i = 0; i < model->n_trunks; i++) {
        const struct tha_reach *reach = model->trunks[i].reach;

        if (!reach || !reach->auth)
            continue;
        wipe(reach->auth->username);
        wipe(reach->auth->password);
    }
}

struct tha_model *tha_model_free(struct tha_model *model)
{
    struct tha_arena arena;

    if (!model)
        return NULL;

    wipe_credentials(model);
    arena = model->arena; /* the model lives in its own arena */
    tha_arena_done(&arena);

    return NULL;
}
