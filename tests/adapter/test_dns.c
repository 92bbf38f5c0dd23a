#include "adapters/dns.h"

#include <dirent.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "../suite.h"
#include "dns_server.h"

#define PATIENCE_S  30
#define ANSWERS_MAX 1024
#define LONG_MS     20000 /* a timeout that nothing here waits for */

/** What came back, copied. */
struct answer {
    uint64_t id;
    struct tha_dns_answer said;
    struct tha_dns_record records[THA_DNS_RECORDS_MAX];
    char text[THA_DNS_NAME_SIZE]; /* the first target or replacement */
};

/** A client on its loop, and what it was answered. */
struct rig {
    struct tha_mem mem;
    struct tha_loop *loop;
    struct tha_dns *dns;
    void (*job)(struct rig *rig, const void *arg);
    const void *job_arg;
    sem_t job_done;
    sem_t answered;
    atomic_uint n_answers;
    struct answer last;
    bool is_asking;
    bool asks_again; /* when the next answer comes */
    uint8_t seen[ANSWERS_MAX];
};

static void wake(struct rig *rig)
{
    tha_loop_wake_at(rig->loop, tha_dns_next_expiry(rig->dns));
}

static void ask_from_here(struct rig *rig, uint64_t id, const char *name, uint32_t type)
{
    struct tha_dns_question question = {.type = type};

    tha_text_copy(question.name, sizeof(question.name), name);
    rig->is_asking = true;
    ck_assert_int_eq(tha_dns_ask(rig->dns, id, &question), 0);
    rig->is_asking = false;
}

static void on_answer(uint64_t id, const struct tha_dns_answer *answer, void *user_data)
{
    struct rig *rig = user_data;
    struct answer *last = &rig->last;

    ck_assert(!rig->is_asking);
    last->id = id;
    last->said = *answer;
    if (answer->n_records)
        memcpy(last->records, answer->records, answer->n_records * sizeof(*answer->records));
    if (id < ANSWERS_MAX)
        rig->seen[id]++;
    if (rig->asks_again) {
        rig->asks_again = false;
        ask_from_here(rig, 99, "again.example", THA_DNS_A);
    }
    wake(rig);
    atomic_fetch_add(&rig->n_answers, 1);
    sem_post(&rig->answered);
}

/** Texts are borrowed: the records that have some are looked at while they are there. */
static void on_service(uint64_t id, const struct tha_dns_answer *answer, void *user_data)
{
    struct rig *rig = user_data;

    tha_text_copy(rig->last.text, sizeof(rig->last.text), answer->n_records ? answer->records[0].srv.target : "");
    on_answer(id, answer, user_data);
}

static int start_with(struct tha_loop *loop, struct rig *rig,
                      void (*answer)(uint64_t, const struct tha_dns_answer *, void *))
{
    static const struct tha_log silent;
    const struct tha_dns_handlers handlers = {.answer = answer, .user_data = rig};

    rig->loop = loop;

    return tha_dns_new(loop, &rig->mem, &silent, &handlers, &rig->dns);
}

static int on_start(struct tha_loop *loop, void *user_data)
{
    return start_with(loop, user_data, on_answer);
}

static int on_start_services(struct tha_loop *loop, void *user_data)
{
    return start_with(loop, user_data, on_service);
}

static void on_expiry(uint64_t now_ms, void *user_data)
{
    struct rig *rig = user_data;

    tha_dns_handle_expiry(rig->dns, now_ms);
    wake(rig);
}

static void on_doorbell(void *user_data)
{
    struct rig *rig = user_data;

    rig->job(rig, rig->job_arg);
    wake(rig);
    sem_post(&rig->job_done);
}

static void on_end(void *user_data)
{
    struct rig *rig = user_data;

    rig->dns = tha_dns_free(rig->dns);
}

static void wait_for(sem_t *semaphore)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    ck_assert_msg(!sem_timedwait(semaphore, &until), "waited in vain");
}

static void rig_do(struct rig *rig, void (*job)(struct rig *, const void *), const void *arg)
{
    rig->job = job;
    rig->job_arg = arg;
    tha_loop_ring(rig->loop);
    wait_for(&rig->job_done);
}

struct servers {
    struct tha_addr addrs[THA_DNS_SERVERS_MAX];
    uint32_t count;
    uint32_t timeout_ms;
};

static void job_servers(struct rig *rig, const void *arg)
{
    const struct servers *servers = arg;

    tha_dns_set_servers(rig->dns, servers->addrs, servers->count, servers->timeout_ms);
}

static void rig_start(struct rig *rig, const struct tha_loop_handlers *handlers)
{
    memset(rig, 0, sizeof(*rig));
    rig->mem = tha_mem_default;
    sem_init(&rig->job_done, 0, 0);
    sem_init(&rig->answered, 0, 0);
    ck_assert_int_eq(tha_loop_new(&rig->mem, &(struct tha_log){NULL, NULL}, handlers, &rig->loop), 0);
}

/** A client that asks at @p ports of this host, in this order. */
static void rig_init(struct rig *rig, const uint16_t *ports, uint32_t n_ports, uint32_t timeout_ms)
{
    const struct tha_loop_handlers handlers = {on_start, on_expiry, on_doorbell, on_end, rig};
    struct servers servers = {.count = n_ports, .timeout_ms = timeout_ms};

    for (uint32_t i = 0; i < n_ports; i++)
        servers.addrs[i] = (struct tha_addr){.ip = {127, 0, 0, 1}, .port = ports[i], .family = 4};
    rig_start(rig, &handlers);
    rig_do(rig, job_servers, &servers);
}

static void rig_done(struct rig *rig)
{
    tha_loop_free(rig->loop);
}

struct asking {
    uint64_t id;
    const char *name;
    uint32_t type;
};

static void job_ask(struct rig *rig, const void *arg)
{
    const struct asking *asking = arg;

    ask_from_here(rig, asking->id, asking->name, asking->type);
}

static const struct answer *rig_ask(struct rig *rig, const char *name, uint32_t type)
{
    const struct asking asking = {7, name, type};

    rig_do(rig, job_ask, &asking);
    wait_for(&rig->answered);
    ck_assert_uint_eq(rig->last.id, 7);

    return &rig->last;
}

static struct tha_dns_stats rig_stats(const struct rig *rig)
{
    struct tha_dns_stats stats;

    tha_dns_get_stats(rig->dns, &stats);

    return stats;
}

static void check_address(const struct answer *answer, uint8_t last_byte, uint32_t ttl_s)
{
    ck_assert_uint_eq(answer->said.outcome, THA_DNS_ANSWERED);
    ck_assert_uint_eq(answer->said.n_records, 1);
    ck_assert_mem_eq(answer->records[0].addr.ip, ((const uint8_t[]){192, 0, 2, last_byte}), 4);
    ck_assert_uint_eq(answer->records[0].ttl_s, ttl_s);
}

static void check_failed(const struct answer *answer, uint32_t rcode)
{
    ck_assert_uint_eq(answer->said.outcome, THA_DNS_FAILED);
    ck_assert_uint_eq(answer->said.rcode, rcode);
    ck_assert_uint_eq(answer->said.n_records, 0);
}

/* -- name servers -- */

#define TELL(server, ...) ck_assert_int_eq(dns_server_tell(server, __VA_ARGS__), 0)

static struct dns_server *serve(void)
{
    struct dns_server *server = dns_server_start("127.0.0.1", 0);

    ck_assert_ptr_nonnull(server);

    return server;
}

/** The world as most tests need it: a client with one or two servers, which know a.example differently. */
struct world {
    struct rig rig;
    struct dns_server *servers[2];
    uint32_t n_servers;
};

static void world_init(struct world *world, uint32_t n_servers, uint32_t timeout_ms)
{
    uint16_t ports[2];

    world->n_servers = n_servers;
    for (uint32_t i = 0; i < n_servers; i++) {
        world->servers[i] = serve();
        ports[i] = dns_server_port(world->servers[i]);
        TELL(world->servers[i], "add a.example 60 A 192.0.2.%u", i + 1);
    }
    rig_init(&world->rig, ports, n_servers, timeout_ms);
}

static void world_done(struct world *world)
{
    rig_done(&world->rig);
    for (uint32_t i = 0; i < world->n_servers; i++)
        dns_server_stop(world->servers[i]);
}

static struct world world;

/* -- answers -- */

START_TEST(addresses_are_answered_with_their_ttl)
{
    world_init(&world, 1, LONG_MS);
    TELL(world.servers[0], "add a.example 30 AAAA 2001:db8::1");
    check_address(rig_ask(&world.rig, "a.example", THA_DNS_A), 1, 60);

    ck_assert_uint_eq(rig_ask(&world.rig, "a.example", THA_DNS_AAAA)->said.n_records, 1);
    ck_assert_uint_eq(world.rig.last.records[0].ttl_s, 30);
    ck_assert_uint_eq(world.rig.last.records[0].addr.family, 6);
    ck_assert_uint_eq(dns_server_count(world.servers[0], "a.example * udp"), 2);
    ck_assert_uint_eq(dns_server_count(world.servers[0], "* * tcp"), 0);
    world_done(&world);
}
END_TEST

START_TEST(services_are_answered)
{
    static struct rig rig;
    const struct tha_loop_handlers handlers = {on_start_services, on_expiry, on_doorbell, on_end, &rig};
    struct dns_server *server = serve();
    const struct servers servers = {
        .addrs = {{.ip = {127, 0, 0, 1}, .port = dns_server_port(server), .family = 4}}, .count = 1, .timeout_ms = LONG_MS};

    TELL(server, "add _sip._tcp.a.example 60 SRV 10 20 5070 Gw.Example.");
    rig_start(&rig, &handlers);
    rig_do(&rig, job_servers, &servers);
    ck_assert_uint_eq(rig_ask(&rig, "_sip._tcp.a.example", THA_DNS_SRV)->said.n_records, 1);
    ck_assert_uint_eq(rig.last.records[0].srv.port, 5070);
    ck_assert_str_eq(rig.last.text, "gw.example");
    rig_done(&rig);
    dns_server_stop(server);
}
END_TEST

START_TEST(none_is_an_answer_and_says_how_long)
{
    world_init(&world, 2, LONG_MS);
    TELL(world.servers[0], "negative 17");
    ck_assert_uint_eq(rig_ask(&world.rig, "nobody.example", THA_DNS_A)->said.outcome, THA_DNS_NO_NAME);
    ck_assert_uint_eq(world.rig.last.said.negative_ttl_s, 17);
    ck_assert_uint_eq(rig_ask(&world.rig, "a.example", THA_DNS_SRV)->said.outcome, THA_DNS_ANSWERED);
    ck_assert_uint_eq(world.rig.last.said.n_records, 0);
    ck_assert_uint_eq(world.rig.last.said.negative_ttl_s, 17);
    ck_assert_uint_eq(dns_server_count(world.servers[1], ""), 0);
    world_done(&world);
}
END_TEST

static void job_ask_many(struct rig *rig, const void *arg)
{
    for (uint64_t id = 0; id < *(const unsigned *)arg; id++)
        ask_from_here(rig, id, "a.example", THA_DNS_A);
}

START_TEST(many_questions_at_once_are_each_answered_once)
{
    const unsigned n = 500;

    world_init(&world, 1, LONG_MS);
    rig_do(&world.rig, job_ask_many, &n);
    for (unsigned i = 0; i < n; i++)
        wait_for(&world.rig.answered);
    for (unsigned i = 0; i < n; i++)
        ck_assert_uint_eq(world.rig.seen[i], 1);
    ck_assert_uint_eq(world.rig.n_answers, n);
    ck_assert_uint_eq(rig_stats(&world.rig).questions, n);
    world_done(&world);
}
END_TEST

START_TEST(answer_may_lead_to_the_next_question)
{
    world_init(&world, 1, LONG_MS);
    TELL(world.servers[0], "add again.example 60 A 192.0.2.9");
    world.rig.asks_again = true;
    rig_do(&world.rig, job_ask, &(const struct asking){1, "a.example", THA_DNS_A});
    wait_for(&world.rig.answered);
    wait_for(&world.rig.answered);
    ck_assert_uint_eq(world.rig.last.id, 99);
    check_address(&world.rig.last, 9, 60);
    world_done(&world);
}
END_TEST

START_TEST(name_that_cannot_be_fails_and_costs_no_server_its_place)
{
    world_init(&world, 2, LONG_MS);
    check_failed(rig_ask(&world.rig, "a b.example", THA_DNS_A), 0);
    check_address(rig_ask(&world.rig, "a.example", THA_DNS_A), 1, 60);
    ck_assert_uint_eq(dns_server_count(world.servers[0], ""), 1);
    world_done(&world);
}
END_TEST

/* -- forgery -- */

START_TEST(forged_answers_are_not_taken)
{
    static const char *const manners[] = {"wrong-id", "wrong-question", "no-response", "other-port"};

    for (unsigned i = 0; i < 4; i++) {
        world_init(&world, 1, LONG_MS);
        TELL(world.servers[0], "how * %s", manners[i]);
        check_address(rig_ask(&world.rig, "a.example", THA_DNS_A), 1, 60);
        ck_assert_uint_eq(rig_stats(&world.rig).wrong_answers, i < 3); /* of another port: the system has dropped it */
        ck_assert_uint_eq(dns_server_count(world.servers[0], ""), 1);
        world_done(&world);
    }
}
END_TEST

START_TEST(records_nobody_asked_for_are_not_taken)
{
    world_init(&world, 1, LONG_MS);
    TELL(world.servers[0], "how * extra");
    check_address(rig_ask(&world.rig, "a.example", THA_DNS_A), 1, 60);
    ck_assert_uint_eq(rig_stats(&world.rig).malformed, 0);
    world_done(&world);
}
END_TEST

/* -- cut -- */

START_TEST(cut_answer_is_asked_for_over_tcp)
{
    static const char *const manners[] = {"cut", "cut-drip"};

    for (unsigned i = 0; i < 2; i++) {
        world_init(&world, 1, LONG_MS);
        TELL(world.servers[0], "how * %s", manners[i]);
        check_address(rig_ask(&world.rig, "a.example", THA_DNS_A), 1, 60);
        ck_assert_uint_eq(dns_server_count(world.servers[0], "a.example A udp"), 1);
        ck_assert_uint_eq(dns_server_count(world.servers[0], "a.example A tcp"), 1);
        ck_assert_uint_eq(rig_stats(&world.rig).retries, 1);
        world_done(&world);
    }
}
END_TEST

START_TEST(server_that_fails_over_tcp_is_followed_by_the_next)
{
    static const char *const manners[] = {"cut-close", "cut-always"};

    for (unsigned i = 0; i < 2; i++) {
        world_init(&world, 2, LONG_MS);
        TELL(world.servers[0], "how * %s", manners[i]);
        check_address(rig_ask(&world.rig, "a.example", THA_DNS_A), 2, 60);
        ck_assert_uint_eq(dns_server_count(world.servers[0], "* * tcp"), 1);
        world_done(&world);
    }
}
END_TEST

START_TEST(server_that_is_silent_over_tcp_is_followed_by_the_next)
{
    world_init(&world, 2, LONG_MS);
    TELL(world.servers[0], "how * cut-silent");
    check_address(rig_ask(&world.rig, "a.example", THA_DNS_A), 2, 60);
    world_done(&world);

    world_init(&world, 1, 300);
    TELL(world.servers[0], "how * cut-silent");
    ck_assert_uint_eq(rig_ask(&world.rig, "a.example", THA_DNS_A)->said.outcome, THA_DNS_SILENT);
    ck_assert_uint_eq(dns_server_count(world.servers[0], "* * tcp"), 1);
    world_done(&world);
}
END_TEST

START_TEST(two_hundred_records_come_over_tcp_and_in_one_large_datagram)
{
    world_init(&world, 1, LONG_MS);
    for (unsigned i = 0; i < 200; i++)
        TELL(world.servers[0], "add big.example 60 A 198.51.100.%u", i);
    ck_assert_uint_eq(rig_ask(&world.rig, "big.example", THA_DNS_A)->said.n_records, 200);
    ck_assert_uint_eq(world.rig.last.records[199].addr.ip[3], 199);
    ck_assert_uint_eq(dns_server_count(world.servers[0], "* * tcp"), 1);

    TELL(world.servers[0], "how * long");
    ck_assert_uint_eq(rig_ask(&world.rig, "big.example", THA_DNS_A)->said.n_records, 200);
    ck_assert_uint_eq(dns_server_count(world.servers[0], "* * tcp"), 1);

    for (unsigned i = 0; i < 100; i++) /* more than we read of a datagram: as good as cut */
        TELL(world.servers[0], "add big.example 60 A 198.51.100.%u", i);
    ck_assert_uint_eq(rig_ask(&world.rig, "big.example", THA_DNS_A)->said.n_records, THA_DNS_RECORDS_MAX);
    ck_assert_uint_eq(dns_server_count(world.servers[0], "* * tcp"), 2);
    world_done(&world);
}
END_TEST

/* -- servers that fail -- */

START_TEST(failure_leads_to_the_next_server_at_once)
{
    static const char *const manners[] = {"servfail", "refused", "notimp", "formerr",
                                          "referral", "garbage", "loop",   "short"};

    for (unsigned i = 0; i < 8; i++) {
        world_init(&world, 2, LONG_MS);
        TELL(world.servers[0], "how * %s", manners[i]);
        check_address(rig_ask(&world.rig, "a.example", THA_DNS_A), 2, 60);
        ck_assert_uint_eq(dns_server_count(world.servers[0], ""), 1);
        ck_assert_uint_eq(rig_stats(&world.rig).retries, 1);
        ck_assert_uint_eq(rig_stats(&world.rig).malformed, i >= 5);
        world_done(&world);
    }
}
END_TEST

START_TEST(failure_of_all_servers_is_told_with_the_last_code)
{
    world_init(&world, 2, LONG_MS);
    TELL(world.servers[0], "how * refused");
    TELL(world.servers[1], "how * servfail");
    check_failed(rig_ask(&world.rig, "a.example", THA_DNS_A), 2);
    world_done(&world);
}
END_TEST

/** Where nobody listens. */
static uint16_t closed_port(void)
{
    struct dns_server *server = serve();
    uint16_t port = dns_server_port(server);

    dns_server_stop(server);

    return port;
}

START_TEST(refused_port_leads_to_the_next_server_at_once)
{
    static struct rig rig;
    struct dns_server *server = serve();
    const uint16_t ports[] = {closed_port(), dns_server_port(server)};

    TELL(server, "add a.example 60 A 192.0.2.1");
    rig_init(&rig, ports, 2, LONG_MS);
    check_address(rig_ask(&rig, "a.example", THA_DNS_A), 1, 60);
    rig_done(&rig);

    rig_init(&rig, ports, 1, LONG_MS);
    check_failed(rig_ask(&rig, "a.example", THA_DNS_A), 0);
    rig_done(&rig);
    dns_server_stop(server);
}
END_TEST

START_TEST(silence_is_told_after_the_server_was_asked_again)
{
    world_init(&world, 1, 2500);
    TELL(world.servers[0], "how * silent");
    ck_assert_uint_eq(rig_ask(&world.rig, "a.example", THA_DNS_A)->said.outcome, THA_DNS_SILENT);
    ck_assert_uint_eq(dns_server_count(world.servers[0], ""), 3);
    ck_assert_uint_eq(rig_stats(&world.rig).retries, 2);
    world_done(&world);
}
END_TEST

START_TEST(silence_leads_to_the_next_server_which_then_comes_first)
{
    world_init(&world, 2, 400);
    TELL(world.servers[0], "how * silent");
    check_address(rig_ask(&world.rig, "a.example", THA_DNS_A), 2, 60);
    check_address(rig_ask(&world.rig, "a.example", THA_DNS_A), 2, 60);
    ck_assert_uint_eq(dns_server_count(world.servers[0], ""), 1);

    TELL(world.servers[0], "how * plain");
    TELL(world.servers[1], "how * servfail");
    check_address(rig_ask(&world.rig, "a.example", THA_DNS_A), 1, 60);
    check_address(rig_ask(&world.rig, "a.example", THA_DNS_A), 1, 60);
    ck_assert_uint_eq(dns_server_count(world.servers[1], ""), 3);
    world_done(&world);
}
END_TEST

START_TEST(late_answer_of_a_server_before_is_taken)
{
    world_init(&world, 2, LONG_MS);
    TELL(world.servers[0], "how * delay 1500"); /* the next one is asked after one second */
    TELL(world.servers[1], "how * silent");
    check_address(rig_ask(&world.rig, "a.example", THA_DNS_A), 1, 60);
    ck_assert_uint_eq(dns_server_count(world.servers[1], ""), 1);
    world_done(&world);
}
END_TEST

/* -- aliases -- */

START_TEST(alias_is_followed_inside_the_answer)
{
    world_init(&world, 1, LONG_MS);
    TELL(world.servers[0], "add www.example 5 CNAME b.example");
    TELL(world.servers[0], "add b.example 70 CNAME a.example");
    check_address(rig_ask(&world.rig, "www.example", THA_DNS_A), 1, 5);
    ck_assert_uint_eq(dns_server_count(world.servers[0], ""), 1);
    world_done(&world);
}
END_TEST

START_TEST(alias_is_asked_for_where_the_answer_ends_in_it)
{
    world_init(&world, 1, LONG_MS);
    TELL(world.servers[0], "how * no-chase");
    TELL(world.servers[0], "add www.example 5 CNAME b.example");
    TELL(world.servers[0], "add b.example 70 CNAME a.example");
    check_address(rig_ask(&world.rig, "www.example", THA_DNS_A), 1, 5);
    ck_assert_uint_eq(dns_server_count(world.servers[0], ""), 3);
    world_done(&world);
}
END_TEST

START_TEST(aliases_without_end_fail_after_a_bounded_number_of_questions)
{
    world_init(&world, 1, LONG_MS);
    TELL(world.servers[0], "how * no-chase");
    for (unsigned i = 0; i < 20; i++)
        TELL(world.servers[0], "add n%u.example 5 CNAME n%u.example", i, i + 1);
    check_failed(rig_ask(&world.rig, "n0.example", THA_DNS_A), 0);
    ck_assert_uint_eq(dns_server_count(world.servers[0], ""), 9);

    TELL(world.servers[0], "how * plain");
    TELL(world.servers[0], "add o.example 5 CNAME p.example");
    TELL(world.servers[0], "add p.example 5 CNAME o.example");
    check_failed(rig_ask(&world.rig, "o.example", THA_DNS_A), 0);
    ck_assert_uint_eq(dns_server_count(world.servers[0], "o.example A udp"), 1);
    world_done(&world);
}
END_TEST

/* -- the rest -- */

START_TEST(servers_may_have_an_ipv6_address)
{
    static struct rig rig;
    const struct tha_loop_handlers handlers = {on_start, on_expiry, on_doorbell, on_end, &rig};
    struct dns_server *server = dns_server_start("::1", 0);
    struct servers servers = {.addrs = {{.ip = {[15] = 1}, .family = 6}}, .count = 1, .timeout_ms = LONG_MS};

    if (!server)
        return; /* no IPv6 here */
    servers.addrs[0].port = dns_server_port(server);
    TELL(server, "add a.example 60 A 192.0.2.1");
    TELL(server, "how * cut");
    rig_start(&rig, &handlers);
    rig_do(&rig, job_servers, &servers);
    check_address(rig_ask(&rig, "a.example", THA_DNS_A), 1, 60);
    rig_done(&rig);
    dns_server_stop(server);
}
END_TEST

static unsigned count_fds(bool inherited_only)
{
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *entry;
    unsigned n = 0;

    while ((entry = readdir(dir))) {
        int fd = atoi(entry->d_name);

        if (entry->d_name[0] != '.' && fd != dirfd(dir))
            n += !inherited_only || !(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    }
    closedir(dir);

    return n;
}

static void nothing(struct rig *rig, const void *arg)
{
    (void)rig;
    (void)arg;
}

START_TEST(open_questions_are_bounded_and_forgotten_in_the_end)
{
    const unsigned n = 300;
    unsigned before, inherited, open;

    world_init(&world, 2, LONG_MS);
    TELL(world.servers[0], "how * silent");
    before = count_fds(false);
    inherited = count_fds(true);
    rig_do(&world.rig, job_ask_many, &n);
    rig_do(&world.rig, nothing, NULL);
    open = count_fds(false);
    ck_assert_uint_gt(open, before);
    ck_assert_uint_le(open, before + 64);
    ck_assert_uint_eq(count_fds(true), inherited);
    rig_done(&world.rig);
    ck_assert_uint_lt(count_fds(false), before);
    ck_assert_uint_eq(world.rig.n_answers, 0);
    for (uint32_t i = 0; i < 2; i++)
        dns_server_stop(world.servers[i]);
}
END_TEST

static void *failing_realloc(void *ptr, size_t size, void *user_data)
{
    int *left = user_data;

    if (size && !(*left)--)
        return NULL;

    return tha_mem_default.realloc_cb(ptr, size, NULL);
}

static int left; /* allocations that succeed */

static void job_ask_poor(struct rig *rig, const void *arg)
{
    const struct tha_dns_question question = {THA_DNS_A, "a.example"};

    left = *(const int *)arg;
    if (tha_dns_ask(rig->dns, 7, &question) == TRUNKHA_ERR_NOMEM) {
        rig->last.said.outcome = UINT32_MAX;
        sem_post(&rig->answered);
    }
}

START_TEST(question_without_memory_fails_and_the_next_one_does_not)
{
    static struct rig rig;
    const struct tha_loop_handlers handlers = {on_start, on_expiry, on_doorbell, on_end, &rig};
    struct dns_server *server = serve();
    const struct servers servers = {
        .addrs = {{.ip = {127, 0, 0, 1}, .port = dns_server_port(server), .family = 4}}, .count = 1, .timeout_ms = LONG_MS};

    TELL(server, "add a.example 60 A 192.0.2.1");
    TELL(server, "how * cut");
    for (int n = 0;; n++) {
        uint32_t outcome;

        memset(&rig, 0, sizeof(rig));
        sem_init(&rig.job_done, 0, 0);
        sem_init(&rig.answered, 0, 0);
        rig.mem = (struct tha_mem){failing_realloc, &left};
        left = 1000;
        ck_assert_int_eq(tha_loop_new(&tha_mem_default, &(struct tha_log){NULL, NULL}, &handlers, &rig.loop), 0);
        rig_do(&rig, job_servers, &servers);
        rig_do(&rig, job_ask_poor, &n);
        wait_for(&rig.answered);
        outcome = rig.last.said.outcome;
        if (left < 0) {
            ck_assert(outcome == UINT32_MAX || outcome == THA_DNS_FAILED);
            left = 1000;
            check_address(rig_ask(&rig, "a.example", THA_DNS_A), 1, 60);
        }
        rig_done(&rig);
        if (left >= 0 && outcome == THA_DNS_ANSWERED) {
            ck_assert_int_gt(n, 3);
            break;
        }
    }
    dns_server_stop(server);
}
END_TEST

SUITE("dns", addresses_are_answered_with_their_ttl, services_are_answered, none_is_an_answer_and_says_how_long,
      many_questions_at_once_are_each_answered_once, answer_may_lead_to_the_next_question,
      name_that_cannot_be_fails_and_costs_no_server_its_place, forged_answers_are_not_taken,
      records_nobody_asked_for_are_not_taken, cut_answer_is_asked_for_over_tcp,
      server_that_fails_over_tcp_is_followed_by_the_next, server_that_is_silent_over_tcp_is_followed_by_the_next,
      two_hundred_records_come_over_tcp_and_in_one_large_datagram, failure_leads_to_the_next_server_at_once,
      failure_of_all_servers_is_told_with_the_last_code, refused_port_leads_to_the_next_server_at_once,
      silence_is_told_after_the_server_was_asked_again, silence_leads_to_the_next_server_which_then_comes_first,
      late_answer_of_a_server_before_is_taken, alias_is_followed_inside_the_answer,
      alias_is_asked_for_where_the_answer_ends_in_it, aliases_without_end_fail_after_a_bounded_number_of_questions,
      servers_may_have_an_ipv6_address, open_questions_are_bounded_and_forgotten_in_the_end,
      question_without_memory_fails_and_the_next_one_does_not)
