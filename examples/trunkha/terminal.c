#include "terminal.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include <trunkha.h>

bool terminal_has_colour(FILE *out)
{
    const char *no_color = getenv("NO_COLOR");

    return isatty(fileno(out)) && !(no_color && *no_color);
}

const char *terminal_colour(const char *word)
{
    static const char *const colours[] = {
        [TRUNKHA_HEALTH_UNKNOWN] = "\033[1m",
        [TRUNKHA_HEALTH_AVAILABLE] = "\033[32m",
        [TRUNKHA_HEALTH_DEGRADED] = "\033[33m",
        [TRUNKHA_HEALTH_DOWN] = "\033[1;31m",
    };

    for (unsigned health = 0; health < sizeof(colours) / sizeof(colours[0]); health++)
        if (!strcmp(word, trunkha_health_name(health)))
            return colours[health];

    return "";
}

static bool read_line(int fd, char *ret_buf, size_t size)
{
    ssize_t n = read(fd, ret_buf, size);

    if (n < 2 || ret_buf[n - 1] != '\n')
        return false;
    ret_buf[n - 1] = '\0';

    return true;
}

bool terminal_read_secret(const char *prompt, char *ret_buf, size_t size)
{
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
    struct termios before, silent;
    bool is_read = false;

    if (fd < 0)
        return false;
    if (!tcgetattr(fd, &before)) {
        silent = before;
        silent.c_lflag &= (tcflag_t) ~(ECHO | ISIG); /* a signal would leave the terminal without echo */
        if (!tcsetattr(fd, TCSAFLUSH, &silent)) {
            dprintf(fd, "%s", prompt);
            is_read = read_line(fd, ret_buf, size);
            dprintf(fd, "\n");
            tcsetattr(fd, TCSAFLUSH, &before);
        }
    }
    close(fd);

    return is_read;
}
