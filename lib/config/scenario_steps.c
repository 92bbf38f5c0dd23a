/* `steps` of a scenario, put into the order of time. */
#include <stdlib.h>

#include "scenario_draft.h"

static void read_item(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value, void *target)
{
    tha_scenario_read_step(reader, path, value, target);
}

static int compare(const void *a, const void *b)
{
    const struct tha_scenario_step_draft *one = a, *other = b;

    if (one->at_ms != other->at_ms)
        return one->at_ms < other->at_ms ? -1 : 1;

    return one->index < other->index ? -1 : one->index > other->index;
}

static void keep(struct tha_scenario_draft *draft, struct tha_scenario_step_draft *drafts, size_t count)
{
    struct tha_scenario_step *steps = tha_arena_alloc(draft->reader.arena, count, sizeof(*steps));

    if (!steps) {
        draft->reader.report.is_out_of_memory = true;
        return;
    }

    qsort(drafts, count, sizeof(*drafts), compare);
    for (size_t i = 0; i < count; i++)
        steps[i] = drafts[i].step;
    draft->scenario->steps = steps;
    draft->scenario->n_steps = (uint32_t)count;
}

void tha_scenario_read_steps(struct tha_scenario_draft *draft, const struct tha_config_path *path, json_t *steps)
{
    static const struct tha_config_field item_field = {NULL, THA_KIND_OBJECT, .read = read_item};
    size_t count = json_array_size(steps);
    struct tha_scenario_step_draft *drafts = tha_arena_alloc(&draft->scratch, count, sizeof(*drafts));

    if (!count)
        return;
    if (!drafts) {
        draft->reader.report.is_out_of_memory = true;
        return;
    }

    for (size_t i = 0; i < count; i++) {
        struct tha_config_path item = {path, NULL, i};

        drafts[i].draft = draft;
        drafts[i].index = (uint32_t)i;
        tha_config_read_value(&draft->reader, &item, &item_field, json_array_get(steps, i), &drafts[i]);
    }
    keep(draft, drafts, count);
}
