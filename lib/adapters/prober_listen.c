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
    struct tha_prober *prober = listener->prober; /* a result may lead to the end of the listener */

    tha_prober_read(listener);
    tha_prober_end_batch(prober);
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

static int want_listener(struct tha_prober *prober, const struct tha_addr *wanted, struct tha_listener **ret_listener)
{
    struct tha_listener *listener = find_listener(prober, wanted);
    int err = listener ? 0 : open_listener(prober, wanted, &listener);

    if (err)
        return err;

    listener->is_next = true;
    *ret_listener = listener;

    return 0;
}

/** Probes leave from the first socket of their family. */
static int want_probing(struct tha_prober *prober, const struct tha_addr *wanted)
{
    struct tha_listener **probing = &prober->next_probing[wanted->family == 6];
    struct tha_listener *listener;
    int err = want_listener(prober, wanted, &listener);

    if (!err && !*probing)
        *probing = listener;

    return err;
}

static void forget_next(struct tha_prober *prober)
{
    for (uint32_t i = 0; i < prober->n_listeners; i++)
        prober->listeners[i]->is_next = false;
    close_unwanted(prober);
    prober->next_probing[0] = prober->next_probing[1] = NULL;
    tha_prober_forget_next_contexts(prober);
}

static int refuse(const struct tha_addr *addr, int error, char *error_buf, size_t error_size)
{
    char text[THA_ADDR_TEXT_SIZE];

    tha_text_print(error_buf, error_size, "%s: %s", tha_addr_text(addr, text, sizeof(text)), strerror(error));

    return TRUNKHA_ERR_SYSTEM;
}

static int want_all(struct tha_prober *prober, const struct tha_addr *listen, uint32_t n_listen, char *error_buf,
                    size_t error_size)
{
    for (uint32_t i = 0; i < n_listen; i++) {
        int err = want_probing(prober, &listen[i]);

        if (err)
            return refuse(&listen[i], err, error_buf, error_size);
    }

    return 0;
}

static void want_other_family(struct tha_prober *prober, uint8_t family)
{
    const struct tha_addr any = {.family = family};
    int err = prober->next_probing[family == 6] ? 0 : want_probing(prober, &any);

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

/** A socket on any address sends from each of them, and has the port for itself. */
static bool covers(const struct tha_addr *wanted, const struct tha_addr *source)
{
    return wanted->family == source->family && tha_addr_is_any(wanted) && source->port && wanted->port == source->port;
}

static struct tha_listener *find_covering(const struct tha_prober *prober, const struct tha_addr *source)
{
    for (uint32_t i = 0; i < prober->n_listeners; i++) {
        if (prober->listeners[i]->is_next && covers(&prober->listeners[i]->wanted, source))
            return prober->listeners[i];
    }

    return NULL;
}

struct tha_listener *tha_prober_find_listener(const struct tha_prober *prober, const struct tha_addr *source)
{
    struct tha_listener *listener = find_listener(prober, source);

    return listener ? listener : find_covering(prober, source);
}

int tha_prober_prepare_reach(struct tha_prober *prober, const struct tha_reach *reach, bool has_udp, char *error_buf,
                             size_t error_size)
{
    struct tha_listener *listener;
    int err = tha_prober_want_context(prober, reach->tls, error_buf, error_size);

    if (err || !has_udp || !reach->local.family || find_covering(prober, &reach->local))
        return err;

    err = want_listener(prober, &reach->local, &listener);

    return err ? refuse(&reach->local, err, error_buf, error_size) : 0;
}

static bool loses_its_socket(const struct tha_prober *prober, const struct tha_slot *slot)
{
    unsigned is_v6 = slot->addr.family == 6;

    if (tha_slot_is_stream(slot))
        return false;
    if (slot->extra && slot->extra->listener)
        return !slot->extra->listener->is_next;

    return prober->probing[is_v6] != prober->next_probing[is_v6];
}

/** Our address is another now, and a probe under way cannot be answered any more where it was sent from. */
static void move_slots(struct tha_prober *prober)
{
    uint64_t now_ms = tha_clock_ms();

    for (uint32_t i = 0; i < prober->n_slots; i++) {
        struct tha_slot *slot = tha_prober_slot(prober, i);

        if (!loses_its_socket(prober, slot))
            continue;
        tha_slot_forget_local(slot);
        if (slot->extra)
            slot->extra->listener = NULL;
        if (slot->is_under_way)
            tha_prober_send(prober, i, now_ms);
    }
}

void tha_prober_commit_listen(struct tha_prober *prober)
{
    move_slots(prober);
    memcpy(prober->probing, prober->next_probing, sizeof(prober->probing));
    for (uint32_t i = 0; i < prober->n_listeners; i++)
        prober->listeners[i]->is_current = prober->listeners[i]->is_next;
    close_unwanted(prober);
    tha_prober_commit_contexts(prober);
}

void tha_prober_close_listeners(struct tha_prober *prober)
{
    for (uint32_t i = 0; i < prober->n_listeners; i++)
        close_listener(prober->listeners[i]);
    prober->n_listeners = 0;
    prober->listeners = tha_mem_free(&prober->mem, prober->listeners);
}
