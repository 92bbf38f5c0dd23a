/** @file forecast.h  What a fault would cost, worked out by the judge and the schedule that would deal with it
 *
 *  No formula of its own: a fault is played to the functions of the core with the worst, and the mean, of everything that is
 *  random. Round trips are not counted, and a name is taken for one address. Where several targets wait for the budget of
 *  their address, the worst is one turn of all of them longer than the worst that was played, since not every order of theirs
 *  can be, and the mean is that of a sample. tests/sim compares with faults in the simulated world. */
#ifndef THA_CORE_FORECAST_H
#define THA_CORE_FORECAST_H

#include "core/model.h"
#include "trunkha.h"

struct tha_forecast;

/** Looks through @p model, which must live as long. Returns 0 or TRUNKHA_ERR_NOMEM. */
int tha_forecast_new(const struct tha_mem *mem, const struct tha_model *model, struct tha_forecast **ret_forecast);

/** NULL is fine; returns NULL. */
struct tha_forecast *tha_forecast_free(struct tha_forecast *forecast);

/** @p profile: index in the model. `size` is filled in too. Cannot fail; keeps what the next profile may need as well. */
void tha_forecast_profile(struct tha_forecast *forecast, uint32_t profile, trunkha_forecast *ret_forecast);

/** The next peer that is probed at or after *inout_place, which is moved behind it; false when there are no more. `size` is
 *  filled in too. */
bool tha_forecast_next_peer(const struct tha_forecast *forecast, uint32_t *inout_place, trunkha_forecast_peer *ret_peer);

#endif
