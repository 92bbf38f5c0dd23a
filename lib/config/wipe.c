#include "wipe.h"

#include <string.h>

/** As deep as jansson nests: JSON_PARSER_MAX_DEPTH. */
static void wipe(json_t *value)
{
    const char *key;
    json_t *member;
    size_t i;

    if (json_is_string(value))
        explicit_bzero((char *)json_string_value(value), json_string_length(value)); /* ours alone: nobody else has it */

    json_array_foreach(value, i, member) wipe(member);
    json_object_foreach(value, key, member) wipe(member);
}

void tha_config_wipe(json_t *root)
{
    wipe(root);
    json_decref(root);
}
