#include "status_details.h"

#include <stdio.h>
#include <string.h>

#include "system.h"
#include "table.h"
#include "text.h"

static const char *age_text(int64_t unix_ms, char *buf, size_t size)
{
    int64_t now = clock_unix_ms();

    return text_span(buf, size, unix_ms < now ? (uint64_t)(now - unix_ms) : 0);
}

/** What the other half of a pair is for. */
static const char *half_name(const trunkha_trunk_status *trunk)
{
    return trunk->direction == TRUNKHA_DIRECTION_INBOUND ? "outbound" : "inbound";
}

static bool has_lost_half(const trunkha_trunk_status *trunk)
{
    return *trunk->paired_trunk_id && trunk->paired_health == TRUNKHA_HEALTH_DOWN;
}

static void print_dns_trouble(const trunkha_trunk_status *trunk)
{
    char span[32];

    printf("%s: DNS: %s; ", trunk->id, trunkha_dns_text(trunk->dns));
    if (trunk->resolved)
        printf("its addresses were last confirmed %s ago\n", age_text(trunk->resolved, span, sizeof(span)));
    else
        printf("it has no address yet\n");
}

void status_print_trouble(const trunkha_view *view)
{
    trunkha_trunk_status trunk = TRUNKHA_TRUNK_STATUS_INIT;
    bool is_first = true;

    for (uint32_t i = 0; !trunkha_view_get_trunk(view, i, &trunk); i++) {
        if (trunk.dns == TRUNKHA_DNS_FINE && !has_lost_half(&trunk))
            continue;
        if (is_first)
            putchar('\n');
        is_first = false;
        if (trunk.dns != TRUNKHA_DNS_FINE)
            print_dns_trouble(&trunk);
        if (has_lost_half(&trunk))
            printf("%s: its %s half %s is DOWN\n", trunk.id, half_name(&trunk), trunk.paired_trunk_id);
    }
}

static void add_half(struct table *table, const trunkha_trunk_status *trunk)
{
    if (*trunk->paired_trunk_id)
        table_add(table, "%s %s", trunk->paired_trunk_id, trunkha_health_name(trunk->paired_health));
    else
        table_add(table, "-");
}

static void add_name(struct table *table, const trunkha_trunk_status *trunk)
{
    char span[32];

    if (trunk->dns != TRUNKHA_DNS_FINE)
        table_add(table, "%s", trunkha_dns_text(trunk->dns));
    else if (trunk->resolved)
        table_add(table, "%s ago, TTL %u s", age_text(trunk->resolved, span, sizeof(span)), trunk->ttl_s);
    else
        table_add(table, "-");
}

static bool print_trunks(const trunkha_view *view)
{
    static const char *const heads[] = {"TRUNK", "DIRECTION", "OTHER HALF", "URI", "LOOKED UP"};
    trunkha_trunk_status trunk = TRUNKHA_TRUNK_STATUS_INIT;
    struct table table = {.columns = sizeof(heads) / sizeof(heads[0])};

    for (size_t i = 0; i < table.columns; i++)
        table_add(&table, "%s", heads[i]);
    for (uint32_t i = 0; !trunkha_view_get_trunk(view, i, &trunk); i++) {
        table_add(&table, "%s", trunk.id);
        table_add(&table, "%s", trunkha_direction_name(trunk.direction));
        add_half(&table, &trunk);
        table_add(&table, "%s", trunk.uri);
        add_name(&table, &trunk);
    }
    putchar('\n');

    return table_print(&table, stdout);
}

static void add_words(struct table *table, const char *words)
{
    table_add(table, "%s", *words ? words : "-");
}

static bool print_abilities(const trunkha_view *view)
{
    static const char *const heads[] = {"TRUNK", "TARGET", "CODECS", "SUPPORTED", "ALLOW"};
    trunkha_target_status target = TRUNKHA_TARGET_STATUS_INIT;
    struct table table = {.columns = sizeof(heads) / sizeof(heads[0])};

    for (size_t i = 0; i < table.columns; i++)
        table_add(&table, "%s", heads[i]);
    for (uint32_t i = 0; !trunkha_view_get_target(view, i, &target); i++) {
        table_add(&table, "%s", target.trunk_id);
        table_add(&table, "%s", target.target);
        add_words(&table, target.codecs);
        add_words(&table, target.supported);
        add_words(&table, target.allow);
    }
    putchar('\n');

    return table_print(&table, stdout);
}

bool status_print_details(const trunkha_view *view)
{
    return print_trunks(view) && print_abilities(view);
}
