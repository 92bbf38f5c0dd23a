/** @file settings.h  How the calls of a profile are tried, as it lies in the table */
#ifndef THA_VIEW_SETTINGS_H
#define THA_VIEW_SETTINGS_H

#include "builder.h"

/** Writes @p settings. Returns the reference to them; see the builder's `err`. */
uint32_t tha_settings_take(struct tha_view_builder *builder, const struct tha_call_settings *settings);

/** Those of @p profile. Whatever the table says, a call that follows them makes at least one attempt, at most
 *  THA_ATTEMPTS_MAX, and is not rerouted when the callee has spoken. */
void tha_settings_load(const struct tha_half *half, const struct tha_profile_record *profile,
                       struct tha_call_settings *ret_settings);

#endif
