/** @file dns_script.h  What a scripted name server says: its records, and how it misbehaves for some names */
#ifndef MOCK_DNS_SCRIPT_H
#define MOCK_DNS_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DNS_NAME_SIZE   256
#define DNS_MESSAGE_MAX 65535

enum dns_type { TYPE_A = 1, TYPE_CNAME = 5, TYPE_SOA = 6, TYPE_TXT = 16, TYPE_AAAA = 28, TYPE_SRV = 33, TYPE_NAPTR = 35 };

struct dns_record {
    char name[DNS_NAME_SIZE];
    char alias[DNS_NAME_SIZE]; /* CNAME */
    uint32_t ttl_s;
    uint16_t type;
    uint16_t rdlen;
    uint8_t rdata[1024];
};

/* In the order of their names in dns_script.c. */
enum dns_manner {
    MANNER_PLAIN,
    MANNER_SILENT,
    MANNER_SERVFAIL,
    MANNER_REFUSED,
    MANNER_NOTIMP,
    MANNER_FORMERR,
    MANNER_REFERRAL,
    MANNER_WRONG_ID,
    MANNER_WRONG_QUESTION,
    MANNER_OTHER_PORT,
    MANNER_NO_RESPONSE,
    MANNER_CUT,
    MANNER_CUT_ALWAYS,
    MANNER_CUT_CLOSE,
    MANNER_CUT_SILENT,
    MANNER_CUT_DRIP,
    MANNER_GARBAGE,
    MANNER_LOOP,
    MANNER_SHORT,
    MANNER_EXTRA,
    MANNER_LONG,
    MANNER_NO_CHASE,
    MANNER_DELAY,
};

struct dns_habit {
    char name[DNS_NAME_SIZE]; /* "*" = all that have none of their own */
    enum dns_manner manner;
    uint32_t ms; /* DELAY */
};

struct dns_asked {
    char name[DNS_NAME_SIZE];
    uint16_t type;
    bool is_tcp;
};

struct dns_script {
    struct dns_record *records;
    size_t n_records;
    struct dns_habit *habits;
    size_t n_habits;
    struct dns_asked *asked; /* in their order */
    size_t n_asked;
    uint32_t negative_ttl_s; /* of the SOA record beside "none"; 0 = without one */
};

void dns_script_done(struct dns_script *script);

/** Runs one line (see dns_script.c) and writes the answer to it, without a line feed. */
void dns_script_run(struct dns_script *script, const char *line, char *answer, size_t size);

const struct dns_habit *dns_script_habit(const struct dns_script *script, const char *name);

void dns_script_note(struct dns_script *script, const char *name, uint16_t type, bool is_tcp);

/** A name in lower case as it stands in messages; returns its length, 0 = it is none. */
size_t dns_wire_name(const char *name, uint8_t *wire);

#endif
