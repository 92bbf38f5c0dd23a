#include "../config/read.h"
#include "../suite.h"

START_TEST(trunk_has_no_limits_unless_it_says_so)
{
    struct tha_model *model = read_model("{\"trunkGroups\": [{\"id\": \"a\", \"trunks\": ["
                                         "   {\"id\": \"a1\", \"sipAddress\": \"192.0.2.1\"},"
                                         "   {\"id\": \"a2\", \"sipAddress\": \"192.0.2.2\", \"maxCalls\": 30},"
                                         "   {\"id\": \"a3\", \"sipAddress\": \"192.0.2.3\", \"callsPerSecond\": 5}]}]}");
    const struct tha_trunk_model *trunks = model->trunks;

    ck_assert(trunks[0].max_calls == 0 && trunks[0].calls_per_second == 0);
    ck_assert(trunks[1].max_calls == 30 && trunks[1].calls_per_second == 0);
    ck_assert(trunks[2].max_calls == 0 && trunks[2].calls_per_second == 5);
    tha_model_free(model);
}
END_TEST

START_TEST(short_form_has_limits_and_codecs_too)
{
    struct tha_model *model = read_model("{\"trunkGroups\": [{\"id\": \"a\", \"sipAddress\": \"192.0.2.1\", \"maxCalls\": 7,"
                                         "   \"callsPerSecond\": 3, \"codecs\": [{\"type\": \"OPUS\"}]}]}");

    ck_assert_uint_eq(model->trunks[0].max_calls, 7);
    ck_assert_uint_eq(model->trunks[0].calls_per_second, 3);
    ck_assert_uint_ne(model->trunks[0].codecs, 0);
    tha_model_free(model);
}
END_TEST

START_TEST(group_may_prefer_the_trunk_with_the_fewest_calls)
{
    struct tha_model *model =
        read_model("{\"trunkGroups\": [{\"id\": \"a\", \"sipAddress\": \"192.0.2.1\"},"
                   "   {\"id\": \"b\", \"strategy\": \"leastCalls\", \"sipAddress\": \"192.0.2.2\"}]}");

    ck_assert_uint_eq(model->groups[0].strategy, THA_STRATEGY_ACTIVE_STANDBY);
    ck_assert_uint_eq(model->groups[1].strategy, THA_STRATEGY_LEAST_CALLS);
    tha_model_free(model);
}
END_TEST

SUITE("config trunk", trunk_has_no_limits_unless_it_says_so, short_form_has_limits_and_codecs_too,
      group_may_prefer_the_trunk_with_the_fewest_calls)
