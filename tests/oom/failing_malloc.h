/** @file failing_malloc.h  The process's allocator, which can be told to fail once */
#ifndef TESTS_FAILING_MALLOC_H
#define TESTS_FAILING_MALLOC_H

#include <stdbool.h>

/** The @p nth allocation from now on fails, whoever makes it; 0 = none. */
void failing_malloc_arm(unsigned long nth);

/** Was there an nth allocation? */
bool failing_malloc_has_failed(void);

/** Blocks handed out and not given back. */
long failing_malloc_count(void);

/** OpenSSL's own allocations neither fail nor count. To be called before it makes any. */
void failing_malloc_spare_openssl(void);

#endif
