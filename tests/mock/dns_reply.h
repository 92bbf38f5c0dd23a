/** @file dns_reply.h  The answers of a scripted name server, good ones and bad ones */
#ifndef MOCK_DNS_REPLY_H
#define MOCK_DNS_REPLY_H

#include "dns_script.h"

struct dns_message {
    uint8_t bytes[DNS_MESSAGE_MAX];
    size_t len;
};

/** A question as it came. */
struct dns_request {
    const uint8_t *bytes;
    size_t len; /* header and question */
    char name[DNS_NAME_SIZE];
    uint16_t type;
    bool is_tcp;
};

/** False: it is no question. */
bool dns_request_read(struct dns_request *request, const uint8_t *bytes, size_t len, bool is_tcp);

/** What is said in the manner of @p habit; forged ones apart. */
void dns_reply_write(const struct dns_script *script, const struct dns_request *request, enum dns_manner manner,
                     struct dns_message *ret_message);

/** A forged answer, wrong in the point that @p manner says. */
void dns_reply_forge(const struct dns_request *request, enum dns_manner manner, struct dns_message *ret_message);

#endif
