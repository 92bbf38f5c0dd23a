#include "adapters/token.h"

#include <string.h>

#include "adapters/hex.h"
#include "adapters/loop.h"

#define PREFIX_LEN (sizeof(THA_BRANCH_PREFIX) - 1)

static void take(struct tha_entropy *entropy, void *number, size_t size)
{
    if (entropy->left < size) {
        tha_random(entropy->bytes, sizeof(entropy->bytes));
        entropy->left = sizeof(entropy->bytes);
    }

    entropy->left -= size;
    memcpy(number, entropy->bytes + entropy->left, size);
}

/** Below 2**31: RFC 3261 section 8.1.1.5. */
static uint32_t next_cseq(uint32_t cseq)
{
    return cseq < INT32_MAX ? cseq + 1 : 1;
}

void tha_token_draw(struct tha_token *token, struct tha_entropy *entropy)
{
    take(entropy, &token->branch, sizeof(token->branch));
    take(entropy, &token->call_id, sizeof(token->call_id));
    take(entropy, &token->from_tag, sizeof(token->from_tag));
    token->cseq = next_cseq(token->cseq);
}

void tha_token_renew(struct tha_token *token, struct tha_entropy *entropy)
{
    take(entropy, &token->branch, sizeof(token->branch));
    token->cseq = next_cseq(token->cseq);
}

uint64_t tha_entropy_draw(struct tha_entropy *entropy)
{
    uint64_t number;

    take(entropy, &number, sizeof(number));

    return number;
}

bool tha_token_read_hex64(const char *text, uint64_t *ret_number)
{
    uint32_t high, low;

    if (!tha_hex_read(text, &high) || !tha_hex_read(text + 8, &low))
        return false;
    *ret_number = (uint64_t)high << 32 | low;

    return true;
}

bool tha_token_read_branch(const char *branch, size_t len, uint32_t *ret_slot, uint64_t *ret_number)
{
    return len == THA_BRANCH_LEN && !memcmp(branch, THA_BRANCH_PREFIX, PREFIX_LEN) &&
           tha_hex_read(branch + PREFIX_LEN, ret_slot) && tha_token_read_hex64(branch + PREFIX_LEN + 8, ret_number);
}

bool tha_token_is_ours(const char *branch, size_t len)
{
    uint64_t number;
    uint32_t slot;

    return tha_token_read_branch(branch, len, &slot, &number);
}

bool tha_token_find_branch(const char *packet, size_t len, uint32_t *ret_slot, uint64_t *ret_number)
{
    const char *branch = memmem(packet, len, THA_BRANCH_PREFIX, PREFIX_LEN);

    return branch && (size_t)(packet + len - branch) >= THA_BRANCH_LEN &&
           tha_token_read_branch(branch, THA_BRANCH_LEN, ret_slot, ret_number);
}
