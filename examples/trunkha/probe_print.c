#include "probe_print.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "table.h"
#include "text.h"

#define WORDS_MAX  64  /* told of one list */
#define LONG_TTL_S 300 /* an address that is longer in use delays every change of the carrier's by as much */
#define DAY_S      86400

static const char *result_name(const trunkha_probe_result *result)
{
    static const char *const names[] = {
        [TRUNKHA_PROBE_ALIVE] = "alive", [TRUNKHA_PROBE_REJECTED] = "rejected", [TRUNKHA_PROBE_DEAD] = "dead"};

    return names[result->outcome <= TRUNKHA_PROBE_DEAD ? result->outcome : TRUNKHA_PROBE_DEAD];
}

static uint32_t longest_ttl(const struct probe_way *way)
{
    uint32_t longest = 0;

    for (size_t i = 0; i < way->count; i++)
        longest = way->addresses[i].ttl_s > longest ? way->addresses[i].ttl_s : longest;

    return longest;
}

static long long days_left(int64_t not_after)
{
    return (not_after - (int64_t)time(NULL)) / DAY_S;
}

static bool is_translated(const trunkha_probe_result *result)
{
    return *result->seen && strcmp(result->seen, result->local) != 0;
}

static bool asks_for_credentials(const trunkha_probe_result *result)
{
    return result->code == 401 || result->code == 407;
}

void probe_count(struct probe_tally *tally, const trunkha_probe_result *result)
{
    uint64_t rtt_us = result->rtt_us;

    tally->sent++;
    if (result->code || !tally->answered)
        tally->last = *result;
    if (!result->code)
        return;
    tally->answered++;
    tally->rtt_sum_us += rtt_us;
    tally->rtt_min_us = tally->answered == 1 || rtt_us < tally->rtt_min_us ? rtt_us : tally->rtt_min_us;
    tally->rtt_max_us = rtt_us > tally->rtt_max_us ? rtt_us : tally->rtt_max_us;
}

/* ---- For people ---- */

void probe_print_way(const char *uri, const struct probe_way *way)
{
    struct table table = {.columns = 4};
    uint32_t ttl_s = longest_ttl(way);

    if (!ttl_s)
        return;
    text_print(stdout, uri);
    printf(": %zu %s\n", way->count, way->count == 1 ? "address" : "addresses, in the order in which they are tried");
    for (size_t i = 0; i < way->count; i++) {
        table_add(&table, "  %s", way->addresses[i].target);
        table_add(&table, "priority %u", way->addresses[i].priority);
        table_add(&table, "weight %u", way->addresses[i].weight);
        table_add(&table, "TTL %u s", way->addresses[i].ttl_s);
    }
    table_print(&table, stdout);
    if (ttl_s > LONG_TTL_S)
        printf("ttl: %u s is above %d s: a carrier that moves is found that late\n", ttl_s, LONG_TTL_S);
    fflush(stdout);
}

void probe_print_line(const trunkha_probe_result *result)
{
    bool has_failed_auth = result->reason == TRUNKHA_REASON_AUTH_FAILURE;

    printf("%s: %s, ", *result->target ? result->target : result->uri, result_name(result));
    if (result->code) {
        printf("%u ", result->code);
        text_print(stdout, result->phrase);
        printf(", %.2f ms", result->rtt_us / 1000.0);
    }
    if (!result->code || has_failed_auth) {
        fputs(has_failed_auth && result->code ? ", " : "", stdout);
        text_print(stdout, result->detail);
    }
    putchar('\n');
    fflush(stdout);
}

static void print_fact(const char *label, const char *text)
{
    if (!*text)
        return;
    printf("%s: ", label);
    text_print(stdout, text);
    putchar('\n');
}

static void print_certificate(const trunkha_probe_result *result)
{
    long long days = days_left(result->tls_not_after);
    time_t end = (time_t)result->tls_not_after;
    struct tm utc;
    char date[32] = "";

    if (!*result->tls_subject && !result->tls_not_after)
        return;
    if (gmtime_r(&end, &utc))
        strftime(date, sizeof(date), "%F", &utc);
    fputs("certificate: ", stdout);
    text_print(stdout, result->tls_subject);
    fputs(", by ", stdout);
    text_print(stdout, *result->tls_issuer ? result->tls_issuer : "nobody");
    fputs(", for ", stdout);
    text_print(stdout, *result->tls_names ? result->tls_names : "no name");
    if (days < 0)
        printf(", ended %s\n", date);
    else
        printf(", ends %s, in %lld day%s\n", date, days, days == 1 ? "" : "s");
}

static void print_facts(const trunkha_probe_result *result)
{
    print_fact("allow", result->allow);
    print_fact("supported", result->supported);
    print_fact("codecs", result->codecs);
    if (*result->tls_version)
        printf("tls: %s, %s, certificate %s\n", result->tls_version, result->tls_cipher,
               result->tls_verified ? "verified" : "NOT verified");
    print_certificate(result);
    if (is_translated(result))
        printf("nat: the peer sees us at %s, we are %s\n", result->seen, result->local);
    if (*result->rewritten)
        printf("alg: changed on the way: %s; most likely by a SIP ALG\n", result->rewritten);
    if (result->reason == TRUNKHA_REASON_AUTH_FAILURE)
        print_fact("auth", result->detail);
    else if (asks_for_credentials(result))
        printf("auth: the peer asks for credentials; --auth USER gives them\n");
}

void probe_print_summary(const char *head, const struct probe_tally *tally)
{
    fputs("--- ", stdout);
    text_print(stdout, head);
    printf(" ---\n%llu sent, %llu answered, %.4g %% loss\n", (unsigned long long)tally->sent,
           (unsigned long long)tally->answered,
           tally->sent ? 100.0 * (double)(tally->sent - tally->answered) / (double)tally->sent : 0.0);
    if (tally->answered)
        printf("rtt min/avg/max = %.2f/%.2f/%.2f ms\n", (double)tally->rtt_min_us / 1000,
               (double)tally->rtt_sum_us / (double)tally->answered / 1000, (double)tally->rtt_max_us / 1000);
    print_facts(&tally->last);
}

/* ---- As JSON ---- */

/** "INVITE, ACK,BYE" as a list. */
static json_t *list_json(const char *text)
{
    json_t *list = json_array();

    for (int i = 0; i < WORDS_MAX && *text; i++) {
        size_t len;

        text += strspn(text, ", \t");
        len = strcspn(text, ", \t");
        if (len)
            json_array_append_new(list, json_stringn(text, len));
        text += len;
    }

    return list;
}

static json_t *tls_json(const trunkha_probe_result *result)
{
    json_t *object = json_object();

    if (!*result->tls_version && !*result->tls_subject)
        return object;
    json_object_set_new(object, "version", text_json(result->tls_version));
    json_object_set_new(object, "cipher", text_json(result->tls_cipher));
    json_object_set_new(object, "verified", json_boolean(result->tls_verified));
    json_object_set_new(object, "subject", text_json(result->tls_subject));
    json_object_set_new(object, "issuer", text_json(result->tls_issuer));
    json_object_set_new(object, "names", list_json(result->tls_names));
    json_object_set_new(object, "notAfter", json_integer(1000 * result->tls_not_after));
    json_object_set_new(object, "daysLeft", json_integer(days_left(result->tls_not_after)));

    return object;
}

/** Empty when the peer has not said where it sees us, and nothing was changed on the way. */
static json_t *nat_json(const trunkha_probe_result *result)
{
    json_t *object = json_object();

    if (!*result->seen && !*result->rewritten)
        return object;
    json_object_set_new(object, "detected", json_boolean(is_translated(result)));
    json_object_set_new(object, "local", text_json(result->local));
    json_object_set_new(object, "seen", text_json(result->seen));
    json_object_set_new(object, "rewritten", list_json(result->rewritten));

    return object;
}

static json_t *way_json(const struct probe_way *way)
{
    json_t *list = json_array();

    for (size_t i = 0; i < way->count; i++)
        json_array_append_new(list,
                              json_pack("{s:s, s:I, s:I, s:I}", "target", way->addresses[i].target, "priority",
                                        (json_int_t)way->addresses[i].priority, "weight",
                                        (json_int_t)way->addresses[i].weight, "ttl", (json_int_t)way->addresses[i].ttl_s));

    return list;
}

static json_t *warnings_json(const trunkha_probe_result *result, const struct probe_way *way)
{
    json_t *list = json_array();

    if (longest_ttl(way) > LONG_TTL_S)
        json_array_append_new(list, json_sprintf("TTL %u s is above %d s", longest_ttl(way), LONG_TTL_S));
    if (*result->tls_version && !result->tls_verified)
        json_array_append_new(list, json_string("certificate not verified"));
    if (*result->rewritten)
        json_array_append_new(list, json_string("headers changed on the way, most likely by a SIP ALG"));
    if (asks_for_credentials(result))
        json_array_append_new(list, json_string("the peer asks for credentials"));

    return list;
}

void probe_print_json(const trunkha_probe_result *result, const struct probe_way *way)
{
    json_t *object = json_object();

    json_object_set_new(object, "uri", text_json(result->uri));
    json_object_set_new(object, "target", text_json(result->target));
    json_object_set_new(object, "result", text_json(result_name(result)));
    json_object_set_new(object, "reasonCode", text_json(trunkha_reason_name(result->reason)));
    json_object_set_new(object, "code", json_integer(result->code));
    json_object_set_new(object, "phrase", text_json(result->phrase));
    json_object_set_new(object, "rttMs", result->code ? json_real(result->rtt_us / 1000.0) : json_null());
    json_object_set_new(object, "detail", text_json(result->detail));
    json_object_set_new(object, "allow", list_json(result->allow));
    json_object_set_new(object, "supported", list_json(result->supported));
    json_object_set_new(object, "codecs", list_json(result->codecs));
    json_object_set_new(object, "tls", tls_json(result));
    json_object_set_new(object, "nat", nat_json(result));
    json_object_set_new(object, "resolution", way_json(way));
    json_object_set_new(object, "warnings", warnings_json(result, way));
    text_print_json(object);
}
