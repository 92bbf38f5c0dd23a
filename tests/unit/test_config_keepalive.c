#include "../config/read.h"
#include "../suite.h"

/** A model of the trunks "own", which has @p own for its `keepalive`, and "shared". @p block: the top-level one. */
static struct tha_model *read_keepalive(const char *own, const char *block)
{
    return read_model("{\"trunkGroups\": [{\"id\": \"a\", \"trunks\": ["
                      "   {\"id\": \"own\", \"sipAddress\": \"192.0.2.1\", \"keepalive\": %s},"
                      "   {\"id\": \"shared\", \"sipAddress\": \"192.0.2.2\"}]}],"
                      " \"keepalive\": %s}",
                      own, block);
}

static void expect_damping(const struct tha_keepalive *keepalive, uint32_t max_transitions, uint32_t window_ms,
                           uint32_t hold_down_ms, uint32_t max_hold_down_ms)
{
    ck_assert_uint_eq(keepalive->damping.max_transitions, max_transitions);
    ck_assert_uint_eq(keepalive->damping.window_ms, window_ms);
    ck_assert_uint_eq(keepalive->damping.hold_down_ms, hold_down_ms);
    ck_assert_uint_eq(keepalive->damping.max_hold_down_ms, max_hold_down_ms);
}

START_TEST(damping_has_defaults)
{
    struct tha_model *model = read_keepalive("{\"interval\": 5}", "{}");

    expect_damping(model->keepalive, 4, 600000, 60000, 900000);
    expect_damping(model->trunks[0].keepalive, 4, 600000, 60000, 900000);
    ck_assert_ptr_ne(model->trunks[0].keepalive, model->keepalive);
    ck_assert_ptr_eq(model->trunks[1].keepalive, model->keepalive);
    tha_model_free(model);
}
END_TEST

START_TEST(every_key_of_damping_is_kept)
{
    struct tha_model *model = read_keepalive(
        "{}", "{\"flapDamping\": {\"maxTransitions\": 7, \"window\": 90.5, \"holdDown\": 1.5, \"maxHoldDown\": 12}}");

    expect_damping(model->keepalive, 7, 90500, 1500, 12000);
    ck_assert_ptr_eq(model->trunks[0].keepalive, model->keepalive);
    tha_model_free(model);
}
END_TEST

START_TEST(trunk_overrides_single_keys_of_damping)
{
    struct tha_model *model = read_keepalive("{\"flapDamping\": {\"window\": 60, \"maxHoldDown\": 30}}",
                                             "{\"flapDamping\": {\"maxTransitions\": 2, \"holdDown\": 30}}");

    expect_damping(model->trunks[0].keepalive, 2, 60000, 30000, 30000);
    expect_damping(model->trunks[1].keepalive, 2, 600000, 30000, 900000);
    tha_model_free(model);
}
END_TEST

SUITE("config keepalive", damping_has_defaults, every_key_of_damping_is_kept, trunk_overrides_single_keys_of_damping)
