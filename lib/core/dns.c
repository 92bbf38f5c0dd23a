#include "dns.h"

#include <assert.h>

#include "trunkha.h"

static_assert((int)THA_DNS_FINE == TRUNKHA_DNS_FINE && (int)THA_DNS_TROUBLE_NOT_OFFERED == TRUNKHA_DNS_NOT_OFFERED,
              "the numbers are the public ones");

const char *tha_dns_trouble_text(uint32_t trouble)
{
    return trunkha_dns_text(trouble);
}
