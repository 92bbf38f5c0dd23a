/** @file refuse.h  Says why a one-shot call cannot be done */
#ifndef THA_API_REFUSE_H
#define THA_API_REFUSE_H

#include "trunkha.h"

/** Puts @p message into @p reterr_diag, NULL is fine. Returns @p err. */
int tha_refuse(int err, const char *message, trunkha_diag *reterr_diag);

/** The same of an address: "..." and @p fault. Returns INVALID. */
int tha_refuse_address(const char *address, const char *fault, trunkha_diag *reterr_diag);

/** Keeps the first error of all findings: `file` must be there before. */
void tha_refuse_for(const trunkha_finding *finding, trunkha_diag *diag);

#endif
