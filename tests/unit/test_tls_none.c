#include "adapters/tls.h"

#include "../suite.h"

START_TEST(every_session_fails_and_says_why)
{
    const struct tha_tls_settings settings = {.ca_file = "/nonexistent", .cert_file = "", .key_file = "", .verify = true};
    struct tha_tls_context *context = NULL;
    struct tha_tls_session *session = NULL;
    char buf[64] = "";

    ck_assert_int_eq(tha_tls_context_new(&tha_mem_default, &settings, &context, buf, sizeof(buf)), 0);
    ck_assert_int_eq(tha_tls_session_new(context, "sip.carrier.example", NULL, &session), 0);
    ck_assert_ptr_null(tha_tls_context_unref(context));
    ck_assert_int_eq(tha_tls_session_feed(session, NULL, 0), THA_TLS_FAILED);
    ck_assert_str_eq(tha_tls_session_detail(session), "this build of the library has no TLS");
    ck_assert_uint_eq(tha_tls_session_waiting(session), 0);
    ck_assert_uint_eq(tha_tls_session_pull(session, buf, sizeof(buf)), 0);
    ck_assert_uint_eq(tha_tls_session_read(session, buf, sizeof(buf)), 0);
    ck_assert_int_ne(tha_tls_session_write(session, "x", 1), 0);
    tha_tls_session_end(session);
    ck_assert_ptr_null(tha_tls_session_free(session));
    ck_assert_ptr_null(tha_tls_session_free(NULL));
}
END_TEST

SUITE("tls_none", every_session_fails_and_says_why)
