/** @file player.h  A carrier on loopback that a test plays: over UDP, TCP or TLS, on a thread of its own */
#ifndef TESTS_PLAYER_H
#define TESTS_PLAYER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAYER_MESSAGE_MAX 8192

struct player;

/** Writes what is sent back for @p request, which ends in a zero byte; returns its length, 0 = nothing is. Runs on the
 *  player's thread. */
typedef size_t (*player_reply_cb)(const char *request, char *buf, size_t size, void *user_data);

struct player_options {
    const char *transport;   /**< NULL = "udp"; "tcp", "tls" */
    const char *ip;          /**< NULL = 127.0.0.1 */
    uint16_t port;           /**< 0 = a free one */
    const char *certificate; /**< one of certificates.sh; NULL = "server" */
    int max_version;         /**< such as TLS1_1_VERSION; 0 = any */
    bool wants_client;       /**< a certificate that ca.pem has signed */
    player_reply_cb reply;   /**< NULL = 200 to every request */
    void *user_data;
};

/** NULL = all defaults. */
struct player *player_start(const struct player_options *options);

/** NULL is fine; returns NULL. */
struct player *player_stop(struct player *player);

uint16_t player_port(const struct player *player);

/** "sip:127.0.0.1:5060;transport=tcp" */
const char *player_uri(const struct player *player);

/** "tcp:127.0.0.1:5060" */
const char *player_target(const struct player *player);

/** From now on it reads and says nothing, TLS handshakes included; or speaks again. */
void player_hush(struct player *player, bool is_silent);

/** Ends all connections. */
void player_hang_up(struct player *player, bool is_reset);

/** Sends @p text to where the last request came from: through the same socket, or on its connection. */
void player_say(struct player *player, const char *text);

/** How many requests were received, and how many connections were made. */
unsigned player_requests(struct player *player);
unsigned player_connections(struct player *player);

/** Waits until the @p nth request from the first on has come, and copies the last one. */
void player_await(struct player *player, unsigned nth, char buf[PLAYER_MESSAGE_MAX]);

/** Where the last request came from: "127.0.0.1:40000". */
void player_source(struct player *player, char buf[64]);

/** A response with @p status_line ("200 OK") and what RFC 3261 section 8.2.6.2 has it repeat; then @p more: whole header
 *  lines. */
size_t player_answer(const char *request, const char *status_line, const char *more, char *buf, size_t size);

/** Replaces the first @p old of a message of @p len bytes; returns the new length. */
size_t player_replace(char *message, size_t len, size_t size, const char *old, const char *new);

/** The value of a header of a request, "" = it has none. Static storage of the thread. */
const char *player_header(const char *request, const char *name);

/** The path of a file of certificates.sh, which is run once. */
const char *player_certificate(const char *file);

#endif
