#include "demo_sip.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define HEADERS_MAX 64
#define METHODS     "OPTIONS"

/** Text in memory, without a zero at its end. */
struct span {
    const char *text;
    size_t len;
};

struct answer {
    char *text;
    size_t len, size;
    bool is_full;
};

__attribute__((format(printf, 2, 3))) static void print(struct answer *answer, const char *format, ...)
{
    size_t room = answer->size - answer->len;
    va_list ap;
    int n;

    va_start(ap, format);
    n = vsnprintf(answer->text + answer->len, room, format, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= room)
        answer->is_full = true;
    else
        answer->len += (size_t)n;
}

/** Cuts the first line off @p rest, with the lines that continue it (RFC 3261 section 7.3.1); false when there is none. */
static bool next_line(struct span *rest, struct span *ret_line)
{
    const char *end = rest->text, *last = rest->text + rest->len;

    do {
        end = memchr(end, '\n', (size_t)(last - end));
        if (!end)
            return false;
        end++;
    } while (end < last && (*end == ' ' || *end == '\t'));

    ret_line->text = rest->text;
    ret_line->len = (size_t)(end - rest->text) - 1;
    if (ret_line->len && ret_line->text[ret_line->len - 1] == '\r')
        ret_line->len--;
    rest->text = end;
    rest->len = (size_t)(last - end);

    return true;
}

static bool is_header(const struct span *line, const char *name, const char *compact)
{
    const char *colon = memchr(line->text, ':', line->len);
    size_t len = colon ? (size_t)(colon - line->text) : 0;

    while (len && (line->text[len - 1] == ' ' || line->text[len - 1] == '\t'))
        len--;

    return len && ((len == strlen(name) && !strncasecmp(line->text, name, len)) ||
                   (len == strlen(compact) && !strncasecmp(line->text, compact, len)));
}

static bool has_parameter(const struct span *line, const char *parameter)
{
    return memmem(line->text, line->len, parameter, strlen(parameter)) != NULL;
}

static void copy(struct answer *answer, const struct span *line)
{
    print(answer, "%.*s", (int)line->len, line->text);
}

/** The topmost Via tells where the request came from; an empty rport asks for the port, too. */
static void copy_via(struct answer *answer, const struct span *line, const struct sockaddr_in *from)
{
    const char *rport = memmem(line->text, line->len, ";rport", 6);
    size_t head = rport ? (size_t)(rport - line->text) + 6 : line->len;
    char ip[INET_ADDRSTRLEN] = "";

    inet_ntop(AF_INET, &from->sin_addr, ip, sizeof(ip));
    print(answer, "%.*s", (int)head, line->text);
    if (rport && (head == line->len || line->text[head] != '='))
        print(answer, "=%u", ntohs(from->sin_port));
    print(answer, "%.*s;received=%s\r\n", (int)(line->len - head), line->text + head, ip);
}

static void copy_headers(struct answer *answer, struct span *rest, const struct sockaddr_in *from, const char *tag)
{
    struct span line;
    bool is_topmost = true;

    for (int i = 0; i < HEADERS_MAX && next_line(rest, &line) && line.len; i++) {
        if (is_header(&line, "Via", "v") && is_topmost) {
            copy_via(answer, &line, from);
            is_topmost = false;
        } else if (is_header(&line, "To", "t")) {
            copy(answer, &line);
            if (!has_parameter(&line, ";tag="))
                print(answer, ";tag=%s", tag);
            print(answer, "\r\n");
        } else if (is_header(&line, "Via", "v") || is_header(&line, "From", "f") || is_header(&line, "Call-ID", "i") ||
                   is_header(&line, "CSeq", "CSeq")) {
            copy(answer, &line);
            print(answer, "\r\n");
        }
    }
}

static bool is_method(const struct span *line, const char *method)
{
    size_t len = strlen(method);

    return line->len > len && !memcmp(line->text, method, len) && line->text[len] == ' ';
}

static bool is_request(const struct span *line)
{
    static const char version[] = " SIP/2.0";
    size_t len = sizeof(version) - 1;

    return line->len > len && !memcmp(line->text + line->len - len, version, len);
}

size_t demo_sip_answer(const char *request, size_t len, const struct sockaddr_in *from, const char *tag, char *answer,
                       size_t size)
{
    struct answer out = {answer, 0, size, false};
    struct span rest = {request, len}, line;

    if (!next_line(&rest, &line) || !is_request(&line) || is_method(&line, "ACK"))
        return 0;

    print(&out, "SIP/2.0 %s\r\n", is_method(&line, "OPTIONS") ? "200 OK" : "405 Method Not Allowed");
    copy_headers(&out, &rest, from, tag);
    print(&out, "Allow: " METHODS "\r\nAccept: application/sdp\r\nServer: trunkha demo\r\nContent-Length: 0\r\n\r\n");

    return out.is_full ? 0 : out.len;
}
