/* The table of response codes.
 *
 * | before any 18x      | next trunk              | weight          | and                          |
 * |---------------------|-------------------------|-----------------|------------------------------|
 * | 503                 | if in `rerouteCodes`    | hard            | Retry-After cools the target |
 * | 408 500 502 504     | if in `rerouteCodes`    | soft            |                              |
 * | any other 5xx       | if in `rerouteCodes`    | soft if in them |                              |
 * | 403                 | no                      | soft            |                              |
 * | 404 410 480 484 485 | if in `rerouteCodes`    | none            | the callee's side spoke      |
 * | 486 6xx             | no                      | none            | the callee's side spoke      |
 * | 487                 | no                      | none            |                              |
 * | 415 488 606         | where the codecs differ | none            |                              |
 * | anything else       | if in `rerouteCodes`    | none            |                              |
 *
 * A Q.850 cause outranks the code: a 503 with cause 17 is a busy user, a 404 with cause 34 a full trunk. */
#include "call.h"

/** Causes of ITU-T Q.850 that speak of the callee. */
static bool is_user_cause(uint32_t q850_cause)
{
    switch (q850_cause) {
    case 1:  /* unallocated number */
    case 17: /* busy */
    case 18: /* no user responding */
    case 19: /* no answer */
    case 21: /* rejected */
    case 22: /* number changed */
    case 28: /* incomplete number */
        return true;
    default:
        return false;
    }
}

/** Causes of ITU-T Q.850 that speak of the trunk, or of what is behind it. */
static bool is_network_cause(uint32_t q850_cause)
{
    switch (q850_cause) {
    case 27: /* destination out of order */
    case 34: /* no circuit */
    case 38: /* network out of order */
    case 41: /* temporary failure */
    case 42: /* congestion */
    case 47: /* resource unavailable */
    case 58: /* bearer capability not available now */
        return true;
    default:
        return false;
    }
}

static struct tha_call_judgement judge_code(const struct tha_call_settings *settings, uint32_t code)
{
    struct tha_call_judgement by_list = {.reroutes = tha_codes_has(&settings->reroute, code)};

    switch (code) {
    case 403:
        return (struct tha_call_judgement){.weight = THA_WEIGHT_SOFT};
    case 404:
    case 410:
    case 480:
    case 484:
    case 485:
        by_list.flags = THA_NEWS_USER;
        return by_list;
    case 486:
        return (struct tha_call_judgement){.flags = THA_NEWS_USER};
    case 487:
        return (struct tha_call_judgement){0};
    case 415:
    case 488:
    case 606:
        return (struct tha_call_judgement){.reroutes = true, .other_codecs = true};
    case 408:
    case 500:
    case 502:
    case 504:
        by_list.weight = THA_WEIGHT_SOFT;
        return by_list;
    case 503:
        by_list.weight = THA_WEIGHT_HARD;
        by_list.cools = true;
        return by_list;
    default:
        if (code >= 600)
            return (struct tha_call_judgement){.flags = THA_NEWS_USER};
        if (code >= 500 && by_list.reroutes)
            by_list.weight = THA_WEIGHT_SOFT;
        return by_list;
    }
}

/** The network has failed, whatever the code; but a 6xx ends the search (RFC 3261 section 16.7 step 5), and so does 487. */
static void add_network_cause(struct tha_call_judgement *judgement, uint32_t code)
{
    judgement->flags = 0;
    if (!judgement->weight)
        judgement->weight = THA_WEIGHT_SOFT;
    if (code < 600 && code != 487) {
        judgement->reroutes = true;
        judgement->other_codecs = false;
    }
}

struct tha_call_judgement tha_call_judge(const struct tha_call_settings *settings, uint32_t code, uint32_t q850_cause,
                                         bool is_ringing)
{
    struct tha_call_judgement judgement;

    if (is_ringing || is_user_cause(q850_cause))
        return (struct tha_call_judgement){.flags = THA_NEWS_USER};

    judgement = judge_code(settings, code);
    if (is_network_cause(q850_cause))
        add_network_cause(&judgement, code);

    return judgement;
}

/** Lower goes first. 408 is the last of the 4xx: mostly it says no more than that nobody answered. 503 is the last of all:
 *  RFC 3261 section 16.7 step 6. */
static uint32_t rank(uint32_t code)
{
    switch (code) {
    case 0:
        return UINT32_MAX;
    case 401: /* these five say how to do better */
    case 407:
    case 415:
    case 420:
    case 484:
        return 400;
    case 408:
        return 402;
    case 503:
        return 501;
    default:
        return code >= 600 ? 0 : code / 100 == 4 ? 401 : code / 100 * 100;
    }
}

uint32_t tha_call_better(uint32_t code, uint32_t other)
{
    return rank(other) <= rank(code) ? other : code;
}
