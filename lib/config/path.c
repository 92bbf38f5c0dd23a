#include "path.h"

#include <stdio.h>

#include "base/text.h"

/** RFC 6901 section 3: "~" is written "~0", and "/" "~1". */
static size_t append_key(char *buf, size_t size, size_t len, const char *key)
{
    for (; *key; key++) {
        if (len + 2 >= size)
            return size;
        if (*key == '~' || *key == '/') {
            buf[len++] = '~';
            buf[len++] = *key == '~' ? '0' : '1';
        } else {
            buf[len++] = *key;
        }
    }

    return len;
}

size_t tha_config_append_step(char *buf, size_t size, size_t len, const char *key, size_t index)
{
    char number[24];
    size_t end = len;

    if (!key) {
        snprintf(number, sizeof(number), "%zu", index);
        key = number;
    }

    if (end + 1 < size)
        buf[end++] = '/';
    end = append_key(buf, size, end, key);
    if (end >= size)
        end = len;
    buf[end] = '\0';

    return end;
}

static size_t append_path(const struct tha_config_path *path, char *buf, size_t size)
{
    size_t len = path->parent ? append_path(path->parent, buf, size) : 0;

    return tha_config_append_step(buf, size, len, path->key, path->index);
}

char *tha_config_print_path(const struct tha_config_path *path, char *buf, size_t size)
{
    buf[0] = '\0';
    if (path)
        append_path(path, buf, size);

    return buf;
}

char *tha_config_quote(const char *text, char *buf, size_t size)
{
    tha_text_copy(buf, size, text);
    for (char *c = buf; *c; c++) {
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = '?';
    }

    return buf;
}

char *tha_config_print_label(const struct tha_config_path *path, char *buf, size_t size)
{
    const struct tha_config_path *list = path;
    char key[64];

    while (list && !list->key)
        list = list->parent;

    if (!list)
        tha_text_copy(buf, size, "the document");
    else
        tha_text_print(buf, size, list == path ? "\"%s\"" : "an entry of \"%s\"",
                       tha_config_quote(list->key, key, sizeof(key)));

    return buf;
}
