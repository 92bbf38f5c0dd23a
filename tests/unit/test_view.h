/** @file test_view.h  A small catalogue for the tests of lib/view: groups of trunks with one target each */
#ifndef TEST_VIEW_H
#define TEST_VIEW_H

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../suite.h"
#include "view/calls.h"
#include "view/view.h"

#define MAX_TRUNKS 64

/** The slot of a trunk is its number and some, that of its target another. */
#define TRUNK_SLOT(trunk)  ((trunk) + 100)
#define TARGET_SLOT(trunk) ((trunk) + 300)

/** Groups "g0", "g1" ...; trunks "t0", "t1" ... at 192.0.2.1:5000, :5001 ...; a profile "RP" over all of them, then one for
 *  each group. */
struct fixture {
    struct tha_group_model groups[MAX_TRUNKS];
    struct tha_trunk_model trunks[MAX_TRUNKS];
    struct tha_model model;
    struct tha_view_target targets[MAX_TRUNKS];
    struct tha_view_profile profiles[MAX_TRUNKS + 1];
    struct tha_view_catalogue catalogue;
    struct tha_call_settings call;
    uint32_t order[MAX_TRUNKS];
    uint32_t slots[MAX_TRUNKS];
    char texts[MAX_TRUNKS][5][32];
};

static inline void fixture_init(struct fixture *f, uint32_t n_groups, uint32_t n_per_group)
{
    uint32_t n_trunks = n_groups * n_per_group;

    memset(f, 0, sizeof(*f));
    for (uint32_t i = 0; i < n_trunks; i++) {
        snprintf(f->texts[i][0], 32, "g%u", i);
        snprintf(f->texts[i][1], 32, "Group number %u", i);
        snprintf(f->texts[i][2], 32, "t%u", i);
        snprintf(f->texts[i][3], 32, "sip:192.0.2.1:%u", 5000 + i);
        snprintf(f->texts[i][4], 32, "GW-%u", i);
        f->order[i] = i;
        f->slots[i] = TRUNK_SLOT(i);
        f->targets[i].slot = TARGET_SLOT(i);
        f->targets[i].trunk = i;
        tha_addr_parse_ip(&f->targets[i].addr, "192.0.2.1", strlen("192.0.2.1"));
        f->targets[i].addr.port = (uint16_t)(5000 + i);
        f->trunks[i] = (struct tha_trunk_model){.id = f->texts[i][2],
                                                .name = "Trunk",
                                                .uri = f->texts[i][3],
                                                .outbound_route = f->texts[i][4],
                                                .group = i / n_per_group,
                                                .paired = THA_NONE};
    }

    f->call = (struct tha_call_settings){.no_response_ms = 3000, .max_attempts = 3, .retry_budget_percent = 20};
    f->profiles[0] = (struct tha_view_profile){.id = "RP", .configured = f->order, .n_targets = n_trunks, .call = &f->call};
    for (uint32_t i = 0; i < n_groups; i++) {
        f->groups[i] = (struct tha_group_model){.id = f->texts[i][0],
                                                .name = f->texts[i][1],
                                                .failover = THA_NONE,
                                                .first_trunk = i * n_per_group,
                                                .n_trunks = n_per_group};
        f->profiles[i + 1] = (struct tha_view_profile){.id = f->groups[i].id,
                                                       .configured = &f->order[i * n_per_group],
                                                       .n_targets = n_per_group,
                                                       .call = &f->call,
                                                       .is_group = true};
    }

    f->model = (struct tha_model){.groups = f->groups, .trunks = f->trunks, .n_groups = n_groups, .n_trunks = n_trunks};
    f->catalogue = (struct tha_view_catalogue){.model = &f->model,
                                               .trunk_slots = f->slots,
                                               .targets = f->targets,
                                               .n_targets = n_trunks,
                                               .profiles = f->profiles,
                                               .n_profiles = n_groups + 1,
                                               .instance_id = "test-1"};
}

/** A name that no other run of the tests uses; children have that of their parent. */
static inline const char *fixture_name(void)
{
    static char name[32];

    if (!name[0])
        snprintf(name, sizeof(name), "test-view-%ld", (long)getpid());

    return name;
}

static inline uint64_t fixture_now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);

    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/** The order of "RP" as trunk numbers, the first preferred, up to THA_NONE. */
static inline void fixture_set_order(trunkha_view *view, const uint32_t *trunks)
{
    struct tha_route_entry entries[MAX_TRUNKS] = {0};
    uint32_t n = 0;

    for (; trunks[n] != THA_NONE; n++) {
        entries[n].target = trunks[n];
        entries[n].why = n ? TRUNKHA_WHY_STANDBY : TRUNKHA_WHY_PREFERRED;
    }

    tha_view_set_route(view, 0, entries, n, trunks[0]);
}

/** Loads and publishes with the configured order. */
static inline void fixture_load(struct fixture *f, trunkha_view *view)
{
    uint32_t trunks[MAX_TRUNKS + 1];

    memcpy(trunks, f->order, sizeof(f->order));
    trunks[f->model.n_trunks] = THA_NONE;
    ck_assert_int_eq(tha_view_prepare(view, &f->catalogue), 0);
    fixture_set_order(view, trunks);
    tha_view_publish(view);
}

/** Ends a writer in order and takes its name away. */
static inline void fixture_done(trunkha_view *view, const char *name)
{
    tha_view_retire(view);
    trunkha_view_unref(view);
    if (name)
        ck_assert_int_eq(trunkha_view_remove(name), 0);
}

static inline trunkha_view *fixture_view(struct fixture *f, const char *name)
{
    trunkha_view *view = NULL;

    ck_assert_int_eq(tha_view_new(&tha_mem_default, name, 16, &view), 0);
    fixture_load(f, view);

    return view;
}

#endif
