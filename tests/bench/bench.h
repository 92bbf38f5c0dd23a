/** @file bench.h  What the benchmarks share: an engine against the mock carrier, clocks, and lines that compare with a goal
 *
 *  A benchmark prints lines "name: value unit (ratio R, goal G) ok|MISSED", and exits 1 when it missed a goal, 77 when it
 *  could not measure. Traffic stays on loopback, and every mock carrier has a life limit. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stdint.h>

#include <trunkha.h>

#include "mock.h"

#define BENCH_SKIPPED 77

/** Trunks of the configuration: groups of two as a registrar of carriers would have them, one address each. */
struct bench_plan {
    uint32_t trunks;
    const char *keepalive;     /* members of the top-level block, such as "\"interval\": 5" */
    const char *uri_more;      /* such as ";transport=tls"; NULL = nothing */
    const char *trunk_more;    /* more members of each trunk, with a comma before each; NULL = none */
    const char *more;          /* likewise of the whole */
    const char *domain;        /* trunk 7 is t7 there, at the mock's port; NULL = by its address */
    trunkha_event_cb event_cb; /* on the engine's thread; NULL = none */
    void *user_data;
};

/** The configuration as JSON, new. */
char *bench_config(const struct mock *mock, const struct bench_plan *plan);

/** Makes, loads and starts an engine; ends the program with a word on standard error when that fails. */
trunkha_engine *bench_engine(const struct mock *mock, const struct bench_plan *plan);

/** Loads a configuration into an engine that runs, or ends the program. */
void bench_load(trunkha_engine *engine, const struct mock *mock, const struct bench_plan *plan);

/** A mock carrier that is sure to be there. */
struct mock *bench_mock(uint32_t targets, uint32_t seconds);

trunkha_stats bench_stats(const trunkha_engine *engine);
struct mock_counts bench_counts(struct mock *mock);

/** How many targets the view shows in @p health. */
uint32_t bench_count_health(const trunkha_engine *engine, uint32_t health);

/** Waits until at least @p wanted targets are in @p health, or @p seconds have passed; false = they have. */
bool bench_wait_health(const trunkha_engine *engine, uint32_t health, uint32_t wanted, uint32_t seconds);

void bench_sleep_ms(uint32_t ms);
uint64_t bench_now_us(void); /* CLOCK_MONOTONIC */
uint64_t bench_cpu_us(void); /* user and system time of this process */

/** What this process has in memory, in KiB: its share of pages that it shares with others (PSS). */
double bench_pss_kib(void);

/** Runs @p measure in a child, so that its memory is its own from the start. */
double bench_in_child(double (*measure)(uint32_t), uint32_t argument);

/** As many descriptors as the system allows: a connection takes one. */
void bench_raise_descriptors(void);

/** Sends the mock carrier a line that it must obey. */
void bench_tell(struct mock *mock, const char *line);

/** Reports a value whose goal is a maximum. Returns 1 when it was missed, else 0. */
int bench_at_most(const char *name, double value, const char *unit, double goal);

/** Reports a value whose goal is a maximum of value / base. */
int bench_ratio(const char *name, double value, const char *unit, double base, double goal);

/** Reports a figure that has no goal. */
void bench_note(const char *name, double value, const char *unit);

/** Ends the program with a word on standard error. */
_Noreturn void bench_die(const char *what);

#endif
