/** @file call_target.h  Where a call is going: for who knows targets by their slots */
#ifndef THA_API_CALL_TARGET_H
#define THA_API_CALL_TARGET_H

#include "trunkha.h"

/** The slot of the target of its current attempt. */
uint32_t tha_call_target_slot(const trunkha_call *call);

#endif
