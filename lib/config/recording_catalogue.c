/* What is found in recordings. */
#include "catalogue.h"
#include "finding.h"

#define AT(code) [(code)-THA_CODE_FIRST_OF_RECORDINGS]

#define HEADER "{\"trunkha\":\"0.4.0\",\"format\":1,\"started\":1678902451230,\"seed\":\"00c0ffee12345678\"}"

static const struct tha_config_rule rules[] = {
    AT(THA_CODE_RECORDING_CUT) = {"TH049", "recording-cut", TRUNKHA_SEVERITY_WARNING,
                                  "a recording that breaks off in its last line",
                                  "the engine died, or its disk was full: what happened later is not in the recording",
                                  "nothing has to be done: all before it is played", "{\"at\":1020,\"in\":\"prob",
                                  "{\"at\":1020,\"in\":\"stop\"}"},
    AT(THA_CODE_NOT_CONFIGURED) =
        {"TH050", "not-configured", TRUNKHA_SEVERITY_WARNING, "a trunk that a recording has and the configuration has not",
         "what was heard of it is left out, and the other trunks are probed as if it had never been there",
         "play the recording to the configuration of its time",
         "{\"at\":0,\"in\":\"trunk\",\"trunk\":\"carrier-c\",\"schedule\":\"0123456789abcdef\"}",
         "{\"at\":0,\"in\":\"trunk\",\"trunk\":\"carrier-a\",\"schedule\":\"0123456789abcdef\"}"},
    AT(THA_CODE_NOTHING_TO_REPLAY) =
        {"TH051", "nothing-to-replay", TRUNKHA_SEVERITY_ERROR,
         "a recording that is empty, or of other trunks than those of the configuration",
         "a replay in which nothing can happen looks like one in which nothing has changed",
         "play the recording to the configuration of its time", HEADER,
         HEADER "\n"
                "{\"at\":0,\"in\":\"load\",\"trunks\":1}\n"
                "{\"at\":0,\"in\":\"trunk\",\"trunk\":\"carrier-a\",\"schedule\":\"0123456789abcdef\"}"},
};

_Static_assert(sizeof(rules) / sizeof(rules[0]) == THA_CODES - THA_CODE_FIRST_OF_RECORDINGS, "each code has its rule");

const struct tha_config_rule *tha_recording_get_rule(uint32_t code)
{
    uint32_t index = code - THA_CODE_FIRST_OF_RECORDINGS;

    return index < sizeof(rules) / sizeof(rules[0]) ? &rules[index] : NULL;
}
