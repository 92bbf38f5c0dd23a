#include "adapters/sock_name.h"

#include <string.h>

socklen_t tha_sock_name_set(union tha_sock_name *name, const struct tha_addr *addr)
{
    memset(name, 0, sizeof(*name));
    if (addr->family == 6) {
        name->v6.sin6_family = AF_INET6;
        name->v6.sin6_port = htons(addr->port);
        memcpy(&name->v6.sin6_addr, addr->ip, 16);
        return sizeof(name->v6);
    }

    name->v4.sin_family = AF_INET;
    name->v4.sin_port = htons(addr->port);
    memcpy(&name->v4.sin_addr, addr->ip, 4);

    return sizeof(name->v4);
}

void tha_sock_name_get(const union tha_sock_name *name, struct tha_addr *ret_addr)
{
    bool is_v6 = name->any.sa_family == AF_INET6;

    *ret_addr = (struct tha_addr){.family = is_v6 ? 6 : 4};
    ret_addr->port = ntohs(is_v6 ? name->v6.sin6_port : name->v4.sin_port);
    if (is_v6)
        memcpy(ret_addr->ip, &name->v6.sin6_addr, 16);
    else
        memcpy(ret_addr->ip, &name->v4.sin_addr, 4);
}
