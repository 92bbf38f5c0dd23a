/** @file test_lookup.h  A name is resolved with what a zone says */
#ifndef TESTS_TEST_LOOKUP_H
#define TESTS_TEST_LOOKUP_H

#include <stdio.h>

#include "../suite.h"
#include "dns_zone.h"

static struct zone zone;

static inline void open_zone(void)
{
    zone_open(&zone);
}

static inline void close_zone(void)
{
    zone_close(&zone);
}

/** What a name has come to. */
struct outcome {
    struct tha_lookup_result result;
    struct tha_location locations[THA_DNS_LOCATIONS_MAX];
    char text[8192];
};

static inline void answer_all(struct tha_lookup *lookup)
{
    struct tha_dns_question question;
    uint32_t place;

    while (tha_lookup_next_question(lookup, &place, &question)) {
        struct tha_dns_answer answer = zone_answer(&zone, &question);

        tha_lookup_answer(lookup, place, &answer);
    }
    ck_assert_uint_le(zone.n_asked, THA_LOOKUP_QUESTIONS_MAX);
}

static inline struct outcome resolve_name(const struct tha_name *name)
{
    struct tha_lookup *lookup;
    struct outcome out;

    zone.asked[0] = '\0';
    zone.n_asked = 0;
    ck_assert_int_eq(tha_lookup_new(&tha_mem_default, name, &lookup), 0);
    answer_all(lookup);
    ck_assert(tha_lookup_is_done(lookup, &out.result));
    memcpy(out.locations, out.result.locations, out.result.n_locations * sizeof(out.locations[0]));
    zone_text(out.locations, out.result.n_locations, out.text, sizeof(out.text));
    ck_assert_int_eq(out.result.trouble == THA_DNS_FINE, out.result.n_locations > 0);
    tha_lookup_free(lookup);

    return out;
}

static inline struct outcome resolve(uint16_t port)
{
    return resolve_name(&(struct tha_name){.host = "c.example", .port = port});
}

static inline struct outcome resolve_over(uint8_t transport, uint16_t port)
{
    return resolve_name(
        &(struct tha_name){.host = "c.example", .port = port, .has_transport = true, .transport = transport});
}

#endif
