/* The calls of a scenario: the library's own, and the callers that drive them. */
#include "call_target.h"
#include "simulation.h"

/** Where the current attempt goes. */
static const struct tha_target *target_of(const trunkha_simulation *simulation, const trunkha_call *call)
{
    const struct tha_table *table = tha_core_table(simulation->machine.core);

    return &table->targets[tha_table_target_of_slot(table, tha_call_target_slot(call))];
}

/** "18446744073709551615" and its zero fit. Formatted by hand: there are millions of them. */
static char *number_call(uint64_t number, char buf[24])
{
    char *digit = buf + 23;

    *digit = '\0';
    do {
        *--digit = (char)('0' + number % 10);
        number /= 10;
    } while (number);

    return digit;
}

/* ---- What becomes of it ---- */

static uint64_t since_start(uint64_t ms)
{
    return ms - THA_SIM_START_MS;
}

static void note_failed_attempt(trunkha_simulation *simulation, const struct tha_caller *caller)
{
    if (caller->attempts)
        tha_tally_note_outcome(simulation->tally, caller->trunk, since_start(caller->attempt_ms), false);
}

static void dial(trunkha_simulation *simulation, struct tha_caller *caller)
{
    const struct tha_target *target = target_of(simulation, caller->call);
    uint64_t now_ms = simulation->machine.now_ms;

    note_failed_attempt(simulation, caller);
    tha_caller_dial(caller, simulation->world, target->trunk, &target->addr, now_ms);
    tha_tally_note_attempt(simulation->tally, target->trunk, since_start(now_ms));
}

static void lose(trunkha_simulation *simulation, struct tha_caller *caller)
{
    if (tha_caller_is_to_blame(caller)) {
        tha_tally_summary(simulation->tally)->calls_unanswered++;
    } else {
        note_failed_attempt(simulation, caller);
        tha_tally_note_loss(simulation->tally, caller->attempts ? caller->trunk : THA_NONE);
    }
    caller->call = trunkha_call_end(caller->call);
    tha_callers_dismiss(simulation->callers, caller);
}

/** As a host with many calls does: the handle is not needed while they talk. */
static void answer(trunkha_simulation *simulation, struct tha_caller *caller)
{
    tha_tally_note_outcome(simulation->tally, caller->trunk, since_start(caller->attempt_ms), true);
    if (caller->attempts == 1)
        tha_tally_summary(simulation->tally)->calls_answered++;
    else
        tha_tally_note_delay(simulation->tally, caller->first_trunk, since_start(caller->begun_ms),
                             (uint32_t)(caller->attempt_ms - caller->begun_ms));
    if (!trunkha_call_detach(caller->call, &caller->token))
        caller->call = NULL;
}

static void hang_up(trunkha_simulation *simulation, struct tha_caller *caller)
{
    if (caller->call)
        caller->call = trunkha_call_end(caller->call);
    else
        trunkha_view_end_call(simulation->machine.view, caller->token);
    tha_sim_ring(&simulation->machine, false);
    tha_callers_dismiss(simulation->callers, caller);
}

static void follow(trunkha_simulation *simulation, struct tha_caller *caller, const trunkha_step *step)
{
    if (step->action == TRUNKHA_STEP_STOP) {
        lose(simulation, caller);
        return;
    }

    if (step->action == TRUNKHA_STEP_TRY)
        dial(simulation, caller);
    tha_caller_expect(caller, step->wait_ms, simulation->machine.now_ms);
    tha_caller_make_haste(caller, tha_simulation_step_ms(simulation));
    tha_callers_resume(simulation->callers, caller);
}

/* ---- What is due ---- */

int tha_simulation_take_arrival(trunkha_simulation *simulation, struct tha_due *due)
{
    trunkha_simulation_summary *summary = tha_tally_summary(simulation->tally);
    struct tha_caller *caller = tha_callers_get(simulation->callers, due, simulation->machine.now_ms);
    const char *profile = ((const struct tha_arrival *)due)->load->profile;
    trunkha_call_options options = TRUNKHA_CALL_OPTIONS_INIT;
    trunkha_step step = TRUNKHA_STEP_INIT;
    char number[24];
    int err;

    if (!caller)
        return TRUNKHA_ERR_NOMEM;
    options.call_id = number_call(summary->calls + 1, number);
    err = trunkha_call_begin(simulation->machine.view, profile, &options, &caller->call, &step);
    if (err)
        return err;

    summary->calls++;
    tha_callers_move_on(simulation->callers, due);
    tha_sim_ring(&simulation->machine, false);
    follow(simulation, caller, &step);

    return 0;
}

static int report(trunkha_simulation *simulation, struct tha_caller *caller, const trunkha_report *report)
{
    trunkha_step step = TRUNKHA_STEP_INIT;
    int err = trunkha_call_report(caller->call, report, &step);

    if (err)
        return err;

    if (caller->stage == THA_CALLER_TALKING)
        answer(simulation, caller);
    /* What has failed wakes the engine at once. */
    tha_sim_ring(&simulation->machine, step.action != TRUNKHA_STEP_WAIT);
    follow(simulation, caller, &step);

    return 0;
}

int tha_simulation_take_caller(trunkha_simulation *simulation, struct tha_due *due)
{
    struct tha_caller *caller = (struct tha_caller *)due;
    trunkha_report heard;

    switch (tha_caller_hear(caller, simulation->world, simulation->machine.now_ms, &heard)) {
    case THA_HEARD_REPORT:
        return report(simulation, caller, &heard);
    case THA_HEARD_NOTHING:
        tha_callers_resume(simulation->callers, caller);
        return 0;
    case THA_HEARD_CUT:
        tha_tally_note_cut(simulation->tally, caller->trunk);
        hang_up(simulation, caller);
        return 0;
    default:
        hang_up(simulation, caller);
        return 0;
    }
}

static void end_call(struct tha_caller *caller, void *user_data)
{
    (void)user_data;
    caller->call = trunkha_call_end(caller->call);
}

void tha_simulation_end_calls(trunkha_simulation *simulation)
{
    if (simulation->callers)
        tha_callers_each(simulation->callers, end_call, NULL);
}
