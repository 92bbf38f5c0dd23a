#include "adapters/scan_response.h"

#include <string.h>

#include "adapters/hex.h"

#define TAG_LEN 8 /* of ours */

struct scan {
    struct tha_sip_cursor cursor;
    struct tha_span values[THA_SIP_CONTENT_LENGTH + 1]; /**< by kind; p is NULL until it was seen */
};

/** Keeps the first Via, which is the top one; anything else that we know may be there only once. */
static bool keep(struct scan *scan, const struct tha_sip_header *header)
{
    struct tha_span *value = &scan->values[header->kind];

    if (value->p)
        return header->kind == THA_SIP_VIA;
    *value = header->value;

    return true;
}

static bool read_headers(struct scan *scan)
{
    struct tha_sip_header header;
    enum tha_sip_step step;

    while ((step = tha_sip_next_header(&scan->cursor, &header)) == THA_SIP_HEADER) {
        if (header.kind != THA_SIP_OTHER && !keep(scan, &header))
            return false;
    }

    return step == THA_SIP_BODY;
}

static bool has_whole_body(const struct scan *scan)
{
    struct tha_span length = scan->values[THA_SIP_CONTENT_LENGTH];
    uint32_t number;

    return !length.p || tha_sip_read_number(length, (uint32_t)(scan->cursor.end - scan->cursor.p), &number);
}

/** Looks first where one of ours stands in nearly every answer: right behind the sent-by, as we have written it. */
static bool find_branch(struct tha_span via, struct tha_span *ret_branch)
{
    static const char start[] = ";branch=" THA_BRANCH_PREFIX;
    const size_t name_len = strlen(";branch="), len = name_len + THA_BRANCH_LEN;
    const char *p = memchr(via.p, ';', via.len);
    size_t left = p ? via.len - (size_t)(p - via.p) : 0;

    if (left < len || memcmp(p, start, sizeof(start) - 1) || (left > len && p[len] != ';') ||
        memchr(via.p, ',', (size_t)(p - via.p)))
        return tha_sip_find_param(via, "branch", ret_branch);
    *ret_branch = (struct tha_span){p + name_len, THA_BRANCH_LEN};

    return true;
}

/** The same for ours: at the end of the header. */
static bool find_tag(struct tha_span from, struct tha_span *ret_tag)
{
    static const char name[] = ">;tag=";
    const size_t len = sizeof(name) - 1 + TAG_LEN;
    const char *end = from.p + from.len;

    if (from.len < len || memcmp(end - len, name, sizeof(name) - 1))
        return tha_sip_find_param(from, "tag", ret_tag);
    *ret_tag = (struct tha_span){end - TAG_LEN, TAG_LEN};

    return true;
}

static bool read_token(struct tha_span branch, struct tha_span from_tag, struct tha_span call_id,
                       struct tha_response *response)
{
    struct tha_token *token = &response->token;

    return tha_token_read_branch(branch.p, branch.len, &response->slot, &token->branch) && from_tag.len == TAG_LEN &&
           tha_hex_read(from_tag.p, &token->from_tag) && call_id.len == 16 &&
           tha_token_read_hex64(call_id.p, &token->call_id);
}

bool tha_scan_response(const char *packet, size_t len, struct tha_response *ret_response)
{
    struct scan scan = {.values = {{NULL, 0}}};
    const struct tha_span *values = scan.values;
    struct tha_span from_tag, method;

    *ret_response = (struct tha_response){.code = 0};
    if (!tha_sip_read_status_line(packet, len, &ret_response->code, &scan.cursor))
        return false;
    if (!read_headers(&scan) || !has_whole_body(&scan))
        return false;
    if (!values[THA_SIP_VIA].p || !values[THA_SIP_FROM].p || !values[THA_SIP_CALL_ID].p || !values[THA_SIP_CSEQ].p)
        return false;
    ret_response->via = values[THA_SIP_VIA];
    if (!find_branch(ret_response->via, &ret_response->branch) ||
        !tha_sip_read_cseq(values[THA_SIP_CSEQ], &ret_response->token.cseq, &method))
        return false;

    ret_response->is_to_probe = tha_span_is(method, "OPTIONS") && find_tag(values[THA_SIP_FROM], &from_tag) &&
                                read_token(ret_response->branch, from_tag, values[THA_SIP_CALL_ID], ret_response);

    return true;
}

void tha_scan_echo(const char *packet, size_t len, struct tha_echo *ret_echo)
{
    struct scan scan = {.values = {{NULL, 0}}};
    uint32_t code;

    *ret_echo = (struct tha_echo){.body_len = 0};
    if (!tha_sip_read_status_line(packet, len, &code, &scan.cursor) || !read_headers(&scan))
        return;

    ret_echo->via = scan.values[THA_SIP_VIA];
    ret_echo->from = scan.values[THA_SIP_FROM];
    ret_echo->to = scan.values[THA_SIP_TO];
    ret_echo->call_id = scan.values[THA_SIP_CALL_ID];
    ret_echo->content_length = scan.values[THA_SIP_CONTENT_LENGTH];
    ret_echo->body_len = (size_t)(scan.cursor.end - scan.cursor.p);
}
