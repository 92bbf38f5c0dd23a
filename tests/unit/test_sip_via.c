#include "adapters/sip_via.h"

#include <string.h>

#include "../suite.h"

static bool read(const char *text, struct tha_sip_via *via)
{
    return tha_sip_read_via((struct tha_span){text, strlen(text)}, via);
}

START_TEST(transport_host_and_port_are_read)
{
    static const struct {
        const char *text, *transport, *host;
        uint16_t port;
    } cases[] = {
        {"SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK1", "UDP", "192.0.2.1", 5070},
        {"SIP/2.0/UDP a.example", "UDP", "a.example", 5060},
        {"SIP/2.0/TLS a.example;rport", "TLS", "a.example", 5061},
        {"SIP / 2.0 / TCP  [2001:db8::1] : 5080 ;x=1", "TCP", "[2001:db8::1]", 5080},
        {"SIP/2.0/TCP [2001:db8::1]", "TCP", "[2001:db8::1]", 5060},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct tha_sip_via via;

        ck_assert_msg(read(cases[i].text, &via), "%s", cases[i].text);
        ck_assert(tha_span_is(via.transport, cases[i].transport));
        ck_assert_msg(tha_span_is(via.host, cases[i].host), "%s", cases[i].text);
        ck_assert_uint_eq(via.port, cases[i].port);
    }
}
END_TEST

START_TEST(nonsense_is_no_via)
{
    static const char *const texts[] = {"",
                                        "SIP",
                                        "SIP/2.0/",
                                        "SIP/2.0/UDP",
                                        "SIP/2.0/UDP ;branch=x",
                                        "SIP/3.0/UDP h",
                                        "HTTP/2.0/UDP h",
                                        "SIP/2.0/UDP h:0",
                                        "SIP/2.0/UDP h:65536",
                                        "SIP/2.0/UDP h:x"};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        size_t len = strlen(texts[i]);
        char *exact = malloc(len ? len : 1);
        struct tha_sip_via via;

        memcpy(exact, texts[i], len);
        ck_assert_msg(!tha_sip_read_via((struct tha_span){exact, len}, &via), "%s", texts[i]);
        free(exact);
    }
}
END_TEST

SUITE("sip_via", transport_host_and_port_are_read, nonsense_is_no_via)
