/** @file demo_caller.h  The caller of the demo: INVITE, ACK and BYE by way of a proxy, over one UDP socket */
#ifndef TRUNKHA_DEMO_CALLER_H
#define TRUNKHA_DEMO_CALLER_H

#include <stdbool.h>
#include <stdint.h>

#define DEMO_CALLS_MAX 256

enum demo_call_state {
    DEMO_CALL_CALLING,    /* nothing has come back: the INVITE is sent again and again */
    DEMO_CALL_PROCEEDING, /* a 1xx has */
    DEMO_CALL_TALKING,    /* answered */
    DEMO_CALL_ENDING,     /* the BYE is sent again and again */
    DEMO_CALL_OVER        /* and lost, if it was not answered */
};

/** Times are those of clock_ms(). */
struct demo_call {
    enum demo_call_state state;
    uint64_t begun_ms;
    uint64_t answered_ms; /* 0 = not answered */
    uint64_t due_ms;      /* when something is to be done */
    uint64_t give_up_ms;
    uint32_t pause_ms; /* until the request is sent again */
    unsigned code;     /* of the final response; 0 = none came */
    char to[128];      /* value of the header, with the tag of who has answered */
    char target[128];  /* URI of the Contact of who has answered */
    char routes[512];  /* header lines for requests in the dialog */
    char trouble[64];  /* for the story: what went wrong before it was answered, "" = nothing */
};

struct demo_caller {
    int sock; /* -1 = not open */
    uint16_t port, proxy_port;
    uint32_t secret; /* makes its identifiers its own */
    unsigned n_calls;
    struct demo_call calls[DEMO_CALLS_MAX]; /* call 1 is the first */
};

/** Calls will go to the proxy at 127.0.0.1:@p proxy_port. Returns false with errno set. */
bool demo_caller_open(struct demo_caller *caller, uint16_t proxy_port);

/** Begins the next call; no effect when there have been DEMO_CALLS_MAX. */
void demo_caller_place(struct demo_caller *caller);

/** Takes what has come in. */
void demo_caller_receive(struct demo_caller *caller);

/** Does what is due: sends again, hangs up, gives up. */
void demo_caller_handle_expiry(struct demo_caller *caller);

/** The call with that Call-ID, NULL = none. */
struct demo_call *demo_caller_find(struct demo_caller *caller, const char *call_id);

/** True when all calls are over. */
bool demo_caller_is_idle(const struct demo_caller *caller);

/** Not open is fine. */
void demo_caller_close(struct demo_caller *caller);

#endif
