/** @file layout.h  The table as it lies in shared memory
 *
 *      identity, header | event ring | calls | half 0 | half 1 | a page to spare
 *
 *  Far more room is reserved than used: memory is taken only where something was written. A change here that an older
 *  reader would misread makes THA_TABLE_LAYOUT grow. */
#ifndef THA_VIEW_LAYOUT_H
#define THA_VIEW_LAYOUT_H

#include <assert.h>
#include <stdatomic.h>

#include "calls.h"

#define THA_TABLE_MAGIC  UINT64_C(0x0061686b6e757274) /* "trunkha" */
#define THA_TABLE_LAYOUT 6U

/** Offsets in the table are multiples of this: the largest page of any machine we run on. */
#define THA_TABLE_PAGE 65536U

#define THA_RING_MAX  65536U
#define THA_HALF_SIZE (UINT64_C(256) << 20)

/** Text is kept in blocks of 16 bytes, filled up with zeros. */
#define THA_BLOCK_SIZE  16U
#define THA_BLOCK_WORDS 2U
#define THA_ID_BLOCKS   (TRUNKHA_ID_SIZE / THA_BLOCK_SIZE)
#define THA_URI_BLOCKS  (TRUNKHA_URI_SIZE / THA_BLOCK_SIZE)

#define THA_LINE_SIZE 64U

#define THA_ID_WORDS (TRUNKHA_ID_SIZE / sizeof(uint64_t))

/** The start of the table, the same for ever, so that a release can tell whether another one is alive under a name. */
struct tha_table_identity {
    _Atomic uint64_t magic; /**< 0 = still being made */
    _Atomic uint64_t table_size;
    _Atomic uint32_t layout;
    _Atomic uint32_t event_size;   /**< as it is stored */
    _Atomic uint32_t writer_pid;   /**< 0 = ended in order */
    _Atomic uint32_t has_begun;    /**< 0 = the writer has not beaten yet, and may take its time */
    _Atomic uint64_t heartbeat_ms; /**< CLOCK_MONOTONIC */
    _Atomic uint64_t term;         /**< counts the writers; one that finds another term than its own has lost the table */
};

struct tha_table {
    struct tha_table_identity identity;
    _Atomic int64_t unix_offset_ms;  /**< Unix time less CLOCK_MONOTONIC */
    _Atomic uint64_t first_sequence; /**< where the ring began: events before are not in it */
    _Atomic uint64_t last_sequence;  /**< 0 = no event yet */
    _Atomic uint32_t ring_size;      /**< a power of two */
    _Atomic uint32_t generation;     /**< its last bit names the half to read; 0 = nothing published */
    _Atomic uint64_t teller;         /**< counts the instances whose events were in the ring; now it holds those of: */
    _Atomic uint64_t instance_id[2][THA_ID_WORDS]; /**< by the last bit of `teller` */
};

/** An event as it is stored. What all events of the ring have in common stands in the header; what only states, only calls
 *  or only changes of addresses have shares one place. */
struct tha_stored_event {
    uint64_t teller;
    int64_t timestamp;
    int64_t started;
    uint32_t type;
    uint32_t reason;
    uint32_t last_response;
    uint32_t active_calls;
    char entity_id[TRUNKHA_ID_SIZE];
    char entity_name[TRUNKHA_ID_SIZE];
    char trunk_group_id[TRUNKHA_ID_SIZE];
    char target[TRUNKHA_ID_SIZE];
    char detail[sizeof(((trunkha_event *)0)->detail)];
    union {
        struct {
            int64_t last_successful_keepalive;
            uint32_t health;
            uint32_t previous_health;
            uint32_t failed_attempts;
            uint32_t reserved;
            char trunk_id[TRUNKHA_ID_SIZE];
            char previous_trunk_id[TRUNKHA_ID_SIZE];
        } state;
        struct {
            int64_t started;
            uint32_t duration_ms;
            uint32_t post_dial_ms;
            uint32_t attempt;
            uint32_t result;
            uint32_t q850_cause;
            uint32_t why;
            char call_id[TRUNKHA_ID_SIZE];
            char profile_id[TRUNKHA_ID_SIZE];
            char outbound_route[TRUNKHA_ID_SIZE];
        } call;
        char lists[TRUNKHA_LIST_SIZE]; /**< `added`, its zero, `removed`, its zero */
    };
};

#define THA_EVENT_WORDS (sizeof(struct tha_stored_event) / sizeof(uint64_t))

struct tha_event_record {
    _Atomic uint64_t sequence; /**< of the event in it; 0 = being written */
    _Atomic uint64_t words[THA_EVENT_WORDS];
};

/** Reference to a record: its place in the half, which is a multiple of THA_BLOCK_SIZE. */
typedef _Atomic uint32_t tha_ref;

/** Reference to a text: its place, plus its length in blocks less one. 0 is the empty text. */
typedef _Atomic uint32_t tha_text_ref;

enum tha_array {
    THA_ARRAY_GROUPS,
    THA_ARRAY_TRUNKS,
    THA_ARRAY_TARGETS,
    THA_ARRAY_PROFILES,
    THA_ARRAY_SOURCES, /**< cards by hash of their hosts: see source.h */
    THA_ARRAY_COUNT
};

struct tha_half {
    _Atomic uint64_t empty_text[THA_BLOCK_WORDS];
    _Atomic uint64_t arrays[THA_ARRAY_COUNT]; /**< how many elements, and above it the line where they start */
    tha_text_ref instance_id;
    _Atomic uint32_t n_slots;
    tha_ref slots[]; /**< profiles by hash of their id, open addressing; 0 = free */
};

#define THA_SLOTS_MAX ((THA_HALF_SIZE - sizeof(struct tha_half)) / sizeof(tha_ref))

struct tha_group_record {
    _Atomic uint32_t health;
    _Atomic uint32_t n_trunks;
    _Atomic uint32_t profile; /**< the one of the group's name */
    tha_text_ref id, name;
};

/** One word is a whole state: record.c knows its bits. */
struct tha_trunk_record {
    _Atomic uint64_t state;
    tha_text_ref id, name, group_id, uri;
    _Atomic uint32_t slot;     /**< of its gauge */
    tha_ref extra;             /**< 0 = it has none */
    _Atomic uint64_t lack;     /**< of abilities, in one word */
    _Atomic uint32_t compared; /**< with which trunk, or THA_NONE */
    uint32_t reserved;
};

/* Longer states are kept twice: the writer fills the one not in use, then makes `version` one more, whose last bit says
 * which is to be read. So a reader finds a whole one also while, or because, a writer stopped half-way. record.c knows the
 * words. */

#define THA_NAME_WORDS 2U

/** What only trunks with a name to be looked up, a pair, or calls in one direction only have. */
struct tha_trunk_extra {
    _Atomic uint32_t direction; /**< enum trunkha_direction */
    _Atomic uint32_t paired;    /**< index, or THA_NONE */
    _Atomic uint32_t version;   /**< of its name's state */
    uint32_t reserved;
    _Atomic uint64_t words[2][THA_NAME_WORDS];
};

#define THA_TARGET_WORDS 4U

struct tha_target_record {
    _Atomic uint32_t version;
    tha_ref card;
    _Atomic uint64_t abilities; /**< in one word: record.c */
    _Atomic uint64_t words[2][THA_TARGET_WORDS];
};

/** What a candidate says of a target, see card.h, and whose address it is, see source.h. */
struct tha_card {
    tha_ref trunk;
    _Atomic uint32_t form; /**< enum tha_card_form */
    _Atomic uint32_t target_slot;
    _Atomic uint32_t codecs;       /**< of the trunk */
    _Atomic uint32_t host;         /**< the IPv4 address as it lies in a packet, or the reference to the 16 bytes of IPv6 */
    _Atomic uint32_t port;         /**< above it 4 or 6, and above that the direction of the trunk */
    _Atomic uint32_t n_neighbours; /**< trunks with the same host, its own too */
    tha_ref next_inbound;          /**< the next card of that host whose trunk is inbound; 0 = no more */
    _Atomic uint64_t texts[];
};

/** Even and odd take turns. */
enum tha_order { THA_ORDER_EVEN, THA_ORDER_ODD, THA_ORDER_CONFIGURED, THA_ORDER_COUNT };

struct tha_profile_record {
    tha_text_ref id;
    _Atomic uint32_t index; /**< its own */
    _Atomic uint32_t is_group;
    _Atomic uint32_t active_trunk; /**< index, or THA_NONE */
    _Atomic uint32_t n_targets;    /**< how many entries an order has room for */
    _Atomic uint32_t version;      /**< its last bit says whether the even or the odd order is to be read */
    tha_ref call;                  /**< the words of a tha_call_settings; 0 = none given */
    uint32_t reserved[3];
    _Atomic uint64_t orders[THA_ORDER_COUNT]; /**< reference to the entries, and above it how many there are */
};

/* ---- The calls: all processes that may write the table do so here. calls.h says what each part is for. ---- */

/** Places in the list of running calls. A named table begins with few, for room is made beforehand, and doubles them when
 *  half are taken. */
#define THA_RUNNING_MAX   65536U
#define THA_RUNNING_FIRST 2048U

#define THA_REPORTS_MAX 4096U /* a power of two */

/** Slots and indices beyond these have no gauge: no limit holds for them, and nothing is counted. */
#define THA_TRUNK_GAUGES   (1U << 18)
#define THA_TARGET_GAUGES  (1U << 19)
#define THA_PROFILE_GAUGES (1U << 18)

struct tha_calls {
    _Atomic uint32_t is_used;   /**< 0 = no call was ever made: nobody needs to look at a gauge */
    _Atomic uint32_t n_running; /**< places in the list of running calls that have room */
    _Atomic uint32_t n_trunks;  /**< gauges that have room, likewise below */
    _Atomic uint32_t n_targets;
    _Atomic uint32_t n_profiles;
    _Atomic uint32_t n_limited;                    /**< trunk gauges from this one on never had a limit */
    _Alignas(THA_LINE_SIZE) _Atomic uint64_t head; /**< where the next report goes */
    _Atomic uint64_t lost;
    _Alignas(THA_LINE_SIZE) _Atomic uint64_t tail;                        /**< where the next report is taken */
    _Alignas(THA_LINE_SIZE) _Atomic uint32_t first_free;                  /**< where to look first for a place in the list */
    _Alignas(THA_LINE_SIZE) _Atomic uint64_t taken[THA_RUNNING_MAX / 64]; /**< which places of the list to look at */
};

#define THA_NEWS_WORDS (sizeof(struct tha_news) / sizeof(uint64_t))

/** reports.c knows the states. */
struct tha_report_record {
    _Alignas(THA_LINE_SIZE) _Atomic uint64_t state;
    _Atomic uint64_t check; /**< of the words and the place */
    _Atomic uint64_t words[THA_NEWS_WORDS];
};

#define THA_RUNNING_WORDS (sizeof(struct tha_view_call) / sizeof(uint64_t))

/** running.c knows the states. */
struct tha_running_record {
    _Alignas(THA_LINE_SIZE) _Atomic uint64_t state;
    _Atomic uint64_t words[THA_RUNNING_WORDS];
};

/** See window.h. */
#define THA_WINDOW_BUCKETS 11U

struct tha_window {
    _Atomic uint64_t buckets[THA_WINDOW_BUCKETS];
};

struct tha_trunk_gauge {
    _Alignas(THA_LINE_SIZE) _Atomic uint32_t active_calls;
    _Atomic uint32_t max_calls;        /**< 0 = no limit */
    _Atomic uint32_t calls_per_second; /**< 0 = no limit */
    _Atomic uint32_t heard_ms;         /**< when a request from its addresses was last reported, cut to 32 bits */
    struct tha_window started;
};

struct tha_profile_gauge {
    _Alignas(THA_LINE_SIZE) struct tha_window calls; /**< and retries */
};

static_assert(sizeof(struct tha_stored_event) % sizeof(uint64_t) == 0, "events are copied word by word");
static_assert(sizeof(struct tha_event_record) <= 624, "events are most of what a table takes");
static_assert(sizeof(((trunkha_event *)0)->added) == TRUNKHA_LIST_SIZE, "what was packed can be unpacked");
static_assert(THA_NEWS_HEAD % sizeof(uint64_t) == 0, "news are copied word by word");
static_assert(THA_VIEW_CALL_HEAD % sizeof(uint64_t) == 0, "calls are copied word by word");
static_assert(sizeof(struct tha_calls) <= THA_TABLE_PAGE, "reports begin on the next page");
static_assert(sizeof(struct tha_trunk_record) % THA_BLOCK_SIZE == 0, "trunks can be referred to");
static_assert(sizeof(struct tha_trunk_record) <= 48 && sizeof(struct tha_target_record) <= 80,
              "there are thousands of them");
static_assert(sizeof(struct tha_profile_record) % THA_BLOCK_SIZE == 0, "profiles can be referred to");
static_assert(sizeof(struct tha_card) % THA_BLOCK_SIZE == 0, "the texts of a card begin on a block");
static_assert(THA_HALF_SIZE <= UINT32_MAX, "every place can be referred to");
static_assert(THA_URI_BLOCKS <= THA_BLOCK_SIZE, "the longest text can be referred to");

#define THA_RING_OFFSET ((uint64_t)THA_TABLE_PAGE)
#define THA_RING_BYTES  (THA_RING_MAX * sizeof(struct tha_event_record))

#define THA_CALLS_OFFSET    (THA_RING_OFFSET + THA_RING_BYTES)
#define THA_REPORTS_OFFSET  (THA_CALLS_OFFSET + THA_TABLE_PAGE)
#define THA_RUNNING_OFFSET  (THA_REPORTS_OFFSET + THA_REPORTS_MAX * sizeof(struct tha_report_record))
#define THA_TRUNKS_OFFSET   (THA_RUNNING_OFFSET + THA_RUNNING_MAX * sizeof(struct tha_running_record))
#define THA_TARGETS_OFFSET  (THA_TRUNKS_OFFSET + THA_TRUNK_GAUGES * sizeof(struct tha_trunk_gauge))
#define THA_PROFILES_OFFSET (THA_TARGETS_OFFSET + THA_TARGET_GAUGES * sizeof(_Atomic uint32_t))
#define THA_CALLS_BYTES     (THA_HALVES_START - THA_CALLS_OFFSET)

#define THA_HALVES_START (THA_PROFILES_OFFSET + THA_PROFILE_GAUGES * sizeof(struct tha_profile_gauge))

/** The last page is for what a corrupt reference lets begin at the very end of the second half. */
#define THA_TABLE_SIZE (THA_HALVES_START + 2 * THA_HALF_SIZE + THA_TABLE_PAGE)

static_assert(THA_CALLS_OFFSET % THA_TABLE_PAGE == 0, "calls begin on a page");
static_assert(THA_HALVES_START % THA_TABLE_PAGE == 0, "halves begin on a page");

#endif
