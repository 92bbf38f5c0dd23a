/* What each kind of fault would cost. */
#include "core/forecast.h"

#include "lint.h"

const char *trunkha_fault_name(uint32_t fault)
{
    static const char *const names[TRUNKHA_FAULTS] = {
        [TRUNKHA_FAULT_SILENCE] = "silence",
        [TRUNKHA_FAULT_REFUSED] = "refused",
        [TRUNKHA_FAULT_REJECTED] = "503",
        [TRUNKHA_FAULT_DNS] = "dns",
    };

    return fault < TRUNKHA_FAULTS ? names[fault] : "?";
}

static void tell_profiles(struct tha_forecast *forecast, const struct tha_model *model, trunkha_forecast_cb forecast_cb,
                          void *user_data)
{
    for (uint32_t i = 0; i < model->n_profiles; i++) {
        trunkha_forecast told;

        tha_forecast_profile(forecast, i, &told);
        forecast_cb(&told, user_data);
    }
}

static void tell_peers(const struct tha_forecast *forecast, trunkha_forecast_peer_cb peer_cb, void *user_data)
{
    trunkha_forecast_peer told;
    uint32_t place = 0;

    while (tha_forecast_next_peer(forecast, &place, &told))
        peer_cb(&told, user_data);
}

int trunkha_config_forecast(const char *json, size_t len, const trunkha_lint_options *options,
                            trunkha_forecast_cb forecast_cb, trunkha_forecast_peer_cb peer_cb, void *user_data)
{
    trunkha_lint_options mine;
    struct tha_config_wish wish;
    struct tha_model *model = NULL;
    struct tha_forecast *forecast = NULL;
    int err;

    if (!json || !forecast_cb || tha_lint_read_options(options, &mine, &wish))
        return TRUNKHA_ERR_INVALID;

    err = tha_config_read_as(&tha_mem_default, json, len, &wish, NULL, NULL, &model);
    if (!err)
        err = tha_forecast_new(&tha_mem_default, model, &forecast);
    if (!err) {
        tell_profiles(forecast, model, forecast_cb, user_data);
        if (peer_cb)
            tell_peers(forecast, peer_cb, user_data);
    }
    tha_forecast_free(forecast);
    tha_model_free(model);

    return err;
}
