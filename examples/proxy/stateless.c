/* Requests in a dialog, and their responses: stateless (section 16.11). */
#include "proxy.h"

#include <string.h>

#define BRANCH_OF_CALLERS "z9hG4bKs" /* stateless: the response goes out by our own socket */
#define BRANCH_OF_TRUNKS  "z9hG4bKr" /* likewise, by the engine's */

/** The same for a request and its retransmissions, ACK to a refusal and CANCEL; and who has never seen one cannot make up a
 *  response that we would pass on. */
static void stateless_branch(struct id id, bool is_of_trunk, char branch[BRANCH_SIZE])
{
    re_snprintf(branch, BRANCH_SIZE, "%s%w", is_of_trunk ? BRANCH_OF_TRUNKS : BRANCH_OF_CALLERS, id.bytes, (size_t)16);
}

struct routes {
    const struct proxy *proxy;
    uint32_t n_ours;
    const struct sip_hdr *next;
};

static bool read_route(const struct sip_hdr *header, const struct sip_msg *msg, void *arg)
{
    struct routes *routes = arg;

    (void)msg;
    if (header_is_ours(routes->proxy, header)) {
        routes->n_ours++;
        return false;
    }
    routes->next = header;

    return true;
}

/** Loose routing (section 16.12): behind our own Routes the next one, or the Request-URI, says where to go. Strict routers
 *  (RFC 2543) are not looked after. */
static struct peer find_next(const struct routes *routes, const struct sip_msg *msg, const struct peer *peer)
{
    struct sip_addr address = {.uri = msg->uri};

    if (routes->next && sip_addr_decode(&address, &routes->next->val))
        return *peer;

    return next_hop(routes->proxy, &address.uri, peer);
}

static void pass_request(struct proxy *proxy, const struct sip_msg *msg, const struct peer *peer, uint32_t cseq_shift,
                         const char *branch)
{
    struct routes routes = {proxy, 0, NULL};
    char local[TRUNKHA_ID_SIZE];
    struct passage passage = {.local = local, .uri = &msg->ruri, .branch = branch, .cseq_shift = cseq_shift};
    struct peer next;
    struct mbuf *mb;

    sip_msg_hdr_apply(msg, true, SIP_HDR_ROUTE, read_route, &routes);
    next = find_next(&routes, msg, peer);
    passage.to = &next;
    passage.n_routes = routes.n_ours;
    if (find_local(proxy, &next, local))
        return; /* no connection now: the sender sends it again, or gives up */
    mb = write_request(proxy, msg, &passage);
    if (mb)
        send_to(proxy, &next, mb);
    mem_deref(mb);
}

void handle_in_dialog(struct proxy *proxy, const struct sip_msg *msg, struct id id, const struct peer *from)
{
    bool is_of_trunk = *from->trunk_id, is_of_caller;
    struct dialog *dialog = dialog_find(proxy, msg, &is_of_caller);
    struct peer to = {.transport = SIP_TRANSP_UDP};
    char branch[BRANCH_SIZE];

    if (dialog)
        to = is_of_caller ? dialog->callee : peer_of(&dialog->caller);
    if (!sa_isset(&to.address, SA_ALL) || (is_of_trunk && is_of_caller)) {
        reply(proxy, msg, from, "481 Call/Transaction Does Not Exist", "");
    } else if (!max_forwards(msg)) {
        reply(proxy, msg, from, "483 Too Many Hops", "");
    } else {
        stateless_branch(id, is_of_trunk, branch);
        pass_request(proxy, msg, &to, is_of_caller ? dialog->cseq_shift : 0, branch);
        dialog_used(dialog, !pl_strcmp(&msg->met, "BYE"));
    }
}

static bool is_second(const struct sip_hdr *header, const struct sip_msg *msg, void *arg)
{
    uint32_t *n = arg;

    (void)header;
    (void)msg;

    return ++*n == 2;
}

static bool is_of_trunk(const struct pl *branch)
{
    return branch->l == sizeof(BRANCH_OF_TRUNKS) - 1 + 32 &&
           !memcmp(branch->p, BRANCH_OF_TRUNKS, sizeof(BRANCH_OF_TRUNKS) - 1);
}

/** To whom a response goes: by the next Via, and to a trunk on the way that its request came. */
static struct peer response_peer(const struct dialog *dialog, const struct sip_via *via, bool is_for_trunk)
{
    struct sa source = via_source(via);
    struct peer to = peer_of(&source);

    if (is_for_trunk) {
        to = dialog->callee;
        to.address = source;
    }

    return to;
}

void pass_response(struct proxy *proxy, struct sip_msg *msg)
{
    bool is_for_trunk = is_of_trunk(&msg->via.branch), is_of_caller;
    const struct dialog *dialog = dialog_find(proxy, msg, &is_of_caller);
    uint32_t n = 0;
    const struct sip_hdr *header = sip_msg_hdr_apply(msg, true, SIP_HDR_VIA, is_second, &n);
    char branch[BRANCH_SIZE];
    struct sip_via via;
    struct peer to;
    struct mbuf *mb;

    if (!dialog || !header || sip_via_decode(&via, &header->val))
        return;
    if (is_of_caller)
        msg->cseq.num -= dialog->cseq_shift;
    to = response_peer(dialog, &via, is_for_trunk);
    stateless_branch(transaction_id(proxy, msg, &via, &to.address), is_for_trunk, branch);
    if (pl_strcmp(&msg->via.branch, branch))
        return;
    mb = write_response(msg);
    if (mb)
        send_to(proxy, &to, mb);
    mem_deref(mb);
}
