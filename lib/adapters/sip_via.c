#include "adapters/sip_via.h"

#include <string.h>

#define SIP_PORT  5060
#define SIPS_PORT 5061

const char *tha_sip_transport_name(uint8_t transport)
{
    static const char names[][4] = {[THA_TRANSPORT_UDP] = "UDP", [THA_TRANSPORT_TCP] = "TCP", [THA_TRANSPORT_TLS] = "TLS"};

    return names[transport < sizeof(names) / sizeof(names[0]) ? transport : THA_TRANSPORT_UDP];
}

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && tha_sip_is_blank(*p))
        p++;

    return p;
}

/** Steps over @p word and the blanks around it; NULL when something else stands there. */
static const char *skip_word(const char *p, const char *end, const char *word)
{
    size_t len = strlen(word);

    if (!p)
        return NULL;
    p = skip_blanks(p, end);
    if ((size_t)(end - p) < len || memcmp(p, word, len))
        return NULL;

    return skip_blanks(p + len, end);
}

static bool read_port(const char *p, const char *end, uint32_t *ret_port)
{
    p = skip_blanks(p, end);

    return tha_sip_read_number((struct tha_span){p, (size_t)(end - p)}, UINT16_MAX, ret_port);
}

static bool split_sent_by(const char *p, const char *end, struct tha_sip_via *via)
{
    const char *colon = memrchr(p, ':', (size_t)(end - p));
    uint32_t port = tha_span_is_word(via->transport, "TLS") ? SIPS_PORT : SIP_PORT;

    if (end[-1] == ']')
        colon = NULL; /* it is one of the address */
    if (colon && !read_port(colon + 1, end, &port))
        return false;

    end = colon ? colon : end;
    while (end > p && tha_sip_is_blank(end[-1]))
        end--;
    via->host = (struct tha_span){p, (size_t)(end - p)};
    via->port = (uint16_t)port;

    return port > 0;
}

bool tha_sip_read_via(struct tha_span value, struct tha_sip_via *ret_via)
{
    static const char *const protocol[] = {"SIP", "/", "2.0", "/"};
    const char *end = value.p + value.len, *p = value.p, *start;

    for (size_t i = 0; i < sizeof(protocol) / sizeof(protocol[0]); i++)
        p = skip_word(p, end, protocol[i]);
    if (!p)
        return false;

    for (start = p; p < end && *p != ';' && !tha_sip_is_blank(*p); p++)
        ;
    ret_via->transport = (struct tha_span){start, (size_t)(p - start)};
    p = skip_blanks(p, end);
    end = memchr(p, ';', (size_t)(end - p)) ? memchr(p, ';', (size_t)(end - p)) : end;
    while (end > p && tha_sip_is_blank(end[-1]))
        end--;

    return end > p && split_sent_by(p, end, ret_via);
}
