/** @file model.h  A checked configuration: plain structs, in the order of the file
 *
 *  lib/config makes it, lib/core takes it over. Everything in it lives in one arena; nothing changes after it was made. */
#ifndef THA_CORE_MODEL_H
#define THA_CORE_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/addr.h"
#include "base/arena.h"
#include "core/abilities.h"

/** A set of SIP response codes, 100 to 699. */
struct tha_codes {
    uint8_t bits[75];
};

static inline bool tha_codes_has(const struct tha_codes *codes, unsigned code)
{
    return code >= 100 && code <= 699 && (codes->bits[(code - 100) / 8] >> ((code - 100) % 8) & 1);
}

static inline void tha_codes_put(struct tha_codes *codes, unsigned code, bool is_in)
{
    uint8_t bit = (uint8_t)(1U << ((code - 100) % 8));
    uint8_t *byte = &codes->bits[(code - 100) / 8];

    *byte = (uint8_t)(is_in ? *byte | bit : *byte & ~bit);
}

struct tha_header {
    const char *name;
    const char *value;
};

/** What a probe says; NULL = written by the prober. Checked against line feeds and control characters. */
struct tha_probe_text {
    const char *from_uri;
    const char *contact_uri;
    const char *request_uri; /**< NULL = the trunk's own URI */
    const char *user_agent;
    uint32_t max_forwards;
    const struct tha_header *headers;
    uint32_t n_headers;
};

/** When a trunk that comes and goes has to wait longer and longer before failback. */
struct tha_damping {
    uint32_t max_transitions; /**< in `window_ms`: more than these are flapping */
    uint32_t window_ms;
    uint32_t hold_down_ms; /**< of the first one too many; each further doubles it */
    uint32_t max_hold_down_ms;
};

struct tha_keepalive {
    bool enabled;
    bool only_when_idle;
    uint32_t interval_ms;
    uint32_t suspect_interval_ms;
    uint32_t down_interval_ms;
    uint32_t timeout_ms;
    uint32_t jitter_permille;
    uint32_t max_failed_attempts;
    uint32_t recovery_attempts;
    uint32_t max_probes_per_minute; /**< per peer address; 0 = derived from `interval` */
    uint32_t degraded_loss_percent; /**< 0 = loss never degrades */
    uint32_t degraded_rtt_ms;       /**< 0 = delay never degrades */
    uint32_t degraded_window;       /**< probes, 1 to 64 */
    struct tha_codes failing;       /**< failureResponseCodes less acceptedResponseCodes */
    struct tha_damping damping;
    struct tha_probe_text text;
};

/** How the calls of a profile are tried. */
struct tha_call_settings {
    uint32_t no_response_ms; /**< sending to the first 1xx */
    uint32_t no_ring_ms;     /**< sending to the first 18x */
    uint32_t total_ms;       /**< first attempt to the first 18x or final answer of any */
    uint32_t ring_ms;        /**< from the first 18x */
    uint32_t max_attempts;   /**< 1 to THA_ATTEMPTS_MAX */
    uint32_t max_retry_after_ms;
    uint32_t retry_budget_percent; /**< of the profile's calls */
    struct tha_codes reroute;      /**< never 486, 487 or 6xx */
};

#define THA_ATTEMPTS_MAX 16U

enum tha_strategy { THA_STRATEGY_ACTIVE_STANDBY, THA_STRATEGY_WEIGHTED, THA_STRATEGY_ROUND_ROBIN, THA_STRATEGY_LEAST_CALLS };

enum tha_failback { THA_FAILBACK_AUTO, THA_FAILBACK_MANUAL, THA_FAILBACK_WHEN_IDLE };

enum tha_direction { THA_DIRECTION_BOTH, THA_DIRECTION_INBOUND, THA_DIRECTION_OUTBOUND };

#define THA_NONE UINT32_MAX /**< an index that points nowhere */

/** What has to be looked up (RFC 3263 section 4) before a trunk can be reached; two of the same words are the same name. */
struct tha_name {
    const char *host;   /**< lower case, no dot at its end */
    uint16_t port;      /**< 0 = not given: SRV records say */
    uint8_t transport;  /**< enum tha_transport, if `has_transport` */
    bool has_transport; /**< false: NAPTR and SRV records say */
};

enum tha_tls_version { THA_TLS_1_2, THA_TLS_1_3 };

/** Trunks with the same words share one. Paths are as written; "" = none. */
struct tha_tls_settings {
    uint32_t min_version;    /**< enum tha_tls_version */
    const char *ca_file;     /**< PEM; "" = those that the system trusts */
    const char *cert_file;   /**< PEM with its chain; "" = we show none */
    const char *key_file;    /**< "" = it stands in `cert_file` */
    const char *server_name; /**< for SNI and in the certificate; "" = the host of the trunk's URI */
    bool verify;
};

/** For digest; wiped when the model is released. */
struct tha_credentials {
    char *username;
    char *password;
    const char *realm; /**< NULL = any */
};

/** How a trunk is reached, beyond its address. */
struct tha_reach {
    struct tha_addr local;                /**< where its packets leave from; family 0 = the system chooses; port 0 = any */
    struct tha_addr public_addr;          /**< in Via and Contact; family 0 = our own; port 0 = that of the socket */
    const struct tha_tls_settings *tls;   /**< never NULL */
    const struct tha_credentials *auth;   /**< NULL = none */
    const char *host;                     /**< of its URI: what a certificate must name unless `tls` names another */
};

/** What the configuration has to say of the answers of the DNS. */
struct tha_dns_settings {
    uint32_t max_ttl_s;
    uint32_t min_ttl_s;
    uint32_t timeout_ms;            /**< of one question, all servers together */
    const struct tha_addr *servers; /**< with ports */
    uint32_t n_servers;             /**< 0 = those of resolv.conf */
    bool keep_last_good;
};

struct tha_trunk_model {
    const char *id;
    const char *name;
    const char *uri;            /**< normalised: "sip:host[:port][;transport=..]" */
    const char *outbound_route; /**< "" = none */
    const struct tha_name *dns_name; /**< what is to be looked up; NULL = `addr` says it all */
    struct tha_addr addr;           /**< the only target, if `dns_name` is NULL */
    const struct tha_reach *reach;  /**< NULL = nothing but a UDP socket is needed */
    uint32_t group; /**< index */
    uint32_t direction; /**< enum tha_direction */
    uint32_t paired;    /**< index of the trunk of the other direction, or THA_NONE; each names the other */
    uint32_t priority; /**< lower goes first */
    uint32_t weight;
    uint32_t admin;            /**< enum trunkha_admin */
    uint32_t max_calls;        /**< 0 = no limit */
    uint32_t calls_per_second; /**< 0 = no limit */
    uint32_t codecs;           /**< stands for the set of `codecs`, whatever their order; 0 = none given */
    struct tha_abilities abilities; /**< `allow` and `codecs` */
    const struct tha_keepalive *keepalive;
};

struct tha_group_model {
    const char *id;
    const char *name;
    uint32_t strategy;
    uint32_t failover; /**< index of the group after this one, or THA_NONE */
    uint32_t first_trunk;
    uint32_t n_trunks;
};

/** A routing profile, or the one that every group has in its own name. */
struct tha_profile_model {
    const char *id;
    const char *name;
    const uint32_t *groups; /**< the whole chain, each group once */
    uint32_t n_groups;
    uint32_t hold_down_ms;
    uint32_t failback; /**< enum tha_failback */
    const struct tha_call_settings *call;
    bool is_group;
};

struct tha_model {
    struct tha_arena arena;
    const char *instance_id; /**< NULL = not given */
    struct tha_group_model *groups;
    struct tha_trunk_model *trunks;     /**< group by group */
    struct tha_profile_model *profiles; /**< the file's, then one for each group */
    uint32_t n_groups, n_trunks, n_profiles;
    const struct tha_keepalive *keepalive; /**< the top-level block */
    struct tha_dns_settings dns;
    const struct tha_addr *listen;
    uint32_t n_listen;
};

/** NULL is fine; returns NULL. */
struct tha_model *tha_model_free(struct tha_model *model);

/** New calls, as the file has it: neither inbound nor disabled nor draining. */
static inline bool tha_trunk_takes_calls(const struct tha_trunk_model *trunk)
{
    return trunk->admin == TRUNKHA_ADMIN_ENABLED && trunk->direction != THA_DIRECTION_INBOUND;
}

#endif
