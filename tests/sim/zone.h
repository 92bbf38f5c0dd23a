/** @file zone.h  A DNS of a few lines of text, such as "sip.example SRV 60 10 50 5060 a.example" */
#ifndef TESTS_SIM_ZONE_H
#define TESTS_SIM_ZONE_H

#include "core/dns.h"

#define ZONE_RECORDS_MAX 32

struct zone_answer {
    struct tha_dns_answer answer;
    struct tha_dns_record records[ZONE_RECORDS_MAX];
    char texts[ZONE_RECORDS_MAX][4][64];
};

/** Answers @p question from @p zone: records with line feeds between, as "NAME TYPE TTL DATA...". A name without any record
 *  does not exist; negative answers hold for 10 s. */
void zone_answer(const char *zone, const struct tha_dns_question *question, struct zone_answer *ret_answer);

#endif
