/* What calls, attempts and dialogs are found by. */
#include "proxy.h"

#include <string.h>

struct id id_make(struct proxy *proxy, const char *format, ...)
{
    struct id id = {{0}};
    va_list ap;

    mbuf_rewind(proxy->scratch);
    va_start(ap, format);
    mbuf_vprintf(proxy->scratch, format, ap);
    va_end(ap);
    hmac_sha1(proxy->secret, sizeof(proxy->secret), proxy->scratch->buf, proxy->scratch->end, id.bytes, sizeof(id.bytes));

    return id;
}

static bool has_id(struct le *le, void *arg)
{
    const struct entry *entry = le->data;

    return !memcmp(&entry->id, arg, sizeof(entry->id));
}

void *table_find(const struct hash *table, struct id id)
{
    return list_ledata(hash_lookup(table, hash_joaat(id.bytes, sizeof(id.bytes)), has_id, &id));
}

void table_enter(struct hash *table, struct entry *entry, struct id id)
{
    entry->id = id;
    list_prepend(hash_list(table, hash_joaat(id.bytes, sizeof(id.bytes))), &entry->le, entry);
}

struct id transaction_id(struct proxy *proxy, const struct sip_msg *msg, const struct sip_via *via, const struct sa *source)
{
    return id_make(proxy, "t %r %r %J %u %r", &via->branch, &via->sentby, source, msg->cseq.num, &msg->callid);
}

struct id dialog_id(struct proxy *proxy, const struct sip_msg *msg, const struct pl *caller_tag)
{
    return id_make(proxy, "d %r %r", caller_tag, &msg->callid);
}

struct id branch_id(struct proxy *proxy, const char *branch)
{
    struct pl pl = {branch, BRANCH_LEN};

    return id_make(proxy, "b %r", &pl);
}

void loop_mark(struct proxy *proxy, const struct sip_msg *invite, char mark[LOOP_LEN + 1])
{
    struct id id = id_make(proxy, "l %r %r %u %r", &invite->ruri, &invite->from.tag, invite->cseq.num, &invite->callid);

    re_snprintf(mark, LOOP_LEN + 1, "%w", id.bytes, (size_t)LOOP_LEN / 2);
}
