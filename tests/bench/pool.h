/** @file pool.h  A name server for thousands of names: t7.pool.example is the eighth address of the mock carrier */
#ifndef BENCH_POOL_H
#define BENCH_POOL_H

#include <stdint.h>

#define POOL_DOMAIN "pool.example"

struct pool;

/** In a process of its own, on loopback; it ends by itself after @p seconds. NULL = that cannot be. */
struct pool *pool_start(uint32_t names, uint32_t ttl_s, uint32_t seconds);
struct pool *pool_stop(struct pool *pool);

uint16_t pool_port(const struct pool *pool);

#endif
