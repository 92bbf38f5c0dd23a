#include "../config/read.h"
#include "../suite.h"

/** What stands for a list of codecs. */
static uint32_t read_codecs(const char *list)
{
    struct tha_model *model =
        read_model("{\"trunkGroups\": [{\"id\": \"a\", \"sipAddress\": \"192.0.2.1\", \"codecs\": [%s]}]}", list);
    uint32_t codecs = model->trunks[0].codecs;

    tha_model_free(model);

    return codecs;
}

START_TEST(no_codecs_are_zero)
{
    struct tha_model *model = read_model("{\"trunkGroups\": [{\"id\": \"a\", \"sipAddress\": \"192.0.2.1\"}]}");

    ck_assert_uint_eq(model->trunks[0].codecs, 0);
    ck_assert_uint_eq(read_codecs(""), 0);
    ck_assert_uint_ne(read_codecs("{\"type\": \"G711A\"}"), 0);
    tha_model_free(model);
}
END_TEST

START_TEST(order_case_priority_and_repetition_do_not_matter)
{
    static const char *const lists[] = {
        "{\"type\": \"OPUS\"}, {\"type\": \"G711A\"}",
        "{\"type\": \"opus\"}, {\"type\": \"g711a\"}",
        "{\"type\": \"OPUS\", \"priority\": 2}, {\"type\": \"G711A\", \"priority\": 1}",
        "{\"type\": \"G711A\"}, {\"type\": \"Opus\"}, {\"type\": \"g711A\"}, {\"type\": \"G711A\"}",
    };
    uint32_t wanted = read_codecs("{\"type\": \"G711A\"}, {\"type\": \"OPUS\"}");

    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
        ck_assert_msg(read_codecs(lists[i]) == wanted, "%s", lists[i]);
}
END_TEST

START_TEST(two_names_of_one_codec_are_one)
{
    ck_assert_uint_eq(read_codecs("{\"type\": \"PCMA\"}"), read_codecs("{\"type\": \"G711A\"}"));
    ck_assert_uint_eq(read_codecs("{\"type\": \"PCMA\"}, {\"type\": \"G711A\"}"), read_codecs("{\"type\": \"G711A\"}"));
    ck_assert_uint_ne(read_codecs("{\"type\": \"PCMU\"}"), read_codecs("{\"type\": \"G711A\"}"));
}
END_TEST

/** The list of those of eight codecs, most alike but for a letter, whose bits are in @p set. */
static void print_set(unsigned set, char *buf, size_t size)
{
    static const char *const types[] = {"G711A", "G711U", "G722A", "G722U", "G723A", "G723U", "G729", "OPUS"};

    *buf = '\0';
    for (unsigned i = 0; i < 8; i++) {
        size_t len = strlen(buf);

        if (set >> i & 1)
            snprintf(buf + len, size - len, "%s{\"type\": \"%s\"}", len ? ", " : "", types[i]);
    }
}

START_TEST(all_sets_of_eight_codecs_are_different)
{
    uint32_t seen[256];
    char list[512];

    for (unsigned set = 0; set < 256; set++) {
        print_set(set, list, sizeof(list));
        seen[set] = read_codecs(list);
        for (unsigned other = 0; other < set; other++)
            ck_assert_msg(seen[other] != seen[set], "%s is the same as set %x", list, other);
    }
}
END_TEST

START_TEST(sixty_four_codecs_all_count)
{
    char list[64 * 20] = "";
    uint32_t without_last = 0;

    for (int i = 0; i < 64; i++) {
        size_t len = strlen(list);

        if (i == 63)
            without_last = read_codecs(list);
        snprintf(list + len, sizeof(list) - len, "%s{\"type\":\"X%d\"}", i ? "," : "", i);
    }

    ck_assert_uint_ne(read_codecs(list), without_last);
}
END_TEST

SUITE("config codecs", no_codecs_are_zero, order_case_priority_and_repetition_do_not_matter, two_names_of_one_codec_are_one,
      all_sets_of_eight_codecs_are_different, sixty_four_codecs_all_count)
