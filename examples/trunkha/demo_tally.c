#include "demo_tally.h"

#include <stdio.h>
#include <string.h>

static bool is_lost(const struct demo_call *call)
{
    return call->state == DEMO_CALL_OVER && !call->answered_ms;
}

static bool is_taken_by(const struct demo_call *call, const char *name)
{
    size_t len = strlen(name);

    return !strncmp(call->target, "sip:", 4) && !strncmp(call->target + 4, name, len) && call->target[4 + len] == '@';
}

static void count_answer(struct demo_tally *tally, const struct demo_call *call)
{
    uint64_t delay_ms = call->answered_ms - call->begun_ms;

    for (unsigned i = 0; i < DEMO_CARRIERS; i++)
        tally->answered[i] += is_taken_by(call, demo_carrier_names[i]);
    tally->delayed += *call->trouble != '\0';
    if (delay_ms > tally->worst_ms)
        tally->worst_ms = delay_ms;
}

struct demo_tally demo_tally_between(const struct demo_caller *caller, uint64_t from_ms, uint64_t to_ms)
{
    struct demo_tally tally = {.lost = 0};

    for (unsigned i = 0; i < caller->n_calls; i++) {
        const struct demo_call *call = &caller->calls[i];

        if (call->answered_ms && call->answered_ms >= from_ms && call->answered_ms < to_ms)
            count_answer(&tally, call);
        tally.lost += is_lost(call);
    }

    return tally;
}

static void print_lost(const struct demo_caller *caller)
{
    for (unsigned i = 0; i < caller->n_calls; i++) {
        const struct demo_call *call = &caller->calls[i];

        if (is_lost(call) && call->code)
            printf("call %u was refused with %u\n", i + 1, call->code);
        else if (is_lost(call))
            printf("call %u was never answered\n", i + 1);
    }
}

void demo_tally_print(const struct demo_tally *tally, const struct demo_caller *caller)
{
    printf("\n%-22s %5u\n", "calls placed", caller->n_calls);
    for (unsigned i = 0; i < DEMO_CARRIERS; i++)
        printf("answered by %-10s %5u\n", demo_carrier_names[i], tally->answered[i]);
    printf("%-22s %5u   answered by the second carrier they were sent to\n", "delayed", tally->delayed);
    printf("%-22s %5u\n", "lost", tally->lost);
    printf("%-22s %5.2f s\n", "worst delay", (double)tally->worst_ms / 1000);
    print_lost(caller);
}
