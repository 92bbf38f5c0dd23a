#include <sys/wait.h>

#include "test_view.h"

START_TEST(states_come_back_as_they_were_set_with_times_as_dates)
{
    const int64_t offset_ms = INT64_C(1700000000000);
    const struct tha_target_state state = {.health = TRUNKHA_HEALTH_DEGRADED,
                                           .reason = TRUNKHA_REASON_DEGRADED_QUALITY,
                                           .rtt_us = 1234,
                                           .loss_permille = 250,
                                           .failed_attempts = 2,
                                           .last_response = 503,
                                           .since_ms = 1000,
                                           .last_successful_keepalive_ms = 2000,
                                           .cooldown_until_ms = 3000};
    trunkha_target_status target = TRUNKHA_TARGET_STATUS_INIT;
    trunkha_trunk_status trunk = TRUNKHA_TRUNK_STATUS_INIT;
    trunkha_group_status group = TRUNKHA_GROUP_STATUS_INIT;
    trunkha_profile_status profile = TRUNKHA_PROFILE_STATUS_INIT;
    struct fixture f;
    trunkha_view *view;

    fixture_init(&f, 2, 2);
    view = fixture_view(&f, NULL);
    tha_view_beat(view, 5000, offset_ms + 5000);
    tha_view_set_target(view, 3, &(struct tha_target_state){.health = TRUNKHA_HEALTH_DOWN});
    tha_view_set_target(view, 3, &state);
    ck_assert_int_eq(trunkha_view_get_target(view, 3, &target), 0);
    ck_assert_uint_eq(target.health, TRUNKHA_HEALTH_DEGRADED);
    tha_view_set_target(view, 3, &(struct tha_target_state){.health = TRUNKHA_HEALTH_DOWN});
    ck_assert_int_eq(trunkha_view_get_target(view, 3, &target), 0);
    ck_assert_uint_eq(target.health, TRUNKHA_HEALTH_DOWN);
    tha_view_set_target(view, 3, &state);
    tha_view_set_trunk(view, 3,
                       &(struct tha_trunk_state){.health = TRUNKHA_HEALTH_DOWN,
                                                 .admin = TRUNKHA_ADMIN_DISABLED,
                                                 .reason = TRUNKHA_REASON_LICENSE_ISSUE,
                                                 .since_ms = 4000});
    tha_view_set_group(view, 1, TRUNKHA_HEALTH_AVAILABLE);
    tha_view_set_route(view, 2, &(struct tha_route_entry){.target = 3}, 1, 3);

    ck_assert_int_eq(trunkha_view_get_target(view, 3, &target), 0);
    ck_assert_uint_eq(target.health, TRUNKHA_HEALTH_DEGRADED);
    ck_assert_uint_eq(target.reason, TRUNKHA_REASON_DEGRADED_QUALITY);
    ck_assert_uint_eq(target.rtt_us, 1234);
    ck_assert_uint_eq(target.loss_permille, 250);
    ck_assert_uint_eq(target.failed_attempts, 2);
    ck_assert_uint_eq(target.last_response, 503);
    ck_assert_int_eq(target.since, offset_ms + 1000);
    ck_assert_int_eq(target.last_successful_keepalive, offset_ms + 2000);
    ck_assert_int_eq(target.cooldown_until, offset_ms + 3000);
    ck_assert_str_eq(target.target, "udp:192.0.2.1:5003");
    ck_assert_str_eq(target.trunk_id, "t3");

    ck_assert_int_eq(trunkha_view_get_trunk(view, 3, &trunk), 0);
    ck_assert_uint_eq(trunk.health, TRUNKHA_HEALTH_DOWN);
    ck_assert_uint_eq(trunk.admin, TRUNKHA_ADMIN_DISABLED);
    ck_assert_uint_eq(trunk.reason, TRUNKHA_REASON_LICENSE_ISSUE);
    ck_assert_uint_eq(trunk.active_calls, 0);
    ck_assert_int_eq(trunk.since, offset_ms + 4000);
    ck_assert_str_eq(trunk.name, "Trunk");
    ck_assert_str_eq(trunk.trunk_group_id, "g1");

    ck_assert_int_eq(trunkha_view_get_group(view, 1, &group), 0);
    ck_assert_uint_eq(group.health, TRUNKHA_HEALTH_AVAILABLE);
    ck_assert_uint_eq(group.trunks, 2);
    ck_assert_str_eq(group.id, "g1");
    ck_assert_str_eq(group.name, "Group number 1");
    ck_assert_str_eq(group.active_trunk_id, "t3");

    ck_assert_int_eq(trunkha_view_get_profile(view, 2, &profile), 0);
    ck_assert_uint_eq(profile.is_group, 1);
    ck_assert_str_eq(profile.id, "g1");
    ck_assert_str_eq(profile.active_trunk_id, "t3");
    fixture_done(view, NULL);
}
END_TEST

START_TEST(what_never_happened_has_no_date)
{
    trunkha_target_status target = TRUNKHA_TARGET_STATUS_INIT;
    trunkha_group_status group = TRUNKHA_GROUP_STATUS_INIT;
    struct fixture f;
    trunkha_view *view;

    fixture_init(&f, 1, 1);
    view = fixture_view(&f, NULL);
    ck_assert_int_eq(trunkha_view_get_target(view, 0, &target), 0);
    ck_assert_uint_eq(target.health, TRUNKHA_HEALTH_UNKNOWN);
    ck_assert_int_eq(target.since, 0);
    ck_assert_int_eq(target.last_successful_keepalive, 0);
    ck_assert_int_eq(target.cooldown_until, 0);
    tha_view_set_route(view, 1, NULL, 0, THA_NONE);
    ck_assert_int_eq(trunkha_view_get_group(view, 0, &group), 0);
    ck_assert_str_eq(group.active_trunk_id, "");
    fixture_done(view, NULL);
}
END_TEST

START_TEST(a_trunk_says_where_it_leads_and_who_is_its_other_half)
{
    static const struct tha_name name = {.host = "carrier.example"};
    trunkha_trunk_status trunk = TRUNKHA_TRUNK_STATUS_INIT;
    char long_id[TRUNKHA_ID_SIZE], long_uri[TRUNKHA_URI_SIZE];
    struct fixture f;
    trunkha_view *view;

    memset(long_id, 'i', sizeof(long_id) - 1);
    memset(long_uri, 'u', sizeof(long_uri) - 1);
    long_id[sizeof(long_id) - 1] = long_uri[sizeof(long_uri) - 1] = '\0';
    fixture_init(&f, 1, 4);
    f.trunks[1].direction = THA_DIRECTION_INBOUND;
    f.trunks[1].paired = 2;
    f.trunks[2].direction = THA_DIRECTION_OUTBOUND;
    f.trunks[2].paired = 1;
    f.trunks[2].id = f.trunks[2].name = long_id;
    f.trunks[2].uri = long_uri;
    f.trunks[3].dns_name = &name;
    f.trunks[3].uri = "sip:carrier.example";
    f.catalogue.n_targets = f.profiles[0].n_targets = f.profiles[1].n_targets = 3; /* the last one has none yet */
    f.model.n_trunks = 3;
    ck_assert_int_eq(tha_view_new(&tha_mem_default, NULL, 16, &view), 0);
    fixture_load(&f, view);
    f.model.n_trunks = 4;
    fixture_load(&f, view);
    tha_view_set_trunk(view, 2, &(struct tha_trunk_state){.health = TRUNKHA_HEALTH_DOWN});

    ck_assert_int_eq(trunkha_view_get_trunk(view, 0, &trunk), 0);
    ck_assert_str_eq(trunk.id, "t0");
    ck_assert_str_eq(trunk.uri, "sip:192.0.2.1:5000");
    ck_assert_str_eq(trunk.paired_trunk_id, "");
    ck_assert_uint_eq(trunk.direction, TRUNKHA_DIRECTION_BOTH);
    ck_assert_int_eq(trunkha_view_get_trunk(view, 1, &trunk), 0);
    ck_assert_str_eq(trunk.paired_trunk_id, long_id);
    ck_assert_uint_eq(trunk.direction, TRUNKHA_DIRECTION_INBOUND);
    ck_assert_uint_eq(trunk.paired_health, TRUNKHA_HEALTH_DOWN);
    ck_assert_int_eq(trunkha_view_get_trunk(view, 2, &trunk), 0);
    ck_assert_str_eq(trunk.id, long_id);
    ck_assert_str_eq(trunk.name, long_id);
    ck_assert_str_eq(trunk.uri, long_uri);
    ck_assert_str_eq(trunk.paired_trunk_id, "t1");
    ck_assert_uint_eq(trunk.paired_health, TRUNKHA_HEALTH_UNKNOWN);
    ck_assert_int_eq(trunkha_view_get_trunk(view, 3, &trunk), 0);
    ck_assert_str_eq(trunk.id, "t3");
    ck_assert_str_eq(trunk.uri, "sip:carrier.example");
    fixture_done(view, NULL);
}
END_TEST

START_TEST(the_state_of_a_name_is_kept_where_there_is_one)
{
    static const struct tha_name name = {.host = "carrier.example"};
    const struct tha_view_name state = {.trouble = TRUNKHA_DNS_SILENT, .ttl_s = UINT32_MAX, .resolved_ms = 2000};
    trunkha_trunk_status trunk = TRUNKHA_TRUNK_STATUS_INIT;
    struct fixture f;
    trunkha_view *view;

    fixture_init(&f, 1, 2);
    f.trunks[1].dns_name = &name;
    view = fixture_view(&f, NULL);
    tha_view_beat(view, 5000, 105000);
    for (uint32_t i = 0; i < 3; i++)
        tha_view_set_name(view, i, &state);
    ck_assert_int_eq(trunkha_view_get_trunk(view, 0, &trunk), 0);
    ck_assert_uint_eq(trunk.dns, TRUNKHA_DNS_FINE);
    ck_assert_uint_eq(trunk.ttl_s, 0);
    ck_assert_int_eq(trunk.resolved, 0);
    ck_assert_int_eq(trunkha_view_get_trunk(view, 1, &trunk), 0);
    ck_assert_uint_eq(trunk.dns, TRUNKHA_DNS_SILENT);
    ck_assert_uint_eq(trunk.ttl_s, UINT32_MAX);
    ck_assert_int_eq(trunk.resolved, 102000);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(what_a_peer_can_do_is_read_as_lists)
{
    struct tha_abilities abilities = {.options = THA_OPTIONS_SAID};
    trunkha_target_status target = TRUNKHA_TARGET_STATUS_INIT;
    struct fixture f;
    trunkha_view *view;

    fixture_init(&f, 1, 2);
    view = fixture_view(&f, NULL);
    tha_view_set_abilities(view, 1, &abilities);
    ck_assert_int_eq(trunkha_view_get_target(view, 1, &target), 0);
    ck_assert_str_eq(target.supported, "");

    abilities.methods = tha_method_bit("INVITE", 6) | tha_method_bit("ACK", 3);
    abilities.options |= tha_option_bit("timer", 5);
    abilities.codecs = tha_codec_bit("PCMA", 4) | tha_codec_bit("PCMU", 4) | tha_codec_bit("opus", 4);
    tha_view_set_abilities(view, 1, &abilities);
    tha_view_set_abilities(view, 2, &abilities); /* there is none */
    ck_assert_int_eq(trunkha_view_get_target(view, 1, &target), 0);
    ck_assert_str_eq(target.allow, "INVITE, ACK");
    ck_assert_str_eq(target.supported, "timer");
    ck_assert_str_eq(target.codecs, "PCMA, PCMU, opus");
    ck_assert_int_eq(trunkha_view_get_target(view, 0, &target), 0);
    ck_assert_str_eq(target.allow, "");

    tha_view_set_abilities(view, 1, &(struct tha_abilities){UINT16_MAX, UINT16_MAX, UINT32_MAX});
    ck_assert_int_eq(trunkha_view_get_target(view, 1, &target), 0);
    ck_assert_uint_lt(strlen(target.supported), sizeof(target.supported));
    ck_assert_uint_gt(strlen(target.supported), sizeof(target.supported) / 2);
    fixture_load(&f, view); /* whoever publishes sets all anew */
    ck_assert_int_eq(trunkha_view_get_target(view, 1, &target), 0);
    ck_assert_str_eq(target.allow, "");
    fixture_done(view, NULL);
}
END_TEST

START_TEST(past_the_last_index_is_the_end)
{
    trunkha_target_status target = TRUNKHA_TARGET_STATUS_INIT;
    trunkha_trunk_status trunk = TRUNKHA_TRUNK_STATUS_INIT;
    trunkha_group_status group = TRUNKHA_GROUP_STATUS_INIT;
    trunkha_profile_status profile = TRUNKHA_PROFILE_STATUS_INIT;
    struct fixture f;
    trunkha_view *view;

    fixture_init(&f, 2, 1);
    view = fixture_view(&f, NULL);
    ck_assert_int_eq(trunkha_view_get_target(view, 2, &target), TRUNKHA_ERR_END);
    ck_assert_int_eq(trunkha_view_get_trunk(view, 2, &trunk), TRUNKHA_ERR_END);
    ck_assert_int_eq(trunkha_view_get_group(view, 2, &group), TRUNKHA_ERR_END);
    ck_assert_int_eq(trunkha_view_get_profile(view, 3, &profile), TRUNKHA_ERR_END);
    ck_assert_int_eq(trunkha_view_get_trunk(view, UINT32_MAX, &trunk), TRUNKHA_ERR_END);
    ck_assert_int_eq(trunkha_view_get_trunk(NULL, 0, &trunk), TRUNKHA_ERR_INVALID);
    ck_assert_int_eq(trunkha_view_get_trunk(view, 0, NULL), TRUNKHA_ERR_INVALID);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(no_more_is_written_than_the_caller_knows_of)
{
    size_t known = offsetof(trunkha_trunk_status, name), none = 0;
    char *status = malloc(known); /* as long as an older caller's: a sanitizer sees what goes beyond */
    struct fixture f;
    trunkha_view *view;

    fixture_init(&f, 1, 1);
    view = fixture_view(&f, NULL);
    ck_assert_ptr_nonnull(status);
    memcpy(status, &known, sizeof(known));
    ck_assert_int_eq(trunkha_view_get_trunk(view, 0, (void *)status), 0);
    ck_assert_str_eq(status + offsetof(trunkha_trunk_status, id), "t0");
    memcpy(status, &none, sizeof(none));
    ck_assert_int_eq(trunkha_view_get_trunk(view, 0, (void *)status), TRUNKHA_ERR_INVALID);
    free(status);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(a_view_says_how_old_it_is_and_whether_its_writer_lives)
{
    trunkha_view_info info = TRUNKHA_VIEW_INFO_INIT;
    trunkha_view *view = NULL;
    struct fixture f;

    ck_assert_int_eq(tha_view_new(&tha_mem_default, NULL, 1, &view), 0);
    ck_assert_int_eq(trunkha_view_get_info(view, &info), 0);
    ck_assert_uint_eq(info.generation, 0);
    ck_assert_uint_eq(info.is_live, 1);
    ck_assert_str_eq(info.instance_id, "");

    fixture_init(&f, 2, 3);
    fixture_load(&f, view);
    tha_view_beat(view, fixture_now_ms() - THA_VIEW_DEAD_MS + 1000, 0);
    ck_assert_int_eq(trunkha_view_get_info(view, &info), 0);
    ck_assert_uint_eq(info.is_live, 1);
    ck_assert_uint_eq(info.generation, 1);
    ck_assert_uint_eq(info.groups, 2);
    ck_assert_uint_eq(info.trunks, 6);
    ck_assert_uint_eq(info.targets, 6);
    ck_assert_uint_eq(info.profiles, 3);
    ck_assert_str_eq(info.instance_id, "test-1");
    ck_assert_uint_eq(info.writer_pid, (uint32_t)getpid());

    tha_view_beat(view, fixture_now_ms() - THA_VIEW_DEAD_MS - 1000, 0);
    ck_assert_int_eq(trunkha_view_get_info(view, &info), 0);
    ck_assert_uint_eq(info.is_live, 0);
    ck_assert_uint_ge(info.age_ms, THA_VIEW_DEAD_MS);

    tha_view_beat(view, fixture_now_ms(), 0);
    tha_view_retire(view);
    ck_assert_int_eq(trunkha_view_get_info(view, &info), 0);
    ck_assert_uint_eq(info.is_live, 0);
    ck_assert_uint_eq(info.writer_pid, 0);
    trunkha_view_unref(view);
}
END_TEST

START_TEST(a_load_replaces_everything_at_once)
{
    trunkha_trunk_status trunk = TRUNKHA_TRUNK_STATUS_INIT;
    trunkha_view_info info = TRUNKHA_VIEW_INFO_INIT;
    struct fixture before, after;
    trunkha_view *view;

    fixture_init(&before, 2, 1);
    fixture_init(&after, 1, 1);
    after.trunks[0].id = "other";
    view = fixture_view(&before, NULL);

    ck_assert_int_eq(tha_view_prepare(view, &after.catalogue), 0);
    tha_view_set_trunk(view, 0, &(struct tha_trunk_state){.health = TRUNKHA_HEALTH_DOWN});
    ck_assert_int_eq(trunkha_view_get_trunk(view, 0, &trunk), 0);
    ck_assert_str_eq(trunk.id, "t0");
    ck_assert_uint_eq(trunk.health, TRUNKHA_HEALTH_UNKNOWN);

    tha_view_publish(view);
    tha_view_publish(view); /* nothing is prepared now */
    ck_assert_int_eq(trunkha_view_get_trunk(view, 0, &trunk), 0);
    ck_assert_str_eq(trunk.id, "other");
    ck_assert_uint_eq(trunk.health, TRUNKHA_HEALTH_DOWN);
    ck_assert_int_eq(trunkha_view_get_trunk(view, 1, &trunk), TRUNKHA_ERR_END);
    ck_assert_int_eq(trunkha_view_get_info(view, &info), 0);
    ck_assert_uint_eq(info.generation, 2);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(a_child_reads_on_and_its_parent_goes_on_writing)
{
    trunkha_trunk_status trunk = TRUNKHA_TRUNK_STATUS_INIT;
    trunkha_view_info info = TRUNKHA_VIEW_INFO_INIT;
    int go[2], status;
    struct fixture f;
    trunkha_view *view;
    pid_t pid;

    fixture_init(&f, 2, 1);
    view = fixture_view(&f, NULL);
    ck_assert_int_eq(pipe(go), 0);
    pid = fork();
    if (!pid) {
        trunkha_candidate to;
        size_t n = 1;
        char byte;

        if (read(go[0], &byte, 1) != 1)
            _exit(1);
        if (trunkha_view_get_trunk(view, 1, &trunk) || trunk.health != TRUNKHA_HEALTH_AVAILABLE)
            _exit(2);
        if (trunkha_view_select(view, "RP", &to, &n) || strcmp(to.trunk_id, "t1"))
            _exit(3);
        tha_view_retire(view); /* not the child's to say */
        trunkha_view_unref(view);
        _exit(0);
    }

    tha_view_set_trunk(view, 1, &(struct tha_trunk_state){.health = TRUNKHA_HEALTH_AVAILABLE});
    fixture_set_order(view, (uint32_t[]){1, 0, THA_NONE});
    ck_assert_int_eq(write(go[1], "x", 1), 1);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(trunkha_view_get_trunk(view, 1, &trunk), 0); /* the child's unref was its own */
    ck_assert_int_eq(trunkha_view_get_info(view, &info), 0);
    ck_assert_uint_eq(info.is_live, 1);
    fixture_done(view, NULL);
}
END_TEST

START_TEST(the_last_reference_ends_a_view)
{
    trunkha_view *view = NULL;

    ck_assert_int_eq(tha_view_new(&tha_mem_default, NULL, 1, &view), 0);
    ck_assert_ptr_eq(trunkha_view_ref(view), view);
    ck_assert_ptr_null(trunkha_view_unref(view));
    tha_view_retire(view);
    ck_assert_ptr_null(trunkha_view_unref(view));
    ck_assert_ptr_null(trunkha_view_ref(NULL));
    ck_assert_ptr_null(trunkha_view_unref(NULL));
}
END_TEST

SUITE("view_read", states_come_back_as_they_were_set_with_times_as_dates, what_never_happened_has_no_date,
      a_trunk_says_where_it_leads_and_who_is_its_other_half, the_state_of_a_name_is_kept_where_there_is_one,
      what_a_peer_can_do_is_read_as_lists, past_the_last_index_is_the_end, no_more_is_written_than_the_caller_knows_of,
      a_view_says_how_old_it_is_and_whether_its_writer_lives, a_load_replaces_everything_at_once,
      a_child_reads_on_and_its_parent_goes_on_writing, the_last_reference_ends_a_view)
