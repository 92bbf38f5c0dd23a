/** @file tally.h  What became of it all: counts of calls, and what each trunk went through, over time
 *
 *  Times are milliseconds since the start. */
#ifndef THA_SIM_TALLY_H
#define THA_SIM_TALLY_H

#include <stdbool.h>

#include "base/mem.h"
#include "core/model.h"
#include "trunkha.h"

struct tha_tally;

/** @p n_samples: equal pieces of @p duration_ms. Returns 0 or NOMEM. */
int tha_tally_new(const struct tha_mem *mem, uint32_t n_trunks, uint64_t duration_ms, uint32_t n_samples,
                  struct tha_tally **ret_tally);

/** NULL is fine; returns NULL. */
struct tha_tally *tha_tally_free(struct tha_tally *tally);

/** The counts of calls: for whoever knows them to add to. */
trunkha_simulation_summary *tha_tally_summary(struct tha_tally *tally);

/** The scenario has @p trunk fail from now on, or not any more. */
void tha_tally_note_fault(struct tha_tally *tally, uint32_t trunk, bool is_faulty, uint64_t at_ms);

/** How long after the end of a fault a fall is still its doing: what had been sent has to time out first. */
void tha_tally_set_patience(struct tha_tally *tally, uint32_t trunk, uint32_t patience_ms);

/** It is shown so from now on. @p is_admin: for the operator has disabled it, which is no fall. */
void tha_tally_note_health(struct tha_tally *tally, uint32_t trunk, uint32_t health, bool is_admin, uint64_t at_ms);

void tha_tally_note_probe(struct tha_tally *tally, uint32_t trunk);

/** An attempt begins now. */
void tha_tally_note_attempt(struct tha_tally *tally, uint32_t trunk, uint64_t at_ms);

/** What became of the attempt of @p begun_ms: answered, or failed by the carrier's fault. */
void tha_tally_note_outcome(struct tha_tally *tally, uint32_t trunk, uint64_t begun_ms, bool is_answered);

/** A call that began its first attempt there at @p begun_ms was answered elsewhere, and had to wait @p delay_ms more. */
void tha_tally_note_delay(struct tha_tally *tally, uint32_t first_trunk, uint64_t begun_ms, uint32_t delay_ms);

/** A call is lost; its last attempt was there, THA_NONE = it found no trunk. */
void tha_tally_note_loss(struct tha_tally *tally, uint32_t last_trunk);

/** A call that was answered there has ended by the carrier's fault. */
void tha_tally_note_cut(struct tha_tally *tally, uint32_t trunk);

/** As it stands at @p now_ms; the id is the caller's to fill in. */
void tha_tally_get_trunk(const struct tha_tally *tally, uint32_t trunk, uint64_t now_ms,
                         trunkha_simulation_trunk *ret_trunk);

/** False when there is no such sample. */
bool tha_tally_get_sample(const struct tha_tally *tally, uint32_t trunk, uint32_t sample, uint64_t now_ms,
                          trunkha_simulation_sample *ret_sample);

#endif
