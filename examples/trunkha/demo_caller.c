#include "demo_caller.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "demo_sip.h"
#include "system.h"

#define T1_MS   500U          /* RFC 3261 section 17.1.1.1 */
#define T2_MS   4000U         /* section 17.1.2.2: longest pause between two sendings of a BYE */
#define END_MS  (64U * T1_MS) /* timers B and F */
#define TALK_MS 300U

#define CALL_ID_SIZE 48

/** What is read of a response. */
struct response {
    unsigned code;
    char call_id[CALL_ID_SIZE];
    bool is_invite;
    struct span to;
    struct span contact; /* the URI */
    char routes[512];    /* its Record-Routes as Routes, in reverse (section 12.1.2) */
};

/* ---- Requests ---- */

static unsigned number_of(const struct demo_caller *caller, const struct demo_call *call)
{
    return (unsigned)(call - caller->calls) + 1;
}

static void print_call_id(const struct demo_caller *caller, const struct demo_call *call, char text[CALL_ID_SIZE])
{
    snprintf(text, CALL_ID_SIZE, "%u-%08x@127.0.0.1", number_of(caller, call), caller->secret);
}

/** An answered call is a dialog, and each request in it a transaction of its own; before, there is the INVITE, and in the
 *  same transaction the ACK to its refusal (section 17.1.1.3). */
static void send_request(const struct demo_caller *caller, const struct demo_call *call, const char *method)
{
    struct demo_message message = {.len = 0};
    bool is_invite = !strcmp(method, "INVITE"), is_bye = !strcmp(method, "BYE");
    char transaction = call->answered_ms ? *method : 'I';
    char call_id[CALL_ID_SIZE];

    print_call_id(caller, call, call_id);
    demo_sip_print(&message, "%s %s SIP/2.0\r\n", method, call->target);
    demo_sip_print(&message, "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK%08x-%u-%c;rport\r\n%s", caller->port,
                   caller->secret, number_of(caller, call), transaction, call->routes);
    demo_sip_print(&message, "Max-Forwards: 70\r\nFrom: <sip:caller@127.0.0.1>;tag=%08x\r\nTo: %s\r\n", caller->secret,
                   call->to);
    demo_sip_print(&message, "Call-ID: %s\r\nCSeq: %d %s\r\n", call_id, is_bye ? 2 : 1, method);
    demo_sip_print(&message, "Contact: <sip:caller@127.0.0.1:%u>\r\n", caller->port);
    demo_sip_finish(&message, is_invite);
    if (!message.is_full)
        send(caller->sock, message.text, message.len, 0); /* what does not leave is sent again */
}

/* ---- Responses ---- */

/** "Name Addr <sip:...>;parameters" or the URI alone. */
static struct span read_uri(struct span value)
{
    const char *from = memchr(value.text, '<', value.len);
    const char *to = from ? memchr(from, '>', value.len - (size_t)(from - value.text)) : NULL;

    return to ? (struct span){from + 1, (size_t)(to - from) - 1} : value;
}

/** Puts it in front of those read so far. */
static void add_route(struct response *response, struct span value)
{
    char routes[sizeof(response->routes)];
    int n = snprintf(routes, sizeof(routes), "Route: %.*s\r\n%s", (int)value.len, value.text, response->routes);

    if (n < (int)sizeof(routes))
        memcpy(response->routes, routes, (size_t)n + 1);
}

static void read_header(struct response *response, const struct span *line)
{
    struct span value = demo_sip_value(line);

    if (demo_sip_is_header(line, "Call-ID", "i"))
        demo_sip_copy(&value, response->call_id, sizeof(response->call_id));
    else if (demo_sip_is_header(line, "CSeq", "CSeq"))
        response->is_invite = memmem(value.text, value.len, "INVITE", 6) != NULL;
    else if (demo_sip_is_header(line, "To", "t"))
        response->to = value;
    else if (demo_sip_is_header(line, "Contact", "m"))
        response->contact = read_uri(value);
    else if (demo_sip_is_header(line, "Record-Route", "Record-Route"))
        add_route(response, value);
}

/** @p data ends in a zero. */
static bool read_response(const char *data, size_t len, struct response *response)
{
    struct span rest = {data, len}, line;

    if (!demo_sip_next_line(&rest, &line) || sscanf(data, "SIP/2.0 %3u ", &response->code) != 1)
        return false;
    for (int i = 0; i < DEMO_HEADERS_MAX && demo_sip_next_line(&rest, &line) && line.len; i++)
        read_header(response, &line);

    return true;
}

/** A final response that cannot be kept is none. */
static void settle(struct demo_call *call, const struct response *response, uint64_t now_ms)
{
    bool is_answer = response->code < 300;

    if (!demo_sip_copy(&response->to, call->to, sizeof(call->to)) ||
        (is_answer && !demo_sip_copy(&response->contact, call->target, sizeof(call->target))))
        return;
    call->code = response->code;
    call->state = is_answer ? DEMO_CALL_TALKING : DEMO_CALL_OVER;
    if (!is_answer)
        return;
    memcpy(call->routes, response->routes, sizeof(call->routes));
    call->answered_ms = now_ms;
    call->due_ms = now_ms + TALK_MS;
}

static void handle_invite_response(const struct demo_caller *caller, struct demo_call *call, const struct response *response)
{
    bool is_open = call->state == DEMO_CALL_CALLING || call->state == DEMO_CALL_PROCEEDING;

    if (is_open && response->code < 200) {
        call->state = DEMO_CALL_PROCEEDING;
        call->due_ms = call->give_up_ms;
    } else if (is_open) {
        settle(call, response, clock_ms());
    }
    if (response->code >= 200 && call->code)
        send_request(caller, call, "ACK"); /* each time: a response that comes again says that it is missing */
}

static void handle_response(struct demo_caller *caller, const struct response *response)
{
    struct demo_call *call = demo_caller_find(caller, response->call_id);

    if (call && response->is_invite)
        handle_invite_response(caller, call, response);
    else if (call && call->state == DEMO_CALL_ENDING && response->code >= 200)
        call->state = DEMO_CALL_OVER;
}

/* ---- What a call does by itself ---- */

static void send_again(const struct demo_caller *caller, struct demo_call *call, const char *method, uint32_t longest_ms)
{
    uint64_t next_ms = clock_ms() + call->pause_ms;

    send_request(caller, call, method);
    call->due_ms = next_ms < call->give_up_ms ? next_ms : call->give_up_ms;
    call->pause_ms = 2 * call->pause_ms < longest_ms ? 2 * call->pause_ms : longest_ms;
}

static void begin_transaction(struct demo_call *call, uint64_t now_ms)
{
    call->pause_ms = T1_MS;
    call->give_up_ms = now_ms + END_MS;
}

static void handle_expiry(const struct demo_caller *caller, struct demo_call *call, uint64_t now_ms)
{
    if (call->state == DEMO_CALL_TALKING) {
        call->state = DEMO_CALL_ENDING;
        begin_transaction(call, now_ms);
    }
    if (now_ms >= call->give_up_ms)
        call->state = DEMO_CALL_OVER;
    else if (call->state == DEMO_CALL_CALLING)
        send_again(caller, call, "INVITE", END_MS); /* timer A */
    else if (call->state == DEMO_CALL_ENDING)
        send_again(caller, call, "BYE", T2_MS); /* timer E */
}

/* ---- For the story ---- */

bool demo_caller_open(struct demo_caller *caller, uint16_t proxy_port)
{
    struct sockaddr_in proxy = {
        .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(proxy_port)};

    caller->proxy_port = proxy_port;
    if (getrandom(&caller->secret, sizeof(caller->secret), 0) != (ssize_t)sizeof(caller->secret))
        return false;
    caller->sock = demo_sip_open(&caller->port);

    return caller->sock >= 0 && !connect(caller->sock, (struct sockaddr *)&proxy, sizeof(proxy));
}

void demo_caller_place(struct demo_caller *caller)
{
    struct demo_call *call = &caller->calls[caller->n_calls];
    uint64_t now_ms = clock_ms();

    if (caller->n_calls == DEMO_CALLS_MAX)
        return;
    caller->n_calls++;
    *call = (struct demo_call){.state = DEMO_CALL_CALLING, .begun_ms = now_ms};
    snprintf(call->target, sizeof(call->target), "sip:callee@127.0.0.1:%u", caller->proxy_port);
    snprintf(call->to, sizeof(call->to), "<sip:callee@127.0.0.1:%u>", caller->proxy_port);
    begin_transaction(call, now_ms);
    handle_expiry(caller, call, now_ms);
}

void demo_caller_receive(struct demo_caller *caller)
{
    for (int i = 0; i < DEMO_PACKETS_MAX; i++) {
        struct response response = {.code = 0};
        char data[DEMO_PACKET_MAX + 1];
        ssize_t n = recv(caller->sock, data, DEMO_PACKET_MAX, 0);

        if (n < 0)
            return;
        data[n] = '\0';
        if (read_response(data, (size_t)n, &response))
            handle_response(caller, &response);
    }
}

void demo_caller_handle_expiry(struct demo_caller *caller)
{
    uint64_t now_ms = clock_ms();

    for (unsigned i = 0; i < caller->n_calls; i++) {
        struct demo_call *call = &caller->calls[i];

        if (call->state != DEMO_CALL_OVER && now_ms >= call->due_ms)
            handle_expiry(caller, call, now_ms);
    }
}

struct demo_call *demo_caller_find(struct demo_caller *caller, const char *call_id)
{
    unsigned long number = strtoul(call_id, NULL, 10);
    struct demo_call *call = number - 1 < caller->n_calls ? &caller->calls[number - 1] : NULL;
    char own[CALL_ID_SIZE];

    if (!call)
        return NULL;
    print_call_id(caller, call, own);

    return strcmp(call_id, own) ? NULL : call;
}

bool demo_caller_is_idle(const struct demo_caller *caller)
{
    for (unsigned i = 0; i < caller->n_calls; i++) {
        if (caller->calls[i].state != DEMO_CALL_OVER)
            return false;
    }

    return true;
}

void demo_caller_close(struct demo_caller *caller)
{
    if (caller->sock >= 0)
        close(caller->sock);
    caller->sock = -1;
}
