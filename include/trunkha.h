/**
 * @file trunkha.h  High availability for SIP trunks
 *
 * trunkha probes the addresses of your carriers with OPTIONS, judges their health with hysteresis, and
 * names the trunk for the next call: from any thread or process, without waiting and without a system call.
 *
 *     trunkha_engine *engine = NULL;
 *     trunkha_diag diag = TRUNKHA_DIAG_INIT;
 *     trunkha_candidate to[4];
 *     size_t n = 4;
 *
 *     if (trunkha_engine_new(NULL, &engine))
 *         return 1;
 *     if (trunkha_engine_load_file(engine, "trunks.json", &diag)) {
 *         fprintf(stderr, "%s:%u:%u: %s\n", diag.file, diag.line, diag.column, diag.message);
 *         return 1;
 *     }
 *     trunkha_engine_start(engine);                      // own thread, own loop
 *
 *     if (!trunkha_route_select(engine, "RP-GENERAL", to, &n))
 *         printf("next call: %s via %s\n", to[0].trunk_id, to[0].target);
 *
 *     trunkha_engine_unref(engine);
 *
 * Conventions. A function that can fail returns 0 or a negative TRUNKHA_ERR_*. Outputs are called `ret_x` and stay
 * untouched on failure; `reterr_x` is filled on failure only. Pointers are *new* (yours to release), *borrowed* (valid as
 * long as the comment says) or *copied in*; nothing is ever taken over. Durations are milliseconds, time stamps are
 * Unix milliseconds. Strings are UTF-8 and end in a zero byte. Structs with a `size` field are initialised with their
 * *_INIT macro (or zeroed and `size` set by hand); fields are only ever appended.
 */
#ifndef TRUNKHA_H
#define TRUNKHA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Version ----------------------------------------------------------------------------------------------- */

#define TRUNKHA_VERSION_MAJOR 0
#define TRUNKHA_VERSION_MINOR 4
#define TRUNKHA_VERSION_PATCH 0
#define TRUNKHA_VERSION       "0.4.0"

/* ---- Export macro ------------------------------------------------------------------------------------------ */

#if defined(__GNUC__) && __GNUC__ >= 4
#define TRUNKHA_API __attribute__((visibility("default")))
#else
#define TRUNKHA_API
#endif

/** Version of the library that runs, as "MAJOR.MINOR.PATCH"; static storage. Threads: any. Since 0.1. */
TRUNKHA_API const char *trunkha_version(void);

/* ---- Errors ------------------------------------------------------------------------------------------------ */

/** Error numbers; once given, a number keeps its meaning for ever. */
enum trunkha_err {
    TRUNKHA_OK = 0,
    TRUNKHA_ERR_INVALID = -1,      /**< an argument is NULL, out of range, or a struct of unknown size */
    TRUNKHA_ERR_NOMEM = -2,        /**< out of memory; nothing has changed */
    TRUNKHA_ERR_CONFIG = -3,       /**< the configuration has errors; the diagnosis says where */
    TRUNKHA_ERR_NOTFOUND = -4,     /**< no such profile, group, trunk, index, view or file */
    TRUNKHA_ERR_UNAVAILABLE = -5,  /**< every trunk of the profile is disabled or draining */
    TRUNKHA_ERR_STATE = -6,        /**< not possible now: nothing loaded, or already started */
    TRUNKHA_ERR_FORKED = -7,       /**< the handle was made before fork(): only views and trunkha_route_select() work */
    TRUNKHA_ERR_SYSTEM = -8,       /**< the system refused: a socket, a thread, a file; the log names the cause */
    TRUNKHA_ERR_UNSUPPORTED = -9,  /**< this release cannot do it yet */
    TRUNKHA_ERR_BUSY = -10,        /**< a live engine publishes under this view name already */
    TRUNKHA_ERR_VERSION = -11,     /**< the view was written with another layout version */
    TRUNKHA_ERR_ACCESS = -12,      /**< permission denied */
    TRUNKHA_ERR_END = -13          /**< no more: past the last index, or no newer event */
};

/** A sentence for an error number; never NULL, static storage. Threads: any. Since 0.1. */
TRUNKHA_API const char *trunkha_strerror(int err);

/* ---- Handles ----------------------------------------------------------------------------------------------- */

/** Probes trunks and publishes their health; reference counted. */
typedef struct trunkha_engine trunkha_engine;

/** A table of trunk states to read and select from, in this process or another; reference counted. */
typedef struct trunkha_view trunkha_view;

/** One call, followed attempt by attempt; the property of who began it. */
typedef struct trunkha_call trunkha_call;

/* ---- Enumerations ------------------------------------------------------------------------------------------ */
/* Stored as uint32_t in structs. Readers accept members they do not know: newer releases may add some. */

/** What was measured of a target, and rolled up to its trunk and group. */
enum trunkha_health {
    TRUNKHA_HEALTH_UNKNOWN = 0,    /**< not answered yet, not failed often enough */
    TRUNKHA_HEALTH_AVAILABLE = 1,  /**< answers */
    TRUNKHA_HEALTH_DEGRADED = 2,   /**< answers with loss or late; or only some targets of the trunk answer */
    TRUNKHA_HEALTH_DOWN = 3        /**< failed `maxFailedAttempts` times in a row */
};

/** What the operator wants. No probe changes it. */
enum trunkha_admin {
    TRUNKHA_ADMIN_ENABLED = 0,
    TRUNKHA_ADMIN_DISABLED = 1,  /**< not probed, never selected */
    TRUNKHA_ADMIN_DRAINING = 2   /**< probed, no new calls */
};

/** The cause of the last change. */
enum trunkha_reason {
    TRUNKHA_REASON_NONE = 0,
    TRUNKHA_REASON_STARTUP = 1,              /**< first answer after start */
    TRUNKHA_REASON_KEEPALIVE_FAILURE = 2,    /**< silence or a failing response code */
    TRUNKHA_REASON_KEEPALIVE_RECOVERED = 3,  /**< probes are answered again */
    TRUNKHA_REASON_NETWORK_ERROR = 4,        /**< refused, unreachable, no route, send failed */
    TRUNKHA_REASON_CALL_FAILURE = 5,         /**< calls fail, whatever the probes say */
    TRUNKHA_REASON_CALL_RECOVERED = 6,       /**< a call was answered again */
    TRUNKHA_REASON_OVERLOAD = 7,             /**< 503 with Retry-After to a call; told again when that time is over */
    TRUNKHA_REASON_DEGRADED_QUALITY = 8,     /**< loss or round-trip time beyond `keepalive.degraded` */
    TRUNKHA_REASON_DNS_FAILURE = 9,
    TRUNKHA_REASON_TLS_FAILURE = 10,
    TRUNKHA_REASON_AUTH_FAILURE = 11,
    TRUNKHA_REASON_ADMIN_DISABLED = 12,
    TRUNKHA_REASON_ADMIN_ENABLED = 13,
    TRUNKHA_REASON_ADMIN_DRAINING = 14,
    TRUNKHA_REASON_LICENSE_ISSUE = 15,       /**< disabled by the host for want of a licence */
    TRUNKHA_REASON_PEER_QUORUM = 16,
    TRUNKHA_REASON_LOCAL_FAULT = 17,         /**< all trunks failed at once: the fault is at home */
    TRUNKHA_REASON_CONFIG_CHANGE = 18
};

/** Why a candidate stands where it stands, or (8 to 31) was passed over. */
enum trunkha_why {
    TRUNKHA_WHY_NONE = 0,
    TRUNKHA_WHY_PREFERRED = 1,    /**< available and first in the order of the configuration */
    TRUNKHA_WHY_STANDBY = 2,      /**< available, behind the preferred one */
    TRUNKHA_WHY_HOLD_DOWN = 3,    /**< available again, but waiting for `failback.holdDown` */
    TRUNKHA_WHY_DEGRADED = 4,     /**< degraded: after the available ones */
    TRUNKHA_WHY_UNKNOWN = 5,      /**< no answer known yet: after those that answered */
    TRUNKHA_WHY_LAST_RESORT = 6,  /**< down, and tried only because refusing the call would be worse */
    TRUNKHA_WHY_STALE = 7,        /**< nobody has probed for long: order of the configuration */
    TRUNKHA_WHY_DISABLED = 8,     /**< passed over: disabled by the operator or for want of a licence */
    TRUNKHA_WHY_DRAINING = 9,     /**< passed over: draining */
    TRUNKHA_WHY_COOLING = 10,     /**< passed over: it asked for a pause (503 with Retry-After) */
    TRUNKHA_WHY_FULL = 11,        /**< passed over: `maxCalls` are running on it */
    TRUNKHA_WHY_RATE = 12,        /**< passed over: `callsPerSecond` have gone to it in this second */
    TRUNKHA_WHY_TRIED = 13,       /**< passed over: this call has been there */
    TRUNKHA_WHY_CODECS = 14,      /**< passed over: it has the codecs that were refused already */
    TRUNKHA_WHY_INBOUND = 15,     /**< passed over: `direction` is inbound */
    TRUNKHA_WHY_TRIAL = 32        /**< down because calls failed; this one call is to show whether they still do */
};

/** What an event tells of. */
enum trunkha_event_type {
    TRUNKHA_EVENT_NONE = 0,
    TRUNKHA_EVENT_READY = 1,          /**< telephony.instance.ready */
    TRUNKHA_EVENT_TRUNK_STATE = 2,    /**< telephony.trunks.stateChange */
    TRUNKHA_EVENT_TARGET_STATE = 3,   /**< telephony.targets.stateChange */
    TRUNKHA_EVENT_ACTIVE_CHANGE = 4,  /**< telephony.trunkGroups.activeChange */
    TRUNKHA_EVENT_LOCAL_FAULT = 5,    /**< telephony.instance.localFault */
    TRUNKHA_EVENT_PROBE_REJECTED = 6, /**< telephony.trunks.probeRejected: refuses OPTIONS but completes calls */
    TRUNKHA_EVENT_CALL_ATTEMPT = 7,   /**< telephony.calls.attempt: an attempt was answered, or has failed */
    TRUNKHA_EVENT_CALL_END = 8,       /**< telephony.calls.end: a call is over */
    TRUNKHA_EVENT_ADDRESS_CHANGE = 9, /**< telephony.trunks.addressChange: its name comes to other addresses; with reason
                                           DNS_FAILURE it does not, because look-ups fail, or do again */
    TRUNKHA_EVENT_NAT_DETECTED = 10,  /**< telephony.trunks.natDetected: the peer sees us elsewhere than we are, or somebody
                                           on the way rewrites messages */
    TRUNKHA_EVENT_CAPABILITY_MISMATCH = 11, /**< telephony.trunks.capabilityMismatch: what a peer can do differs from its
                                                 configuration, or from its failover chain */
    TRUNKHA_EVENT_CERTIFICATE_EXPIRY = 12   /**< telephony.trunks.certificateExpiry: the peer's ends within 14 days */
};

/** Which way the calls of a trunk go. */
enum trunkha_direction {
    TRUNKHA_DIRECTION_BOTH = 0,
    TRUNKHA_DIRECTION_INBOUND = 1,  /**< it is never selected; requests from its addresses prove it */
    TRUNKHA_DIRECTION_OUTBOUND = 2
};

/** How the last look-up of a name came out. */
enum trunkha_dns {
    TRUNKHA_DNS_FINE = 0,
    TRUNKHA_DNS_SILENT = 1,      /**< no server has answered in time */
    TRUNKHA_DNS_FAILED = 2,      /**< servers have failed */
    TRUNKHA_DNS_NO_NAME = 3,     /**< NXDOMAIN */
    TRUNKHA_DNS_NO_ADDRESS = 4,  /**< the name is there, but has no address */
    TRUNKHA_DNS_NOT_OFFERED = 5  /**< SRV target ".": the service is decidedly not there (RFC 2782) */
};

/** How an attempt, or with its last attempt a call, came out. */
enum trunkha_call_result {
    TRUNKHA_CALL_UNDER_WAY = 0,
    TRUNKHA_CALL_ANSWERED = 1,
    TRUNKHA_CALL_FAILED = 2,           /**< a final response that is no answer */
    TRUNKHA_CALL_NO_RESPONSE = 3,      /**< nothing at all in `noResponseTimeout` */
    TRUNKHA_CALL_NO_RING = 4,          /**< no more than 100 in `noRingTimeout` */
    TRUNKHA_CALL_TRANSPORT_ERROR = 5,  /**< refused, unreachable, reset, handshake failed, not sent */
    TRUNKHA_CALL_CANCELLED = 6,        /**< the caller gave up */
    TRUNKHA_CALL_TIMED_OUT = 7,        /**< `totalTimeout` or `ringDuration` */
    TRUNKHA_CALL_REFUSED = 8,          /**< there was no trunk to try: all are disabled, draining or full */
    TRUNKHA_CALL_FORGOTTEN = 9         /**< its host has said nothing more of it, or has died */
};

enum trunkha_log_level {
    TRUNKHA_LOG_ERROR = 0,
    TRUNKHA_LOG_WARNING = 1,
    TRUNKHA_LOG_INFO = 2,
    TRUNKHA_LOG_DEBUG = 3
};

enum trunkha_severity {
    TRUNKHA_SEVERITY_ERROR = 0,   /**< the configuration cannot be loaded */
    TRUNKHA_SEVERITY_WARNING = 1  /**< it can be loaded, and will surprise somebody */
};

/** Names as they stand in JSON ("AVAILABLE", "KEEPALIVE_FAILURE", "telephony.trunks.stateChange", ...).
 *  Never NULL ("UNKNOWN" or "NONE" for a number this release does not know); static storage. Threads: any. Since 0.1. */
TRUNKHA_API const char *trunkha_health_name(uint32_t health);
TRUNKHA_API const char *trunkha_admin_name(uint32_t admin);
TRUNKHA_API const char *trunkha_reason_name(uint32_t reason);
TRUNKHA_API const char *trunkha_event_type_name(uint32_t type);

/** "answered", "noResponse", ...; never NULL, static storage. Threads: any. Since 0.2. */
TRUNKHA_API const char *trunkha_call_result_name(uint32_t result);

/** A sentence for an operator, such as "down, tried as a last resort"; never NULL, static storage.
 *  Threads: any. Since 0.1. */
TRUNKHA_API const char *trunkha_why_text(uint32_t why);

/* ---- Structures -------------------------------------------------------------------------------------------- */

/** Bytes of an id or name with its zero; longer ones are refused by the configuration. */
#define TRUNKHA_ID_SIZE  64
/** Bytes of a SIP URI with its zero; longer ones are refused by the configuration. */
#define TRUNKHA_URI_SIZE 128
/** Bytes of a list of targets in an event with its zero. */
#define TRUNKHA_LIST_SIZE 216

/** Where a configuration is wrong. @since 0.1 */
typedef struct trunkha_diag {
    size_t size;        /**< sizeof(trunkha_diag), set by TRUNKHA_DIAG_INIT */
    uint32_t line;      /**< from 1; 0 = not a matter of one place */
    uint32_t column;    /**< from 1, in bytes */
    char file[256];     /**< the file's path; "" when the text did not come from a file */
    char pointer[256];  /**< JSON pointer (RFC 6901) of the value; "" = the whole document */
    char message[512];  /**< what is wrong and what to write instead; no secrets */
} trunkha_diag;
#define TRUNKHA_DIAG_INIT { sizeof(trunkha_diag), 0, 0, "", "", "" }

/** One result of trunkha_config_check(). All pointers are borrowed until the callback returns. @since 0.1 */
typedef struct trunkha_finding {
    size_t size;          /**< bytes filled in by the library */
    uint32_t severity;    /**< enum trunkha_severity */
    uint32_t line;        /**< from 1; 0 = not a matter of one place */
    uint32_t column;      /**< from 1, in bytes */
    const char *code;     /**< stable, such as "TH003" */
    const char *slug;     /**< stable, such as "unknown-key" */
    const char *pointer;  /**< JSON pointer (RFC 6901) */
    const char *message;  /**< what is wrong */
    const char *why;      /**< why it hurts */
    const char *fix;      /**< what to write instead */
} trunkha_finding;

/** One target of a selection, best first. Fixed size for ever: new fields take room from `reserved`. @since 0.1 */
typedef struct trunkha_candidate {
    char trunk_id[TRUNKHA_ID_SIZE];
    char trunk_group_id[TRUNKHA_ID_SIZE];
    char target[TRUNKHA_ID_SIZE];          /**< "udp:192.0.2.1:5060", "udp:[2001:db8::1]:5060" */
    char uri[TRUNKHA_URI_SIZE];            /**< the trunk's own SIP URI, for the Request-URI */
    char outbound_route[TRUNKHA_ID_SIZE];  /**< `outboundRoute` of the trunk, "" = none */
    uint32_t health;                       /**< enum trunkha_health of the trunk */
    uint32_t why;                          /**< enum trunkha_why */
    uint8_t reserved[56];                  /**< zero */
} trunkha_candidate;

/** A change, as told to callbacks and rendered by trunkha_event_json(). @since 0.1 */
typedef struct trunkha_event {
    size_t size;                 /**< bytes filled in by the library */
    uint64_t sequence;           /**< grows by one for each event of an instance */
    int64_t timestamp;           /**< Unix milliseconds */
    int64_t started;             /**< Unix milliseconds of the engine's start; with `sequence` it is the event's id */
    int64_t last_successful_keepalive;  /**< Unix milliseconds; 0 = none since start */
    uint32_t type;               /**< enum trunkha_event_type */
    uint32_t health;             /**< enum trunkha_health now; state events only */
    uint32_t previous_health;    /**< enum trunkha_health before */
    uint32_t reason;             /**< enum trunkha_reason */
    uint32_t failed_attempts;    /**< probes failed in a row */
    uint32_t last_response;      /**< SIP code of the last answer; 0 = silence */
    uint32_t active_calls;       /**< calls on the trunk at that moment */
    uint32_t lost;               /**< events this reader missed just before this one, because it was slow */
    char entity_id[TRUNKHA_ID_SIZE];          /**< trunk, target, group or profile, instance: as the type names */
    char entity_name[TRUNKHA_ID_SIZE];
    char instance_id[TRUNKHA_ID_SIZE];
    char trunk_group_id[TRUNKHA_ID_SIZE];     /**< "" where it makes no sense */
    char trunk_id[TRUNKHA_ID_SIZE];           /**< activeChange: the trunk that carries new calls, "" = none */
    char previous_trunk_id[TRUNKHA_ID_SIZE];  /**< activeChange */
    char target[TRUNKHA_ID_SIZE];             /**< the target that decided; "" = none */
    char detail[96];                          /**< one sentence for people */
    /* calls.attempt and calls.end; since 0.2 */
    int64_t call_started;                     /**< Unix milliseconds; of the attempt, or of the call */
    uint32_t duration_ms;                     /**< attempt: until its result was known; end: from the answer, 0 = none */
    uint32_t post_dial_ms;                    /**< end: from the beginning to the first 18x or final response */
    uint32_t attempt;                         /**< attempt: its number from 1; end: how many there were */
    uint32_t result;                          /**< enum trunkha_call_result; `last_response` is the SIP code */
    uint32_t q850_cause;                      /**< of the Reason header; 0 = none */
    uint32_t why;                             /**< attempt: enum trunkha_why, of the choice of the trunk */
    char call_id[TRUNKHA_ID_SIZE];            /**< as the host gave it, cut to 63 bytes */
    char profile_id[TRUNKHA_ID_SIZE];
    char outbound_route[TRUNKHA_ID_SIZE];
    /* addressChange; since 0.3 */
    char added[TRUNKHA_LIST_SIZE];            /**< targets with blanks between; a long change is told by several events */
    char removed[TRUNKHA_LIST_SIZE];          /**< likewise */
} trunkha_event;

#define TRUNKHA_EVENT_INIT                                                                                                  \
    { sizeof(trunkha_event), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, "", "", "", "", "", "", "", "", 0, 0, 0, 0, 0, 0, 0, "",   \
      "", "", "", "" }

/** Where a reader of events stands: the last one read. All zero = before the oldest kept. Fixed size for ever. @since 0.1 */
typedef struct trunkha_cursor {
    uint64_t sequence;
    int64_t started; /**< Unix milliseconds of the start of the engine that told it; 0 = any */
} trunkha_cursor;
#define TRUNKHA_CURSOR_INIT { 0, 0 }

/** What a view says of itself. @since 0.1 */
typedef struct trunkha_view_info {
    size_t size;            /**< sizeof(trunkha_view_info), set by TRUNKHA_VIEW_INFO_INIT */
    uint32_t age_ms;        /**< since the engine last said that it is alive; UINT32_MAX = longer than can be told */
    uint32_t is_live;       /**< 1 while an engine keeps the view fresh; 0 = it has ended or died */
    uint32_t writer_pid;    /**< process of the engine; 0 = it ended in order */
    uint32_t generation;    /**< grows with every successful load */
    uint32_t groups, trunks, targets, profiles;
    uint64_t last_sequence; /**< sequence of the newest event, 0 = none */
    char instance_id[TRUNKHA_ID_SIZE];
} trunkha_view_info;
#define TRUNKHA_VIEW_INFO_INIT { sizeof(trunkha_view_info), 0, 0, 0, 0, 0, 0, 0, 0, 0, "" }

/** @since 0.1 */
typedef struct trunkha_group_status {
    size_t size;                             /**< sizeof(trunkha_group_status) */
    uint32_t health;                         /**< that of the group's best trunk that is not disabled */
    uint32_t trunks;                         /**< how many trunks it has */
    char id[TRUNKHA_ID_SIZE];
    char name[TRUNKHA_ID_SIZE];
    char active_trunk_id[TRUNKHA_ID_SIZE];   /**< "" = nothing usable */
} trunkha_group_status;
#define TRUNKHA_GROUP_STATUS_INIT { sizeof(trunkha_group_status), 0, 0, "", "", "" }

/** @since 0.1 */
typedef struct trunkha_trunk_status {
    size_t size;                         /**< sizeof(trunkha_trunk_status) */
    uint32_t health;                     /**< a disabled trunk reads TRUNKHA_HEALTH_DOWN */
    uint32_t admin;
    uint32_t reason;
    uint32_t active_calls;
    int64_t since;                       /**< Unix milliseconds of the last change of `health` */
    char id[TRUNKHA_ID_SIZE];
    char name[TRUNKHA_ID_SIZE];
    char trunk_group_id[TRUNKHA_ID_SIZE];
    /* since 0.3 */
    char uri[TRUNKHA_URI_SIZE];
    char paired_trunk_id[TRUNKHA_ID_SIZE];  /**< the other half of an in- and outbound pair; "" = none */
    uint32_t direction;                     /**< enum trunkha_direction */
    uint32_t paired_health;                 /**< of the other half, which may be lost while this one is not */
    uint32_t dns;                           /**< enum trunkha_dns; FINE for an IP address */
    uint32_t ttl_s;                         /**< of the name's addresses, as it came; 0 = no name, or never resolved */
    int64_t resolved;                       /**< Unix milliseconds of the last good look-up; 0 = no name, or none yet */
    char mismatch[128];                     /**< "lacks PRACK that a1 has"; "" = nothing that is known of */
} trunkha_trunk_status;
#define TRUNKHA_TRUNK_STATUS_INIT { sizeof(trunkha_trunk_status), 0, 0, 0, 0, 0, "", "", "", "", "", 0, 0, 0, 0, 0, "" }

/** @since 0.1 */
typedef struct trunkha_target_status {
    size_t size;                         /**< sizeof(trunkha_target_status) */
    uint32_t health;
    uint32_t reason;
    uint32_t rtt_us;                     /**< of the last answer, in microseconds; 0 = none yet */
    uint32_t loss_permille;              /**< of the last `degraded.window` probes */
    uint32_t failed_attempts;            /**< in a row */
    uint32_t last_response;              /**< SIP code of the last answer; 0 = silence */
    int64_t since;                       /**< Unix milliseconds of the last change of `health` */
    int64_t last_successful_keepalive;   /**< Unix milliseconds; 0 = none yet */
    int64_t cooldown_until;              /**< Unix milliseconds; 0 = not cooling */
    char target[TRUNKHA_ID_SIZE];        /**< "udp:192.0.2.1:5060" */
    char trunk_id[TRUNKHA_ID_SIZE];
    /* since 0.3; what the peer has said in its answers, "" = it has not */
    char allow[128];                     /**< "INVITE, ACK, ...": those that are known */
    char supported[128];                 /**< option tags, likewise */
    char codecs[128];                    /**< "PCMA, PCMU, ...", likewise */
} trunkha_target_status;
#define TRUNKHA_TARGET_STATUS_INIT { sizeof(trunkha_target_status), 0, 0, 0, 0, 0, 0, 0, 0, 0, "", "", "", "", "" }

/** Who a packet is from. @since 0.3 */
typedef struct trunkha_source {
    size_t size;                           /**< sizeof(trunkha_source), set by TRUNKHA_SOURCE_INIT */
    uint32_t direction;                    /**< enum trunkha_direction */
    uint32_t trunks;                       /**< how many trunks have that address; this one is the best: same port before
                                                any port, inbound before both before outbound */
    char trunk_id[TRUNKHA_ID_SIZE];
    char trunk_group_id[TRUNKHA_ID_SIZE];
} trunkha_source;
#define TRUNKHA_SOURCE_INIT { sizeof(trunkha_source), 0, 0, "", "" }

/** @since 0.1 */
typedef struct trunkha_profile_status {
    size_t size;                            /**< sizeof(trunkha_profile_status) */
    uint32_t is_group;                      /**< 1 = the profile that every group has in its own name */
    uint32_t reserved;
    char id[TRUNKHA_ID_SIZE];
    char active_trunk_id[TRUNKHA_ID_SIZE];  /**< "" = nothing usable */
} trunkha_profile_status;
#define TRUNKHA_PROFILE_STATUS_INIT { sizeof(trunkha_profile_status), 0, 0, "", "" }

/** What an engine has counted since it was made. A packet that is not provably the answer to a probe of ours is counted
 *  by its kind and changes no state. @since 0.1 */
typedef struct trunkha_stats {
    size_t size;                     /**< sizeof(trunkha_stats), set by TRUNKHA_STATS_INIT */
    uint64_t probes_sent;            /**< transactions, without retransmissions */
    uint64_t retransmissions;
    uint64_t probes_answered;        /**< by a final answer in time */
    uint64_t probes_timed_out;
    uint64_t probes_failed_to_send;  /**< refused, unreachable, no buffer, no route */
    uint64_t provisional_answers;    /**< 1xx: no answer yet */
    uint64_t late_answers;           /**< to a probe given up before; credits nothing */
    uint64_t duplicate_answers;      /**< to a probe answered before */
    uint64_t malformed_packets;      /**< no status line of SIP/2.0 with three digits, no Via, ... */
    uint64_t unknown_answers;        /**< branch, Call-ID, From tag or CSeq that were never sent */
    uint64_t foreign_answers;        /**< right words from a wrong address or port */
    uint64_t requests_answered;      /**< OPTIONS from peers */
    uint64_t requests_rejected;      /**< other methods, answered 405, and floods, not answered at all */
    uint64_t longest_stall_us;       /**< longest time the loop took to come back to its sockets */
    uint64_t events;                 /**< raised */
    /* since 0.2 */
    uint64_t calls_begun;            /**< that had a trunk, by any process; these as far as reports of them have arrived */
    uint64_t calls_answered;
    uint64_t call_attempts;          /**< that have ended or were answered */
    uint64_t calls_forgotten;        /**< ended by the engine: their host said nothing more of them, or died */
    uint64_t call_reports_lost;      /**< more came than the engine could take */
    /* since 0.3 */
    uint64_t connections_opened;     /**< TCP and TLS */
    uint64_t connections_lost;       /**< ended otherwise than by us, or not made at all */
    uint64_t challenges_answered;    /**< 401 and 407 to probes */
    uint64_t dns_questions;
    uint64_t dns_answers_dropped;    /**< malformed, or not to a question of ours */
    uint64_t messages_sent;          /**< of the host: trunkha_message_send() */
    uint64_t messages_received;      /**< for the host */
} trunkha_stats;
#define TRUNKHA_STATS_INIT                                                                                                  \
    { sizeof(trunkha_stats), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/* ---- Callbacks --------------------------------------------------------------------------------------------- */

/** Allocator: behaves as realloc(), and frees @p ptr when @p size is 0 (and returns NULL).
 *  Called from the threads that call the library and from the engine's own. */
typedef void *(*trunkha_realloc_cb)(void *ptr, size_t size, void *user_data);

/** One line for the host's log, without a line feed and without secrets. Called from any thread that is in the library
 *  and from the engine's own; must not call back into the library. */
typedef void (*trunkha_log_cb)(int level, const char *message, void *user_data);

/** One event. @p event is borrowed until the callback returns. Runs in trunkha_engine_dispatch(), or on the engine's thread
 *  where the options say so; may call anything, trunkha_engine_unref() included. */
typedef void (*trunkha_event_cb)(const trunkha_event *event, void *user_data);

/** A SIP message that came in where probes leave from, and is not the library's: a request other than OPTIONS, or a response
 *  to what the host has sent. @since 0.3 */
typedef struct trunkha_message {
    size_t size;                   /**< bytes filled in by the library */
    const char *data;              /**< borrowed until the callback returns; no zero at the end */
    size_t len;
    char trunk_id[TRUNKHA_ID_SIZE]; /**< whose address it is from; "" = nobody's */
    char source[TRUNKHA_ID_SIZE];  /**< "udp:192.0.2.1:5060" */
    uint32_t has_come_back;        /**< 1 = it is one of the host's, or its beginning, that `source` has refused (ICMP); with
                                        a `len` of 0: the connection to there has ended, and what was not answered is lost */
    uint32_t reserved;
} trunkha_message;

/** One message. Runs on the engine's thread: hand it over and return. Anybody can send anything: look at `trunk_id`. */
typedef void (*trunkha_message_cb)(const trunkha_message *message, void *user_data);

/** One finding of trunkha_config_check(). */
typedef void (*trunkha_finding_cb)(const trunkha_finding *finding, void *user_data);

/* ---- Engine ------------------------------------------------------------------------------------------------ */

/** One line of a recording: JSON with its line feed, @p len bytes, borrowed until the callback returns. The first says the
 *  time and the version; the others each one thing that the engine has heard, with its time, so that
 *  trunkha_simulation_new() can play it again. There is no secret in it, no phone number and no Call-ID.
 *  Called on the engine's thread, and before that runs on the one that loads: write it to a file or a pipe and return, and
 *  call nothing of the library. @since 0.4 */
typedef void (*trunkha_record_cb)(const char *line, size_t len, void *user_data);

/** How to make an engine. @since 0.1 */
typedef struct trunkha_options {
    size_t size;                     /**< sizeof(trunkha_options), set by TRUNKHA_OPTIONS_INIT */
    const char *instance_id;         /**< overrides `instance.id`, at most 63 bytes; NULL = that, or the host name; copied */
    const char *view_name;           /**< publish under this name for other processes: letters, digits, "-", "_" and ".",
                                          at most 63; NULL = for this process only; copied */
    uint32_t event_queue_max;        /**< events kept for a slow reader, rounded up to a power of two, at most 65536;
                                          0 = 4096 */
    uint32_t events_on_engine_thread;/**< 1 = call event_cb on the engine's thread; 0 = in trunkha_engine_dispatch() */
    trunkha_event_cb event_cb;       /**< NULL = events are only kept in the view */
    void *event_user_data;
    trunkha_log_cb log_cb;           /**< NULL = nothing is logged; the library never prints */
    void *log_user_data;
    trunkha_realloc_cb realloc_cb;   /**< NULL = malloc and friends; libre and jansson use those in any case */
    void *realloc_user_data;
    /* since 0.3 */
    trunkha_message_cb message_cb;   /**< NULL = the host has its own sockets: such requests are answered 405 */
    void *message_user_data;
    /* since 0.4 */
    trunkha_record_cb record_cb;     /**< gets all that moves states, to be played again; NULL = nothing is recorded */
    void *record_user_data;
} trunkha_options;
#define TRUNKHA_OPTIONS_INIT                                                                                                \
    { sizeof(trunkha_options), NULL, NULL, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL }

/** Makes an engine; it has no configuration and no thread yet.
 *  @p options may be NULL for the defaults and is copied in; @p ret_engine gets a new reference.
 *  Errors: INVALID, NOMEM, and for a named view BUSY (a live engine has the name), ACCESS, SYSTEM.
 *  Threads: any. Since 0.1. */
TRUNKHA_API int trunkha_engine_new(const trunkha_options *options, trunkha_engine **ret_engine);

/** Takes another reference; returns @p engine. NULL is fine. Threads: any. Since 0.1. */
TRUNKHA_API trunkha_engine *trunkha_engine_ref(trunkha_engine *engine);

/** Gives a reference back; the last one stops the engine and releases it. NULL is fine; returns NULL.
 *  Threads: any, the event callback included. Since 0.1. */
TRUNKHA_API trunkha_engine *trunkha_engine_unref(trunkha_engine *engine);

/** Loads or reloads a configuration, all or nothing. What ran goes on when it fails; when it succeeds every trunk whose
 *  id stays keeps its health and counters. @p json has @p len bytes and need not end in a zero; it is copied in.
 *  @p reterr_diag may be NULL. Warnings go to the log callback.
 *  Errors: CONFIG (see the diagnosis), INVALID, NOMEM, SYSTEM (a `sip.listen` address cannot be bound), BUSY (another engine
 *  has taken the view's name over), FORKED.
 *  Threads: any; waits for the engine's thread when it runs. Since 0.1. */
TRUNKHA_API int trunkha_engine_load(trunkha_engine *engine, const char *json, size_t len, trunkha_diag *reterr_diag);

/** trunkha_engine_load() of a file of at most 64 MiB; also NOTFOUND, ACCESS. Threads: any. Since 0.1. */
TRUNKHA_API int trunkha_engine_load_file(trunkha_engine *engine, const char *path, trunkha_diag *reterr_diag);

/** Starts probing on a thread of the engine's own, all signals blocked there. The first event is READY.
 *  Errors: STATE (nothing loaded, or started before), SYSTEM, NOMEM, FORKED. Threads: any. Since 0.1. */
TRUNKHA_API int trunkha_engine_start(trunkha_engine *engine);

/** Stops probing and ends the thread; the view keeps the last states. What was told before then goes to an event_cb on the
 *  engine's thread before this returns. Stopping a stopped engine is fine.
 *  Errors: STATE when called on the engine's own thread, FORKED. Threads: any other. Since 0.1. */
TRUNKHA_API int trunkha_engine_stop(trunkha_engine *engine);

/** A descriptor that polls readable while events wait for trunkha_engine_dispatch(). Borrowed: do not read or close it.
 *  -1 for NULL. Threads: any. Since 0.1. */
TRUNKHA_API int trunkha_engine_fd(const trunkha_engine *engine);

/** Calls the event callback for every event that waits, on the caller's thread; never blocks. Returns how many there were,
 *  or a negative error: STATE (events go to the engine's thread), FORKED. Threads: one at a time. Since 0.1. */
TRUNKHA_API int trunkha_engine_dispatch(trunkha_engine *engine);

/** What the engine has counted. @p ret_stats->size says how much of it the caller knows. Threads: any. Since 0.1. */
TRUNKHA_API int trunkha_engine_stats(const trunkha_engine *engine, trunkha_stats *ret_stats);

/** The engine's view, a new reference: release it with trunkha_view_unref(). It outlives the engine and works after
 *  fork(). NULL for NULL. Threads: any. Since 0.1. */
TRUNKHA_API trunkha_view *trunkha_engine_view(const trunkha_engine *engine);

/** Checks a configuration without loading it and tells every finding, errors first come first.
 *  Returns 0 (no errors, perhaps warnings), TRUNKHA_ERR_CONFIG, INVALID or NOMEM. Threads: any. Since 0.1. */
TRUNKHA_API int trunkha_config_check(const char *json, size_t len, trunkha_finding_cb finding_cb, void *user_data);

/* ---- Trunks ------------------------------------------------------------------------------------------------ */

/** Says what the operator wants of a trunk. Enabling a disabled trunk makes it UNKNOWN and probes it at once.
 *  @p reason: TRUNKHA_REASON_NONE for the usual one, or TRUNKHA_REASON_LICENSE_ISSUE with DISABLED.
 *  @p text: a sentence for the event in UTF-8, at most 95 bytes are kept; NULL = none. @p for_ms: back to ENABLED after that
 *  time, of no meaning with ENABLED; 0 = until told otherwise. It outlives a reload as long as the trunk's id and its
 *  configured `adminState` stay.
 *  Errors: NOTFOUND, INVALID, STATE (nothing loaded), NOMEM, FORKED. Threads: any; waits for the engine's thread. Since 0.1.
 *  */
TRUNKHA_API int trunkha_trunk_set_admin(trunkha_engine *engine, const char *trunk_id, uint32_t admin, uint32_t reason,
                                        const char *text, uint32_t for_ms);

/** How to send one probe. @since 0.1 */
typedef struct trunkha_probe_options {
    size_t size;             /**< sizeof(trunkha_probe_options), set by TRUNKHA_PROBE_OPTIONS_INIT */
    uint32_t timeout_ms;     /**< 1 to 60000; 0 = 3000 */
    uint32_t max_forwards;   /**< 0 to 255; UINT32_MAX = 70 */
    const char *from_uri;    /**< NULL = sip:ping@ the local address */
    const char *user_agent;  /**< NULL = trunkha and its version */
    /* since 0.3 */
    const char *target;        /**< probe this address, as trunkha_resolve_uri() gives it; NULL = the first of the URI's */
    const char *local_address; /**< "192.0.2.9" or "192.0.2.9:5070": where it leaves from; NULL = the system chooses */
    const char *username;      /**< answers a challenge; NULL = challenges are not answered */
    const char *password;      /**< with `username` */
    const char *ca_file;       /**< PEM of whom to trust instead of whom the system trusts; NULL = those */
    const char *cert_file;     /**< PEM of a client certificate, with its key unless `key_file` has it; NULL = none */
    const char *key_file;
    const char *server_name;   /**< what the peer's certificate must name; NULL = the host of the URI */
    uint32_t no_verify;        /**< 1 = tell of the certificate, whatever it is worth */
    uint32_t min_tls;          /**< 12 or 13; 0 = 12 */
} trunkha_probe_options;
#define TRUNKHA_PROBE_OPTIONS_INIT                                                                                          \
    { sizeof(trunkha_probe_options), 0, UINT32_MAX, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0 }

/** How one probe ended. */
enum trunkha_probe_outcome {
    TRUNKHA_PROBE_ALIVE = 0,     /**< answered with a code that counts as alive by default */
    TRUNKHA_PROBE_REJECTED = 1,  /**< answered, but 403, 408 or 5xx other than 501 */
    TRUNKHA_PROBE_DEAD = 2       /**< no answer, or nothing could be sent */
};

/** @since 0.1 */
typedef struct trunkha_probe_result {
    size_t size;                   /**< sizeof(trunkha_probe_result), set by TRUNKHA_PROBE_RESULT_INIT */
    uint32_t outcome;              /**< enum trunkha_probe_outcome */
    uint32_t code;                 /**< SIP response code; 0 = silence */
    uint32_t rtt_us;               /**< from the first sending to the answer, in microseconds; 0 = no answer */
    uint32_t reserved;
    char phrase[64];               /**< of the status line */
    char target[TRUNKHA_ID_SIZE];  /**< "udp:192.0.2.1:5060" */
    char uri[TRUNKHA_URI_SIZE];    /**< the Request-URI */
    char detail[128];              /**< one sentence for people */
    char allow[256];               /**< the answer's Allow header; "" = none */
    /* since 0.3; "" and 0 = not known */
    char supported[128];           /**< the answer's Supported header */
    char codecs[128];              /**< of the answer's SDP: "PCMA, PCMU" */
    char local[TRUNKHA_ID_SIZE];   /**< our address and port, "192.0.2.9:5060", as we know it ... */
    char seen[TRUNKHA_ID_SIZE];    /**< ... and as the peer saw it (RFC 3581); another one: there is NAT between */
    char rewritten[64];            /**< headers that somebody on the way has changed: a SIP ALG, most likely */
    char tls_version[16];          /**< "TLSv1.3" */
    char tls_cipher[48];
    char tls_subject[96];          /**< of the peer's certificate */
    char tls_issuer[96];
    char tls_names[256];           /**< it is for these */
    int64_t tls_not_after;         /**< Unix seconds: it ends then */
    uint32_t tls_verified;         /**< 1 = chain and name are good */
    uint32_t reason;               /**< of DEAD, and of AUTH_FAILURE: enum trunkha_reason */
} trunkha_probe_result;
#define TRUNKHA_PROBE_RESULT_INIT                                                                                           \
    { sizeof(trunkha_probe_result), 0, 0, 0, 0, "", "", "", "", "", "", "", "", "", "", "", "", "", "", "", 0, 0, 0 }

/** Sends one OPTIONS to @p uri ("carrier.example", "192.0.2.1:5070", "sip:carrier.example;transport=tls", "sips:...") and waits
 *  for what comes of it: `timeout_ms` at the most for the probe, and before that some seconds for names to be looked up.
 *  @p options may be NULL. Needs no engine and leaves nothing behind.
 *  Errors: INVALID (no such URI), CONFIG (a file that cannot be used), UNSUPPORTED (TLS, in a build without), NOMEM,
 *  SYSTEM: a silent, refused or unknown peer is no error but an outcome. @p reterr_diag, NULL is fine: its message says what
 *  to write instead. Threads: any. Since 0.1. See RFC 3261 section 11. */
TRUNKHA_API int trunkha_probe_uri(const char *uri, const trunkha_probe_options *options, trunkha_probe_result *ret_result,
                                  trunkha_diag *reterr_diag);

/** One of the addresses that a SIP URI comes to. @since 0.3 */
typedef struct trunkha_address {
    size_t size;                   /**< bytes filled in by the library */
    uint32_t priority;             /**< lower goes first (RFC 2782) */
    uint32_t weight;               /**< its share among those of its priority */
    uint32_t ttl_s;                /**< the smallest on the way to it; 0 = for ever (an IP address) */
    uint32_t reserved;
    char target[TRUNKHA_ID_SIZE];  /**< "tls:192.0.2.1:5061" */
} trunkha_address;
#define TRUNKHA_ADDRESS_INIT { sizeof(trunkha_address), 0, 0, 0, 0, "" }

/** How to look up. @since 0.3 */
typedef struct trunkha_resolve_options {
    size_t size;             /**< sizeof(trunkha_resolve_options), set by TRUNKHA_RESOLVE_OPTIONS_INIT */
    const char *servers;     /**< "192.0.2.53, [2001:db8::53]:5353"; NULL = those of resolv.conf */
    uint32_t timeout_ms;     /**< of one question, all servers together: 1 to 30000; 0 = 3000 */
    uint32_t reserved;
} trunkha_resolve_options;
#define TRUNKHA_RESOLVE_OPTIONS_INIT { sizeof(trunkha_resolve_options), NULL, 0, 0 }

/** Looks up where @p uri leads, in the order in which it is to be tried. @p inout_count: in, how many @p ret_addresses has
 *  room for, each with its `size` set; out, how many there are (64 at the most). @p ret_dns: enum trunkha_dns; anything but FINE
 *  comes with none. @p options may be NULL. Errors: INVALID, NOMEM, SYSTEM.
 *  Threads: any; waits for servers. Since 0.3. See RFC 3263 section 4, RFC 2782. */
TRUNKHA_API int trunkha_resolve_uri(const char *uri, const trunkha_resolve_options *options, trunkha_address *ret_addresses,
                                    size_t *inout_count, uint32_t *ret_dns, trunkha_diag *reterr_diag);

/** "no such name (NXDOMAIN)"; never NULL, static storage. Threads: any. Since 0.3. */
TRUNKHA_API const char *trunkha_dns_text(uint32_t dns);

/** "both", "inbound", "outbound"; never NULL, static storage. Threads: any. Since 0.3. */
TRUNKHA_API const char *trunkha_direction_name(uint32_t direction);

/* ---- Routes ------------------------------------------------------------------------------------------------ */

/** Names the targets for the next call of a routing profile (or of a group: each is a profile of its own name), best first.
 *  @p inout_count: in, how many @p ret_candidates has room for; out, how many were filled.
 *  Errors: NOTFOUND (no such profile), UNAVAILABLE (all are disabled or draining), INVALID, STATE (nothing loaded).
 *  Threads: any, wait-free, no allocation, no system call. Since 0.1. See RFC 3263 section 4.3. */
TRUNKHA_API int trunkha_route_select(const trunkha_engine *engine, const char *profile, trunkha_candidate *ret_candidates,
                                     size_t *inout_count);

/* ---- Calls -------------------------------------------------------------------------------------------------- */

/* The library names the trunk of each attempt, keeps the deadlines, and says what is next; the host sends and receives:
 *
 *     trunkha_call_begin(view, "RP-GENERAL", NULL, &call, &step);
 *     while (step.action != TRUNKHA_STEP_STOP) {
 *         if (step.cancel)                                      // CANCEL it, and end a late 2xx with ACK and BYE
 *             give_up(step.cancel);
 *         if (step.action == TRUNKHA_STEP_TRY)                  // a new INVITE transaction
 *             send_invite(step.attempt, step.to.uri, step.to.target);
 *         response = wait_for_response(step.wait_ms);           // whatever comes first
 *         trunkha_call_report(call, &report, &step);            // a response, an error, the caller's CANCEL, or time
 *     }
 *
 * Every outcome is evidence of the health of the trunk that had the call, whatever process reports it. */

/** What a host has to say of a call. */
enum trunkha_report_kind {
    TRUNKHA_REPORT_TIME = 0,            /**< nothing new, but the time asked for with `wait_ms` has passed */
    TRUNKHA_REPORT_RESPONSE = 1,        /**< a response has come: `code`. Of 1xx the library takes it that all but 100
                                             are passed on to the caller: after one no other trunk is tried */
    TRUNKHA_REPORT_NO_RESPONSE = 2,     /**< the host's own transaction has timed out without any response */
    TRUNKHA_REPORT_TRANSPORT_ERROR = 3, /**< refused, unreachable, reset, TLS handshake failed, not sent */
    TRUNKHA_REPORT_CANCELLED = 4        /**< the caller has given up */
};

/** @since 0.2 */
typedef struct trunkha_report {
    size_t size;             /**< sizeof(trunkha_report), set by TRUNKHA_REPORT_INIT */
    uint32_t kind;           /**< enum trunkha_report_kind */
    uint32_t attempt;        /**< trunkha_step.attempt that it speaks of; 0 = the current one */
    uint32_t code;           /**< RESPONSE: 100 to 699 */
    uint32_t reserved;
    const char *retry_after; /**< the value of the response's Retry-After header as it came; NULL = none */
    const char *reason;      /**< the value of its Reason header as it came (RFC 3326, RFC 6432), several with commas
                                  between; NULL = none */
} trunkha_report;
#define TRUNKHA_REPORT_INIT { sizeof(trunkha_report), 0, 0, 0, 0, NULL, NULL }

/** What a host does next. */
enum trunkha_step_action {
    TRUNKHA_STEP_WAIT = 0, /**< nothing */
    TRUNKHA_STEP_TRY = 1,  /**< send an INVITE to `to`, in a transaction of its own */
    TRUNKHA_STEP_STOP = 2  /**< the setup is over: answer the caller with `code`, which is one that came from a trunk or
                                stands for none. A call that was answered does not get here: it waits for
                                trunkha_call_end() */
};

/** @since 0.2 */
typedef struct trunkha_step {
    size_t size;          /**< sizeof(trunkha_step), set by TRUNKHA_STEP_INIT */
    uint32_t action;      /**< enum trunkha_step_action */
    uint32_t attempt;     /**< the current one, from 1: the new one with TRY; 0 = there was none */
    uint32_t cancel;      /**< an attempt to give up before anything else: CANCEL it as soon as it has a 1xx (RFC 3261
                               section 9.1), and end a 2xx to it with ACK and BYE; 0 = none */
    uint32_t code;        /**< STOP: the final response for the caller (RFC 3261 section 16.7) */
    uint32_t wait_ms;     /**< report TIME after that unless something else came before; UINT32_MAX = no deadline runs */
    uint32_t reserved;
    trunkha_candidate to; /**< TRY: `why` may be TRUNKHA_WHY_TRIAL */
} trunkha_step;
#define TRUNKHA_STEP_INIT { sizeof(trunkha_step), 0, 0, 0, 0, 0, 0, { "", "", "", "", "", 0, 0, { 0 } } }

/** How to begin a call. @since 0.2 */
typedef struct trunkha_call_options {
    size_t size;         /**< sizeof(trunkha_call_options), set by TRUNKHA_CALL_OPTIONS_INIT */
    const char *call_id; /**< for records, events and lists, such as the caller's Call-ID; the first 63 bytes are copied;
                              NULL = "" */
} trunkha_call_options;
#define TRUNKHA_CALL_OPTIONS_INIT { sizeof(trunkha_call_options), NULL }

/** Begins a call on a routing profile (or group): @p ret_step is TRY with the first target, or STOP with 503 when there is
 *  none to be tried. @p options may be NULL. @p ret_call: new, to be released with trunkha_call_end() or
 *  trunkha_call_detach(); it keeps the view alive. A call of which its host says nothing more for a minute after its
 *  deadlines, or for 12 hours once it was answered, is ended by the engine and counted as forgotten; so is one whose process
 *  has died.
 *  Errors: NOTFOUND (no such profile), STATE (nothing loaded), ACCESS (a view of another user's engine), INVALID, NOMEM.
 *  Threads: any; wait-free but for the allocator. The only system call is the one that at times wakes the engine's
 *  thread. Works after fork(). One call is one thread's at a time. Since 0.2. */
TRUNKHA_API int trunkha_call_begin(trunkha_view *view, const char *profile, const trunkha_call_options *options,
                                   trunkha_call **ret_call, trunkha_step *ret_step);

/** Says what has become of an attempt and asks what is next. A report about an attempt given up before changes nothing; if
 *  it is a 2xx, `ret_step->cancel` names that attempt: end it with ACK and BYE.
 *  Errors: INVALID (also: a code out of range, an attempt that never was). Threads: as trunkha_call_begin(). Since 0.2. */
TRUNKHA_API int trunkha_call_report(trunkha_call *call, const trunkha_report *report, trunkha_step *ret_step);

/** Ends a call, answered or not, and releases the handle. NULL is fine; returns NULL.
 *  Threads: as trunkha_call_begin(). Since 0.2. */
TRUNKHA_API trunkha_call *trunkha_call_end(trunkha_call *call);

/** Releases the handle of an answered call, which goes on, even when this process ends. @p ret_token: ends it with
 *  trunkha_view_end_call(), from any process; never 0.
 *  Errors: STATE (not answered, or not listed for want of room: the handle stays), INVALID.
 *  Threads: as trunkha_call_begin(). Since 0.2. */
TRUNKHA_API int trunkha_call_detach(trunkha_call *call, uint64_t *ret_token);

/** Ends a call that was detached. Errors: NOTFOUND (it has ended), ACCESS, INVALID. Threads: any. Since 0.2. */
TRUNKHA_API int trunkha_view_end_call(trunkha_view *view, uint64_t token);

/** The record of a call so far as a JSON object: profile, each attempt with trunk, target, outboundRoute, start, duration,
 *  result and why, and the trunks passed over. @p ret_json: new, trunkha_free(). Errors: INVALID, NOMEM.
 *  Threads: as trunkha_call_begin(). Since 0.2. */
TRUNKHA_API int trunkha_call_json(const trunkha_call *call, char **ret_json);

/** A call that has not ended. @since 0.2 */
typedef struct trunkha_call_status {
    size_t size;                      /**< sizeof(trunkha_call_status), set by TRUNKHA_CALL_STATUS_INIT */
    uint64_t token;                   /**< for trunkha_view_end_call() */
    int64_t begun;                    /**< Unix milliseconds */
    int64_t answered;                 /**< Unix milliseconds; 0 = not yet */
    uint32_t attempts;
    uint32_t pid;                     /**< of the process that began it */
    char call_id[TRUNKHA_ID_SIZE];
    char profile_id[TRUNKHA_ID_SIZE];
    char trunk_id[TRUNKHA_ID_SIZE];   /**< the one that has it now */
    char target[TRUNKHA_ID_SIZE];
} trunkha_call_status;
#define TRUNKHA_CALL_STATUS_INIT { sizeof(trunkha_call_status), 0, 0, 0, 0, 0, "", "", "", "" }

/** Lists the calls that run on @p trunk_id (NULL = on any), to re-anchor them elsewhere, say. @p inout_place: 0 to begin,
 *  and moved on. END when there are no more; INVALID. Threads: any, wait-free. Since 0.2. */
TRUNKHA_API int trunkha_view_next_call(const trunkha_view *view, const char *trunk_id, uint32_t *inout_place,
                                       trunkha_call_status *ret_status);

/** Lets new calls of a profile go back to the trunk that its configuration prefers, at once: what `failback.mode` manual
 *  waits for, and an end to any hold-down.
 *  Errors: NOTFOUND, INVALID, STATE (nothing loaded), FORKED. Threads: any; waits for the engine's thread. Since 0.2. */
TRUNKHA_API int trunkha_profile_failback(trunkha_engine *engine, const char *profile);

/* ---- Reaching the peer --------------------------------------------------------------------------------------- */

struct sockaddr;

/** Answers whether a packet from @p source (AF_INET or AF_INET6; port 0 = any) comes from one of the trunks: any of their
 *  addresses of this moment. Errors: NOTFOUND (from none), INVALID, STATE (nothing loaded).
 *  Threads: any, wait-free, no system call. Since 0.3. */
TRUNKHA_API int trunkha_trunk_of_source(const trunkha_view *view, const struct sockaddr *source, trunkha_source *ret_source);

/** Tells that a request has come from @p source to a socket of the host's own: it proves the inbound trunks of that address.
 *  (OPTIONS that the library answers itself do so without it.) Errors: NOTFOUND, INVALID, ACCESS, STATE.
 *  Threads: any, as trunkha_call_begin(). Since 0.3. */
TRUNKHA_API int trunkha_trunk_note_request(trunkha_view *view, const struct sockaddr *source);

/** Writes the header that answers a challenge of @p trunk_id with its `outboundAuth`: MD5, SHA-256 or SHA-512-256, the
 *  strongest that is offered. @p code: 401 or 407; @p challenge: the value of its WWW-Authenticate or Proxy-Authenticate
 *  header, several with commas between; @p method, @p uri: of the request that is to be sent again, with a new CSeq and branch, once
 *  (RFC 3261 section 22). @p ret_header: new, "Authorization: Digest ...", without a line end, trunkha_free(). Each
 *  answers with a nonce count of 1. Errors: NOTFOUND (no such trunk), UNAVAILABLE (it has no credentials, or none for that
 *  realm), UNSUPPORTED (no challenge that can be answered), INVALID, STATE, NOMEM, FORKED.
 *  Threads: any; waits for the engine's thread. Since 0.3. See RFC 7616, RFC 8760. */
TRUNKHA_API int trunkha_trunk_authorize(trunkha_engine *engine, const char *trunk_id, uint32_t code, const char *challenge,
                                        const char *method, const char *uri, char **ret_header);

/** Sends a SIP message of the host's to a target, from the socket or on the connection that its probes use: the same local
 *  address, the same TLS. What comes back goes to `message_cb`. Over UDP the host sends again itself (RFC 3261 section 17).
 *  Errors: NOTFOUND (no such trunk, or the target is none of its addresses), UNAVAILABLE (no connection; one is being made),
 *  INVALID, STATE (not started), SYSTEM, FORKED. Threads: any; waits for the engine's thread. Since 0.3. */
TRUNKHA_API int trunkha_message_send(trunkha_engine *engine, const char *trunk_id, const char *target, const void *message,
                                     size_t len);

/** The address and port of ours that the peer sees, as far as we know it, for Via and Contact: that of the socket or
 *  connection, or `nat.publicAddress`: "192.0.2.9:5060", "[2001:db8::9]:5060". @p size at least TRUNKHA_ID_SIZE.
 *  Errors, threads: as trunkha_message_send(). Since 0.3. */
TRUNKHA_API int trunkha_message_local(trunkha_engine *engine, const char *trunk_id, const char *target, char *ret_buf,
                                      size_t size);

/* ---- Know before you dial ------------------------------------------------------------------------------------ */

/** How to lint, forecast. @since 0.4 */
typedef struct trunkha_lint_options {
    size_t size;                 /**< sizeof(trunkha_lint_options), set by TRUNKHA_LINT_OPTIONS_INIT */
    const char *const *settings; /**< each writes one value into the configuration before it is read, as
                                      "keepalive.interval=10": keys with dots between, entries of lists by their number or
                                      their id, then a JSON value, or a text without quotes; NULL = none */
    uint32_t n_settings;
    uint32_t resolve;            /**< 1 = look the names of trunks that are not disabled up too, and check what they come to:
                                      takes at most `dns.timeout` for each name, and stops asking after three without any
                                      answer */
} trunkha_lint_options;
#define TRUNKHA_LINT_OPTIONS_INIT { sizeof(trunkha_lint_options), NULL, 0, 0 }

/** trunkha_config_check(), and then every rule of the lint catalogue: what may be loaded, but will hurt. Rules run only when
 *  there is no error but that of something not supported yet. A finding is silenced by `"x-lint-ignore": ["TH031"]` (codes or
 *  slugs) in the object that it points to, or in one around it. @p options may be NULL.
 *  A setting that cannot be made is an error of line 0; what is found wrong with a value that a setting has put in is of line
 *  0, too, and its message names the setting.
 *  Returns 0 (no errors, perhaps warnings), TRUNKHA_ERR_CONFIG, INVALID or NOMEM. Threads: any. Since 0.4. */
TRUNKHA_API int trunkha_config_lint(const char *json, size_t len, const trunkha_lint_options *options,
                                    trunkha_finding_cb finding_cb, void *user_data);

/** One rule of the catalogue. All pointers are static. @since 0.4 */
typedef struct trunkha_rule {
    size_t size;         /**< sizeof(trunkha_rule), set by TRUNKHA_RULE_INIT */
    uint32_t severity;   /**< enum trunkha_severity */
    uint32_t reserved;
    const char *code;    /**< "TH031" */
    const char *slug;    /**< "same-domain" */
    const char *summary; /**< what it looks for */
    const char *why;     /**< why it hurts, in calls */
    const char *fix;     /**< what to write instead */
    const char *bad;     /**< a piece of a configuration, or of a recording, that it complains about */
    const char *good;    /**< the same, mended */
} trunkha_rule;
#define TRUNKHA_RULE_INIT { sizeof(trunkha_rule), 0, 0, "", "", "", "", "", "", "" }

/** The rule number @p index, from 0, in the order of their codes. END when there are no more; INVALID.
 *  Threads: any. Since 0.4. */
TRUNKHA_API int trunkha_rule_get(uint32_t index, trunkha_rule *ret_rule);

/** What an address of a configuration is for. */
enum trunkha_use {
    TRUNKHA_USE_LISTEN = 0,     /**< `sip.listen`, or what stands in for it */
    TRUNKHA_USE_LOCAL = 1,      /**< `localAddress` of a trunk */
    TRUNKHA_USE_NAME_SERVER = 2 /**< `dns.servers`; none = those of resolv.conf */
};

/** An address that a configuration names beside those of its trunks. @since 0.4 */
typedef struct trunkha_config_address {
    size_t size;                    /**< bytes filled in by the library */
    uint32_t use;                   /**< enum trunkha_use */
    uint32_t port;                  /**< 0 = the system chooses */
    char address[TRUNKHA_ID_SIZE];  /**< with its port, and brackets: "192.0.2.9:5070", "[2001:db8::53]:53" */
    char trunk_id[TRUNKHA_ID_SIZE]; /**< of LOCAL */
} trunkha_config_address;

/** Borrowed until the callback returns. */
typedef void (*trunkha_config_address_cb)(const trunkha_config_address *address, void *user_data);

/** Tells the addresses of our own and of the name servers, with `${NAME}` put in, as a firewall has to know them: one call of
 *  @p address_cb for each, in the order of enum trunkha_use and of the file. Findings are not told: lint first.
 *  Errors: CONFIG, INVALID, NOMEM. Threads: any. Since 0.4. */
TRUNKHA_API int trunkha_config_addresses(const char *json, size_t len, trunkha_config_address_cb address_cb,
                                         void *user_data);

/** What can happen to a carrier. */
enum trunkha_fault {
    TRUNKHA_FAULT_SILENCE = 0, /**< nothing comes back any more */
    TRUNKHA_FAULT_REFUSED = 1, /**< its port is closed: ICMP, RST */
    TRUNKHA_FAULT_REJECTED = 2,/**< 503 to everything */
    TRUNKHA_FAULT_DNS = 3      /**< its name is not resolved any more; the trunk itself is well */
};
#define TRUNKHA_FAULTS 4

/** "silence", "refused", "503", "dns"; "?" for a number that is none. Static. Threads: any. Since 0.4. */
TRUNKHA_API const char *trunkha_fault_name(uint32_t fault);

/** What one fault of the trunk that carries the calls costs. UINT32_MAX = for ever. All are 0 where the fault cannot happen or
 *  does not apply: that of the DNS to trunks without a name, any to a profile whose `n_trunks` is 0. */
typedef struct trunkha_forecast_fault {
    uint32_t worst_detection_ms; /**< from the fault to DOWN, no calls running, with all trunks at its address; never 0 for a
                                      fault that can happen, but for the DNS; UINT32_MAX: it is not probed (calls would find
                                      it), its answer is no failure, or it takes more than 49 days. Where several trunks wait
                                      for the `maxProbesPerMinute` of their address, not every order of their probes can be
                                      tried: one turn of all of them is added then, so that it is a bound all the same.
                                      DNS: to the event that says so, records living as long as `maxTtl` */
    uint32_t mean_detection_ms;  /**< over all moments at which it may happen, in the long run: with jitter, the probes of
                                      several trunks drift apart after the start; where they wait for the budget, within 20 % */
    uint32_t worst_post_dial_ms; /**< what a caller waits at most until a trunk that works has his call, all but the last one
                                      that may be tried failing like this; round trips are not counted; at most
                                      `totalTimeout`, when he is told so; UINT32_MAX: no other trunk is tried; 0 also: it shows
                                      at once. Always 0 of the DNS: calls go on to the addresses that are known */
} trunkha_forecast_fault;

/** What the configuration has in store for a routing profile. @since 0.4 */
typedef struct trunkha_forecast {
    size_t size;                                   /**< bytes filled in by the library */
    char profile_id[TRUNKHA_ID_SIZE];
    uint32_t is_group;                             /**< 1 = the profile that every group has in its own name */
    uint32_t n_trunks;                             /**< of its chain, that take calls; 0 = of faults there is nothing here */
    trunkha_forecast_fault faults[TRUNKHA_FAULTS]; /**< by enum trunkha_fault: of the worst of the trunks that carry its calls
                                                        while all is well */
    uint32_t worst_no_ring_ms;                     /**< as worst_post_dial_ms, when carriers say nothing but 100 */
    uint32_t failback_ms;                          /**< at most, from the carrier's return to its first new call; 0 = there is
                                                        no other trunk; UINT32_MAX = by hand, or by calls since it is not
                                                        probed; whenIdle: when no call is left, at the earliest */
} trunkha_forecast;

/** What one peer's address is asked, by all trunks of the configuration there. @since 0.4 */
typedef struct trunkha_forecast_peer {
    size_t size;                /**< bytes filled in by the library */
    char peer[TRUNKHA_ID_SIZE]; /**< the address, or the host of a name: "192.0.2.1" */
    uint32_t n_trunks;          /**< that are probed there */
    uint32_t probes_per_minute; /**< while all is well, rounded up */
    uint32_t probe_burst;       /**< in any second, at worst */
} trunkha_forecast_peer;

/** Borrowed until the callback returns. */
typedef void (*trunkha_forecast_cb)(const trunkha_forecast *forecast, void *user_data);
typedef void (*trunkha_forecast_peer_cb)(const trunkha_forecast_peer *peer, void *user_data);

/** Works out what each kind of fault would cost, and what carriers are asked, from the configuration alone, with the core's
 *  own rules: one call of @p forecast_cb for each profile, those of the file first, then one for each group; after them one of
 *  @p peer_cb (NULL = not wanted) for each address that is probed, in the order of the file. Findings are not told: lint
 *  first. @p options may be NULL; `resolve` is of no meaning. Errors: CONFIG, INVALID, NOMEM. Threads: any. Since 0.4. */
TRUNKHA_API int trunkha_config_forecast(const char *json, size_t len, const trunkha_lint_options *options,
                                        trunkha_forecast_cb forecast_cb, trunkha_forecast_peer_cb peer_cb,
                                        void *user_data);

/* ---- Simulation: the engine's own core and calls, on a clock and in a world that are made up ------------------ */

/** An opaque simulation. */
typedef struct trunkha_simulation trunkha_simulation;

/** @since 0.4 */
typedef struct trunkha_simulation_options {
    size_t size;                   /**< sizeof(trunkha_simulation_options), set by TRUNKHA_SIMULATION_OPTIONS_INIT */
    const char *const *settings;   /**< as trunkha_lint_options.settings; NULL = none */
    uint32_t n_settings;
    uint32_t replay;               /**< 1 = what is given in place of a scenario is a recording: see trunkha_record_cb */
    uint32_t n_samples;            /**< equal pieces that the time is divided into for trunkha_simulation_get_sample();
                                        0 = 240, at most 10000 */
    uint32_t reserved;
    uint64_t seed;                 /**< of everything random; 0 = the scenario's, which is 1 to 4294967295 */
    const char *config_name;       /**< how diagnoses call the configuration; NULL = "configuration"; copied */
    const char *scenario_name;     /**< and the scenario; NULL = "scenario"; copied */
    trunkha_event_cb event_cb;     /**< events as they happen, their times counted from the start of the scenario; in a
                                        replay those of the recording. calls.* only of calls that did not go as they
                                        should. NULL = none */
    void *event_user_data;
    trunkha_finding_cb finding_cb; /**< gets what is found in the scenario or recording, warnings too; NULL = none. Of the
                                        configuration: trunkha_config_check() */
    void *finding_user_data;
    trunkha_realloc_cb realloc_cb; /**< NULL = malloc and friends */
    void *realloc_user_data;
} trunkha_simulation_options;
#define TRUNKHA_SIMULATION_OPTIONS_INIT                                                                                     \
    { sizeof(trunkha_simulation_options), NULL, 0, 0, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL }

/** Makes a simulation of @p config in the world that @p scenario describes (examples/scenarios/README.md has its format);
 *  nothing has happened in it yet. Names are looked up in the scenario, never in the DNS. @p options and @p reterr_diag may be
 *  NULL; everything is copied. Errors: CONFIG (of either, or of a setting: see the diagnosis), INVALID, NOMEM.
 *  Threads: any; one simulation is one thread's at a time. Since 0.4. */
TRUNKHA_API int trunkha_simulation_new(const char *config, size_t config_len, const char *scenario, size_t scenario_len,
                                       const trunkha_simulation_options *options, trunkha_simulation **ret_simulation,
                                       trunkha_diag *reterr_diag);

/** Releases it. NULL is fine; returns NULL. Since 0.4. */
TRUNKHA_API trunkha_simulation *trunkha_simulation_free(trunkha_simulation *simulation);

/** Lets @p for_ms of its time pass, UINT64_MAX = all. Returns 1 if there is more to come, 0 at its end, or NOMEM, INVALID,
 *  STATE (in its own callback). Since 0.4. */
TRUNKHA_API int trunkha_simulation_run(trunkha_simulation *simulation, uint64_t for_ms);

/** The view as it stands now, a new reference, for status and routes. Its time is the simulation's. Since 0.4. */
TRUNKHA_API trunkha_view *trunkha_simulation_view(const trunkha_simulation *simulation);

/** What the callers saw. Of a recording calls are known by their results, and what is marked "made up" is 0. @since 0.4 */
typedef struct trunkha_simulation_summary {
    size_t size;                 /**< sizeof(trunkha_simulation_summary), set by TRUNKHA_SIMULATION_SUMMARY_INIT */
    uint64_t elapsed_ms;         /**< of its own time */
    uint64_t duration_ms;        /**< of the whole scenario */
    uint64_t calls;
    uint64_t calls_answered;     /**< by the first trunk that was tried */
    uint64_t calls_delayed;      /**< answered, but by a later one */
    uint64_t calls_lost;         /**< that a carrier's fault ended, or that found no trunk */
    uint64_t calls_unanswered;   /**< the callee's own doing: busy, nobody there, the caller gave up while it rang */
    uint64_t calls_cut;          /**< answered, and ended by the carrier's fault; made up */
    uint64_t calls_under_way;    /**< at the end */
    uint64_t attempts;
    uint64_t probes;
    uint64_t state_changes;      /**< of trunks */
    uint64_t active_changes;     /**< of the trunk that carries a profile's new calls; of groups, which are profiles too, if
                                      calls name them, or the configuration has no routing profiles */
    uint64_t delay_total_ms;     /**< added to calls_delayed by trunks that did not take them; made up */
    uint32_t delay_max_ms;       /**< likewise */
    uint32_t reserved;
} trunkha_simulation_summary;
#define TRUNKHA_SIMULATION_SUMMARY_INIT { sizeof(trunkha_simulation_summary), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

TRUNKHA_API int trunkha_simulation_get_summary(const trunkha_simulation *simulation, trunkha_simulation_summary *ret_summary);

/** What one trunk went through, and what callers saw of it; in a replay without what the scenario had it do, and what is
 *  marked "made up" is 0. @since 0.4 */
typedef struct trunkha_simulation_trunk {
    size_t size;                /**< sizeof(trunkha_simulation_trunk), set by TRUNKHA_SIMULATION_TRUNK_INIT */
    char trunk_id[TRUNKHA_ID_SIZE];
    uint64_t attempts;
    uint64_t answered;
    uint64_t failed;            /**< by the carrier's fault */
    uint64_t calls_delayed;     /**< that were first sent there, and answered by a later trunk; made up */
    uint64_t calls_lost;        /**< whose last attempt was there; those that found no trunk are nobody's */
    uint64_t calls_cut;         /**< answered there, and ended by the carrier's fault; made up */
    uint64_t delay_total_ms;    /**< added to `calls_delayed`; made up */
    uint64_t probes;
    uint64_t down_ms;           /**< how long it was DOWN ... */
    uint64_t faulty_ms;         /**< ... and how long the scenario had it fail */
    uint32_t falls;             /**< to DOWN ... */
    uint32_t false_alarms;      /**< ... of them, while the scenario had it at work, if lossy or slow */
    uint32_t worst_detection_ms;/**< from a fault of the scenario to DOWN; 0 = none was found */
    uint32_t missed;            /**< faults that ended before they were found */
    uint32_t delay_max_ms;      /**< the longest of `calls_delayed`; made up */
    uint32_t reserved;
} trunkha_simulation_trunk;
#define TRUNKHA_SIMULATION_TRUNK_INIT                                                                                       \
    { sizeof(trunkha_simulation_trunk), "", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/** By @p index in the order of the file. END past the last; INVALID. Since 0.4. */
TRUNKHA_API int trunkha_simulation_get_trunk(const trunkha_simulation *simulation, uint32_t index,
                                             trunkha_simulation_trunk *ret_trunk);

/** A trunk in one piece of the time. @since 0.4 */
typedef struct trunkha_simulation_sample {
    size_t size;            /**< sizeof(trunkha_simulation_sample), set by TRUNKHA_SIMULATION_SAMPLE_INIT */
    uint64_t begin_ms;
    uint64_t end_ms;
    uint32_t health;        /**< the worst in it: enum trunkha_health */
    uint32_t is_faulty;     /**< 1 = the scenario had it fail */
    uint32_t attempts;      /**< begun in it */
    uint32_t answered;      /**< likewise, and answered since */
    uint32_t failed;
    uint32_t delay_max_ms;  /**< the longest that a call which began its first attempt there had to wait more */
} trunkha_simulation_sample;
#define TRUNKHA_SIMULATION_SAMPLE_INIT { sizeof(trunkha_simulation_sample), 0, 0, 0, 0, 0, 0, 0, 0 }

/** Sample @p sample (from 0, in order) of the trunk @p index. END past either's last; INVALID. Since 0.4. */
TRUNKHA_API int trunkha_simulation_get_sample(const trunkha_simulation *simulation, uint32_t index, uint32_t sample,
                                              trunkha_simulation_sample *ret_sample);

/** What is played. @since 0.4 */
typedef struct trunkha_simulation_about {
    size_t size;               /**< sizeof(trunkha_simulation_about), set by TRUNKHA_SIMULATION_ABOUT_INIT */
    uint64_t duration_ms;
    int64_t recorded;          /**< Unix milliseconds: when the recording begins; 0 = it is a scenario */
    uint32_t n_steps;          /**< of the scenario */
    uint32_t reserved;
    char name[TRUNKHA_ID_SIZE];/**< the scenario's own; "" = a recording */
    char about[1024];          /**< likewise, a sentence; "" = none */
} trunkha_simulation_about;
#define TRUNKHA_SIMULATION_ABOUT_INIT { sizeof(trunkha_simulation_about), 0, 0, 0, 0, "", "" }

/** Errors: INVALID. Since 0.4. */
TRUNKHA_API int trunkha_simulation_get_about(const trunkha_simulation *simulation, trunkha_simulation_about *ret_about);

/** A step of the scenario. @since 0.4 */
typedef struct trunkha_simulation_step {
    size_t size;    /**< sizeof(trunkha_simulation_step), set by TRUNKHA_SIMULATION_STEP_INIT */
    uint64_t at_ms; /**< since the start */
    char text[256]; /**< in the scenario's words: "carrier-a: code 503, retryAfter 30 s"; cut if it is longer */
} trunkha_simulation_step;
#define TRUNKHA_SIMULATION_STEP_INIT { sizeof(trunkha_simulation_step), 0, "" }

/** By @p index in the order of time. END past the last, and of a recording; INVALID. Since 0.4. */
TRUNKHA_API int trunkha_simulation_get_step(const trunkha_simulation *simulation, uint32_t index,
                                            trunkha_simulation_step *ret_step);

/** All of the above as a JSON object. @p ret_json: new, trunkha_free(). Errors: INVALID, NOMEM. Since 0.4. */
TRUNKHA_API int trunkha_simulation_json(const trunkha_simulation *simulation, char **ret_json);

/* ---- Events ------------------------------------------------------------------------------------------------- */

/** Renders an event as the JSON object that integrations parse; no line feed in it.
 *  @p ret_json: new, to be released with trunkha_free(). Errors: INVALID, NOMEM. Threads: any. Since 0.1. */
TRUNKHA_API int trunkha_event_json(const trunkha_event *event, char **ret_json);

/** Releases a text that the library made. NULL is fine. Threads: any. Since 0.1. */
TRUNKHA_API void trunkha_free(void *ptr);

/* ---- View --------------------------------------------------------------------------------------------------- */

/** Opens for reading the view that an engine of this machine publishes under @p name. It stays open when that engine ends
 *  or dies, and comes alive again with the next engine of that name.
 *  Errors: NOTFOUND, ACCESS, VERSION (another release wrote it), INVALID, NOMEM, SYSTEM. Threads: any. Since 0.1. */
TRUNKHA_API int trunkha_view_open(const char *name, trunkha_view **ret_view);

/** Removes the name of a view that no engine keeps fresh any more; who has it open can go on reading.
 *  Errors: NOTFOUND, BUSY (an engine is alive there), ACCESS, INVALID. Threads: any. Since 0.1. */
TRUNKHA_API int trunkha_view_remove(const char *name);

/** Takes another reference; returns @p view. NULL is fine. Threads: any. Since 0.1. */
TRUNKHA_API trunkha_view *trunkha_view_ref(trunkha_view *view);

/** Gives a reference back. NULL is fine; returns NULL. Threads: any. Since 0.1. */
TRUNKHA_API trunkha_view *trunkha_view_unref(trunkha_view *view);

/** What the view says of itself, its age above all. Errors: INVALID. Threads: any, wait-free. Since 0.1. */
TRUNKHA_API int trunkha_view_get_info(const trunkha_view *view, trunkha_view_info *ret_info);

/** As trunkha_route_select(). When nobody has refreshed the view for five minutes, states no longer count and the order is
 *  that of the configuration (TRUNKHA_WHY_STALE). Threads: any, wait-free; works after fork(). Since 0.1. */
TRUNKHA_API int trunkha_view_select(const trunkha_view *view, const char *profile, trunkha_candidate *ret_candidates,
                                    size_t *inout_count);

/** As trunkha_view_select(), with those passed over (TRUNKHA_WHY_DISABLED and following) at the end; does not advance the
 *  turn of balancing strategies. @p inout_count: out, how many were filled. Threads: any, wait-free. Since 0.1. */
TRUNKHA_API int trunkha_view_explain(const trunkha_view *view, const char *profile, trunkha_candidate *ret_candidates,
                                     size_t *inout_count);

/** Reads entry @p index, from 0, in the order of the configuration. END past the last; INVALID. Threads: any. Since 0.1. */
TRUNKHA_API int trunkha_view_get_group(const trunkha_view *view, uint32_t index, trunkha_group_status *ret_status);
TRUNKHA_API int trunkha_view_get_trunk(const trunkha_view *view, uint32_t index, trunkha_trunk_status *ret_status);
TRUNKHA_API int trunkha_view_get_target(const trunkha_view *view, uint32_t index, trunkha_target_status *ret_status);
TRUNKHA_API int trunkha_view_get_profile(const trunkha_view *view, uint32_t index, trunkha_profile_status *ret_status);

/** Reads the event after @p inout_cursor and moves on to it. Events that were overwritten before they could be read are
 *  counted in the event's `lost`; when another engine has taken the view over, its events follow from the oldest kept.
 *  @p ret_event->size says how much of it the caller knows. END when there is none newer; INVALID.
 *  Threads: any; each reader has a cursor of its own. Since 0.1. */
TRUNKHA_API int trunkha_view_next_event(const trunkha_view *view, trunkha_cursor *inout_cursor, trunkha_event *ret_event);

/** The whole table as the JSON of `status -o json`; new, trunkha_free(). Errors: INVALID, NOMEM. Threads: any. Since 0.1. */
TRUNKHA_API int trunkha_view_status_json(const trunkha_view *view, char **ret_json);

/** The candidates of a profile as the JSON of `route --json`; new, trunkha_free().
 *  Errors: NOTFOUND, STATE, INVALID, NOMEM. Threads: any. Since 0.1. */
TRUNKHA_API int trunkha_view_route_json(const trunkha_view *view, const char *profile, char **ret_json);

#ifdef __cplusplus
}
#endif

#endif /* TRUNKHA_H */
