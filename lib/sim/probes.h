/** @file probes.h  Probes under way in a made-up world: one for each slot, as the prober has them */
#ifndef THA_SIM_PROBES_H
#define THA_SIM_PROBES_H

#include "agenda.h"
#include "core/evidence.h"
#include "world.h"

struct tha_probes;

/** Both are borrowed. Returns 0 or NOMEM. */
int tha_probes_new(const struct tha_mem *mem, struct tha_world *world, struct tha_agenda *agenda,
                   struct tha_probes **ret_probes);

/** NULL is fine; returns NULL. */
struct tha_probes *tha_probes_free(struct tha_probes *probes);

/** Makes room for slots below @p n_slots. Returns 0 or NOMEM. */
int tha_probes_reserve(struct tha_probes *probes, uint32_t n_slots);

struct tha_probes_target {
    struct tha_addr addr;
    uint32_t trunk;
    uint32_t timeout_ms;
};

/** Who is in a slot from now on; NULL = nobody. A probe that was under way to another one is of no interest any more. */
void tha_probes_set_target(struct tha_probes *probes, uint32_t slot, const struct tha_probes_target *target);

void tha_probes_send(struct tha_probes *probes, uint32_t slot, uint64_t now_ms);
void tha_probes_cancel(struct tha_probes *probes, uint32_t slot);

/** Something happens to the probe that is @p due. True when it has come to its end. */
bool tha_probes_take(struct tha_probes *probes, struct tha_due *due, uint64_t now_ms, uint32_t *ret_slot,
                     struct tha_evidence *ret_evidence);

#endif
