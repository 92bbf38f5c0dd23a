#include "cases.h"

#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zone.h"

static int is_folder(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

void cases_find(struct cases *cases, const char *dir, const char *kind)
{
    struct dirent **entries = NULL;
    int count;

    snprintf(cases->dir, sizeof(cases->dir), "%s/%s", dir, kind);
    count = scandir(cases->dir, &entries, is_folder, alphasort);
    if (count <= 0 || count > CASES_MAX) {
        fprintf(stderr, "%s: %d cases\n", cases->dir, count);
        exit(1);
    }

    for (int i = 0; i < count; i++) {
        snprintf(cases->names[i], sizeof(cases->names[i]), "%.63s", entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    cases->count = count;
}

static FILE *open_file(const struct cases *cases, int index, const char *file, const char *mode)
{
    char path[1024];

    snprintf(path, sizeof(path), "%s/%s/%s", cases->dir, cases->names[index], file);

    return fopen(path, mode);
}

void cases_read(const struct cases *cases, int index, const char *file, struct text *ret_text)
{
    FILE *stream = open_file(cases, index, file, "r");

    ret_text->len = stream ? fread(ret_text->bytes, 1, TEXT_SIZE - 1, stream) : 0;
    ret_text->bytes[ret_text->len] = '\0';
    if (stream)
        fclose(stream);
}

void cases_write(const struct cases *cases, int index, const char *file, const struct text *text)
{
    FILE *stream = open_file(cases, index, file, "w");

    if (!stream || fwrite(text->bytes, 1, text->len, stream) != text->len || fclose(stream)) {
        perror(file);
        exit(1);
    }
}

void text_add(struct text *text, const char *format, ...)
{
    va_list ap;
    int n;

    va_start(ap, format);
    n = vsnprintf(text->bytes + text->len, TEXT_SIZE - text->len, format, ap);
    va_end(ap);
    if (n < 0 || (size_t)n >= TEXT_SIZE - text->len)
        abort();
    text->len += (size_t)n;
}

void text_add_finding(const trunkha_finding *finding, void *user_data)
{
    text_add(user_data, "%u:%u %s %s %s \"%s\"\n    %s\n    fix: %s\n", finding->line, finding->column,
             finding->severity == TRUNKHA_SEVERITY_ERROR ? "error" : "warning", finding->code, finding->slug,
             finding->pointer, finding->message, finding->fix);
}

/* ---- The model */

static const char *or_none(const char *text)
{
    return text ? text : "(none)";
}

static void add_codes(struct text *text, const char *what, const struct tha_codes *codes)
{
    text_add(text, " %s", what);
    for (unsigned code = 100, first = 0; code <= 700; code++) {
        if (tha_codes_has(codes, code) && !first)
            first = code;
        if (!tha_codes_has(codes, code) && first) {
            text_add(text, first == code - 1 ? " %u" : " %u-%u", first, code - 1);
            first = 0;
        }
    }
    text_add(text, "\n");
}

static void add_probe_text(struct text *text, const struct tha_probe_text *probe)
{
    if (probe->from_uri || probe->contact_uri || probe->request_uri || probe->user_agent)
        text_add(text, "    from %s contact %s request %s agent %s\n", or_none(probe->from_uri), or_none(probe->contact_uri),
                 or_none(probe->request_uri), or_none(probe->user_agent));
    for (uint32_t i = 0; i < probe->n_headers; i++)
        text_add(text, "    header %s: %s\n", probe->headers[i].name, probe->headers[i].value);
}

static void add_keepalive(struct text *text, const struct tha_keepalive *k)
{
    text_add(text, "  keepalive %s%s interval %u suspect %u down %u timeout %u jitter %u attempts %u recovery %u budget %u",
             k->enabled ? "on" : "off", k->only_when_idle ? " idle" : "", k->interval_ms, k->suspect_interval_ms,
             k->down_interval_ms, k->timeout_ms, k->jitter_permille, k->max_failed_attempts, k->recovery_attempts,
             k->max_probes_per_minute);
    text_add(text, " degraded %u%% %u/%u forwards %u", k->degraded_loss_percent, k->degraded_rtt_ms, k->degraded_window,
             k->text.max_forwards);
    text_add(text, " damping %u/%u %u-%u", k->damping.max_transitions, k->damping.window_ms, k->damping.hold_down_ms,
             k->damping.max_hold_down_ms);
    add_codes(text, "failing", &k->failing);
    add_probe_text(text, &k->text);
}

static void add_call(struct text *text, const struct tha_call_settings *call)
{
    text_add(text, "  call no response %u no ring %u total %u ring %u attempts %u retry after %u budget %u%%",
             call->no_response_ms, call->no_ring_ms, call->total_ms, call->ring_ms, call->max_attempts,
             call->max_retry_after_ms, call->retry_budget_percent);
    add_codes(text, "reroute", &call->reroute);
}

static void add_addr(struct text *text, const char *what, const struct tha_addr *addr)
{
    char buf[THA_ADDR_TEXT_SIZE];

    if (addr->family)
        text_add(text, "%s%s", what, tha_addr_text(addr, buf, sizeof(buf)));
}

static void add_name(struct text *text, const struct tha_name *name)
{
    text_add(text, "%s port %u transport %s", name->host, name->port,
             name->has_transport ? tha_transport_name(name->transport) : "any");
}

/** Passwords are shown by their length. */
static void add_reach(struct text *text, const struct tha_reach *reach)
{
    const struct tha_tls_settings *tls = reach->tls;

    text_add(text, "    reach %s", reach->host);
    add_addr(text, " from ", &reach->local);
    add_addr(text, " public ", &reach->public_addr);
    text_add(text, " tls %s ca \"%s\" cert \"%s\" key \"%s\" name \"%s\"%s", tls->min_version ? "1.3" : "1.2", tls->ca_file,
             tls->cert_file, tls->key_file, tls->server_name, tls->verify ? "" : " not verified");
    if (reach->auth)
        text_add(text, " auth \"%s\" \"%zu\" realm %s", reach->auth->username, strlen(reach->auth->password),
                 or_none(reach->auth->realm));
    text_add(text, "\n");
}

static void add_abilities(struct text *text, const struct tha_abilities *abilities)
{
    text_add(text, "    can");
    for (unsigned i = 0; tha_method_name(abilities->methods, i); i++)
        text_add(text, " %s", tha_method_name(abilities->methods, i));
    for (unsigned i = 0; tha_codec_name(abilities->codecs, i); i++)
        text_add(text, " %s", tha_codec_name(abilities->codecs, i));
    text_add(text, "\n");
}

static void add_trunk(struct text *text, const struct tha_model *model, const struct tha_trunk_model *trunk)
{
    static const char *const directions[] = {"both", "inbound", "outbound"};

    text_add(text, "  trunk \"%s\" \"%s\" %s ", trunk->id, trunk->name, trunk->uri);
    add_addr(text, "", &trunk->addr);
    if (trunk->dns_name)
        add_name(text, trunk->dns_name);
    text_add(text, " %s", directions[trunk->direction]);
    if (trunk->paired != THA_NONE)
        text_add(text, " with \"%s\"", model->trunks[trunk->paired].id);
    text_add(text, " priority %u weight %u %s", trunk->priority, trunk->weight, trunkha_admin_name(trunk->admin));
    text_add(text, " route \"%s\" group %u calls %u rate %u codecs %08x\n", trunk->outbound_route, trunk->group,
             trunk->max_calls, trunk->calls_per_second, trunk->codecs);
    if (trunk->abilities.methods || trunk->abilities.codecs)
        add_abilities(text, &trunk->abilities);
    if (trunk->reach)
        add_reach(text, trunk->reach);
    if (trunk->keepalive != model->keepalive)
        add_keepalive(text, trunk->keepalive);
}

static void add_group(struct text *text, const struct tha_model *model, const struct tha_group_model *group)
{
    static const char *const strategies[] = {"activeStandby", "weighted", "roundRobin", "leastCalls"};

    text_add(text, "group \"%s\" \"%s\" %s failover \"%s\"\n", group->id, group->name, strategies[group->strategy],
             group->failover == THA_NONE ? "" : model->groups[group->failover].id);
    for (uint32_t i = 0; i < group->n_trunks; i++)
        add_trunk(text, model, &model->trunks[group->first_trunk + i]);
}

/** What the profiles of groups share. */
static const struct tha_call_settings *default_call(const struct tha_model *model)
{
    return model->profiles[model->n_profiles - 1].call;
}

static void add_profile(struct text *text, const struct tha_model *model, const struct tha_profile_model *profile)
{
    static const char *const failbacks[] = {"auto", "manual", "whenIdle"};

    text_add(text, "profile%s \"%s\" \"%s\" failback %s hold-down %u:", profile->is_group ? " of group" : "", profile->id,
             profile->name, failbacks[profile->failback], profile->hold_down_ms);
    for (uint32_t i = 0; i < profile->n_groups; i++)
        text_add(text, " \"%s\"", model->groups[profile->groups[i]].id);
    text_add(text, "\n");
    if (profile->call != default_call(model))
        add_call(text, profile->call);
}

static void add_dns(struct text *text, const struct tha_dns_settings *dns)
{
    text_add(text, "  dns ttl %u-%u timeout %u%s", dns->min_ttl_s, dns->max_ttl_s, dns->timeout_ms,
             dns->keep_last_good ? " keep" : "");
    for (uint32_t i = 0; i < dns->n_servers; i++)
        add_addr(text, " ", &dns->servers[i]);
    text_add(text, "\n");
}

void text_add_model(struct text *text, const struct tha_model *model)
{
    text_add(text, "instance \"%s\"", or_none(model->instance_id));
    for (uint32_t i = 0; i < model->n_listen; i++)
        add_addr(text, " ", &model->listen[i]);
    text_add(text, "\n");
    add_dns(text, &model->dns);
    add_keepalive(text, model->keepalive);
    add_call(text, default_call(model));

    for (uint32_t i = 0; i < model->n_groups; i++)
        add_group(text, model, &model->groups[i]);
    for (uint32_t i = 0; i < model->n_profiles; i++)
        add_profile(text, model, &model->profiles[i]);
}

/* ---- Lint */

#define SETTINGS_MAX 16

static uint32_t split_lines(struct text *text, const char **lines)
{
    char *rest = NULL;
    uint32_t n = 0;

    for (char *line = strtok_r(text->bytes, "\n", &rest); line && n < SETTINGS_MAX; line = strtok_r(NULL, "\n", &rest))
        lines[n++] = line;

    return n;
}

int cases_lint(const struct cases *cases, int index, const struct tha_mem *mem, const char *json, size_t len,
               trunkha_finding_cb finding_cb, void *user_data)
{
    static struct text settings, dns;
    struct zone zone = {.lines = dns.bytes};
    struct tha_config_resolver resolver = zone_resolver(&zone);
    const char *lines[SETTINGS_MAX];
    struct tha_config_wish wish = {.settings = lines, .lints = true};

    cases_read(cases, index, "settings", &settings);
    cases_read(cases, index, "dns", &dns);
    wish.n_settings = split_lines(&settings, lines);
    wish.resolver = dns.len ? &resolver : NULL;

    return tha_config_read_as(mem, json, len, &wish, finding_cb, user_data, NULL);
}

void cases_set_environment(void)
{
    setenv("CARRIER_PASSWORD", "hunter2-carrier", 1);
    setenv("CARRIER_A_PASSWORD", "hunter2-a", 1);
    setenv("CARRIER_B_PASSWORD", "hunter2-b", 1);
    setenv("HOOK_SECRET", "hunter2hook", 1);
    setenv("OPS_TOKEN", "hunter2ops", 1);
    unsetenv("TRUNKHA_UNSET");
    setenv("TRUNKHA_TEST_ADDRESS", "192.0.2.77", 1);
    setenv("TRUNKHA_TEST_SECRET", "hunter2\nhunter2", 1);
    setenv("TRUNKHA_TEST_LATIN1", "caf\xe9", 1);
    unsetenv("TRUNKHA_TEST_UNSET");
}
