#include "kamailio.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PROCESSES_MAX 64

struct kamailio {
    pid_t pid;
    char dir[64];
    char config[96];
    char list[96];
};

static const char *program(void)
{
    const char *path = getenv("KAMAILIO");

    return path ? path : "/usr/sbin/kamailio";
}

static unsigned free_port(void)
{
    struct sockaddr_in local = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(local);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (!bind(fd, (const struct sockaddr *)&local, len))
        getsockname(fd, (struct sockaddr *)&local, &len);
    close(fd);

    return ntohs(local.sin_port);
}

static int write_list(const char *path, const struct mock *mock, uint32_t targets)
{
    FILE *out = fopen(path, "w");
    char address[64];

    if (!out)
        return -1;

    for (uint32_t i = 0; i < targets; i++) {
        mock_address(mock, i, address, sizeof(address));
        fprintf(out, "%u sip:%s\n", i / 2 + 1, address);
    }

    return fclose(out);
}

static int write_config(const struct kamailio *kamailio, uint32_t interval_s)
{
    FILE *out = fopen(kamailio->config, "w");

    if (!out)
        return -1;

    fprintf(out,
            "debug=0\nlog_stderror=yes\nchildren=1\nauto_aliases=no\ndisable_tcp=yes\n"
            "listen=udp:127.0.0.1:%u\nmaxbuffer=4194304\n" /* room for a burst of answers */
            "loadmodule \"tm.so\"\nloadmodule \"sl.so\"\nloadmodule \"dispatcher.so\"\n"
            "modparam(\"dispatcher\", \"list_file\", \"%s\")\n"
            "modparam(\"dispatcher\", \"ds_ping_interval\", %u)\n"
            "modparam(\"dispatcher\", \"ds_probing_mode\", 1)\n"
            "request_route { exit; }\n",
            free_port(), kamailio->list, interval_s);

    return fclose(out);
}

static void become_kamailio(const struct kamailio *kamailio)
{
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (!freopen("/dev/null", "w", stdout) || !freopen("/dev/null", "w", stderr))
        _exit(127);
    execl(program(), "kamailio", "-f", kamailio->config, "-DD", "-E", "-x", "fm", "-m", "512", "-M", "4", "-Y",
          kamailio->dir, "-w", kamailio->dir, (char *)NULL);
    _exit(127);
}

struct kamailio *kamailio_start(const struct mock *mock, uint32_t targets, uint32_t interval_s)
{
    struct kamailio *kamailio = calloc(1, sizeof(*kamailio));

    if (!kamailio || access(program(), X_OK)) {
        free(kamailio);
        return NULL;
    }

    strcpy(kamailio->dir, "/tmp/bench-kamailio-XXXXXX");
    if (!mkdtemp(kamailio->dir)) {
        free(kamailio);
        return NULL;
    }
    snprintf(kamailio->config, sizeof(kamailio->config), "%s/kamailio.cfg", kamailio->dir);
    snprintf(kamailio->list, sizeof(kamailio->list), "%s/dispatcher.list", kamailio->dir);
    if (write_list(kamailio->list, mock, targets) || write_config(kamailio, interval_s))
        return kamailio_stop(kamailio);

    kamailio->pid = fork();
    if (!kamailio->pid)
        become_kamailio(kamailio);

    return kamailio;
}

/* Adds the children of @p pid to the list. */
static unsigned add_children(pid_t pid, pid_t *pids, unsigned count)
{
    char path[64];
    FILE *in;

    snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
    in = fopen(path, "r");
    while (in && count < PROCESSES_MAX && fscanf(in, "%d", &pids[count]) == 1)
        count++;
    if (in)
        fclose(in);

    return count;
}

/* proc(5): utime and stime are fields 14 and 15; the second one, in brackets, may hold anything. */
static uint64_t cpu_us_of(pid_t pid)
{
    unsigned long utime = 0;
    unsigned long stime = 0;
    char path[64];
    char line[1024];
    FILE *in;
    char *at;

    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    in = fopen(path, "r");
    if (!in)
        return 0;

    at = fgets(line, sizeof(line), in) ? strrchr(line, ')') : NULL;
    if (at)
        sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &utime, &stime);
    fclose(in);

    return (utime + stime) * 1000000 / (uint64_t)sysconf(_SC_CLK_TCK);
}

uint64_t kamailio_cpu_us(const struct kamailio *kamailio)
{
    pid_t pids[PROCESSES_MAX] = {kamailio->pid};
    unsigned count = 1;
    uint64_t cpu_us = 0;

    for (unsigned i = 0; i < count; i++) {
        count = add_children(pids[i], pids, count);
        cpu_us += cpu_us_of(pids[i]);
    }

    return cpu_us;
}

static void remove_files(const struct kamailio *kamailio)
{
    unlink(kamailio->config);
    unlink(kamailio->list);
    rmdir(kamailio->dir);
}

struct kamailio *kamailio_stop(struct kamailio *kamailio)
{
    if (!kamailio)
        return NULL;

    if (kamailio->pid > 0) {
        kill(kamailio->pid, SIGTERM);
        waitpid(kamailio->pid, NULL, 0);
    }
    remove_files(kamailio);
    free(kamailio);

    return NULL;
}
