/* What a configuration names beside its trunks: our own addresses and the name servers. */
#include "base/text.h"
#include "config/config.h"

struct teller {
    trunkha_config_address_cb address_cb;
    void *user_data;
};

static void tell(const struct teller *teller, uint32_t use, const struct tha_addr *addr, const char *trunk_id)
{
    trunkha_config_address told = {.size = sizeof(told), .use = use, .port = addr->port};

    tha_addr_port_text(addr, told.address, sizeof(told.address));
    tha_text_copy(told.trunk_id, sizeof(told.trunk_id), trunk_id);
    teller->address_cb(&told, teller->user_data);
}

static void tell_all(const struct teller *teller, const struct tha_model *model)
{
    for (uint32_t i = 0; i < model->n_listen; i++)
        tell(teller, TRUNKHA_USE_LISTEN, &model->listen[i], "");

    for (uint32_t i = 0; i < model->n_trunks; i++) {
        const struct tha_trunk_model *trunk = &model->trunks[i];

        if (trunk->reach && trunk->reach->local.family)
            tell(teller, TRUNKHA_USE_LOCAL, &trunk->reach->local, trunk->id);
    }

    for (uint32_t i = 0; i < model->dns.n_servers; i++)
        tell(teller, TRUNKHA_USE_NAME_SERVER, &model->dns.servers[i], "");
}

int trunkha_config_addresses(const char *json, size_t len, trunkha_config_address_cb address_cb, void *user_data)
{
    struct tha_model *model = NULL;
    int err;

    if (!json || !address_cb)
        return TRUNKHA_ERR_INVALID;

    err = tha_config_read(&tha_mem_default, json, len, NULL, NULL, &model);
    if (!err)
        tell_all(&(struct teller){address_cb, user_data}, model);
    tha_model_free(model);

    return err;
}
