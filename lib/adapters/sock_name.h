/** @file sock_name.h  An address of ours as the system calls have it, and back */
#ifndef THA_ADAPTERS_SOCK_NAME_H
#define THA_ADAPTERS_SOCK_NAME_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/addr.h"

union tha_sock_name {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/** Returns its length. */
socklen_t tha_sock_name_set(union tha_sock_name *name, const struct tha_addr *addr);

/** The transport is left at UDP. */
void tha_sock_name_get(const union tha_sock_name *name, struct tha_addr *ret_addr);

#endif
