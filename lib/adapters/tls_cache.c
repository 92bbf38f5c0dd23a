#include <string.h>

#include "adapters/tls_room.h"
#include "base/map.h"

#define CHAIN_MAX 256 /* sessions in one chain; the one that was not renewed for longest goes */

struct tha_tls_saved {
    struct tha_tls_saved *next;
    SSL_SESSION *session;
    struct tha_addr peer;
    char server_name[];
};

static struct tha_tls_saved **chain_of(struct tha_tls_cache *cache, const struct tha_tls_session *session)
{
    uint32_t hash = tha_map_hash(session->server_name) ^ session->peer.port;

    for (unsigned i = 0; i < sizeof(session->peer.ip); i++)
        hash = hash * 31 + session->peer.ip[i];

    return &cache->chains[hash % THA_TLS_CHAINS];
}

static struct tha_tls_saved **find(struct tha_tls_cache *cache, const struct tha_tls_session *session)
{
    struct tha_tls_saved **link = chain_of(cache, session);

    while (*link &&
           (!tha_addr_is_equal(&(*link)->peer, &session->peer) || strcmp((*link)->server_name, session->server_name)))
        link = &(*link)->next;

    return link;
}

static void remove_at(struct tha_tls_saved **link, const struct tha_mem *mem)
{
    struct tha_tls_saved *saved = *link;

    if (!saved)
        return;
    *link = saved->next;
    SSL_SESSION_free(saved->session);
    tha_mem_free(mem, saved);
}

static void cut_chain(struct tha_tls_saved **link, const struct tha_mem *mem)
{
    for (unsigned n = 0; *link && n < CHAIN_MAX; n++)
        link = &(*link)->next;
    remove_at(link, mem);
}

bool tha_tls_cache_put(struct tha_tls_cache *cache, const struct tha_tls_session *session, SSL_SESSION *saved)
{
    const struct tha_mem *mem = &session->context->mem;
    struct tha_tls_saved **first = chain_of(cache, session);
    size_t name_size = strlen(session->server_name) + 1;
    struct tha_tls_saved *entry;

    if (!session->peer.family)
        return false;
    entry = tha_mem_zalloc(mem, 1, sizeof(*entry) + name_size);
    if (!entry)
        return false; /* the older one stays */

    remove_at(find(cache, session), mem);
    entry->session = saved;
    entry->peer = session->peer;
    memcpy(entry->server_name, session->server_name, name_size);
    entry->next = *first;
    *first = entry;
    cut_chain(first, mem);

    return true;
}

/** A resumed handshake shows no certificate: that of the session must not have expired meanwhile. */
static bool is_good(SSL_SESSION *session)
{
    X509 *certificate = SSL_SESSION_get0_peer(session);

    return SSL_SESSION_is_resumable(session) && certificate && X509_cmp_current_time(X509_get0_notAfter(certificate)) > 0;
}

SSL_SESSION *tha_tls_cache_find(struct tha_tls_cache *cache, const struct tha_tls_session *session)
{
    struct tha_tls_saved **link = find(cache, session);

    if (!*link)
        return NULL;
    if (is_good((*link)->session))
        return (*link)->session;
    remove_at(link, &session->context->mem);

    return NULL;
}

void tha_tls_cache_drop(struct tha_tls_cache *cache, const struct tha_tls_session *session)
{
    remove_at(find(cache, session), &session->context->mem);
}

void tha_tls_cache_done(struct tha_tls_cache *cache, const struct tha_mem *mem)
{
    for (unsigned i = 0; i < THA_TLS_CHAINS; i++) {
        while (cache->chains[i])
            remove_at(&cache->chains[i], mem);
    }
}
