/** @file probe_print.h  What `trunkha probe` has found, for people and as JSON */
#ifndef TRUNKHA_PROBE_PRINT_H
#define TRUNKHA_PROBE_PRINT_H

#include <stddef.h>
#include <stdint.h>

#include <trunkha.h>

#define PROBE_ADDRESSES_MAX 64 /* as many as the library names */

/** Where a URI leads, in the order in which it is to be tried. */
struct probe_way {
    trunkha_address addresses[PROBE_ADDRESSES_MAX];
    size_t count;
    uint32_t dns; /**< enum trunkha_dns */
};

/** What has come of the probes of one address. */
struct probe_tally {
    uint64_t sent, answered;
    uint64_t rtt_min_us, rtt_max_us, rtt_sum_us;
    trunkha_probe_result last; /**< the last answered one; the last one while there is none */
};

/** Counts the outcome of one more probe. */
void probe_count(struct probe_tally *tally, const trunkha_probe_result *result);

/** Prints the addresses of a name with their TTLs; nothing for what is an address itself. */
void probe_print_way(const char *uri, const struct probe_way *way);

/** One line for one probe. */
void probe_print_line(const trunkha_probe_result *result);

/** The figures of all probes of an address and what its last answer says. @p head: the URI, or the address. */
void probe_print_summary(const char *head, const struct probe_tally *tally);

/** One JSON object on a line. */
void probe_print_json(const trunkha_probe_result *result, const struct probe_way *way);

#endif
