/* What may be loaded, but will hurt. */
#include "lint.h"
#include "adapters/resolve_once.h"
#include "base/abi.h"
#include "config/catalogue.h"

static int resolve(const struct tha_name *name, const struct tha_dns_settings *settings, struct tha_location *ret_locations,
                   struct tha_srv_targets *ret_targets, struct tha_lookup_result *ret_result, void *user_data)
{
    (void)user_data;

    return tha_resolve_once(name, settings, ret_locations, ret_targets, ret_result);
}

static bool are_good(const trunkha_lint_options *options)
{
    if (options->n_settings && !options->settings)
        return false;

    for (uint32_t i = 0; i < options->n_settings; i++) {
        if (!options->settings[i])
            return false;
    }

    return true;
}

int tha_lint_read_options(const trunkha_lint_options *options, trunkha_lint_options *ret_options,
                          struct tha_config_wish *ret_wish)
{
    trunkha_lint_options mine = TRUNKHA_LINT_OPTIONS_INIT;

    if ((options && tha_abi_read(&mine, sizeof(mine), options)) || !are_good(&mine))
        return TRUNKHA_ERR_INVALID;

    *ret_options = mine;
    *ret_wish = (struct tha_config_wish){.settings = mine.settings, .n_settings = mine.n_settings};

    return 0;
}

int trunkha_config_lint(const char *json, size_t len, const trunkha_lint_options *options, trunkha_finding_cb finding_cb,
                        void *user_data)
{
    static const struct tha_config_resolver resolver = {.resolve = resolve};
    trunkha_lint_options mine;
    struct tha_config_wish wish;

    if (!json || tha_lint_read_options(options, &mine, &wish))
        return TRUNKHA_ERR_INVALID;

    wish.lints = true;
    wish.resolver = mine.resolve ? &resolver : NULL;

    return tha_config_read_as(&tha_mem_default, json, len, &wish, finding_cb, user_data, NULL);
}

int trunkha_rule_get(uint32_t index, trunkha_rule *ret_rule)
{
    const struct tha_config_rule *rule;
    trunkha_rule told = TRUNKHA_RULE_INIT;

    if (!ret_rule)
        return TRUNKHA_ERR_INVALID;
    rule = index < UINT32_MAX ? tha_config_get_rule(index + 1) : NULL;
    if (!rule)
        return TRUNKHA_ERR_END;

    told.severity = rule->severity;
    told.code = rule->code;
    told.slug = rule->slug;
    told.summary = rule->summary;
    told.why = rule->why;
    told.fix = rule->fix;
    told.bad = rule->bad;
    told.good = rule->good;

    return tha_abi_write(ret_rule, &told, sizeof(told));
}
