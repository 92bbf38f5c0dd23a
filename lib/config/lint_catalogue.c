/* What the rules of lint find: it may be loaded, but will hurt. */
#include "catalogue.h"
#include "finding.h"

#define AT(code) [(code)-THA_CODE_FIRST_OF_LINT]

static const struct tha_config_rule rules[] = {
    AT(THA_CODE_LONG_TTL) = {"TH020", "long-ttl", TRUNKHA_SEVERITY_WARNING,
                             "addresses that are remembered for more than 300 seconds: dns.maxTtl, or TTLs found in the DNS",
                             "calls go on to an address that the carrier has left, until the last TTL is over",
                             "write 300 or less", "\"dns\": {\"maxTtl\": 3600}", "\"dns\": {\"maxTtl\": 300}"},
    AT(THA_CODE_KEEPALIVE_OFF) =
        {"TH021", "keepalive-off", TRUNKHA_SEVERITY_WARNING, "trunks that nobody probes",
         "the outage is found by the first callers: each of them waits for noResponseTimeout before the next trunk is tried",
         "take \"enabled\" away, or write true", "\"keepalive\": {\"enabled\": false}",
         "\"keepalive\": {\"enabled\": true}"},
    AT(THA_CODE_INTERVAL_SHORT) =
        {"TH022", "interval-short", TRUNKHA_SEVERITY_WARNING, "probes more often than every 15 seconds",
         "carriers take frequent OPTIONS for an attack and ban the sender: then no call gets through either",
         "write 15 or more; how fast an outage is confirmed is up to \"suspectInterval\"",
         "\"keepalive\": {\"interval\": 5}", "\"keepalive\": {\"interval\": 30, \"suspectInterval\": 2}"},
    AT(THA_CODE_INTERVAL_LONG) = {"TH023", "interval-long", TRUNKHA_SEVERITY_WARNING, "probes less often than once a minute",
                                  "for more than a minute calls go on being sent to a trunk that is dead",
                                  "write 60 or less; 30 is usual", "\"keepalive\": {\"interval\": 300}",
                                  "\"keepalive\": {\"interval\": 30}"},
    AT(THA_CODE_ONE_FAILURE) =
        {"TH024", "one-failure", TRUNKHA_SEVERITY_WARNING, "one lost probe that takes a trunk out",
         "a single lost packet moves all calls to another carrier and, after the hold-down, back again",
         "write 2 or more; 3 is usual", "\"keepalive\": {\"maxFailedAttempts\": 1}",
         "\"keepalive\": {\"maxFailedAttempts\": 3}"},
    AT(THA_CODE_EQUAL_PRIORITY) =
        {"TH025", "equal-priority", TRUNKHA_SEVERITY_WARNING, "active and standby with the same priority",
         "which of them carries the calls is decided by their order in the file: whoever sorts it moves the traffic",
         "give the standby a higher number, or choose \"strategy\": \"weighted\" if both are to carry calls",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"trunks\": [\n"
         "    {\"id\": \"a1\", \"sipAddress\": \"ams.carrier-a.example\", \"priority\": 0},\n"
         "    {\"id\": \"a2\", \"sipAddress\": \"fra.carrier-a.example\", \"priority\": 0}]}]",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"trunks\": [\n"
         "    {\"id\": \"a1\", \"sipAddress\": \"ams.carrier-a.example\", \"priority\": 0},\n"
         "    {\"id\": \"a2\", \"sipAddress\": \"fra.carrier-a.example\", \"priority\": 1}]}]"},
    AT(THA_CODE_BALANCED_STANDBY) =
        {"TH026", "balanced-standby", TRUNKHA_SEVERITY_WARNING,
         "a balancing strategy where one active trunk and a standby are meant",
         "either calls go to a trunk that was kept for emergencies, with its prices and its capacity, or nothing is "
         "balanced at all",
         "write \"strategy\": \"activeStandby\", or the same priority for all trunks that share the calls",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"strategy\": \"weighted\", \"trunks\": [\n"
         "    {\"id\": \"a1\", \"sipAddress\": \"ams.carrier-a.example\", \"priority\": 0},\n"
         "    {\"id\": \"a2\", \"sipAddress\": \"fra.carrier-a.example\", \"priority\": 1}]}]",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"strategy\": \"activeStandby\", \"trunks\": [\n"
         "    {\"id\": \"a1\", \"sipAddress\": \"ams.carrier-a.example\", \"priority\": 0},\n"
         "    {\"id\": \"a2\", \"sipAddress\": \"fra.carrier-a.example\", \"priority\": 1}]}]"},
    AT(THA_CODE_SAME_CREDENTIALS) =
        {"TH027", "same-credentials", TRUNKHA_SEVERITY_WARNING,
         "two trunks of one failover chain that log in with the same credentials",
         "an account that is locked, unpaid or mistyped takes both trunks at once, and what one carrier leaks opens the "
         "other",
         "use an account of its own for each trunk",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"failoverTrunkGroupId\": \"carrier-b\", \"sipAddress\": "
         "\"sip.carrier-a.example\",\n"
         "                 \"outboundAuthMethod\": \"DIGEST\",\n"
         "                 \"outboundAuth\": {\"username\": \"u\", \"password\": \"${CARRIER_PASSWORD}\"}},\n"
         "                {\"id\": \"carrier-b\", \"sipAddress\": \"sip.carrier-b.example\",\n"
         "                 \"outboundAuthMethod\": \"DIGEST\",\n"
         "                 \"outboundAuth\": {\"username\": \"u\", \"password\": \"${CARRIER_PASSWORD}\"}}]",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"failoverTrunkGroupId\": \"carrier-b\", \"sipAddress\": "
         "\"sip.carrier-a.example\",\n"
         "                 \"outboundAuthMethod\": \"DIGEST\",\n"
         "                 \"outboundAuth\": {\"username\": \"u-a\", \"password\": \"${CARRIER_PASSWORD}\"}},\n"
         "                {\"id\": \"carrier-b\", \"sipAddress\": \"sip.carrier-b.example\",\n"
         "                 \"outboundAuthMethod\": \"DIGEST\",\n"
         "                 \"outboundAuth\": {\"username\": \"u-b\", \"password\": \"${CARRIER_PASSWORD}\"}}]"},
    AT(THA_CODE_SAME_ADDRESS) =
        {"TH028", "same-address", TRUNKHA_SEVERITY_WARNING, "two trunks of one failover chain that are one host",
         "when that host dies both trunks die: the failover goes back to where the call has just failed",
         "give the standby another host of the carrier, or one of another carrier",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"failoverTrunkGroupId\": \"carrier-b\", \"sipAddress\": "
         "\"192.0.2.1\"},\n"
         "                {\"id\": \"carrier-b\", \"sipAddress\": \"192.0.2.1:5070\"}]",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"failoverTrunkGroupId\": \"carrier-b\", \"sipAddress\": "
         "\"192.0.2.1\"},\n"
         "                {\"id\": \"carrier-b\", \"sipAddress\": \"198.51.100.1\"}]"},
    AT(THA_CODE_SAME_NETWORK) =
        {"TH029", "same-network", TRUNKHA_SEVERITY_WARNING, "primary and secondary in one /24 (IPv6: /48)",
         "when one router, one room or one route announcement fails, both are gone, and no trunk is left for the calls",
         "use an address in another network: of another site, or another carrier",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"failoverTrunkGroupId\": \"carrier-b\", "
         "\"sipAddress\": \"192.0.2.1\"},\n"
         "                {\"id\": \"carrier-b\", \"sipAddress\": \"192.0.2.7\"}]",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"failoverTrunkGroupId\": \"carrier-b\", "
         "\"sipAddress\": \"192.0.2.1\"},\n"
         "                {\"id\": \"carrier-b\", \"sipAddress\": \"198.51.100.1\"}]"},
    AT(THA_CODE_SAME_SRV_TARGET) =
        {"TH030", "same-srv-target", TRUNKHA_SEVERITY_WARNING,
         "primary and secondary whose SRV records lead to the same host (found in the DNS)",
         "two names, one machine: when it dies both trunks die",
         "ask the carrier for a name that leads elsewhere, or use another carrier",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"failoverTrunkGroupId\": \"carrier-b\", \"sipAddress\": "
         "\"one-edge.carrier-a.example\"},\n"
         "                {\"id\": \"carrier-b\", \"sipAddress\": \"one-edge.carrier-b.example\"}]",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"failoverTrunkGroupId\": \"carrier-b\", \"sipAddress\": "
         "\"sip.carrier-a.example\"},\n"
         "                {\"id\": \"carrier-b\", \"sipAddress\": \"sip.carrier-b.example\"}]"},
    AT(THA_CODE_SAME_DOMAIN) =
        {"TH031", "same-domain", TRUNKHA_SEVERITY_WARNING, "primary and secondary in one registered domain",
         "a mistake in that zone, an expired domain or one bad day of one carrier takes both, and calls have nowhere to go",
         "use a secondary of another carrier, under a domain of its own",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"failoverTrunkGroupId\": \"carrier-b\", \"sipAddress\": "
         "\"ams.carrier-a.example\"},\n"
         "                {\"id\": \"carrier-b\", \"sipAddress\": \"fra.carrier-a.example\"}]",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"failoverTrunkGroupId\": \"carrier-b\", \"sipAddress\": "
         "\"sip.carrier-a.example\"},\n"
         "                {\"id\": \"carrier-b\", \"sipAddress\": \"sip.carrier-b.example\"}]"},
    AT(THA_CODE_CODECS_DIFFER) =
        {"TH032", "codecs-differ", TRUNKHA_SEVERITY_WARNING, "codecs that differ inside a failover chain",
         "a call that moves is offered what the other carrier refuses (488), or suddenly sounds otherwise",
         "write the same codecs in both",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"failoverTrunkGroupId\": \"carrier-b\", \"sipAddress\": "
         "\"sip.carrier-a.example\", \"codecs\": [{\"type\": \"G711A\"}, {\"type\": \"OPUS\"}]},\n"
         "                {\"id\": \"carrier-b\", \"sipAddress\": \"sip.carrier-b.example\", \"codecs\": [{\"type\": "
         "\"G711A\"}]}]",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"failoverTrunkGroupId\": \"carrier-b\", \"sipAddress\": "
         "\"sip.carrier-a.example\", \"codecs\": [{\"type\": \"G711A\"}]},\n"
         "                {\"id\": \"carrier-b\", \"sipAddress\": \"sip.carrier-b.example\", \"codecs\": [{\"type\": "
         "\"G711A\"}]}]"},
    AT(THA_CODE_METHODS_DIFFER) =
        {"TH033", "methods-differ", TRUNKHA_SEVERITY_WARNING, "`allow` that differs inside a failover chain",
         "after the failover holds, transfers or session timers fail in the middle of calls",
         "write the same methods in both",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"failoverTrunkGroupId\": \"carrier-b\", \"sipAddress\": "
         "\"sip.carrier-a.example\", \"allow\": [\"INVITE\", \"ACK\", \"BYE\", \"CANCEL\", \"UPDATE\"]},\n"
         "                {\"id\": \"carrier-b\", \"sipAddress\": \"sip.carrier-b.example\", \"allow\": [\"INVITE\", "
         "\"ACK\", \"BYE\", \"CANCEL\"]}]",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"failoverTrunkGroupId\": \"carrier-b\", \"sipAddress\": "
         "\"sip.carrier-a.example\", \"allow\": [\"INVITE\", \"ACK\", \"BYE\", \"CANCEL\"]},\n"
         "                {\"id\": \"carrier-b\", \"sipAddress\": \"sip.carrier-b.example\", \"allow\": [\"INVITE\", "
         "\"ACK\", \"BYE\", \"CANCEL\"]}]"},
    AT(THA_CODE_NO_G711) = {"TH034", "no-g711", TRUNKHA_SEVERITY_WARNING, "a list of codecs without G.711",
                            "it is the one codec that every carrier has: calls to whoever has nothing else end in 488",
                            "add {\"type\": \"G711A\"} or {\"type\": \"G711U\"}",
                            "\"trunkGroups\": [{\"id\": \"carrier-a\", \"sipAddress\": \"sip.carrier-a.example\", "
                            "\"codecs\": [{\"type\": \"G729\"}]}]",
                            "\"trunkGroups\": [{\"id\": \"carrier-a\", \"sipAddress\": \"sip.carrier-a.example\", "
                            "\"codecs\": [{\"type\": \"G729\"}, {\"type\": \"G711A\"}]}]"},
    AT(THA_CODE_SRTP_WITHOUT_TLS) =
        {"TH035", "srtp-without-tls", TRUNKHA_SEVERITY_WARNING, "SRTP on a trunk whose signalling is not TLS",
         "the keys of the media travel in the SDP: who can read it can listen to every call",
         "write ;transport=tls behind the \"sipAddress\"",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"sipAddress\": \"sip.carrier-a.example\", \"mediaEncryption\": "
         "\"SRTP\"}]",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"sipAddress\": \"sip:sip.carrier-a.example;transport=tls\",\n"
         "                 \"mediaEncryption\": \"SRTP\"}]"},
    AT(THA_CODE_RAW_ADDRESS) =
        {"TH036", "raw-address", TRUNKHA_SEVERITY_WARNING, "an IP address where other trunks have names",
         "a carrier that moves tells its name servers, not you: calls go to the old address until somebody edits the file",
         "write the name that the carrier gives for it",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"sipAddress\": \"sip.carrier-a.example\"},\n"
         "                {\"id\": \"carrier-b\", \"sipAddress\": \"198.51.100.7\"}]",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"sipAddress\": \"sip.carrier-a.example\"},\n"
         "                {\"id\": \"carrier-b\", \"sipAddress\": \"sip.carrier-b.example\"}]"},
    AT(THA_CODE_NO_SECONDARY) = {"TH037", "no-secondary", TRUNKHA_SEVERITY_WARNING,
                                 "a profile with nothing behind its primary group that takes calls",
                                 "when the carrier is down every call of the profile is lost",
                                 "add \"secondaryTrunkGroup\", best a group of another carrier",
                                 "\"routingProfiles\": [{\"id\": \"RP\", \"primaryTrunkGroup\": \"carrier-a\"}]",
                                 "\"routingProfiles\": [{\"id\": \"RP\", \"primaryTrunkGroup\": \"carrier-a\", "
                                 "\"secondaryTrunkGroup\": \"carrier-b\"}]"},
    AT(THA_CODE_NO_AUTOMATIC_FAILOVER) = {"TH038", "no-automatic-failover", TRUNKHA_SEVERITY_WARNING,
                                          "a profile whose failover is switched off",
                                          "calls are lost until somebody is awake and changes the configuration",
                                          "take \"automaticFailover\" away, or write true",
                                          "\"routingProfiles\": [{\"id\": \"RP\", \"primaryTrunkGroup\": \"carrier-a\", "
                                          "\"secondaryTrunkGroup\": \"carrier-b\", \"automaticFailover\": false}]",
                                          "\"routingProfiles\": [{\"id\": \"RP\", \"primaryTrunkGroup\": \"carrier-a\", "
                                          "\"secondaryTrunkGroup\": \"carrier-b\", \"automaticFailover\": true}]"},
    AT(THA_CODE_SLOW_FAILOVER) = {"TH039", "slow-failover", TRUNKHA_SEVERITY_WARNING,
                                  "failover that lets a caller wait for more than 6 seconds",
                                  "callers who hear nothing for 6 seconds hang up",
                                  "shorten \"noResponseTimeout\", or lower \"maxAttempts\"",
                                  "\"routingProfiles\": [{\"id\": \"RP\", \"primaryTrunkGroup\": \"carrier-a\", "
                                  "\"secondaryTrunkGroup\": \"carrier-b\",\n"
                                  "                     \"call\": {\"noResponseTimeout\": 8}}]",
                                  "\"routingProfiles\": [{\"id\": \"RP\", \"primaryTrunkGroup\": \"carrier-a\", "
                                  "\"secondaryTrunkGroup\": \"carrier-b\",\n"
                                  "                     \"call\": {\"noResponseTimeout\": 3}}]"},
    AT(THA_CODE_FAILOVER_PAST_TOTAL) =
        {"TH040", "failover-past-total", TRUNKHA_SEVERITY_WARNING, "attempts that add up past totalTimeout or ringDuration",
         "the time of the call is over before its last trunk is tried: that trunk was bought for nothing",
         "shorten \"noRingTimeout\", or raise \"totalTimeout\"",
         "\"routingProfiles\": [{\"id\": \"RP\", \"primaryTrunkGroup\": \"carrier-a\", \"secondaryTrunkGroup\": "
         "\"carrier-b\",\n"
         "                     \"call\": {\"noRingTimeout\": 25, \"totalTimeout\": 20}}]",
         "\"routingProfiles\": [{\"id\": \"RP\", \"primaryTrunkGroup\": \"carrier-a\", \"secondaryTrunkGroup\": "
         "\"carrier-b\",\n"
         "                     \"call\": {\"noRingTimeout\": 10, \"totalTimeout\": 20}}]"},
    AT(THA_CODE_HALF_PAIR_PROBED) =
        {"TH041", "half-pair-probed", TRUNKHA_SEVERITY_WARNING, "probes on one half of an in- and outbound pair only",
         "the pair looks healthy while one direction is dead: nobody notices calls that do not arrive",
         "probe both halves, or neither",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"trunks\": [\n"
         "    {\"id\": \"a-out\", \"sipAddress\": \"out.carrier-a.example\", \"direction\": \"outbound\", "
         "\"pairedTrunkId\": \"a-in\"},\n"
         "    {\"id\": \"a-in\", \"sipAddress\": \"in.carrier-a.example\", \"direction\": \"inbound\", \"keepalive\": "
         "{\"enabled\": false}}]}]",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"trunks\": [\n"
         "    {\"id\": \"a-out\", \"sipAddress\": \"out.carrier-a.example\", \"direction\": \"outbound\", "
         "\"pairedTrunkId\": \"a-in\"},\n"
         "    {\"id\": \"a-in\", \"sipAddress\": \"in.carrier-a.example\", \"direction\": \"inbound\"}]}]"},
    AT(THA_CODE_WEBHOOK_PLAIN) =
        {"TH042", "webhook-plain", TRUNKHA_SEVERITY_WARNING, "events sent over http:// to another machine",
         "whoever is on the way reads which carriers are down, and can swallow or forge the alarm that calls are failing",
         "write https://",
         "\"eventStreams\": [{\"name\": \"noc\", \"eventTypes\": [\"telephony.trunks.stateChange\"],\n"
         "                  \"filter\": {\"reasonCodes\": [\"KEEPALIVE_FAILURE\"]}, \"format\": \"native\",\n"
         "                  \"destination\": {\"type\": \"webhook\", \"url\": \"http://noc.example/hook\", \"secret\": "
         "\"whsec_${HOOK_SECRET}\"}}]",
         "\"eventStreams\": [{\"name\": \"noc\", \"eventTypes\": [\"telephony.trunks.stateChange\"],\n"
         "                  \"filter\": {\"reasonCodes\": [\"KEEPALIVE_FAILURE\"]}, \"format\": \"native\",\n"
         "                  \"destination\": {\"type\": \"webhook\", \"url\": \"https://noc.example/hook\", \"secret\": "
         "\"whsec_${HOOK_SECRET}\"}}]"},
    AT(THA_CODE_WEBHOOK_UNSIGNED) =
        {"TH043", "webhook-unsigned", TRUNKHA_SEVERITY_WARNING, "a webhook without a secret",
         "the receiver cannot tell our alarms from forged ones: a forged \"AVAILABLE\" hides an outage in which calls are "
         "lost",
         "add \"secret\": \"whsec_${NAME}\"",
         "\"eventStreams\": [{\"name\": \"noc\", \"eventTypes\": [\"telephony.trunks.stateChange\"],\n"
         "                  \"filter\": {\"reasonCodes\": [\"KEEPALIVE_FAILURE\"]}, \"format\": \"native\",\n"
         "                  \"destination\": {\"type\": \"webhook\", \"url\": \"https://noc.example/hook\"}}]",
         "\"eventStreams\": [{\"name\": \"noc\", \"eventTypes\": [\"telephony.trunks.stateChange\"],\n"
         "                  \"filter\": {\"reasonCodes\": [\"KEEPALIVE_FAILURE\"]}, \"format\": \"native\",\n"
         "                  \"destination\": {\"type\": \"webhook\", \"url\": \"https://noc.example/hook\", \"secret\": "
         "\"whsec_${HOOK_SECRET}\"}}]"},
    AT(THA_CODE_ALERT_ON_ADMIN) =
        {"TH044", "alert-on-admin", TRUNKHA_SEVERITY_WARNING, "an alert that goes off when an operator disables a trunk",
         "every planned maintenance pages somebody, until nobody looks any more when calls are really lost",
         "list the reasons to be told of in \"reasonCodes\", without \"ADMIN_DISABLED\"",
         "\"eventStreams\": [{\"name\": \"noc\", \"eventTypes\": [\"telephony.trunks.stateChange\"],\n"
         "                  \"filter\": {\"states\": [\"DOWN\"]}, \"format\": \"pagerduty\",\n"
         "                  \"destination\": {\"type\": \"webhook\", \"url\": \"https://noc.example/hook\", \"secret\": "
         "\"whsec_${HOOK_SECRET}\"}}]",
         "\"eventStreams\": [{\"name\": \"noc\", \"eventTypes\": [\"telephony.trunks.stateChange\"],\n"
         "                  \"filter\": {\"states\": [\"DOWN\"], \"reasonCodes\": [\"KEEPALIVE_FAILURE\", "
         "\"NETWORK_ERROR\"]}, \"format\": \"pagerduty\",\n"
         "                  \"destination\": {\"type\": \"webhook\", \"url\": \"https://noc.example/hook\", \"secret\": "
         "\"whsec_${HOOK_SECRET}\"}}]"},
    AT(THA_CODE_STRAY_ADDRESS) =
        {"TH045", "stray-address", TRUNKHA_SEVERITY_WARNING, "probes that ask for a host which is no trunk",
         "the answer says how somebody else is: a trunk that takes no calls looks healthy, or a healthy one dead",
         "take \"requestUri\" away, or name the host of the trunk",
         "\"keepalive\": {\"requestUri\": \"sip:ping@old-carrier.example\"}",
         "\"keepalive\": {\"requestUri\": \"sip:ping@carrier-a.example\"}"},
    AT(THA_CODE_NOTHING_BEHIND_NAME) =
        {"TH046", "nothing-behind-name", TRUNKHA_SEVERITY_WARNING,
         "a name that does not come to any address (found in the DNS)", "there is nowhere to send a call to",
         "correct the name, or ask the carrier",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"sipAddress\": \"gone.carrier-a.example\"},\n"
         "                {\"id\": \"carrier-b\", \"sipAddress\": \"sip.carrier-b.example\"}]",
         "\"trunkGroups\": [{\"id\": \"carrier-a\", \"sipAddress\": \"sip.carrier-a.example\"},\n"
         "                {\"id\": \"carrier-b\", \"sipAddress\": \"sip.carrier-b.example\"}]"},
    AT(THA_CODE_UNKNOWN_IGNORE) =
        {"TH047", "unknown-ignore", TRUNKHA_SEVERITY_WARNING, "an entry of x-lint-ignore that is no warning's code or slug",
         "what was meant to be silent is told all the same, and a new finding that costs calls is overlooked among it",
         "write a code or a slug of a warning, as lint prints them", "\"x-lint-ignore\": [\"TH999\"]",
         "\"x-lint-ignore\": [\"same-domain\"]"},
    AT(THA_CODE_NOT_LOOKED_UP) =
        {"TH048", "not-looked-up", TRUNKHA_SEVERITY_WARNING, "names that no DNS server has given an answer for, good or bad",
         "what the DNS would have shown is not known: a name with nothing behind it, or two carriers behind one address, "
         "would be found by calls that fail",
         "write DNS servers that answer from here, or mend the way to them; ask the carrier when only its names fail",
         "\"dns\": {\"servers\": [\"192.0.2.53\"]}", "\"dns\": {\"servers\": [\"10.0.0.53\"]}"},
};

_Static_assert(sizeof(rules) / sizeof(rules[0]) == THA_CODE_FIRST_OF_RECORDINGS - THA_CODE_FIRST_OF_LINT,
               "each code has its rule");

const struct tha_config_rule *tha_lint_get_rule(uint32_t code)
{
    uint32_t index = code - THA_CODE_FIRST_OF_LINT;

    return index < sizeof(rules) / sizeof(rules[0]) ? &rules[index] : NULL;
}
