#include "adapters/prober_room.h"

#include <errno.h>
#include <string.h>

#define BATCHES_MAX 8 /* of THA_UDP_INBOX_MAX datagrams, before timers and other sockets have their turn */

void tha_prober_read(struct tha_listener *listener)
{
    struct tha_udp_inbox *inbox = listener->prober->inbox;
    unsigned n = THA_UDP_INBOX_MAX;

    for (unsigned batch = 0; batch < BATCHES_MAX && n == THA_UDP_INBOX_MAX; batch++) {
        uint64_t now_us;

        n = tha_udp_receive(&listener->udp, inbox);
        if (!n)
            tha_udp_read_errors(&listener->udp);

        now_us = tha_clock_us();
        for (unsigned i = 0; i < n; i++) {
            struct tha_udp_packet packet;

            tha_udp_inbox_take(inbox, i, &packet);
            tha_prober_take_packet(listener, &packet, now_us);
        }
    }
}

static void handle_readable(void *user_data)
{
    struct tha_listener *listener = user_data;
    struct tha_prober *prober = listener->prober;

    prober->has_told = false;
    tha_prober_read(listener);
    tha_prober_flush(prober);
    if (prober->has_told && prober->handlers.batch_end)
        prober->handlers.batch_end(prober->handlers.user_data);
}

/* ---- Which sockets there are ---- */

static void close_listener(struct tha_listener *listener)
{
    struct tha_prober *prober = listener->prober;

    tha_loop_unwatch(prober->loop, listener->udp.fd);
    tha_udp_close(&listener->udp);
    tha_mem_free(&prober->mem, listener);
}

/** Closes every socket that is neither current nor next. */
static void close_unwanted(struct tha_prober *prober)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < prober->n_listeners; i++) {
        struct tha_listener *listener = prober->listeners[i];

        if (listener->is_current || listener->is_next)
            prober->listeners[n++] = listener;
        else
            close_listener(listener);
    }
    prober->n_listeners = n;
}

static struct tha_listener *find_listener(const struct tha_prober *prober, const struct tha_addr *wanted)
{
    for (uint32_t i = 0; i < prober->n_listeners; i++) {
        if (tha_addr_is_equal(&prober->listeners[i]->wanted, wanted))
            return prober->listeners[i];
    }

    return NULL;
}

static int open_socket(struct tha_listener *listener)
{
    const struct tha_udp_handlers handlers = {tha_prober_take_ticket, tha_prober_take_refusal, listener};
    struct tha_prober *prober = listener->prober;
    int err = tha_udp_open(&listener->udp, &listener->wanted, &handlers, &prober->log);

    if (!err && tha_loop_watch(prober->loop, listener->udp.fd, handle_readable, listener)) {
        tha_udp_close(&listener->udp);
        err = ENOMEM;
    }

    return err;
}

/** Returns 0 or an errno. */
static int open_listener(struct tha_prober *prober, const struct tha_addr *wanted, struct tha_listener **ret_listener)
{
    struct tha_listener *listener = tha_mem_zalloc(&prober->mem, 1, sizeof(*listener));
    struct tha_listener **listeners;
    int err = ENOMEM;

    listeners = tha_mem_resize(&prober->mem, prober->listeners, prober->n_listeners + 1, sizeof(*listeners));
    if (listeners)
        prober->listeners = listeners;
    if (listener && listeners) {
        listener->prober = prober;
        listener->wanted = *wanted;
        err = open_socket(listener);
    }
    if (err) {
        tha_mem_free(&prober->mem, listener);
        return err;
    }

    listeners[prober->n_listeners++] = listener;
    *ret_listener = listener;

    return 0;
}

/** Probes leave from the first socket of their family. */
static int want_listener(struct tha_prober *prober, const struct tha_addr *wanted)
{
    struct tha_listener *listener = find_listener(prober, wanted);
    struct tha_listener **probing = &prober->next_probing[wanted->family == 6];
    int err = listener ? 0 : open_listener(prober, wanted, &listener);

    if (err)
        return err;

    listener->is_next = true;
    if (!*probing)
        *probing = listener;

    return 0;
}

static void forget_next(struct tha_prober *prober)
{
    for (uint32_t i = 0; i < prober->n_listeners; i++)
        prober->listeners[i]->is_next = false;
    close_unwanted(prober);
    prober->next_probing[0] = prober->next_probing[1] = NULL;
}

static int want_all(struct tha_prober *prober, const struct tha_addr *listen, uint32_t n_listen, char *error_buf,
                    size_t error_size)
{
    for (uint32_t i = 0; i < n_listen; i++) {
        int err = want_listener(prober, &listen[i]);
        char text[THA_ADDR_TEXT_SIZE];

        if (err) {
            tha_text_print(error_buf, error_size, "%s: %s", tha_addr_text(&listen[i], text, sizeof(text)), strerror(err));
            return TRUNKHA_ERR_SYSTEM;
        }
    }

    return 0;
}

static void want_other_family(struct tha_prober *prober, uint8_t family)
{
    const struct tha_addr any = {.family = family};
    int err = prober->next_probing[family == 6] ? 0 : want_listener(prober, &any);

    if (err)
        tha_log_print(&prober->log, TRUNKHA_LOG_INFO, "no probes over IPv%d: %s", family, strerror(err));
}

int tha_prober_prepare_listen(struct tha_prober *prober, const struct tha_addr *listen, uint32_t n_listen, char *error_buf,
                              size_t error_size)
{
    int err;

    forget_next(prober);
    err = want_all(prober, listen, n_listen, error_buf, error_size);
    if (err) {
        forget_next(prober);
        return err;
    }
    want_other_family(prober, 4);
    want_other_family(prober, 6);

    return 0;
}

/** Our address is another now, and a probe under way cannot be answered any more where it was sent from. */
static void move_slots(struct tha_prober *prober, bool is_v6)
{
    uint64_t now_ms = tha_clock_ms();

    for (uint32_t i = 0; i < prober->n_slots; i++) {
        struct tha_slot *slot = tha_prober_slot(prober, i);

        if ((slot->addr.family == 6) != is_v6)
            continue;
        slot->knows_local = false;
        if (slot->is_under_way)
            tha_prober_send(prober, i, now_ms);
    }
}

void tha_prober_commit_listen(struct tha_prober *prober)
{
    for (uint32_t i = 0; i < prober->n_listeners; i++)
        prober->listeners[i]->is_current = prober->listeners[i]->is_next;
    close_unwanted(prober);

    for (unsigned is_v6 = 0; is_v6 < 2; is_v6++) {
        if (prober->probing[is_v6] != prober->next_probing[is_v6])
            move_slots(prober, is_v6);
        prober->probing[is_v6] = prober->next_probing[is_v6];
    }
}

void tha_prober_close_listeners(struct tha_prober *prober)
{
    for (uint32_t i = 0; i < prober->n_listeners; i++)
        close_listener(prober->listeners[i]);
    prober->n_listeners = 0;
    prober->listeners = tha_mem_free(&prober->mem, prober->listeners);
}
