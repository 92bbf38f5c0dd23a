/** @file dns.h  Questions to the DNS and what comes back: plain structs between who decides and who asks */
#ifndef THA_CORE_DNS_H
#define THA_CORE_DNS_H

#include "base/addr.h"

/** A name as text with its zero (RFC 1035 section 2.3.4). */
#define THA_DNS_NAME_SIZE 256

/** Records of one answer that are looked at, and addresses that one name comes to; what is more is left out. */
#define THA_DNS_RECORDS_MAX   256U
#define THA_DNS_LOCATIONS_MAX 64U

enum tha_dns_type { THA_DNS_A = 1, THA_DNS_AAAA = 28, THA_DNS_SRV = 33, THA_DNS_NAPTR = 35 };

struct tha_dns_question {
    uint32_t type;                /**< enum tha_dns_type */
    char name[THA_DNS_NAME_SIZE]; /**< lower case, no dot at its end */
};

enum tha_dns_outcome {
    THA_DNS_ANSWERED, /**< `n_records` may be 0: the name has none of this type */
    THA_DNS_NO_NAME,  /**< NXDOMAIN */
    THA_DNS_FAILED,   /**< no server would or could answer; the last one said `rcode` */
    THA_DNS_SILENT,   /**< no server has answered in time */
};

struct tha_dns_record {
    uint32_t ttl_s; /**< not more than that of any CNAME on the way to it */
    union {
        struct tha_addr addr; /**< A, AAAA: without a port */
        struct {
            uint16_t priority;
            uint16_t weight;
            uint16_t port;
            const char *target; /**< lower case, no dot at its end; "" = the root: not offered */
        } srv;
        struct {
            uint16_t order;
            uint16_t preference;
            const char *flags;
            const char *service;
            const char *replacement; /**< as `srv.target` */
        } naptr;
    };
};

/** Records of other types or names than were asked for are not in it. Texts are borrowed for the call. */
struct tha_dns_answer {
    uint32_t outcome; /**< enum tha_dns_outcome */
    uint32_t rcode;   /**< RFC 1035 section 4.1.1; FAILED only; 0 = it made no sense, or could not be sent */
    uint32_t negative_ttl_s; /**< how long "none" holds (RFC 2308 section 5); 0 = not said */
    const struct tha_dns_record *records;
    uint32_t n_records;
};

/** One of the addresses that a name comes to. */
struct tha_location {
    struct tha_addr addr; /**< with port and transport */
    uint16_t priority;    /**< lower goes first (RFC 2782) */
    uint16_t weight;      /**< its share among those of its priority; an SRV target with several addresses divides its own */
    uint32_t ttl_s;       /**< the smallest on the way to it, as it came */
};

/** How a resolution came out. */
enum tha_dns_trouble {
    THA_DNS_FINE,
    THA_DNS_TROUBLE_SILENT,      /**< no server has answered in time */
    THA_DNS_TROUBLE_FAILED,      /**< servers have failed */
    THA_DNS_TROUBLE_NO_NAME,     /**< NXDOMAIN */
    THA_DNS_TROUBLE_NO_ADDRESS,  /**< the name is there, but without any address */
    THA_DNS_TROUBLE_NOT_OFFERED, /**< SRV target ".": the service is decidedly not there */
};

/** A sentence for people, such as "no such name (NXDOMAIN)". */
const char *tha_dns_trouble_text(uint32_t trouble);

#endif
