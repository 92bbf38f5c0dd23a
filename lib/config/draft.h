/** @file draft.h  A configuration on its way from JSON to a model: read, but its references not yet followed */
#ifndef THA_CONFIG_DRAFT_H
#define THA_CONFIG_DRAFT_H

#include "keepalive.h"

/** Longest id, name and other text that states and events have room for, in bytes. */
#define THA_CONFIG_ID_MAX (TRUNKHA_ID_SIZE - 1)

#define THA_CONFIG_PRIORITY_MAX 65535

/** Addresses that probes may leave from and peers may be answered at. */
#define THA_CONFIG_LISTEN_MAX 16

enum tha_config_auth { THA_CONFIG_AUTH_NONE, THA_CONFIG_AUTH_DIGEST };

#define THA_CONFIG_PASSWORD_MAX 255 /* bytes; of a user name and a realm likewise */

/** What becomes a struct tha_reach. */
struct tha_config_reach {
    struct tha_config_sip_address address; /**< its `uri` is "" until it was read */
    uint32_t auth_method;                  /**< enum tha_config_auth */
    bool is_auth_bad;                      /**< a finding says so already */
    const char *username;                  /**< NULL = none */
    const char *realm;                     /**< NULL = any */
    char password[THA_CONFIG_PASSWORD_MAX + 1];
    struct tha_tls_settings tls; /**< NULL for "" */
    bool has_nat;
    struct tha_addr public_addr;
    struct tha_addr local;
};

struct tha_config_trunk {
    struct tha_trunk_model model;
    struct tha_config_reach reach;
    const char *paired_id;                   /**< NULL = none */
    const struct tha_config_keepalive *base; /**< what its own `keepalive` overrides */
};

/** The `pairedTrunkId` of a trunk, kept until all trunks are known. */
struct tha_config_pair {
    const char *paired_id; /**< NULL = none */
    uint32_t place;        /**< of the trunk in its group's list; THA_NONE = short form */
};

struct tha_config_profile {
    const char *id;
    const char *name;
    const char *primary_id;
    const char *secondary_id; /**< NULL = none */
    uint32_t primary;         /**< index, once references are resolved; THA_NONE = none */
    uint32_t secondary;
    uint32_t hold_down_ms;
    uint32_t failback;                    /**< enum tha_failback */
    const struct tha_call_settings *call; /**< NULL = the defaults */
    bool automatic_failover;
};

/** Name servers of ones own. */
#define THA_CONFIG_SERVERS_MAX 8

struct tha_config_dns {
    struct tha_dns_settings model;
    struct tha_addr servers[THA_CONFIG_SERVERS_MAX];
};

struct tha_config_draft {
    struct tha_config_reader reader;
    struct tha_arena scratch; /**< what the model does not keep */
    struct tha_model *model;
    const char *instance_id; /**< NULL = not given */
    struct tha_addr listen[THA_CONFIG_LISTEN_MAX];
    uint32_t n_listen;
    json_t *groups_json;   /**< NULL = none */
    json_t *profiles_json; /**< NULL = none */
    struct tha_config_keepalive keepalive;
    struct tha_config_dns dns;
    struct tha_map tls;            /**< settings that are kept already, by their words */
    const char **failover_ids;     /**< of the groups; NULL = none */
    struct tha_config_pair *pairs; /**< one for each trunk */
    struct tha_config_profile *profiles;
    uint32_t n_profiles;
    const struct tha_call_settings *call;                          /**< shared by all profiles that say nothing else */
    struct tha_map group_ids, group_names, trunk_ids, profile_ids; /**< to tha_config_from_index() */
};

/** A name that several groups have. */
#define THA_CONFIG_AMBIGUOUS (THA_NONE - 1)

/** Maps hold indices as pointers; NULL must go on meaning "not there". */
static inline void *tha_config_from_index(uint32_t index)
{
    return (void *)((uintptr_t)index + 1);
}

static inline uint32_t tha_config_to_index(const void *value)
{
    return value ? (uint32_t)((uintptr_t)value - 1) : THA_NONE;
}

/** draft.c: the whole document; what is wrong is in the reader's report afterwards. */
void tha_config_read_document(struct tha_config_draft *draft, json_t *root);

/** identity.c: lets id and name of @p object stand in for each other. */
void tha_config_set_identity(struct tha_config_reader *reader, const struct tha_config_path *path, const json_t *object,
                             const char **inout_id, const char **inout_name);

/** Enters the id of @p object in @p ids. False, after a finding, when another @p owner has it already; @p id may be NULL. */
bool tha_config_enter_id(struct tha_config_reader *reader, struct tha_map *ids, const struct tha_config_path *path,
                         const json_t *object, const char *id, uint32_t index, const char *owner);

/** group.c: `trunkGroups`. A group that has a `sipAddress` itself is its own and only trunk: the short form. */
void tha_config_read_groups(struct tha_config_draft *draft, const struct tha_config_path *path, json_t *groups);

/** trunk.c: the keys of a trunk, which may stand among those of its group. */
extern const struct tha_config_schema tha_config_trunk_schema;
void tha_config_init_trunk(struct tha_config_trunk *trunk, const struct tha_config_draft *draft);

/** Adds a trunk that was read to the model. @p place: its index in the list of its group; THA_NONE = short form. */
void tha_config_add_trunk(struct tha_config_draft *draft, const struct tha_config_trunk *trunk, uint32_t group,
                          uint32_t place);

/** A trunk that was read is no longer needed: what is secret of it is wiped. */
void tha_config_done_trunk(struct tha_config_trunk *trunk);

/** reach.c: `outboundAuth`, `tls` and `nat` of a struct tha_config_trunk, and the readers of these and of addresses. */
extern const struct tha_config_schema tha_config_auth_schema, tha_config_tls_schema, tha_config_nat_schema;
void tha_config_read_auth(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *block, void *target);
void tha_config_read_tls(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *block, void *target);
void tha_config_read_local_address(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *value,
                                   void *target);

/** What only the whole trunk @p object shows: blocks that belong together, or have no effect. */
void tha_config_check_reach(struct tha_config_reader *reader, const struct tha_config_path *path, const json_t *object,
                            const struct tha_config_reach *reach);

/** reach_keep.c: puts how a trunk is reached into the model. */
void tha_config_keep_reach(struct tha_config_draft *draft, const struct tha_config_reach *reach,
                           struct tha_trunk_model *kept);

/** dns.c: `dns`. */
void tha_config_init_dns(struct tha_config_dns *dns);
void tha_config_read_dns(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *block,
                         struct tha_config_dns *dns);
void tha_config_keep_dns(struct tha_config_draft *draft);

/** codecs.c: the types of a list of codecs, into @p model: those that are known, and a number that stands for all of them,
 *  whatever their order. */
void tha_config_read_codecs(struct tha_config_reader *reader, const struct tha_config_path *path, json_t *list,
                            struct tha_trunk_model *model);

/** call.c: reads a `call` block, NULL for the defaults, into settings that the model keeps; NULL when out of memory. */
const struct tha_call_settings *tha_config_read_call(struct tha_config_reader *reader, const struct tha_config_path *path,
                                                     json_t *block);

/** profile.c: `routingProfiles`. */
void tha_config_read_profiles(struct tha_config_draft *draft, const struct tha_config_path *path, json_t *profiles);

/** reference.c: follows every id that names a group, and finds the chains that bite their tails. */
void tha_config_resolve_references(struct tha_config_draft *draft);

/** pair.c: follows every `pairedTrunkId`. */
void tha_config_resolve_pairs(struct tha_config_draft *draft);

/** chain.c: the profiles of the model with their chains; all references must be good. */
void tha_config_make_profiles(struct tha_config_draft *draft);

#endif
