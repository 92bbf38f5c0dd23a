#include "demo_proxy.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "demo_sip.h"

#define PROGRAM    "trunkha-proxy"
#define END_MAX_MS 5000

/* ---- The file ---- */

static bool write_all(int fd, const char *text)
{
    size_t len = strlen(text);
    bool is_written = write(fd, text, len) == (ssize_t)len;

    return !close(fd) && is_written;
}

static bool write_config(struct demo_proxy *proxy, const char *config)
{
    const char *folder = getenv("TMPDIR");
    int fd;

    snprintf(proxy->path, sizeof(proxy->path), "%s/trunkha-demo-XXXXXX", folder && *folder ? folder : "/tmp");
    fd = mkostemp(proxy->path, O_CLOEXEC);
    if (fd < 0)
        *proxy->path = '\0';

    return fd >= 0 && write_all(fd, config);
}

static void remove_config(struct demo_proxy *proxy)
{
    if (*proxy->path)
        unlink(proxy->path);
    *proxy->path = '\0';
}

/* ---- The process ---- */

/** Runs the program that lies beside this one or, as in some build trees, one folder up; or else the one in PATH. */
static void execute(char *const argv[])
{
    static const char *const places[] = {"/" PROGRAM, "/../" PROGRAM};
    char self[PATH_MAX], path[PATH_MAX + sizeof("/../" PROGRAM)];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    char *slash;

    self[n < 0 ? 0 : n] = '\0';
    slash = strrchr(self, '/');
    for (size_t i = 0; slash && i < sizeof(places) / sizeof(places[0]); i++) {
        snprintf(path, sizeof(path), "%.*s%s", (int)(slash - self), self, places[i]);
        execv(path, argv);
    }
    execvp(PROGRAM, argv);
}

static void run_program(struct demo_proxy *proxy, pid_t parent, int output)
{
    char listen[32];
    char *argv[] = {PROGRAM, proxy->path, "--listen", listen, "--events", "jsonl", NULL};

    snprintf(listen, sizeof(listen), "127.0.0.1:%u", proxy->port);
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) || getppid() != parent || dup2(output, STDOUT_FILENO) < 0)
        _exit(1);
    execute(argv);
    fprintf(stderr, "trunkha demo: cannot run " PROGRAM ": %s (looked for beside trunkha, one folder up, and in PATH)\n",
            strerror(errno));
    _exit(1);
}

static bool start_process(struct demo_proxy *proxy)
{
    pid_t parent = getpid();
    int ends[2];

    if (pipe2(ends, O_CLOEXEC))
        return false;
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    proxy->output = ends[0];
    proxy->pid = fork();
    if (proxy->pid == 0)
        run_program(proxy, parent, ends[1]);
    close(ends[1]);

    return proxy->pid > 0;
}

/** A port that is free: for a moment somebody else might take it. */
static bool find_port(uint16_t *ret_port)
{
    int sock = demo_sip_open(ret_port);

    return sock >= 0 && !close(sock);
}

/* ---- Its events ---- */

static void read_output(struct demo_proxy *proxy)
{
    ssize_t n = read(proxy->output, proxy->text + proxy->len, sizeof(proxy->text) - proxy->len);

    if (n > 0)
        proxy->len += (size_t)n;
    else if (n == 0 || errno != EAGAIN)
        proxy->has_ended = true; /* or it prints what can be no event */
}

static json_t *take_line(struct demo_proxy *proxy, const char *end)
{
    json_t *event = json_loadb(proxy->text, (size_t)(end - proxy->text), 0, NULL);

    proxy->len -= (size_t)(end + 1 - proxy->text);
    memmove(proxy->text, end + 1, proxy->len);

    return event;
}

json_t *demo_proxy_next_event(struct demo_proxy *proxy)
{
    const char *end = memchr(proxy->text, '\n', proxy->len);

    if (!end) {
        read_output(proxy);
        end = memchr(proxy->text, '\n', proxy->len);
    }
    if (!end)
        return NULL;
    remove_config(proxy); /* whoever has something to tell has read it */

    return take_line(proxy, end);
}

/* ---- Beginning and end ---- */

bool demo_proxy_start(struct demo_proxy *proxy, const char *config)
{
    return find_port(&proxy->port) && write_config(proxy, config) && start_process(proxy);
}

void demo_proxy_end(struct demo_proxy *proxy)
{
    struct pollfd output = {proxy->output, 0, 0};

    if (proxy->pid > 0) {
        kill(proxy->pid, SIGTERM);
        if (poll(&output, 1, END_MAX_MS) == 0)
            kill(proxy->pid, SIGKILL);
        while (waitpid(proxy->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    if (proxy->output >= 0)
        close(proxy->output);
    remove_config(proxy);
    proxy->pid = 0;
    proxy->output = -1;
}
