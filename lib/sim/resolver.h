/** @file resolver.h  The DNS of a made-up world
 *
 *  Every name of a configuration comes to one address of its own from 198.18.0.0/15 (RFC 2544: for tests, nobody's), with a
 *  TTL of a minute, until a step says where else it leads. There are no NAPTR records, and SRV records only where a step
 *  gives ports. */
#ifndef THA_SIM_RESOLVER_H
#define THA_SIM_RESOLVER_H

#include "agenda.h"
#include "core/dns.h"
#include "core/model.h"
#include "scenario.h"

struct tha_resolver;

/** All but the arguments' contents is copied; @p model and @p agenda are borrowed. Returns 0 or NOMEM. */
int tha_resolver_new(const struct tha_mem *mem, const struct tha_model *model, struct tha_agenda *agenda,
                     struct tha_resolver **ret_resolver);

/** NULL is fine; returns NULL. */
struct tha_resolver *tha_resolver_free(struct tha_resolver *resolver);

/** A step of kind ADDRESS, DNS or HOME (nobody answers then); others are somebody else's. The step is borrowed. */
void tha_resolver_take_step(struct tha_resolver *resolver, const struct tha_scenario_step *step);

/** A question leaves: its answer is due (THA_DUE_ANSWER) in its time. */
void tha_resolver_ask(struct tha_resolver *resolver, uint64_t id, const struct tha_dns_question *question, uint64_t now_ms);

/** The answer that is @p due, which is not from now on. @p ret_answer: borrowed until the next one. Returns the id. */
uint64_t tha_resolver_answer(struct tha_resolver *resolver, struct tha_due *due, struct tha_dns_answer *ret_answer);

/** Would a question for @p name lead to an address now? */
bool tha_resolver_leads_somewhere(const struct tha_resolver *resolver, const struct tha_name *name);

#endif
