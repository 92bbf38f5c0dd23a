/* What an answer shows of the way to the peer: where the peer saw us (RFC 3581), and whether somebody between us changed
 * our words. */
#include <string.h>

#include "adapters/hex.h"
#include "adapters/prober_room.h"
#include "adapters/scan_response.h"
#include "adapters/sip_via.h"

/* ---- Has it changed? Asked of every answer ---- */

static uint64_t mix_word(uint64_t mark, const char *p)
{
    uint64_t word;

    memcpy(&word, p, sizeof(word));
    mark ^= word;

    return (mark << 23 | mark >> 41) * 0x9e3779b97f4a7c15;
}

/** Eight bytes at a time; the last eight may have been among those before. */
static uint64_t mix(uint64_t mark, const char *p, size_t len)
{
    const char *last = p + len - sizeof(uint64_t);

    if (len < sizeof(uint64_t)) {
        for (; len; p++, len--)
            mark = (mark ^ (uint8_t)*p) * 0x100000001b3;
        return mark;
    }
    for (; p < last; p += sizeof(uint64_t))
        mark = mix_word(mark, p);

    return mix_word(mark, last);
}

/** Of the Via, except its branch; never 0. */
static uint32_t mark_of(const struct tha_response *response)
{
    const char *via = response->via.p, *rest = response->branch.p + response->branch.len;
    uint64_t mark = mix(1, via, (size_t)(response->branch.p - via));

    mark = mix(mark, rest, (size_t)(via + response->via.len - rest));

    return (uint32_t)(mark >> 32) | 1;
}

/* ---- What it says ---- */

/** Leaves @p ret_seen as it is where nothing is said, or nonsense. */
static void read_seen(struct tha_span via, const struct tha_addr *sent, struct tha_addr *ret_seen)
{
    struct tha_span received, rport;
    bool has_received = tha_sip_find_param(via, "received", &received);
    bool has_rport = tha_sip_find_param(via, "rport", &rport) && rport.len;
    struct tha_addr seen = *sent;
    uint32_t port = sent->port;

    if (!has_received && !has_rport)
        return;
    if (has_received && received.len > 2 && received.p[0] == '[')
        received = (struct tha_span){received.p + 1, received.len - 2};
    if (has_received && !tha_addr_parse_ip(&seen, received.p, received.len))
        return;
    if (has_rport && !tha_sip_read_number(rport, UINT16_MAX, &port))
        return;

    seen.port = (uint16_t)port;
    seen.transport = sent->transport;
    *ret_seen = seen;
}

/** Between the angle brackets, or up to the parameters. */
static struct tha_span uri_of(struct tha_span value)
{
    const char *end = value.p + value.len;
    const char *open = memchr(value.p, '<', value.len);
    const char *start = open ? open + 1 : value.p;
    const char *close = memchr(start, open ? '>' : ';', (size_t)(end - start));

    return (struct tha_span){start, (size_t)((close ? close : end) - start)};
}

/** "sip:ping@" and our host: what stands there when nothing else is configured. */
static bool is_own_uri(const struct tha_wire_local *local, struct tha_span uri)
{
    size_t len = strlen(THA_WIRE_USER);

    return uri.len == len + local->host_len && !memcmp(uri.p, THA_WIRE_USER, len) &&
           !memcmp(uri.p + len, local->text, local->host_len);
}

static bool is_from_intact(const struct tha_slot *slot, struct tha_span from)
{
    const char *configured = slot->text->from_uri;
    struct tha_span tag;
    uint32_t number;

    if (!from.p || !tha_sip_find_param(from, "tag", &tag))
        return false;
    if (tag.len != 8 || !tha_hex_read(tag.p, &number) || number != slot->token.from_tag)
        return false;

    return configured ? tha_span_is(uri_of(from), configured) : is_own_uri(&slot->local->wire, uri_of(from));
}

static bool is_to_intact(const struct tha_slot *slot, struct tha_span to)
{
    return to.p && tha_span_is(uri_of(to), slot->text->request_uri ? slot->text->request_uri : slot->uri);
}

static bool is_call_id_intact(const struct tha_slot *slot, struct tha_span call_id)
{
    uint64_t number;

    return call_id.len == 16 && tha_token_read_hex64(call_id.p, &number) && number == slot->token.call_id;
}

static bool is_via_intact(const struct tha_slot *slot, struct tha_span value)
{
    const struct tha_wire_local *sent = &slot->local->wire;
    struct tha_sip_via via;

    return tha_sip_read_via(value, &via) && tha_span_is_word(via.transport, tha_sip_transport_name(slot->addr.transport)) &&
           via.host.len == sent->host_len && !memcmp(via.host.p, sent->text, sent->host_len) && via.port == sent->addr.port;
}

/** A body that is longer than it says: nothing else may follow it in a datagram. One that is shorter is no message at all.
 */
static bool is_length_intact(const struct tha_echo *echo)
{
    uint32_t number;

    if (!echo->content_length.p)
        return true;

    return tha_sip_read_number(echo->content_length, UINT32_MAX, &number) && (!number || number == echo->body_len);
}

static uint32_t find_rewritten(const struct tha_slot *slot, const struct tha_echo *echo)
{
    return (is_from_intact(slot, echo->from) ? 0U : THA_REWRITTEN_FROM) |
           (is_to_intact(slot, echo->to) ? 0U : THA_REWRITTEN_TO) |
           (is_call_id_intact(slot, echo->call_id) ? 0U : THA_REWRITTEN_CALL_ID) |
           (is_via_intact(slot, echo->via) ? 0U : THA_REWRITTEN_VIA) |
           (is_length_intact(echo) ? 0U : THA_REWRITTEN_CONTENT_LENGTH);
}

/* ---- Telling ---- */

/** A connection has another port each time: what a NAT makes of that is no news. */
static bool is_elsewhere(const struct tha_slot *slot, const struct tha_addr *seen, const struct tha_addr *previous)
{
    return tha_slot_is_stream(slot) ? !tha_addr_is_same_ip(seen, previous) : !tha_addr_is_equal(seen, previous);
}

static bool is_news(const struct tha_slot *slot, const struct tha_way *way)
{
    const struct tha_extra *extra = slot->extra;
    bool is_first = !extra || !extra->seen.family;

    if (way->rewritten != (extra ? extra->rewritten : 0))
        return true;
    if (!way->seen.family)
        return false;

    return is_first ? !tha_addr_is_equal(&way->seen, &way->sent) : is_elsewhere(slot, &way->seen, &extra->seen);
}

static void read_way(const struct tha_slot *slot, const char *packet, size_t len, struct tha_way *ret_way)
{
    struct tha_echo echo;

    tha_scan_echo(packet, len, &echo);
    *ret_way = (struct tha_way){.sent = slot->local->wire.addr, .rewritten = find_rewritten(slot, &echo)};
    ret_way->sent.transport = slot->addr.transport;
    if (echo.via.p)
        read_seen(echo.via, &ret_way->sent, &ret_way->seen);
}

/** Returns false when it could not be kept, and so was not told. */
static bool look(struct tha_prober *prober, struct tha_slot *slot, const char *packet, size_t len)
{
    struct tha_extra *extra;
    struct tha_way way;

    read_way(slot, packet, len, &way);
    if (!is_news(slot, &way))
        return true;
    extra = tha_slot_need_extra(prober, slot);
    if (!extra)
        return false;

    way.previous = extra->seen;
    extra->rewritten = way.rewritten;
    if (way.seen.family)
        extra->seen = way.seen;
    prober->has_told = true;
    prober->handlers.way(slot->index, &way, prober->handlers.user_data);

    return true;
}

void tha_prober_look_at_way(struct tha_prober *prober, struct tha_slot *slot, const struct tha_response *response,
                            const char *packet, size_t len, bool is_close_look)
{
    uint32_t mark = mark_of(response);

    if ((mark == slot->way_mark && !is_close_look) || !prober->handlers.way || !slot->local)
        return;
    slot->way_mark = look(prober, slot, packet, len) ? mark : 0;
}

void tha_prober_look_at_stranger(struct tha_prober *prober, struct tha_slot *slot, const char *packet, size_t len)
{
    if (prober->handlers.way && slot->local)
        look(prober, slot, packet, len);
}

bool tha_prober_read_way(const struct tha_prober *prober, uint32_t index, const char *packet, size_t len,
                         struct tha_way *ret_way)
{
    const struct tha_slot *slot = tha_prober_slot(prober, index);

    if (!slot || !slot->local)
        return false;
    read_way(slot, packet, len, ret_way);

    return true;
}

char *tha_way_list_rewritten(const struct tha_way *way, char *buf, size_t size)
{
    static const char *const names[] = {"From", "To", "Call-ID", "Via", "Content-Length"}; /* enum tha_rewritten */
    size_t used = 0;

    buf[0] = '\0';
    for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (!(way->rewritten >> i & 1))
            continue;
        tha_text_print(buf + used, size - used, "%s%s", used ? ", " : "", names[i]);
        used += strlen(buf + used);
    }

    return buf;
}
