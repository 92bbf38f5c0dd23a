/* The names of the public enumerations, as they stand in JSON and in logs. */
#include "trunkha.h"

#define COUNT(array)                  (sizeof(array) / sizeof((array)[0]))
#define LOOK_UP(table, number, other) ((number) < COUNT(table) && (table)[number] ? (table)[number] : (other))

const char *trunkha_version(void)
{
    return TRUNKHA_VERSION;
}

const char *trunkha_strerror(int err)
{
    static const char *const texts[] = {
        [-TRUNKHA_OK] = "success",
        [-TRUNKHA_ERR_INVALID] = "invalid argument",
        [-TRUNKHA_ERR_NOMEM] = "out of memory",
        [-TRUNKHA_ERR_CONFIG] = "the configuration has errors",
        [-TRUNKHA_ERR_NOTFOUND] = "not found",
        [-TRUNKHA_ERR_UNAVAILABLE] = "every trunk is disabled or draining",
        [-TRUNKHA_ERR_STATE] = "not possible in this state",
        [-TRUNKHA_ERR_FORKED] = "the handle was made before fork()",
        [-TRUNKHA_ERR_SYSTEM] = "the system refused",
        [-TRUNKHA_ERR_UNSUPPORTED] = "not supported yet",
        [-TRUNKHA_ERR_BUSY] = "a live engine has this name",
        [-TRUNKHA_ERR_VERSION] = "written by another release",
        [-TRUNKHA_ERR_ACCESS] = "permission denied",
        [-TRUNKHA_ERR_END] = "no more",
    };
    unsigned number = err <= 0 ? 0U - (unsigned)err : (unsigned)COUNT(texts);

    return LOOK_UP(texts, number, "unknown error");
}

const char *trunkha_health_name(uint32_t health)
{
    static const char *const names[] = {
        [TRUNKHA_HEALTH_UNKNOWN] = "UNKNOWN",
        [TRUNKHA_HEALTH_AVAILABLE] = "AVAILABLE",
        [TRUNKHA_HEALTH_DEGRADED] = "DEGRADED",
        [TRUNKHA_HEALTH_DOWN] = "DOWN",
    };

    return LOOK_UP(names, health, "UNKNOWN");
}

const char *trunkha_admin_name(uint32_t admin)
{
    static const char *const names[] = {
        [TRUNKHA_ADMIN_ENABLED] = "enabled",
        [TRUNKHA_ADMIN_DISABLED] = "disabled",
        [TRUNKHA_ADMIN_DRAINING] = "draining",
    };

    return LOOK_UP(names, admin, "UNKNOWN");
}

const char *trunkha_reason_name(uint32_t reason)
{
    static const char *const names[] = {
        [TRUNKHA_REASON_NONE] = "NONE",
        [TRUNKHA_REASON_STARTUP] = "STARTUP",
        [TRUNKHA_REASON_KEEPALIVE_FAILURE] = "KEEPALIVE_FAILURE",
        [TRUNKHA_REASON_KEEPALIVE_RECOVERED] = "KEEPALIVE_RECOVERED",
        [TRUNKHA_REASON_NETWORK_ERROR] = "NETWORK_ERROR",
        [TRUNKHA_REASON_CALL_FAILURE] = "CALL_FAILURE",
        [TRUNKHA_REASON_CALL_RECOVERED] = "CALL_RECOVERED",
        [TRUNKHA_REASON_OVERLOAD] = "OVERLOAD",
        [TRUNKHA_REASON_DEGRADED_QUALITY] = "DEGRADED_QUALITY",
        [TRUNKHA_REASON_DNS_FAILURE] = "DNS_FAILURE",
        [TRUNKHA_REASON_TLS_FAILURE] = "TLS_FAILURE",
        [TRUNKHA_REASON_AUTH_FAILURE] = "AUTH_FAILURE",
        [TRUNKHA_REASON_ADMIN_DISABLED] = "ADMIN_DISABLED",
        [TRUNKHA_REASON_ADMIN_ENABLED] = "ADMIN_ENABLED",
        [TRUNKHA_REASON_ADMIN_DRAINING] = "ADMIN_DRAINING",
        [TRUNKHA_REASON_LICENSE_ISSUE] = "LICENSE_ISSUE",
        [TRUNKHA_REASON_PEER_QUORUM] = "PEER_QUORUM",
        [TRUNKHA_REASON_LOCAL_FAULT] = "LOCAL_FAULT",
        [TRUNKHA_REASON_CONFIG_CHANGE] = "CONFIG_CHANGE",
    };

    return LOOK_UP(names, reason, "NONE");
}

const char *trunkha_event_type_name(uint32_t type)
{
    static const char *const names[] = {
        [TRUNKHA_EVENT_READY] = "telephony.instance.ready",
        [TRUNKHA_EVENT_TRUNK_STATE] = "telephony.trunks.stateChange",
        [TRUNKHA_EVENT_TARGET_STATE] = "telephony.targets.stateChange",
        [TRUNKHA_EVENT_ACTIVE_CHANGE] = "telephony.trunkGroups.activeChange",
        [TRUNKHA_EVENT_LOCAL_FAULT] = "telephony.instance.localFault",
        [TRUNKHA_EVENT_PROBE_REJECTED] = "telephony.trunks.probeRejected",
        [TRUNKHA_EVENT_CALL_ATTEMPT] = "telephony.calls.attempt",
        [TRUNKHA_EVENT_CALL_END] = "telephony.calls.end",
        [TRUNKHA_EVENT_ADDRESS_CHANGE] = "telephony.trunks.addressChange",
        [TRUNKHA_EVENT_NAT_DETECTED] = "telephony.trunks.natDetected",
        [TRUNKHA_EVENT_CAPABILITY_MISMATCH] = "telephony.trunks.capabilityMismatch",
        [TRUNKHA_EVENT_CERTIFICATE_EXPIRY] = "telephony.trunks.certificateExpiry",
    };

    return LOOK_UP(names, type, "UNKNOWN");
}

const char *trunkha_direction_name(uint32_t direction)
{
    static const char *const names[] = {
        [TRUNKHA_DIRECTION_BOTH] = "both",
        [TRUNKHA_DIRECTION_INBOUND] = "inbound",
        [TRUNKHA_DIRECTION_OUTBOUND] = "outbound",
    };

    return LOOK_UP(names, direction, "unknown");
}

const char *trunkha_dns_text(uint32_t dns)
{
    static const char *const texts[] = {
        [TRUNKHA_DNS_FINE] = "resolved",
        [TRUNKHA_DNS_SILENT] = "no DNS server has answered in time",
        [TRUNKHA_DNS_FAILED] = "the DNS servers have failed to answer",
        [TRUNKHA_DNS_NO_NAME] = "no such name (NXDOMAIN)",
        [TRUNKHA_DNS_NO_ADDRESS] = "the name has no address",
        [TRUNKHA_DNS_NOT_OFFERED] = "service not offered",
    };

    return LOOK_UP(texts, dns, "unknown");
}

const char *trunkha_call_result_name(uint32_t result)
{
    static const char *const names[] = {
        [TRUNKHA_CALL_UNDER_WAY] = "underWay",  [TRUNKHA_CALL_ANSWERED] = "answered",
        [TRUNKHA_CALL_FAILED] = "failed",       [TRUNKHA_CALL_NO_RESPONSE] = "noResponse",
        [TRUNKHA_CALL_NO_RING] = "noRing",      [TRUNKHA_CALL_TRANSPORT_ERROR] = "transportError",
        [TRUNKHA_CALL_CANCELLED] = "cancelled", [TRUNKHA_CALL_TIMED_OUT] = "timedOut",
        [TRUNKHA_CALL_REFUSED] = "refused",     [TRUNKHA_CALL_FORGOTTEN] = "forgotten",
    };

    return LOOK_UP(names, result, "unknown");
}

const char *trunkha_why_text(uint32_t why)
{
    static const char *const texts[] = {
        [TRUNKHA_WHY_PREFERRED] = "available, preferred",
        [TRUNKHA_WHY_STANDBY] = "available, standby",
        [TRUNKHA_WHY_HOLD_DOWN] = "available again, held down before failback",
        [TRUNKHA_WHY_DEGRADED] = "degraded, after the available ones",
        [TRUNKHA_WHY_UNKNOWN] = "not answered yet, after those that did",
        [TRUNKHA_WHY_LAST_RESORT] = "down, tried as a last resort",
        [TRUNKHA_WHY_STALE] = "nobody is probing: order of the configuration",
        [TRUNKHA_WHY_DISABLED] = "passed over: disabled",
        [TRUNKHA_WHY_DRAINING] = "passed over: draining",
        [TRUNKHA_WHY_COOLING] = "passed over: it asked for a pause",
        [TRUNKHA_WHY_FULL] = "passed over: as many calls as it may have",
        [TRUNKHA_WHY_RATE] = "passed over: as many calls in this second as it may have",
        [TRUNKHA_WHY_TRIED] = "passed over: this call has been there",
        [TRUNKHA_WHY_CODECS] = "passed over: the codecs that were refused already",
        [TRUNKHA_WHY_TRIAL] = "down because calls failed, tried to see whether they still do",
    };

    return LOOK_UP(texts, why, "unknown");
}
