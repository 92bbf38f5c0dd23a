#include "demo_carrier.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "demo_sip.h"

#define METHODS "INVITE, ACK, BYE, OPTIONS"

const char *const demo_carrier_names[DEMO_CARRIERS] = {"primary", "standby"};

/** A request and what its answers need. */
struct request {
    struct span method;
    struct span headers;
    struct sockaddr_in from;
};

static bool has_text(const struct span *line, const char *text)
{
    return memmem(line->text, line->len, text, strlen(text)) != NULL;
}

static void copy(struct demo_message *answer, const struct span *line)
{
    demo_sip_print(answer, "%.*s", (int)line->len, line->text);
}

/** The topmost Via tells where the request came from; an empty rport asks for the port, too (RFC 3581 section 4). */
static void copy_via(struct demo_message *answer, const struct span *line, const struct sockaddr_in *from)
{
    const char *rport = memmem(line->text, line->len, ";rport", 6);
    size_t head = rport ? (size_t)(rport - line->text) + 6 : line->len;
    char ip[INET_ADDRSTRLEN] = "";

    inet_ntop(AF_INET, &from->sin_addr, ip, sizeof(ip));
    demo_sip_print(answer, "%.*s", (int)head, line->text);
    if (rport && (head == line->len || line->text[head] != '='))
        demo_sip_print(answer, "=%u", ntohs(from->sin_port));
    demo_sip_print(answer, "%.*s;received=%s\r\n", (int)(line->len - head), line->text + head, ip);
}

static bool is_copied(const struct span *line)
{
    return demo_sip_is_header(line, "Via", "v") || demo_sip_is_header(line, "From", "f") ||
           demo_sip_is_header(line, "To", "t") || demo_sip_is_header(line, "Call-ID", "i") ||
           demo_sip_is_header(line, "CSeq", "CSeq") || demo_sip_is_header(line, "Record-Route", "Record-Route");
}

/** RFC 3261 sections 8.2.6.2 and 12.1.1. */
static void copy_headers(struct demo_message *answer, const struct request *request, const char *tag)
{
    struct span rest = request->headers, line;
    bool is_topmost = true;

    for (int i = 0; i < DEMO_HEADERS_MAX && demo_sip_next_line(&rest, &line) && line.len; i++) {
        if (is_topmost && demo_sip_is_header(&line, "Via", "v")) {
            copy_via(answer, &line, &request->from);
            is_topmost = false;
        } else if (is_copied(&line)) {
            copy(answer, &line);
            if (demo_sip_is_header(&line, "To", "t") && !has_text(&line, ";tag="))
                demo_sip_print(answer, ";tag=%s", tag);
            demo_sip_print(answer, "\r\n");
        }
    }
}

static void answer(const struct demo_carrier *carrier, const struct request *request, const char *status, bool has_sdp)
{
    struct demo_message message = {.len = 0};
    char tag[32];

    snprintf(tag, sizeof(tag), "%s%d", carrier->name, (int)getpid());
    demo_sip_print(&message, "SIP/2.0 %s\r\n", status);
    copy_headers(&message, request, tag);
    demo_sip_print(&message, "Contact: <sip:%s@127.0.0.1:%u>\r\nAllow: " METHODS "\r\nAccept: application/sdp\r\n",
                   carrier->name, carrier->port);
    demo_sip_finish(&message, has_sdp);

    if (!message.is_full && sendto(carrier->sock, message.text, message.len, 0, (const struct sockaddr *)&request->from,
                                   sizeof(request->from)) < 0)
        perror("trunkha demo: a carrier cannot send");
}

static bool is_method(const struct request *request, const char *method)
{
    return request->method.len == strlen(method) && !memcmp(request->method.text, method, request->method.len);
}

/** "METHOD URI SIP/2.0" and headers; false for all else. */
static bool read_request(const char *data, size_t len, struct request *request)
{
    static const char version[] = " SIP/2.0";
    struct span rest = {data, len}, line;
    const char *space;

    if (!demo_sip_next_line(&rest, &line) || line.len < sizeof(version) ||
        memcmp(line.text + line.len - strlen(version), version, strlen(version)))
        return false;
    space = memchr(line.text, ' ', line.len);
    request->method = (struct span){line.text, (size_t)(space - line.text)};
    request->headers = rest;

    return true;
}

static void handle_request(const struct demo_carrier *carrier, const struct request *request)
{
    if (is_method(request, "INVITE")) {
        answer(carrier, request, "180 Ringing", false);
        answer(carrier, request, "200 OK", true);
    } else if (is_method(request, "OPTIONS") || is_method(request, "BYE")) {
        answer(carrier, request, "200 OK", false);
    } else if (!is_method(request, "ACK")) {
        answer(carrier, request, "405 Method Not Allowed", false);
    }
}

bool demo_carrier_open(struct demo_carrier *carrier, const char *name)
{
    carrier->name = name;
    carrier->is_dead = false;
    carrier->sock = demo_sip_open(&carrier->port);

    return carrier->sock >= 0;
}

void demo_carrier_serve(const struct demo_carrier *carrier)
{
    for (int i = 0; i < DEMO_PACKETS_MAX; i++) {
        char data[DEMO_PACKET_MAX];
        struct request request;
        socklen_t from_len = sizeof(request.from);
        ssize_t n = recvfrom(carrier->sock, data, sizeof(data), 0, (struct sockaddr *)&request.from, &from_len);

        if (n < 0)
            return;
        if (!carrier->is_dead && read_request(data, (size_t)n, &request))
            handle_request(carrier, &request);
    }
}

void demo_carrier_close(struct demo_carrier *carrier)
{
    if (carrier->sock >= 0)
        close(carrier->sock);
    carrier->sock = -1;
}
