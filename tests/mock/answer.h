/** @file answer.h  SIP as far as a mock carrier needs it: a response to the request at hand */
#ifndef MOCK_ANSWER_H
#define MOCK_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Is it a request that wants an answer? ACK does not. */
bool answer_is_wanted(const char *request, size_t len);

/** Hash of the topmost Via's branch; 0 = it has none. */
uint32_t answer_branch(const char *request, size_t len);

/** Writes the response with @p code; @p retry_after in seconds, 0 = no such header. Returns its length, 0 = no room. */
size_t answer_write(const char *request, size_t len, unsigned code, unsigned retry_after, char *buf, size_t size);

#endif
