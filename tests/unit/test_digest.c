#include "adapters/digest.h"

#include <stdio.h>
#include <string.h>

#include "../suite.h"
#include "adapters/digest_response.h"

static char username[] = "alice", password[] = "secret";
static const struct tha_credentials alice = {username, password, NULL};

static const char digest_head[] = "Digest realm=\"carrier.example\",nonce=\"n1\"";

static enum tha_digest_verdict take_of(struct tha_digest **inout_digest, const struct tha_credentials *credentials,
                                       const char *text, bool was_answered)
{
    struct tha_span value = {text, strlen(text)};

    return tha_digest_take(&tha_mem_default, inout_digest, credentials, &value, 1, false, was_answered);
}

static struct tha_digest *taken(const char *text)
{
    struct tha_digest *digest = NULL;

    ck_assert_msg(take_of(&digest, &alice, text, false) == THA_DIGEST_TAKEN, "%s", text);
    ck_assert_ptr_nonnull(digest);

    return digest;
}

static void assert_unusable(const char *text)
{
    struct tha_digest *digest = NULL;

    ck_assert_msg(take_of(&digest, &alice, text, false) == THA_DIGEST_UNUSABLE, "%s", text);
    ck_assert_ptr_null(digest);
}

static void assert_written(struct tha_digest *digest, const struct tha_credentials *credentials, uint64_t cnonce,
                           const char *expected)
{
    char buf[2048];
    size_t len = tha_digest_write(digest, credentials, "OPTIONS", "sip:carrier.example", cnonce, buf, sizeof(buf) - 1);

    buf[len] = '\0';
    ck_assert_str_eq(buf, expected);
}

static void assert_described(const char *challenges, const char *expected)
{
    struct tha_digest *digest = taken(challenges);
    char buf[200];

    tha_digest_describe(digest, buf, sizeof(buf));
    ck_assert_str_eq(buf, expected);
    tha_digest_free(digest);
}

static bool has_openssl(void)
{
    return tha_digest_has_hash(THA_DIGEST_SHA256);
}

/* ---- Writing */

START_TEST(answer_has_qop_and_counts_the_nonce)
{
    struct tha_digest *digest =
        taken("Digest realm=\"carrier.example\",nonce=\"n1\",qop=\"auth\",algorithm=MD5,opaque=\"x\"");

    assert_written(digest, &alice, 255,
                   "Authorization: Digest username=\"alice\", realm=\"carrier.example\", nonce=\"n1\", opaque=\"x\", "
                   "algorithm=MD5, uri=\"sip:carrier.example\", response=\"bc996935da28522d82bf92ca15fa765e\", "
                   "cnonce=\"00000000000000ff\", qop=auth, nc=00000001\r\n");
    assert_written(digest, &alice, 255,
                   "Authorization: Digest username=\"alice\", realm=\"carrier.example\", nonce=\"n1\", opaque=\"x\", "
                   "algorithm=MD5, uri=\"sip:carrier.example\", response=\"2667340a9f89fd619ab4aa8dd0ec10ff\", "
                   "cnonce=\"00000000000000ff\", qop=auth, nc=00000002\r\n");
    tha_digest_free(digest);
}
END_TEST

START_TEST(answer_without_qop_has_no_cnonce_and_no_count)
{
    struct tha_digest *digest = taken(digest_head);

    for (int i = 0; i < 2; i++)
        assert_written(digest, &alice, 255,
                       "Authorization: Digest username=\"alice\", realm=\"carrier.example\", nonce=\"n1\", "
                       "uri=\"sip:carrier.example\", response=\"765c9701769b5c513e53918d425e40be\"\r\n");
    tha_digest_free(digest);
}
END_TEST

START_TEST(answer_to_a_proxy_has_its_own_header)
{
    struct tha_span value = {digest_head, sizeof(digest_head) - 1};
    struct tha_digest *digest = NULL;

    ck_assert_int_eq(tha_digest_take(&tha_mem_default, &digest, &alice, &value, 1, true, false), THA_DIGEST_TAKEN);
    assert_written(digest, &alice, 255,
                   "Proxy-Authorization: Digest username=\"alice\", realm=\"carrier.example\", nonce=\"n1\", "
                   "uri=\"sip:carrier.example\", response=\"765c9701769b5c513e53918d425e40be\"\r\n");
    tha_digest_free(digest);
}
END_TEST

START_TEST(session_keeps_the_cnonce_that_it_began_with)
{
    struct tha_digest *digest = taken("Digest realm=\"carrier.example\",nonce=\"n1\",qop=\"auth\",algorithm=MD5-sess");

    assert_written(digest, &alice, 255,
                   "Authorization: Digest username=\"alice\", realm=\"carrier.example\", nonce=\"n1\", algorithm=MD5-sess, "
                   "uri=\"sip:carrier.example\", response=\"08af1b8787a899bdfcd08c7a77af2692\", "
                   "cnonce=\"00000000000000ff\", qop=auth, nc=00000001\r\n");
    assert_written(digest, &alice, 254,
                   "Authorization: Digest username=\"alice\", realm=\"carrier.example\", nonce=\"n1\", algorithm=MD5-sess, "
                   "uri=\"sip:carrier.example\", response=\"8a94303d15fe78119704a61da0a33ce4\", "
                   "cnonce=\"00000000000000ff\", qop=auth, nc=00000002\r\n");
    tha_digest_free(digest);
}
END_TEST

START_TEST(sha_256_and_sha_512_256_are_answered)
{
    struct tha_digest *digest;

    if (!has_openssl())
        return;

    digest = taken("Digest realm=\"carrier.example\",nonce=\"n1\",qop=\"auth\",algorithm=sha-256");
    assert_written(digest, &alice, 255,
                   "Authorization: Digest username=\"alice\", realm=\"carrier.example\", nonce=\"n1\", algorithm=SHA-256, "
                   "uri=\"sip:carrier.example\", "
                   "response=\"44c794c4e1c99fb3e58f100cadd77a4edd3ec29a4f4afcb77ecf61c920bbb63d\", "
                   "cnonce=\"00000000000000ff\", qop=auth, nc=00000001\r\n");
    tha_digest_free(digest);

    digest = taken("Digest realm=\"carrier.example\",nonce=\"n1\",qop=\"auth\",algorithm=SHA-512-256");
    assert_written(digest, &alice, 255,
                   "Authorization: Digest username=\"alice\", realm=\"carrier.example\", nonce=\"n1\", "
                   "algorithm=SHA-512-256, uri=\"sip:carrier.example\", "
                   "response=\"e9ad25b0801aca98147c950875ee14cba74c24a91c07ee0fd4eb301752d026a8\", "
                   "cnonce=\"00000000000000ff\", qop=auth, nc=00000001\r\n");
    tha_digest_free(digest);
}
END_TEST

START_TEST(quotes_are_escaped_once_and_values_of_the_peer_stay_as_they_came)
{
    char odd_name[] = "al\"ice\\";
    struct tha_credentials odd = {odd_name, password, NULL};
    struct tha_digest *digest = taken("Digest realm=\"a \\\"b\\\" \\\\ \\c\", nonce=\"n\\\"1\", opaque=\"\\o\", qop=auth");

    assert_written(digest, &odd, 255,
                   "Authorization: Digest username=\"al\\\"ice\\\\\", realm=\"a \\\"b\\\" \\\\ \\c\", nonce=\"n\\\"1\", "
                   "opaque=\"\\o\", uri=\"sip:carrier.example\", response=\"48df42c2f50cdcc4376bf40bf9dab30f\", "
                   "cnonce=\"00000000000000ff\", qop=auth, nc=00000001\r\n");
    tha_digest_free(digest);
}
END_TEST

START_TEST(answer_that_does_not_fit_is_not_counted)
{
    struct tha_digest *digest = taken("Digest realm=\"carrier.example\",nonce=\"n1\",qop=\"auth\"");
    static const char expected[] = "Authorization: Digest username=\"alice\", realm=\"carrier.example\", nonce=\"n1\", "
                                   "uri=\"sip:carrier.example\", response=\"bc996935da28522d82bf92ca15fa765e\", "
                                   "cnonce=\"00000000000000ff\", qop=auth, nc=00000001\r\n";

    for (size_t size = 0; size < sizeof(expected) - 1; size++) {
        char *buf = malloc(size + !size);

        ck_assert_uint_eq(tha_digest_write(digest, &alice, "OPTIONS", "sip:carrier.example", 255, buf, size), 0);
        free(buf);
    }
    assert_written(digest, &alice, 255, expected);
    tha_digest_free(digest);
}
END_TEST

/* ---- Choosing */

START_TEST(strongest_challenge_is_taken_wherever_it_stands)
{
    static const char md5[] = "Digest realm=\"m\",nonce=\"n\"";
    static const char sha[] = "Digest realm=\"s\",nonce=\"n\",algorithm=SHA-256";
    struct tha_span first[] = {{sha, sizeof(sha) - 1}, {md5, sizeof(md5) - 1}};
    struct tha_span last[] = {{md5, sizeof(md5) - 1}, {sha, sizeof(sha) - 1}};
    const char *expected = has_openssl() ? "SHA-256, realm \"s\"" : "MD5, realm \"m\"";
    struct tha_digest *digest = NULL;
    char buf[64];

    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(tha_digest_take(&tha_mem_default, &digest, &alice, i ? first : last, 2, false, false),
                         THA_DIGEST_TAKEN);
        tha_digest_describe(digest, buf, sizeof(buf));
        ck_assert_str_eq(buf, expected);
    }
    tha_digest_free(digest);

    assert_described("Digest realm=\"m\",nonce=\"n\", Digest algorithm=SHA-256,realm=\"s\",nonce=\"n\"", expected);
    assert_described("Digest algorithm=SHA-256,realm=\"s\",nonce=\"n\", Digest realm=\"m\",nonce=\"n\"", expected);
}
END_TEST

START_TEST(first_of_equal_challenges_is_taken)
{
    assert_described("Digest realm=\"a\",nonce=\"n\", Digest realm=\"b\",nonce=\"n\"", "MD5, realm \"a\"");
    assert_described("Digest realm=\"a\",nonce=\"n\",algorithm=MD5-sess, Digest realm=\"b\",nonce=\"n\"",
                     "MD5, realm \"b\"");
}
END_TEST

START_TEST(challenges_that_we_cannot_do_are_passed_over)
{
    assert_described("Digest realm=\"x\",nonce=\"n\",algorithm=AKAv1-MD5, Basic realm=\"y\", Digest realm=\"z\",nonce=\"n\"",
                     "MD5, realm \"z\"");
    assert_described("Digest realm=\"x\",nonce=\"n\",algorithm=SHA-256,qop=auth-int, Digest realm=\"z\",nonce=\"n\"",
                     "MD5, realm \"z\"");

    assert_unusable("");
    assert_unusable("Basic realm=\"x\"");
    assert_unusable("Digest");
    assert_unusable("Digest realm=\"x\"");
    assert_unusable("Digest nonce=\"n\"");
    assert_unusable("Digest realm=\"x\",nonce=\"\"");
    assert_unusable("Digest realm=\"x\",nonce=\"n\",qop=\"auth-int\"");
    assert_unusable("Digest realm=\"x\",nonce=\"n\",algorithm=SHA-384");
    assert_unusable("Digest realm=\"x\",nonce=\"n\",algorithm=\"\"");
    assert_unusable("Digest realm=\"x\",nonce=\"n\r\nX: y\"");
}
END_TEST

START_TEST(values_that_are_too_long_are_passed_over)
{
    char text[1200];

    for (int extra = 0; extra < 2; extra++) {
        snprintf(text, sizeof(text), "Digest realm=\"x\",nonce=\"%0*d\"", 1024 + extra, 0);
        if (extra)
            assert_unusable(text);
        else
            assert_described(text, "MD5, realm \"x\"");
    }
}
END_TEST

START_TEST(only_as_many_challenges_are_looked_at_as_is_said)
{
    static const char basic[] = "Basic x=\"y\"", digest[] = "Digest realm=\"x\",nonce=\"n\"";
    struct tha_span values[THA_DIGEST_CHALLENGES_MAX + 1];
    struct tha_digest *taken_one = NULL;

    for (uint32_t i = 0; i < THA_DIGEST_CHALLENGES_MAX; i++)
        values[i] = (struct tha_span){basic, sizeof(basic) - 1};
    values[THA_DIGEST_CHALLENGES_MAX] = (struct tha_span){digest, sizeof(digest) - 1};

    ck_assert_int_eq(
        tha_digest_take(&tha_mem_default, &taken_one, &alice, values, THA_DIGEST_CHALLENGES_MAX + 1, false, false),
        THA_DIGEST_UNUSABLE);
    ck_assert_int_eq(
        tha_digest_take(&tha_mem_default, &taken_one, &alice, values + 1, THA_DIGEST_CHALLENGES_MAX, false, false),
        THA_DIGEST_TAKEN);
    tha_digest_free(taken_one);
}
END_TEST

START_TEST(realm_that_was_configured_is_the_only_one_answered)
{
    struct tha_credentials with_realm = {username, password, "b \"c\""};
    struct tha_digest *digest = NULL;
    char buf[64];

    ck_assert_int_eq(take_of(&digest, &with_realm, "Digest realm=\"b\",nonce=\"n\"", false), THA_DIGEST_UNUSABLE);
    ck_assert_int_eq(take_of(&digest, &with_realm, "Digest realm=\"b \\\"c\\\"d\",nonce=\"n\"", false), THA_DIGEST_UNUSABLE);
    ck_assert_int_eq(take_of(&digest, &with_realm,
                             "Digest realm=\"a\",nonce=\"n\",algorithm=SHA-256, Digest realm=\"b \\\"c\\\"\",nonce=\"n\"",
                             false),
                     THA_DIGEST_TAKEN);
    tha_digest_describe(digest, buf, sizeof(buf));
    ck_assert_str_eq(buf, "MD5, realm \"b \\\"c\\\"\"");
    tha_digest_free(digest);
}
END_TEST

START_TEST(description_is_always_printable)
{
    assert_described("Digest realm=\"caf\u00e9\",nonce=\"n\"", "MD5, realm \"caf\u00e9\"");
    assert_described("Digest realm=\"caf\xe9\",nonce=\"n\"", "MD5, realm \"caf?\"");
    assert_described("Digest realm=\"\xc2\x9b"
                     "31m\",nonce=\"n\"",
                     "MD5, realm \"??31m\""); /* colours of a terminal */
}
END_TEST

/* ---- Being challenged again */

START_TEST(second_challenge_without_stale_is_a_refusal)
{
    struct tha_digest *digest = taken(digest_head), *before = digest;
    char buf[512];

    ck_assert_uint_gt(tha_digest_write(digest, &alice, "OPTIONS", "sip:x", 1, buf, sizeof(buf)), 0);
    ck_assert_int_eq(take_of(&digest, &alice, digest_head, true), THA_DIGEST_REFUSED);
    ck_assert_int_eq(take_of(&digest, &alice, "Digest realm=\"carrier.example\",nonce=\"n2\"", true), THA_DIGEST_REFUSED);
    ck_assert_int_eq(take_of(&digest, &alice, "Digest realm=\"carrier.example\",nonce=\"n2\",stale=false", true),
                     THA_DIGEST_REFUSED);
    ck_assert_ptr_eq(digest, before);
    tha_digest_free(digest);
}
END_TEST

START_TEST(stale_nonce_is_replaced_and_counted_anew)
{
    struct tha_digest *digest = taken("Digest realm=\"carrier.example\",nonce=\"n0\",qop=\"auth\"");
    char buf[512];

    ck_assert_uint_gt(tha_digest_write(digest, &alice, "OPTIONS", "sip:x", 1, buf, sizeof(buf)), 0);
    ck_assert_int_eq(take_of(&digest, &alice, "Digest realm=\"carrier.example\",nonce=\"n1\",qop=\"auth\",stale=TRUE", true),
                     THA_DIGEST_TAKEN);
    assert_written(digest, &alice, 255,
                   "Authorization: Digest username=\"alice\", realm=\"carrier.example\", nonce=\"n1\", "
                   "uri=\"sip:carrier.example\", response=\"bc996935da28522d82bf92ca15fa765e\", "
                   "cnonce=\"00000000000000ff\", qop=auth, nc=00000001\r\n");
    tha_digest_free(digest);
}
END_TEST

START_TEST(nonce_that_has_served_before_may_be_taken_back_without_stale)
{
    struct tha_digest *digest = taken(digest_head);
    char buf[512];

    for (int i = 0; i < 2; i++)
        ck_assert_uint_gt(tha_digest_write(digest, &alice, "OPTIONS", "sip:x", 1, buf, sizeof(buf)), 0);
    ck_assert_int_eq(take_of(&digest, &alice, digest_head, true), THA_DIGEST_REFUSED);
    ck_assert_int_eq(take_of(&digest, &alice, "Digest realm=\"carrier.example\",nonce=\"n2\"", true), THA_DIGEST_TAKEN);

    ck_assert_uint_gt(tha_digest_write(digest, &alice, "OPTIONS", "sip:x", 1, buf, sizeof(buf)), 0);
    ck_assert_int_eq(take_of(&digest, &alice, "Digest realm=\"carrier.example\",nonce=\"n3\"", true), THA_DIGEST_REFUSED);
    tha_digest_free(digest);
}
END_TEST

/* ---- Memory */

static void *no_memory(void *ptr, size_t size, void *user_data)
{
    (void)user_data;
    if (!size)
        free(ptr);

    return NULL;
}

START_TEST(without_memory_the_old_challenge_stays)
{
    static const struct tha_mem none = {no_memory, NULL};
    struct tha_span value = {digest_head, sizeof(digest_head) - 1};
    struct tha_digest *digest = taken("Digest realm=\"old\",nonce=\"n\"");
    char buf[64];

    ck_assert_int_eq(tha_digest_take(&none, &digest, &alice, &value, 1, false, false), THA_DIGEST_NO_MEMORY);
    tha_digest_describe(digest, buf, sizeof(buf));
    ck_assert_str_eq(buf, "MD5, realm \"old\"");
    ck_assert_ptr_null(tha_digest_free(digest));
    ck_assert_ptr_null(tha_digest_free(NULL));
}
END_TEST

SUITE("digest", answer_has_qop_and_counts_the_nonce, answer_without_qop_has_no_cnonce_and_no_count,
      answer_to_a_proxy_has_its_own_header, session_keeps_the_cnonce_that_it_began_with,
      sha_256_and_sha_512_256_are_answered, quotes_are_escaped_once_and_values_of_the_peer_stay_as_they_came,
      answer_that_does_not_fit_is_not_counted, strongest_challenge_is_taken_wherever_it_stands,
      first_of_equal_challenges_is_taken, challenges_that_we_cannot_do_are_passed_over,
      values_that_are_too_long_are_passed_over, only_as_many_challenges_are_looked_at_as_is_said,
      realm_that_was_configured_is_the_only_one_answered, description_is_always_printable,
      second_challenge_without_stale_is_a_refusal, stale_nonce_is_replaced_and_counted_anew,
      nonce_that_has_served_before_may_be_taken_back_without_stale, without_memory_the_old_challenge_stays)
