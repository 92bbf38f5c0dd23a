/** @file token.h  The numbers that make one probe unlike every other, and how they stand in its headers */
#ifndef THA_ADAPTERS_TOKEN_H
#define THA_ADAPTERS_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Begins every branch of ours: RFC 3261's magic cookie (section 8.1.1.7) and a hyphen. Then follow the slot in 8 hex digits
 *  and the branch number in 16. */
#define THA_BRANCH_PREFIX "z9hG4bK-"
#define THA_BRANCH_LEN    (sizeof(THA_BRANCH_PREFIX) - 1 + 8 + 16)

struct tha_token {
    uint64_t branch;
    uint64_t call_id;
    uint32_t from_tag;
    uint32_t cseq;
};

/** Random bytes, fetched from the kernel many at a time. */
struct tha_entropy {
    size_t left;
    unsigned char bytes[4096];
};

/** Gives @p token new numbers and the next CSeq. */
void tha_token_draw(struct tha_token *token, struct tha_entropy *entropy);

/** For the same request once more, with credentials (RFC 3261 section 22.2): another branch, the next CSeq. */
void tha_token_renew(struct tha_token *token, struct tha_entropy *entropy);

/** A random number for other purposes. */
uint64_t tha_entropy_draw(struct tha_entropy *entropy);

/** Reads 16 lower-case hex digits, as we write them. */
bool tha_token_read_hex64(const char *text, uint64_t *ret_number);

/** Reads the slot and the branch number from a branch of ours. */
bool tha_token_read_branch(const char *branch, size_t len, uint32_t *ret_slot, uint64_t *ret_number);

/** Has it the form of ours, whatever its numbers? */
bool tha_token_is_ours(const char *branch, size_t len);

/** Finds a branch of ours anywhere in @p packet, such as a request that comes back in an ICMP error. */
bool tha_token_find_branch(const char *packet, size_t len, uint32_t *ret_slot, uint64_t *ret_number);

#endif
