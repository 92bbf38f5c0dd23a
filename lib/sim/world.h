/** @file world.h  The carriers of a made-up world: what each does with what it is sent, at any moment
 *
 *  A step that speaks of a trunk, of its group or of all holds for the trunk; one that speaks of an address, for whoever is
 *  there. The later word counts. */
#ifndef THA_SIM_WORLD_H
#define THA_SIM_WORLD_H

#include "core/model.h"
#include "scenario.h"

struct tha_world;

/** What comes back from one packet, or one round trip of them. */
struct tha_echo {
    uint32_t conduct; /**< enum tha_conduct; SILENT also when it is lost on the way */
    uint32_t code;    /**< CODE */
    uint32_t retry_after_s;
    uint32_t after_ms;
};

/** Both are borrowed. Returns 0 or NOMEM. */
int tha_world_new(const struct tha_mem *mem, const struct tha_scenario *scenario, const struct tha_model *model,
                  uint64_t seed, struct tha_world **ret_world);

/** NULL is fine; returns NULL. */
struct tha_world *tha_world_free(struct tha_world *world);

/** A step of kind MANNER or HOME; others are somebody else's. */
void tha_world_take_step(struct tha_world *world, const struct tha_scenario_step *step, uint64_t now_ms);

/** Something leaves for @p trunk at @p addr. @p of: OF_PROBES or OF_CALLS. */
void tha_world_send(struct tha_world *world, uint32_t trunk, const struct tha_addr *addr, uint32_t of, uint64_t now_ms,
                    struct tha_echo *ret_echo);

/** What it does with calls now, without a packet being lost. SILENT while our own line is cut. */
uint32_t tha_world_conduct(const struct tha_world *world, uint32_t trunk, const struct tha_addr *addr, uint64_t now_ms);

bool tha_world_is_home_cut(const struct tha_world *world);

/** Does it fail, be it with probes or with calls? Lossy or slow is no failure. */
bool tha_world_is_faulty(const struct tha_world *world, uint32_t trunk, const struct tha_addr *addr, uint64_t now_ms);

/** When that may change by itself, for it flaps; THA_NEVER = it does not. */
uint64_t tha_world_next_flip(const struct tha_world *world, uint32_t trunk, const struct tha_addr *addr, uint64_t now_ms);

#endif
