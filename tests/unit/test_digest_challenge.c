#include "adapters/digest_challenge.h"

#include <string.h>

#include "../suite.h"

static struct tha_span span_of(const char *text)
{
    return (struct tha_span){text, strlen(text)};
}

static struct tha_challenge only_challenge(const char *text)
{
    struct tha_span rest = span_of(text);
    struct tha_challenge challenge, second;

    ck_assert_msg(tha_challenge_next(&rest, &challenge), "%s", text);
    ck_assert_msg(!tha_challenge_next(&rest, &second), "%s", text);

    return challenge;
}

START_TEST(every_parameter_is_found_in_any_case_and_order)
{
    struct tha_challenge c =
        only_challenge("dIGEST Stale=TRUE ,\r\n OPAQUE = \"o\" ,qop=\"auth,auth-int\", domain=\"sip:x\", "
                       "realm=\"a, \\\"b\\\" c=d\", algorithm=SHA-256,\tnonce=\"n=\"");

    ck_assert(c.is_digest);
    ck_assert(!c.is_malformed);
    ck_assert(tha_span_is(c.realm, "a, \\\"b\\\" c=d"));
    ck_assert(tha_span_is(c.nonce, "n="));
    ck_assert(tha_span_is(c.opaque, "o"));
    ck_assert(tha_span_is(c.algorithm, "SHA-256"));
    ck_assert(tha_span_is(c.qop, "auth,auth-int"));
    ck_assert(tha_span_is(c.stale, "TRUE"));
}
END_TEST

START_TEST(parameters_that_are_not_there_are_told_from_empty_ones)
{
    struct tha_challenge c = only_challenge("Digest realm=\"\"");

    ck_assert_ptr_nonnull(c.realm.p);
    ck_assert_uint_eq(c.realm.len, 0);
    ck_assert_ptr_null(c.nonce.p);
}
END_TEST

START_TEST(values_without_quotes_are_read)
{
    struct tha_challenge c = only_challenge("Digest realm=carrier.example,nonce=QUJD/+==,qop=auth");

    ck_assert(!c.is_malformed);
    ck_assert(tha_span_is(c.realm, "carrier.example"));
    ck_assert(tha_span_is(c.nonce, "QUJD/+=="));
    ck_assert(tha_span_is(c.qop, "auth"));
}
END_TEST

START_TEST(challenges_of_one_header_are_told_apart)
{
    struct tha_span rest = span_of(", Basic realm=\"b, Digest c\",, Bearer QUJD==, NTLM, Digest realm=\"d\", nonce=\"1\", "
                                   "digest\trealm=\"e\",nonce=\"2\",");
    static const struct {
        bool is_digest;
        const char *realm;
    } expected[] = {{false, NULL}, {false, "b, Digest c"}, {false, NULL}, {false, NULL}, {true, "d"}, {true, "e"}};
    struct tha_challenge c;

    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        ck_assert_msg(tha_challenge_next(&rest, &c), "%zu", i);
        ck_assert_msg(c.is_digest == expected[i].is_digest, "%zu", i);
        ck_assert_msg(expected[i].realm ? tha_span_is(c.realm, expected[i].realm) : !c.realm.p, "%zu", i);
    }
    ck_assert(!tha_challenge_next(&rest, &c));
}
END_TEST

START_TEST(values_that_cannot_be_written_back_are_malformed)
{
    static const char *const texts[] = {
        "Digest realm=\"a",           "Digest realm=\"",       "Digest realm=\"a\\\"",
        "Digest realm=\"a\\",         "Digest realm",          "Digest realm=",
        "Digest realm=a b",           "Digest realm=a\"b\"",   "Digest realm=\"a\"b",
        "Digest realm=\"a\r\nX: y\"", "Digest nonce=\"a\tb\"", "Digest opaque=\"\x7f\"",
        "Digest nonce=a\\",           "Digest realm \"a\"",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        ck_assert_msg(only_challenge(texts[i]).is_malformed, "%s", texts[i]);
}
END_TEST

START_TEST(what_is_not_known_may_be_anything)
{
    struct tha_challenge c = only_challenge("Digest realm=\"a\", nonce=\"b\", x=\"\r\n\", y=, =, \"z\", charset=UTF-8");

    ck_assert(c.is_digest);
    ck_assert(!c.is_malformed);
}
END_TEST

START_TEST(words_of_a_list_are_found_whole)
{
    ck_assert(tha_challenge_lists(span_of("auth"), "auth"));
    ck_assert(tha_challenge_lists(span_of("auth-int , AUTH"), "auth"));
    ck_assert(!tha_challenge_lists(span_of("auth-int,authx"), "auth"));
    ck_assert(!tha_challenge_lists(span_of(""), "auth"));
}
END_TEST

/** Every text of a few letters that mean something: no read outside of it (for the sanitizer), and always an end. */
START_TEST(texts_of_any_form_come_to_an_end)
{
    static const char letters[] = "D=\",\\ ";
    size_t n = sizeof(letters) - 1;

    for (size_t number = 0; number < n * n * n * n * n * n; number++) {
        struct tha_challenge challenge;
        char *text = malloc(6);
        struct tha_span rest = {text, 6};
        int count = 0;

        for (size_t i = 0, left = number; i < 6; i++, left /= n)
            text[i] = letters[left % n];
        while (tha_challenge_next(&rest, &challenge))
            count++;
        ck_assert_int_le(count, 6);
        free(text);
    }
}
END_TEST

SUITE("digest_challenge", every_parameter_is_found_in_any_case_and_order,
      parameters_that_are_not_there_are_told_from_empty_ones, values_without_quotes_are_read,
      challenges_of_one_header_are_told_apart, values_that_cannot_be_written_back_are_malformed,
      what_is_not_known_may_be_anything, words_of_a_list_are_found_whole, texts_of_any_form_come_to_an_end)
