/* malloc and friends by glibc's own names below them: jansson, libre and the library all get theirs here. */
#include "failing_malloc.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t count, size_t size);
extern void *__libc_realloc(void *ptr, size_t size);
extern void __libc_free(void *ptr);

static atomic_ulong left;
static atomic_bool has_failed;
static atomic_long blocks;

void failing_malloc_arm(unsigned long nth)
{
    atomic_store(&has_failed, false);
    atomic_store(&left, nth);
}

bool failing_malloc_has_failed(void)
{
    return atomic_load(&has_failed);
}

long failing_malloc_count(void)
{
    return atomic_load(&blocks);
}

static bool must_fail(void)
{
    unsigned long now = atomic_load(&left);

    while (now && !atomic_compare_exchange_weak(&left, &now, now - 1))
        ;
    if (now != 1)
        return false;
    atomic_store(&has_failed, true);
    errno = ENOMEM;

    return true;
}

static void *counted(void *ptr)
{
    if (ptr)
        atomic_fetch_add(&blocks, 1);

    return ptr;
}

void *malloc(size_t size)
{
    return must_fail() ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t count, size_t size)
{
    return must_fail() ? NULL : counted(__libc_calloc(count, size));
}

void *realloc(void *ptr, size_t size)
{
    if (!ptr)
        return malloc(size);
    if (!size) {
        free(ptr);
        return NULL;
    }

    return must_fail() ? NULL : __libc_realloc(ptr, size);
}

void free(void *ptr)
{
    if (ptr)
        atomic_fetch_sub(&blocks, 1);
    __libc_free(ptr);
}

static void *spared_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;

    return __libc_malloc(size);
}

static void *spared_realloc(void *ptr, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;

    return __libc_realloc(ptr, size);
}

static void spared_free(void *ptr, const char *file, int line)
{
    (void)file;
    (void)line;
    __libc_free(ptr);
}

void failing_malloc_spare_openssl(void)
{
    CRYPTO_set_mem_functions(spared_malloc, spared_realloc, spared_free);
}
