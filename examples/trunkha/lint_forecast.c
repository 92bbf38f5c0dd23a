/* What a fault would cost each routing profile, and what each carrier's address is asked: for people and as JSON. */
#include <stdint.h>

#include "lint.h"
#include "table.h"
#include "text.h"

#define FOR_EVER UINT32_MAX

/** Addresses told to people: who has more of them reads JSON. */
#define PEERS_TOLD 20U

/** Groups are profiles by themselves, and of interest when the file has no others. */
struct choice {
    bool with_groups;
    bool has_profiles;
};

static bool is_chosen(struct choice *choice, const trunkha_forecast *forecast)
{
    choice->has_profiles |= !forecast->is_group;

    return !forecast->is_group || choice->with_groups || !choice->has_profiles;
}

/* ---- Tables ---- */

struct tables {
    struct choice choice;
    struct table faults;
    struct table quiet;
    struct table peers;
    uint32_t n_peers;
};

static void add_heads(struct table *table, const char *const *heads)
{
    for (size_t i = 0; i < table->columns; i++)
        table_add(table, "%s", heads[i]);
}

static void add_seconds(struct table *table, uint32_t ms, const char *for_ever)
{
    char buf[32];

    table_add(table, "%s", ms == FOR_EVER ? for_ever : text_seconds(buf, sizeof(buf), ms));
}

/** Names cannot be lost where there are none. */
static void add_detection(struct table *table, uint32_t ms)
{
    if (ms)
        add_seconds(table, ms, "never");
    else
        table_add(table, "-");
}

static void add_fault_rows(struct table *table, const trunkha_forecast *forecast)
{
    for (uint32_t i = 0; i < TRUNKHA_FAULTS; i++) {
        table_add(table, "%s", i ? "" : forecast->profile_id);
        table_add(table, "%s", trunkha_fault_name(i));
        add_detection(table, forecast->faults[i].worst_detection_ms);
        add_detection(table, forecast->faults[i].mean_detection_ms);
        add_seconds(table, forecast->faults[i].worst_post_dial_ms, "for ever");
    }
    table_add(table, "%s", "");
    table_add(table, "only 100");
    table_add(table, "by calls");
    table_add(table, "by calls");
    add_seconds(table, forecast->worst_no_ring_ms, "for ever");
}

static void add_quiet_row(struct table *table, const trunkha_forecast *forecast)
{
    table_add(table, "%s", forecast->profile_id);
    table_add(table, "%u", forecast->n_trunks);
    add_seconds(table, forecast->failback_ms, "by hand");
}

static void add_rows_cb(const trunkha_forecast *forecast, void *user_data)
{
    struct tables *tables = user_data;

    if (!is_chosen(&tables->choice, forecast))
        return;
    add_fault_rows(&tables->faults, forecast);
    add_quiet_row(&tables->quiet, forecast);
}

static void add_peer_cb(const trunkha_forecast_peer *peer, void *user_data)
{
    struct tables *tables = user_data;

    if (++tables->n_peers > PEERS_TOLD)
        return;
    table_add(&tables->peers, "%s", peer->peer);
    table_add(&tables->peers, "%u", peer->n_trunks);
    table_add(&tables->peers, "%u", peer->probes_per_minute);
    table_add(&tables->peers, "%u", peer->probe_burst);
}

static bool print_table(struct table *table)
{
    putchar('\n');

    return table_print(table, stdout);
}

static bool print_tables(struct tables *tables)
{
    bool is_printed = print_table(&tables->faults);

    is_printed = print_table(&tables->quiet) && is_printed;
    if (tables->n_peers)
        is_printed = print_table(&tables->peers) && is_printed;
    if (tables->n_peers > PEERS_TOLD)
        printf("and %u more: see --json\n", tables->n_peers - PEERS_TOLD);

    return is_printed;
}

int lint_print_forecast(const struct lint *lint)
{
    static const char *const fault_heads[] = {"ROUTING PROFILE", "FAULT", "FOUND AT WORST", "ON AVERAGE",
                                              "A CALL WAITS AT MOST"};
    static const char *const quiet_heads[] = {"ROUTING PROFILE", "TRUNKS", "FAILBACK"};
    static const char *const peer_heads[] = {"ADDRESS", "TRUNKS PROBED", "PROBES A MINUTE", "IN ONE SECOND AT WORST"};
    struct tables tables = {{.with_groups = lint->with_groups}, {.columns = 5}, {.columns = 3}, {.columns = 4}, 0};
    int err;

    add_heads(&tables.faults, fault_heads);
    add_heads(&tables.quiet, quiet_heads);
    add_heads(&tables.peers, peer_heads);
    err = trunkha_config_forecast(lint->json, lint->len, &lint->options, add_rows_cb, add_peer_cb, &tables);
    if (!print_tables(&tables) && !err)
        err = TRUNKHA_ERR_NOMEM;

    return err;
}

/* ---- JSON ---- */

struct list {
    struct choice choice;
    json_t *profiles;
    json_t *peers;
};

/** null = for ever. */
static json_t *seconds_json(uint32_t ms)
{
    return ms == FOR_EVER ? json_null() : json_real(ms / 1000.0);
}

static json_t *faults_json(const trunkha_forecast *forecast)
{
    json_t *faults = json_object();

    for (uint32_t i = 0; i < TRUNKHA_FAULTS; i++) {
        const trunkha_forecast_fault *fault = &forecast->faults[i];

        json_object_set_new(faults, trunkha_fault_name(i),
                            json_pack("{s:o, s:o, s:o}", "worstDetection", seconds_json(fault->worst_detection_ms),
                                      "meanDetection", seconds_json(fault->mean_detection_ms), "worstPostDialDelay",
                                      seconds_json(fault->worst_post_dial_ms)));
    }

    return faults;
}

static json_t *profile_json(const trunkha_forecast *forecast)
{
    const trunkha_forecast_fault *silence = &forecast->faults[TRUNKHA_FAULT_SILENCE];
    json_t *profile = json_object();

    json_object_set_new(profile, "id", text_json(forecast->profile_id));
    json_object_set_new(profile, "isGroup", json_boolean(forecast->is_group));
    json_object_set_new(profile, "trunks", json_integer(forecast->n_trunks));
    json_object_set_new(profile, "worstDetection", seconds_json(silence->worst_detection_ms));
    json_object_set_new(profile, "worstPostDialDelay", seconds_json(silence->worst_post_dial_ms));
    json_object_set_new(profile, "worstNoRing", seconds_json(forecast->worst_no_ring_ms));
    json_object_set_new(profile, "failback", seconds_json(forecast->failback_ms));
    json_object_set_new(profile, "faults", faults_json(forecast));

    return profile;
}

static void collect_cb(const trunkha_forecast *forecast, void *user_data)
{
    struct list *list = user_data;

    if (is_chosen(&list->choice, forecast))
        json_array_append_new(list->profiles, profile_json(forecast));
}

static void collect_peer_cb(const trunkha_forecast_peer *peer, void *user_data)
{
    struct list *list = user_data;

    json_array_append_new(list->peers,
                          json_pack("{s:o, s:i, s:i, s:i}", "address", text_json(peer->peer), "trunks", (int)peer->n_trunks,
                                    "probesPerMinute", (int)peer->probes_per_minute, "probeBurst", (int)peer->probe_burst));
}

bool lint_add_forecast(const struct lint *lint, json_t *object)
{
    struct list list = {{.with_groups = lint->with_groups}, json_array(), json_array()};
    int err = trunkha_config_forecast(lint->json, lint->len, &lint->options, collect_cb, collect_peer_cb, &list);
    bool is_added = !json_object_set_new(object, "routingProfiles", list.profiles);

    is_added = !json_object_set_new(object, "addresses", list.peers) && is_added;

    return is_added && (!err || err == TRUNKHA_ERR_CONFIG);
}
