/** @file carrier.h  What the parts of the mock carrier share */
#ifndef MOCK_CARRIER_H
#define MOCK_CARRIER_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "delay.h"
#include "stamps.h"

#define DATAGRAM_MAX 2048

enum mode {
    MODE_ANSWER,
    MODE_SILENT,
    MODE_PROVISIONAL, /* 100 Trying and nothing after it */
    MODE_WRONG_PORT,  /* the right answer, from another port */
};

/** One carrier that is played: how it behaves, and what it has seen. */
struct target {
    uint64_t received;      /* datagrams, retransmissions included */
    uint64_t probes;        /* requests with a branch other than the one before */
    uint64_t answered;      /* responses that left, provisional ones too */
    int64_t probed_ns;      /* Unix; the last probe */
    int64_t longest_gap_ns; /* between two of them */
    int64_t dies_at_ns;     /* Unix; 0 = lives on */
    uint32_t dies_after_ms; /* after the next request; 0 = not asked for */
    uint32_t branch;        /* hash of the last one */
    uint16_t code;
    uint16_t delay_ms;
    uint16_t loss_permille;
    uint16_t retry_after; /* seconds; 0 = no header */
    enum mode mode;
};

struct carrier {
    struct target *targets;
    uint32_t n_targets;
    bool is_by_address; /* one socket for all of them; else a socket each */
    uint16_t port;      /* of the first target */
    int *sockets;
    uint32_t n_sockets;
    int wrong_socket;
    uint32_t kernel_drops; /* datagrams that found the receive buffer full */
    struct stamps stamps;
    struct delay delay;
    char request[DATAGRAM_MAX]; /* the last one */
    uint32_t request_len;
};

/** Where an answer goes, and from where. */
struct path {
    int socket;
    struct sockaddr_in peer;
    struct in_addr asked; /* the address the request came to: the answer leaves from there */
};

/** Carries out one line of standard input and answers on standard output; false = the end was asked for. */
bool command_run(struct carrier *carrier, char *line);

/** CLOCK_MONOTONIC. */
uint64_t carrier_now_ms(void);

/** Address of target @p index when they are told apart by address: 127.1.0.1 onwards. Host byte order. */
static inline uint32_t target_address(uint32_t index)
{
    return 0x7f010001U + index;
}

#endif
