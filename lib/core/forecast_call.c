/* What a caller waits while trunk after trunk fails, but for the last that may be tried. */
#include "forecast_parts.h"

/** What the host reports of an attempt that meets the fault. */
static struct tha_call_heard heard_of(uint32_t fault)
{
    switch (fault) {
    case TRUNKHA_FAULT_REFUSED:
        return (struct tha_call_heard){.kind = TRUNKHA_REPORT_TRANSPORT_ERROR};
    case TRUNKHA_FAULT_REJECTED:
        return (struct tha_call_heard){.kind = TRUNKHA_REPORT_RESPONSE, .code = 503};
    default:
        return (struct tha_call_heard){.kind = TRUNKHA_REPORT_TIME};
    }
}

/** One attempt that fails. Returns whether another is made, at *@p inout_now_ms. */
static bool fail(struct tha_call *call, uint32_t fault, bool proceeds, uint64_t *inout_now_ms)
{
    static const struct tha_call_heard trying = {.kind = TRUNKHA_REPORT_RESPONSE, .code = 100};
    struct tha_call_heard heard = heard_of(fault);
    struct tha_call_verdict verdict;

    tha_call_start_attempt(call, *inout_now_ms);
    if (proceeds)
        tha_call_hear(call, &trying, *inout_now_ms, &verdict);
    if (heard.kind == TRUNKHA_REPORT_TIME)
        *inout_now_ms = tha_call_deadline(call);
    tha_call_hear(call, &heard, *inout_now_ms, &verdict);

    return verdict.next == THA_CALL_NEXT;
}

uint32_t tha_forecast_wait_ms(const struct tha_call_settings *settings, uint32_t n_trunks, uint32_t fault, bool proceeds)
{
    uint32_t n_attempts = settings->max_attempts < n_trunks ? settings->max_attempts : n_trunks;
    struct tha_call call;
    uint64_t now_ms = 0;

    tha_call_init(&call, settings);
    for (uint32_t i = 1; i < n_attempts; i++) {
        if (!fail(&call, fault, proceeds, &now_ms))
            return i == 1 ? THA_FOR_EVER : (uint32_t)now_ms;
    }

    return n_attempts < 2 ? THA_FOR_EVER : (uint32_t)now_ms;
}
