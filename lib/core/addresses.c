/* Names and what they come to. A change of addresses is a load of the same model, so that what stays keeps its state: asked
 * for with THA_ACTION_READDRESS, and not more often than a table of that size can bear. */
#include "machine.h"

/** At most so often the addresses that have come are taken over: more at once cost no more than one. A second is what a
 *  changed address may take to be in use. */
#define EVERY_MIN_MS  20U
#define EVERY_MAX_MS  500U
#define TRUNKS_PER_MS 20U

static void want_addresses(struct tha_core *core, uint64_t now_ms)
{
    uint32_t every_ms = EVERY_MIN_MS + core->table->model->n_trunks / TRUNKS_PER_MS;
    uint64_t next_ms = core->readdressed_ms + (every_ms < EVERY_MAX_MS ? every_ms : EVERY_MAX_MS);

    if (core->readdress_ms == THA_NEVER)
        core->readdress_ms = next_ms > now_ms ? next_ms : now_ms;
}

/* ---- What is told ---- */

static void describe_trouble(const struct tha_name_state *name, uint64_t now_ms, char *buf, size_t size)
{
    const char *text = tha_dns_trouble_text(name->trouble);

    if (!name->n_locations)
        tha_text_print(buf, size, "%s", text);
    else
        tha_text_print(buf, size, "%s; the addresses of %u s ago stay in use", text,
                       (unsigned)((now_ms - name->resolved_ms) / 1000));
}

/** The look-up of a name has a new outcome. */
static void follow_trouble(struct tha_core *core, uint32_t index, const struct tha_name_state *name, uint64_t now_ms)
{
    struct tha_trunk *trunk = &core->table->trunks[index];
    char detail[96];

    if (name->trouble == trunk->trouble)
        return;

    if (name->trouble)
        describe_trouble(name, now_ms, detail, sizeof(detail));
    else
        tha_text_copy(detail, sizeof(detail), "its name can be looked up again");
    tha_tell_of_trunk(core, TRUNKHA_EVENT_ADDRESS_CHANGE, index, NULL, TRUNKHA_REASON_DNS_FAILURE, detail);
    trunk->trouble = (uint8_t)name->trouble;
    if (!trunk->n_targets && name->trouble)
        tha_rollup_trunk(core, index, NULL, TRUNKHA_REASON_DNS_FAILURE, detail, now_ms);
}

static bool append(char *list, size_t size, const struct tha_addr *addr)
{
    char text[THA_ADDR_TEXT_SIZE];
    size_t used = strlen(list), len = strlen(tha_addr_text(addr, text, sizeof(text)));

    if (used + len + 2 > size)
        return false;
    tha_text_print(list + used, size - used, "%s%s", used ? " " : "", text);

    return true;
}

/** The lists of one event share the room of TRUNKHA_LIST_SIZE: what does not fit is told by the next one. */
struct change {
    struct tha_core *core;
    uint32_t trunk;
    uint32_t n_told;
    char added[TRUNKHA_LIST_SIZE];
    char removed[TRUNKHA_LIST_SIZE];
};

static uint32_t count_staying(const struct tha_table *table, const struct tha_trunk *trunk)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < trunk->n_targets; i++)
        n += !table->targets[trunk->first_target + i].is_leaving;

    return n;
}

static void tell(struct change *change)
{
    const struct tha_table *table = change->core->table;
    uint32_t n = count_staying(table, &table->trunks[change->trunk]);
    char detail[96];
    trunkha_event *event;

    if (!change->added[0] && !change->removed[0])
        return;

    if (tha_table_trunk_model(table, change->trunk)->dns_name)
        tha_text_print(detail, sizeof(detail), "its name comes to %u address%s now", n, n == 1 ? "" : "es");
    else
        tha_text_copy(detail, sizeof(detail), "it has an address now instead of a name");
    event = tha_tell_of_trunk(change->core, TRUNKHA_EVENT_ADDRESS_CHANGE, change->trunk, NULL, TRUNKHA_REASON_NONE, detail);
    if (event) {
        tha_text_copy(event->added, sizeof(event->added), change->added);
        tha_text_copy(event->removed, sizeof(event->removed), change->removed);
    }
    change->added[0] = change->removed[0] = '\0';
}

static void add_to(struct change *change, char *list, const struct tha_addr *addr)
{
    const char *other = list == change->added ? change->removed : change->added;
    size_t room = TRUNKHA_LIST_SIZE - 1 - strlen(other);

    if (!append(list, room, addr)) {
        tell(change);
        append(list, TRUNKHA_LIST_SIZE - 1, addr);
    }
}

static bool has_address(const struct tha_table *table, const struct tha_trunk *trunk, const struct tha_addr *addr)
{
    for (uint32_t i = 0; i < trunk->n_targets; i++) {
        if (tha_addr_is_equal(&table->targets[trunk->first_target + i].addr, addr))
            return true;
    }

    return false;
}

/** What @p trunk of @p of has and @p before has not. */
static void list_difference(struct change *change, char *list, const struct tha_table *of, const struct tha_trunk *trunk,
                            const struct tha_table *from, const struct tha_trunk *before)
{
    for (uint32_t i = 0; i < trunk->n_targets; i++) {
        const struct tha_addr *addr = &of->targets[trunk->first_target + i].addr;

        if (!before || !has_address(from, before, addr))
            add_to(change, list, addr);
    }
}

static void tell_change(struct tha_core *core, uint32_t index, const struct tha_table *old)
{
    const struct tha_table *table = core->table;
    uint32_t was = old ? table->old_trunks[index] : THA_NONE;
    const struct tha_trunk *before = was == THA_NONE ? NULL : &old->trunks[was];
    struct change change = {.core = core, .trunk = index};

    list_difference(&change, change.added, table, &table->trunks[index], old, before);
    if (before)
        list_difference(&change, change.removed, old, before, table, &table->trunks[index]);
    tell(&change);
}

/* ---- Those that leave ---- */

/** Has each of the new addresses been judged, or one of them been found well? Then those that leave may go. */
static bool is_settled(const struct tha_table *table, const struct tha_trunk *trunk)
{
    bool is_judged = true;

    for (uint32_t i = 0; i < trunk->n_targets; i++) {
        const struct tha_target *target = &table->targets[trunk->first_target + i];

        if (target->is_leaving)
            continue;
        if (target->health.state == TRUNKHA_HEALTH_AVAILABLE)
            return true;
        is_judged &= target->health.state != TRUNKHA_HEALTH_UNKNOWN;
    }

    return is_judged;
}

static bool has_leaving(const struct tha_table *table, const struct tha_trunk *trunk)
{
    return trunk->n_targets && table->targets[trunk->first_target + trunk->n_targets - 1].is_leaving;
}

/** Has the table what the name comes to? If not, it is about to be made anew, and this is looked at again then. */
static bool is_taken_over(const struct tha_table *table, const struct tha_trunk *trunk, const struct tha_name_state *name)
{
    if (trunk->n_targets != name->n_locations)
        return false;
    for (uint32_t i = 0; i < trunk->n_targets; i++) {
        if (!tha_addr_is_equal(&table->targets[trunk->first_target + i].addr, &name->locations[i].addr))
            return false;
    }

    return true;
}

/** Nobody judges the addresses of a trunk that is not probed: it has no say. */
static bool has_say(const struct tha_table *table, uint32_t index)
{
    return tha_table_trunk_model(table, index)->keepalive->enabled && table->trunks[index].admin != TRUNKHA_ADMIN_DISABLED;
}

/** Each trunk of a name judges for itself: what one has found well may be beyond the reach of another. */
static bool are_all_settled(const struct tha_table *table, const struct tha_name *name)
{
    uint32_t n;
    const uint32_t *trunks = tha_table_find_name(table, name, &n);

    for (uint32_t i = 0; i < n; i++) {
        if (has_say(table, trunks[i]) && !is_settled(table, &table->trunks[trunks[i]]))
            return false;
    }

    return true;
}

void tha_addresses_follow_judgement(struct tha_core *core, uint32_t index, uint64_t now_ms)
{
    const struct tha_table *table = core->table;
    const struct tha_trunk *trunk = &table->trunks[index];
    const struct tha_name *name = tha_table_trunk_model(table, index)->dns_name;
    struct tha_name_state state;

    if (!has_leaving(table, trunk) || (has_say(table, index) && !is_settled(table, trunk)))
        return;
    tha_names_get(core->names, name, &state);
    if (!is_taken_over(table, trunk, &state) || !are_all_settled(table, name))
        return;

    tha_names_settle(core->names, name);
    want_addresses(core, now_ms);
}

static bool is_first_of_name(const struct tha_table *table, uint32_t i)
{
    const struct tha_trunk_model *trunks = table->model->trunks;

    return !i || tha_names_compare(trunks[table->by_name[i - 1]].dns_name, trunks[table->by_name[i]].dns_name) != 0;
}

static bool has_lost_name(const struct tha_table *table, uint32_t i, const struct tha_table *old)
{
    uint32_t was = table->old_trunks[i];

    return !table->model->trunks[i].dns_name && was != THA_NONE && old->model->trunks[was].dns_name;
}

void tha_addresses_follow_load(struct tha_core *core, const struct tha_table *old, uint64_t now_ms)
{
    const struct tha_table *table = core->table;

    for (uint32_t i = 0; old && i < table->model->n_trunks; i++) {
        if (has_lost_name(table, i, old))
            tell_change(core, i, old);
    }

    core->readdress_ms = THA_NEVER;
    core->readdressed_ms = now_ms;
    for (uint32_t i = 0; i < table->n_named; i++) {
        tell_change(core, table->by_name[i], old);
        if (is_first_of_name(table, i))
            tha_addresses_follow_judgement(core, table->by_name[i], now_ms);
    }
}

/* ---- Questions and answers ---- */

bool tha_core_next_question(struct tha_core *core, uint64_t now_ms, uint64_t *ret_id, struct tha_dns_question *ret_question)
{
    return core->is_started && tha_names_next_question(core->names, now_ms, ret_id, ret_question);
}

bool tha_core_get_question(const struct tha_core *core, uint64_t id, struct tha_dns_question *ret_question)
{
    return tha_names_get_question(core->names, id, ret_question);
}

void tha_core_answer_question(struct tha_core *core, uint64_t id, const struct tha_dns_answer *answer, uint64_t now_ms)
{
    tha_names_answer(core->names, id, answer, now_ms);
}

void tha_core_refresh_names(struct tha_core *core, uint64_t now_ms)
{
    tha_names_refresh(core->names, now_ms);
}

/** One line for all that is to be said of @p name. */
static void warn(struct tha_core *core, const struct tha_name *name, uint32_t news, uint32_t ttl_s)
{
    char cut[64] = "", ttl[128] = "";

    if (news & THA_NAMES_CUT)
        tha_text_print(cut, sizeof(cut), " comes to more than %u addresses: the first ones are used", THA_DNS_LOCATIONS_MAX);
    if (news & THA_NAMES_LONG_TTL)
        tha_text_print(ttl, sizeof(ttl),
                       " has a TTL of %u s: when its addresses change, others than us keep the old ones that long", ttl_s);
    if (cut[0] || ttl[0])
        tha_text_print(core->warning, sizeof(core->warning), "%s%s%s%s", name->host, cut, cut[0] && ttl[0] ? "; it" : "",
                       ttl);
}

bool tha_addresses_take_news(struct tha_core *core, uint64_t now_ms)
{
    const struct tha_name *name;
    struct tha_name_state state;
    const uint32_t *trunks;
    uint32_t news, n = 0;

    if (!tha_names_next_news(core->names, &name, &news))
        return false;

    tha_names_get(core->names, name, &state);
    trunks = tha_table_find_name(core->table, name, &n);
    for (uint32_t i = 0; i < n; i++) {
        tha_show_trunk(core, &core->table->trunks[trunks[i]]);
        follow_trouble(core, trunks[i], &state, now_ms);
    }
    if (news & THA_NAMES_ADDRESSES)
        want_addresses(core, now_ms);
    warn(core, name, news, state.ttl_s);

    return true;
}

uint64_t tha_addresses_next_expiry(const struct tha_core *core)
{
    uint64_t names_ms = core->is_started ? tha_names_next_expiry(core->names) : THA_NEVER;

    return core->readdress_ms < names_ms ? core->readdress_ms : names_ms;
}
