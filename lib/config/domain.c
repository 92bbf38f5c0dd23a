#include "domain.h"

#include <string.h>

#ifdef THA_HAS_PSL

#include <libpsl.h>

const char *tha_config_get_registered_domain(const char *host)
{
    return psl_registrable_domain(psl_builtin(), host);
}

#else

#include <stdbool.h>

#include "base/text.h"

#define COUNTRY_LEN 2 /* ISO 3166 */

/** Where the label before @p end begins. */
static const char *label_before(const char *host, const char *end)
{
    while (end > host && end[-1] != '.')
        end--;

    return end;
}

/** What stands below countries that sell third-level names. */
static bool is_second_level(const char *label, size_t len)
{
    static const char *const words[] = {"ac", "co", "com", "edu", "go", "gov", "ne", "net", "or", "org"};

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (tha_text_is_word(words[i], label, len))
            return true;
    }

    return false;
}

/** Without a list of public suffixes: the last two labels, or three where the last two look like co.uk. */
const char *tha_config_get_registered_domain(const char *host)
{
    const char *end = host + strlen(host), *top = label_before(host, end), *second, *third;

    if (top == host)
        return NULL;
    second = label_before(host, top - 1);
    if (end - top != COUNTRY_LEN || !is_second_level(second, (size_t)(top - 1 - second)))
        return second;
    if (second == host)
        return NULL;
    third = label_before(host, second - 1);

    return third;
}

#endif
