/* A step of a scenario in a line, in the words that it was written in. */
#include <stdarg.h>
#include <string.h>

#include "base/text.h"
#include "core/dns.h"
#include "scenario.h"
#include "trunkha.h"

struct line {
    char *buf;
    size_t size, len;
};

/** What finds no room is left out. */
__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    tha_text_vprint(line->buf + line->len, line->size - line->len, format, ap);
    va_end(ap);
    line->len += strlen(line->buf + line->len);
}

static void add_seconds(struct line *line, const char *before, uint32_t ms)
{
    if (ms)
        add(line, "%s%g s", before, ms / 1000.0);
}

/** An id, or an address: "192.0.2.1:0" is that of all ports, and was written without. */
static int whom_len(const char *whom)
{
    size_t len = strlen(whom);
    bool is_address = whom[0] == '[' || strspn(whom, "0123456789.:") == len;

    return (int)(is_address && len > 2 && !strcmp(whom + len - 2, ":0") ? len - 2 : len);
}

static void add_whom(struct line *line, const struct tha_scenario_step *step)
{
    for (uint32_t i = 0; i < step->n_whom; i++)
        add(line, "%s%.*s", i ? ", " : "", whom_len(step->whom[i]), step->whom[i]);
    add(line, "%s: ", step->n_whom ? "" : "all");
}

static void add_conduct(struct line *line, const struct tha_manner *manner, bool is_slow)
{
    static const char *const words[] = {
        [THA_CONDUCT_SILENT] = "silent",
        [THA_CONDUCT_REFUSED] = "refused",
        [THA_CONDUCT_CODE] = "code",
        [THA_CONDUCT_MUTE] = "mute",
    };

    if (manner->conduct == THA_CONDUCT_WELL)
        add(line, "%s", manner->loss_permille ? "loss" : is_slow ? "slow" : "well");
    else
        add(line, "%s%s", manner->up_ms ? "flapping as " : "", words[manner->conduct]);
    if (manner->conduct == THA_CONDUCT_CODE)
        add(line, " %u", manner->code);
}

static void add_manner(struct line *line, const struct tha_scenario_step *step, uint32_t usual_rtt_ms)
{
    const struct tha_manner *manner = &step->manner;
    bool is_slow = manner->rtt_ms != usual_rtt_ms;

    add_conduct(line, manner, is_slow);
    if (manner->loss_permille)
        add(line, "%s %g %%", manner->conduct == THA_CONDUCT_WELL ? "" : ", loss", manner->loss_permille / 10.0);
    if (is_slow)
        add(line, ", rtt %g s", manner->rtt_ms / 1000.0);
    add_seconds(line, ", retryAfter ", manner->retry_after_s * 1000);
    add_seconds(line, ", down ", manner->down_ms);
    add_seconds(line, ", up ", manner->up_ms);
    if (step->of != THA_CONDUCT_OF_BOTH)
        add(line, ", of %s", step->of == THA_CONDUCT_OF_CALLS ? "calls" : "probes");
}

static void add_addresses(struct line *line, const struct tha_scenario_step *step)
{
    char text[THA_ADDR_TEXT_SIZE];

    add(line, "%s: dns %s", step->name, step->n_addresses ? "" : "none");
    for (uint32_t i = 0; i < step->n_addresses; i++) {
        const struct tha_addr *addr = &step->addresses[i];

        add(line, "%s%s", i ? ", " : "",
            addr->port ? tha_addr_port_text(addr, text, sizeof(text)) : tha_addr_host_text(addr, text, sizeof(text)));
    }
}

static const char *dns_word(uint32_t outcome)
{
    return outcome == THA_DNS_ANSWERED ? "dnsWell" : outcome == THA_DNS_SILENT ? "dnsSilent" : "dnsFails";
}

static const char *admin_word(uint32_t admin)
{
    return admin == TRUNKHA_ADMIN_ENABLED ? "enable" : admin == TRUNKHA_ADMIN_DISABLED ? "disable" : "drain";
}

void tha_scenario_describe(const struct tha_scenario *scenario, const struct tha_scenario_step *step, char *buf, size_t size)
{
    struct line line = {buf, size, 0};

    switch (step->kind) {
    case THA_STEP_MANNER:
        add_whom(&line, step);
        add_manner(&line, step, scenario->rtt_ms);
        break;
    case THA_STEP_ADDRESS:
        add_addresses(&line, step);
        break;
    case THA_STEP_DNS:
        add(&line, "%s", dns_word(step->dns));
        break;
    case THA_STEP_ADMIN:
        add_whom(&line, step);
        add(&line, "%s", admin_word(step->admin));
        add_seconds(&line, " for ", step->for_ms);
        break;
    case THA_STEP_HOME:
        add(&line, "%s", step->is_cut ? "homeCut" : "homeMended");
        break;
    default:
        add(&line, "%s: failback", step->name);
    }
}
