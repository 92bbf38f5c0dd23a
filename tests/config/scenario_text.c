#include "scenario_text.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/dns.h"

/* ---- Cases */

struct tha_model *scenario_cases_find(const char *dir, struct cases *ret_valid, struct cases *ret_invalid)
{
    static struct text config;
    struct tha_model *model = NULL;
    char scenarios[512];
    struct cases folder = {.names = {"scenarios"}, .count = 1};

    snprintf(folder.dir, sizeof(folder.dir), "%s", dir);
    snprintf(scenarios, sizeof(scenarios), "%s/scenarios", dir);
    cases_find(ret_valid, scenarios, "valid");
    cases_find(ret_invalid, scenarios, "invalid");

    cases_read(&folder, 0, "trunks.json", &config);
    if (tha_config_read(&tha_mem_default, config.bytes, config.len, NULL, NULL, &model))
        exit(1);

    return model;
}

/* ---- The scenario */

static const char *const conducts[] = {"well", "silent", "refused", "code", "mute"};
static const char *const ofs[] = {"?", "probes", "calls", "both"};

static void add_load(struct text *text, const struct tha_call_load *load)
{
    text_add(text, "calls \"%s\" %.3f/s %llu-%llu ring after %u answer after %u last %u patience %u busy %u no answer %u\n",
             load->profile, load->per_second, (unsigned long long)load->from_ms, (unsigned long long)load->until_ms,
             load->ring_after_ms, load->answer_after_ms, load->duration_ms, load->patience_ms, load->busy_permille,
             load->no_answer_permille);
}

static void add_whom(struct text *text, const struct tha_scenario_step *step)
{
    for (uint32_t i = 0; i < step->n_whom; i++)
        text_add(text, " \"%s\"", step->whom[i]);
    if (!step->n_whom)
        text_add(text, " all");
}

static void add_manner(struct text *text, const struct tha_scenario_step *step)
{
    const struct tha_manner *manner = &step->manner;

    add_whom(text, step);
    text_add(text, " %s to %s rtt %u loss %u", conducts[manner->conduct], ofs[step->of], manner->rtt_ms,
             manner->loss_permille);
    if (manner->conduct == THA_CONDUCT_CODE)
        text_add(text, " code %u retry after %u", manner->code, manner->retry_after_s);
    if (manner->down_ms)
        text_add(text, " up %u down %u", manner->up_ms, manner->down_ms);
}

static void add_addresses(struct text *text, const struct tha_scenario_step *step)
{
    char buf[THA_ADDR_TEXT_SIZE];

    text_add(text, " name %s ttl %u:", step->name, step->ttl_s);
    for (uint32_t i = 0; i < step->n_addresses; i++)
        text_add(text, " %s", tha_addr_port_text(&step->addresses[i], buf, sizeof(buf)));
}

static void add_step(struct text *text, const struct tha_scenario_step *step)
{
    static const char *const outcomes[] = {"answers", "no name", "fails", "silent"};

    text_add(text, "%llu (line %u)", (unsigned long long)step->at_ms, step->line);
    if (step->kind == THA_STEP_MANNER)
        add_manner(text, step);
    else if (step->kind == THA_STEP_ADDRESS)
        add_addresses(text, step);
    else if (step->kind == THA_STEP_DNS)
        text_add(text, " dns %s", outcomes[step->dns]);
    else if (step->kind == THA_STEP_HOME)
        text_add(text, " home %s", step->is_cut ? "cut" : "mended");
    else if (step->kind == THA_STEP_FAILBACK)
        text_add(text, " failback \"%s\"", step->name);
    else {
        add_whom(text, step);
        text_add(text, " %s for %u", trunkha_admin_name(step->admin), step->for_ms);
    }
    text_add(text, "\n");
}

void text_add_scenario(struct text *text, const struct tha_scenario *scenario)
{
    text_add(text, "scenario \"%s\" \"%s\" lasts %llu seed %llu rtt %u\n", scenario->name, scenario->about,
             (unsigned long long)scenario->duration_ms, (unsigned long long)scenario->seed, scenario->rtt_ms);
    for (uint32_t i = 0; i < scenario->n_loads; i++)
        add_load(text, &scenario->loads[i]);
    for (uint32_t i = 0; i < scenario->n_steps; i++)
        add_step(text, &scenario->steps[i]);
}
