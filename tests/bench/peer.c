#include "peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SERVER_NAME "sip.carrier.example" /* what the mock's certificate is for */

/* The mock writes whom to trust to a file, which the configuration names. */
static void trust(struct peer *peer)
{
    int fd;

    snprintf(peer->authority, sizeof(peer->authority), "/tmp/bench-authority-XXXXXX");
    fd = mkstemp(peer->authority);
    if (fd < 0 || mock_tell(peer->mock, "authority %s", peer->authority))
        bench_die("no certificate");
    close(fd);
    snprintf(peer->trunk_more, sizeof(peer->trunk_more), ", \"tls\": {\"caFile\": \"%s\", \"serverName\": \"%s\"}",
             peer->authority, SERVER_NAME);
    peer->plan.trunk_more = peer->trunk_more;
}

void peer_start(struct peer *peer, enum peer_kind kind, uint32_t targets, uint32_t seconds)
{
    static const char *const names[] = {"UDP", "TCP", "TLS"};
    static const char *const parameters[] = {"", ";transport=tcp", ";transport=tls"};

    memset(peer, 0, sizeof(*peer));
    peer->name = names[kind];
    peer->plan.uri_more = parameters[kind];
    peer->mock = kind == PEER_UDP ? bench_mock(targets, seconds) : mock_start_streams(kind == PEER_TLS, targets, seconds);
    if (!peer->mock)
        bench_die("the mock carrier does not start");
    if (kind == PEER_TLS)
        trust(peer);
}

void peer_stop(struct peer *peer)
{
    peer->mock = mock_stop(peer->mock);
    if (peer->authority[0])
        unlink(peer->authority);
}
