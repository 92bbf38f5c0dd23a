/* What reading finds; what the rules of lint find is in lint_catalogue.c, and of recordings in recording_catalogue.c. */
#include "catalogue.h"

#include <strings.h>

#include "finding.h"

static const struct tha_config_rule reading[] = {
    [THA_CODE_JSON_SYNTAX] = {"TH001", "json-syntax", TRUNKHA_SEVERITY_ERROR, "a text that is not JSON",
                              "nothing can be read from a text that is not JSON", "correct the text at this place",
                              "\"keepalive\": {\"interval\": 30,}", "\"keepalive\": {\"interval\": 30}"},
    [THA_CODE_DUPLICATE_KEY] = {"TH002", "duplicate-key", TRUNKHA_SEVERITY_ERROR, "a key that stands twice in one object",
                                "only one of the two values could count, and nobody would know which", "keep one of them",
                                "\"keepalive\": {\"interval\": 30, \"interval\": 60}", "\"keepalive\": {\"interval\": 30}"},
    [THA_CODE_UNKNOWN_KEY] = {"TH003", "unknown-key", TRUNKHA_SEVERITY_ERROR, "a key that means nothing where it stands",
                              "a misspelled key would leave its default in force without a word",
                              "take it away, or let it begin with x- to have it ignored",
                              "\"keepalive\": {\"intervall\": 30}", "\"keepalive\": {\"interval\": 30}"},
    [THA_CODE_WRONG_TYPE] = {"TH004", "wrong-type", TRUNKHA_SEVERITY_ERROR, "a value of another type than its key has",
                             "the value cannot be read as what the key stands for", "write a value of the right type",
                             "\"keepalive\": {\"interval\": \"30\"}", "\"keepalive\": {\"interval\": 30}"},
    [THA_CODE_OUT_OF_RANGE] = {"TH005", "out-of-range", TRUNKHA_SEVERITY_ERROR, "a number or a list beyond its bounds",
                               "outside of these bounds the setting does harm or makes no sense", "stay within the bounds",
                               "\"keepalive\": {\"interval\": 0.1}", "\"keepalive\": {\"interval\": 30}"},
    [THA_CODE_BAD_VALUE] = {"TH006", "bad-value", TRUNKHA_SEVERITY_ERROR, "a value of the right type that means nothing",
                            "the value means nothing here", "write one of the forms that are allowed",
                            "\"keepalive\": {\"method\": \"PING\"}", "\"keepalive\": {\"method\": \"OPTIONS\"}"},
    [THA_CODE_MISSING_KEY] = {"TH007", "missing-key", TRUNKHA_SEVERITY_ERROR, "a key that has to be there and is not",
                              "there is no default that could stand in for it", "add the key",
                              "\"routingProfiles\": [{\"id\": \"RP\"}]",
                              "\"routingProfiles\": [{\"id\": \"RP\", \"primaryTrunkGroup\": \"carrier-a\", "
                              "\"secondaryTrunkGroup\": \"carrier-b\"}]"},
    [THA_CODE_DUPLICATE_ID] = {"TH008", "duplicate-id", TRUNKHA_SEVERITY_ERROR,
                               "an id that two trunks, groups or profiles have",
                               "states, events and reloads tell things apart by their id", "give each its own id",
                               "\"trunkGroups\": [{\"id\": \"carrier-a\", \"trunks\": [\n"
                               "    {\"id\": \"a1\", \"sipAddress\": \"ams.carrier-a.example\"},\n"
                               "    {\"id\": \"a1\", \"sipAddress\": \"fra.carrier-a.example\", \"priority\": 1}]}]",
                               "\"trunkGroups\": [{\"id\": \"carrier-a\", \"trunks\": [\n"
                               "    {\"id\": \"a1\", \"sipAddress\": \"ams.carrier-a.example\"},\n"
                               "    {\"id\": \"a2\", \"sipAddress\": \"fra.carrier-a.example\", \"priority\": 1}]}]"},
    [THA_CODE_UNKNOWN_REFERENCE] = {"TH009", "unknown-reference", TRUNKHA_SEVERITY_ERROR, "an id that nothing has",
                                    "calls meant for it would have nowhere to go, and what a scenario does to it would "
                                    "strike nobody",
                                    "write the id of one that exists",
                                    "\"routingProfiles\": [{\"id\": \"RP\", \"primaryTrunkGroup\": \"carrier-a\", "
                                    "\"secondaryTrunkGroup\": \"carrier-c\"}]",
                                    "\"routingProfiles\": [{\"id\": \"RP\", \"primaryTrunkGroup\": \"carrier-a\", "
                                    "\"secondaryTrunkGroup\": \"carrier-b\"}]"},
    [THA_CODE_FAILOVER_CYCLE] = {"TH010", "failover-cycle", TRUNKHA_SEVERITY_ERROR, "groups that fail over in a circle",
                                 "a failover that comes back to where it began has no order",
                                 "take failoverTrunkGroupId from the last group of the chain",
                                 "\"trunkGroups\": [{\"id\": \"carrier-a\", \"failoverTrunkGroupId\": \"carrier-b\", "
                                 "\"sipAddress\": \"sip.carrier-a.example\"},\n"
                                 "                {\"id\": \"carrier-b\", \"failoverTrunkGroupId\": \"carrier-a\", "
                                 "\"sipAddress\": \"sip.carrier-b.example\"}]",
                                 "\"trunkGroups\": [{\"id\": \"carrier-a\", \"failoverTrunkGroupId\": \"carrier-b\", "
                                 "\"sipAddress\": \"sip.carrier-a.example\"},\n"
                                 "                {\"id\": \"carrier-b\", \"sipAddress\": \"sip.carrier-b.example\"}]"},
    [THA_CODE_ENVIRONMENT_UNSET] = {"TH011", "environment-unset", TRUNKHA_SEVERITY_ERROR,
                                    "${NAME} of an environment variable that is not set",
                                    "an empty address or password would be used without a word",
                                    "set the variable before the program starts",
                                    "\"instance\": {\"id\": \"${TRUNKHA_UNSET}\"}", "\"instance\": {\"id\": \"sbc-1\"}"},
    [THA_CODE_NOT_SUPPORTED_YET] = {"TH012", "not-supported-yet", TRUNKHA_SEVERITY_ERROR,
                                    "something that this release cannot do",
                                    "this release would ignore it, and the trunk would not do what the file says",
                                    "leave the key out", "\"instance\": {\"stateDir\": \"/var/lib/trunkha\"}",
                                    "\"instance\": {\"id\": \"sbc-1\"}"},
    [THA_CODE_TLS_SRP_SPELLING] =
        {"TH013", "tls-srp-spelling", TRUNKHA_SEVERITY_WARNING, "the spelling TLS_SRP",
         "TLS-SRP is a password login for TLS: who reads the file cannot tell whether calls are encrypted",
         "write \"TLS_SRTP\"",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"sipAddress\": \"sip:sip.carrier-a.example;transport=tls\",\n"
         "                 \"mediaEncryption\": \"TLS_SRP\"}]",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"sipAddress\": \"sip:sip.carrier-a.example;transport=tls\",\n"
         "                 \"mediaEncryption\": \"TLS_SRTP\"}]"},
    [THA_CODE_TOO_LONG] = {"TH014", "too-long", TRUNKHA_SEVERITY_ERROR, "a text that is longer than what has to hold it",
                           "states and events have fixed room for it", "write something shorter",
                           "\"instance\": {\"id\": \"the-session-border-controller-of-the-second-rack-on-the-left-side\"}",
                           "\"instance\": {\"id\": \"sbc-2-left\"}"},
    [THA_CODE_HEADER_INJECTION] = {"TH015", "header-injection", TRUNKHA_SEVERITY_ERROR,
                                   "line breaks and control characters in what becomes a header",
                                   "a line break inside a header lets its value write headers of its own",
                                   "take the control characters away",
                                   "\"keepalive\": {\"userAgent\": \"sbc\\r\\nX-Other: 1\"}",
                                   "\"keepalive\": {\"userAgent\": \"sbc\"}"},
    [THA_CODE_TLS_TOO_OLD] =
        {"TH016", "tls-too-old", TRUNKHA_SEVERITY_WARNING, "a TLS version before 1.2",
         "TLS 1.0 and 1.1 can be broken and are never used (RFC 8996): a carrier that has nothing newer gets no calls",
         "write \"1.2\"",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"sipAddress\": \"sip:sip.carrier-a.example;transport=tls\",\n"
         "                 \"tls\": {\"minVersion\": \"1.0\"}}]",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"sipAddress\": \"sip:sip.carrier-a.example;transport=tls\",\n"
         "                 \"tls\": {\"minVersion\": \"1.2\"}}]"},
    [THA_CODE_TLS_NOT_VERIFIED] =
        {"TH017", "tls-not-verified", TRUNKHA_SEVERITY_WARNING, "TLS without a look at the certificate",
         "whoever gets between can take the calls in the carrier's place, and listen to them",
         "name the carrier's CA in \"caFile\" and leave \"verify\" out",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"sipAddress\": \"sip:sip.carrier-a.example;transport=tls\",\n"
         "                 \"tls\": {\"verify\": false}}]",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"sipAddress\": \"sip:sip.carrier-a.example;transport=tls\",\n"
         "                 \"tls\": {\"caFile\": \"/etc/ssl/carrier-a.pem\"}}]"},
    [THA_CODE_WITHOUT_EFFECT] =
        {"TH018", "without-effect", TRUNKHA_SEVERITY_WARNING,
         "something that is written, and that something else keeps from having any effect",
         "what it was written for does not happen, and nothing else says so", "take it away",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"sipAddress\": \"sip.carrier-a.example\", "
         "\"outboundAuth\": {\"username\": \"u\"}}]",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"sipAddress\": \"sip.carrier-a.example\", "
         "\"outboundAuthMethod\": \"DIGEST\",\n"
         "                 \"outboundAuth\": {\"username\": \"u\", \"password\": \"${CARRIER_PASSWORD}\"}}]"},
    [THA_CODE_BAD_PAIR] =
        {"TH019", "bad-pair", TRUNKHA_SEVERITY_ERROR, "halves of a pair that are not one inbound and one outbound trunk",
         "a pair is one trunk for each direction, and each trunk has one partner at most",
         "let each of the two name the other, or only one of them",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"trunks\": [\n"
         "    {\"id\": \"a-out\", \"sipAddress\": \"sip.carrier-a.example\", \"pairedTrunkId\": \"a-in\"},\n"
         "    {\"id\": \"a-in\", \"sipAddress\": \"192.0.2.8\", \"direction\": \"inbound\"}]}]",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"trunks\": [\n"
         "    {\"id\": \"a-out\", \"sipAddress\": \"sip.carrier-a.example\", \"direction\": \"outbound\", "
         "\"pairedTrunkId\": \"a-in\"},\n"
         "    {\"id\": \"a-in\", \"sipAddress\": \"192.0.2.8\", \"direction\": \"inbound\"}]}]"},
};

const struct tha_config_rule *tha_config_get_rule(uint32_t code)
{
    if (code >= THA_CODE_FIRST_OF_RECORDINGS)
        return tha_recording_get_rule(code);
    if (code >= THA_CODE_FIRST_OF_LINT)
        return tha_lint_get_rule(code);

    return code && code < sizeof(reading) / sizeof(reading[0]) ? &reading[code] : NULL;
}

const struct tha_config_rule *tha_config_find_rule(const char *name)
{
    const struct tha_config_rule *rule;
    uint32_t code = 1;

    for (rule = tha_config_get_rule(code); rule; rule = tha_config_get_rule(++code)) {
        if (!strcasecmp(name, rule->code) || !strcasecmp(name, rule->slug))
            return rule;
    }

    return NULL;
}
