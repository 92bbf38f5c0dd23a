/* A scripted name server for tests of whole programs, whatever they are written in.
 *
 *     mock-dns [--ip IP] [--port P] [--seconds S]
 *
 * It says "ready PORT", answers by UDP and TCP as told on standard input (see dns_script.c: each line is answered by a
 * line), and ends by "quit", by the end of its input, or after S seconds (120), whichever comes first. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dns_server.h"

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"ip", required_argument, NULL, 'i'},
        {"port", required_argument, NULL, 'p'},
        {"seconds", required_argument, NULL, 's'},
        {NULL, 0, NULL, 0},
    };
    const char *ip = "127.0.0.1", *port = "0", *seconds = "120";
    struct dns_server *server;
    char line[2048];
    char answer[256];
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
        if (option == '?') {
            fprintf(stderr, "usage: mock-dns [--ip IP] [--port P] [--seconds S]\n");
            return 2;
        }
        *(option == 'i' ? &ip : option == 'p' ? &port : &seconds) = optarg;
    }

    server = dns_server_start(ip, (uint16_t)strtoul(port, NULL, 10));
    if (!server) {
        fprintf(stderr, "mock-dns: no socket at %s port %s\n", ip, port);
        return 1;
    }
    alarm((unsigned)strtoul(seconds, NULL, 10));
    printf("ready %u\n", (unsigned)dns_server_port(server));
    fflush(stdout);
    while (fgets(line, sizeof(line), stdin) && strcmp(line, "quit\n")) {
        dns_server_run(server, line, answer, sizeof(answer));
        printf("%s\n", answer);
        fflush(stdout);
    }
    dns_server_stop(server);

    return 0;
}
