/* The host's own messages, over the sockets and connections of the probes. */
#include <errno.h>
#include <string.h>

#include "engine.h"

static void tell(trunkha_engine *engine, uint32_t slot, const struct tha_addr *peer, trunkha_message *message)
{
    const struct tha_table *table = tha_core_table(engine->core);
    uint32_t target = tha_table_target_of_slot(table, slot);

    if (target != THA_NONE)
        tha_text_copy(message->trunk_id, sizeof(message->trunk_id),
                      tha_table_trunk_model(table, table->targets[target].trunk)->id);
    tha_addr_text(peer, message->source, sizeof(message->source));
    engine->message_cb(message, engine->message_user_data);
}

bool tha_engine_take_message(uint32_t slot, const struct tha_addr *from, const char *message, size_t len, void *user_data)
{
    trunkha_engine *engine = user_data;
    trunkha_message told = {.size = sizeof(told), .data = message, .len = len};

    engine->messages_received++;
    tell(engine, slot, from, &told);

    return true;
}

void tha_engine_take_returned(uint32_t slot, const struct tha_addr *to, const char *message, size_t len, void *user_data)
{
    trunkha_message told = {.size = sizeof(told), .data = message, .len = len, .has_come_back = 1};

    tell(user_data, slot, to, &told);
}

struct parcel {
    const char *trunk_id;
    const char *target;
    const void *message;
    size_t len;
    char local[TRUNKHA_ID_SIZE];
};

/** The slot of the target of that name; THA_NONE = it is not there (any more). */
static uint32_t find_slot(const struct tha_table *table, const struct parcel *parcel)
{
    uint32_t index = tha_table_find_trunk(table, parcel->trunk_id);
    const struct tha_trunk *trunk = index == THA_NONE ? NULL : &table->trunks[index];
    char text[THA_ADDR_TEXT_SIZE];

    for (uint32_t i = 0; trunk && i < trunk->n_targets; i++) {
        const struct tha_target *target = &table->targets[trunk->first_target + i];

        if (!strcmp(tha_addr_text(&target->addr, text, sizeof(text)), parcel->target))
            return target->slot;
    }

    return THA_NONE;
}

static int error_of(int error)
{
    switch (error) {
    case 0:
        return 0;
    case ENOTCONN:
    case EAGAIN:
    case ENOBUFS:
        return TRUNKHA_ERR_UNAVAILABLE;
    case ENOMEM:
        return TRUNKHA_ERR_NOMEM;
    default:
        return TRUNKHA_ERR_SYSTEM;
    }
}

static int send(trunkha_engine *engine, void *arg)
{
    const struct parcel *parcel = arg;
    uint32_t slot;
    int err;

    if (!engine->prober)
        return TRUNKHA_ERR_STATE;
    slot = find_slot(tha_core_table(engine->core), parcel);
    if (slot == THA_NONE)
        return TRUNKHA_ERR_NOTFOUND;

    err = error_of(tha_prober_transmit(engine->prober, slot, parcel->message, parcel->len));
    engine->messages_sent += !err;

    return err;
}

int trunkha_message_send(trunkha_engine *engine, const char *trunk_id, const char *target, const void *message, size_t len)
{
    struct parcel parcel = {trunk_id, target, message, len, ""};

    if (!engine || !trunk_id || !target || !message || !len)
        return TRUNKHA_ERR_INVALID;

    return tha_engine_call(engine, send, &parcel);
}

static int find_local(trunkha_engine *engine, void *arg)
{
    struct parcel *parcel = arg;
    struct tha_addr local;
    uint32_t slot;
    int err;

    if (!engine->prober)
        return TRUNKHA_ERR_STATE;
    slot = find_slot(tha_core_table(engine->core), parcel);
    if (slot == THA_NONE)
        return TRUNKHA_ERR_NOTFOUND;

    err = error_of(tha_prober_get_local(engine->prober, slot, &local));
    if (!err)
        tha_addr_port_text(&local, parcel->local, sizeof(parcel->local));

    return err;
}

int trunkha_message_local(trunkha_engine *engine, const char *trunk_id, const char *target, char *ret_buf, size_t size)
{
    struct parcel parcel = {.trunk_id = trunk_id, .target = target};
    int err;

    if (!engine || !trunk_id || !target || !ret_buf || size < TRUNKHA_ID_SIZE)
        return TRUNKHA_ERR_INVALID;

    err = tha_engine_call(engine, find_local, &parcel);
    if (!err)
        tha_text_copy(ret_buf, size, parcel.local);

    return err;
}
