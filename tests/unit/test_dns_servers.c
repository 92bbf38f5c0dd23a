#include "adapters/dns_room.h"

#include <semaphore.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../suite.h"

#define PATIENCE_S 20

/** Servers of a file in a folder of its own. */
struct rig {
    struct tha_dns_servers servers;
    struct tha_loop *loop;
    void (*job)(struct rig *rig);
    sem_t job_done;
    sem_t changed;
    struct tha_addr order[THA_DNS_SERVERS_MAX];
    uint32_t n_order;
    uint64_t now_ms; /* given to the job */
    char folder[64];
    char path[80];
};

static struct rig rig;

static void on_change(void *user_data)
{
    sem_post(&((struct rig *)user_data)->changed);
}

static int on_start(struct tha_loop *loop, void *user_data)
{
    static const struct tha_log silent;
    struct rig *r = user_data;

    tha_dns_servers_init(&r->servers, loop, &silent);
    r->servers.changed = on_change;
    r->servers.user_data = r;

    return 0;
}

static void on_expiry(uint64_t now_ms, void *user_data)
{
    (void)now_ms;
    (void)user_data;
}

static void on_doorbell(void *user_data)
{
    struct rig *r = user_data;

    r->job(r);
    sem_post(&r->job_done);
}

static void on_end(void *user_data)
{
    tha_dns_servers_done(&((struct rig *)user_data)->servers);
}

static void wait_for(sem_t *semaphore)
{
    struct timespec until;

    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += PATIENCE_S;
    ck_assert_msg(!sem_timedwait(semaphore, &until), "waited in vain");
}

static void rig_do(void (*job)(struct rig *))
{
    rig.job = job;
    tha_loop_ring(rig.loop);
    wait_for(&rig.job_done);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

static void job_set_path(struct rig *r)
{
    tha_dns_servers_set_path(&r->servers, r->path);
}

static void job_order(struct rig *r)
{
    r->n_order = tha_dns_servers_order(&r->servers, tha_clock_ms(), r->order);
}

/** @p text: NULL = there is no file. */
static void rig_init(const char *text)
{
    const struct tha_loop_handlers handlers = {on_start, on_expiry, on_doorbell, on_end, &rig};

    memset(&rig, 0, sizeof(rig));
    sem_init(&rig.job_done, 0, 0);
    sem_init(&rig.changed, 0, 0);
    strcpy(rig.folder, "/tmp/test-dns-servers-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(rig.folder));
    snprintf(rig.path, sizeof(rig.path), "%s/resolv.conf", rig.folder);
    if (text)
        write_file(rig.path, text);
    ck_assert_int_eq(tha_loop_new(&tha_mem_default, &(struct tha_log){NULL, NULL}, &handlers, &rig.loop), 0);
    rig_do(job_set_path);
}

static void rig_done(void)
{
    tha_loop_free(rig.loop);
    unlink(rig.path);
    ck_assert_int_eq(rmdir(rig.folder), 0);
}

/** The servers in the order in which they would be asked, such as "192.0.2.1:53 [::1]:53". */
static const char *order(void)
{
    static char text[THA_DNS_SERVERS_MAX * THA_ADDR_TEXT_SIZE];
    char one[THA_ADDR_TEXT_SIZE];
    size_t used = 0;

    rig_do(job_order);
    text[0] = '\0';
    for (uint32_t i = 0; i < rig.n_order; i++)
        used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "",
                                 tha_addr_text(&rig.order[i], one, sizeof(one)) + strlen("udp:"));

    return text;
}

static bool has_changed(void)
{
    return !sem_trywait(&rig.changed);
}

/* -- what is in the file -- */

START_TEST(name_servers_are_read_and_all_else_is_passed_over)
{
    rig_init("# nameserver 192.0.2.66\n; nameserver 192.0.2.66\nsearch example\n\n"
             "nameserver 192.0.2.1\n  nameserver\t2001:db8::1 # mine\nnameserver fe80::1%eth0\nnameserver\n"
             "nameserver example\nnameservers 192.0.2.66\noptions timeout:1\nnameserver 192.0.2.2");
    ck_assert_str_eq(order(), "192.0.2.1:53 [2001:db8::1]:53 192.0.2.2:53");
    ck_assert(!has_changed()); /* they were never others */
    rig_done();
}
END_TEST

START_TEST(more_servers_than_we_use_are_left_out)
{
    char text[400] = "";

    for (unsigned i = 1; i <= 10; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "nameserver 192.0.2.%u\n", i);
    rig_init(text);
    order();
    ck_assert_uint_eq(rig.n_order, THA_DNS_SERVERS_MAX);
    ck_assert_uint_eq(rig.order[7].ip[3], 8);
    rig_done();
}
END_TEST

START_TEST(no_server_and_no_file_mean_this_host)
{
    rig_init("search example\n");
    ck_assert_str_eq(order(), "127.0.0.1:53");
    rig_done();
    rig_init(NULL);
    ck_assert_str_eq(order(), "127.0.0.1:53");
    rig_done();
}
END_TEST

/* -- its changes -- */

START_TEST(file_that_is_written_anew_is_noticed)
{
    rig_init("nameserver 192.0.2.1\n");
    ck_assert_str_eq(order(), "192.0.2.1:53");
    write_file(rig.path, "nameserver 192.0.2.2\n");
    wait_for(&rig.changed);
    ck_assert_str_eq(order(), "192.0.2.2:53");
    rig_done();
}
END_TEST

static void replace_file(const char *text)
{
    char path[100];

    snprintf(path, sizeof(path), "%s.new", rig.path);
    write_file(path, text);
    ck_assert_int_eq(rename(path, rig.path), 0);
}

START_TEST(file_that_is_replaced_is_noticed_again_and_again)
{
    rig_init("nameserver 192.0.2.1\n");
    order();
    for (unsigned i = 2; i < 6; i++) {
        char text[64];

        snprintf(text, sizeof(text), "nameserver 192.0.2.%u\n", i);
        replace_file(text);
        wait_for(&rig.changed);
        ck_assert_uint_eq(strtoul(order() + strlen("192.0.2."), NULL, 10), i);
    }
    rig_done();
}
END_TEST

START_TEST(target_of_a_link_is_watched)
{
    char target_folder[] = "/tmp/test-dns-target-XXXXXX";
    char target[64];

    ck_assert_ptr_nonnull(mkdtemp(target_folder));
    snprintf(target, sizeof(target), "%s/stub", target_folder);
    write_file(target, "nameserver 192.0.2.1\n");
    rig_init(NULL);
    ck_assert_int_eq(symlink(target, rig.path), 0);
    ck_assert_str_eq(order(), "192.0.2.1:53");
    write_file(target, "nameserver 192.0.2.2\n");
    wait_for(&rig.changed);
    ck_assert_str_eq(order(), "192.0.2.2:53");
    rig_done();
    unlink(target);
    rmdir(target_folder);
}
END_TEST

START_TEST(change_that_names_the_same_servers_is_none)
{
    rig_init("nameserver 192.0.2.1\n");
    order();
    replace_file("nameserver 192.0.2.1\nsearch example\n");
    replace_file("nameserver 192.0.2.2\n");
    wait_for(&rig.changed);
    ck_assert(!has_changed());
    rig_done();
}
END_TEST

START_TEST(file_that_is_gone_leaves_the_servers_as_they_were)
{
    rig_init("nameserver 192.0.2.1\n");
    order();
    unlink(rig.path);
    ck_assert_str_eq(order(), "192.0.2.1:53");
    write_file(rig.path, "nameserver 192.0.2.2\n");
    wait_for(&rig.changed);
    ck_assert_str_eq(order(), "192.0.2.2:53");
    ck_assert(!has_changed());
    rig_done();
}
END_TEST

START_TEST(empty_file_is_one_that_is_being_written)
{
    rig_init("nameserver 192.0.2.1\n");
    order();
    write_file(rig.path, "");
    replace_file("nameserver 192.0.2.2\n");
    wait_for(&rig.changed);
    ck_assert_str_eq(order(), "192.0.2.2:53");
    ck_assert(!has_changed());
    rig_done();
}
END_TEST

static void job_stop_notices(struct rig *r)
{
    r->servers.watch = tha_watch_free(r->servers.watch);
}

static void job_check(struct rig *r)
{
    tha_dns_servers_check(&r->servers, r->now_ms);
}

START_TEST(without_notices_the_file_is_looked_at_every_thirty_seconds)
{
    rig_init("nameserver 192.0.2.1\n");
    order();
    rig_do(job_stop_notices);
    write_file(rig.path, "nameserver 192.0.2.2\n");

    rig.now_ms = rig.servers.read_ms + 29999;
    rig_do(job_check);
    ck_assert(!has_changed());
    rig.now_ms++;
    rig_do(job_check);
    ck_assert(has_changed());
    rig_do(job_check);
    ck_assert(!has_changed());
    ck_assert_str_eq(order(), "192.0.2.2:53");
    rig_done();
}
END_TEST

/* -- those of the configuration -- */

static const struct tha_addr configured[] = {{.ip = {192, 0, 2, 7}, .port = 5353, .family = 4},
                                             {.ip = {192, 0, 2, 8}, .port = 53, .family = 4},
                                             {.ip = {192, 0, 2, 9}, .port = 53, .family = 4}};

static void job_configure(struct rig *r)
{
    tha_dns_servers_set(&r->servers, configured, 3);
}

static void job_unconfigure(struct rig *r)
{
    tha_dns_servers_set(&r->servers, NULL, 0);
}

START_TEST(configured_servers_outrank_the_file)
{
    rig_init("nameserver 192.0.2.1\n");
    ck_assert_str_eq(order(), "192.0.2.1:53");
    rig_do(job_configure);
    ck_assert_str_eq(order(), "192.0.2.7:5353 192.0.2.8:53 192.0.2.9:53");
    replace_file("nameserver 192.0.2.2\n");
    ck_assert_str_eq(order(), "192.0.2.7:5353 192.0.2.8:53 192.0.2.9:53");
    ck_assert(!has_changed());
    rig_do(job_unconfigure);
    ck_assert_str_eq(order(), "192.0.2.2:53");
    rig_do(job_unconfigure);
    replace_file("nameserver 192.0.2.3\n");
    wait_for(&rig.changed);
    ck_assert_str_eq(order(), "192.0.2.3:53");
    rig_done();
}
END_TEST

static void note(unsigned server, uint64_t failed_ms)
{
    tha_dns_servers_note(&rig.servers, &configured[server], failed_ms);
}

START_TEST(servers_that_failed_come_last_and_the_last_one_at_the_very_end)
{
    rig_init(NULL);
    rig_do(job_configure);
    note(0, 1000);
    ck_assert_str_eq(order(), "192.0.2.8:53 192.0.2.9:53 192.0.2.7:5353");
    note(1, 2000);
    ck_assert_str_eq(order(), "192.0.2.9:53 192.0.2.7:5353 192.0.2.8:53");
    note(2, 3000);
    ck_assert_str_eq(order(), "192.0.2.7:5353 192.0.2.8:53 192.0.2.9:53");
    note(1, 0);
    ck_assert_str_eq(order(), "192.0.2.8:53 192.0.2.7:5353 192.0.2.9:53");
    rig_done();
}
END_TEST

SUITE("dns_servers", name_servers_are_read_and_all_else_is_passed_over, more_servers_than_we_use_are_left_out,
      no_server_and_no_file_mean_this_host, file_that_is_written_anew_is_noticed,
      file_that_is_replaced_is_noticed_again_and_again, target_of_a_link_is_watched,
      change_that_names_the_same_servers_is_none, file_that_is_gone_leaves_the_servers_as_they_were,
      empty_file_is_one_that_is_being_written, without_notices_the_file_is_looked_at_every_thirty_seconds,
      configured_servers_outrank_the_file, servers_that_failed_come_last_and_the_last_one_at_the_very_end)
