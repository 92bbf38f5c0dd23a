/* Built twice: with the list of public suffixes, if the library has it, and without. */
#include <string.h>

#include "../suite.h"
#include "config/domain.h"

static void expect(const char *host, const char *domain)
{
    const char *found = tha_config_get_registered_domain(host);

    if (domain)
        ck_assert_msg(found && !strcmp(found, domain), "%s: %s", host, found ? found : "nothing");
    else
        ck_assert_msg(!found, "%s: %s", host, found);
}

START_TEST(last_two_labels_are_the_domain)
{
    expect("sip.carrier.example", "carrier.example");
    expect("a.b.c.carrier.com", "carrier.com");
    expect("carrier.de", "carrier.de");
    expect("sip.long-name.de", "long-name.de");
    expect("sip.qsc.de", "qsc.de");
    expect("bt.de", "bt.de");
}
END_TEST

START_TEST(below_a_suffix_of_two_labels_it_is_three)
{
    expect("sip.carrier.co.uk", "carrier.co.uk");
    expect("carrier.com.au", "carrier.com.au");
}
END_TEST

START_TEST(suffix_is_nobodys)
{
    expect("co.uk", NULL);
    expect("example", NULL);
    expect("localhost", NULL);
}
END_TEST

SUITE("config domain", last_two_labels_are_the_domain, below_a_suffix_of_two_labels_it_is_three, suffix_is_nobodys)
