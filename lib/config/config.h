/** @file config.h  JSON text -> a checked model, or findings that say where it is wrong and what to write instead */
#ifndef THA_CONFIG_CONFIG_H
#define THA_CONFIG_CONFIG_H

#include "core/lookup.h"
#include "core/model.h"
#include "sim/recording.h"
#include "sim/scenario.h"

/** Findings told at most; a hopeless file is not worth more. */
#define THA_FINDINGS_MAX 100

/** Reads @p len bytes of JSON; what is found goes to @p finding_cb (may be NULL), in the order of the file.
 *  @p ret_model: new, tha_model_free(); only when there was no error. NULL for a mere check.
 *  Returns 0, TRUNKHA_ERR_CONFIG or TRUNKHA_ERR_NOMEM. `${NAME}` is taken from the environment of the process. */
int tha_config_read(const struct tha_mem *mem, const char *json, size_t len, trunkha_finding_cb finding_cb, void *user_data,
                    struct tha_model **ret_model);

/** Looks a name up, for lint; see tha_resolve_once(). */
struct tha_config_resolver {
    int (*resolve)(const struct tha_name *name, const struct tha_dns_settings *settings, struct tha_location *ret_locations,
                   struct tha_srv_targets *ret_targets, struct tha_lookup_result *ret_result, void *user_data);
    void *user_data;
};

/** What else is wanted of a reading; all zero = nothing. */
struct tha_config_wish {
    const char *const *settings; /**< see trunkha_lint_options */
    uint32_t n_settings;
    bool lints; /**< the rules of the catalogue too, when there is no error but "not supported yet" */
    const struct tha_config_resolver *resolver; /**< for the rules; NULL = names are not looked up */
};

/** tha_config_read() with wishes. */
int tha_config_read_as(const struct tha_mem *mem, const char *json, size_t len, const struct tha_config_wish *wish,
                       trunkha_finding_cb finding_cb, void *user_data, struct tha_model **ret_model);

/** Reads a scenario, which speaks of the groups, trunks and profiles of @p model. @p ret_scenario: new,
 *  tha_scenario_free(). Returns 0, TRUNKHA_ERR_CONFIG or TRUNKHA_ERR_NOMEM; findings as tha_config_read(). */
int tha_config_read_scenario(const struct tha_mem *mem, const char *json, size_t len, const struct tha_model *model,
                             trunkha_finding_cb finding_cb, void *user_data, struct tha_scenario **ret_scenario);

/** Reads the lines of a recording, which has trunks of @p model. @p ret_recording: new, tha_recording_free(). A last line that
 *  is not whole is left out. Returns 0, TRUNKHA_ERR_CONFIG or TRUNKHA_ERR_NOMEM; findings as tha_config_read(). */
int tha_config_read_recording(const struct tha_mem *mem, const char *text, size_t len, const struct tha_model *model,
                              trunkha_finding_cb finding_cb, void *user_data, struct tha_recording **ret_recording);

/** Where a peer is: an address, or a name that has to be looked up. */
struct tha_config_sip_address {
    struct tha_addr addr; /**< with transport and port; family 0 if it is a name */
    struct tha_name name; /**< its `host` is the one below: not to be copied out of here without it */
    bool is_name;
    char host[TRUNKHA_URI_SIZE]; /**< lower case, without brackets: what a certificate has to name */
    char uri[TRUNKHA_URI_SIZE];  /**< normalised: "sip:host[:port][;transport=..]", without user, sips: stays */
};

/** Reads a SIP address as it may stand in `sipAddress`: host, host:port, [v6]:port, or a SIP URI. Shared with one-shot
 *  probes. An IP address without a port gets that of its transport.
 *  Returns NULL, or what is wrong and what to write instead, to stand behind the address or its key (static). */
const char *tha_config_read_sip_address(const char *text, struct tha_config_sip_address *ret_address);

/** The codes that speak against a peer when nothing else is configured: 403, 408, 5xx but 501. */
void tha_config_get_default_failing(struct tha_codes *ret_failing);

#endif
