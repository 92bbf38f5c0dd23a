/* Can each trunk of a failover chain do what the others can? A call that moves to one that cannot is lost there. */
#include "machine.h"

/** What all targets of a trunk can do, of those that have said so. */
static struct tha_abilities of_trunk(const struct tha_table *table, uint32_t index)
{
    const struct tha_trunk *trunk = &table->trunks[index];
    struct tha_abilities all = {.methods = 0};

    for (uint32_t i = 0; i < trunk->n_targets; i++) {
        const struct tha_abilities *one = &table->targets[trunk->first_target + i].abilities;

        if (one->methods)
            all.methods = all.methods ? all.methods & one->methods : one->methods;
        if (one->options)
            all.options = all.options ? all.options & one->options : one->options;
        if (one->codecs)
            all.codecs = all.codecs ? all.codecs & one->codecs : one->codecs;
    }

    return all;
}

/** The first trunk of a chain that has said what it can do; THA_NONE = it is @p index itself, or there is none. */
static uint32_t find_model_trunk(const struct tha_table *table, const struct tha_profile_model *chain, uint32_t index)
{
    for (uint32_t i = 0; i < chain->n_groups; i++) {
        uint32_t group = chain->groups[i];

        for (uint32_t j = 0; j < table->model->groups[group].n_trunks; j++) {
            uint32_t trunk = table->groups[group].by_priority[j];
            struct tha_abilities abilities = of_trunk(table, trunk);

            if (trunk == index)
                return THA_NONE;
            if (!tha_abilities_is_empty(&abilities))
                return trunk;
        }
    }

    return THA_NONE;
}

/** The first comparison that shows anything: with the configuration, or with the first trunk of a chain. */
static struct tha_lack find_lack(const struct tha_table *table, uint32_t index)
{
    const struct tha_trunk_model *model = &table->model->trunks[index];
    const struct tha_membership *membership = &table->memberships[model->group];
    struct tha_abilities mine = of_trunk(table, index);
    struct tha_lack lack = {tha_abilities_less(&model->abilities, &mine), THA_NONE};

    for (uint32_t i = 0; i < membership->n_profiles && tha_abilities_is_empty(&lack.abilities); i++) {
        struct tha_abilities theirs;

        lack.compared = find_model_trunk(table, &table->model->profiles[membership->profiles[i]], index);
        if (lack.compared == THA_NONE)
            continue;
        theirs = of_trunk(table, lack.compared);
        lack.abilities = tha_abilities_less(&theirs, &mine);
    }

    return lack;
}

static bool is_same(const struct tha_abilities *a, const struct tha_abilities *b)
{
    return a->methods == b->methods && a->options == b->options && a->codecs == b->codecs;
}

static void tell(struct tha_core *core, const struct tha_target *target, const struct tha_lack *lack)
{
    const char *compared = lack->compared == THA_NONE ? "its configuration" : core->table->model->trunks[lack->compared].id;
    char text[64], detail[96];

    tha_text_print(detail, sizeof(detail), "lacks %s that %s has", tha_abilities_text(&lack->abilities, text, sizeof(text)),
                   compared);
    tha_tell_of_trunk(core, TRUNKHA_EVENT_CAPABILITY_MISMATCH, target->trunk, target, TRUNKHA_REASON_NONE, detail);
}

static void compare(struct tha_core *core, const struct tha_target *target)
{
    struct tha_trunk *trunk = &core->table->trunks[target->trunk];
    struct tha_lack lack = find_lack(core->table, target->trunk);

    if (is_same(&lack.abilities, &trunk->lack.abilities))
        return;

    trunk->lack = lack;
    tha_show_trunk(core, trunk);
    if (!tha_abilities_is_empty(&lack.abilities))
        tell(core, target, &lack);
}

void tha_core_note_abilities(struct tha_core *core, uint32_t slot, const struct tha_abilities *abilities)
{
    uint32_t index = core->table ? tha_table_target_of_slot(core->table, slot) : THA_NONE;
    struct tha_target *target = index == THA_NONE ? NULL : &core->table->targets[index];

    if (!target)
        return;
    if (!is_same(&target->abilities, abilities)) {
        target->abilities = *abilities;
        tha_show_target(core, target);
    }
    compare(core, target);
}
