#include "dump.h"

#include <stdlib.h>
#include <string.h>

#define FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(6))

json_t *tha_events_append(json_t *array, json_t *row)
{
    if (!json_array_append_new(array, row))
        return array;

    json_decref(array);

    return NULL;
}

json_t *tha_events_words(const char *text, const char *separators)
{
    json_t *array = json_array();

    while (*(text += strspn(text, separators))) {
        size_t len = strcspn(text, separators);

        array = tha_events_append(array, json_stringn(text, len));
        text += len;
    }

    return array;
}

char *tha_events_dump(json_t *object)
{
    size_t len = object ? json_dumpb(object, NULL, 0, FLAGS) : 0;
    char *text = len ? malloc(len + 1) : NULL;

    if (text && json_dumpb(object, text, len, FLAGS) != len) {
        free(text);
        text = NULL;
    }
    if (text)
        text[len] = '\0';
    json_decref(object);

    return text;
}
