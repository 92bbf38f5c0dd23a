/* Receiving: what is understood goes to where it belongs. */
#include "proxy.h"

#include <ctype.h>
#include <string.h>
#include <sys/socket.h>

#define LINE_MAX_BYTES  1024 /* of a first line */
#define MESSAGES_A_TURN 64

/** "SIP/2.0 200 ..." or "METHOD URI SIP/2.0". When it is neither, libre's decoder searches the whole message for one, in a
 *  time that grows with the square of the length: it must not see such a message. */
static bool has_first_line(const uint8_t *text, size_t len)
{
    const uint8_t *end = memchr(text, '\n', len < LINE_MAX_BYTES ? len : LINE_MAX_BYTES);
    uint32_t n_spaces = 0, word_len = 0;

    if (!end || end - text < 12)
        return false;
    if (!memcmp(text, "SIP/2.0 ", 8))
        return isdigit(text[8]) && isdigit(text[9]) && isdigit(text[10]) && text[11] == ' ';
    if (end[-1] == '\r')
        end--;
    for (const uint8_t *c = text; c < end; c++) {
        if ((*c == ' ' && !word_len) || iscntrl(*c))
            return false;
        n_spaces += *c == ' ';
        word_len = *c == ' ' ? 0 : word_len + 1;
    }

    return n_spaces == 2 && word_len == 7 && !memcmp(end - 7, "SIP/2.0", 7);
}

/** Has what every message must have (section 8.1.1). */
static bool is_whole(const struct sip_msg *msg)
{
    return msg->via.tp <= SIP_TRANSP_TLS && is_reliable(msg->via.tp) == is_reliable(msg->tp) && pl_isset(&msg->via.branch) &&
           pl_isset(&msg->callid) && pl_isset(&msg->cseq.met) && pl_isset(&msg->from.val) && pl_isset(&msg->to.val) &&
           (msg->req ? !pl_cmp(&msg->met, &msg->cseq.met) : msg->scode >= 100 && msg->scode <= 699);
}

/** A message ends with its body, a datagram perhaps behind it. */
static bool trim_body(struct sip_msg *msg)
{
    size_t len = pl_isset(&msg->clen) ? pl_u32(&msg->clen) : mbuf_get_left(msg->mb);

    if (len > mbuf_get_left(msg->mb))
        return false;
    mbuf_set_end(msg->mb, msg->mb->pos + len);

    return true;
}

static void handle_message(struct proxy *proxy, struct sip_msg *msg, const struct peer *from)
{
    struct attempt *attempt = NULL;

    if (!msg->req && msg->via.branch.l >= BRANCH_LEN)
        attempt = table_find(proxy->attempts, branch_id(proxy, msg->via.branch.p));
    if (msg->req && *from->trunk_id)
        handle_trunk(proxy, msg, from);
    else if (msg->req)
        handle_caller(proxy, msg, from);
    else if (attempt)
        attempt_handle(attempt, msg);
    else
        pass_response(proxy, msg);
}

void handle_bytes(struct proxy *proxy, const uint8_t *data, size_t len, const struct peer *from)
{
    struct mbuf *mb = has_first_line(data, len) ? mbuf_alloc(len) : NULL;
    struct sip_msg *msg = NULL;

    if (mb && !mbuf_write_mem(mb, data, len)) {
        mbuf_set_pos(mb, 0);
        if (!sip_msg_decode(&msg, mb) && trim_body(msg)) {
            msg->src = from->address;
            msg->tp = from->transport;
            if (is_whole(msg))
                handle_message(proxy, msg, from);
        }
    }
    mem_deref(msg);
    mem_deref(mb);
}

void receive_callers(struct proxy *proxy)
{
    static uint8_t data[MESSAGE_MAX];

    for (uint32_t i = 0; i < MESSAGES_A_TURN; i++) {
        struct peer from = {.address.len = sizeof(from.address.u), .transport = SIP_TRANSP_UDP};
        ssize_t n = recvfrom(proxy->fd, data, sizeof(data), MSG_TRUNC, &from.address.u.sa, &from.address.len);

        if (n < 0)
            return;
        if (n > 0 && (size_t)n <= sizeof(data))
            handle_bytes(proxy, data, (size_t)n, &from);
    }
}
