#include "adapters/digest_response.h"

#include <string.h>

#include "../suite.h"

static struct tha_span span_of(const char *text)
{
    return (struct tha_span){text, strlen(text)};
}

static void assert_response(const struct tha_digest_terms *terms, const char *expected)
{
    char hex[THA_DIGEST_HEX_SIZE];

    if (!tha_digest_has_hash(terms->hash))
        return;
    ck_assert(tha_digest_respond(terms, hex));
    ck_assert_str_eq(hex, expected);
}

START_TEST(rfc_7616_section_3_9_1_comes_out)
{
    struct tha_digest_terms terms = {
        .has_qop = true,
        .nonce_count = 1,
        .realm = span_of("http-auth@example.org"),
        .nonce = span_of("7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"),
        .cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        .username = "Mufasa",
        .password = "Circle of Life",
        .method = "GET",
        .uri = "/dir/index.html",
    };

    assert_response(&terms, "8ca523f5e9506fed4657c9700eebdbec");
    terms.hash = THA_DIGEST_SHA256;
    assert_response(&terms, "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
}
END_TEST

START_TEST(rfc_7616_section_3_9_2_comes_out_as_its_erratum_4897_has_it)
{
    const struct tha_digest_terms terms = {
        .hash = THA_DIGEST_SHA512_256,
        .has_qop = true,
        .nonce_count = 1,
        .realm = span_of("api@example.org"),
        .nonce = span_of("5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK"),
        .cnonce = "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v",
        .username = "J\u00e4s\u00f8n Doe",
        .password = "Secret, or not?",
        .method = "GET",
        .uri = "/doe.json",
    };

    assert_response(&terms, "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5");
}
END_TEST

/** RFC 2617 section 3.5. */
static struct tha_digest_terms rfc_2617(void)
{
    return (struct tha_digest_terms){
        .has_qop = true,
        .nonce_count = 1,
        .realm = span_of("testrealm@host.com"),
        .nonce = span_of("dcd98b7102dd2f0e8b11d0f600bfb0c093"),
        .cnonce = "0a4f113b",
        .username = "Mufasa",
        .password = "Circle Of Life",
        .method = "GET",
        .uri = "/dir/index.html",
    };
}

START_TEST(rfc_2617_comes_out_with_qop_and_without)
{
    struct tha_digest_terms terms = rfc_2617();

    assert_response(&terms, "6629fae49393a05397450978507c4ef1");
    terms.has_qop = false;
    assert_response(&terms, "670fd8c2df070c60b045671b8b24ff02");
}
END_TEST

START_TEST(session_algorithms_mix_nonce_and_cnonce_into_the_secret)
{
    static const char *const expected[] = {
        [THA_DIGEST_MD5] = "8e3825c57e897f5a0dec6c2d4e5059d0",
        [THA_DIGEST_SHA256] = "b8822e12417cb7750f4e2b8515f0dcf25b7dd26993e80bee1426201446a7f59b",
        [THA_DIGEST_SHA512_256] = "0d21f0db3ec5cda5b850c0afa3bc29b4a3c5a6191959ff1baf511d4b38eb6b1e",
    };
    struct tha_digest_terms terms = rfc_2617();

    terms.is_session = true;
    for (terms.hash = THA_DIGEST_MD5; terms.hash <= THA_DIGEST_SHA512_256; terms.hash++)
        assert_response(&terms, expected[terms.hash]);
}
END_TEST

START_TEST(backslashes_that_escape_do_not_count)
{
    const struct tha_digest_terms terms = {
        .has_qop = true,
        .nonce_count = 1,
        .realm = span_of("a \\\"b\\\" \\\\ \\c"),
        .nonce = span_of("n\\\"1"),
        .cnonce = "00000000000000ff",
        .username = "al\"ice\\",
        .password = "secret",
        .method = "OPTIONS",
        .uri = "sip:carrier.example",
    };

    assert_response(&terms, "48df42c2f50cdcc4376bf40bf9dab30f");
}
END_TEST

START_TEST(texts_without_end_are_refused)
{
    struct tha_digest_terms terms = rfc_2617();
    char hex[THA_DIGEST_HEX_SIZE], uri[5000];

    memset(uri, 'a', sizeof(uri) - 1);
    uri[sizeof(uri) - 1] = '\0';
    terms.uri = uri;
    ck_assert(!tha_digest_respond(&terms, hex));

    uri[4000] = '\0';
    ck_assert(tha_digest_respond(&terms, hex));
}
END_TEST

SUITE("digest_response", rfc_7616_section_3_9_1_comes_out, rfc_7616_section_3_9_2_comes_out_as_its_erratum_4897_has_it,
      rfc_2617_comes_out_with_qop_and_without, session_algorithms_mix_nonce_and_cnonce_into_the_secret,
      backslashes_that_escape_do_not_count, texts_without_end_are_refused)
