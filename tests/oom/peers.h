/** @file peers.h  Carriers and a name server in a process of their own: their allocations never fail */
#ifndef TESTS_OOM_PEERS_H
#define TESTS_OOM_PEERS_H

/** URIs as a trunk's `sipAddress` has them. */
struct peers {
    char challenging[96]; /**< over UDP; wants credentials, whichever */
    char tcp[96];
    char tls[96];   /**< with a certificate of player_certificate("ca.pem") */
    char named[96]; /**< a name with an SRV record, that leads to `challenging` */
    char dns[32];   /**< "127.0.0.1:40000" */
    int pid, control;
};

void peers_start(struct peers *peers);
void peers_stop(struct peers *peers);

#endif
