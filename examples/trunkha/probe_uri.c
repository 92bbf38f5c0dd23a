#include "probe_uri.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PARAM     ";transport="
#define PARAM_LEN (sizeof(PARAM) - 1)

/** Takes the parameter out wherever it stands. */
static void remove_transport(char *uri)
{
    for (char *at = uri; *at;) {
        if (strncasecmp(at, PARAM, PARAM_LEN)) {
            at++;
            continue;
        }
        char *end = at + PARAM_LEN + strcspn(at + PARAM_LEN, ";?");

        memmove(at, end, strlen(end) + 1);
    }
}

char *probe_uri_with(const char *uri, const char *transport)
{
    bool is_sips = !strncasecmp(uri, "sips:", 5), is_sip = !strncasecmp(uri, "sip:", 4);
    const char *rest = uri + (is_sips ? 5 : is_sip ? 4 : 0);
    char *bare = strdup(transport ? rest : uri), *text = NULL;
    size_t len;

    if (!bare || !transport)
        return bare;
    remove_transport(bare);
    len = strcspn(bare, "?"); /* parameters stand before headers */
    if (asprintf(&text, "sip:%.*s" PARAM "%s%s", (int)len, bare, transport, bare + len) < 0)
        text = NULL;
    free(bare);

    return text;
}
