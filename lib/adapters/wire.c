#include "adapters/wire.h"

#include "adapters/sip_via.h"
#include "adapters/writer.h"
#include "base/text.h"

void tha_wire_set_local(struct tha_wire_local *local, const struct tha_addr *addr)
{
    local->addr = *addr;
    tha_addr_host_text(addr, local->text, sizeof(local->text));
    local->host_len = (uint8_t)strlen(local->text);
    tha_text_print(local->text + local->host_len, sizeof(local->text) - local->host_len, ":%u", addr->port);
    local->len = (uint8_t)strlen(local->text);
}

static void put_via(struct tha_writer *writer, const struct tha_wire_request *request)
{
    THA_PUT_LITERAL(writer, "Via: SIP/2.0/");
    tha_put(writer, tha_sip_transport_name(request->transport), 3);
    THA_PUT_LITERAL(writer, " ");
    tha_put(writer, request->local->text, request->local->len);
    THA_PUT_LITERAL(writer, ";branch=" THA_BRANCH_PREFIX);
    tha_put_hex32(writer, request->slot);
    tha_put_hex64(writer, request->token.branch);
    THA_PUT_LITERAL(writer, ";rport\r\nMax-Forwards: ");
    tha_put_number(writer, request->text->max_forwards);
    THA_PUT_LITERAL(writer, "\r\n");
}

static void put_from(struct tha_writer *writer, const struct tha_wire_request *request)
{
    THA_PUT_LITERAL(writer, "From: <");
    if (request->text->from_uri) {
        tha_put_text(writer, request->text->from_uri);
    } else {
        THA_PUT_LITERAL(writer, THA_WIRE_USER);
        tha_put(writer, request->local->text, request->local->host_len);
    }
    THA_PUT_LITERAL(writer, ">;tag=");
    tha_put_hex32(writer, request->token.from_tag);
    THA_PUT_LITERAL(writer, "\r\n");
}

static void put_to(struct tha_writer *writer, const struct tha_wire_request *request, const char *uri)
{
    THA_PUT_LITERAL(writer, "To: <");
    tha_put_text(writer, uri);
    THA_PUT_LITERAL(writer, ">\r\nCall-ID: ");
    tha_put_hex64(writer, request->token.call_id);
    THA_PUT_LITERAL(writer, "\r\nCSeq: ");
    tha_put_number(writer, request->token.cseq);
    THA_PUT_LITERAL(writer, " OPTIONS\r\n");
}

static void put_contact(struct tha_writer *writer, const struct tha_wire_request *request)
{
    THA_PUT_LITERAL(writer, "Contact: <");
    if (request->text->contact_uri) {
        tha_put_text(writer, request->text->contact_uri);
    } else {
        THA_PUT_LITERAL(writer, "sip:");
        tha_put(writer, request->local->text, request->local->len);
        if (request->transport != THA_TRANSPORT_UDP) {
            THA_PUT_LITERAL(writer, ";transport=");
            tha_put_text(writer, tha_transport_name(request->transport));
        }
    }
    THA_PUT_LITERAL(writer, ">\r\n");
}

static void put_other_headers(struct tha_writer *writer, const struct tha_probe_text *text)
{
    THA_PUT_LITERAL(writer, "Accept: application/sdp\r\nUser-Agent: ");
    tha_put_text(writer, text->user_agent ? text->user_agent : "trunkha/" TRUNKHA_VERSION);
    THA_PUT_LITERAL(writer, "\r\n");
    for (uint32_t i = 0; i < text->n_headers; i++) {
        tha_put_text(writer, text->headers[i].name);
        THA_PUT_LITERAL(writer, ": ");
        tha_put_text(writer, text->headers[i].value);
        THA_PUT_LITERAL(writer, "\r\n");
    }
    THA_PUT_LITERAL(writer, "Content-Length: 0\r\n\r\n");
}

size_t tha_wire_write(const struct tha_wire_request *request, char *buf, size_t size)
{
    const char *uri = request->text->request_uri ? request->text->request_uri : request->uri;
    struct tha_writer writer = {buf, buf + size, false};

    THA_PUT_LITERAL(&writer, "OPTIONS ");
    tha_put_text(&writer, uri);
    THA_PUT_LITERAL(&writer, " SIP/2.0\r\n");
    put_via(&writer, request);
    put_from(&writer, request);
    put_to(&writer, request, uri);
    put_contact(&writer, request);
    if (request->authorization.len)
        tha_put(&writer, request->authorization.p, request->authorization.len);
    put_other_headers(&writer, request->text);

    return writer.is_full ? 0 : (size_t)(writer.p - buf);
}
