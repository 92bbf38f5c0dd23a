/** @file dns.h  Asks name servers: one question, one answer, in bounded time
 *
 *  libre reads and writes the messages; the sockets are ours, because its client takes answers from anybody, gives up after
 *  72 s, and takes cut ones for whole. Each try has a UDP socket of its own, connected to the server, so that only that
 *  server's answers from that port come in, to a port that cannot be guessed; id and question must be those sent. A cut
 *  answer is asked for again over TCP. CNAMEs are followed inside an answer, and asked for where an answer ends in one.
 *  Records that were not asked for are not looked at. All calls on the loop's thread. */
#ifndef THA_ADAPTERS_DNS_H
#define THA_ADAPTERS_DNS_H

#include "adapters/loop.h"
#include "core/dns.h"

struct tha_dns;

struct tha_dns_handlers {
    /** The answer to the question @p id; may ask again. Never called from within tha_dns_ask(). */
    void (*answer)(uint64_t id, const struct tha_dns_answer *answer, void *user_data);
    /** resolv.conf has changed, and names other servers. NULL = not wanted. */
    void (*servers_changed)(void *user_data);
    void *user_data;
};

/** Returns 0 or NOMEM. */
int tha_dns_new(struct tha_loop *loop, const struct tha_mem *mem, const struct tha_log *log,
                const struct tha_dns_handlers *handlers, struct tha_dns **ret_dns);

/** Questions under way are forgotten. NULL is fine; returns NULL. */
struct tha_dns *tha_dns_free(struct tha_dns *dns);

/** At most as many are used; the rest is left out. */
#define THA_DNS_SERVERS_MAX 8U

/** @p servers are asked in their order, those that failed last after the others. None: those of resolv.conf, which is read
 *  with the first question, and watched. @p timeout_ms: of a question, all servers together; at first 3 s. */
void tha_dns_set_servers(struct tha_dns *dns, const struct tha_addr *servers, uint32_t n_servers, uint32_t timeout_ms);

/** Reads resolv.conf at @p path instead of that of the system; for tests. */
void tha_dns_set_resolv_conf(struct tha_dns *dns, const char *path);

/** Returns 0 or NOMEM; whatever else goes wrong is an answer. */
int tha_dns_ask(struct tha_dns *dns, uint64_t id, const struct tha_dns_question *question);

/** What was dropped, by kind; any thread. */
struct tha_dns_stats {
    uint64_t questions;
    uint64_t retries;       /**< to another server, again, or over TCP */
    uint64_t wrong_answers; /**< id, question or kind of message not ours */
    uint64_t malformed;
};
void tha_dns_get_stats(const struct tha_dns *dns, struct tha_dns_stats *ret_stats);

/** When a deadline is due next; THA_NEVER = none. It comes nearer by tha_dns_ask(), and before `answer` is called, but never
 *  otherwise: those are the moments to set the loop's. */
uint64_t tha_dns_next_expiry(const struct tha_dns *dns);
void tha_dns_handle_expiry(struct tha_dns *dns, uint64_t now_ms);

#endif
