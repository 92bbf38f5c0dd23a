#include "adapters/re_epoll.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* libre up to 2.x calls epoll_create() without EPOLL_CLOEXEC and keeps the number to itself. The kernel tells which
 * descriptors an epoll watches in /proc/self/fdinfo, one "tfd:" line for each. */

static bool is_epoll(int dir_fd, const char *name)
{
    static const char epoll_link[] = "anon_inode:[eventpoll]";
    char link[sizeof(epoll_link)];
    ssize_t len = readlinkat(dir_fd, name, link, sizeof(link));

    return len == sizeof(epoll_link) - 1 && !memcmp(link, epoll_link, (size_t)len);
}

static bool is_watching(int epoll_fd, int watched_fd)
{
    char path[64], line[256];
    bool found = false;
    FILE *info;
    int fd;

    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", epoll_fd);
    info = fopen(path, "re");
    if (!info)
        return false;

    while (!found && fgets(line, sizeof(line), info))
        found = sscanf(line, "tfd: %d", &fd) == 1 && fd == watched_fd;
    fclose(info);

    return found;
}

bool tha_epoll_set_close_on_exec(int watched_fd)
{
    DIR *dir = opendir("/proc/self/fd");
    struct dirent *entry;
    bool found = false;

    if (!dir)
        return false;

    while (!found && (entry = readdir(dir))) {
        int fd = atoi(entry->d_name);

        if (is_epoll(dirfd(dir), entry->d_name) && is_watching(fd, watched_fd))
            found = !fcntl(fd, F_SETFD, FD_CLOEXEC);
    }
    closedir(dir);

    return found;
}
