#include "codes.h"

#include <string.h>
#include <strings.h>

bool tha_config_add_code(struct tha_config_codes *codes, long long code)
{
    if (code < 100 || code > 699)
        return false;

    tha_codes_put(&codes->exact, (unsigned)code, true);

    return true;
}

bool tha_config_add_code_text(struct tha_config_codes *codes, const char *text)
{
    static const char digits[] = "0123456789";

    if (strlen(text) != 3)
        return false;
    if (strspn(text, digits) == 3)
        return tha_config_add_code(codes, (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0'));
    if (text[0] < '1' || text[0] > '6' || strcasecmp(text + 1, "xx"))
        return false;

    codes->classes = (uint8_t)(codes->classes | 1U << (text[0] - '0'));

    return true;
}

/** 2 = named itself, 1 = by its class, 0 = not in the list. */
static int rank(const struct tha_config_codes *codes, unsigned code)
{
    if (tha_codes_has(&codes->exact, code))
        return 2;

    return codes->classes >> code / 100 & 1;
}

void tha_config_combine_codes(const struct tha_config_codes *failure, const struct tha_config_codes *accepted,
                              struct tha_codes *ret_failing)
{
    for (unsigned code = 100; code <= 699; code++)
        tha_codes_put(ret_failing, code, rank(failure, code) > rank(accepted, code));
}
