/** @file dns_server.h  A scripted name server on loopback, on a thread of its own: over UDP and TCP, on one port */
#ifndef MOCK_DNS_SERVER_H
#define MOCK_DNS_SERVER_H

#include <stddef.h>
#include <stdint.h>

struct dns_server;

/** At @p ip, such as "127.0.0.1" or "::1"; port 0 = a free one. NULL: that cannot be. */
struct dns_server *dns_server_start(const char *ip, uint16_t port);

/** NULL is fine; returns NULL. */
struct dns_server *dns_server_stop(struct dns_server *server);

uint16_t dns_server_port(const struct dns_server *server);

/** Runs a line of the script (see dns_script.c) and writes what it answers. */
void dns_server_run(struct dns_server *server, const char *line, char *answer, size_t size);

/** Runs a line that is answered by "ok". Returns 0 or -1. */
int __attribute__((format(printf, 2, 3))) dns_server_tell(struct dns_server *server, const char *fmt, ...);

/** How many questions have come; @p what as in "count", "" = any. */
unsigned dns_server_count(struct dns_server *server, const char *what);

#endif
