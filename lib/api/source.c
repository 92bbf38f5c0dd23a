/* Who is it? Addresses of the system's become ours. */
#include <netinet/in.h>
#include <string.h>

#include "base/abi.h"
#include "view/handle.h"

/** False when it is no address of the internet. It may lie anywhere in memory. */
static bool read_addr(const struct sockaddr *source, struct tha_addr *addr)
{
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    sa_family_t family;

    memcpy(&family, (const char *)source + offsetof(struct sockaddr, sa_family), sizeof(family));
    *addr = (struct tha_addr){.family = family == AF_INET ? 4 : 6};

    switch (family) {
    case AF_INET:
        memcpy(&v4, source, sizeof(v4));
        memcpy(addr->ip, &v4.sin_addr, sizeof(v4.sin_addr));
        addr->port = ntohs(v4.sin_port);
        return true;
    case AF_INET6:
        memcpy(&v6, source, sizeof(v6));
        memcpy(addr->ip, &v6.sin6_addr, sizeof(v6.sin6_addr));
        addr->port = ntohs(v6.sin6_port);
        return true;
    default:
        return false;
    }
}

int trunkha_trunk_of_source(const trunkha_view *view, const struct sockaddr *source, trunkha_source *ret_source)
{
    trunkha_source found = TRUNKHA_SOURCE_INIT;
    struct tha_addr addr;
    int err;

    if (!view || !source || !ret_source || !read_addr(source, &addr))
        return TRUNKHA_ERR_INVALID;

    err = tha_view_find_source(view, &addr, &found, NULL);

    return err ? err : tha_abi_write(ret_source, &found, sizeof(found));
}

int trunkha_trunk_note_request(trunkha_view *view, const struct sockaddr *source)
{
    struct tha_addr addr;

    if (!view || !source || !read_addr(source, &addr))
        return TRUNKHA_ERR_INVALID;

    return tha_view_note_request(view, &addr, tha_view_now_ms(view));
}
