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

static bool has_said(const struct tha_abilities *abilities)
{
    return abilities->methods || abilities->options || abilities->codecs;
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
            if (has_said(&abilities))
                return trunk;
        }
    }

    return THA_NONE;
}

/** What is missing in the first comparison that shows anything; "" = nothing. */
static void describe(const struct tha_table *table, uint32_t index, char *buf, size_t size)
{
    const struct tha_trunk_model *model = &table->model->trunks[index];
    const struct tha_membership *membership = &table->memberships[model->group];
    struct tha_abilities mine = of_trunk(table, index);
    char less[64];

    buf[0] = '\0';
    if (*tha_abilities_less(&model->abilities, &mine, less, sizeof(less)))
        tha_text_print(buf, size, "lacks %s of its configuration", less);

    for (uint32_t i = 0; i < membership->n_profiles && !buf[0]; i++) {
        uint32_t first = find_model_trunk(table, &table->model->profiles[membership->profiles[i]], index);
        struct tha_abilities theirs;

        if (first == THA_NONE)
            continue;
        theirs = of_trunk(table, first);
        if (*tha_abilities_less(&theirs, &mine, less, sizeof(less)))
            tha_text_print(buf, size, "lacks %s that %s has", less, table->model->trunks[first].id);
    }
}

/** FNV-1a; 0 for "" only. */
static uint32_t hash(const char *text)
{
    uint32_t value = 2166136261U;

    if (!*text)
        return 0;
    for (; *text; text++)
        value = (value ^ (unsigned char)*text) * 16777619U;

    return value ? value : 1;
}

static bool is_same(const struct tha_abilities *a, const struct tha_abilities *b)
{
    return a->methods == b->methods && a->options == b->options && a->codecs == b->codecs;
}

void tha_core_note_abilities(struct tha_core *core, uint32_t slot, const struct tha_abilities *abilities)
{
    uint32_t index = core->table ? tha_table_target_of_slot(core->table, slot) : THA_NONE;
    struct tha_target *target = index == THA_NONE ? NULL : &core->table->targets[index];
    struct tha_trunk *trunk = target ? &core->table->trunks[target->trunk] : NULL;
    char detail[96];
    uint32_t mismatch;

    if (!target)
        return;
    if (!is_same(&target->abilities, abilities)) {
        target->abilities = *abilities;
        tha_core_show_target(core, target);
    }

    describe(core->table, target->trunk, detail, sizeof(detail));
    mismatch = hash(detail);
    if (mismatch && mismatch != trunk->mismatch)
        tha_tell_of_trunk(core, TRUNKHA_EVENT_CAPABILITY_MISMATCH, target->trunk, target, TRUNKHA_REASON_NONE, detail);
    trunk->mismatch = mismatch;
}
