#include "adapters/answer.h"

#include <arpa/inet.h>
#include <string.h>

#include "adapters/sip_via.h"
#include "adapters/writer.h"

struct answer {
    const struct tha_udp_packet *request;
    struct tha_span method;
    struct tha_addr to;
    struct tha_writer writer;
    uint64_t to_tag;
    unsigned seen; /**< bits by enum tha_sip_kind */
};

/** The same for every retransmission of a request, as a server without state must have it (RFC 3261 section 8.2.7). */
static uint64_t hash(uint64_t seed, const char *data, size_t len)
{
    for (size_t i = 0; i < len; i++)
        seed = (seed ^ (uint8_t)data[i]) * 0x100000001b3; /* FNV-1a */

    return seed;
}

/** The port of the sent-by, where the answer goes when no rport is asked for. */
static bool read_sent_by_port(struct tha_span top, uint8_t transport, uint16_t *ret_port)
{
    struct tha_sip_via via;

    if (!tha_sip_read_via(top, &via) || !tha_span_is_word(via.transport, tha_sip_transport_name(transport)))
        return false;
    *ret_port = via.port;

    return true;
}

static void put_ip(struct tha_writer *writer, const struct tha_addr *addr)
{
    char text[INET6_ADDRSTRLEN] = "";

    inet_ntop(addr->family == 6 ? AF_INET6 : AF_INET, addr->ip, text, sizeof(text)); /* no brackets: RFC 3261 section 25.1 */
    tha_put_text(writer, text);
}

/** The top Via says where the request came from (RFC 3261 section 18.2.1) and, when asked, from which port (RFC 3581). */
static bool put_top_via(struct answer *answer, struct tha_span via)
{
    struct tha_writer *writer = &answer->writer;
    struct tha_span top = tha_sip_first_value(via);
    const char *top_end = top.p + top.len, *rest = top.p;
    struct tha_span param;
    uint16_t port;

    if (!read_sent_by_port(top, answer->request->peer.transport, &port))
        return false;

    answer->to = answer->request->peer;
    THA_PUT_LITERAL(writer, "Via: ");
    if (!tha_sip_find_param(top, "rport", &param)) {
        answer->to.port = port;
    } else if (!param.len) {
        tha_put(writer, top.p, (size_t)(param.p - top.p));
        THA_PUT_LITERAL(writer, "=");
        tha_put_number(writer, answer->request->peer.port);
        rest = param.p;
    }
    tha_put(writer, rest, (size_t)(top_end - rest));
    if (!tha_sip_find_param(top, "received", &param)) {
        THA_PUT_LITERAL(writer, ";received=");
        put_ip(writer, &answer->request->peer);
    }
    tha_put(writer, top_end, (size_t)(via.p + via.len - top_end));

    return true;
}

static void put_to(struct answer *answer, struct tha_span to)
{
    struct tha_span tag;

    THA_PUT_LITERAL(&answer->writer, "To: ");
    tha_put(&answer->writer, to.p, to.len);
    if (!tha_sip_find_param(to, "tag", &tag)) {
        THA_PUT_LITERAL(&answer->writer, ";tag=");
        tha_put_hex64(&answer->writer, answer->to_tag);
    }
}

static bool is_cseq_of(struct tha_span cseq, struct tha_span method)
{
    struct tha_span named;
    uint32_t number;

    return tha_sip_read_cseq(cseq, &number, &named) && named.len == method.len && !memcmp(named.p, method.p, method.len);
}

static bool put_header(struct answer *answer, const struct tha_sip_header *header)
{
    static const char *const names[] = {
        [THA_SIP_VIA] = "Via: ", [THA_SIP_FROM] = "From: ", [THA_SIP_CALL_ID] = "Call-ID: ", [THA_SIP_CSEQ] = "CSeq: "};
    bool is_seen = answer->seen & 1U << header->kind;

    if (header->kind == THA_SIP_OTHER || header->kind == THA_SIP_CONTENT_LENGTH)
        return true;
    if (is_seen && header->kind != THA_SIP_VIA)
        return false;
    if (header->kind == THA_SIP_CSEQ && !is_cseq_of(header->value, answer->method))
        return false;

    if (header->kind == THA_SIP_VIA && !is_seen) {
        if (!put_top_via(answer, header->value))
            return false;
    } else if (header->kind == THA_SIP_TO) {
        put_to(answer, header->value);
    } else {
        tha_put_text(&answer->writer, names[header->kind]);
        tha_put(&answer->writer, header->value.p, header->value.len);
    }
    THA_PUT_LITERAL(&answer->writer, "\r\n");
    answer->seen |= 1U << header->kind;

    return true;
}

/** Copies what an answer repeats of its request (RFC 3261 section 8.2.6.2). */
static bool put_headers(struct answer *answer, struct tha_sip_cursor *cursor)
{
    static const unsigned needed =
        1U << THA_SIP_VIA | 1U << THA_SIP_FROM | 1U << THA_SIP_TO | 1U << THA_SIP_CALL_ID | 1U << THA_SIP_CSEQ;
    struct tha_sip_header header;
    enum tha_sip_step step;

    while ((step = tha_sip_next_header(cursor, &header)) == THA_SIP_HEADER) {
        if (!put_header(answer, &header))
            return false;
    }

    return step == THA_SIP_BODY && (answer->seen & needed) == needed;
}

enum tha_answer_kind tha_answer_write(const struct tha_udp_packet *request, const struct tha_answerer *answerer, char *buf,
                                      size_t size, size_t *ret_len, struct tha_addr *ret_to)
{
    struct answer answer = {.request = request, .writer = {buf, buf + size, false}};
    struct tha_sip_cursor cursor;
    bool is_options;

    if (request->is_cut || !tha_sip_read_request_line(request->data, request->len, &answer.method, &cursor))
        return THA_ANSWER_MALFORMED;
    if (tha_span_is(answer.method, "ACK"))
        return THA_ANSWER_NONE;

    is_options = tha_span_is(answer.method, "OPTIONS");
    answer.to_tag = hash(answerer->secret, request->data, request->len);
    tha_put_text(&answer.writer, !is_options             ? "SIP/2.0 405 Method Not Allowed\r\n"
                                 : answerer->is_draining ? "SIP/2.0 503 Service Unavailable\r\nRetry-After: 30\r\n"
                                                         : "SIP/2.0 200 OK\r\nAccept: application/sdp\r\n");
    if (!put_headers(&answer, &cursor))
        return THA_ANSWER_MALFORMED;
    if (answerer->takes_calls)
        THA_PUT_LITERAL(&answer.writer, "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS\r\n");
    else
        THA_PUT_LITERAL(&answer.writer, "Allow: OPTIONS\r\n");
    THA_PUT_LITERAL(&answer.writer, "Content-Length: 0\r\n\r\n");
    if (answer.writer.is_full)
        return THA_ANSWER_MALFORMED;

    *ret_len = (size_t)(answer.writer.p - buf);
    *ret_to = answer.to;

    return is_options ? THA_ANSWER_GIVEN : THA_ANSWER_REJECTED;
}
