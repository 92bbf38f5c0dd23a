#include "sim/resolver.h"

#include <string.h>

#include "../suite.h"
#include "base/text.h"
#include "config/config.h"

#define NOW UINT64_C(1000000)

static const char config[] =
    "{\"trunkGroups\": [{\"id\": \"g\", \"trunks\": [{\"id\": \"a\", \"sipAddress\": \"a.example\"},"
    " {\"id\": \"b\", \"sipAddress\": \"b.example\"},"
    " {\"id\": \"c\", \"sipAddress\": \"a.example\"}]}],"
    " \"dns\": {\"timeout\": 2}}";

static struct tha_model *model;
static struct tha_resolver *resolver;
static struct tha_agenda agenda;
static uint64_t now_ms;
static struct tha_addr addresses[2];

static void set_up(void)
{
    ck_assert_int_eq(tha_config_read(&tha_mem_default, config, strlen(config), NULL, NULL, &model), 0);
    ck_assert_int_eq(tha_resolver_new(&tha_mem_default, model, &agenda, &resolver), 0);
    now_ms = NOW;
    tha_agenda_init(&agenda, NOW);
}

static void tear_down(void)
{
    resolver = tha_resolver_free(resolver);
    model = tha_model_free(model);
}

/** Asks, and waits for the answer. */
static struct tha_dns_answer ask(uint32_t type, const char *name)
{
    struct tha_dns_question question = {.type = type};
    struct tha_dns_answer answer;

    tha_text_copy(question.name, sizeof(question.name), name);
    tha_resolver_ask(resolver, 42, &question, now_ms);
    now_ms = tha_agenda_next_ms(&agenda);
    while (!tha_agenda_first(&agenda, now_ms))
        now_ms = tha_agenda_next_ms(&agenda);
    ck_assert_uint_eq(tha_resolver_answer(resolver, tha_agenda_first(&agenda, now_ms), &answer), 42);

    return answer;
}

static const char *text(const struct tha_dns_answer *answer, uint32_t i)
{
    static char buf[THA_ADDR_TEXT_SIZE];

    return tha_addr_host_text(&answer->records[i].addr, buf, sizeof(buf));
}

static void move(const char *name, uint32_t n, uint16_t port)
{
    static struct tha_scenario_step step;

    ck_assert(tha_addr_parse_ip(&addresses[0], "203.0.113.1", 11));
    ck_assert(tha_addr_parse_ip(&addresses[1], "2001:db8::1", 11));
    addresses[0].port = port;
    step = (struct tha_scenario_step){
        .kind = THA_STEP_ADDRESS, .name = name, .addresses = addresses, .n_addresses = n, .ttl_s = 30};
    tha_resolver_take_step(resolver, &step);
}

START_TEST(every_name_has_an_address_of_its_own)
{
    struct tha_dns_answer answer;

    set_up();
    answer = ask(THA_DNS_A, "a.example");
    ck_assert_uint_eq(answer.n_records, 1);
    ck_assert_uint_eq(answer.records[0].ttl_s, 60);
    ck_assert_str_eq(text(&answer, 0), "198.18.0.1");
    answer = ask(THA_DNS_A, "b.example");
    ck_assert_str_eq(text(&answer, 0), "198.18.0.2");
    ck_assert_uint_eq(ask(THA_DNS_AAAA, "a.example").n_records, 0);
    ck_assert_uint_eq(ask(THA_DNS_AAAA, "a.example").outcome, THA_DNS_ANSWERED);
    ck_assert_uint_eq(ask(THA_DNS_NAPTR, "a.example").outcome, THA_DNS_ANSWERED);
    ck_assert_uint_eq(ask(THA_DNS_SRV, "_sip._udp.a.example").outcome, THA_DNS_NO_NAME);
    ck_assert_uint_eq(ask(THA_DNS_A, "c.example").outcome, THA_DNS_NO_NAME);
    tear_down();
}
END_TEST

START_TEST(name_comes_to_what_a_step_says)
{
    struct tha_dns_answer answer;

    set_up();
    move("a.example", 2, 0);
    answer = ask(THA_DNS_A, "a.example");
    ck_assert_uint_eq(answer.n_records, 1);
    ck_assert_str_eq(text(&answer, 0), "203.0.113.1");
    ck_assert_uint_eq(answer.records[0].ttl_s, 30);
    answer = ask(THA_DNS_AAAA, "a.example");
    ck_assert_str_eq(text(&answer, 0), "[2001:db8::1]");
    tear_down();
}
END_TEST

START_TEST(ports_come_by_srv_records)
{
    struct tha_dns_answer answer;

    set_up();
    move("a.example", 2, 5070);
    answer = ask(THA_DNS_SRV, "_sip._udp.a.example");
    ck_assert_uint_eq(answer.n_records, 2);
    ck_assert_uint_eq(answer.records[0].srv.port, 5070);
    ck_assert_str_eq(answer.records[0].srv.target, "0.a.example");
    ck_assert_uint_eq(answer.records[1].srv.port, 5060);
    answer = ask(THA_DNS_SRV, "_sips._tcp.a.example");
    ck_assert_uint_eq(answer.records[1].srv.port, 5061);
    answer = ask(THA_DNS_A, "0.a.example");
    ck_assert_str_eq(text(&answer, 0), "203.0.113.1");
    ck_assert_uint_eq(answer.records[0].addr.port, 0);
    ck_assert_uint_eq(ask(THA_DNS_A, "1.a.example").n_records, 0);
    ck_assert_uint_eq(ask(THA_DNS_AAAA, "1.a.example").n_records, 1);
    ck_assert_uint_eq(ask(THA_DNS_A, "2.a.example").outcome, THA_DNS_NO_NAME);
    tear_down();
}
END_TEST

START_TEST(no_addresses_are_no_name)
{
    set_up();
    ck_assert(tha_resolver_leads_somewhere(resolver, model->trunks[0].dns_name));
    move("a.example", 0, 0);
    ck_assert_uint_eq(ask(THA_DNS_A, "a.example").outcome, THA_DNS_NO_NAME);
    ck_assert(!tha_resolver_leads_somewhere(resolver, model->trunks[0].dns_name));
    tear_down();
}
END_TEST

START_TEST(silent_servers_take_all_the_time_there_is)
{
    const struct tha_scenario_step silent = {.kind = THA_STEP_DNS, .dns = THA_DNS_SILENT};
    const struct tha_scenario_step failed = {.kind = THA_STEP_DNS, .dns = THA_DNS_FAILED};
    struct tha_dns_answer answer;

    set_up();
    tha_resolver_take_step(resolver, &silent);
    ck_assert_uint_eq(ask(THA_DNS_A, "a.example").outcome, THA_DNS_SILENT);
    ck_assert_uint_eq(now_ms, NOW + 2000);
    tha_resolver_take_step(resolver, &failed);
    answer = ask(THA_DNS_A, "a.example");
    ck_assert_uint_eq(answer.outcome, THA_DNS_FAILED);
    ck_assert_uint_eq(answer.rcode, 2);
    ck_assert_uint_lt(now_ms, NOW + 2100);
    tear_down();
}
END_TEST

SUITE("sim resolver", every_name_has_an_address_of_its_own, name_comes_to_what_a_step_says, ports_come_by_srv_records,
      no_addresses_are_no_name, silent_servers_take_all_the_time_there_is)
