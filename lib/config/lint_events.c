/* Streams of events: who reads them, and whom they wake. */
#include <string.h>
#include <strings.h>

#include "environment.h"
#include "lint.h"

struct stream {
    struct tha_config_path path;
    const json_t *json, *filter, *destination;
};

/* ---- Webhooks */

/** @p rest: what stands behind "http://". */
static bool is_loopback(const char *rest)
{
    size_t len = strcspn(rest, "/?#");
    const char *user_end = memchr(rest, '@', len);
    const char *host = user_end ? user_end + 1 : rest;
    bool has_bracket = *host == '[';
    struct tha_addr addr;

    host += has_bracket;
    len = strcspn(host, has_bracket ? "]/?#" : ":/?#");
    if (!tha_addr_parse_ip(&addr, host, len))
        return tha_text_is_word("localhost", host, len);

    return tha_addr_is_loopback(&addr);
}

static bool is_plain(const char *url)
{
    static const char scheme[] = "http://";

    return !strncasecmp(url, scheme, strlen(scheme)) && !is_loopback(url + strlen(scheme));
}

static void check_url(struct tha_lint *lint, const struct stream *stream)
{
    struct tha_config_path destination = {&stream->path, "destination", 0}, path = {&destination, "url", 0};
    const char *raw = json_string_value(json_object_get(stream->destination, "url")), *name;
    char url[THA_CONFIG_TEXT_SIZE];
    size_t len;

    if (raw && !tha_config_expand(raw, url, sizeof(url), &name, &len) && is_plain(url))
        tha_config_add_finding(lint->report, THA_CODE_WEBHOOK_PLAIN, &path, NULL, "events leave this machine unencrypted");
}

static void check_secret(struct tha_lint *lint, const struct stream *stream)
{
    struct tha_config_path destination = {&stream->path, "destination", 0}, secret = {&destination, "secret", 0};
    const json_t *value = json_object_get(stream->destination, "secret");

    if (!json_string_length(value))
        tha_config_add_finding(lint->report, THA_CODE_WEBHOOK_UNSIGNED, value ? &secret : &destination, NULL,
                               "nobody can check that these events are ours");
}

/* ---- Alerts */

/** An empty list, or none, is everything. */
static bool lets_through(const json_t *list, const char *word)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *entry = json_string_value(json_array_get(list, i));

        if (entry && !strcmp(entry, word))
            return true;
    }

    return !json_array_size(list);
}

/** A list of nothing but what operators do is a journal of their deeds. */
static bool has_trouble(const json_t *reasons)
{
    for (size_t i = 0; i < json_array_size(reasons); i++) {
        const char *reason = json_string_value(json_array_get(reasons, i));

        if (reason && strncmp(reason, "ADMIN_", strlen("ADMIN_")) != 0)
            return true;
    }

    return false;
}

/** Told to people: by a service that pages them, or because somebody has chosen the states or reasons to be told of. All
 *  events of some types, in our own format or as CloudEvents, are data for a program. */
static bool is_alert(const struct stream *stream)
{
    const char *format = json_string_value(json_object_get(stream->json, "format"));
    bool pages = format && (!strcmp(format, "pagerduty") || !strcmp(format, "servicenow"));

    return pages || json_array_size(json_object_get(stream->filter, "states")) ||
           has_trouble(json_object_get(stream->filter, "reasonCodes"));
}

/** A disabled trunk reads DOWN. */
static bool tells_of_admin(const struct stream *stream)
{
    return lets_through(json_object_get(stream->json, "eventTypes"), "telephony.trunks.stateChange") &&
           lets_through(json_object_get(stream->filter, "states"), "DOWN") &&
           lets_through(json_object_get(stream->filter, "reasonCodes"), "ADMIN_DISABLED");
}

static void check_alert(struct tha_lint *lint, const struct stream *stream)
{
    struct tha_config_path filter = {&stream->path, "filter", 0}, reasons = {&filter, "reasonCodes", 0};
    const struct tha_config_path *path = &stream->path;

    if (!is_alert(stream) || !tells_of_admin(stream))
        return;

    if (stream->filter)
        path = json_object_get(stream->filter, "reasonCodes") ? &reasons : &filter;
    tha_config_add_finding(lint->report, THA_CODE_ALERT_ON_ADMIN, path, NULL,
                           "this alert goes off, too, when an operator disables a trunk");
}

void tha_lint_events(struct tha_lint *lint)
{
    const json_t *streams = json_object_get(lint->root, "eventStreams");
    struct tha_config_path list = {NULL, "eventStreams", 0};

    for (size_t i = 0; i < json_array_size(streams); i++) {
        struct stream stream = {.path = {&list, NULL, i}, .json = json_array_get(streams, i)};

        stream.filter = json_object_get(stream.json, "filter");
        stream.destination = json_object_get(stream.json, "destination");
        if (!stream.destination)
            continue;
        check_url(lint, &stream);
        check_secret(lint, &stream);
        check_alert(lint, &stream);
    }
}
