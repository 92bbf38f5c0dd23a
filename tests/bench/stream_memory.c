/* Memory of an idle trunk over TCP and TLS: PSS with 1,000 less PSS with 1, each in a process of its own, divided by 999,
 * some minute after the last has connected. Beside it what OpenSSL takes for itself: as many connections to the same peers,
 * made and verified by nothing but OpenSSL.
 *
 * Goal: what we add to OpenSSL's share is less than that share. */
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <string.h>
#include <sys/socket.h>

#include "peer.h"

#define TRUNKS   1000U
#define SETTLE_S 60U
#define LIFE_S   180U

static double measure_engine(enum peer_kind kind, uint32_t trunks)
{
    trunkha_engine *engine;
    struct peer peer;
    double kib;

    peer_start(&peer, kind, trunks, LIFE_S);
    peer.plan.trunks = trunks;
    peer.plan.keepalive = "";
    engine = bench_engine(peer.mock, &peer.plan);
    if (!bench_wait_health(engine, TRUNKHA_HEALTH_AVAILABLE, trunks, 30))
        bench_die("not all trunks came up");
    bench_sleep_ms(SETTLE_S * 1000);
    kib = bench_pss_kib();
    trunkha_engine_unref(engine);
    peer_stop(&peer);

    return kib;
}

static double measure_tcp(uint32_t trunks)
{
    return measure_engine(PEER_TCP, trunks);
}

static double measure_tls(uint32_t trunks)
{
    return measure_engine(PEER_TLS, trunks);
}

/* ---- OpenSSL alone ---- */

static int connect_to(const struct mock *mock, uint32_t target)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(mock_port(mock))};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    char address[64];

    mock_address(mock, target, address, sizeof(address));
    *strchr(address, ':') = '\0';
    inet_pton(AF_INET, address, &name.sin_addr);
    if (fd < 0 || connect(fd, (struct sockaddr *)&name, sizeof(name)))
        bench_die("no connection");

    return fd;
}

/* What follows the handshake is read as well: tickets. */
static void connect_one(SSL_CTX *context, const struct mock *mock, uint32_t target)
{
    SSL *ssl = SSL_new(context);
    char byte;

    if (!ssl || SSL_set_fd(ssl, connect_to(mock, target)) != 1 || SSL_connect(ssl) != 1)
        bench_die("no TLS");
    bench_sleep_ms(1);
    BIO_socket_nbio((int)SSL_get_fd(ssl), 1);
    SSL_read(ssl, &byte, 1);
}

static double measure_openssl(uint32_t n)
{
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    struct peer peer;

    peer_start(&peer, PEER_TLS, n, LIFE_S);
    SSL_CTX_load_verify_locations(context, peer.authority, NULL);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    for (uint32_t i = 0; i < n; i++)
        connect_one(context, peer.mock, i);
    peer_stop(&peer);

    return bench_pss_kib(); /* nothing is released: the process ends here */
}

static double each(double (*measure)(uint32_t))
{
    return (bench_in_child(measure, TRUNKS) - bench_in_child(measure, 1)) / (TRUNKS - 1);
}

int main(void)
{
    double openssl, tcp, tls;

    bench_raise_descriptors();
    openssl = each(measure_openssl);
    tcp = each(measure_tcp);
    tls = each(measure_tls);
    bench_note("memory per idle TLS connection, OpenSSL alone", openssl, "KiB");
    bench_note("memory per idle trunk over TCP", tcp, "KiB");

    return bench_ratio("memory per idle trunk over TLS, to OpenSSL alone", tls, "KiB", openssl, 2);
}
