#include "zone.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

struct line {
    char name[64];
    char type[8];
    unsigned ttl_s;
    const char *data;
};

static bool next_line(const char **inout_zone, struct line *line)
{
    int used = 0;

    while (**inout_zone == '\n')
        ++*inout_zone;
    if (!**inout_zone)
        return false;

    ck_assert_int_eq(sscanf(*inout_zone, "%63s %7s %u %n", line->name, line->type, &line->ttl_s, &used), 3);
    line->data = *inout_zone + used;
    *inout_zone += strcspn(*inout_zone, "\n");

    return true;
}

static uint32_t type_of(const char *type)
{
    static const struct {
        const char *name;
        uint32_t type;
    } types[] = {{"A", THA_DNS_A}, {"AAAA", THA_DNS_AAAA}, {"SRV", THA_DNS_SRV}, {"NAPTR", THA_DNS_NAPTR}};

    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (!strcmp(types[i].name, type))
            return types[i].type;
    }
    ck_abort_msg("no such type: %s", type);
}

/** A lone point is the root: "". */
static const char *name_of(char *text)
{
    return strcmp(text, ".") ? text : "";
}

static void read_record(const struct line *line, uint32_t type, struct zone_answer *to)
{
    uint32_t i = to->answer.n_records++;
    struct tha_dns_record *record = &to->records[i];
    char(*texts)[64] = to->texts[i];

    ck_assert_uint_lt(i, ZONE_RECORDS_MAX);
    *record = (struct tha_dns_record){.ttl_s = line->ttl_s};
    switch (type) {
    case THA_DNS_SRV:
        ck_assert_int_eq(sscanf(line->data, "%hu %hu %hu %63s", &record->srv.priority, &record->srv.weight,
                                &record->srv.port, texts[0]),
                         4);
        record->srv.target = name_of(texts[0]);
        break;
    case THA_DNS_NAPTR:
        ck_assert_int_eq(sscanf(line->data, "%hu %hu %63s %63s %63s", &record->naptr.order, &record->naptr.preference,
                                texts[0], texts[1], texts[2]),
                         5);
        record->naptr.flags = texts[0];
        record->naptr.service = texts[1];
        record->naptr.replacement = name_of(texts[2]);
        break;
    default:
        ck_assert_int_eq(sscanf(line->data, "%63s", texts[0]), 1);
        ck_assert(tha_addr_parse_ip(&record->addr, texts[0], strlen(texts[0])));
        break;
    }
}

void zone_answer(const char *zone, const struct tha_dns_question *question, struct zone_answer *ret_answer)
{
    struct line line;
    bool has_name = false;

    memset(ret_answer, 0, sizeof(*ret_answer));
    while (next_line(&zone, &line)) {
        if (strcmp(line.name, question->name))
            continue;
        has_name = true;
        if (type_of(line.type) == question->type)
            read_record(&line, question->type, ret_answer);
    }

    ret_answer->answer.outcome = has_name ? THA_DNS_ANSWERED : THA_DNS_NO_NAME;
    ret_answer->answer.negative_ttl_s = 10;
    ret_answer->answer.records = ret_answer->records;
}
