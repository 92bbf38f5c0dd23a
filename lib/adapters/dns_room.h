/** @file dns_room.h  What the files of the DNS client share: messages, tries, servers */
#ifndef THA_ADAPTERS_DNS_ROOM_H
#define THA_ADAPTERS_DNS_ROOM_H

#include <limits.h>

#include "adapters/dns.h"
#include "base/arena.h"

/* -- messages: dns_message.c -- */

/** What a server is asked. */
struct tha_dns_query {
    struct tha_dns_question question;
    uint32_t max_ttl_s;          /**< the smallest TTL of the CNAMEs that have led to this question */
    uint8_t bytes[12 + 255 + 4]; /**< header, the longest name, type and class (RFC 1035 section 4.1) */
    size_t len;
};

/** Writes `question` to `bytes`. False: its name cannot be one, or no memory. */
bool tha_dns_message_write(struct tha_dns_query *query, uint16_t id);

enum tha_dns_kind {
    THA_DNS_REPLY_FOREIGN,   /**< not an answer to the query */
    THA_DNS_REPLY_MALFORMED, /**< an answer, but what it says cannot be used */
    THA_DNS_REPLY_CUT,       /**< RFC 2181 section 9: to be asked for over TCP */
    THA_DNS_REPLY_FAILURE,   /**< the server cannot or will not answer: `rcode`; 0 = it points to other servers */
    THA_DNS_REPLY_ALIAS,     /**< CNAMEs lead to a name of which nothing is said */
    THA_DNS_REPLY_ANSWER,
};

/** What a message says. Texts are those of the arena. */
struct tha_dns_reply {
    enum tha_dns_kind kind;
    uint32_t rcode;
    uint32_t ttl_s;               /**< the smallest of the CNAMEs on the way */
    const char *alias;            /**< ALIAS: the name that they end in */
    struct tha_dns_answer answer; /**< ANSWER */
};

/** Reads what came in return for @p query. */
void tha_dns_message_read(struct tha_arena *arena, const struct tha_dns_query *query, const uint8_t *message, size_t len,
                          struct tha_dns_reply *ret_reply);

/* -- one server, asked one question: dns_try.c -- */

enum tha_dns_try_state { THA_DNS_TRY_FRESH, THA_DNS_TRY_UDP, THA_DNS_TRY_TCP, THA_DNS_TRY_ENDED };

struct tha_dns_try;

/** Both are called at most once for a readiness of the socket, as the last thing done: they may end or release the try. */
struct tha_dns_try_handlers {
    /** A message has come from the server. */
    void (*message)(struct tha_dns_try *try, const uint8_t *message, size_t len);
    /** Refused by ICMP, reset, closed; or no memory. */
    void (*broken)(struct tha_dns_try *try);
};

struct tha_dns_try {
    struct tha_loop *loop;
    const struct tha_mem *mem;
    const struct tha_dns_try_handlers *handlers;
    void *owner;
    struct tha_addr server;
    struct tha_watch *watch;
    int fd;
    enum tha_dns_try_state state;
    uint8_t *stream; /**< TCP: what is sent, later what is received: length and message (RFC 1035 section 4.2.2) */
    size_t used;     /**< bytes of it that were sent, or received */
    size_t size;     /**< bytes of it that are to be */
    bool is_receiving;
};

/** Sends the query by UDP, again by the same socket if there is one. False: it cannot be sent. */
bool tha_dns_try_send(struct tha_dns_try *try, const struct tha_dns_query *query);

/** Asks over TCP from now on. False: it cannot be. */
bool tha_dns_try_connect(struct tha_dns_try *try, const struct tha_dns_query *query);

/** Closes what is open; the try is ENDED. */
void tha_dns_try_end(struct tha_dns_try *try);

/* -- which servers: dns_servers.c -- */

struct tha_dns_server {
    struct tha_addr addr;
    uint64_t failed_ms; /**< when it has failed last; 0 = it has answered since */
};

struct tha_dns_servers {
    struct tha_loop *loop;
    struct tha_log log;
    struct tha_dns_server all[THA_DNS_SERVERS_MAX]; /**< as configured, or as in resolv.conf */
    uint32_t count;
    bool is_configured;
    char path[PATH_MAX];
    struct tha_watch *watch;
    int notify_fd;
    uint64_t read_ms; /**< when resolv.conf was read last; 0 = never */
    void (*changed)(void *user_data);
    void *user_data;
};

void tha_dns_servers_init(struct tha_dns_servers *servers, struct tha_loop *loop, const struct tha_log *log);
void tha_dns_servers_done(struct tha_dns_servers *servers);

/** None: those of resolv.conf, which is read when it is first needed. */
void tha_dns_servers_set(struct tha_dns_servers *servers, const struct tha_addr *addrs, uint32_t count);
void tha_dns_servers_set_path(struct tha_dns_servers *servers, const char *path);

/** Fills in at least one server and returns how many: those that failed last come last. */
uint32_t tha_dns_servers_order(struct tha_dns_servers *servers, uint64_t now_ms,
                               struct tha_addr ret_addrs[THA_DNS_SERVERS_MAX]);

/** What came of asking it: @p failed_ms is now, or 0 = it has answered. */
void tha_dns_servers_note(struct tha_dns_servers *servers, const struct tha_addr *addr, uint64_t failed_ms);

/** Looks at resolv.conf if that is due: where no notice of its change comes. */
void tha_dns_servers_check(struct tha_dns_servers *servers, uint64_t now_ms);

#endif
