/** @file outlet.h  Lines to a descriptor that may be slow, full or closed, without ever waiting for it */
#ifndef TRUNKHA_OUTLET_H
#define TRUNKHA_OUTLET_H

#include <stdbool.h>
#include <stddef.h>

struct outlet {
    int fd;
    char *data;
    size_t len, room;
    bool is_closed;  /**< nobody reads any more */
    bool is_failing; /**< the last writing failed, and it has been said */
    bool is_cut;     /**< the last line came out in part */
};

void outlet_init(struct outlet *outlet, int fd);
void outlet_done(struct outlet *outlet);

/** Keeps @p line and a line feed to be written later. */
void outlet_add(struct outlet *outlet, const char *line);

/** True while more lines may come; else whoever makes them should wait. */
bool outlet_has_room(const struct outlet *outlet);

/** Writes what the descriptor takes at once. Call it when the descriptor polls writable. */
void outlet_write(struct outlet *outlet);

/** Writes what is left, for @p timeout_ms at the most. */
void outlet_finish(struct outlet *outlet, int timeout_ms);

#endif
