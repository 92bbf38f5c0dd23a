/* A single probe of anything, without an engine. */
#include <string.h>

#include "adapters/probe_once.h"
#include "base/abi.h"
#include "base/text.h"
#include "config/config.h"

#define TIMEOUT_MS     3000U
#define TIMEOUT_MAX_MS 60000U

static bool is_header_text(const char *text)
{
    size_t len = text ? strlen(text) : 0;

    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f || strchr("<>\"", text[i]))
            return false;
    }

    return len < 256;
}

/** NULL, or what is wrong with the options. */
static const char *find_fault(const trunkha_probe_options *options)
{
    if (options->timeout_ms > TIMEOUT_MAX_MS)
        return "the time-out is too long: write 1 to 60000 milliseconds";
    if (options->max_forwards > 255 && options->max_forwards != UINT32_MAX)
        return "Max-Forwards is too large: write 0 to 255";
    if (!is_header_text(options->from_uri))
        return "the From URI has characters that would break the header: write such as sip:ping@192.0.2.1";
    if (!is_header_text(options->user_agent))
        return "the User-Agent has characters that would break the header: write plain words, 255 bytes at most";

    return NULL;
}

static int refuse(int err, const char *message, trunkha_diag *reterr_diag)
{
    trunkha_diag diag = TRUNKHA_DIAG_INIT;

    tha_text_copy(diag.message, sizeof(diag.message), message);
    if (reterr_diag)
        tha_abi_write(reterr_diag, &diag, sizeof(diag));

    return err;
}

static int refuse_address(int err, const char *uri, const char *fault, trunkha_diag *reterr_diag)
{
    char message[sizeof(reterr_diag->message)];

    tha_text_print(message, sizeof(message), "\"%.128s\" %s", uri, fault);

    return refuse(err, message, reterr_diag);
}

int trunkha_probe_uri(const char *uri, const trunkha_probe_options *options, trunkha_probe_result *ret_result,
                      trunkha_diag *reterr_diag)
{
    trunkha_probe_options mine = TRUNKHA_PROBE_OPTIONS_INIT;
    trunkha_probe_result result = TRUNKHA_PROBE_RESULT_INIT;
    struct tha_codes failing;
    struct tha_probe_text text;
    struct tha_addr addr;
    bool is_unsupported = false;
    const char *fault;
    int err;

    if (!uri || !ret_result || (options && tha_abi_read(&mine, sizeof(mine), options)))
        return refuse(TRUNKHA_ERR_INVALID, "a pointer is NULL, or a struct's size is wrong", reterr_diag);
    fault = find_fault(&mine);
    if (fault)
        return refuse(TRUNKHA_ERR_INVALID, fault, reterr_diag);
    fault = tha_config_read_sip_address(uri, &addr, result.uri, sizeof(result.uri), &is_unsupported);
    if (fault)
        return refuse_address(is_unsupported ? TRUNKHA_ERR_UNSUPPORTED : TRUNKHA_ERR_INVALID, uri, fault, reterr_diag);

    text = (struct tha_probe_text){
        .from_uri = mine.from_uri,
        .user_agent = mine.user_agent,
        .max_forwards = mine.max_forwards == UINT32_MAX ? 70 : mine.max_forwards,
    };
    tha_config_get_default_failing(&failing);
    tha_addr_text(&addr, result.target, sizeof(result.target));
    err = tha_probe_once(&addr, result.uri, &text, mine.timeout_ms ? mine.timeout_ms : TIMEOUT_MS, &failing, &result);
    if (err)
        return refuse(err, trunkha_strerror(err), reterr_diag);

    return tha_abi_write(ret_result, &result, sizeof(result));
}
