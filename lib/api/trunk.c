/* What the operator says of a trunk, and a single probe of anything. */
#include "engine.h"

#include <stdlib.h>
#include <string.h>

#include "adapters/probe_once.h"
#include "base/abi.h"
#include "config/config.h"

#define PROBE_TIMEOUT_MS     3000U
#define PROBE_TIMEOUT_MAX_MS 60000U

struct word {
    const char *trunk_id;
    uint32_t admin;
    uint32_t reason;
    const char *text;
    uint32_t for_ms;
};

static int set_admin(trunkha_engine *engine, void *arg)
{
    const struct word *word = arg;
    int err;

    if (!tha_core_table(engine->core))
        return TRUNKHA_ERR_STATE;

    err = tha_core_set_admin(engine->core, word->trunk_id, word->admin, word->reason, word->text, word->for_ms, tha_clock_ms());
    if (!err)
        tha_engine_pump(engine);

    return err;
}

int trunkha_trunk_set_admin(trunkha_engine *engine, const char *trunk_id, uint32_t admin, uint32_t reason, const char *text,
                            uint32_t for_ms)
{
    struct word word = {trunk_id, admin, reason, text, for_ms};

    if (!engine || !trunk_id || (text && !tha_text_is_utf8(text)))
        return TRUNKHA_ERR_INVALID;

    return tha_engine_call(engine, set_admin, &word);
}

/** May @p text stand in a header? */
static bool is_header_text(const char *text)
{
    size_t len = text ? strlen(text) : 0;

    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f || strchr("<>\"", text[i]))
            return false;
    }

    return len < 256;
}

/** What counts as dead by default: 403, 408, 5xx but 501. */
static struct tha_codes default_failing(void)
{
    struct tha_codes codes = {{0}};

    tha_codes_put(&codes, 403, true);
    tha_codes_put(&codes, 408, true);
    for (unsigned code = 500; code <= 599; code++)
        tha_codes_put(&codes, code, code != 501);

    return codes;
}

int trunkha_probe_uri(const char *uri, const trunkha_probe_options *options, trunkha_probe_result *ret_result)
{
    trunkha_probe_options mine = TRUNKHA_PROBE_OPTIONS_INIT;
    trunkha_probe_result result = TRUNKHA_PROBE_RESULT_INIT;
    struct tha_probe_text text = {.max_forwards = 70};
    const struct tha_codes failing = default_failing();
    struct tha_addr addr;
    bool is_unsupported = false;
    int err;

    if (!uri || !ret_result || (options && tha_abi_read(&mine, sizeof(mine), options)))
        return TRUNKHA_ERR_INVALID;
    if (mine.timeout_ms > PROBE_TIMEOUT_MAX_MS || !is_header_text(mine.from_uri) || !is_header_text(mine.user_agent))
        return TRUNKHA_ERR_INVALID;
    if (mine.max_forwards != UINT32_MAX && mine.max_forwards > 255)
        return TRUNKHA_ERR_INVALID;
    if (tha_config_read_sip_address(uri, &addr, result.uri, sizeof(result.uri), &is_unsupported))
        return is_unsupported ? TRUNKHA_ERR_UNSUPPORTED : TRUNKHA_ERR_INVALID;

    text.from_uri = mine.from_uri;
    text.user_agent = mine.user_agent;
    if (mine.max_forwards != UINT32_MAX)
        text.max_forwards = mine.max_forwards;
    tha_addr_text(&addr, result.target, sizeof(result.target));

    err = tha_probe_once(&addr, result.uri, &text, mine.timeout_ms ? mine.timeout_ms : PROBE_TIMEOUT_MS, &failing, &result);

    return err ? err : tha_abi_write(ret_result, &result, sizeof(result));
}

void trunkha_free(void *ptr)
{
    free(ptr);
}
