#include "adapters/dns_room.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#define SYSTEM_PATH    "/etc/resolv.conf"
#define DNS_PORT       53
#define LINES_MAX      1000
#define CHECK_AFTER_MS 30000 /* for changes that no notice comes of: network file systems, a link that leads elsewhere now  \
                              */

void tha_dns_servers_init(struct tha_dns_servers *servers, struct tha_loop *loop, const struct tha_log *log)
{
    servers->loop = loop;
    servers->log = *log;
    servers->notify_fd = -1;
    tha_text_copy(servers->path, sizeof(servers->path), SYSTEM_PATH);
}

/* -- reading resolv.conf -- */

static uint32_t this_host(struct tha_addr *addr)
{
    *addr = (struct tha_addr){.ip = {127, 0, 0, 1}, .port = DNS_PORT, .family = 4};

    return 1;
}

/** "nameserver ADDRESS"; one with a zone ("fe80::1%eth0") is none that we could name. */
static bool read_line(char *line, struct tha_addr *addr)
{
    char *rest = NULL;
    const char *word = strtok_r(line, " \t\r\n", &rest);

    if (!word || strcmp(word, "nameserver") != 0)
        return false;
    word = strtok_r(NULL, " \t\r\n", &rest);
    if (!word || !tha_addr_parse_ip(addr, word, strlen(word)))
        return false;
    addr->port = DNS_PORT;

    return true;
}

/** resolver(5): a file that names none means this host. Returns how many; 0 = there is no file, or it is empty: it is being
 *  written. */
static uint32_t read_file(const char *path, struct tha_addr addrs[THA_DNS_SERVERS_MAX])
{
    FILE *file = fopen(path, "re");
    uint32_t count = 0, lines = 0;
    char line[1024];

    if (!file)
        return 0;

    for (; lines < LINES_MAX && count < THA_DNS_SERVERS_MAX && fgets(line, sizeof(line), file); lines++)
        count += read_line(line, &addrs[count]);
    fclose(file);

    return lines && !count ? this_host(addrs) : count;
}

static void put(struct tha_dns_servers *servers, const struct tha_addr *addrs, uint32_t count)
{
    servers->count = count < THA_DNS_SERVERS_MAX ? count : THA_DNS_SERVERS_MAX;
    for (uint32_t i = 0; i < servers->count; i++)
        servers->all[i] = (struct tha_dns_server){.addr = addrs[i]};
}

static bool is_as_before(const struct tha_dns_servers *servers, const struct tha_addr *addrs, uint32_t count)
{
    if (count != servers->count)
        return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!tha_addr_is_equal(&servers->all[i].addr, &addrs[i]))
            return false;
    }

    return true;
}

/** Without a file, which may be so for a moment, we keep the servers that we know. True: they are others now. */
static bool read_again(struct tha_dns_servers *servers, uint64_t now_ms)
{
    struct tha_addr addrs[THA_DNS_SERVERS_MAX];
    uint32_t count = read_file(servers->path, addrs);

    servers->read_ms = now_ms;
    if (!count && !servers->count) {
        tha_log_print(&servers->log, TRUNKHA_LOG_WARNING, "nothing in %s: name server is 127.0.0.1", servers->path);
        count = this_host(addrs);
    }
    if (!count || is_as_before(servers, addrs, count))
        return false;
    put(servers, addrs, count);

    return true;
}

/* -- watching it -- */

static void tell_if_changed(struct tha_dns_servers *servers, uint64_t now_ms)
{
    if (!read_again(servers, now_ms))
        return;

    tha_log_print(&servers->log, TRUNKHA_LOG_INFO, "%s names other servers", servers->path);
    if (servers->changed)
        servers->changed(servers->user_data);
}

/** Anything may have happened in its directory: that is rare enough to look at the file itself. */
static void on_notice(unsigned what, void *user_data)
{
    struct tha_dns_servers *servers = user_data;
    char notices[4096];

    (void)what;
    if (read(servers->notify_fd, notices, sizeof(notices)) > 0)
        tell_if_changed(servers, tha_clock_ms());
}

/** It is replaced as often as it is written to: the directory knows of both. */
static void watch_directory_of(const struct tha_dns_servers *servers, const char *path)
{
    char directory[PATH_MAX];
    char *slash;

    tha_text_copy(directory, sizeof(directory), path);
    slash = strrchr(directory, '/');
    if (slash)
        slash[slash == directory] = '\0';
    inotify_add_watch(servers->notify_fd, slash ? directory : ".",
                      IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_ONLYDIR);
}

static void stop_watching(struct tha_dns_servers *servers)
{
    servers->watch = tha_watch_free(servers->watch);
    if (servers->notify_fd >= 0)
        close(servers->notify_fd);
    servers->notify_fd = -1;
}

/** Without notices there is still tha_dns_servers_check(). */
static void start_watching(struct tha_dns_servers *servers)
{
    char target[PATH_MAX];

    servers->notify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (servers->notify_fd < 0)
        return;
    if (tha_watch_new(servers->loop, servers->notify_fd, THA_LOOP_READ, on_notice, servers, &servers->watch)) {
        stop_watching(servers);
        return;
    }

    watch_directory_of(servers, servers->path);
    if (realpath(servers->path, target)) /* often a link to what another program writes */
        watch_directory_of(servers, target);
}

/* -- for questions -- */

static void forget(struct tha_dns_servers *servers)
{
    stop_watching(servers);
    servers->count = 0;
    servers->read_ms = 0;
}

void tha_dns_servers_done(struct tha_dns_servers *servers)
{
    forget(servers);
}

void tha_dns_servers_set(struct tha_dns_servers *servers, const struct tha_addr *addrs, uint32_t count)
{
    if (!count && !servers->is_configured)
        return;

    forget(servers);
    servers->is_configured = count > 0;
    put(servers, addrs, count);
}

void tha_dns_servers_set_path(struct tha_dns_servers *servers, const char *path)
{
    if (!servers->is_configured)
        forget(servers);
    tha_text_copy(servers->path, sizeof(servers->path), path);
}

static void prepare(struct tha_dns_servers *servers, uint64_t now_ms)
{
    if (servers->is_configured || servers->count)
        return;

    start_watching(servers);
    read_again(servers, now_ms);
}

uint32_t tha_dns_servers_order(struct tha_dns_servers *servers, uint64_t now_ms,
                               struct tha_addr ret_addrs[THA_DNS_SERVERS_MAX])
{
    const struct tha_dns_server *order[THA_DNS_SERVERS_MAX];

    prepare(servers, now_ms);
    for (uint32_t i = 0; i < servers->count; i++) {
        uint32_t place = i;

        for (; place && order[place - 1]->failed_ms > servers->all[i].failed_ms; place--)
            order[place] = order[place - 1];
        order[place] = &servers->all[i];
    }
    for (uint32_t i = 0; i < servers->count; i++)
        ret_addrs[i] = order[i]->addr;

    return servers->count;
}

void tha_dns_servers_note(struct tha_dns_servers *servers, const struct tha_addr *addr, uint64_t failed_ms)
{
    for (uint32_t i = 0; i < servers->count; i++) {
        if (tha_addr_is_equal(&servers->all[i].addr, addr))
            servers->all[i].failed_ms = failed_ms;
    }
}

void tha_dns_servers_check(struct tha_dns_servers *servers, uint64_t now_ms)
{
    if (!servers->is_configured && servers->count && now_ms - servers->read_ms >= CHECK_AFTER_MS)
        tell_if_changed(servers, now_ms);
}
