#include "adapters/printable.h"

#include <stdbool.h>
#include <string.h>

#include "base/text.h"

char *tha_printable(char *text)
{
    bool is_utf8 = tha_text_is_utf8(text);

    for (unsigned char *c = (unsigned char *)text; *c; c++) {
        bool is_high_control = c[0] == 0xc2 && c[1] < 0xa0; /* U+0080 to U+009F */

        if (*c < ' ' || *c == 0x7f || (*c >= 0x80 && !is_utf8))
            *c = '?';
        else if (is_utf8 && is_high_control)
            c[0] = c[1] = '?';
    }

    return text;
}

char *tha_printable_copy(char *buf, size_t size, const void *data, size_t len)
{
    char *zero;

    if (len >= size)
        len = size - 1;
    memcpy(buf, data, len);
    buf[len] = '\0';
    while ((zero = memchr(buf, '\0', len)))
        *zero = '?';

    return tha_printable(buf);
}
