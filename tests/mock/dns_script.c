/* A line each; every line is answered by one line:
 *
 *     add NAME TTL TYPE DATA...   ok         A 192.0.2.1 | AAAA 2001:db8::1 | CNAME NAME | TXT WORD | SRV PRIORITY WEIGHT
 * PORT NAME | NAPTR ORDER PREFERENCE FLAGS SERVICE REGEXP NAME | RAW TYPE-NUMBER HEX
 *                                            ("-" = no text; "." = the root; RAW: no data at all is "-")
 *     remove NAME [TYPE]          ok         "*" = all names
 *     negative SECONDS            ok         TTL of "none"; 0 = without SOA record, as it is in the beginning
 *     how NAME MANNER [MS]        ok         for that name from now on; "*" = for all that have no manner of their own
 *     count [NAME|* [TYPE|* [udp|tcp]]]      count N: questions since the start or "forget"
 *     forget                      ok         begins to count again
 *
 * A name without a record of any type does not exist. CNAMEs are followed. Over 512 bytes, UDP is cut. Manners:
 *
 *     plain                       answers
 *     silent                      does not
 *     servfail refused notimp     those codes
 *     formerr                     that code, and the question left out
 *     referral                    points to other servers
 *     wrong-id wrong-question other-port no-response
 *                                 a forged answer (A 203.0.113.66), wrong in this point, and then the true one
 *     cut                         by UDP always cut: half of the records are there; plain over TCP
 *     cut-always                  cut over TCP as well
 *     cut-close cut-silent        and over TCP the connection is closed, or nothing comes
 *     cut-drip                    and over TCP it comes byte by byte
 *     garbage                     header and question, then nonsense
 *     loop                        the names of the records are compressed in a loop
 *     short                       the last record is not all there
 *     extra                       with additional records that nobody has asked for, the last one broken
 *     long                        all of it by UDP, whatever its length
 *     no-chase                    CNAMEs are not followed
 *     delay MS                    answers after MS milliseconds, until when everybody waits */
#include "dns_script.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WORDS_MAX 12

static const char *const manners[] = {"plain",      "silent",    "servfail",       "refused",    "notimp",      "formerr",
                                      "referral",   "wrong-id",  "wrong-question", "other-port", "no-response", "cut",
                                      "cut-always", "cut-close", "cut-silent",     "cut-drip",   "garbage",     "loop",
                                      "short",      "extra",     "long",           "no-chase",   "delay"};

static const struct {
    const char *name;
    uint16_t type;
} types[] = {{"A", TYPE_A},       {"CNAME", TYPE_CNAME}, {"TXT", TYPE_TXT},
             {"AAAA", TYPE_AAAA}, {"SRV", TYPE_SRV},     {"NAPTR", TYPE_NAPTR}};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void dns_script_done(struct dns_script *script)
{
    free(script->records);
    free(script->habits);
    free(script->asked);
}

/* One more element at the end of an array; the program that has no memory for tests may as well end. */
static void *grow(void *array, size_t *count, size_t size)
{
    array = realloc(array, (*count + 1) * size);
    if (!array)
        abort();
    memset((char *)array + *count * size, 0, size);
    (*count)++;

    return array;
}

static void copy_name(char *to, const char *from)
{
    size_t len = 0;

    for (; from[len] && len < DNS_NAME_SIZE - 1; len++)
        to[len] = (char)tolower((unsigned char)from[len]);
    while (len && to[len - 1] == '.')
        len--;
    to[len] = '\0';
}

static uint16_t type_of(const char *word)
{
    for (size_t i = 0; i < COUNT(types); i++) {
        if (!strcasecmp(word, types[i].name))
            return types[i].type;
    }

    return 0;
}

size_t dns_wire_name(const char *name, uint8_t *wire)
{
    size_t len = 0;

    while (*name && *name != '.') {
        size_t label = strcspn(name, ".");

        if (label > 63 || len + label + 2 > 255)
            return 0;
        wire[len++] = (uint8_t)label;
        for (size_t i = 0; i < label; i++)
            wire[len++] = (uint8_t)tolower((unsigned char)name[i]);
        name += label + (name[label] == '.');
    }
    wire[len++] = 0;

    return len;
}

/* -- records -- */

static void put_u16(struct dns_record *record, const char *word)
{
    unsigned long number = strtoul(word, NULL, 10);

    record->rdata[record->rdlen++] = (uint8_t)(number >> 8);
    record->rdata[record->rdlen++] = (uint8_t)number;
}

static void put_text(struct dns_record *record, const char *word)
{
    size_t len = strcmp(word, "-") ? strlen(word) : 0;

    record->rdata[record->rdlen++] = (uint8_t)len;
    memcpy(record->rdata + record->rdlen, word, len);
    record->rdlen = (uint16_t)(record->rdlen + len);
}

static bool put_name(struct dns_record *record, const char *word)
{
    size_t len = dns_wire_name(word, record->rdata + record->rdlen);

    record->rdlen = (uint16_t)(record->rdlen + len);

    return len > 0;
}

static bool put_address(struct dns_record *record, int family, const char *word)
{
    record->rdlen = family == AF_INET ? 4 : 16;

    return inet_pton(family, word, record->rdata) == 1;
}

static bool put_raw(struct dns_record *record, const char *hex)
{
    unsigned byte;

    for (; strcmp(hex, "-") && *hex && record->rdlen < sizeof(record->rdata); hex += 2) {
        if (sscanf(hex, "%2x", &byte) != 1 || !hex[1])
            return false;
        record->rdata[record->rdlen++] = (uint8_t)byte;
    }

    return true;
}

static bool put_data(struct dns_record *record, char *const *words, size_t n)
{
    if (record->type == TYPE_A && n == 1)
        return put_address(record, AF_INET, words[0]);
    if (record->type == TYPE_AAAA && n == 1)
        return put_address(record, AF_INET6, words[0]);
    if (record->type == TYPE_CNAME && n == 1) {
        copy_name(record->alias, words[0]);
        return put_name(record, words[0]);
    }
    if (record->type == TYPE_TXT && n == 1) {
        put_text(record, words[0]);
        return true;
    }
    if (record->type == TYPE_SRV && n == 4) {
        for (size_t i = 0; i < 3; i++)
            put_u16(record, words[i]);
        return put_name(record, words[3]);
    }
    if (record->type == TYPE_NAPTR && n == 6) {
        for (size_t i = 0; i < 5; i++)
            i < 2 ? put_u16(record, words[i]) : put_text(record, words[i]);
        return put_name(record, words[5]);
    }

    return false;
}

/* NAME TTL TYPE DATA... */
static bool add(struct dns_script *script, char *const *words, size_t n)
{
    struct dns_record record = {.type = 0};
    bool is_raw = n == 5 && !strcmp(words[2], "RAW");

    if (n < 4)
        return false;

    copy_name(record.name, words[0]);
    record.ttl_s = (uint32_t)strtoul(words[1], NULL, 10);
    record.type = is_raw ? (uint16_t)strtoul(words[3], NULL, 10) : type_of(words[2]);
    if (is_raw ? !put_raw(&record, words[4]) : !put_data(&record, words + 3, n - 3))
        return false;

    script->records = grow(script->records, &script->n_records, sizeof(record));
    script->records[script->n_records - 1] = record;

    return true;
}

static bool is_meant(const char *word, const char *name)
{
    char meant[DNS_NAME_SIZE];

    copy_name(meant, word);

    return !strcmp(word, "*") || !strcmp(meant, name);
}

/* NAME [TYPE] */
static bool take_away(struct dns_script *script, char *const *words, size_t n)
{
    size_t kept = 0;

    if (n < 1)
        return false;
    for (size_t i = 0; i < script->n_records; i++) {
        const struct dns_record *record = &script->records[i];

        if (!is_meant(words[0], record->name) || (n > 1 && record->type != type_of(words[1])))
            script->records[kept++] = *record;
    }
    script->n_records = kept;

    return true;
}

/* -- habits and questions -- */

/* NAME MANNER [MS] */
static bool set_habit(struct dns_script *script, char *const *words, size_t n)
{
    struct dns_habit habit = {.ms = n > 2 ? (uint32_t)strtoul(words[2], NULL, 10) : 0};
    size_t manner = 0, place = 0;

    while (n >= 2 && manner < COUNT(manners) && strcmp(words[1], manners[manner]))
        manner++;
    if (n < 2 || manner == COUNT(manners))
        return false;

    copy_name(habit.name, words[0]);
    habit.manner = (enum dns_manner)manner;
    while (place < script->n_habits && strcmp(script->habits[place].name, habit.name))
        place++;
    if (place == script->n_habits)
        script->habits = grow(script->habits, &script->n_habits, sizeof(habit));
    script->habits[place] = habit;

    return true;
}

const struct dns_habit *dns_script_habit(const struct dns_script *script, const char *name)
{
    static const struct dns_habit plain = {.manner = MANNER_PLAIN};
    const struct dns_habit *habit = &plain;

    for (size_t i = 0; i < script->n_habits; i++) {
        if (!strcmp(script->habits[i].name, name))
            return &script->habits[i];
        if (!strcmp(script->habits[i].name, "*"))
            habit = &script->habits[i];
    }

    return habit;
}

void dns_script_note(struct dns_script *script, const char *name, uint16_t type, bool is_tcp)
{
    struct dns_asked asked = {.type = type, .is_tcp = is_tcp};

    copy_name(asked.name, name);
    script->asked = grow(script->asked, &script->n_asked, sizeof(asked));
    script->asked[script->n_asked - 1] = asked;
}

/* [NAME [TYPE [udp|tcp]]] */
static size_t count(const struct dns_script *script, char *const *words, size_t n)
{
    size_t found = 0;

    for (size_t i = 0; i < script->n_asked; i++) {
        const struct dns_asked *asked = &script->asked[i];

        found += (n < 1 || is_meant(words[0], asked->name)) &&
                 (n < 2 || !strcmp(words[1], "*") || asked->type == type_of(words[1])) &&
                 (n < 3 || asked->is_tcp == !strcmp(words[2], "tcp"));
    }

    return found;
}

static bool run(struct dns_script *script, char *const *words, size_t n)
{
    if (!strcmp(words[0], "add"))
        return add(script, words + 1, n - 1);
    if (!strcmp(words[0], "remove"))
        return take_away(script, words + 1, n - 1);
    if (!strcmp(words[0], "how"))
        return set_habit(script, words + 1, n - 1);
    if (!strcmp(words[0], "forget")) {
        script->n_asked = 0;
        return true;
    }
    if (!strcmp(words[0], "negative") && n == 2) {
        script->negative_ttl_s = (uint32_t)strtoul(words[1], NULL, 10);
        return true;
    }

    return false;
}

void dns_script_run(struct dns_script *script, const char *line, char *answer, size_t size)
{
    char copy[2048];
    char *words[WORDS_MAX];
    char *rest = NULL;
    size_t n = 0;

    snprintf(copy, sizeof(copy), "%s", line);
    for (char *word = strtok_r(copy, " \t\r\n", &rest); word && n < WORDS_MAX; word = strtok_r(NULL, " \t\r\n", &rest))
        words[n++] = word;

    if (n && !strcmp(words[0], "count"))
        snprintf(answer, size, "count %zu", count(script, words + 1, n - 1));
    else
        snprintf(answer, size, n && run(script, words, n) ? "ok" : "error");
}
