#include "model.h"

struct tha_model *tha_model_free(struct tha_model *model)
{
    struct tha_arena arena;

    if (!model)
        return NULL;

    arena = model->arena; /* the model lives in its own arena */
    tha_arena_done(&arena);

    return NULL;
}
