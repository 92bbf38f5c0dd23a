#include "adapters/dns_room.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "../suite.h"

#define ID 0x1234

enum { CNAME = 5, SOA = 6, RRSIG = 46 };
enum { RA = 0x0080, AA = 0x0400, TC = 0x0200, QR = 0x8000 };

/** A message being made, by other means than those under test. */
struct message {
    uint8_t bytes[65535];
    size_t len;
};

static void put(struct message *message, const void *bytes, size_t len)
{
    ck_assert_uint_le(message->len + len, sizeof(message->bytes));
    memcpy(message->bytes + message->len, bytes, len);
    message->len += len;
}

static void put_u16(struct message *message, unsigned value)
{
    put(message, (const uint8_t[]){(uint8_t)(value >> 8), (uint8_t)value}, 2);
}

static void put_u32(struct message *message, uint32_t value)
{
    put_u16(message, value >> 16);
    put_u16(message, value & 0xffff);
}

static void put_name(struct message *message, const char *name)
{
    while (*name) {
        uint8_t label = (uint8_t)strcspn(name, ".");

        put(message, &label, 1);
        put(message, name, label);
        name += label + (name[label] == '.');
    }
    put(message, "", 1);
}

/** The counters of the header: 0 questions, 1 answers, 2 authority, 3 additional. */
static void count(struct message *message, unsigned section, unsigned n)
{
    size_t at = 4 + 2 * (size_t)section;

    n += (unsigned)(message->bytes[at] << 8 | message->bytes[at + 1]);
    message->bytes[at] = (uint8_t)(n >> 8);
    message->bytes[at + 1] = (uint8_t)n;
}

static void begin(struct message *message, unsigned flags, const char *name, unsigned type)
{
    message->len = 0;
    put_u16(message, ID);
    put_u16(message, QR | RA | flags);
    put_u32(message, 0x10000);
    put_u32(message, 0);
    put_name(message, name);
    put_u16(message, type);
    put_u16(message, 1);
}

/** Owner, type, class IN, TTL; what `size` bytes of data follow is the caller's. */
static void put_head(struct message *message, const char *name, unsigned type, uint32_t ttl_s, size_t size)
{
    put_name(message, name);
    put_u16(message, type);
    put_u16(message, 1);
    put_u32(message, ttl_s);
    put_u16(message, (unsigned)size);
}

static void put_a(struct message *message, const char *name, uint32_t ttl_s, uint8_t last)
{
    put_head(message, name, THA_DNS_A, ttl_s, 4);
    put(message, (const uint8_t[]){192, 0, 2, last}, 4);
    count(message, 1, 1);
}

static size_t wire_size(const char *name)
{
    return *name ? strlen(name) + 2 : 1;
}

static void put_cname(struct message *message, const char *name, uint32_t ttl_s, const char *target)
{
    put_head(message, name, CNAME, ttl_s, wire_size(target));
    put_name(message, target);
    count(message, 1, 1);
}

static void put_srv(struct message *message, const char *name, const char *target, size_t target_len)
{
    put_head(message, name, THA_DNS_SRV, 60, 6 + 1 + target_len + 1);
    put_u16(message, 10);
    put_u16(message, 20);
    put_u16(message, 5060);
    put(message, (const uint8_t[]){(uint8_t)target_len}, 1);
    put(message, target, target_len);
    put(message, "", 1);
    count(message, 1, 1);
}

static void put_soa(struct message *message, uint32_t ttl_s, uint32_t minimum_s)
{
    put_head(message, "example", SOA, ttl_s, 22);
    put_u16(message, 0); /* both names are the root */
    for (unsigned i = 0; i < 4; i++)
        put_u32(message, 7);
    put_u32(message, minimum_s);
    count(message, 2, 1);
}

/* -- reading one -- */

struct result {
    struct tha_arena arena;
    struct tha_dns_query query;
    struct tha_dns_reply reply;
};

static void ask(struct result *result, const char *name, uint32_t type, const struct tha_mem *mem)
{
    *result = (struct result){.query = {.question.type = type, .max_ttl_s = UINT32_MAX}};
    tha_arena_init(&result->arena, mem);
    tha_text_copy(result->query.question.name, THA_DNS_NAME_SIZE, name);
    ck_assert(tha_dns_message_write(&result->query, ID));
}

/** The bytes are copied to where a read behind them is noticed. */
static enum tha_dns_kind read_exactly(struct result *result, const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len ? len : 1);

    memcpy(copy, bytes, len);
    tha_dns_message_read(&result->arena, &result->query, copy, len, &result->reply);
    free(copy);

    return result->reply.kind;
}

static enum tha_dns_kind read_for(struct result *result, const struct message *message, const char *name, uint32_t type)
{
    ask(result, name, type, &tha_mem_default);

    return read_exactly(result, message->bytes, message->len);
}

static enum tha_dns_kind kind_of(const struct message *message, const char *name, uint32_t type)
{
    struct result result;
    enum tha_dns_kind kind = read_for(&result, message, name, type);

    tha_arena_done(&result.arena);

    return kind;
}

static struct message message; /* too large for a stack under the sanitizer's wings */

/* -- writing -- */

START_TEST(query_is_one_question_with_recursion_desired)
{
    static const uint8_t wanted[] =
        "\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04_sip\x04_udp\x01x\x00\x00\x21\x00\x01";
    struct tha_dns_query query = {.question = {THA_DNS_SRV, "_sip._udp.x"}};

    ck_assert(tha_dns_message_write(&query, ID));
    ck_assert_uint_eq(query.len, sizeof(wanted) - 1);
    ck_assert_mem_eq(query.bytes, wanted, query.len);
}
END_TEST

START_TEST(names_that_cannot_be_are_not_asked_for)
{
    static const char *const names[] = {"", ".", "a..b", ".a", "a.", "a b", "a\nb", "\xc3\xa4.example", "a\\b", "a/b"};
    struct tha_dns_query query = {.question = {.type = THA_DNS_A}};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        tha_text_copy(query.question.name, THA_DNS_NAME_SIZE, names[i]);
        ck_assert_msg(!tha_dns_message_write(&query, ID), "\"%s\"", names[i]);
    }
}
END_TEST

/** Labels of 63 letters, and a last one that makes it @p len in all. */
static void make_name(char *name, size_t len)
{
    memset(name, 'a', len);
    for (size_t i = 63; i < len; i += 64)
        name[i] = '.';
    name[len] = '\0';
}

START_TEST(longest_label_and_name_are_asked_for_and_longer_ones_are_not)
{
    struct tha_dns_query query = {.question = {.type = THA_DNS_A}};

    make_name(query.question.name, 253);
    ck_assert(tha_dns_message_write(&query, ID));
    ck_assert_uint_eq(query.len, sizeof(query.bytes));
    make_name(query.question.name, 254);
    ck_assert(!tha_dns_message_write(&query, ID));

    memset(query.question.name, 'a', 64);
    query.question.name[63] = '\0';
    ck_assert(tha_dns_message_write(&query, ID));
    memset(query.question.name, 'a', 64);
    query.question.name[64] = '\0';
    ck_assert(!tha_dns_message_write(&query, ID));
}
END_TEST

/* -- records -- */

START_TEST(addresses_are_read)
{
    static const uint8_t v6[16] = {0x20, 1, 0xd, 0xb8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12};
    struct result result;

    begin(&message, 0, "a.example", THA_DNS_A);
    put_a(&message, "a.example", 60, 1);
    put_a(&message, "a.example", 30, 2);
    ck_assert_int_eq(read_for(&result, &message, "a.example", THA_DNS_A), THA_DNS_REPLY_ANSWER);
    ck_assert_uint_eq(result.reply.answer.outcome, THA_DNS_ANSWERED);
    ck_assert_uint_eq(result.reply.answer.n_records, 2);
    ck_assert_uint_eq(result.reply.answer.records[0].ttl_s, 60);
    ck_assert_uint_eq(result.reply.answer.records[1].ttl_s, 30);
    ck_assert_uint_eq(result.reply.answer.records[0].addr.family, 4);
    ck_assert_mem_eq(result.reply.answer.records[1].addr.ip, ((const uint8_t[16]){192, 0, 2, 2}), 16);
    ck_assert_uint_eq(result.reply.answer.records[1].addr.port, 0);
    tha_arena_done(&result.arena);

    begin(&message, 0, "a.example", THA_DNS_AAAA);
    put_head(&message, "a.example", THA_DNS_AAAA, 60, 16);
    put(&message, v6, 16);
    count(&message, 1, 1);
    ck_assert_int_eq(read_for(&result, &message, "a.example", THA_DNS_AAAA), THA_DNS_REPLY_ANSWER);
    ck_assert_uint_eq(result.reply.answer.n_records, 1);
    ck_assert_uint_eq(result.reply.answer.records[0].addr.family, 6);
    ck_assert_mem_eq(result.reply.answer.records[0].addr.ip, v6, 16);
    tha_arena_done(&result.arena);
}
END_TEST

START_TEST(services_are_read_in_lower_case_and_the_root_is_nothing)
{
    const struct tha_dns_record *records;
    struct result result;

    begin(&message, 0, "s.example", THA_DNS_SRV);
    put_srv(&message, "S.Example", "SIP-1", 5);
    put_head(&message, "s.example", THA_DNS_SRV, 60, 7);
    put(&message, "\0\1\0\2\0\3\0", 7);
    count(&message, 1, 1);
    ck_assert_int_eq(read_for(&result, &message, "s.example", THA_DNS_SRV), THA_DNS_REPLY_ANSWER);
    ck_assert_uint_eq(result.reply.answer.n_records, 2);
    records = result.reply.answer.records;
    ck_assert_uint_eq(records[0].srv.priority, 10);
    ck_assert_uint_eq(records[0].srv.weight, 20);
    ck_assert_uint_eq(records[0].srv.port, 5060);
    ck_assert_str_eq(records[0].srv.target, "sip-1");
    ck_assert_uint_eq(records[1].srv.priority, 1);
    ck_assert_uint_eq(records[1].srv.weight, 2);
    ck_assert_uint_eq(records[1].srv.port, 3);
    ck_assert_str_eq(records[1].srv.target, "");
    tha_arena_done(&result.arena);
}
END_TEST

START_TEST(naptr_is_read)
{
    const struct tha_dns_record *record;
    struct result result;

    begin(&message, 0, "n.example", THA_DNS_NAPTR);
    put_head(&message, "n.example", THA_DNS_NAPTR, 60, 4 + 2 + 9 + 1 + 4);
    put(&message, "\0\1\0\2\1s\10SIPS+D2T\0\2Xy\0", 20);
    count(&message, 1, 1);
    ck_assert_int_eq(read_for(&result, &message, "n.example", THA_DNS_NAPTR), THA_DNS_REPLY_ANSWER);
    ck_assert_uint_eq(result.reply.answer.n_records, 1);
    record = &result.reply.answer.records[0];
    ck_assert_uint_eq(record->naptr.order, 1);
    ck_assert_uint_eq(record->naptr.preference, 2);
    ck_assert_str_eq(record->naptr.flags, "s");
    ck_assert_str_eq(record->naptr.service, "SIPS+D2T");
    ck_assert_str_eq(record->naptr.replacement, "xy");
    tha_arena_done(&result.arena);
}
END_TEST

START_TEST(ttl_with_the_top_bit_is_zero)
{
    struct result result;

    begin(&message, 0, "a.example", THA_DNS_A);
    put_a(&message, "a.example", 0x7fffffff, 1);
    put_a(&message, "a.example", 0x80000000, 2);
    read_for(&result, &message, "a.example", THA_DNS_A);
    ck_assert_uint_eq(result.reply.answer.records[0].ttl_s, 0x7fffffff);
    ck_assert_uint_eq(result.reply.answer.records[1].ttl_s, 0);
    tha_arena_done(&result.arena);
}
END_TEST

START_TEST(records_above_the_bound_are_left_out)
{
    struct result result;

    begin(&message, 0, "a.example", THA_DNS_A);
    for (unsigned i = 0; i < THA_DNS_RECORDS_MAX + 44; i++)
        put_a(&message, "a.example", i, 1);
    ck_assert_int_eq(read_for(&result, &message, "a.example", THA_DNS_A), THA_DNS_REPLY_ANSWER);
    ck_assert_uint_eq(result.reply.answer.n_records, THA_DNS_RECORDS_MAX);
    ck_assert_uint_eq(result.reply.answer.records[THA_DNS_RECORDS_MAX - 1].ttl_s, THA_DNS_RECORDS_MAX - 1);
    tha_arena_done(&result.arena);
}
END_TEST

START_TEST(records_of_other_names_types_and_classes_are_not_answers)
{
    struct result result;

    begin(&message, 0, "a.example", THA_DNS_A);
    put_a(&message, "b.example", 1, 1);
    put_head(&message, "a.example", RRSIG, 1, 5);
    put(&message, "12345", 5);
    put_head(&message, "a.example", THA_DNS_AAAA, 1, 16);
    put(&message, "0123456789abcdef", 16);
    count(&message, 1, 2);
    put_a(&message, "a.example", 1, 3);
    message.bytes[message.len - 11] = 3; /* class CHAOS */
    put_a(&message, "a.example", 1, 4);
    ck_assert_int_eq(read_for(&result, &message, "a.example", THA_DNS_A), THA_DNS_REPLY_ANSWER);
    ck_assert_uint_eq(result.reply.answer.n_records, 1);
    ck_assert_uint_eq(result.reply.answer.records[0].addr.ip[3], 4);
    tha_arena_done(&result.arena);
}
END_TEST

START_TEST(broken_record_costs_only_itself)
{
    struct result result;

    begin(&message, 0, "a.example", THA_DNS_A);
    put_head(&message, "a.example", THA_DNS_A, 1, 3);
    put(&message, "abc", 3);
    count(&message, 1, 1);
    ck_assert_int_eq(kind_of(&message, "a.example", THA_DNS_A), THA_DNS_REPLY_MALFORMED);

    put_a(&message, "a.example", 1, 4);
    ck_assert_int_eq(read_for(&result, &message, "a.example", THA_DNS_A), THA_DNS_REPLY_ANSWER);
    ck_assert_uint_eq(result.reply.answer.n_records, 1);
    ck_assert_uint_eq(result.reply.answer.records[0].addr.ip[3], 4);
    tha_arena_done(&result.arena);
}
END_TEST

START_TEST(record_that_does_not_end_where_its_data_do_is_broken)
{
    begin(&message, 0, "s.example", THA_DNS_SRV);
    put_srv(&message, "s.example", "target", 6);
    ck_assert_int_eq(kind_of(&message, "s.example", THA_DNS_SRV), THA_DNS_REPLY_ANSWER);
    put(&message, "", 1);
    message.bytes[message.len - 16]++; /* the length of its data: a byte too many */
    ck_assert_int_eq(kind_of(&message, "s.example", THA_DNS_SRV), THA_DNS_REPLY_MALFORMED);
    message.bytes[message.len - 16] -= 2; /* without the end of the target */
    ck_assert_int_eq(kind_of(&message, "s.example", THA_DNS_SRV), THA_DNS_REPLY_MALFORMED);
}
END_TEST

START_TEST(texts_that_could_not_be_printed_are_broken)
{
    static const char *const targets[] = {"a\nb", "a b", "a\x1b[2J", "a\x7f", "\xff", "a\"b", "a%sb"};

    for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
        begin(&message, 0, "s.example", THA_DNS_SRV);
        put_srv(&message, "s.example", targets[i], strlen(targets[i]));
        ck_assert_int_eq(kind_of(&message, "s.example", THA_DNS_SRV), THA_DNS_REPLY_MALFORMED);
    }

    begin(&message, 0, "n.example", THA_DNS_NAPTR);
    put_head(&message, "n.example", THA_DNS_NAPTR, 60, 4 + 2 + 4 + 1 + 1);
    put(&message, "\0\1\0\2\1s\3S\nI\0\0", 12);
    count(&message, 1, 1);
    ck_assert_int_eq(kind_of(&message, "n.example", THA_DNS_NAPTR), THA_DNS_REPLY_MALFORMED);
}
END_TEST

START_TEST(other_sections_are_not_looked_at)
{
    struct result result;

    begin(&message, 0, "a.example", THA_DNS_A);
    put_a(&message, "a.example", 1, 4);
    put_a(&message, "a.example", 1, 66);
    put(&message, "\xff\xff\xff", 3);
    count(&message, 1, (unsigned)-1);
    count(&message, 2, 7);
    count(&message, 3, 0xffff);
    ck_assert_int_eq(read_for(&result, &message, "a.example", THA_DNS_A), THA_DNS_REPLY_ANSWER);
    ck_assert_uint_eq(result.reply.answer.n_records, 1);
    ck_assert_uint_eq(result.reply.answer.records[0].addr.ip[3], 4);
    tha_arena_done(&result.arena);
}
END_TEST

/* -- compression -- */

START_TEST(compressed_names_are_followed)
{
    struct result result;

    begin(&message, 0, "a.example", THA_DNS_A);
    put_u16(&message, 0xc00c);
    put(&message, "\0\1\0\1\0\0\0\5\0\4\xc0\0\2\7", 14);
    count(&message, 1, 1);
    ck_assert_int_eq(read_for(&result, &message, "a.example", THA_DNS_A), THA_DNS_REPLY_ANSWER);
    ck_assert_uint_eq(result.reply.answer.n_records, 1);
    ck_assert_uint_eq(result.reply.answer.records[0].addr.ip[3], 7);
    tha_arena_done(&result.arena);
}
END_TEST

START_TEST(compression_that_goes_round_or_out_is_broken)
{
    static const uint8_t pointers[][2] = {{0xc0, 27}, {0xff, 0xff}, {0xc0, 28}};

    for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
        begin(&message, 0, "a.example", THA_DNS_A);
        ck_assert_uint_eq(message.len, 27);
        put(&message, pointers[i], 2);
        put(&message, "\0\1\0\1\0\0\0\5\0\4\xc0\0\2\7", 14);
        count(&message, 1, 1);
        ck_assert_int_eq(kind_of(&message, "a.example", THA_DNS_A), THA_DNS_REPLY_MALFORMED);
    }

    begin(&message, 0, "a.example", THA_DNS_A);
    put(&message, "\1x\xc0\x1b\0\1\0\1\0\0\0\5\0\4\xc0\0\2\7", 18); /* x.x.x.x... */
    count(&message, 1, 1);
    ck_assert_int_eq(kind_of(&message, "a.example", THA_DNS_A), THA_DNS_REPLY_MALFORMED);
}
END_TEST

/* -- whose answer it is -- */

START_TEST(only_what_repeats_id_and_question_is_an_answer)
{
    begin(&message, 0, "A.eXample", THA_DNS_A);
    put_a(&message, "a.example", 1, 1);
    ck_assert_int_eq(kind_of(&message, "a.example", THA_DNS_A), THA_DNS_REPLY_ANSWER); /* RFC 4343 */
    ck_assert_int_eq(kind_of(&message, "b.example", THA_DNS_A), THA_DNS_REPLY_FOREIGN);
    ck_assert_int_eq(kind_of(&message, "a.exampl", THA_DNS_A), THA_DNS_REPLY_FOREIGN);
    ck_assert_int_eq(kind_of(&message, "a.example", THA_DNS_AAAA), THA_DNS_REPLY_FOREIGN);

    for (size_t at = 0; at < 2; at++) {
        message.bytes[at] ^= 1;
        ck_assert_int_eq(kind_of(&message, "a.example", THA_DNS_A), THA_DNS_REPLY_FOREIGN);
        message.bytes[at] ^= 1;
    }
    message.bytes[2] &= 0x7f; /* QR */
    ck_assert_int_eq(kind_of(&message, "a.example", THA_DNS_A), THA_DNS_REPLY_FOREIGN);
    message.bytes[2] |= 0x80 | 4 << 3; /* opcode */
    ck_assert_int_eq(kind_of(&message, "a.example", THA_DNS_A), THA_DNS_REPLY_FOREIGN);
    message.bytes[2] = 0x80;
    message.bytes[26] = 3; /* class */
    ck_assert_int_eq(kind_of(&message, "a.example", THA_DNS_A), THA_DNS_REPLY_FOREIGN);
    message.bytes[26] = 1;
    ck_assert_int_eq(kind_of(&message, "a.example", THA_DNS_A), THA_DNS_REPLY_ANSWER);
}
END_TEST

START_TEST(two_questions_or_none_are_not_ours)
{
    begin(&message, 0, "a.example", THA_DNS_A);
    put_a(&message, "a.example", 1, 1);
    count(&message, 0, 1);
    ck_assert_int_eq(kind_of(&message, "a.example", THA_DNS_A), THA_DNS_REPLY_FOREIGN);
    count(&message, 0, (unsigned)-2);
    ck_assert_int_eq(kind_of(&message, "a.example", THA_DNS_A), THA_DNS_REPLY_FOREIGN);
    message.bytes[3] |= 3; /* NXDOMAIN is said of a name */
    ck_assert_int_eq(kind_of(&message, "a.example", THA_DNS_A), THA_DNS_REPLY_FOREIGN);
}
END_TEST

START_TEST(no_beginning_of_a_message_is_taken_for_the_whole)
{
    struct result result;

    begin(&message, 0, "a.example", THA_DNS_A);
    put_cname(&message, "a.example", 1, "b.example");
    put_a(&message, "b.example", 1, 1);
    ask(&result, "a.example", THA_DNS_A, &tha_mem_default);
    for (size_t len = 0; len < message.len; len++) {
        enum tha_dns_kind kind = read_exactly(&result, message.bytes, len);

        ck_assert_msg(kind == (len < 27 ? THA_DNS_REPLY_FOREIGN : THA_DNS_REPLY_MALFORMED), "%zu bytes: %d", len, kind);
    }
    ck_assert_int_eq(read_exactly(&result, message.bytes, message.len), THA_DNS_REPLY_ANSWER);
    tha_arena_done(&result.arena);
}
END_TEST

START_TEST(cut_is_cut_and_codes_are_failures)
{
    struct result result;

    begin(&message, TC, "a.example", THA_DNS_A);
    put_a(&message, "a.example", 1, 1);
    ck_assert_int_eq(kind_of(&message, "a.example", THA_DNS_A), THA_DNS_REPLY_CUT);

    for (unsigned rcode = 1; rcode < 16; rcode++) {
        enum tha_dns_kind wanted = rcode == 3 ? THA_DNS_REPLY_ANSWER : THA_DNS_REPLY_FAILURE;

        begin(&message, rcode, "a.example", THA_DNS_A);
        ck_assert_int_eq(read_for(&result, &message, "a.example", THA_DNS_A), wanted);
        ck_assert_uint_eq(result.reply.rcode, rcode);
        tha_arena_done(&result.arena);
    }

    begin(&message, 1, "a.example", THA_DNS_A);
    message.bytes[5] = 0; /* without the question */
    message.len = 12;
    ck_assert_int_eq(kind_of(&message, "a.example", THA_DNS_A), THA_DNS_REPLY_FAILURE);
}
END_TEST

START_TEST(referral_is_a_failure_and_an_authority_s_none_is_not)
{
    begin(&message, 0, "a.example", THA_DNS_A);
    message.bytes[3] = 0; /* RA */
    ck_assert_int_eq(kind_of(&message, "a.example", THA_DNS_A), THA_DNS_REPLY_FAILURE);
    message.bytes[2] |= AA >> 8;
    ck_assert_int_eq(kind_of(&message, "a.example", THA_DNS_A), THA_DNS_REPLY_ANSWER);
}
END_TEST

/* -- aliases -- */

/** a0 to a@p n, in the wrong order, the last one with an address if @p has_address. */
static void make_chain(unsigned n, bool has_address)
{
    char name[16], target[16];

    begin(&message, 0, "a0", THA_DNS_A);
    snprintf(target, sizeof(target), "a%u", n);
    if (has_address)
        put_a(&message, target, 100, 9);
    for (unsigned i = n; i-- > 0;) {
        snprintf(name, sizeof(name), "A%u", i);
        snprintf(target, sizeof(target), "A%u", i + 1);
        put_cname(&message, name, 50 + i, target);
    }
}

START_TEST(aliases_are_followed_in_any_order_and_their_smallest_ttl_counts)
{
    struct result result;

    make_chain(16, true);
    ck_assert_int_eq(read_for(&result, &message, "a0", THA_DNS_A), THA_DNS_REPLY_ANSWER);
    ck_assert_uint_eq(result.reply.answer.n_records, 1);
    ck_assert_uint_eq(result.reply.answer.records[0].addr.ip[3], 9);
    ck_assert_uint_eq(result.reply.answer.records[0].ttl_s, 50);
    tha_arena_done(&result.arena);

    ask(&result, "a0", THA_DNS_A, &tha_mem_default);
    result.query.max_ttl_s = 3;
    ck_assert_int_eq(read_exactly(&result, message.bytes, message.len), THA_DNS_REPLY_ANSWER);
    ck_assert_uint_eq(result.reply.answer.records[0].ttl_s, 3);
    tha_arena_done(&result.arena);

    make_chain(17, true);
    ck_assert_int_eq(kind_of(&message, "a0", THA_DNS_A), THA_DNS_REPLY_MALFORMED);
}
END_TEST

START_TEST(alias_of_which_nothing_is_said_is_to_be_asked_for)
{
    struct result result;

    make_chain(2, false);
    ck_assert_int_eq(read_for(&result, &message, "a0", THA_DNS_A), THA_DNS_REPLY_ALIAS);
    ck_assert_str_eq(result.reply.alias, "a2");
    ck_assert_uint_eq(result.reply.ttl_s, 50);
    tha_arena_done(&result.arena);
}
END_TEST

START_TEST(aliases_that_go_round_are_malformed)
{
    begin(&message, 0, "a.example", THA_DNS_A);
    put_cname(&message, "a.example", 1, "b.example");
    put_cname(&message, "b.example", 1, "a.example");
    ck_assert_int_eq(kind_of(&message, "a.example", THA_DNS_A), THA_DNS_REPLY_MALFORMED);
    begin(&message, 0, "a.example", THA_DNS_A);
    put_cname(&message, "a.example", 1, "a.example");
    ck_assert_int_eq(kind_of(&message, "a.example", THA_DNS_A), THA_DNS_REPLY_MALFORMED);
}
END_TEST

/* -- none -- */

static uint32_t negative_ttl(uint32_t outcome)
{
    struct result result;

    ck_assert_int_eq(read_for(&result, &message, "a.example", THA_DNS_A), THA_DNS_REPLY_ANSWER);
    ck_assert_uint_eq(result.reply.answer.outcome, outcome);
    ck_assert_uint_eq(result.reply.answer.n_records, 0);
    tha_arena_done(&result.arena);

    return result.reply.answer.negative_ttl_s;
}

START_TEST(none_holds_as_long_as_the_soa_says)
{
    static const struct {
        uint32_t ttl_s, minimum_s, wanted_s;
    } cases[] = {{300, 60, 60}, {30, 60, 30}, {0x80000000, 60, 0}, {60, 0x80000000, 0}, {0, 0, 0}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        for (unsigned rcode = 0; rcode <= 3; rcode += 3) {
            begin(&message, rcode, "a.example", THA_DNS_A);
            put_head(&message, "example", RRSIG, 1, 3);
            put(&message, "abc", 3);
            count(&message, 2, 1);
            put_soa(&message, cases[i].ttl_s, cases[i].minimum_s);
            ck_assert_uint_eq(negative_ttl(rcode ? THA_DNS_NO_NAME : THA_DNS_ANSWERED), cases[i].wanted_s);
        }
    }
}
END_TEST

START_TEST(none_without_an_soa_does_not_say_how_long)
{
    begin(&message, 0, "a.example", THA_DNS_A);
    ck_assert_uint_eq(negative_ttl(THA_DNS_ANSWERED), 0);
    count(&message, 2, 1); /* that is not there */
    ck_assert_uint_eq(negative_ttl(THA_DNS_ANSWERED), 0);
    begin(&message, 3, "a.example", THA_DNS_A);
    put_soa(&message, 60, 60);
    message.bytes[message.len - 23]--; /* length of its data */
    ck_assert_uint_eq(negative_ttl(THA_DNS_NO_NAME), 0);
}
END_TEST

START_TEST(none_at_the_end_of_aliases_holds_no_longer_than_they_do)
{
    begin(&message, 3, "a.example", THA_DNS_A);
    put_cname(&message, "a.example", 5, "b.example");
    put_soa(&message, 60, 60);
    ck_assert_uint_eq(negative_ttl(THA_DNS_NO_NAME), 5);
}
END_TEST

/* -- robustness -- */

static void *failing_realloc(void *ptr, size_t size, void *user_data)
{
    int *left = user_data;

    if (size && !(*left)--)
        return NULL;

    return tha_mem_default.realloc_cb(ptr, size, NULL);
}

START_TEST(message_without_memory_is_malformed)
{
    int left = 0;
    const struct tha_mem mem = {failing_realloc, &left};
    struct result result;

    begin(&message, 0, "s.example", THA_DNS_SRV);
    for (unsigned i = 0; i < 256; i++)
        put_srv(&message, "s.example", "a-target-with-a-name-of-some-length", 35);
    for (int n = 0;; n++) {
        enum tha_dns_kind kind;

        ask(&result, "s.example", THA_DNS_SRV, &mem);
        left = n;
        kind = read_exactly(&result, message.bytes, message.len);
        tha_arena_done(&result.arena);
        if (left >= 0) {
            ck_assert_int_eq(kind, THA_DNS_REPLY_ANSWER);
            ck_assert_int_gt(n, 1);
            return;
        }
        ck_assert_int_eq(kind, THA_DNS_REPLY_MALFORMED);
    }
}
END_TEST

static void check_text(const char *text)
{
    ck_assert_uint_lt(strlen(text), THA_DNS_NAME_SIZE);
    for (; *text; text++)
        ck_assert(isgraph((unsigned char)*text) && (!isupper((unsigned char)*text)));
}

static void check_reply(const struct result *result)
{
    const struct tha_dns_reply *reply = &result->reply;

    ck_assert(reply->kind <= THA_DNS_REPLY_ANSWER);
    if (reply->kind == THA_DNS_REPLY_ALIAS)
        check_text(reply->alias);
    ck_assert_uint_le(reply->answer.n_records, THA_DNS_RECORDS_MAX);
    for (uint32_t i = 0; reply->kind == THA_DNS_REPLY_ANSWER && i < reply->answer.n_records; i++) {
        if (result->query.question.type == THA_DNS_SRV)
            check_text(reply->answer.records[i].srv.target);
        if (result->query.question.type == THA_DNS_NAPTR)
            check_text(reply->answer.records[i].naptr.replacement);
    }
}

/** xorshift: the same bytes on every run. */
static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;

    return *state;
}

static void make_sample(unsigned which)
{
    static const uint32_t types[] = {THA_DNS_A, THA_DNS_SRV, THA_DNS_NAPTR, THA_DNS_A};

    begin(&message, which == 3 ? 3 : 0, "a.example", types[which]);
    put_cname(&message, "a.example", 60, "b.example");
    if (which == 0)
        put_a(&message, "b.example", 60, 1);
    if (which == 1)
        put_srv(&message, "b.example", "c", 1);
    if (which == 2) {
        put_head(&message, "b.example", THA_DNS_NAPTR, 60, 4 + 2 + 8 + 1 + 3);
        put(&message, "\0\1\0\2\1s\7SIP+D2U\0\1x\0", 18);
        count(&message, 1, 1);
    }
    put_u16(&message, 0xc00c);
    put(&message, "\0\1\0\1\0\0\0\5\0\4\xc0\0\2\7", 14);
    count(&message, 1, 1);
    put_soa(&message, 60, 60);
}

START_TEST(mutated_messages_are_harmless)
{
    static const uint32_t types[] = {THA_DNS_A, THA_DNS_SRV, THA_DNS_NAPTR, THA_DNS_A};
    uint32_t state = 2463534242, answers = 0;

    for (unsigned round = 0; round < 60000; round++) {
        unsigned which = round % 4, flips = 1 + next_random(&state) % 6;
        struct result result;

        make_sample(which);
        for (unsigned i = 0; i < flips; i++) /* id and question stay: the rest would not be looked at */
            message.bytes[next_random(&state) % 3 ? 27 + next_random(&state) % (message.len - 27)
                                                  : 6 + next_random(&state) % 6] = (uint8_t)next_random(&state);
        if (next_random(&state) % 4 == 0)
            message.len = 27 + next_random(&state) % (message.len - 27);
        ask(&result, "a.example", types[which], &tha_mem_default);
        read_exactly(&result, message.bytes, message.len);
        check_reply(&result);
        answers += result.reply.kind == THA_DNS_REPLY_ANSWER;
        tha_arena_done(&result.arena);
    }
    ck_assert_uint_gt(answers, 1000); /* else nothing was tried */
}
END_TEST

SUITE("dns_message", query_is_one_question_with_recursion_desired, names_that_cannot_be_are_not_asked_for,
      longest_label_and_name_are_asked_for_and_longer_ones_are_not, addresses_are_read,
      services_are_read_in_lower_case_and_the_root_is_nothing, naptr_is_read, ttl_with_the_top_bit_is_zero,
      records_above_the_bound_are_left_out, records_of_other_names_types_and_classes_are_not_answers,
      broken_record_costs_only_itself, record_that_does_not_end_where_its_data_do_is_broken,
      texts_that_could_not_be_printed_are_broken, other_sections_are_not_looked_at, compressed_names_are_followed,
      compression_that_goes_round_or_out_is_broken, only_what_repeats_id_and_question_is_an_answer,
      two_questions_or_none_are_not_ours, no_beginning_of_a_message_is_taken_for_the_whole,
      cut_is_cut_and_codes_are_failures, referral_is_a_failure_and_an_authority_s_none_is_not,
      aliases_are_followed_in_any_order_and_their_smallest_ttl_counts, alias_of_which_nothing_is_said_is_to_be_asked_for,
      aliases_that_go_round_are_malformed, none_holds_as_long_as_the_soa_says, none_without_an_soa_does_not_say_how_long,
      none_at_the_end_of_aliases_holds_no_longer_than_they_do, message_without_memory_is_malformed,
      mutated_messages_are_harmless)
