/** @file scenario_text.h  What tha_config_read_scenario() makes of a text, as text, and where such texts are */
#ifndef TESTS_CONFIG_SCENARIO_TEXT_H
#define TESTS_CONFIG_SCENARIO_TEXT_H

#include "cases.h"

/** The case folders of scenarios, and the configuration that all of them speak of; @p dir is that of tests/config. New:
 *  tha_model_free(). Ends the program when they are not there. */
struct tha_model *scenario_cases_find(const char *dir, struct cases *ret_valid, struct cases *ret_invalid);

void text_add_scenario(struct text *text, const struct tha_scenario *scenario);

#endif
