/* Addresses where names are in use. */
#include "lint.h"

/** Ours or a neighbour's, which has no name that anybody could ask for: RFC 1918, RFC 6598, loopback, link-local, ULA. */
static bool is_private(const struct tha_addr *addr)
{
    const uint8_t *ip = addr->ip;

    if (tha_addr_is_loopback(addr))
        return true;
    if (addr->family == 6)
        return (ip[0] & 0xfe) == 0xfc || (ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80);

    return ip[0] == 10 || (ip[0] == 172 && (ip[1] & 0xf0) == 16) || (ip[0] == 192 && ip[1] == 168) ||
           (ip[0] == 169 && ip[1] == 254) || (ip[0] == 100 && (ip[1] & 0xc0) == 64);
}

static uint32_t find_named(const struct tha_model *model)
{
    for (uint32_t t = 0; t < model->n_trunks; t++) {
        if (model->trunks[t].dns_name && tha_trunk_takes_calls(&model->trunks[t]))
            return t;
    }

    return THA_NONE;
}

static void say_raw(struct tha_lint *lint, uint32_t trunk, uint32_t named)
{
    char name[THA_LINT_LABEL_SIZE], other[THA_LINT_LABEL_SIZE];
    struct tha_lint_place place;

    tha_config_add_finding(lint->report, THA_CODE_RAW_ADDRESS, tha_lint_trunk(lint, trunk, "sipAddress", &place), NULL,
                           "%s has an IP address, while others have names, such as %s",
                           tha_lint_name_trunk(lint, trunk, name), tha_lint_name_other(lint, named, other));
}

void tha_lint_addresses(struct tha_lint *lint)
{
    uint32_t named = find_named(lint->model);

    for (uint32_t t = 0; named != THA_NONE && t < lint->model->n_trunks; t++) {
        const struct tha_trunk_model *trunk = &lint->model->trunks[t];

        if (!trunk->dns_name && tha_trunk_takes_calls(trunk) && !is_private(&trunk->addr))
            say_raw(lint, t, named);
    }
}
