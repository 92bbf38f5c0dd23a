/** @file stamps.h  When probes arrived, and how closely packed they were */
#ifndef MOCK_STAMPS_H
#define MOCK_STAMPS_H

#include <stddef.h>
#include <stdint.h>

/** Stamps kept at the most; later ones are counted and left out. */
#define STAMPS_MAX (4U << 20)

struct stamps {
    int64_t *ns;
    size_t count, capacity;
    uint64_t left_out;
};

struct density {
    size_t most;   /* in any window, wherever it begins */
    size_t median; /* of the windows laid end to end from the first stamp */
};

void stamps_add(struct stamps *stamps, int64_t ns);

/** Forgets all of them. */
void stamps_reset(struct stamps *stamps);

void stamps_done(struct stamps *stamps);

/** Sorts the stamps and measures them with a window of @p window_ns. */
struct density stamps_density(struct stamps *stamps, int64_t window_ns);

#endif
