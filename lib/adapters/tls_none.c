#include "adapters/tls.h"

/* A build without OpenSSL: everything can be configured, and no handshake succeeds. */

struct tha_tls_context {
    struct tha_mem mem;
    uint32_t n_refs;
};

struct tha_tls_session {
    struct tha_tls_context *context;
};

int tha_tls_context_new(const struct tha_mem *mem, const struct tha_tls_settings *settings,
                        struct tha_tls_context **ret_context, char *error_buf, size_t error_size)
{
    struct tha_tls_context *context = tha_mem_zalloc(mem, 1, sizeof(*context));

    (void)settings;
    (void)error_buf;
    (void)error_size;

    if (!context)
        return TRUNKHA_ERR_NOMEM;
    *context = (struct tha_tls_context){*mem, 1};
    *ret_context = context;

    return 0;
}

struct tha_tls_context *tha_tls_context_ref(struct tha_tls_context *context)
{
    context->n_refs++;

    return context;
}

struct tha_tls_context *tha_tls_context_unref(struct tha_tls_context *context)
{
    struct tha_mem mem;

    if (!context || --context->n_refs)
        return NULL;
    mem = context->mem;

    return tha_mem_free(&mem, context);
}

int tha_tls_session_new(struct tha_tls_context *context, const char *server_name, const struct tha_addr *peer,
                        struct tha_tls_session **ret_session)
{
    struct tha_tls_session *session = tha_mem_zalloc(&context->mem, 1, sizeof(*session));

    (void)server_name;
    (void)peer;

    if (!session)
        return TRUNKHA_ERR_NOMEM;
    session->context = tha_tls_context_ref(context);
    *ret_session = session;

    return 0;
}

struct tha_tls_session *tha_tls_session_free(struct tha_tls_session *session)
{
    struct tha_tls_context *context;

    if (!session)
        return NULL;
    context = session->context;
    tha_mem_free(&context->mem, session);
    tha_tls_context_unref(context);

    return NULL;
}

enum tha_tls_step tha_tls_session_feed(struct tha_tls_session *session, const void *data, size_t len)
{
    (void)session;
    (void)data;
    (void)len;

    return THA_TLS_FAILED;
}

size_t tha_tls_session_pull(struct tha_tls_session *session, void *buf, size_t size)
{
    (void)session;
    (void)buf;
    (void)size;

    return 0;
}

size_t tha_tls_session_waiting(const struct tha_tls_session *session)
{
    (void)session;

    return 0;
}

size_t tha_tls_session_read(struct tha_tls_session *session, void *buf, size_t size)
{
    return tha_tls_session_pull(session, buf, size);
}

int tha_tls_session_write(struct tha_tls_session *session, const void *data, size_t len)
{
    (void)session;
    (void)data;
    (void)len;

    return TRUNKHA_ERR_SYSTEM;
}

void tha_tls_session_end(struct tha_tls_session *session)
{
    (void)session;
}

const char *tha_tls_session_detail(const struct tha_tls_session *session)
{
    (void)session;

    return "this build of the library has no TLS";
}

void tha_tls_session_get_facts(const struct tha_tls_session *session, struct tha_tls_facts *ret_facts)
{
    (void)session;
    *ret_facts = (struct tha_tls_facts){.not_after = 0};
}
