#include "answer.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

bool answer_is_wanted(const char *request, size_t len)
{
    return len > 4 && memcmp(request, "SIP/", 4) && memcmp(request, "ACK ", 4) && memmem(request, len, "\r\n\r\n", 4);
}

uint32_t answer_branch(const char *request, size_t len)
{
    const char *end = request + len;
    const char *at = memmem(request, len, ";branch=", 8);
    uint32_t hash = 2166136261U; /* FNV-1a */

    if (!at)
        return 0;

    for (at += 8; at < end && !strchr(";,\r", *at); at++)
        hash = (hash ^ (unsigned char)*at) * 16777619U;

    return hash ? hash : 1;
}

static const char *phrase_of(unsigned code)
{
    switch (code) {
    case 100:
        return "Trying";
    case 200:
        return "OK";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 503:
        return "Service Unavailable";
    default:
        return "Answer";
    }
}

struct line {
    const char *text;
    size_t len; /* with CR LF */
};

/* The line at *at, empty ones included; text is NULL at the end. */
static struct line next_line(const char **at, const char *end)
{
    struct line line = {.text = *at};
    const char *feed = *at < end ? memchr(*at, '\n', (size_t)(end - *at)) : NULL;

    if (!feed)
        return (struct line){0};

    line.len = (size_t)(feed + 1 - *at);
    *at = feed + 1;

    return line;
}

static bool has_name(struct line line, const char *name)
{
    size_t len = strlen(name);

    return line.len > len && line.text[len] == ':' && !strncasecmp(line.text, name, len);
}

static bool is_to(struct line line)
{
    return has_name(line, "To") || has_name(line, "t");
}

/* RFC 3261 section 8.2.6.2: what a response repeats */
static bool is_echoed(struct line line)
{
    static const char *const names[] = {"Via", "v", "From", "f", "To", "t", "Call-ID", "i", "CSeq"};

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (has_name(line, names[i]))
            return true;
    }

    return false;
}

struct out {
    char *buf;
    size_t size, len;
    bool is_full;
};

static void put(struct out *out, const char *text, size_t len)
{
    if (out->is_full || out->size - out->len < len) {
        out->is_full = true;
        return;
    }

    memcpy(out->buf + out->len, text, len);
    out->len += len;
}

static void put_text(struct out *out, const char *text)
{
    put(out, text, strlen(text));
}

static void put_echo(struct out *out, struct line line)
{
    if (!is_to(line) || memmem(line.text, line.len, ";tag=", 5)) {
        put(out, line.text, line.len);
        return;
    }

    put(out, line.text, line.len - 2);
    put_text(out, ";tag=mock\r\n");
}

static void put_number(struct out *out, const char *before, unsigned number, const char *after)
{
    char digits[16];

    put_text(out, before);
    snprintf(digits, sizeof(digits), "%u", number);
    put_text(out, digits);
    put_text(out, after);
}

size_t answer_write(const char *request, size_t len, unsigned code, unsigned retry_after, char *buf, size_t size)
{
    struct out out = {.buf = buf, .size = size};
    const char *at = request;
    const char *end = request + len;
    struct line line;

    put_number(&out, "SIP/2.0 ", code, " ");
    put_text(&out, phrase_of(code));
    put_text(&out, "\r\n");

    next_line(&at, end);
    while ((line = next_line(&at, end)).len > 2) {
        if (is_echoed(line))
            put_echo(&out, line);
    }

    if (retry_after)
        put_number(&out, "Retry-After: ", retry_after, "\r\n");
    put_text(&out, "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\nContent-Length: 0\r\n\r\n");

    return out.is_full ? 0 : out.len;
}
