/* TLS contexts by the contents of their settings: trunks with the same ones share one. A load reads the files of all that
 * it names; connections that are made from then on use what was read. */
#include <string.h>

#include "adapters/prober_room.h"

struct tha_context {
    struct tha_context *next;
    struct tha_tls_settings settings; /**< the words are behind it, in the same block */
    struct tha_tls_context *tls;      /**< NULL = not loaded yet: nothing of it is in a file of its own */
    struct tha_tls_context *next_tls; /**< once committed */
    uint32_t n_users;                 /**< connections */
    bool is_current;                  /**< of what was committed last */
    bool is_next;                     /**< of what is prepared */
};

/** The name of the server is the connection's. */
static bool is_same(const struct tha_tls_settings *a, const struct tha_tls_settings *b)
{
    return a->min_version == b->min_version && a->verify == b->verify && !strcmp(a->ca_file, b->ca_file) &&
           !strcmp(a->cert_file, b->cert_file) && !strcmp(a->key_file, b->key_file);
}

static bool has_files(const struct tha_tls_settings *settings)
{
    return settings->ca_file[0] || settings->cert_file[0] || settings->key_file[0];
}

struct tha_context *tha_prober_find_context(const struct tha_prober *prober, const struct tha_tls_settings *settings)
{
    struct tha_context *context = prober->contexts;

    while (context && !is_same(&context->settings, settings))
        context = context->next;

    return context;
}

static const char *append(char **inout_room, const char *text)
{
    const char *start = *inout_room;
    size_t size = strlen(text) + 1;

    memcpy(*inout_room, text, size);
    *inout_room += size;

    return start;
}

static struct tha_context *make(struct tha_prober *prober, const struct tha_tls_settings *settings)
{
    size_t size = strlen(settings->ca_file) + strlen(settings->cert_file) + strlen(settings->key_file) + 3;
    struct tha_context *context = tha_mem_zalloc(&prober->mem, 1, sizeof(*context) + size);
    char *room = context ? (char *)(context + 1) : NULL;

    if (!context)
        return NULL;

    context->settings.min_version = settings->min_version;
    context->settings.verify = settings->verify;
    context->settings.ca_file = append(&room, settings->ca_file);
    context->settings.cert_file = append(&room, settings->cert_file);
    context->settings.key_file = append(&room, settings->key_file);
    context->settings.server_name = "";
    context->next = prober->contexts;
    prober->contexts = context;

    return context;
}

/** Releases every one that nobody has any more. */
static void sweep(struct tha_prober *prober)
{
    struct tha_context **link = &prober->contexts;

    while (*link) {
        struct tha_context *context = *link;

        if (context->is_current || context->is_next || context->n_users) {
            link = &context->next;
            continue;
        }
        *link = context->next;
        tha_tls_context_unref(context->tls);
        tha_tls_context_unref(context->next_tls);
        tha_mem_free(&prober->mem, context);
    }
}

int tha_context_load(struct tha_prober *prober, struct tha_context *context, char *error_buf, size_t error_size)
{
    if (context->tls)
        return 0;

    return tha_tls_context_new(&prober->mem, &context->settings, &context->tls, error_buf, error_size);
}

struct tha_tls_context *tha_context_get(const struct tha_context *context)
{
    return context->tls;
}

struct tha_context *tha_context_ref(struct tha_context *context)
{
    context->n_users++;

    return context;
}

struct tha_context *tha_context_unref(struct tha_prober *prober, struct tha_context *context)
{
    if (context && !--context->n_users)
        sweep(prober);

    return NULL;
}

int tha_prober_want_context(struct tha_prober *prober, const struct tha_tls_settings *settings, char *error_buf,
                            size_t error_size)
{
    struct tha_context *context = tha_prober_find_context(prober, settings);
    int err = 0;

    if (!context)
        context = make(prober, settings);
    if (!context)
        return TRUNKHA_ERR_NOMEM;
    if (context->is_next)
        return 0;

    context->is_next = true;
    if (has_files(settings))
        err = tha_tls_context_new(&prober->mem, settings, &context->next_tls, error_buf, error_size);

    return err;
}

void tha_prober_forget_next_contexts(struct tha_prober *prober)
{
    for (struct tha_context *context = prober->contexts; context; context = context->next) {
        context->is_next = false;
        context->next_tls = tha_tls_context_unref(context->next_tls);
    }
    sweep(prober);
}

void tha_prober_commit_contexts(struct tha_prober *prober)
{
    for (struct tha_context *context = prober->contexts; context; context = context->next) {
        context->is_current = context->is_next;
        tha_tls_context_unref(context->tls);
        context->tls = context->next_tls;
        context->next_tls = NULL;
    }
    sweep(prober);
}

void tha_prober_free_contexts(struct tha_prober *prober)
{
    for (struct tha_context *context = prober->contexts; context; context = context->next)
        context->is_current = context->is_next = false;
    sweep(prober);
}
