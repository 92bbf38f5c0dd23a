#include "stamps.h"

#include <stdlib.h>

void stamps_add(struct stamps *stamps, int64_t ns)
{
    if (stamps->count == stamps->capacity) {
        size_t capacity = stamps->capacity ? 2 * stamps->capacity : 65536;
        int64_t *grown = capacity <= STAMPS_MAX ? realloc(stamps->ns, capacity * sizeof(*grown)) : NULL;

        if (!grown) {
            stamps->left_out++;
            return;
        }
        stamps->ns = grown;
        stamps->capacity = capacity;
    }

    stamps->ns[stamps->count++] = ns;
}

void stamps_reset(struct stamps *stamps)
{
    stamps->count = 0;
    stamps->left_out = 0;
}

void stamps_done(struct stamps *stamps)
{
    free(stamps->ns);
    *stamps = (struct stamps){0};
}

static int by_time(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static int by_size(const void *a, const void *b)
{
    size_t x = *(const size_t *)a;
    size_t y = *(const size_t *)b;

    return (x > y) - (x < y);
}

static size_t most_in_any_window(const struct stamps *stamps, int64_t window_ns)
{
    size_t most = 0;
    size_t first = 0;

    for (size_t last = 0; last < stamps->count; last++) {
        while (stamps->ns[last] - stamps->ns[first] >= window_ns)
            first++;
        if (last - first + 1 > most)
            most = last - first + 1;
    }

    return most;
}

static size_t median_window(const struct stamps *stamps, int64_t window_ns)
{
    int64_t span = stamps->ns[stamps->count - 1] - stamps->ns[0];
    size_t n = (size_t)(span / window_ns) + 1;
    size_t *windows = calloc(n, sizeof(*windows));
    size_t median;

    if (!windows)
        return 0;

    for (size_t i = 0; i < stamps->count; i++)
        windows[(stamps->ns[i] - stamps->ns[0]) / window_ns]++;
    qsort(windows, n, sizeof(*windows), by_size);
    median = windows[n / 2];
    free(windows);

    return median;
}

struct density stamps_density(struct stamps *stamps, int64_t window_ns)
{
    if (!stamps->count)
        return (struct density){0};

    /* Stamps of several sockets are read socket by socket. */
    qsort(stamps->ns, stamps->count, sizeof(*stamps->ns), by_time);

    return (struct density){.most = most_in_any_window(stamps, window_ns), .median = median_window(stamps, window_ns)};
}
