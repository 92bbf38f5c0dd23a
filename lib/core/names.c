/* Which names there are: prepared beside those that count, which may fail, and then taken over, which may not. */
#include <string.h>

#include "names_parts.h"

#define KEY_HEAD   5U /* the port in four letters, and the transport in one */
#define KEY_SIZE   (KEY_HEAD + THA_DNS_NAME_SIZE + 1)
#define REFRESH_MS 5000U /* over which a refresh of all is spread */
#define TOLD_ONCE  (THA_NAMES_LONG_TTL | THA_NAMES_CUT)

/* ---- Keys */

/** From 1; 0 = not given. */
static uint32_t transport_of(const struct tha_name *name)
{
    return name->has_transport ? name->transport + 1U : 0;
}

/** The same words, the same key: "bdmfdsip.carrier.example". False: no name is as long as that. Made for every trunk
 * whenever addresses change, so without printf(). */
static bool make_key(const struct tha_name *name, char buf[KEY_SIZE])
{
    size_t size = strlen(name->host) + 1;

    if (size > KEY_SIZE - KEY_HEAD)
        return false;

    for (int i = 0; i < 4; i++)
        buf[i] = (char)('a' + (name->port >> (12 - 4 * i) & 0xf));
    buf[4] = (char)('a' + transport_of(name));
    memcpy(buf + KEY_HEAD, name->host, size);

    return true;
}

static struct tha_entry *find_entry(const struct tha_index *index, const struct tha_name *name)
{
    char key[KEY_SIZE];

    return make_key(name, key) ? tha_map_find(&index->map, key) : NULL;
}

static int compare(uint32_t a, uint32_t b)
{
    return (a > b) - (a < b);
}

int tha_names_compare(const struct tha_name *a, const struct tha_name *b)
{
    int order = strcmp(a->host, b->host);

    if (!order)
        order = compare(a->port, b->port);

    return order ? order : compare(transport_of(a), transport_of(b));
}

/* ---- Entries */

static struct tha_entry *new_entry(const struct tha_mem *mem, const struct tha_name *name, const char *key)
{
    size_t size = strlen(key) + 1;
    struct tha_entry *entry = tha_mem_zalloc(mem, 1, sizeof(*entry) + size);

    if (!entry)
        return NULL;

    memcpy(entry->key, key, size);
    entry->name = *name;
    entry->name.host = entry->key + size - 1 - strlen(name->host);
    entry->slot = THA_NONE;

    return entry;
}

static void free_entry(struct tha_names *names, struct tha_entry *entry)
{
    tha_names_cancel(names, entry);
    tha_names_unplan(names, entry);
    tha_heap_remove(&names->ends, &entry->end);
    tha_mem_free(&names->mem, entry->locations);
    tha_mem_free(&names->mem, entry);
}

static void free_index(struct tha_names *names, struct tha_index *index)
{
    tha_map_done(&index->map);
    index->entries = tha_mem_free(&names->mem, index->entries);
    index->count = 0;
}

static void drop_prepared(struct tha_names *names)
{
    for (uint32_t i = 0; i < names->prepared.count; i++) {
        if (!names->prepared.entries[i]->is_committed)
            free_entry(names, names->prepared.entries[i]);
    }
    free_index(names, &names->prepared);
}

int tha_names_new(const struct tha_mem *mem, uint64_t seed, struct tha_names **ret_names)
{
    struct tha_names *names = tha_mem_zalloc(mem, 1, sizeof(*names));

    if (!names)
        return TRUNKHA_ERR_NOMEM;

    names->mem = *mem;
    names->random = seed ? seed : 1;
    tha_map_init(&names->index.map, mem);
    tha_map_init(&names->prepared.map, mem);
    tha_heap_init(&names->asks, mem);
    tha_heap_init(&names->lame_asks, mem);
    tha_heap_init(&names->ends, mem);
    *ret_names = names;

    return 0;
}

struct tha_names *tha_names_free(struct tha_names *names)
{
    if (!names)
        return NULL;

    drop_prepared(names);
    for (uint32_t i = 0; i < names->index.count; i++)
        free_entry(names, names->index.entries[i]);
    free_index(names, &names->index);
    tha_heap_done(&names->lame_asks);
    tha_heap_done(&names->asks);
    tha_heap_done(&names->ends);

    return tha_mem_free(&names->mem, names);
}

/* ---- Loading */

/** What runs already is shared; the commit decides who keeps it. */
static int prepare_name(struct tha_names *names, const struct tha_name *name)
{
    struct tha_index *prepared = &names->prepared;
    struct tha_entry *entry;
    char key[KEY_SIZE];

    if (!make_key(name, key) || tha_map_find(&prepared->map, key))
        return 0;

    entry = tha_map_find(&names->index.map, key);
    if (!entry)
        entry = new_entry(&names->mem, name, key);
    if (!entry)
        return TRUNKHA_ERR_NOMEM;

    prepared->entries[prepared->count++] = entry;

    return tha_map_put(&prepared->map, entry->key, entry);
}

static int prepare_names(struct tha_names *names, const struct tha_model *model)
{
    int err = 0;

    names->prepared.entries = tha_mem_zalloc(&names->mem, model->n_trunks, sizeof(struct tha_entry *));
    if (!names->prepared.entries)
        return TRUNKHA_ERR_NOMEM;

    for (uint32_t i = 0; i < model->n_trunks && !err; i++) {
        if (model->trunks[i].dns_name)
            err = prepare_name(names, model->trunks[i].dns_name);
    }
    if (!err)
        err = tha_heap_reserve(&names->asks, names->prepared.count);
    if (!err)
        err = tha_heap_reserve(&names->lame_asks, names->prepared.count);
    if (!err)
        err = tha_heap_reserve(&names->ends, names->prepared.count);

    return err;
}

int tha_names_prepare(struct tha_names *names, const struct tha_model *model)
{
    int err;

    drop_prepared(names);
    names->prepared_settings = model->dns;
    err = prepare_names(names, model);
    if (err)
        drop_prepared(names);

    return err;
}

static void append_news(struct tha_names *names, struct tha_entry *entry)
{
    entry->next_news = NULL;
    if (names->last_news)
        names->last_news->next_news = entry;
    else
        names->first_news = entry;
    names->last_news = entry;
}

static void forget_news_of_unwanted(struct tha_names *names)
{
    struct tha_entry *entry = names->first_news;

    names->first_news = names->last_news = NULL;
    while (entry) {
        struct tha_entry *next = entry->next_news;

        if (entry->is_wanted)
            append_news(names, entry);
        entry = next;
    }
}

static void free_unwanted(struct tha_names *names)
{
    for (uint32_t i = 0; i < names->prepared.count; i++)
        names->prepared.entries[i]->is_wanted = true;
    forget_news_of_unwanted(names);
    for (uint32_t i = 0; i < names->index.count; i++) {
        if (!names->index.entries[i]->is_wanted)
            free_entry(names, names->index.entries[i]);
    }
    free_index(names, &names->index);
}

void tha_names_commit(struct tha_names *names, uint64_t now_ms)
{
    free_unwanted(names);
    names->index = names->prepared;
    names->prepared = (struct tha_index){.count = 0};
    tha_map_init(&names->prepared.map, &names->mem);
    names->settings = names->prepared_settings;

    for (uint32_t i = 0; i < names->index.count; i++) {
        struct tha_entry *entry = names->index.entries[i];

        entry->is_wanted = false;
        if (entry->is_committed)
            tha_names_replan(names, entry, now_ms);
        else
            tha_heap_set(&names->asks, &entry->ask, now_ms);
        entry->is_committed = true;
    }
}

/* ---- What is known */

void tha_names_get(const struct tha_names *names, const struct tha_name *name, struct tha_name_state *ret_state)
{
    const struct tha_entry *entry = find_entry(&names->index, name);

    *ret_state = (struct tha_name_state){.locations = NULL};
    if (!entry)
        return;

    ret_state->locations = entry->locations;
    ret_state->n_locations = entry->n_locations;
    ret_state->n_leaving = entry->n_leaving;
    ret_state->trouble = entry->trouble;
    ret_state->ttl_s = entry->ttl_s;
    ret_state->resolved_ms = entry->resolved_ms;
    ret_state->is_known = entry->is_known;
}

void tha_names_tell(struct tha_names *names, struct tha_entry *entry, uint32_t news)
{
    bool is_in_list = entry->news != 0;

    news &= ~(entry->told & TOLD_ONCE);
    entry->told |= news;
    entry->news |= news;
    if (!is_in_list && entry->news)
        append_news(names, entry);
}

bool tha_names_next_news(struct tha_names *names, const struct tha_name **ret_name, uint32_t *ret_news)
{
    struct tha_entry *entry = names->first_news;

    if (!entry)
        return false;

    names->first_news = entry->next_news;
    if (!names->first_news)
        names->last_news = NULL;
    *ret_name = &entry->name;
    *ret_news = entry->news;
    entry->news = 0;

    return true;
}

void tha_names_settle(struct tha_names *names, const struct tha_name *name)
{
    struct tha_entry *entry = find_entry(&names->index, name);

    if (!entry)
        return;

    entry->n_locations -= entry->n_leaving;
    entry->n_leaving = 0;
}

void tha_names_refresh(struct tha_names *names, uint64_t now_ms)
{
    uint32_t count = names->index.count;

    for (uint32_t i = 0; i < count; i++) {
        struct tha_entry *entry = names->index.entries[i];

        tha_names_cancel(names, entry); /* it has asked the servers of before */
        entry->n_failures = 0;
        tha_names_hasten(names, entry, now_ms + (uint64_t)i * REFRESH_MS / count);
    }
}
