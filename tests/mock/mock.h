/** @file mock.h  Starting the mock carrier from a C test or benchmark, and talking to it */
#ifndef MOCK_MOCK_H
#define MOCK_MOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mock;

struct mock_counts {
    uint64_t received; /* datagrams, retransmissions included */
    uint64_t probes;
    uint64_t answered;
    uint64_t dropped; /* by the kernel, for want of receive buffer */
};

struct mock_density {
    uint64_t most;   /* probes in any window */
    uint64_t median; /* of windows laid end to end */
    uint64_t probes;
};

/** Starts a carrier with @p n targets 127.1.0.1 onwards on one free port; it ends by itself after @p seconds.
 *  NULL when it does not come up. */
struct mock *mock_start(uint32_t n, uint32_t seconds);

/** As mock_start(), with targets 127.0.0.1:port onwards. */
struct mock *mock_start_ports(uint32_t n, uint32_t seconds);

/** As mock_start(), over TCP or TLS: the program of mock_streams.c. */
struct mock *mock_start_streams(bool is_tls, uint32_t n, uint32_t seconds);

/** Ends it and waits for its end. NULL is fine; returns NULL. */
struct mock *mock_stop(struct mock *mock);

uint16_t mock_port(const struct mock *mock);

/** Process id, to read its CPU time or to stop it for a while. */
int mock_pid(const struct mock *mock);

/** Writes the target's address, "127.1.0.1:5060", as a trunk's `sipAddress` has it. */
void mock_address(const struct mock *mock, uint32_t target, char *buf, size_t size);

/** Sends a line that is answered "ok", such as "set all mode=silent". Returns 0 or -1. */
int mock_tell(struct mock *mock, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** The questions of command.c. @p range: "all", "7", "0-99". Each returns 0 or -1. */
int mock_count(struct mock *mock, const char *range, struct mock_counts *ret_counts);
int mock_density(struct mock *mock, uint32_t window_ms, struct mock_density *ret_density);
int mock_died(struct mock *mock, uint32_t target, int64_t *ret_unix_ns);
int mock_longest_gap(struct mock *mock, uint32_t *ret_us);
int mock_request(struct mock *mock, char *buf, size_t size, size_t *ret_len);

/** Resets the connections of @p which target, "7", or "all", of mock_start_streams(); @p ret_monotonic_ns: just before.
 *  Returns how many there were, or -1. */
int mock_break(struct mock *mock, const char *which, int64_t *ret_monotonic_ns);

#endif
