#include "call.h"

#define VALUE_MAX 1024 /* bytes; what is longer is not read */

static bool is_readable(const char *value)
{
    for (unsigned i = 0; value && i <= VALUE_MAX; i++)
        if (!value[i])
            return true;

    return false;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static const char *skip_blanks(const char *p)
{
    while (is_blank(*p))
        p++;

    return p;
}

/** Reads digits up to the first other byte; at most UINT32_MAX. NULL when there is none. */
static const char *read_number(const char *p, uint64_t *ret_number)
{
    uint64_t number = 0;

    if (!is_digit(*p))
        return NULL;
    for (; is_digit(*p); p++) {
        number = number * 10 + (uint64_t)(*p - '0');
        if (number > UINT32_MAX)
            number = UINT32_MAX;
    }
    *ret_number = number;

    return p;
}

/** Past the comment that begins at @p p, which may hold others; where there is none, @p p. NULL when it does not end. */
static const char *skip_comment(const char *p)
{
    unsigned depth = 0;

    if (*p != '(')
        return p;
    for (; *p; p++) {
        if (*p == '\\' && p[1])
            p++;
        else if (*p == '(')
            depth++;
        else if (*p == ')' && !--depth)
            return p + 1;
    }

    return NULL;
}

uint32_t tha_call_read_retry_after(const char *value)
{
    const char *p = is_readable(value) ? value : "";
    uint64_t seconds;

    p = read_number(skip_blanks(p), &seconds);
    if (p)
        p = skip_comment(skip_blanks(p));
    if (p)
        p = skip_blanks(p);
    if (!p || (*p && *p != ';'))
        return 0;

    return seconds <= UINT32_MAX / 1000 ? (uint32_t)seconds * 1000 : UINT32_MAX;
}

/** Past the next `,` or `;` that is not in a quoted string, or at the end. */
static const char *skip_part(const char *p)
{
    bool is_quoted = false;

    for (; *p && (is_quoted || (*p != ',' && *p != ';')); p++) {
        if (*p == '"')
            is_quoted = !is_quoted;
        else if (is_quoted && *p == '\\' && p[1])
            p++;
    }

    return p;
}

/** Past @p word, given in lower case, and the blanks around it; NULL when something else is there. */
static const char *skip_word(const char *p, const char *word)
{
    for (p = skip_blanks(p); *word; p++, word++) {
        char c = *p >= 'A' && *p <= 'Z' ? (char)(*p - 'A' + 'a') : *p;

        if (c != *word)
            return NULL;
    }

    return skip_blanks(p);
}

static bool is_part_end(char c)
{
    return !c || c == ',' || c == ';';
}

/** "cause = 34": 34; 0 when it is another parameter, or not a cause. */
static uint32_t read_cause(const char *part)
{
    const char *p = skip_word(part, "cause");
    uint64_t cause;

    if (!p || *p != '=')
        return 0;
    p = read_number(skip_blanks(p + 1), &cause);
    if (!p || !is_part_end(*skip_blanks(p)) || cause > 127)
        return 0;

    return (uint32_t)cause;
}

static bool is_q850(const char *part)
{
    const char *p = skip_word(part, "q.850");

    return p && is_part_end(*p);
}

uint32_t tha_call_read_q850(const char *value)
{
    const char *part = is_readable(value) ? value : "";
    bool is_ours = is_q850(part);

    for (const char *end = skip_part(part); *end; end = skip_part(part)) {
        uint32_t cause;

        part = end + 1;
        if (*end == ',')
            is_ours = is_q850(part);
        else if (is_ours && (cause = read_cause(part)))
            return cause;
    }

    return 0;
}
