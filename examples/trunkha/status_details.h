/** @file status_details.h  What `trunkha status` tells beyond the states: names, pairs, abilities */
#ifndef TRUNKHA_STATUS_DETAILS_H
#define TRUNKHA_STATUS_DETAILS_H

#include <stdbool.h>

#include <trunkha.h>

/** A line for each trunk whose name or other half is in trouble; nothing when all is well. */
void status_print_trouble(const trunkha_view *view);

/** Direction, other half and name of each trunk, and what each target can do; false when memory ran out. */
bool status_print_details(const trunkha_view *view);

#endif
