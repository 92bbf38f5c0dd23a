/** @file check.h  What a text may look like, by what it is used for
 *
 *  A check returns NULL, or what to say behind the key: "must ...". */
#ifndef THA_CONFIG_CHECK_H
#define THA_CONFIG_CHECK_H

#include "finding.h"

typedef const char *(*tha_config_check)(const char *text, enum tha_config_code *ret_code);

/** An id or a name: a label that is not empty. */
const char *tha_config_check_id(const char *text, enum tha_config_code *ret_code);

/** A text for people. */
const char *tha_config_check_label(const char *text, enum tha_config_code *ret_code);

/** RFC 3261 section 25.1, token. */
const char *tha_config_check_token(const char *text, enum tha_config_code *ret_code);

/** A SIP URI as it is written into From, Contact or the request line. */
const char *tha_config_check_uri(const char *text, enum tha_config_code *ret_code);

/** A header that a probe may carry besides its own. */
const char *tha_config_check_header_name(const char *text, enum tha_config_code *ret_code);
const char *tha_config_check_header_value(const char *text, enum tha_config_code *ret_code);

bool tha_config_is_utf8(const char *text);

#endif
