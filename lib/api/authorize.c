/* Answers challenges to the host's calls with a trunk's credentials, which never leave the library. */
#include <stdlib.h>
#include <string.h>

#include "adapters/digest.h"
#include "engine.h"

#define HEADER_MAX 2048U

struct challenge {
    const char *trunk_id;
    const char *value;
    const char *method;
    const char *uri;
    bool is_proxy;
    char header[HEADER_MAX];
};

/** Was it only for the realm that nothing could be answered? */
static bool is_of_other_realm(const trunkha_engine *engine, const struct tha_credentials *credentials,
                              const struct tha_span *value)
{
    const struct tha_credentials of_any_realm = {credentials->username, credentials->password, NULL};
    struct tha_digest *digest = NULL;
    bool is_usable = tha_digest_take(&engine->mem, &digest, &of_any_realm, value, 1, false, false) == THA_DIGEST_TAKEN;

    tha_digest_free(digest);

    return is_usable;
}

static int answer(const trunkha_engine *engine, const struct tha_credentials *credentials, struct challenge *challenge)
{
    struct tha_span value = {challenge->value, strlen(challenge->value)};
    struct tha_digest *digest = NULL;
    uint64_t cnonce;
    size_t len = 0;
    enum tha_digest_verdict verdict =
        tha_digest_take(&engine->mem, &digest, credentials, &value, 1, challenge->is_proxy, false);

    if (verdict == THA_DIGEST_TAKEN) {
        tha_random(&cnonce, sizeof(cnonce));
        len = tha_digest_write(digest, credentials, challenge->method, challenge->uri, cnonce, challenge->header,
                               sizeof(challenge->header));
    }
    tha_digest_free(digest);

    switch (verdict) {
    case THA_DIGEST_TAKEN:
        break;
    case THA_DIGEST_NO_MEMORY:
        return TRUNKHA_ERR_NOMEM;
    default:
        return is_of_other_realm(engine, credentials, &value) ? TRUNKHA_ERR_UNAVAILABLE : TRUNKHA_ERR_UNSUPPORTED;
    }
    if (len < 2)
        return TRUNKHA_ERR_INVALID;    /* longer than any header may be */
    challenge->header[len - 2] = '\0'; /* its line end is the host's */

    return 0;
}

static int authorize(trunkha_engine *engine, void *arg)
{
    struct challenge *challenge = arg;
    const struct tha_table *table = tha_core_table(engine->core);
    const struct tha_reach *reach;
    uint32_t trunk;

    if (!table)
        return TRUNKHA_ERR_STATE;
    trunk = tha_table_find_trunk(table, challenge->trunk_id);
    if (trunk == THA_NONE)
        return TRUNKHA_ERR_NOTFOUND;
    reach = table->model->trunks[trunk].reach;
    if (!reach || !reach->auth)
        return TRUNKHA_ERR_UNAVAILABLE;

    return answer(engine, reach->auth, challenge);
}

/** Quotes and line ends would break out of the header. */
static bool is_clean(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < ' ' || *text == '"' || *text == 0x7f)
            return false;
    }

    return true;
}

int trunkha_trunk_authorize(trunkha_engine *engine, const char *trunk_id, uint32_t code, const char *challenge,
                            const char *method, const char *uri, char **ret_header)
{
    struct challenge mine = {trunk_id, challenge, method, uri, code == 407, ""};
    char *header;
    int err;

    if (!engine || !trunk_id || (code != 401 && code != 407) || !challenge || !method || !uri || !ret_header ||
        !is_clean(method) || !is_clean(uri))
        return TRUNKHA_ERR_INVALID;

    err = tha_engine_call(engine, authorize, &mine);
    if (err)
        return err;
    header = strdup(mine.header);
    if (!header)
        return TRUNKHA_ERR_NOMEM;
    *ret_header = header;

    return 0;
}
