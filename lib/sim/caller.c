#include "caller.h"

#include "base/text.h"

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void stand(struct tha_caller *caller, uint32_t stage, uint64_t next_ms)
{
    caller->stage = (uint8_t)stage;
    caller->next_ms = next_ms;
}

/** Something is kept from him from here on. */
static uint32_t be_hurt(struct tha_caller *caller)
{
    caller->was_hurt = true;
    stand(caller, THA_CALLER_STUCK, THA_NEVER);

    return THA_HEARD_NOTHING;
}

static uint32_t report_code(uint32_t code, trunkha_report *report)
{
    report->kind = TRUNKHA_REPORT_RESPONSE;
    report->code = code;

    return THA_HEARD_REPORT;
}

/* ---- The INVITE ---- */

static uint32_t transmit(struct tha_caller *caller, struct tha_world *world, uint64_t now_ms)
{
    tha_world_send(world, caller->trunk, &caller->addr, THA_CONDUCT_OF_CALLS, now_ms, &caller->echo);
    if (caller->echo.conduct == THA_CONDUCT_SILENT) {
        caller->was_hurt = true;
        stand(caller, THA_CALLER_SENDING, caller->flight.again_ms);
    } else {
        stand(caller, THA_CALLER_ECHOING, now_ms + caller->echo.after_ms);
    }

    return THA_HEARD_NOTHING;
}

void tha_caller_dial(struct tha_caller *caller, struct tha_world *world, uint32_t trunk, const struct tha_addr *addr,
                     uint64_t now_ms)
{
    caller->trunk = trunk;
    caller->addr = *addr;
    caller->attempt_ms = now_ms;
    if (!caller->attempts++)
        caller->first_trunk = trunk;
    tha_flight_start(&caller->flight, THA_FLIGHT_NO_LIMIT, now_ms);
    transmit(caller, world, now_ms);
}

static uint32_t send_again(struct tha_caller *caller, struct tha_world *world, uint64_t now_ms)
{
    tha_flight_go_on(&caller->flight, now_ms);

    return transmit(caller, world, now_ms);
}

static uint32_t take_code(struct tha_caller *caller, trunkha_report *report)
{
    be_hurt(caller);
    if (caller->echo.retry_after_s) {
        tha_text_print(caller->retry_after, sizeof(caller->retry_after), "%u", caller->echo.retry_after_s);
        report->retry_after = caller->retry_after;
    }

    return report_code(caller->echo.code, report);
}

static uint32_t take_echo(struct tha_caller *caller, const struct tha_world *world, uint64_t now_ms, trunkha_report *report)
{
    if (tha_world_is_home_cut(world)) { /* since it was sent */
        caller->was_hurt = true;
        tha_flight_go_on(&caller->flight, now_ms);
        stand(caller, THA_CALLER_SENDING, caller->flight.again_ms);
        return THA_HEARD_NOTHING;
    }

    switch (caller->echo.conduct) {
    case THA_CONDUCT_CODE:
        return take_code(caller, report);
    case THA_CONDUCT_REFUSED:
        be_hurt(caller);
        report->kind = TRUNKHA_REPORT_TRANSPORT_ERROR;
        return THA_HEARD_REPORT;
    case THA_CONDUCT_MUTE:
        be_hurt(caller);
        return report_code(100, report);
    default:
        stand(caller, THA_CALLER_PROCEEDING, now_ms + caller->ring_after_ms);
        return report_code(100, report);
    }
}

/* ---- What follows ---- */

/** Does a carrier that took the INVITE still pass on what comes? Codes are for new ones. */
static bool has_died(const struct tha_caller *caller, const struct tha_world *world, uint64_t now_ms)
{
    uint32_t conduct = tha_world_conduct(world, caller->trunk, &caller->addr, now_ms);

    return conduct == THA_CONDUCT_SILENT || conduct == THA_CONDUCT_REFUSED || conduct == THA_CONDUCT_MUTE;
}

static uint32_t take_ringing(struct tha_caller *caller, const struct tha_world *world, uint64_t now_ms,
                             trunkha_report *report)
{
    if (has_died(caller, world, now_ms))
        return be_hurt(caller);

    caller->has_user = true;
    caller->patience_ms = THA_NEVER;
    if (caller->is_busy)
        stand(caller, THA_CALLER_STUCK, THA_NEVER);
    else
        stand(caller, THA_CALLER_RINGING, caller->is_nobody_there ? THA_NEVER : now_ms + caller->answer_after_ms);

    return report_code(caller->is_busy ? 486 : 180, report);
}

static uint32_t take_answer(struct tha_caller *caller, const struct tha_world *world, uint64_t now_ms,
                            trunkha_report *report)
{
    if (has_died(caller, world, now_ms)) {
        caller->has_user = false;
        return be_hurt(caller);
    }

    stand(caller, THA_CALLER_TALKING, now_ms + caller->duration_ms);

    return report_code(200, report);
}

/** What was said of an established call has died with its carrier, even if that refuses only new ones by now. */
static uint32_t take_end(const struct tha_caller *caller, const struct tha_world *world, uint64_t now_ms)
{
    uint32_t conduct = tha_world_conduct(world, caller->trunk, &caller->addr, now_ms);

    return conduct == THA_CONDUCT_SILENT || conduct == THA_CONDUCT_REFUSED ? THA_HEARD_CUT : THA_HEARD_END;
}

static uint32_t take_next(struct tha_caller *caller, struct tha_world *world, uint64_t now_ms, trunkha_report *report)
{
    switch (caller->stage) {
    case THA_CALLER_SENDING:
        return send_again(caller, world, now_ms);
    case THA_CALLER_ECHOING:
        return take_echo(caller, world, now_ms, report);
    case THA_CALLER_PROCEEDING:
        return take_ringing(caller, world, now_ms, report);
    case THA_CALLER_RINGING:
        return take_answer(caller, world, now_ms, report);
    default:
        return take_end(caller, world, now_ms);
    }
}

/* ---- Time ---- */

void tha_caller_expect(struct tha_caller *caller, uint32_t wait_ms, uint64_t now_ms)
{
    caller->deadline_ms = wait_ms == UINT32_MAX ? THA_NEVER : now_ms + wait_ms;
}

void tha_caller_make_haste(struct tha_caller *caller, uint64_t quiet_until_ms)
{
    uint64_t ring_ms = caller->next_ms + caller->ring_after_ms;

    if (caller->stage == THA_CALLER_ECHOING && caller->echo.conduct == THA_CONDUCT_WELL && ring_ms < quiet_until_ms &&
        ring_ms < caller->deadline_ms && ring_ms < caller->patience_ms)
        stand(caller, THA_CALLER_PROCEEDING, ring_ms);
}

uint64_t tha_caller_next_ms(const struct tha_caller *caller)
{
    return earlier(caller->next_ms, earlier(caller->deadline_ms, caller->patience_ms));
}

uint32_t tha_caller_hear(struct tha_caller *caller, struct tha_world *world, uint64_t now_ms, trunkha_report *ret_report)
{
    *ret_report = (trunkha_report)TRUNKHA_REPORT_INIT;
    if (caller->next_ms <= now_ms)
        return take_next(caller, world, now_ms, ret_report);

    if (caller->patience_ms <= now_ms) {
        caller->has_had_it = true;
        ret_report->kind = TRUNKHA_REPORT_CANCELLED;
    } /* else it is TIME */

    return THA_HEARD_REPORT;
}

bool tha_caller_is_to_blame(const struct tha_caller *caller)
{
    return caller->has_user || (caller->has_had_it && !caller->was_hurt);
}
