#include "demo_sip.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/** Offer and answer alike: there is a call, and nothing to be heard in it. */
static const char sdp[] = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                          "m=audio 9 RTP/AVP 8\r\na=inactive\r\n";

int demo_sip_open(uint16_t *ret_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (sock < 0)
        return -1;
    if (bind(sock, (struct sockaddr *)&address, len) || getsockname(sock, (struct sockaddr *)&address, &len)) {
        close(sock);
        return -1;
    }
    *ret_port = ntohs(address.sin_port);

    return sock;
}

/* ---- Writing ---- */

void demo_sip_print(struct demo_message *message, const char *format, ...)
{
    size_t room = sizeof(message->text) - message->len;
    va_list ap;
    int n;

    va_start(ap, format);
    n = vsnprintf(message->text + message->len, room, format, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= room)
        message->is_full = true;
    else
        message->len += (size_t)n;
}

void demo_sip_finish(struct demo_message *message, bool has_sdp)
{
    const char *body = has_sdp ? sdp : "";

    demo_sip_print(message, "%sContent-Length: %zu\r\n\r\n%s", has_sdp ? "Content-Type: application/sdp\r\n" : "",
                   strlen(body), body);
}

/* ---- Reading ---- */

bool demo_sip_next_line(struct span *rest, struct span *ret_line)
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

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

bool demo_sip_is_header(const struct span *line, const char *name, const char *compact)
{
    const char *colon = memchr(line->text, ':', line->len);
    size_t len = colon ? (size_t)(colon - line->text) : 0;

    while (len && is_blank(line->text[len - 1]))
        len--;

    return len && ((len == strlen(name) && !strncasecmp(line->text, name, len)) ||
                   (len == strlen(compact) && !strncasecmp(line->text, compact, len)));
}

struct span demo_sip_value(const struct span *line)
{
    const char *last = line->text + line->len;
    const char *colon = memchr(line->text, ':', line->len);
    const char *value = colon ? colon + 1 : last;

    while (value < last && is_blank(*value))
        value++;

    return (struct span){value, (size_t)(last - value)};
}

bool demo_sip_copy(const struct span *span, char *text, size_t size)
{
    if (!span->len || span->len >= size)
        return false;
    memcpy(text, span->text, span->len);
    text[span->len] = '\0';

    return true;
}
