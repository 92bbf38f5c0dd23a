#include <string.h>

#include "../suite.h"
#include "trunkha.h"

START_TEST(every_number_has_a_name_and_unknown_ones_are_no_accident)
{
    ck_assert_str_eq(trunkha_health_name(TRUNKHA_HEALTH_DEGRADED), "DEGRADED");
    ck_assert_str_eq(trunkha_health_name(99), "UNKNOWN");
    ck_assert_str_eq(trunkha_admin_name(TRUNKHA_ADMIN_DRAINING), "draining");
    ck_assert_str_eq(trunkha_reason_name(TRUNKHA_REASON_CONFIG_CHANGE), "CONFIG_CHANGE");
    ck_assert_str_eq(trunkha_reason_name(UINT32_MAX), "NONE");
    ck_assert_str_eq(trunkha_event_type_name(TRUNKHA_EVENT_READY), "telephony.instance.ready");
    ck_assert_str_eq(trunkha_why_text(TRUNKHA_WHY_DRAINING), "passed over: draining");
    ck_assert_str_eq(trunkha_event_type_name(TRUNKHA_EVENT_PROBE_REJECTED), "telephony.trunks.probeRejected");
    ck_assert_str_eq(trunkha_event_type_name(TRUNKHA_EVENT_CALL_ATTEMPT), "telephony.calls.attempt");
    ck_assert_str_eq(trunkha_event_type_name(TRUNKHA_EVENT_CALL_END), "telephony.calls.end");
    ck_assert_str_eq(trunkha_event_type_name(TRUNKHA_EVENT_ADDRESS_CHANGE), "telephony.trunks.addressChange");
    ck_assert_str_eq(trunkha_event_type_name(TRUNKHA_EVENT_NAT_DETECTED), "telephony.trunks.natDetected");
    ck_assert_str_eq(trunkha_event_type_name(TRUNKHA_EVENT_CAPABILITY_MISMATCH), "telephony.trunks.capabilityMismatch");
    ck_assert_str_eq(trunkha_event_type_name(TRUNKHA_EVENT_CERTIFICATE_EXPIRY), "telephony.trunks.certificateExpiry");
    ck_assert_str_eq(trunkha_call_result_name(TRUNKHA_CALL_UNDER_WAY), "underWay");
    ck_assert_str_eq(trunkha_call_result_name(TRUNKHA_CALL_NO_RESPONSE), "noResponse");
    ck_assert_str_eq(trunkha_call_result_name(TRUNKHA_CALL_FORGOTTEN), "forgotten");
    ck_assert_str_eq(trunkha_call_result_name(TRUNKHA_CALL_FORGOTTEN + 1), "unknown");
    for (uint32_t result = 0; result <= TRUNKHA_CALL_FORGOTTEN; result++)
        ck_assert_str_ne(trunkha_call_result_name(result), "unknown");
    for (uint32_t why = TRUNKHA_WHY_PREFERRED; why <= TRUNKHA_WHY_CODECS; why++)
        ck_assert_str_ne(trunkha_why_text(why), "unknown");
    ck_assert_str_eq(trunkha_why_text(TRUNKHA_WHY_CODECS + 1), "unknown");
    ck_assert_str_eq(trunkha_why_text(TRUNKHA_WHY_TRIAL - 1), "unknown");
    ck_assert_str_ne(trunkha_why_text(TRUNKHA_WHY_TRIAL), "unknown");
    for (uint32_t reason = 1; reason <= TRUNKHA_REASON_CONFIG_CHANGE; reason++)
        ck_assert_str_ne(trunkha_reason_name(reason), "NONE");
}
END_TEST

START_TEST(directions_and_troubles_with_names_have_words)
{
    ck_assert_str_eq(trunkha_direction_name(TRUNKHA_DIRECTION_BOTH), "both");
    ck_assert_str_eq(trunkha_direction_name(TRUNKHA_DIRECTION_INBOUND), "inbound");
    ck_assert_str_eq(trunkha_direction_name(TRUNKHA_DIRECTION_OUTBOUND), "outbound");
    ck_assert_str_eq(trunkha_direction_name(TRUNKHA_DIRECTION_OUTBOUND + 1), "unknown");
    ck_assert_str_eq(trunkha_dns_text(TRUNKHA_DNS_NO_NAME), "no such name (NXDOMAIN)");
    for (uint32_t dns = TRUNKHA_DNS_FINE; dns <= TRUNKHA_DNS_NOT_OFFERED; dns++)
        ck_assert_str_ne(trunkha_dns_text(dns), "unknown");
    ck_assert_str_eq(trunkha_dns_text(TRUNKHA_DNS_NOT_OFFERED + 1), "unknown");
}
END_TEST

START_TEST(every_error_has_a_sentence)
{
    ck_assert_str_eq(trunkha_strerror(0), "success");
    for (int err = -1; err >= TRUNKHA_ERR_END; err--)
        ck_assert_str_ne(trunkha_strerror(err), "unknown error");
    ck_assert_str_eq(trunkha_strerror(TRUNKHA_ERR_END - 1), "unknown error");
    ck_assert_str_eq(trunkha_strerror(1), "unknown error");
    ck_assert_str_eq(trunkha_strerror(-2147483647 - 1), "unknown error");
}
END_TEST

SUITE("names", every_number_has_a_name_and_unknown_ones_are_no_accident, directions_and_troubles_with_names_have_words,
      every_error_has_a_sentence)
