#include "peers.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../adapter/player.h"
#include "dns_server.h"

static size_t challenge(const char *request, char *buf, size_t size, void *user_data)
{
    (void)user_data;
    if (*player_header(request, "Authorization"))
        return player_answer(request, "200 OK", "", buf, size);

    return player_answer(request, "401 Unauthorized",
                         "WWW-Authenticate: Digest realm=\"r\", nonce=\"n\", algorithm=SHA-256, qop=\"auth\"\r\n", buf,
                         size);
}

static void play(struct peers *peers, int told, int control)
{
    struct player *udp = player_start(&(struct player_options){.reply = challenge});
    struct player *tcp = player_start(&(struct player_options){.transport = "tcp"});
    struct player *tls = player_start(&(struct player_options){.transport = "tls"});
    struct dns_server *dns = dns_server_start("127.0.0.1", 0);
    char byte;

    dns_server_tell(dns, "add _sip._udp.sip.example 60 SRV 1 1 %u host.example", player_port(udp));
    dns_server_tell(dns, "add host.example 60 A 127.0.0.1");
    snprintf(peers->challenging, sizeof(peers->challenging), "%s", player_uri(udp));
    snprintf(peers->tcp, sizeof(peers->tcp), "%s", player_uri(tcp));
    snprintf(peers->tls, sizeof(peers->tls), "%s", player_uri(tls));
    snprintf(peers->named, sizeof(peers->named), "sip:sip.example;transport=udp");
    snprintf(peers->dns, sizeof(peers->dns), "127.0.0.1:%u", dns_server_port(dns));
    if (write(told, peers, sizeof(*peers)) == sizeof(*peers))
        (void)!read(control, &byte, 1); /* its end is ours */
    _exit(0);
}

void peers_start(struct peers *peers)
{
    int told[2], control[2], pid;

    player_certificate("ca.pem"); /* made by us, who take them away again */
    ck_assert_int_eq(pipe(told) | pipe(control), 0);
    pid = fork();
    ck_assert_int_ge(pid, 0);
    if (!pid) {
        close(control[1]);
        play(peers, told[1], control[0]);
    }
    close(told[1]);
    close(control[0]);
    ck_assert_int_eq(read(told[0], peers, sizeof(*peers)), sizeof(*peers));
    close(told[0]);
    peers->pid = pid;
    peers->control = control[1];
}

void peers_stop(struct peers *peers)
{
    close(peers->control);
    waitpid(peers->pid, NULL, 0);
}
